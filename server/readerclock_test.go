package server_test

import (
	"testing"
	"time"

	"belfry/store"
)

// Late in the evening it is already tomorrow where the readers are: every page says so alike.
func TestDaysAreThoseOfTheReader(t *testing.T) {
	h := chatting(t)
	shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	now := h.Clock.Now()
	h.Clock.Add(time.Date(now.Year(), now.Month(), now.Day(), 23, 30, 0, 0, time.UTC).Sub(now)) // 4 March, 0.30 on the 5th in Brussels
	opened, err := h.OpenThread(ctx, h.asLena, store.ThreadInput{Category: shelf.Slug, Title: "Tard le soir", PostInput: store.PostInput{Source: "Encore debout."}})
	ok(t, err)
	h.say(t, h.asLena, store.LoungeID, "Et ici aussi.")
	h.Clock.Add(15 * time.Hour)
	path := "/t/1/" + opened.Thread.Slug
	h.otto.get("/").holds(t, 200, "jeudi 5\u00a0mars 2026")
	h.visitor().get("/").lacks(t, "mercredi 4\u00a0mars 2026")

	page := h.otto.get(path)
	page.holds(t, 200, "jeudi 5\u00a0mars 2026")
	page.lacks(t, "4\u00a0mars")
	h.otto.get("/chat/lounge").holds(t, 200, "jeudi 5\u00a0mars 2026")
	h.Clock.Add(72 * time.Hour)
	h.otto.get(path).holds(t, 200, "jeudi 5\u00a0mars 2026, 0\u00a0h\u00a030")
}
