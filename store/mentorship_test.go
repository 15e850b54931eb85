package store_test

import (
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// TestATalkIsMovedByTheClockItWasAgreedOn, wherever the one who moves it lives.
func TestATalkIsMovedByTheClockItWasAgreedOn(t *testing.T) {
	h := storetest.Open(t)
	lena, zoe := helper(t, h, "BE-92094", "Lena Exemple", 1), village(t, h, "BE-56044", "Zoé Essai")[0]
	q, err := h.AskMentor(ctx, store.As(zoe.ID), asks(lena))
	ok(t, err)
	m, err := h.AcceptRequest(ctx, store.As(lena.ID), q.ID)
	ok(t, err)
	in := store.CheckInInput{Date: "2026-03-12", Clock: "10:00", Zone: "Europe/Brussels", Minutes: 60}
	k, err := h.PlanCheckIn(ctx, store.As(zoe.ID), m.ID, in)
	ok(t, err)
	in.Clock, in.Zone = "11:00", "UTC"
	k, err = h.MoveCheckIn(ctx, store.As(lena.ID), m.ID, k.ID, in)
	ok(t, err)
	want(t, fmt.Sprint(k.Start.Format(time.RFC3339), k.Zone, k.Local().Format("15:04")), "2026-03-12T10:00:00ZEurope/Brussels11:00")
	in.Date = "2026-02-30"
	_, err = h.MoveCheckIn(ctx, store.As(lena.ID), m.ID, k.ID, in)
	wantKind(t, err, store.Invalid, "when.date")
}

// TestARequestThatWaitsForAWelcomeBlocksNobody: the town's people ask without it, and who wrote it may write it anew.
func TestARequestThatWaitsForAWelcomeBlocksNobody(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, oscar := helper(t, h, "BE-92094", "Lena Exemple", 2), helper(t, h, "BE-25014", "Oscar Autre", 2)
		zoe := village(t, h, "BE-56044", "Zoé Essai")[0]
		newcomer := h.Join(t, "Nora Nouvelle", "BE-56044") // nobody has welcomed her
		held, err := h.AskMentor(ctx, store.As(newcomer.ID), asks(lena))
		ok(t, err)
		want(t, held.State, store.RequestHeld)
		again, err := h.AskMentor(ctx, store.As(newcomer.ID), asks(oscar))
		ok(t, err)
		want(t, fmt.Sprint(again.State, waits(t, h, held.ID).State), "heldwithdrawn")
		_, err = h.WithdrawRequest(ctx, store.As(newcomer.ID), again.ID)
		ok(t, err)
		if again, err = h.AskMentor(ctx, store.As(newcomer.ID), asks(oscar)); err != nil {
			t.Fatal(err)
		}
		sent, err := h.AskMentor(ctx, store.As(zoe.ID), asks(lena))
		ok(t, err)
		want(t, sent.State, store.RequestAsking)
		want(t, fmt.Sprint(waits(t, h, again.ID).State, why(t, h, again.ID)), "withdrawndoubled")
		_, err = h.AskMentor(ctx, store.As(newcomer.ID), asks(lena))
		wantKind(t, err, store.Conflict, "mentor.asked_already")
		sound(t, h)

		// Two newcomers wait; the first who is welcomed asks for both.
		_, err = h.WithdrawRequest(ctx, store.As(zoe.ID), sent.ID)
		ok(t, err)
		other := h.Join(t, "Yves Essai", "BE-56044")
		var waiting []store.MentorRequest
		for _, who := range []store.Member{newcomer, other} {
			q, err := h.AskMentor(ctx, store.As(who.ID), asks(lena))
			ok(t, err)
			waiting = append(waiting, q)
			h.Clock.Add(time.Minute)
			ok(t, h.WelcomePerson(ctx, store.As(zoe.ID), who.ID))
		}
		_, err = h.Advance(ctx)
		ok(t, err)
		want(t, fmt.Sprint(waits(t, h, waiting[0].ID).State, waits(t, h, waiting[1].ID).State), "askingwithdrawn")
		sound(t, h)
	})
}

// TestASkillThatStewardsMergeIsFollowedByRequests, so that they match who teaches it; one that is taken away is not looked for.
func TestASkillThatStewardsMergeIsFollowedByRequests(t *testing.T) {
	h := storetest.Open(t)
	lena, zoe := helper(t, h, "BE-92094", "Lena Exemple", 1), village(t, h, "BE-56044", "Zoé Essai")[0]
	in := asks(lena)
	in.Need.Skills = []string{"gis", "php"}
	q, err := h.AskMentor(ctx, store.As(zoe.ID), in)
	ok(t, err)
	ok(t, h.MergeSkill(ctx, store.System(), "gis", "plone"))
	want(t, fmt.Sprint(waits(t, h, q.ID).Need.Skills), "[php plone]")
	m, err := h.AcceptRequest(ctx, store.As(lena.ID), q.ID)
	ok(t, err)
	ok(t, h.DropSkill(ctx, store.System(), "php"))
	page, err := h.MentorshipPage(ctx, store.As(zoe.ID), m.ID)
	ok(t, err)
	want(t, fmt.Sprint(page.Mentorship.Need.Skills), "[plone]")

	// What a browser remembers from before the merger finds the same towns.
	found, err := h.FindMentors(ctx, store.Wish{Town: store.Town{Name: "Ailleurs"}, Need: store.MentorNeed{Speaks: []string{"fr"}, Skills: []string{"gis"}}}, 5)
	ok(t, err)
	want(t, fmt.Sprint(len(found.Best)), "0") // her place is taken
	ok(t, h.EditTown(ctx, store.As(lena.ID), lena.TownID(), store.TownInput{Staff: store.StaffFew, Speaks: []string{"fr"}, Teaches: []string{"plone"}, Offers: true, Places: 2}))
	found, err = h.FindMentors(ctx, store.Wish{Town: store.Town{Name: "Ailleurs"}, Need: store.MentorNeed{Speaks: []string{"fr"}, Skills: []string{"gis"}}}, 5)
	ok(t, err)
	for _, p := range found.Best[0].Points {
		if p.What == store.ByNeeds && !p.Good {
			t.Errorf("does not teach it: %+v", p)
		}
	}
	sound(t, h)
}

// TestATownWithoutAPlaceLeftIsNotListedAsFree: learners take places, until they leave.
func TestATownWithoutAPlaceLeftIsNotListedAsFree(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, zoe := helper(t, h, "BE-92094", "Lena Exemple", 1), village(t, h, "BE-56044", "Zoé Essai")[0]
		free := func() string {
			list, err := h.Towns(ctx, store.TownQuery{Free: true, Limit: 10})
			ok(t, err)
			return names(list)
		}
		want(t, free(), "Namur")
		m := mentored(t, h, lena, zoe)
		want(t, free(), "")
		_, err := h.CloseMentorship(ctx, store.As(lena.ID), m.ID, store.ClosedDone)
		ok(t, err)
		want(t, free(), "Namur")
	})
}

// TestAMentorIsChanged: the same needs go to the next town that can help, never back to the one that was left.
func TestAMentorIsChanged(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, oscar := helper(t, h, "BE-92094", "Lena Exemple", 1), helper(t, h, "BE-25014", "Oscar Autre", 1)
		zoe := village(t, h, "BE-56044", "Zoé Essai")[0]
		m := mentored(t, h, lena, zoe)
		_, err := h.CloseMentorship(ctx, store.As(oscar.ID), m.ID, store.ClosedChanged)
		wantKind(t, err, store.NotFound, "error.not_found")
		_, err = h.CloseMentorship(ctx, store.As(zoe.ID), m.ID, store.ClosedChanged)
		ok(t, err)
		_, err = h.CloseMentorship(ctx, store.As(lena.ID), m.ID, store.ClosedChanged) // both pressed
		wantKind(t, err, store.Conflict, "mentorship.over")
		page, err := h.MentorshipPage(ctx, store.As(lena.ID), m.ID)
		ok(t, err)
		want(t, fmt.Sprint(page.Mentorship.Why, page.CheckIns[0].Cancelled.IsZero()), "changedfalse")
		mine, err := h.Mentoring(ctx, store.As(zoe.ID))
		ok(t, err)
		q := mine.Requests[0].Request
		want(t, fmt.Sprint(len(mine.Requests), mine.Requests[0].Asked.ID == oscar.TownID(), q.Need.Skills), "1 true [gis]")
		_, err = h.DeclineRequest(ctx, store.As(oscar.ID), q.ID, "Pas cette année.")
		ok(t, err)
		want(t, waits(t, h, q.ID).State, store.RequestSeeking) // Namur has a place again, and is not asked
		sound(t, h)
	})
}

// TestAPauseKeepsThePlace, and both towns are told of it and of its end.
func TestAPauseKeepsThePlace(t *testing.T) {
	h := storetest.Open(t)
	lena, zoe := helper(t, h, "BE-92094", "Lena Exemple", 1), village(t, h, "BE-56044", "Zoé Essai")[0]
	m := mentored(t, h, lena, zoe)
	h.Clock.Add(time.Minute)
	m, err := h.PauseMentorship(ctx, store.As(zoe.ID), m.ID, true)
	ok(t, err)
	want(t, fmt.Sprint(m.State, m.Paused.IsZero()), "pausedfalse")
	_, err = h.AskMentor(ctx, store.As(village(t, h, "BE-84010", "Yves Essai")[0].ID), asks(lena))
	wantKind(t, err, store.Full, "mentor.no_place")
	_, err = h.AskMentor(ctx, store.As(zoe.ID), asks(lena))
	wantKind(t, err, store.Conflict, "mentor.has_one")
	h.Clock.Add(time.Minute)
	m, err = h.PauseMentorship(ctx, store.As(lena.ID), m.ID, false)
	ok(t, err)
	want(t, fmt.Sprint(m.State, m.Paused.IsZero()), "runningtrue")
	var said []string
	for _, e := range eventsOf(t, h, store.EventMentorship) {
		said = append(said, e.Data["what"])
	}
	want(t, fmt.Sprint(said), "[planned paused resumed]")
	_, err = h.CloseMentorship(ctx, store.As(lena.ID), m.ID, store.ClosedDone)
	ok(t, err)
	_, err = h.PauseMentorship(ctx, store.As(lena.ID), m.ID, true)
	wantKind(t, err, store.Conflict, "mentorship.over")
}

// TestTheFirstYearTicksItself where the hub can see it; the rest is ticked by hand, and the tick taken back.
func TestTheFirstYearTicksItself(t *testing.T) {
	h := storetest.Open(t)
	lena, zoe := helper(t, h, "BE-92094", "Lena Exemple", 1), village(t, h, "BE-56044", "Zoé Essai")[0]
	m := mentored(t, h, lena, zoe) // with a talk next week
	meeting := h.Meeting(t, 0)     // in two weeks
	reached := func() string {
		page, err := h.MentorshipPage(ctx, store.As(lena.ID), m.ID)
		ok(t, err)
		said := ""
		for _, row := range page.Steps {
			if row.Seen {
				said += string(row.Step) + " "
			} else if !row.At.IsZero() {
				said += "(" + string(row.Step) + ") "
			}
		}
		return said
	}
	want(t, reached(), "")
	_, err := h.TickStep(ctx, store.As(zoe.ID), m.ID, store.StepAdvice, true)
	ok(t, err)
	want(t, reached(), "(advice) ")
	_, err = h.TickStep(ctx, store.As(lena.ID), m.ID, store.StepAdvice, false)
	ok(t, err)
	_, err = h.TickStep(ctx, store.As(lena.ID), m.ID, "zonzi", true)
	wantKind(t, err, store.NotFound, "error.not_found")
	item, err := h.ProposeItem(ctx, store.As(zoe.ID), meeting.ID, point("Nos débuts", 10))
	ok(t, err)
	ok(t, h.AcceptItem(ctx, store.System(), item.ID))
	_, err = h.AnswerMeeting(ctx, store.As(zoe.ID), meeting.ID, store.AnswerInput{Answer: store.Online})
	ok(t, err)
	want(t, reached(), "item ")
	h.Clock.Add(8 * 24 * time.Hour)
	want(t, reached(), "met item ")
	h.Clock.Add(8 * 24 * time.Hour)
	want(t, reached(), "met meeting item ")
	app := h.AppCalled(t, "Délib d’essai")
	_, err = h.RunApp(ctx, store.As(zoe.ID), zoe.TownID(), app.ID, store.AppUseInput{State: store.UseRunning})
	ok(t, err)
	shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	opened, err := h.OpenThread(ctx, store.As(lena.ID), store.ThreadInput{Title: "Et vous ?", Category: shelf.Slug, PostInput: store.PostInput{Source: "Qui l’a fait ?", Lang: "fr"}})
	ok(t, err)
	_, err = h.Reply(ctx, store.As(zoe.ID), opened.Thread.ID, store.PostInput{Source: "Nous.", Lang: "fr"})
	ok(t, err)
	want(t, reached(), "met meeting app item advice ")
}
