package store_test

import (
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// mentored is a mentorship between two towns, with a talk next week.
func mentored(t *testing.T, h *storetest.Hub, mentor, learner store.Member) store.Mentorship {
	t.Helper()
	q, err := h.AskMentor(ctx, store.As(learner.ID), asks(mentor))
	ok(t, err)
	m, err := h.AcceptRequest(ctx, store.As(mentor.ID), q.ID)
	ok(t, err)
	_, err = h.PlanCheckIn(ctx, store.As(learner.ID), m.ID, store.CheckInInput{Date: h.Now().AddDate(0, 0, 7).Format("2006-01-02"), Clock: "10:00", Minutes: 60})
	ok(t, err)
	return m
}

func merged(t *testing.T, h *storetest.Hub, from, into string) {
	t.Helper()
	_, err := h.MergeTowns(ctx, store.System(), from, store.JoinInput{TownID: into})
	ok(t, err)
}

// why is what the letters about a request say became of it.
func why(t *testing.T, h *storetest.Hub, id string) string {
	t.Helper()
	last := ""
	for _, e := range eventsOf(t, h, store.EventMentorAnswered) {
		if e.Subject == id {
			last = e.Data["what"]
		}
	}
	return last
}

// TestMentorshipsGoAlongWhenTownsMerge: the page, the talks to come, the calendar and the room go on for both teams.
func TestMentorshipsGoAlongWhenTownsMerge(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, nele := helper(t, h, "BE-92094", "Lena Exemple", 1), village(t, h, "BE-62063", "Nele Voorbeeld")[0]
		zoe, oscar := village(t, h, "BE-56044", "Zoé Essai")[0], village(t, h, "BE-25014", "Oscar Autre")[0]
		m := mentored(t, h, lena, zoe)
		merged(t, h, lena.TownID(), nele.TownID())
		merged(t, h, zoe.TownID(), oscar.TownID())
		_, err := h.Advance(ctx)
		ok(t, err)
		for i, who := range []store.Member{lena, nele, zoe, oscar} {
			page, err := h.MentorshipPage(ctx, store.As(who.ID), m.ID)
			ok(t, err)
			want(t, fmt.Sprint(page.Mentor.ID == nele.TownID(), page.Learner.ID == oscar.TownID(), page.Takes), "true true true")
			want(t, fmt.Sprint(page.CheckIns[0].Mentor == nele.TownID(), page.CheckIns[0].Learner == oscar.TownID()), "true true")
			_, err = h.AddGoal(ctx, store.As(who.ID), m.ID, fmt.Sprint("Objectif ", i))
			ok(t, err)
			_, err = h.Send(ctx, store.As(who.ID), store.MentorshipRoomID(m.ID), store.MessageInput{Source: "Bonjour", Lang: "fr", Client: who.ID})
			ok(t, err)
		}
		sound(t, h)

		// The two become one: there is nobody left to help.
		merged(t, h, oscar.TownID(), nele.TownID())
		page, err := h.MentorshipPage(ctx, store.As(zoe.ID), m.ID)
		ok(t, err)
		want(t, fmt.Sprint(page.Mentorship.State, page.Mentorship.Why, page.CheckIns[0].Cancelled.IsZero()), "closedstoppedfalse")
		sound(t, h)
	})
}

// TestRequestsGoAlongWhenTownsMerge: one that waits is not taken back by the next hour, and one that a town was asked is
// answered by the town that remains.
func TestRequestsGoAlongWhenTownsMerge(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, nele := helper(t, h, "BE-92094", "Lena Exemple", 1), helper(t, h, "BE-62063", "Nele Voorbeeld", 1)
		zoe, oscar := village(t, h, "BE-56044", "Zoé Essai")[0], village(t, h, "BE-25014", "Oscar Autre")[0]
		q, err := h.AskMentor(ctx, store.As(zoe.ID), asks(lena))
		ok(t, err)
		_, err = h.AskBack(ctx, store.As(lena.ID), q.ID, "Combien d’agents ?")
		ok(t, err)
		merged(t, h, zoe.TownID(), oscar.TownID())
		merged(t, h, lena.TownID(), nele.TownID())
		_, err = h.Advance(ctx)
		ok(t, err)
		got := waits(t, h, q.ID)
		want(t, fmt.Sprint(got.State, got.Town == oscar.TownID(), got.Asked().Town == nele.TownID(), got.Asked().Questioned()), "askingtrue true true")
		for _, who := range []store.Member{zoe, oscar, lena, nele} {
			_, err := h.RequestPage(ctx, store.As(who.ID), q.ID)
			ok(t, err)
		}
		_, err = h.AcceptRequest(ctx, store.As(nele.ID), q.ID)
		ok(t, err)
		sound(t, h)
	})
}

// TestATownThatMergesWaitsOnce: the town that remains keeps its own request or mentor, and people are told why theirs ends.
func TestATownThatMergesWaitsOnce(t *testing.T) {
	for name, one := range map[string]struct {
		before func(*testing.T, *storetest.Hub, store.Member, store.Member)
		asked  int // which mentor the town that ends asks
		why    string
	}{
		"the other waits": {func(t *testing.T, h *storetest.Hub, oscar, lena store.Member) {
			_, err := h.AskMentor(ctx, store.As(oscar.ID), asks(lena))
			ok(t, err)
		}, 0, "doubled"},
		"the other has a mentor":     {func(t *testing.T, h *storetest.Hub, oscar, lena store.Member) { mentored(t, h, lena, oscar) }, 0, "doubled"},
		"it asks the one it becomes": {func(*testing.T, *storetest.Hub, store.Member, store.Member) {}, 1, "merged"},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.Open(t)
			lena, oscar := helper(t, h, "BE-92094", "Lena Exemple", 2), helper(t, h, "BE-25014", "Oscar Autre", 1)
			zoe := village(t, h, "BE-56044", "Zoé Essai")[0]
			one.before(t, h, oscar, lena)
			q, err := h.AskMentor(ctx, store.As(zoe.ID), asks([]store.Member{lena, oscar}[one.asked]))
			ok(t, err)
			merged(t, h, zoe.TownID(), oscar.TownID())
			want(t, waits(t, h, q.ID).State, store.RequestWithdrawn)
			want(t, why(t, h, q.ID), one.why)
			told, err := h.MentorNotice(ctx, store.Event{Kind: store.EventMentorAnswered, Subject: q.ID, Data: map[string]string{"what": one.why}})
			ok(t, err)
			want(t, len(told.To), 2) // Zoé and the coordinator of the town that remains
			h.Clock.Add(time.Hour)
			_, err = h.Advance(ctx)
			ok(t, err)
			sound(t, h)
		})
	}
}

// TestBothMayHaveHadAMentor: neither mentorship is lost.
func TestBothMayHaveHadAMentor(t *testing.T) {
	h := storetest.Open(t)
	lena, nele := helper(t, h, "BE-92094", "Lena Exemple", 1), helper(t, h, "BE-62063", "Nele Voorbeeld", 1)
	zoe, oscar := village(t, h, "BE-56044", "Zoé Essai")[0], village(t, h, "BE-25014", "Oscar Autre")[0]
	a, b := mentored(t, h, lena, zoe), mentored(t, h, nele, oscar)
	merged(t, h, zoe.TownID(), oscar.TownID())
	for _, m := range []store.Mentorship{a, b} {
		page, err := h.MentorshipPage(ctx, store.As(zoe.ID), m.ID)
		ok(t, err)
		want(t, page.Mentorship.State, store.MentorshipRunning)
	}
	_, err := h.AskMentor(ctx, store.As(zoe.ID), asks(lena))
	wantKind(t, err, store.Conflict, "mentor.has_one")
	sound(t, h)
}

// TestWhatWasMentoredIsReadAfterAMerger: a mentorship that had ended keeps the names of then, its people still read it, and
// the page of the town that remains tells of it.
func TestWhatWasMentoredIsReadAfterAMerger(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, nele := helper(t, h, "BE-92094", "Lena Exemple", 1), village(t, h, "BE-62063", "Nele Voorbeeld")[0]
		zoe, stranger := village(t, h, "BE-56044", "Zoé Essai")[0], village(t, h, "BE-25014", "Oscar Autre")[0]
		m := mentored(t, h, lena, zoe)
		page, err := h.MentorshipPage(ctx, store.As(zoe.ID), m.ID)
		ok(t, err)
		_, err = h.NoteCheckIn(ctx, store.As(zoe.ID), m.ID, page.CheckIns[0].ID, "Tout est clair.")
		ok(t, err)
		_, err = h.CloseMentorship(ctx, store.As(zoe.ID), m.ID, store.ClosedDone)
		ok(t, err)
		from := lena.TownID()
		merged(t, h, from, nele.TownID())
		for _, who := range []store.Member{lena, nele, zoe} {
			page, err := h.MentorshipPage(ctx, store.As(who.ID), m.ID)
			ok(t, err)
			want(t, page.Mentor.ID, from)
			want(t, page.CheckIns[0].Notes, "Tout est clair.")
		}
		_, err = h.MentorshipPage(ctx, store.As(stranger.ID), m.ID)
		wantKind(t, err, store.NotFound, "error.not_found")
		own, err := h.Mentoring(ctx, store.As(lena.ID))
		ok(t, err)
		want(t, len(own.Own), 1)
		town, err := h.TownByID(ctx, nele.TownID())
		ok(t, err)
		shown, err := h.TownPage(ctx, store.Visitor(), town.Slug)
		ok(t, err)
		want(t, len(shown.Mentoring.Rows), 1)
		sound(t, h)
	})
}
