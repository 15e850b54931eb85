package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// engineName tells runs over PostgreSQL from those over a file.
func engineName() string {
	if os.Getenv("BELFRY_TEST_STORE") == "postgres" {
		return ", over PostgreSQL"
	}
	return ""
}

// rounds is how often a random test repeats: 1,000 unless BELFRY_TORTURE_ROUNDS says more.
func rounds(normal int) int {
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil && n > normal {
		return n
	}
	return normal
}

// crowd is a meeting and the members who answer it.
type crowd struct {
	hub     *storetest.Hub
	meeting store.Meeting
	members []store.Member
	seats   int
	lowered bool // seats were taken away below what was given
	share   int  // seats for one town, 0 for no limit
}

func gather(t testing.TB, people, seats int) *crowd {
	c := &crowd{hub: storetest.Open(t), seats: seats}
	codes := []string{"BE-92094", "BE-34022", "BE-63023", "BE-57081", "FR-59350"}
	for i := range people {
		c.members = append(c.members, c.hub.Join(t, fmt.Sprintf("Exemple %03d", i), codes[i%len(codes)]))
	}
	c.meeting = c.hub.Meeting(t, seats)
	return c
}

// act does one random thing as one member.
func (c *crowd) act(rnd *rand.Rand) error {
	member := c.members[rnd.IntN(len(c.members))]
	who := store.As(member.ID)
	var err error
	switch n := rnd.IntN(12); {
	case n < 6:
		in := store.AnswerInput{Answer: store.OnSite}
		for range rnd.IntN(4) {
			in.Guests = append(in.Guests, "Gast")
		}
		_, err = c.hub.AnswerMeeting(ctx, who, c.meeting.ID, in)
	case n < 7:
		_, err = c.hub.AnswerMeeting(ctx, who, c.meeting.ID, store.AnswerInput{Answer: store.Online})
	case n < 8:
		_, err = c.hub.AnswerMeeting(ctx, who, c.meeting.ID, store.AnswerInput{Answer: store.Maybe, Guests: []string{"Gast"}})
	case n < 9:
		_, err = c.hub.AnswerFor(ctx, store.System(), c.meeting.ID, member.ID, store.AnswerInput{Answer: store.OnSite, Guests: []string{"Gast"}})
	case n < 10:
		_, err = c.hub.AnswerMeeting(ctx, who, c.meeting.ID, store.AnswerInput{Answer: store.No, KeepDetails: true})
	default:
		err = c.hub.WithdrawAnswer(ctx, who, c.meeting.ID)
	}
	if store.KindOf(err) == store.Full {
		return nil // a party that does not fit is told so
	}
	return err
}

// wrong is what does not hold between the answers and what people see; "" when all is well.
func (c *crowd) wrong() string {
	page, err := c.hub.MeetingPage(ctx, store.System(), c.meeting.Slug)
	if err != nil {
		return err.Error()
	}
	return judge(page.Attendance, c.seats, c.share, c.lowered)
}

// judge recounts the records that a page shows.
func judge(a store.Attendance, seats, share int, lowered bool) string {
	var onSite, online, maybe, no, waiting int
	queue := map[int]bool{}
	for _, town := range a.Towns {
		for _, p := range town.People {
			party := p.RSVP.Party()
			switch {
			case p.RSVP.Waiting:
				waiting += party
				if queue[p.Position] || p.Position < 1 {
					return fmt.Sprintf("place %d on the waitlist is given twice or not at all", p.Position)
				}
				queue[p.Position] = true
				if a.Tally.OnSite+party <= seats && (share == 0 || a.Tally.Inside.Of(town.Town.ID)+party <= share) {
					return fmt.Sprintf("%s with %d people waits though %d seats are free", p.Member.Name, party, seats-a.Tally.OnSite)
				}
			case p.RSVP.Answer == store.OnSite:
				onSite += party
			case p.RSVP.Answer == store.Online:
				online += party
			case p.RSVP.Answer == store.Maybe:
				maybe += party
			default:
				no++
			}
		}
	}
	if onSite > seats && !lowered {
		return fmt.Sprintf("%d people on %d seats", onSite, seats)
	}
	if t := a.Tally; t.OnSite != onSite || t.Online != online || t.Maybe != maybe || t.No != no || t.Waiting != waiting {
		return fmt.Sprintf("the tally says %+v, the answers %d on site, %d online, %d maybe, %d no, %d waiting", t, onSite, online, maybe, no, waiting)
	}
	return ""
}

// TestPropertyNobodyIsOverbooked lets 200 members answer, change and leave at random at once, a thousand rounds, while
// an organiser changes the seats, and recounts after every round.
func TestPropertyNobodyIsOverbooked(t *testing.T) {
	c := gather(t, 200, 30)
	const seed, atOnce = 42, 16
	n := rounds(1000)
	promoted := map[string]int{}
	var mu sync.Mutex // guards promoted
	c.hub.Listen(func(e store.Event) {
		if e.Kind == store.EventPromoted {
			mu.Lock()
			promoted[e.Member]++
			mu.Unlock()
		}
	})
	rnd := rand.New(rand.NewPCG(seed, 0))
	for round := range n {
		var wg sync.WaitGroup
		for k := range atOnce {
			own := rand.New(rand.NewPCG(seed+uint64(round), uint64(k)))
			wg.Go(func() {
				if err := c.act(own); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		if round%50 == 49 {
			c.seats = 15 + rnd.IntN(40)
			c.lowered = true
			in := store.MeetingInput{Title: c.meeting.Title, Lang: "fr", Date: c.meeting.Date, Clock: c.meeting.Clock, Zone: c.meeting.Zone,
				Minutes: c.meeting.Minutes, Venue: c.meeting.Venue, Online: true, Seats: c.seats}
			if rnd.IntN(2) == 0 {
				in.TownSeats = 4 + rnd.IntN(6)
			}
			c.share = in.TownSeats
			_, err := c.hub.ChangeMeeting(ctx, store.System(), c.meeting.ID, in)
			ok(t, err)
		}
		wg.Wait()
		if wrong := c.wrong(); wrong != "" {
			t.Fatalf("seed %d, round %d: %s", seed, round, wrong)
		}
	}
	total := 0
	for _, times := range promoted {
		total += times
	}
	if total == 0 {
		t.Error("nobody was ever promoted: the test tests nothing")
	}
	faults := 0
	_, err := c.hub.Verify(ctx, func(f store.Fault) { faults++; t.Error(f) })
	ok(t, err)
	t.Logf("seed %d, %d rounds of %d at once, %d promotions, %d faults", seed, n, atOnce, total, faults)
}

// TestTheJudgeSeesAnOverbooking is the negative control: records as a check outside the transaction would leave them.
func TestTheJudgeSeesAnOverbooking(t *testing.T) {
	person := func(answer store.Answer, waiting bool, position int) store.Attendee {
		return store.Attendee{RSVP: store.RSVP{Answer: answer, Waiting: waiting}, Position: position}
	}
	for name, a := range map[string]store.Attendance{
		"overbooked": {Tally: store.Tally{OnSite: 2}, Towns: []store.TownAttendance{{People: []store.Attendee{person(store.OnSite, false, 0), person(store.OnSite, false, 0)}}}},
		"skipped":    {Tally: store.Tally{Waiting: 1}, Towns: []store.TownAttendance{{People: []store.Attendee{person(store.OnSite, true, 1)}}}},
		"miscounted": {Tally: store.Tally{OnSite: 1, Online: 1}, Towns: []store.TownAttendance{{People: []store.Attendee{person(store.OnSite, false, 0)}}}},
	} {
		if judge(a, 1, 0, false) == "" {
			t.Errorf("%s was not seen", name)
		}
	}
}

// TestPromotionIsToldOnce: who leaves the waitlist hears it once, in the transaction that gave the seat.
func TestPromotionIsToldOnce(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		a, b := h.Join(t, "Anna Exemple", "BE-92094"), h.Join(t, "Bert Exemple", "BE-34022")
		m := h.Meeting(t, 1)
		out, err := h.AnswerMeeting(ctx, store.As(a.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
		ok(t, err)
		want(t, out.RSVP.Waiting, false)
		out, err = h.AnswerMeeting(ctx, store.As(b.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
		ok(t, err)
		want(t, out.Position, 1)
		again, err := h.AnswerMeeting(ctx, store.As(b.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
		ok(t, err)
		want(t, again.Changed, false)
		want(t, again.RSVP.Queue, out.RSVP.Queue)
		_, err = h.AnswerMeeting(ctx, store.As(a.ID), m.ID, store.AnswerInput{Answer: store.OnSite, Guests: []string{"Gast"}})
		wantKind(t, err, store.Full, "rsvp.party_too_large")
		ok(t, h.WithdrawAnswer(ctx, store.As(a.ID), m.ID))
		ok(t, h.WithdrawAnswer(ctx, store.As(a.ID), m.ID))
		due, err := h.DueEvents(ctx, 1000)
		ok(t, err)
		told := 0
		for _, e := range due {
			if e.Kind == store.EventPromoted && e.Member == b.ID {
				told++
			}
		}
		want(t, told, 1)
		ok(t, h.CancelMeeting(ctx, store.System(), m.ID, ""))
		_, err = h.AnswerMeeting(ctx, store.As(a.ID), m.ID, store.AnswerInput{Answer: store.No})
		wantKind(t, err, store.Conflict, "rsvp.cancelled")
	})
}
