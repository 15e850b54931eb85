package store_test

import (
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// hall is a meeting with so many seats and a few people who may answer it.
type hall struct {
	*storetest.Hub
	t       *testing.T
	meeting store.Meeting
	people  []store.Member
}

func newHall(t *testing.T, h *storetest.Hub, seats, people int) *hall {
	t.Helper()
	all := &hall{Hub: h, t: t, meeting: h.Meeting(t, seats)}
	for i := range people {
		all.people = append(all.people, h.Join(t, fmt.Sprintf("Person %c Exemple", 'A'+i), "BE-92094"))
	}
	return all
}

// comes answers on site with so many guests.
func (h *hall) comes(person, guests int) (store.Outcome, error) {
	in := store.AnswerInput{Answer: store.OnSite}
	for i := range guests {
		in.Guests = append(in.Guests, fmt.Sprintf("Gast %d", i+1))
	}
	return h.AnswerMeeting(ctx, store.As(h.people[person].ID), h.meeting.ID, in)
}

// places is one character for each person: s with a seat, the place on the waitlist, o another answer, - none.
func (h *hall) places() string {
	h.t.Helper()
	all := ""
	for _, m := range h.people {
		page, err := h.MeetingPage(ctx, store.As(m.ID), h.meeting.Slug)
		ok(h.t, err)
		switch {
		case page.Mine == nil:
			all += "-"
		case page.Mine.Waiting:
			all += fmt.Sprint(page.Position)
		case page.Mine.Seated():
			all += "s"
		default:
			all += "o"
		}
	}
	return all
}

// reseat changes the number of seats.
func (h *hall) reseat(seats int) error {
	m, _, err := h.MeetingByID(ctx, h.meeting.ID)
	ok(h.t, err)
	in := typed(m)
	in.Seats = seats
	_, err = h.ChangeMeeting(ctx, store.System(), m.ID, in)
	return err
}

// typed is a meeting as its form holds it.
func typed(m store.Meeting) store.MeetingInput {
	return store.MeetingInput{Title: m.Title, Lang: m.Lang, About: m.About, Date: m.Date, Clock: m.Clock, Zone: m.Zone, Minutes: m.Minutes,
		HostTown: m.HostTown, Venue: m.Venue, Address: m.Address, Online: m.Online, Link: m.Link, Seats: m.Seats}
}

// told counts the waiting events of a kind, for one member or, with "", for all.
func told(t *testing.T, h *storetest.Hub, kind store.EventKind, member string) int {
	t.Helper()
	due, err := h.DueEvents(ctx, 10_000)
	ok(t, err)
	n := 0
	for _, e := range due {
		if e.Kind == kind && (member == "" || e.Member == member) {
			n++
		}
	}
	return n
}

func TestTheFirstInOrderWhosePartyFitsIsPromoted(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		hall := newHall(t, h, 4, 4)
		for person, guests := range []int{1, 1, 2, 0} { // 2, 2, 3 and 1 people
			_, err := hall.comes(person, guests)
			ok(t, err)
		}
		want(t, hall.places(), "ss12")
		ok(t, h.WithdrawAnswer(ctx, store.As(hall.people[0].ID), hall.meeting.ID))
		want(t, hall.places(), "-s1s") // three do not fit into two seats, the one after them does
		ok(t, hall.reseat(6))
		want(t, hall.places(), "-sss")
		want(t, told(t, h, store.EventPromoted, hall.people[2].ID), 1)
		want(t, told(t, h, store.EventPromoted, hall.people[3].ID), 1)
		want(t, told(t, h, store.EventPromoted, ""), 2)
	})
}

func TestSeatsTakenAwayUnseatNobody(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		hall := newHall(t, h, 5, 3)
		_, err := hall.comes(0, 3)
		ok(t, err)
		_, err = hall.comes(1, 0)
		ok(t, err)
		ok(t, hall.reseat(2))
		want(t, hall.places(), "ss-")
		out, err := hall.comes(2, 0)
		ok(t, err)
		want(t, out.Position, 1)
		out, err = hall.comes(0, 2) // a party larger than the room may still grow smaller
		ok(t, err)
		want(t, out.Changed, true)
		want(t, hall.places(), "ss1")
		_, err = hall.comes(0, 3)
		wantKind(t, err, store.Full, "rsvp.party_too_large")
		ok(t, h.WithdrawAnswer(ctx, store.As(hall.people[0].ID), hall.meeting.ID))
		want(t, hall.places(), "-ss")
	})
}

func TestGuestsBeyondTheRoomChangeNothing(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		hall := newHall(t, h, 3, 2)
		for person := range 2 {
			_, err := hall.comes(person, 0)
			ok(t, err)
		}
		before := digest(t, h)
		_, err := hall.comes(0, 2)
		wantKind(t, err, store.Full, "rsvp.no_room_for_guests")
		_, err = hall.comes(0, 3)
		wantKind(t, err, store.Full, "rsvp.party_too_large")
		want(t, digest(t, h), before)
		_, err = hall.comes(0, 1)
		ok(t, err)
		want(t, hall.places(), "ss")
	})
}

func TestTheSameAnswerTwiceChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		hall := newHall(t, h, 1, 3)
		for person := range 3 {
			_, err := hall.comes(person, 0)
			ok(t, err)
		}
		before := digest(t, h)
		for person, position := range []int{0, 1, 2} {
			h.Clock.Add(time.Minute)
			out, err := hall.comes(person, 0)
			ok(t, err)
			want(t, out.Changed, false)
			want(t, out.Position, position)
		}
		want(t, digest(t, h), before)
	})
}

func TestAnswersAreTakenOnlyWhileTheyMeanSomething(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		hall := newHall(t, h, 2, 2)
		draft, err := h.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: "Brouillon", Lang: "fr", Date: "2026-03-20",
			Clock: "09:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Salle", Draft: true})
		ok(t, err)
		me, yes := store.As(hall.people[0].ID), store.AnswerInput{Answer: store.OnSite}
		_, err = h.AnswerMeeting(ctx, me, draft.ID, yes)
		wantKind(t, err, store.NotFound, "error.not_found")
		_, err = h.StepMeeting(ctx, store.System(), draft.ID, store.MeetingScheduled)
		ok(t, err)
		_, err = h.AnswerMeeting(ctx, me, draft.ID, yes)
		ok(t, err)
		_, err = h.AnswerMeeting(ctx, me, draft.ID, store.AnswerInput{Answer: store.Online})
		wantKind(t, err, store.Invalid, "rsvp.not_online")
		_, err = h.AnswerMeeting(ctx, store.Visitor(), draft.ID, yes)
		wantKind(t, err, store.Denied, "error.sign_in_first")
		_, err = h.AnswerMeeting(ctx, me, "nowhere", yes)
		wantKind(t, err, store.NotFound, "error.not_found")

		_, err = hall.comes(1, 0)
		ok(t, err)
		h.Clock.Set(hall.meeting.End.Add(-time.Second))
		_, err = hall.comes(0, 0)
		ok(t, err)
		h.Clock.Set(hall.meeting.End)
		_, err = hall.comes(0, 1)
		wantKind(t, err, store.Conflict, "rsvp.over")
		wantKind(t, h.WithdrawAnswer(ctx, me, hall.meeting.ID), store.Conflict, "rsvp.over")
		want(t, hall.places(), "ss")
	})
}

func TestNobodyIsPromotedIntoAMeetingThatIsOver(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		hall := newHall(t, h, 1, 2)
		for person := range 2 {
			_, err := hall.comes(person, 0)
			ok(t, err)
		}
		h.Clock.Set(hall.meeting.End.Add(time.Hour))
		ok(t, hall.reseat(5))
		want(t, told(t, h, store.EventPromoted, ""), 0)
		want(t, hall.places(), "s1")
	})
}

func TestAnOrganiserAnswersForSomebody(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		hall := newHall(t, h, 1, 2)
		anna, bert := hall.people[0], hall.people[1]
		yes := store.AnswerInput{Answer: store.OnSite}
		_, err := h.AnswerFor(ctx, store.As(anna.ID), hall.meeting.ID, bert.ID, yes)
		wantKind(t, err, store.Denied, "error.not_allowed.organise")
		organiser := h.With(t, anna, store.RoleOrganiser)
		out, err := h.AnswerFor(ctx, organiser, hall.meeting.ID, bert.ID, yes)
		ok(t, err)
		want(t, out.RSVP.By, anna.ID)
		out, err = h.AnswerFor(ctx, organiser, hall.meeting.ID, bert.ID, yes)
		ok(t, err)
		want(t, out.Changed, false)
		want(t, told(t, h, store.EventAnsweredFor, bert.ID), 1)
		_, err = h.AnswerFor(ctx, organiser, hall.meeting.ID, "nobody", yes)
		wantKind(t, err, store.Invalid, "rsvp.unknown_member")
	})
}

func TestWhoLeavesTheCommunityFreesTheirSeats(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		hall := newHall(t, h, 2, 3)
		for person, guests := range []int{1, 1, 0} {
			_, err := hall.comes(person, guests)
			ok(t, err)
		}
		want(t, hall.places(), "s12")
		anna := hall.people[0]
		ok(t, h.Leave(ctx, store.As(anna.ID), "", store.Session{Member: anna.ID, Proved: h.Now()}))
		hall.people = hall.people[1:]
		want(t, hall.places(), "s1")
		want(t, told(t, h, store.EventPromoted, ""), 1)
	})
}
