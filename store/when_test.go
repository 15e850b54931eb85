package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func TestLocalTimeRefusesWhatNoClockShows(t *testing.T) {
	for _, c := range []struct{ zone, date, clock, key string }{
		{"Europe/Brussels", "2026-03-29", "02:30", "when.skipped"},
		{"Europe/Brussels", "2026-10-25", "02:30", "when.twice"},
		{"Europe/Brussels", "2026-10-25", "02:00", "when.twice"},
		{"Europe/Brussels", "2026-10-25", "03:00", ""},
		{"Europe/Brussels", "2026-10-25", "01:59", ""},
		{"Europe/Brussels", "2026-03-29", "03:00", ""},
		{"Europe/Lisbon", "2026-03-29", "01:30", "when.skipped"},
		{"Europe/Athens", "2026-10-25", "03:30", "when.twice"},
		{"America/New_York", "2026-03-08", "02:15", "when.skipped"},
		{"America/New_York", "2026-11-01", "01:15", "when.twice"},
		{"Australia/Lord_Howe", "2026-10-04", "02:15", "when.skipped"}, // half an hour
		{"Australia/Lord_Howe", "2026-04-05", "01:45", "when.twice"},
		{"Pacific/Apia", "2011-12-30", "12:00", "when.skipped"}, // a whole day
		{"Europe/Brussels", "2026-02-30", "09:30", "when.date"},
		{"Europe/Brussels", "30/02/2026", "09:30", "when.date"},
		{"Europe/Brussels", "0000-01-01", "09:30", "when.date"},
		{"Europe/Brussels", "2026-02-28", "24:00", "when.clock"},
		{"Europe/Brussels", "2026-02-28", "9:30", "when.clock"},
		{"Europe/Brussels", "2026-02-28", "", "when.clock"},
		{"", "2026-02-28", "09:30", "when.zone"},
		{"Local", "2026-02-28", "09:30", "when.zone"},
		{"localtime", "2026-02-28", "09:30", "when.zone"},
		{"right/Europe/Brussels", "2026-02-28", "09:30", "when.zone"},
		{"posix/Europe/Brussels", "2026-02-28", "09:30", "when.zone"},
		{"UTC+2", "2026-02-28", "09:30", "when.zone"},
		{"../etc/passwd", "2026-02-28", "09:30", "when.zone"},
		{"Romance Standard Time", "2026-02-28", "09:30", "when.zone"},
		{"UTC", "2026-02-28", "09:30", ""},
	} {
		got, problem := store.LocalTime(c.zone, c.date, c.clock)
		key := ""
		if problem != nil {
			key = problem.Key
		}
		if key != c.key {
			t.Errorf("%s %s %s: %q, want %q", c.zone, c.date, c.clock, key, c.key)
		}
		if key == "" && got.Format("2006-01-02 15:04") != c.date+" "+c.clock {
			t.Errorf("%s %s %s became %v", c.zone, c.date, c.clock, got)
		}
	}
}

// Every quarter of an hour of two years either is one instant of the zone or is refused with the right word.
func TestLocalTimeAgreesWithTheClockOnTheWall(t *testing.T) {
	for _, zone := range []string{"Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"} {
		loc, err := time.LoadLocation(zone)
		ok(t, err)
		shown := map[string]int{}
		end := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
		for at := time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC); at.Before(end); at = at.Add(15 * time.Minute) {
			shown[at.In(loc).Format("2006-01-02 15:04")]++
		}
		for wall := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC); wall.Before(end.AddDate(0, 0, -2)); wall = wall.Add(15 * time.Minute) {
			text := wall.Format("2006-01-02 15:04")
			_, problem := store.LocalTime(zone, text[:10], text[11:])
			key := ""
			if problem != nil {
				key = problem.Key
			}
			if expected := []string{"when.skipped", "", "when.twice"}[shown[text]]; key != expected {
				t.Fatalf("%s %s: %q, and the clock shows it %d times", zone, text, key, shown[text])
			}
		}
	}
}

func TestRulesAreBoundedAndLastForDecades(t *testing.T) {
	weekly := store.Recurrence{Frequency: store.Weekly, Interval: 1, Weekday: time.Monday}
	want(t, len(weekly.Slots("1998-01-01", "2026-01-01", "", 6)), 6) // an old series still meets
	all := weekly.Slots("2026-01-01", "2026-01-01", "2200-01-01", 100_000)
	if last := all[len(all)-1]; len(all) > 1000 || last > "2031-01-01" || !slices.IsSorted(all) {
		t.Errorf("%d dates until %s", len(all), last)
	}
	want(t, len(weekly.Slots("2026-01-01", "2026-01-01", "", 0)), 0)
	yearly := store.Recurrence{Frequency: store.MonthlyDate, Interval: 12, Day: 1, Count: 40}
	want(t, yearly.Last("2026-03-01"), "2065-03-01")
	never := store.Recurrence{Frequency: store.MonthlyDate, Interval: 12, Day: 1, SkipMonths: []time.Month{3}}
	want(t, len(never.Slots("2026-03-01", "2026-03-01", "", 6)), 0)
	want(t, never.Last("2026-03-01"), "")
	same := store.Recurrence{Frequency: store.Weekly, Interval: 1, SkipMonths: slices.Repeat([]time.Month{7}, 12)}
	want(t, len(same.Validate()), 0)
}

func TestASeriesThatWouldNeverMeetIsRefused(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		_, err := h.StartSeries(ctx, store.System(), store.SeriesInput{Title: "Jamais", Lang: "fr", Zone: "Europe/Brussels", Start: "2026-07-01", Clock: "09:30",
			Rule:     store.Recurrence{Frequency: store.MonthlyDate, Interval: 12, Day: 1, SkipMonths: []time.Month{time.July}},
			Template: store.Template{Minutes: 60, Online: true}})
		if err == nil || !strings.Contains(fmt.Sprintf("%+v", err), "recurrence.no_date") {
			t.Errorf("%+v", err)
		}
	})
}
