package store_test

import (
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// TestAFormIsKnownForADay: a form that was kept is known again as long as somebody may send it again, then it is forgotten; one
// that was refused is not kept, so that it can be corrected, and what is done without a form is done as often as asked.
func TestAFormIsKnownForADay(t *testing.T) {
	hub := storetest.Open(t)
	olga := hub.Join(t, "Olga Nisatrice", "BE-62063")
	hub.With(t, olga, store.RoleOrganiser)
	form := store.WithForm(ctx, func() string { return "a-form" })
	in := store.MeetingInput{Title: "Réunion", Lang: "fr", Date: hub.Now().AddDate(0, 1, 0).Format(time.DateOnly), Clock: "12:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Salle", HostTown: "none"}
	schedule := func(want store.Kind) {
		t.Helper()
		if _, err := hub.ScheduleMeeting(form, store.As(olga.ID), in); store.KindOf(err) != want {
			t.Errorf("kind %d, want %d: %v", store.KindOf(err), want, err)
		}
	}
	schedule(store.Invalid)
	in.HostTown = ""
	schedule(0)
	schedule(store.Repeated)
	hub.Clock.Add(23 * time.Hour)
	ok(t, hub.Sweep(ctx))
	schedule(store.Repeated)
	hub.Clock.Add(2 * time.Hour)
	ok(t, hub.Sweep(ctx))
	schedule(0)
	form = ctx
	schedule(0)
	schedule(0)
	all, err := hub.Upcoming(ctx, store.System(), 10)
	ok(t, err)
	if len(all) != 4 {
		t.Errorf("%d meetings", len(all))
	}
	_, err = hub.Verify(ctx, func(f store.Fault) { t.Error(f) })
	ok(t, err)
}
