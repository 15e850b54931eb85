package store_test

import (
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// answersOf is every answer to these meetings, with all that was said in it.
func answersOf(t *testing.T, h *storetest.Hub, all []store.Meeting) []string {
	t.Helper()
	var said []string
	for _, m := range all {
		people, err := h.Audience(ctx, m.ID, store.OnSite, store.Online, store.Maybe, store.No)
		ok(t, err)
		for _, one := range people {
			said = append(said, fmt.Sprintf("%s %s %+v", m.Slot, one.Member.Name, one.RSVP))
		}
	}
	return said
}

// TestNoChangeLosesAnAnswer changes one meeting, this and the following, and the whole series, in everything that can be
// changed: every answer is afterwards what it was before, word by word, the places on the waitlist too.
func TestNoChangeLosesAnAnswer(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		in := series()
		in.Template.Online, in.Template.Seats = true, 3
		begun, err := h.StartSeries(ctx, store.System(), in)
		ok(t, err)
		_, all := ahead(t, h)
		for i, name := range []string{"Anna Exemple", "Bert Exemple", "Carla Exemple", "Dirk Exemple", "Emma Exemple", "Fons Exemple"} {
			who := h.Join(t, name, []string{"BE-92094", "BE-34022", "BE-62063"}[i%3])
			answer := []store.AnswerInput{{Answer: store.OnSite, Guests: []string{"Gast Un"}, Note: "végétarien"}, {Answer: store.OnSite}, {Answer: store.OnSite, Note: "si possible"},
				{Answer: store.Online}, {Answer: store.Maybe, Note: "à voir"}, {Answer: store.No}}[i]
			for _, m := range all {
				h.Clock.Add(time.Second)
				_, err := h.AnswerMeeting(ctx, store.As(who.ID), m.ID, answer)
				ok(t, err)
			}
		}
		before := answersOf(t, h, all)
		want(t, len(before), 36)
		same := func(what string) {
			t.Helper()
			after := answersOf(t, h, all)
			if len(after) != len(before) {
				t.Fatalf("%s: %d answers of %d are left", what, len(after), len(before))
			}
			for i := range before {
				if after[i] != before[i] {
					t.Errorf("%s: %s\nbecame %s", what, before[i], after[i])
				}
			}
			sound(t, h)
		}

		one := typed(all[1])
		one.Date, one.Clock, one.Minutes, one.Title, one.Venue, one.About = "2026-05-28", "14:00", 120, "Ailleurs", "Autre salle", "Changée"
		_, err = h.ChangeMeeting(ctx, store.System(), all[1].ID, one)
		ok(t, err)
		same("one meeting")
		one.Seats, one.TownSeats, one.OnlineSeats, one.Online = 1, 1, 1, false // fewer seats unseat nobody
		_, err = h.ChangeMeeting(ctx, store.System(), all[1].ID, one)
		ok(t, err)
		same("fewer seats")

		in.From, in.Clock, in.Template.Venue, in.Template.Minutes = all[2].Slot, "16:30", "Grande salle", 45
		_, err = h.ChangeSeries(ctx, store.System(), begun.ID, in)
		ok(t, err)
		same("this and the following")

		in.From, in.Title, in.Clock, in.Lang = "", "Autre nom", "08:00", "de"
		in.Template = store.Template{Title: "Autre titre", Minutes: 200, Venue: "Cave", Seats: 2, TownSeats: 1, OnlineSeats: 1, Propose: 9, Freeze: 3, Remind: []int{2}}
		_, err = h.ChangeSeries(ctx, store.System(), begun.ID, in)
		ok(t, err)
		same("the whole series")
		ok(t, h.EndSeries(ctx, store.System(), begun.ID))
		same("a series that ended")

		in.Template.Seats, in.Template.TownSeats = 40, 0 // more seats: who waited is in, and nothing else of an answer changes
		_, err = h.ChangeSeries(ctx, store.System(), begun.ID, in)
		ok(t, err)
		after := answersOf(t, h, all)
		want(t, len(after), 36)
		for i, m := range all {
			page, err := h.MeetingPage(ctx, store.Visitor(), m.Slug)
			ok(t, err)
			if i != 1 { // this one has its own seats
				want(t, fmt.Sprint(page.Attendance.Tally.Waiting, page.Attendance.Tally.OnSite, page.Attendance.Tally.Online, page.Attendance.Tally.Maybe, page.Attendance.Tally.No), "0 4 1 1 1")
			}
		}
		sound(t, h)
	})
}
