package store_test

import (
	"sync"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

func TestANoticeReachesTheTownsAndTheirAnswersTheBoard(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena := village(t, h, "BE-92094", "Lena Exemple")[0]
		jef := village(t, h, "BE-34022", "Jef Voorbeeld", "Greet Voorbeeld")
		otto := village(t, h, "BE-63023", "Otto Beispiel")[0]
		app, err := h.AddApp(ctx, store.As(lena.ID), aboutDelib())
		ok(t, err)
		run := func(m store.Member, state store.UseState, experts ...string) {
			_, err := h.RunApp(ctx, store.As(m.ID), m.TownID(), app.ID, store.AppUseInput{State: state, Experts: experts})
			ok(t, err)
		}
		run(jef[0], store.UseRunning, jef[1].ID)
		run(otto, store.UseFormer)
		in := store.AppNoticeInput{Title: "Mise à jour de sécurité 3.2.1", Version: "3.2.1", Text: "À installer cette semaine.", Lang: "fr", Urgent: true}
		_, err = h.SendAppNotice(ctx, store.As(jef[0].ID), app.ID, in)
		wantKind(t, err, store.Denied, "app.not_yours")
		n, err := h.SendAppNotice(ctx, store.As(lena.ID), app.ID, in)
		ok(t, err)
		again, err := h.SendAppNotice(ctx, store.As(lena.ID), app.ID, in)
		ok(t, err)
		want(t, again.ID, n.ID)
		_, _, audience, err := h.NoticeAudience(ctx, n.ID)
		ok(t, err)
		want(t, len(audience), 2) // Kortrijk's coordinator and its expert; Eupen does not use it any more
		for _, one := range []struct {
			who  string
			seen bool
		}{{lena.ID, true}, {jef[1].ID, true}, {otto.ID, false}, {"", false}} {
			_, err := h.NoticePage(ctx, store.As(one.who), n.ID)
			want(t, err == nil, one.seen)
			all, err := h.AppNotices(ctx, store.As(one.who), app.ID)
			ok(t, err)
			want(t, len(all) == 1, one.seen)
		}
		wantKind(t, h.AnswerNotice(ctx, store.As(otto.ID), n.ID, otto.TownID(), store.NoticePatched, ""), store.NotFound, "error.not_found")
		wantKind(t, h.AnswerNotice(ctx, store.As(jef[1].ID), n.ID, lena.TownID(), store.NoticePatched, ""), store.Denied, "error.not_allowed.town")
		ok(t, h.AnswerNotice(ctx, store.As(jef[1].ID), n.ID, jef[0].TownID(), store.NoticeHelp, "Wij weten niet hoe"))
		due, err := h.DueEvents(ctx, 1000)
		ok(t, err)
		asked := 0
		for _, e := range due {
			if e.Kind == store.EventNoticeHelp {
				asked++
				want(t, e.Member, lena.ID)
			}
		}
		want(t, asked, 1)
		page, err := h.NoticePage(ctx, store.As(lena.ID), n.ID)
		ok(t, err)
		want(t, page.Rows[0].Answer.State, store.NoticeHelp)
		want(t, page.Rows[0].By.Name, "Greet Voorbeeld")
		ok(t, h.AnswerNotice(ctx, store.As(jef[0].ID), n.ID, jef[0].TownID(), store.NoticePatched, ""))
		ok(t, h.CloseNotice(ctx, store.As(lena.ID), n.ID))
		wantKind(t, h.AnswerNotice(ctx, store.As(jef[0].ID), n.ID, jef[0].TownID(), store.NoticeHelp, ""), store.Conflict, "app.notice_closed")
		sound(t, h)
	})
}

func TestPledgesReachTheThresholdOnce(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, jef := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-34022", "Jef Voorbeeld")[0]
		app := h.AppCalled(t, "Délib d’essai")
		in := store.NeedInput{App: app.ID, Title: "Signer en ligne", Text: "Pour tous les membres du conseil.", Lang: "fr", Unit: store.UnitDays, Threshold: 10, Deadline: "2026-03-20"}
		late := in
		late.Deadline = "2026-03-01"
		_, err := h.OpenNeed(ctx, store.As(lena.ID), late)
		wantKind(t, err, store.Invalid, "need.deadline_far")
		n, err := h.OpenNeed(ctx, store.As(lena.ID), in)
		ok(t, err)
		want(t, n.Number, 1)
		give := func(m store.Member, amount int) error {
			_, err := h.PledgeTo(ctx, store.As(m.ID), n.ID, m.TownID(), amount, "")
			return err
		}
		ok(t, give(lena, 4))
		ok(t, give(lena, 0))
		ok(t, give(lena, 6))
		ok(t, give(jef, 5))
		wantKind(t, give(jef, 2), store.Invalid, "need.holds")
		ok(t, give(jef, 7))
		page, err := h.NeedByNumber(ctx, store.As(lena.ID), 1)
		ok(t, err)
		want(t, page.State, store.NeedReached)
		want(t, page.Need.Pledged, 13)
		want(t, page.Pledges[0].Town.Slug, "kortrijk")
		reached := 0
		due, err := h.DueEvents(ctx, 1000)
		ok(t, err)
		for _, e := range due {
			if e.Kind == store.EventNeedReached {
				reached++
			}
		}
		want(t, reached, 1)
		_, err = h.TendNeed(ctx, store.As(jef.ID), n.ID, "C’est fait.", store.NeedDone)
		wantKind(t, err, store.Denied, "need.not_yours")
		_, err = h.TendNeed(ctx, store.As(lena.ID), n.ID, "Un prestataire est choisi.", "")
		ok(t, err)
		_, err = h.TendNeed(ctx, store.As(lena.ID), n.ID, "C’est dans la 4.1.", store.NeedDone)
		ok(t, err)
		wantKind(t, give(jef, 20), store.Conflict, "need.over")
		rows, total, err := h.Needs(ctx, app.ID, 0, 10)
		ok(t, err)
		want(t, total, 1)
		want(t, rows[0].State, store.NeedDone)
		in.Title = "Une autre"
		missed, err := h.OpenNeed(ctx, store.As(lena.ID), in)
		ok(t, err)
		h.Clock.Add(30 * 24 * 3600e9)
		page, err = h.NeedByNumber(ctx, store.Visitor(), missed.Number)
		ok(t, err)
		want(t, page.State, store.NeedMissed)
		sound(t, h)
	})
}

// Many towns pledging at once never lose a pledge, and reach the threshold once.
func TestPledgesAtOnce(t *testing.T) {
	h := storetest.Open(t)
	var coordinators []store.Member
	for _, one := range []struct{ name, code string }{{"Anna Un", "BE-92094"}, {"Bert Deux", "BE-34022"}, {"Carla Trois", "BE-63023"}, {"Dirk Quatre", "BE-52011"}} {
		coordinators = append(coordinators, village(t, h, one.code, one.name)[0])
	}
	n, err := h.OpenNeed(ctx, store.As(coordinators[0].ID), store.NeedInput{Title: "Ensemble", Text: "Oui.", Lang: "fr", Unit: store.UnitEuros, Threshold: 300, Deadline: "2026-03-20"})
	ok(t, err)
	var all sync.WaitGroup
	for _, m := range coordinators {
		all.Go(func() {
			for i := 1; i <= 10; i++ {
				if _, err := h.PledgeTo(ctx, store.As(m.ID), n.ID, m.TownID(), 10*i, ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	page, err := h.NeedByNumber(ctx, store.Visitor(), n.Number)
	ok(t, err)
	want(t, page.Need.Pledged, 400)
	reached := 0
	due, err := h.DueEvents(ctx, 1000)
	ok(t, err)
	for _, e := range due {
		if e.Kind == store.EventNeedReached {
			reached++
		}
	}
	want(t, reached, 1)
	sound(t, h)
}
