package store_test

import (
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// ahead is the date and hour of the meetings to come.
func ahead(t *testing.T, h *storetest.Hub) (all string, meetings []store.Meeting) {
	t.Helper()
	rows, err := h.Upcoming(ctx, store.System(), 50)
	ok(t, err)
	for _, row := range rows {
		all += row.Meeting.Local().Format("01-02T15:04 ")
		meetings = append(meetings, row.Meeting)
	}
	return all, meetings
}

func TestASeriesKeepsSixAheadPastLeftOutMonthsAndClockChanges(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		in := series()
		in.Start, in.NextNumber = "2026-03-01", 7
		in.Rule.SkipMonths = []time.Month{time.July, time.August}
		_, err := h.StartSeries(ctx, store.System(), in)
		ok(t, err)
		all, meetings := ahead(t, h)
		want(t, all, "03-19T09:30 04-16T09:30 05-21T09:30 06-18T09:30 09-17T09:30 10-15T09:30 ")
		for step := range 6 { // month after month one more opens
			want(t, meetings[0].Number, 7+step)
			h.Clock.Set(meetings[0].End)
			opened, err := h.OpenAhead(ctx)
			ok(t, err)
			want(t, opened, 1)
			_, meetings = ahead(t, h)
			want(t, len(meetings), 6)
		}
		all, _ = ahead(t, h)
		want(t, all, "11-19T09:30 12-17T09:30 01-21T09:30 02-18T09:30 03-18T09:30 04-15T09:30 ")
	})
}

func TestAMeetingThatBeginsInAClockChangeMovesOnByAnHour(t *testing.T) {
	h := storetest.Open(t)
	in := series()
	in.Start, in.Clock = "2026-03-22", "02:30"
	in.Rule = store.Recurrence{Frequency: store.Weekly, Interval: 1, Weekday: time.Sunday}
	_, err := h.StartSeries(ctx, store.System(), in)
	ok(t, err)
	all, _ := ahead(t, h)
	want(t, all, "03-22T02:30 03-29T03:30 04-05T02:30 04-12T02:30 04-19T02:30 04-26T02:30 ")
}

func TestASeriesChangesWhatWasNotChangedAlone(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		in := series()
		begun, err := h.StartSeries(ctx, store.System(), in)
		ok(t, err)
		_, meetings := ahead(t, h)
		lena := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID)
		for _, m := range meetings {
			_, err := h.AnswerMeeting(ctx, lena, m.ID, store.AnswerInput{Answer: store.OnSite, Guests: []string{"Gast"}})
			ok(t, err)
		}
		own := typed(meetings[1])
		own.Venue, own.Seats = "Ailleurs", 3
		_, err = h.ChangeMeeting(ctx, store.System(), meetings[1].ID, own)
		ok(t, err)
		ok(t, h.CancelMeeting(ctx, store.System(), meetings[2].ID, "férié"))

		h.Clock.Set(meetings[0].Start.Add(time.Minute)) // the first one is running
		in.Clock, in.Template = "14:00", store.Template{Title: "Autre titre", Minutes: 90, Venue: "Grande salle", Seats: 40}
		_, err = h.ChangeSeries(ctx, store.System(), begun.ID, in)
		ok(t, err)
		line := func(m store.Meeting) string {
			after, _, err := h.MeetingByID(ctx, m.ID)
			ok(t, err)
			page, err := h.MeetingPage(ctx, lena, after.Slug)
			ok(t, err)
			return fmt.Sprint(after.Clock, " ", after.Title, " ", after.Venue, " ", after.Seats, " ", page.Mine != nil && page.Mine.Party() == 2)
		}
		want(t, line(meetings[0]), "09:30 Autre titre Grande salle 40 true") // its hour has come already
		want(t, line(meetings[1]), "14:00 Autre titre Ailleurs 3 true")
		want(t, line(meetings[2]), "09:30 Réunion Salle 0 true")
		want(t, line(meetings[3]), "14:00 Autre titre Grande salle 40 true")
	})
}

func TestASeriesChangesFromOneMeetingOn(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		in := series()
		begun, err := h.StartSeries(ctx, store.System(), in)
		ok(t, err)
		_, meetings := ahead(t, h)
		lena := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID)
		_, err = h.AnswerMeeting(ctx, lena, meetings[3].ID, store.AnswerInput{Answer: store.OnSite})
		ok(t, err)
		in.Clock, in.From = "14:00", meetings[2].Slot
		_, err = h.ChangeSeries(ctx, store.System(), begun.ID, in)
		ok(t, err)
		clocks := func() (all string) {
			_, now := ahead(t, h)
			for _, m := range now {
				all += m.Clock + m.Venue + " "
			}
			return all
		}
		want(t, clocks(), "09:30Salle 09:30Salle 14:00Salle 14:00Salle 14:00Salle 14:00Salle ")
		in.From, in.Template.Venue = "", "Ailleurs" // the whole series again: the first two keep their hour
		_, err = h.ChangeSeries(ctx, store.System(), begun.ID, in)
		ok(t, err)
		want(t, clocks(), "09:30Ailleurs 09:30Ailleurs 14:00Ailleurs 14:00Ailleurs 14:00Ailleurs 14:00Ailleurs ")
		page, err := h.MeetingPage(ctx, lena, meetings[3].Slug)
		ok(t, err)
		want(t, page.Mine != nil && page.Mine.Seated(), true)
		in.From = "demain"
		_, err = h.ChangeSeries(ctx, store.System(), begun.ID, in)
		wantKind(t, err, store.Invalid, "when.date")
	})
}

func TestAMovedMeetingKeepsItsSlotAndItsOldAddress(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		_, err := h.StartSeries(ctx, store.System(), series())
		ok(t, err)
		_, meetings := ahead(t, h)
		first := meetings[0]
		in := typed(first)
		in.Date = "2026-04-20"
		moved, err := h.ChangeMeeting(ctx, store.System(), first.ID, in)
		ok(t, err)
		want(t, moved.Slot, first.Slot)
		in.Date = first.Date // and back
		back, err := h.ChangeMeeting(ctx, store.System(), first.ID, in)
		ok(t, err)
		for _, slug := range []string{first.Slug, moved.Slug, back.Slug} {
			page, err := h.MeetingPage(ctx, store.Visitor(), slug)
			ok(t, err)
			want(t, page.Meeting.ID, first.ID)
			want(t, page.Moved, slug != back.Slug)
		}
		opened, err := h.OpenAhead(ctx)
		ok(t, err)
		want(t, opened, 0) // its slot is not opened a second time
	})
}

func TestSeveralEditsMakeOneNoticeAndACancellationReplacesIt(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 10)
		h.Clock.Add(time.Hour)
		in := typed(m)
		for _, venue := range []string{"A", "B", "C"} {
			in.Venue = venue
			changed, err := h.ChangeMeeting(ctx, store.System(), m.ID, in)
			ok(t, err)
			want(t, changed.Sequence, 1)
			h.Clock.Add(3 * time.Minute)
			want(t, told(t, h, store.EventMeetingChanged, ""), 0)
		}
		h.Clock.Add(6 * time.Minute)
		want(t, told(t, h, store.EventMeetingChanged, ""), 0) // nine minutes after the last one
		h.Clock.Add(time.Minute)
		want(t, told(t, h, store.EventMeetingChanged, ""), 1)
		for range 2 {
			ok(t, h.CancelMeeting(ctx, store.System(), m.ID, "grève"))
		}
		h.Clock.Add(time.Hour)
		want(t, told(t, h, store.EventMeetingChanged, ""), 0)
		want(t, told(t, h, store.EventCancelled, ""), 1)
		_, err := h.ChangeMeeting(ctx, store.System(), m.ID, in)
		wantKind(t, err, store.Conflict, "meeting.cancelled_already")
	})
}

func TestOnlyTheLanguageOfAMeetingChanges(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 10)
		in := typed(m)
		in.Lang = "de"
		_, err := h.ChangeMeeting(ctx, store.System(), m.ID, in)
		ok(t, err)
		after, _, err := h.MeetingByID(ctx, m.ID)
		ok(t, err)
		want(t, after.Lang, "de")
		h.Clock.Add(time.Hour)
		want(t, told(t, h, store.EventMeetingChanged, ""), 0) // nobody need be told
	})
}

func TestAnEndThatTheClockShowsTwice(t *testing.T) {
	h := storetest.Open(t)
	in := single()
	in.Date, in.Clock, in.Minutes = "2026-10-25", "01:30", 60 // ends at the first of two half past two
	_, err := h.ScheduleMeeting(ctx, store.System(), in)
	wantKind(t, err, store.Invalid, "when.end_twice")
	in.Minutes = 150 // half past three, once
	_, err = h.ScheduleMeeting(ctx, store.System(), in)
	ok(t, err)
	rule := series()
	rule.Start, rule.Clock, rule.Template.Minutes = "2026-10-18", "01:30", 60
	rule.Rule = store.Recurrence{Frequency: store.Weekly, Interval: 1, Weekday: time.Sunday, Count: 2}
	h.Clock.Set(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC))
	_, err = h.StartSeries(ctx, store.System(), rule)
	ok(t, err)
	all, _ := ahead(t, h)
	want(t, all, "10-18T01:30 10-25T01:30 10-25T03:30 ") // the single one between
}

func TestTimesThatNoMeetingCanHave(t *testing.T) {
	h := storetest.Open(t)
	for _, c := range []struct{ date, clock, zone, key string }{
		{"2026-02-30", "09:30", "Europe/Brussels", "when.date"},
		{"2026-03-29", "02:30", "Europe/Brussels", "when.skipped"},
		{"2026-10-25", "02:30", "Europe/Brussels", "when.twice"},
		{"2026-04-16", "25:00", "Europe/Brussels", "when.clock"},
		{"2026-04-16", "09:30", "Europe/Namur", "when.zone"},
		{"2026-03-04", "08:59", "Europe/Brussels", "when.past"},
	} {
		in := single()
		in.Date, in.Clock, in.Zone = c.date, c.clock, c.zone
		before := digest(t, h)
		_, err := h.ScheduleMeeting(ctx, store.System(), in)
		wantKind(t, err, store.Invalid, c.key)
		want(t, digest(t, h), before)
	}
}
