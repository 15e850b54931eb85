package server_test

import (
	"testing"
	"time"

	"belfry/server/browsertest"
	"belfry/store"
)

// TestBrowserRoomOnABadNetwork leads a meeting from a phone whose network is gone: the page stays and says so, what was
// pressed last is kept, and goes when the network is back. The projector's page says so too.
func TestBrowserRoomOnABadNetwork(t *testing.T) {
	h := newHall(t)
	otto := h.Join(t, "Otto Beispiel", "BE-62063")
	h.With(t, otto, store.RoleOrganiser)
	m, err := h.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: "Réunion", Lang: "fr", Date: h.Now().AddDate(0, 0, 1).Format(time.DateOnly),
		Clock: "09:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Salle"})
	ok(t, err)
	var items []store.AgendaItem
	for _, title := range []string{"Premier", "Deuxième"} {
		item, err := h.ProposeItem(ctx, store.System(), m.ID, store.ItemInput{Title: title, Lang: "fr", Kind: store.ToDiscuss, Minutes: 10})
		ok(t, err)
		items = append(items, item)
	}
	h.Clock.Set(m.Start.Add(time.Minute))
	lead := h.tab(t, otto, true)
	lead.SetViewport(360, 800)
	lead.Open(h.address + "/meetings/" + m.Slug + "/room/lead")
	browsertest.Eval[bool](lead, `(window.real = window.fetch, window.fetch = () => Promise.reject(new TypeError("gone")), true)`)
	lead.Click(`button[value="` + items[0].ID + `"]`)
	lead.WaitText("#lead", "Votre choix est gardé")
	lead.Click(`button[value="` + items[1].ID + `"]`)
	lead.WaitText("#lead", "Votre choix est gardé")
	browsertest.Eval[bool](lead, `(window.fetch = window.real, true)`)
	lead.WaitFor(`#lead li:nth-child(2) button[value=""]`)
	lead.WaitGone("[data-sign-lost]")
	room, err := h.Floor(ctx, store.Visitor(), m.Slug)
	ok(t, err)
	if room.Current == nil || room.Current.Item.Title != "Deuxième" {
		t.Errorf("the last choice did not arrive: %+v", room.Current)
	}
	lead.Open(h.address + "/meetings/" + m.Slug + "/room")
	browsertest.Eval[bool](lead, `(window.fetch = () => Promise.reject(new TypeError("gone")), true)`)
	lead.WaitText(".room__lost", "Pas de réseau")
	lead.WaitText(".room__now", "Deuxième")
}
