package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// atOnce runs these at the same time and gives their errors.
func atOnce(all ...func() error) []error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, one := range all {
		wg.Go(func() { errs[i] = one() })
	}
	wg.Wait()
	return errs
}

func freeze(h *storetest.Hub, by store.Actor, id string) error {
	_, err := h.StepMeeting(ctx, by, id, store.MeetingFrozen)
	return err
}

// TestTwoArrangeAtOnce: whoever comes last decides, and no item is lost, doubled or given another's place.
func TestTwoArrangeAtOnce(t *testing.T) {
	h := storetest.Open(t)
	m := h.Meeting(t, 1)
	var ids []string
	for i := range 8 {
		item, err := h.ProposeItem(ctx, store.System(), m.ID, point(fmt.Sprint(i), 5))
		ok(t, err)
		ids = append(ids, item.ID)
	}
	backwards := make([]string, len(ids))
	for i, id := range ids {
		backwards[len(ids)-1-i] = id
	}
	for range 20 {
		for _, err := range atOnce(func() error { return h.ArrangeItems(ctx, store.System(), m.ID, ids) },
			func() error { return h.ArrangeItems(ctx, store.System(), m.ID, backwards) },
			func() error { return h.MoveItem(ctx, store.System(), ids[3], true) }) {
			ok(t, err)
		}
	}
	page, err := h.MeetingPage(ctx, store.Visitor(), m.Slug)
	ok(t, err)
	orders := map[int]bool{}
	for _, item := range page.Items {
		orders[item.Item.Order] = true
	}
	want(t, fmt.Sprint(len(page.Items), len(orders)), "8 8")
	sound(t, h)
}

// TestFrozenWhileSomebodyProposes: a proposal is in time or late, and there either way.
func TestFrozenWhileSomebodyProposes(t *testing.T) {
	for i := range 10 {
		h := storetest.Open(t)
		lena, m := h.Join(t, "Lena Exemple", "BE-92094"), h.Meeting(t, 30)
		errs := atOnce(func() error { return freeze(h, store.System(), m.ID) }, func() error {
			_, err := h.ProposeItem(ctx, store.As(lena.ID), m.ID, point(fmt.Sprint(i), 5))
			return err
		})
		ok(t, errs[0])
		ok(t, errs[1])
		page, err := h.MeetingPage(ctx, store.As(lena.ID), m.Slug)
		ok(t, err)
		want(t, fmt.Sprint(page.Meeting.State, len(page.Proposed)), "frozen1")
		_, err = h.ProposeItem(ctx, store.As(lena.ID), m.ID, point("Après", 5))
		ok(t, err)
		page, err = h.MeetingPage(ctx, store.As(lena.ID), m.Slug)
		ok(t, err)
		want(t, page.Proposed[1].Item.Late, true)
	}
}

// TestPublishedTwiceAtOnce: one set of records, and the others are told that somebody was quicker.
func TestPublishedTwiceAtOnce(t *testing.T) {
	h := storetest.Open(t)
	m := h.Meeting(t, 1)
	h.Clock.Set(m.Start.Add(time.Minute))
	_, err := h.SaveMinutes(ctx, store.System(), m.ID, store.MinutesDraft{Lang: "fr", Source: "!D Un\n!D Deux"})
	ok(t, err)
	publish := func() error { _, err := h.PublishMinutes(ctx, store.System(), m.ID); return err }
	done := 0
	for _, err := range atOnce(publish, publish, publish) {
		switch {
		case err == nil:
			done++
		case store.KindOf(err) != store.Conflict:
			t.Error(err)
		}
	}
	if done == 0 {
		t.Error("nobody could publish")
	}
	list, err := h.Decisions(ctx, store.DecisionQuery{Limit: 9})
	ok(t, err)
	want(t, len(list.Rows), 2)
	sound(t, h)
}

// TestAnAgendaOfAWholeDay has its clock times beyond midnight, and says by how much it is too long.
func TestAnAgendaOfAWholeDay(t *testing.T) {
	h := storetest.Open(t)
	m := h.Meeting(t, 1)
	for _, title := range []string{"A", "B"} {
		_, err := h.ProposeItem(ctx, store.System(), m.ID, point(title, 24*60))
		ok(t, err)
	}
	_, err := h.ProposeItem(ctx, store.System(), m.ID, point("C", 24*60+1))
	if store.KindOf(err) != store.Invalid {
		t.Errorf("an item of more than a day: %v", err)
	}
	page, err := h.MeetingPage(ctx, store.Visitor(), m.Slug)
	ok(t, err)
	want(t, page.Items[1].Starts.Sub(page.Items[0].Starts), 24*time.Hour)
	want(t, page.Overrun, 48*60-m.Minutes)
}

// TestTheLastOrganiserLeaves: administrators can still run the meetings, and name another.
func TestTheLastOrganiserLeaves(t *testing.T) {
	h := storetest.Open(t)
	ada, otto := h.Join(t, "Ada Beispiel", "BE-92094"), h.Join(t, "Otto Beispiel", "BE-62063")
	h.With(t, ada, store.RoleAdministrator)
	h.With(t, otto, store.RoleOrganiser)
	m := h.Meeting(t, 1)
	ok(t, h.SetRole(ctx, store.As(ada.ID), otto.ID, store.RoleOrganiser, false))
	_, err := h.ProposeItem(ctx, store.As(otto.ID), m.ID, point("Encore", 5))
	ok(t, err) // as a member
	wantKind(t, freeze(h, store.As(otto.ID), m.ID), store.Denied, "error.not_allowed.organise")
	ok(t, freeze(h, store.As(ada.ID), m.ID))
	ok(t, h.SetRole(ctx, store.As(ada.ID), otto.ID, store.RoleOrganiser, true))
}
