package store_test

import (
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func point(title string, minutes int) store.ItemInput {
	return store.ItemInput{Title: title, Lang: "fr", Kind: store.ToDiscuss, Minutes: minutes}
}

func TestWhoMayDoWhatToTheAgenda(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 10)
		lena, jef := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID), store.As(h.Join(t, "Jef Exemple", "BE-92094").ID)
		otto := h.With(t, h.Join(t, "Otto Exemple", "BE-92094"), store.RoleOrganiser)
		_, err := h.ProposeItem(ctx, store.Visitor(), m.ID, point("x", 0))
		wantKind(t, err, store.Denied, "error.sign_in_first")
		item, err := h.ProposeItem(ctx, lena, m.ID, point("Formulaires", 20))
		ok(t, err)
		want(t, item.State, store.ItemProposed)
		again, err := h.ProposeItem(ctx, lena, m.ID, point("  Formulaires ", 20))
		ok(t, err)
		want(t, again.ID, item.ID)

		own, err := h.ProposeItem(ctx, otto, m.ID, point("Accueil", 10))
		ok(t, err)
		want(t, own.State, store.ItemAccepted)
		for name, try := range map[string]func(store.Actor) error{
			"accept": func(by store.Actor) error { return h.AcceptItem(ctx, by, item.ID) },
			"move":   func(by store.Actor) error { return h.MoveItem(ctx, by, item.ID, true) },
			"remove": func(by store.Actor) error { return h.RemoveItem(ctx, by, own.ID) },
			"change": func(by store.Actor) error { return h.ChangeItem(ctx, by, own.ID, point("x", 0)) },
		} {
			if err := try(lena); store.KindOf(err) != store.Denied {
				t.Errorf("%s by a member: %v", name, err)
			}
		}
		wantKind(t, h.ChangeItem(ctx, jef, item.ID, point("x", 0)), store.Denied, "error.not_allowed.organise")
		wantKind(t, h.RemoveItem(ctx, jef, item.ID), store.Denied, "error.not_allowed.organise")

		ok(t, h.ChangeItem(ctx, lena, item.ID, point("Formulaires en ligne", 25)))
		page, err := h.MeetingPage(ctx, jef, m.Slug)
		ok(t, err)
		want(t, len(page.Proposed), 0) // what waits is seen by its proposer and by organisers
		want(t, len(page.Items), 1)
		for _, reader := range []store.Actor{lena, otto} {
			page, err = h.MeetingPage(ctx, reader, m.Slug)
			ok(t, err)
			want(t, len(page.Proposed), 1)
		}
		ok(t, h.AcceptItem(ctx, otto, item.ID))
		wantKind(t, h.ChangeItem(ctx, lena, item.ID, point("x", 0)), store.Denied, "error.not_allowed.organise")
		wantKind(t, h.RemoveItem(ctx, lena, item.ID), store.Denied, "error.not_allowed.organise")
		ok(t, h.RemoveItem(ctx, otto, item.ID))
	})
}

func TestAgendaTimesFollowTheOrder(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 10) // 09:30, 390 minutes
		var last store.AgendaItem
		for _, in := range []store.ItemInput{point("A", 15), point("B", 0), point("C", 90), point("D", 285)} {
			item, err := h.ProposeItem(ctx, store.System(), m.ID, in)
			ok(t, err)
			last = item
		}
		plan := func() (all string, overrun int) {
			page, err := h.MeetingPage(ctx, store.Visitor(), m.Slug)
			ok(t, err)
			for _, p := range page.Items {
				all += p.Item.Title + p.Starts.Format("15:04 ")
			}
			return all, page.Overrun
		}
		all, overrun := plan()
		want(t, all, "A09:30 B09:45 C09:45 D11:15 ")
		want(t, overrun, 0)
		ok(t, h.MoveItem(ctx, store.System(), last.ID, true))
		ok(t, h.MoveItem(ctx, store.System(), last.ID, true))
		all, _ = plan()
		want(t, all, "A09:30 D09:45 B14:30 C14:30 ")
		for range 3 { // at the top nothing happens any more
			ok(t, h.MoveItem(ctx, store.System(), last.ID, true))
		}
		_, err := h.ProposeItem(ctx, store.System(), m.ID, point("E", 7))
		ok(t, err)
		all, overrun = plan()
		want(t, all, "D09:30 A14:15 B14:30 C14:30 E16:00 ")
		want(t, overrun, 7)
	})
}

func TestAFullAgendaStillKnowsARepeatedProposal(t *testing.T) {
	h := storetest.Open(t)
	m := h.Meeting(t, 10)
	lena := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID)
	for i := range store.MaxItems {
		_, err := h.ProposeItem(ctx, lena, m.ID, point("Point "+string(rune('A'+i)), 1))
		ok(t, err)
	}
	_, err := h.ProposeItem(ctx, lena, m.ID, point("Point A", 1))
	ok(t, err)
	_, err = h.ProposeItem(ctx, lena, m.ID, point("Encore un", 1))
	wantKind(t, err, store.Invalid, "agenda.too_many")
	ok(t, h.CancelMeeting(ctx, store.System(), m.ID, ""))
	_, err = h.ProposeItem(ctx, lena, m.ID, point("Trop tard", 1))
	wantKind(t, err, store.Conflict, "agenda.closed")
}

// Once the minutes are published the agenda is what it was, for organisers too.
func TestPublishedMinutesCloseTheAgenda(t *testing.T) {
	h := storetest.Open(t)
	boss := h.With(t, h.Join(t, "Olga Beispiel", "BE-92094"), store.RoleOrganiser)
	m := h.Meeting(t, 10)
	h.Clock.Add(m.Start.Sub(h.Clock.Now()) + time.Hour)
	_, err := h.ProposeItem(ctx, boss, m.ID, point("Pendant la séance", 10))
	ok(t, err)
	_, err = h.SaveMinutes(ctx, boss, m.ID, store.MinutesDraft{Source: "# Accueil\n\nBonjour.", Lang: "fr"})
	ok(t, err)
	_, err = h.PublishMinutes(ctx, boss, m.ID)
	ok(t, err)
	_, err = h.ProposeItem(ctx, boss, m.ID, point("Après coup", 10))
	wantKind(t, err, store.Conflict, "agenda.closed")
	page, err := h.MeetingPage(ctx, boss, m.Slug)
	ok(t, err)
	want(t, page.Propose, false)
}
