package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"

	"github.com/teambition/rrule-go"
)

// TestRulesGiveTheSameDatesAsAnotherLibrary compares 10,000 random rules, through the text a feed carries.
func TestRulesGiveTheSameDatesAsAnotherLibrary(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	zones := []string{"Europe/Brussels", "Europe/Lisbon", "Europe/Athens", "America/New_York", "UTC"}
	for n := range 10_000 {
		r := store.Recurrence{Interval: 1 + rnd.IntN(4), Weekday: time.Weekday(rnd.IntN(7))}
		switch rnd.IntN(3) {
		case 0:
			r.Frequency, r.Nth = store.MonthlyWeekday, []int{1, 2, 3, 4, -1}[rnd.IntN(5)]
		case 1:
			r.Frequency, r.Day = store.MonthlyDate, []int{1, 15, 28, -1}[rnd.IntN(4)]
		default:
			r.Frequency = store.Weekly
		}
		if rnd.IntN(3) == 0 {
			r.Until = "2028-06-30"
		}
		loc, err := time.LoadLocation(zones[rnd.IntN(len(zones))])
		ok(t, err)
		start := time.Date(2026, time.Month(1+rnd.IntN(12)), 1+rnd.IntN(28), 0, 0, 0, 0, time.UTC).Format("2006-01-02")
		first := r.First(start)
		if first == "" {
			continue
		}
		at := func(date string) time.Time {
			day, err := time.ParseInLocation("2006-01-02 15:04", date+" 09:30", loc)
			ok(t, err)
			return day
		}
		option, err := rrule.StrToROptionInLocation(r.RRULE(first, at), loc)
		ok(t, err)
		option.Dtstart = at(first)
		other, err := rrule.NewRRule(*option)
		ok(t, err)
		var theirs []string
		for _, day := range other.Between(at(first), at("2029-01-01"), true) {
			if day.In(loc).Format("15:04") != "09:30" {
				t.Fatalf("wall time moved: %v", day.In(loc))
			}
			theirs = append(theirs, day.In(loc).Format("2006-01-02"))
		}
		ours := r.Slots(start, first, "2029-01-01", 1000)
		if !slices.Equal(ours, theirs) {
			t.Fatalf("rule %d %+v from %s:\nours   %v\ntheirs %v", n, r, start, ours, theirs)
		}
	}
}

func TestMonthsLeftOut(t *testing.T) {
	r := store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: 3, Weekday: time.Thursday, SkipMonths: []time.Month{7, 8}, Count: 3}
	want(t, strings.Join(r.Slots("2026-06-01", "2026-06-01", "", 10), " "), "2026-06-18 2026-09-17 2026-10-15")
	want(t, strings.Join(r.Skipped("2026-06-01", "2026-06-01", "2026-12-31"), " "), "2026-07-16 2026-08-20")
	for problem, wrong := range map[string]store.Recurrence{
		"recurrence.day_not_every_month": {Frequency: store.MonthlyDate, Interval: 1, Day: 31},
		"recurrence.until_or_count":      {Frequency: store.Weekly, Interval: 1, Until: "2027-01-01", Count: 4},
		"invalid.range":                  {Frequency: store.Weekly, Interval: 99},
		"invalid.choice":                 {Frequency: "yearly", Interval: 1},
	} {
		found := fmt.Sprint(wrong.Validate())
		if !strings.Contains(found, problem) {
			t.Errorf("%+v: %s", wrong, found)
		}
	}
}

func TestASeriesOpensSixMeetingsAhead(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		series, err := h.StartSeries(ctx, store.System(), store.SeriesInput{Title: "Réunion mensuelle", Lang: "fr", Zone: "Europe/Brussels", Start: "2026-03-01",
			Clock: "09:30", NextNumber: 128, Rule: store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: 3, Weekday: time.Thursday},
			Template: store.Template{Minutes: 120, Venue: "Salle", Seats: 10}})
		ok(t, err)
		rows, err := h.Upcoming(ctx, store.Visitor(), 20)
		ok(t, err)
		want(t, len(rows), 6)
		for _, row := range rows { // 09:30 on the clock, winter and summer
			want(t, row.Meeting.Local().Format("Mon 15:04"), "Thu 09:30")
		}
		want(t, rows[0].Meeting.Number, 128)
		want(t, rows[1].Meeting.Start.Hour(), 7)
		opened, err := h.OpenAhead(ctx)
		ok(t, err)
		want(t, opened, 0)

		lena := h.Join(t, "Lena Exemple", "BE-92094")
		_, err = h.AnswerMeeting(ctx, store.As(lena.ID), rows[0].Meeting.ID, store.AnswerInput{Answer: store.OnSite})
		ok(t, err)
		first := rows[0].Meeting
		in := store.MeetingInput{Title: first.Title, Lang: "fr", Date: "2026-03-20", Clock: "10:00", Zone: first.Zone, Minutes: 120, Venue: "Autre salle", Seats: 10}
		moved, err := h.ChangeMeeting(ctx, store.System(), first.ID, in)
		ok(t, err)
		want(t, moved.Slot, "2026-03-19")
		page, err := h.MeetingPage(ctx, store.Visitor(), first.Slug)
		ok(t, err)
		want(t, page.Moved, true)
		in.Venue = "Encore une autre"
		_, err = h.ChangeMeeting(ctx, store.System(), first.ID, in)
		ok(t, err)
		h.Clock.Add(11 * time.Minute)
		due, err := h.DueEvents(ctx, 100)
		ok(t, err)
		notices := 0
		for _, e := range due {
			if e.Kind == store.EventMeetingChanged {
				notices++
				want(t, e.Data["what"], "place,when")
			}
		}
		want(t, notices, 1)

		_, err = h.ChangeSeries(ctx, store.System(), series.ID, store.SeriesInput{Title: "Réunion mensuelle", Lang: "fr", Clock: "14:00",
			Template: store.Template{Minutes: 90, Venue: "Grande salle", Seats: 40}, Rule: series.Rule, Zone: series.Zone, Start: series.Start})
		ok(t, err)
		rows, err = h.Upcoming(ctx, store.As(lena.ID), 20)
		ok(t, err)
		want(t, rows[0].Meeting.Venue, "Encore une autre")
		want(t, rows[0].Meeting.Clock, "10:00")
		want(t, rows[0].Mine != nil, true)
		want(t, rows[1].Meeting.Clock+rows[1].Meeting.Venue, "14:00Grande salle")

		h.Clock.Set(rows[2].Meeting.End.Add(time.Hour))
		opened, err = h.OpenAhead(ctx)
		ok(t, err)
		want(t, opened, 3)
	})
}
