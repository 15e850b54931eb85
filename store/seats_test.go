package store_test

import (
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/storetest"
)

// comes answers on site with so many guests, and says where: "in", or the place on the waitlist.
func comes(t *testing.T, h *storetest.Hub, m store.Meeting, who store.Member, guests ...string) int {
	t.Helper()
	out, err := h.AnswerMeeting(ctx, store.As(who.ID), m.ID, store.AnswerInput{Answer: store.OnSite, Guests: guests})
	ok(t, err)
	return out.Position
}

func inside(t *testing.T, h *storetest.Hub, m store.Meeting, who store.Member) bool {
	t.Helper()
	page, err := h.MeetingPage(ctx, store.As(who.ID), m.Slug)
	ok(t, err)
	return page.Mine != nil && page.Mine.Seated()
}

func TestPromotionIsFairToTowns(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 2)
		anna, bert, carla := h.Join(t, "Anna Exemple", "BE-92094"), h.Join(t, "Bert Exemple", "BE-92094"), h.Join(t, "Carla Voorbeeld", "BE-34022")
		dirk := h.Join(t, "Dirk Beispiel", "BE-63023")
		want(t, comes(t, h, m, anna), 0)
		want(t, comes(t, h, m, dirk), 0)
		want(t, comes(t, h, m, bert), 1) // of Namur, which is inside
		want(t, comes(t, h, m, carla), 2)
		ok(t, h.WithdrawAnswer(ctx, store.As(dirk.ID), m.ID))
		want(t, inside(t, h, m, carla), true) // nobody of Kortrijk was inside
		want(t, inside(t, h, m, bert), false)
		ok(t, h.WithdrawAnswer(ctx, store.As(carla.ID), m.ID))
		want(t, inside(t, h, m, bert), true)
		sound(t, h)
	})
}

func TestATownHasItsShare(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 10)
		in := typed(m)
		in.TownSeats = 2
		m, err := h.ChangeMeeting(ctx, store.System(), m.ID, in)
		ok(t, err)
		anna, bert, carla := h.Join(t, "Anna Exemple", "BE-92094"), h.Join(t, "Bert Exemple", "BE-92094"), h.Join(t, "Carla Voorbeeld", "BE-34022")
		want(t, comes(t, h, m, anna, "Gast"), 0)
		want(t, comes(t, h, m, bert), 1) // seats are free, but not for Namur
		want(t, comes(t, h, m, carla), 0)
		_, err = h.AnswerMeeting(ctx, store.As(carla.ID), m.ID, store.AnswerInput{Answer: store.OnSite, Guests: []string{"A", "B"}})
		wantKind(t, err, store.Full, "rsvp.party_too_large_town")
		want(t, comes(t, h, m, anna), 0) // a smaller party frees a seat
		want(t, inside(t, h, m, bert), true)
		in.TownSeats = 0
		_, err = h.ChangeMeeting(ctx, store.System(), m.ID, in)
		ok(t, err)
		sound(t, h)
	})
}

func TestPlacesOnlineAreLimited(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 10)
		in := typed(m)
		in.OnlineSeats = 1
		_, err := h.ChangeMeeting(ctx, store.System(), m.ID, in)
		ok(t, err)
		for i, name := range []string{"Anna Exemple", "Bert Exemple"} {
			who := h.Join(t, name, "BE-92094")
			_, err := h.AnswerMeeting(ctx, store.As(who.ID), m.ID, store.AnswerInput{Answer: store.Online})
			if i == 0 {
				ok(t, err)
			} else {
				wantKind(t, err, store.Full, "rsvp.online_full")
			}
		}
	})
}

func TestASeatIsHandedToAColleague(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 2)
		anna, bert, carla := h.Join(t, "Anna Exemple", "BE-92094"), h.Join(t, "Bert Exemple", "BE-92094"), h.Join(t, "Carla Voorbeeld", "BE-34022")
		want(t, comes(t, h, m, anna, "Gast"), 0)
		want(t, comes(t, h, m, carla), 1)
		wantKind(t, h.HandSeat(ctx, store.As(anna.ID), m.ID, anna.ID, carla.ID), store.Invalid, "rsvp.not_colleague")
		wantKind(t, h.HandSeat(ctx, store.As(bert.ID), m.ID, anna.ID, bert.ID), store.Denied, "error.not_allowed.organise")
		wantKind(t, h.HandSeat(ctx, store.As(carla.ID), m.ID, carla.ID, bert.ID), store.Conflict, "rsvp.no_seat")
		ok(t, h.HandSeat(ctx, store.As(anna.ID), m.ID, anna.ID, bert.ID))
		want(t, inside(t, h, m, bert), true)
		want(t, inside(t, h, m, anna), false)
		want(t, inside(t, h, m, carla), true) // the guest's seat was left
		want(t, told(t, h, store.EventAnsweredFor, bert.ID), 1)
		wantKind(t, h.HandSeat(ctx, store.As(anna.ID), m.ID, anna.ID, bert.ID), store.Conflict, "rsvp.no_seat")
		sound(t, h)
	})
}

func TestWhoReallyCame(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 5)
		anna, bert := h.Join(t, "Anna Exemple", "BE-92094"), h.Join(t, "Bert Voorbeeld", "BE-34022")
		want(t, comes(t, h, m, anna), 0)
		wantKind(t, h.TickPresence(ctx, store.System(), m.ID, anna.ID, true, 0), store.Conflict, "door.closed")
		h.Clock.Set(m.Start.Add(-time.Hour))
		wantKind(t, h.TickPresence(ctx, store.As(anna.ID), m.ID, anna.ID, true, 0), store.Denied, "error.not_allowed.organise")
		for range 2 {
			ok(t, h.TickPresence(ctx, store.System(), m.ID, anna.ID, true, 2))
		}
		h.Clock.Set(m.Start.Add(time.Hour))
		ok(t, h.TickPresence(ctx, store.System(), m.ID, bert.ID, true, 0)) // never answered, and late
		page, err := h.Door(ctx, store.System(), m.Slug)
		ok(t, err)
		want(t, page.Came, 4)
		want(t, page.Towns, 2)
		want(t, page.Rows[0].Late, false)
		want(t, page.Rows[1].Late, true)
		all, held, err := h.AttendanceOfYear(ctx, 2026)
		ok(t, err)
		want(t, held, 1)
		want(t, len(all), 2)
		want(t, all[0].Town.Name+" "+all[1].Town.Name, "Namur Kortrijk")
		ok(t, h.TickPresence(ctx, store.System(), m.ID, bert.ID, false, 0))
		page, err = h.Door(ctx, store.System(), m.Slug)
		ok(t, err)
		want(t, page.Came, 3)
		sound(t, h)
	})
}

// TestAnOlderTallyIsCountedAnew opens data of schema 1, whose tallies did not know who is inside.
func TestAnOlderTallyIsCountedAnew(t *testing.T) {
	h := storetest.Open(t)
	m := h.Meeting(t, 5)
	want(t, comes(t, h, m, h.Join(t, "Anna Exemple", "BE-92094"), "Gast"), 0)
	ok(t, h.DB.Update(ctx, "test", func(tx kv.Tx) error {
		tx.Put([]byte("meta/schema"), []byte("1"))
		tx.Put([]byte("rsvp.tally/"+m.ID), []byte(`{"meeting":"`+m.ID+`","on_site":2,"asked":1}`))
		return nil
	}))
	ok(t, h.Close())
	db, err := bolt.Open(h.Path, bolt.Options{})
	ok(t, err)
	h.Store = storetest.Over(t, db, h.Clock.Now, store.Renderer{})
	sound(t, h)
	ok(t, h.Close())
}
