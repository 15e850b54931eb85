package store_test

import (
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func TestLettersToManyTownsHaveALimit(t *testing.T) {
	h := storetest.Open(t)
	lena, jef := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-34022", "Jef Voorbeeld")[0]
	in := aboutDelib()
	app, err := h.AddApp(ctx, store.As(lena.ID), in)
	ok(t, err)
	_, err = h.RunApp(ctx, store.As(jef.ID), jef.TownID(), app.ID, store.AppUseInput{State: store.UseRunning})
	ok(t, err)
	n, err := h.OpenNeed(ctx, store.As(lena.ID), store.NeedInput{App: app.ID, Title: "Signer", Text: "En ligne.", Lang: "fr", Unit: store.UnitDays, Threshold: 10, Deadline: "2026-03-20"})
	ok(t, err)
	var last store.AppNotice
	for i := range 4 {
		last, err = h.SendAppNotice(ctx, store.As(lena.ID), app.ID, store.AppNoticeInput{Title: fmt.Sprint("Avis ", i), Lang: "fr"})
		ok(t, err)
	}
	_, err = h.TendNeed(ctx, store.As(lena.ID), n.ID, "Un prestataire est choisi.", "")
	ok(t, err)
	_, err = h.TendNeed(ctx, store.As(lena.ID), n.ID, "Encore une nouvelle.", "")
	wantKind(t, err, store.Limited, "error.too_many_tries")
	_, err = h.SendAppNotice(ctx, store.As(lena.ID), app.ID, store.AppNoticeInput{Title: "Un de trop", Lang: "fr"})
	wantKind(t, err, store.Limited, "error.too_many_tries")
	for range 8 { // each call for help is on the board; the letters about them end
		ok(t, h.AnswerNotice(ctx, store.As(jef.ID), last.ID, jef.TownID(), store.NoticeHelp, ""))
		ok(t, h.AnswerNotice(ctx, store.As(jef.ID), last.ID, jef.TownID(), store.NoticePlanned, ""))
	}
	due, err := h.DueEvents(ctx, 1000)
	ok(t, err)
	count := map[store.EventKind]int{}
	for _, e := range due {
		count[e.Kind]++
	}
	want(t, count[store.EventAppNotice]+count[store.EventNeedNews], 5)
	want(t, count[store.EventNoticeHelp], 5)
	h.Clock.Add(25 * time.Hour)
	_, err = h.SendAppNotice(ctx, store.As(lena.ID), app.ID, store.AppNoticeInput{Title: "Le lendemain", Lang: "fr"})
	ok(t, err)
}

// Whoever entered an application keeps it until it names who looks after it.
func TestWhoEnteredAnApplicationGivesItUp(t *testing.T) {
	h := storetest.Open(t)
	lena, jef := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-34022", "Jef Voorbeeld")[0]
	in := aboutDelib()
	app, err := h.AddApp(ctx, store.As(lena.ID), in)
	ok(t, err)
	in.Maintainers = []string{jef.ID}
	_, err = h.EditApp(ctx, store.As(lena.ID), app.ID, in)
	ok(t, err)
	_, err = h.SendAppNotice(ctx, store.As(lena.ID), app.ID, store.AppNoticeInput{Title: "Avis", Lang: "fr"})
	wantKind(t, err, store.Denied, "app.not_yours")
	in.Maintainers, in.Keeper = nil, jef.TownID()
	_, err = h.EditApp(ctx, store.As(jef.ID), app.ID, in)
	ok(t, err)
	_, err = h.EditApp(ctx, store.As(lena.ID), app.ID, in)
	wantKind(t, err, store.Denied, "app.not_yours")
	in.Keeper = ""
	_, err = h.EditApp(ctx, store.As(jef.ID), app.ID, in)
	ok(t, err)
	_, err = h.EditApp(ctx, store.As(lena.ID), app.ID, in)
	ok(t, err)
}
