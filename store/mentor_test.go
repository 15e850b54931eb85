package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// helper is a welcomed town that offers help, with its coordinator.
func helper(t *testing.T, h *storetest.Hub, code, name string, places int) store.Member {
	t.Helper()
	m := village(t, h, code, name)[0]
	ok(t, h.EditTown(ctx, store.As(m.ID), m.TownID(), store.TownInput{Staff: store.StaffFew, Speaks: []string{"fr"}, Teaches: []string{"gis", "plone"}, Offers: places > 0, Places: places}))
	return m
}

func asks(mentor store.Member) store.RequestInput {
	return store.RequestInput{Need: store.MentorNeed{Speaks: []string{"fr"}, Skills: []string{"gis"}}, Town: mentor.TownID(), Message: "Bonjour, pouvez-vous nous aider ?", Lang: "fr"}
}

// waits reads a request as the operator.
func waits(t *testing.T, h *storetest.Hub, id string) store.MentorRequest {
	t.Helper()
	p, err := h.RequestPage(ctx, store.System(), id)
	ok(t, err)
	return p.Request
}

func TestARequestIsAnsweredAndBecomesAMentorship(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		mentor, other := helper(t, h, "BE-92094", "Lena Exemple", 1), helper(t, h, "BE-25014", "Oscar Autre", 1)
		zoe, stranger := h.Join(t, "Zoé Essai", "BE-56044"), h.Join(t, "Nora Nouvelle", "BE-52011")
		q, err := h.AskMentor(ctx, store.As(zoe.ID), asks(mentor))
		ok(t, err)
		want(t, q.State, store.RequestAsking)
		_, err = h.AskMentor(ctx, store.As(zoe.ID), asks(other))
		wantKind(t, err, store.Conflict, "mentor.asked_already")
		for _, who := range []store.Member{stranger, other} {
			_, err = h.RequestPage(ctx, store.As(who.ID), q.ID)
			wantKind(t, err, store.NotFound, "error.not_found")
			_, err = h.AcceptRequest(ctx, store.As(who.ID), q.ID)
			wantKind(t, err, store.NotFound, "error.not_found")
		}
		_, err = h.AcceptRequest(ctx, store.As(zoe.ID), q.ID)
		wantKind(t, err, store.Denied, "mentor.not_yours")

		// A question stops the clock until it is answered.
		_, err = h.AskBack(ctx, store.As(mentor.ID), q.ID, "Combien d’agents ?")
		ok(t, err)
		h.Clock.Add(30 * 24 * time.Hour)
		_, err = h.Advance(ctx)
		ok(t, err)
		want(t, waits(t, h, q.ID).Asked().Town, mentor.TownID())
		_, err = h.AskBack(ctx, store.As(zoe.ID), q.ID, "Un seul, à mi-temps.")
		ok(t, err)
		m, err := h.AcceptRequest(ctx, store.As(mentor.ID), q.ID)
		ok(t, err)
		want(t, waits(t, h, q.ID).State, store.RequestMatched)
		_, err = h.DeclineRequest(ctx, store.As(mentor.ID), q.ID, "Trop tard")
		wantKind(t, err, store.Conflict, "mentor.request_over")

		// The place is taken, and both towns are in the room and nobody else.
		_, err = h.AskMentor(ctx, store.As(stranger.ID), asks(mentor))
		wantKind(t, err, store.Full, "mentor.no_place")
		for who, in := range map[string]bool{mentor.ID: true, zoe.ID: true, other.ID: false, stranger.ID: false} {
			_, err := h.Send(ctx, store.As(who), store.MentorshipRoomID(m.ID), store.MessageInput{Source: "Bonjour", Lang: "fr", Client: who})
			if (err == nil) != in {
				t.Errorf("%s writes in the room: %v", who, err)
			}
		}
		_, err = h.MentorshipPage(ctx, store.As(stranger.ID), m.ID)
		wantKind(t, err, store.NotFound, "error.not_found")
		sound(t, h)
	})
}

// TestASilentWeekMovesOn: the next town is asked, the steward told, and when none is left the request waits for one.
func TestASilentWeekMovesOn(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		first, second := helper(t, h, "BE-92094", "Lena Exemple", 1), helper(t, h, "BE-25014", "Oscar Autre", 1)
		zoe := h.Join(t, "Zoé Essai", "BE-56044")
		q, err := h.AskMentor(ctx, store.As(zoe.ID), asks(first))
		ok(t, err)
		h.Clock.Add(7*24*time.Hour - time.Minute)
		_, err = h.Advance(ctx)
		ok(t, err)
		want(t, waits(t, h, q.ID).Asked().Town, first.TownID())
		h.Clock.Add(2 * time.Minute)
		for range 3 {
			_, err = h.Advance(ctx)
			ok(t, err)
		}
		got := waits(t, h, q.ID)
		want(t, len(got.Tries), 2)
		want(t, got.Tries[0].Outcome, store.TrySilent)
		want(t, got.Asked().Town, second.TownID())
		want(t, len(eventsOf(t, h, store.EventMentorStuck)), 1)
		_, err = h.AcceptRequest(ctx, store.As(first.ID), q.ID)
		wantKind(t, err, store.Denied, "mentor.not_yours")

		_, err = h.DeclineRequest(ctx, store.As(second.ID), q.ID, " ")
		wantKind(t, err, store.Invalid, "mentor.reason_missing")
		_, err = h.DeclineRequest(ctx, store.As(second.ID), q.ID, "Nous déménageons.")
		ok(t, err)
		want(t, waits(t, h, q.ID).State, store.RequestSeeking)
		want(t, len(eventsOf(t, h, store.EventMentorStuck)), 2)
		h.Clock.Add(48 * time.Hour)
		third := helper(t, h, "BE-62063", "Paul Troisième", 1)
		_, err = h.Advance(ctx)
		ok(t, err)
		want(t, waits(t, h, q.ID).Asked().Town, third.TownID())
		sound(t, h)
	})
}

// eventsOf are the events of a kind that wait for their letters.
func eventsOf(t *testing.T, h *storetest.Hub, kind store.EventKind) []store.Event {
	t.Helper()
	due, err := h.DueEvents(ctx, 10_000)
	ok(t, err)
	var found []store.Event
	for _, e := range due {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

// TestATownThatStopsHelpingIsPassedOver: it pauses, rests, fills up or takes its offer back while it is asked.
func TestATownThatStopsHelpingIsPassedOver(t *testing.T) {
	for name, stop := range map[string]func(*testing.T, *storetest.Hub, store.Member){
		"pauses": func(t *testing.T, h *storetest.Hub, m store.Member) {
			ok(t, h.PauseTown(ctx, store.As(m.ID), m.TownID(), "2026-12-01"))
		},
		"offers no more": func(t *testing.T, h *storetest.Hub, m store.Member) {
			ok(t, h.EditTown(ctx, store.As(m.ID), m.TownID(), store.TownInput{}))
		},
		"fills up": func(t *testing.T, h *storetest.Hub, m store.Member) {
			q, err := h.AskMentor(ctx, store.As(h.Join(t, "Yves Essai", "BE-84010").ID), asks(m))
			ok(t, err)
			_, err = h.AcceptRequest(ctx, store.As(m.ID), q.ID)
			ok(t, err)
		},
		"rests": func(t *testing.T, h *storetest.Hub, m store.Member) {
			ok(t, h.Leave(ctx, store.As(m.ID), "", store.Session{Member: m.ID, Proved: h.Now()}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.Open(t)
			first, second := helper(t, h, "BE-92094", "Lena Exemple", 1), helper(t, h, "BE-25014", "Oscar Autre", 1)
			q, err := h.AskMentor(ctx, store.As(h.Join(t, "Zoé Essai", "BE-56044").ID), asks(first))
			ok(t, err)
			stop(t, h, first)
			_, err = h.Advance(ctx)
			ok(t, err)
			got := waits(t, h, q.ID)
			want(t, got.Tries[0].Outcome, store.TryFull)
			want(t, got.Asked().Town, second.TownID())
			sound(t, h)
		})
	}
}

// TestPlacesAreNeverOverfilled: many coordinators accept at once, others decline, withdraw, pause and close; whatever the
// order, no town helps more than it has places, and every request has one clear outcome.
func TestPlacesAreNeverOverfilled(t *testing.T) {
	h := storetest.Open(t)
	codes := []string{"BE-92094", "BE-25014", "BE-62063", "BE-58001"}
	var mentors []store.Member
	for i, code := range codes {
		mentors = append(mentors, helper(t, h, code, fmt.Sprintf("Mentor %c", 'A'+i), 1+i%2))
	}
	var all []string
	var learners []store.Member
	for i, code := range []string{"BE-56044", "BE-52011", "BE-84010", "BE-61031", "BE-63079", "BE-57097", "BE-51004", "BE-53014", "BE-92003", "BE-55085", "BE-25105", "BE-25124"} {
		m := h.Join(t, fmt.Sprintf("Commune %c", 'A'+i), code)
		q, err := h.AskMentor(ctx, store.As(m.ID), asks(mentors[i%2]))
		ok(t, err)
		all, learners = append(all, q.ID), append(learners, m)
	}
	var wg sync.WaitGroup
	do := func(fn func()) { wg.Add(1); go func() { defer wg.Done(); fn() }() }
	for round := range 3 {
		for i, id := range all {
			for _, m := range mentors {
				do(func() { _, _ = h.AcceptRequest(ctx, store.As(m.ID), id) })
				if (i+round)%5 == 0 {
					do(func() { _, _ = h.DeclineRequest(ctx, store.As(m.ID), id, "Non") })
				}
			}
			if i%6 == 5 {
				do(func() { _, _ = h.WithdrawRequest(ctx, store.As(learners[i].ID), id) })
			}
		}
		do(func() { _, _ = h.Advance(ctx) })
		do(func() { _ = h.PauseTown(ctx, store.As(mentors[3].ID), mentors[3].TownID(), "2026-05-01") })
	}
	wg.Wait()
	_, err := h.Advance(ctx)
	ok(t, err)
	helped, state := map[string]int{}, map[store.RequestState]int{}
	for _, id := range all {
		q := waits(t, h, id)
		state[q.State]++
		if q.State == store.RequestMatched {
			m, err := h.MentorshipPage(ctx, store.System(), q.Mentorship)
			ok(t, err)
			helped[m.Mentor.ID]++
		}
	}
	for i, m := range mentors {
		if n := helped[m.TownID()]; n > 1+i%2 {
			t.Errorf("%s has %d places and helps %d", m.Name, 1+i%2, n)
		}
	}
	if state[store.RequestMatched] == 0 || state[store.RequestMatched]+state[store.RequestSeeking]+state[store.RequestAsking]+state[store.RequestWithdrawn] != len(all) {
		t.Errorf("%v", state)
	}
	sound(t, h)
}

// TestANewcomersRequestWaitsForTheAddress: it is sent when the address is confirmed, and the chosen town is asked.
func TestANewcomersRequestWaitsForTheAddress(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		mentor := helper(t, h, "BE-92094", "Lena Exemple", 1)
		helper(t, h, "BE-25014", "Oscar Autre", 1)
		in := asks(mentor)
		ok(t, h.Store.Join(ctx, store.JoinInput{Name: "Zoé Essai", Email: "zoe@exemple.example", TownCode: "BE-56044", Language: "fr", Mentor: &in}))
		want(t, len(eventsOf(t, h, store.EventMentorAsked)), 0)
		in2, err := h.UseTicket(ctx, h.Token(t, store.EventConfirmAddress, "zoe@exemple.example"), "", store.Client{})
		ok(t, err)
		want(t, in2.Asks, true)
		p, err := h.Mentoring(ctx, store.As(in2.Member.ID))
		ok(t, err)
		want(t, len(p.Requests), 1)
		want(t, p.Requests[0].Asked.ID, mentor.TownID())

		// Somebody who says they are of a member town is not believed before its people welcome them.
		ok(t, h.Store.Join(ctx, store.JoinInput{Name: "Karl Essai", Email: "karl@exemple.example", TownCode: "BE-25014", Language: "fr", Mentor: &in}))
		karl, err := h.UseTicket(ctx, h.Token(t, store.EventConfirmAddress, "karl@exemple.example"), "", store.Client{})
		ok(t, err)
		p, err = h.Mentoring(ctx, store.As(karl.Member.ID))
		ok(t, err)
		want(t, p.Requests[0].Request.State, store.RequestHeld)
		ok(t, h.WelcomePerson(ctx, store.System(), karl.Member.ID))
		_, err = h.Advance(ctx)
		ok(t, err)
		want(t, waits(t, h, p.Requests[0].Request.ID).State, store.RequestAsking)
		sound(t, h)
	})
}

func TestTheStewardsPlanIsConfirmedPairByPair(t *testing.T) {
	h := storetest.Open(t)
	near, far := helper(t, h, "BE-92094", "Lena Exemple", 1), helper(t, h, "BE-25014", "Oscar Autre", 1)
	steward := h.With(t, h.Join(t, "Stef Voorbeeld", "BE-34022"), store.RoleSteward)
	in := asks(near)
	a, err := h.AskMentor(ctx, store.As(h.Join(t, "Zoé Essai", "BE-92003").ID), in)
	ok(t, err)
	in.Need.Skills = []string{"python"}
	b, err := h.AskMentor(ctx, store.As(h.Join(t, "Yves Essai", "BE-52011").ID), in)
	ok(t, err)
	_, err = h.MentorPlan(ctx, store.As(near.ID))
	wantKind(t, err, store.Denied, "error.not_allowed.steward")
	plan, err := h.MentorPlan(ctx, steward)
	ok(t, err)
	want(t, len(plan.Rows), 2)
	towns := map[string]string{}
	for _, row := range plan.Rows {
		towns[row.Request.ID] = row.Candidate.Town.ID
	}
	if towns[a.ID] == towns[b.ID] {
		t.Fatal("one place is given twice")
	}
	_, err = h.SendRequest(ctx, store.As(near.ID), b.ID, far.TownID())
	wantKind(t, err, store.Denied, "mentor.not_yours")
	for id, town := range towns {
		if waits(t, h, id).Asked().Town != town {
			_, err = h.SendRequest(ctx, steward, id, town)
			ok(t, err)
		}
		want(t, waits(t, h, id).Asked().Town, town)
	}
	sound(t, h)
}
