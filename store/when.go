package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const civilDate = "2006-01-02"

// LocalTime is the instant of a civil date and wall time in a zone. The problem's key says what is wrong: the zone
// is unknown (when.zone), the date or the time does not exist (when.date, when.clock), a clock change skips the time
// (when.skipped) or has it twice (when.twice; CALENDAR F11).
func LocalTime(zone, date, clock string) (time.Time, *Problem) {
	loc, err := time.LoadLocation(zone)
	if err != nil || !portableZone(zone) {
		return time.Time{}, &Problem{Field: "zone", Key: "when.zone"}
	}
	day, err := time.Parse(civilDate, date)
	if err != nil || day.Year() < 1990 || day.Year() > 2200 {
		return time.Time{}, &Problem{Field: "date", Key: "when.date"}
	}
	hm, err := time.Parse("15:04", clock)
	if err != nil || len(clock) != len("15:04") { // Parse also takes 9:30, which no calendar does
		return time.Time{}, &Problem{Field: "clock", Key: "when.clock"}
	}
	t := time.Date(day.Year(), day.Month(), day.Day(), hm.Hour(), hm.Minute(), 0, 0, loc)
	if t.Hour() != hm.Hour() || t.Minute() != hm.Minute() || t.Day() != day.Day() {
		return t, &Problem{Field: "clock", Key: "when.skipped"}
	}
	if twice(t) {
		return t, &Problem{Field: "clock", Key: "when.twice"}
	}
	return t, nil
}

// zones keeps the time zones that records name, each loaded once.
type zones struct{ loaded sync.Map } // name to *time.Location

// load returns a zone, or nil when this machine does not know it.
func (z *zones) load(name string) *time.Location {
	if found, ok := z.loaded.Load(name); ok {
		return found.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	z.loaded.Store(name, loc)
	return loc
}

// portableZone says whether a name means the same zone on every machine. Many systems keep files beside the IANA zones
// that load as well: this machine's own zone, copies that count leap seconds, placeholders.
func portableZone(name string) bool {
	if name == "" || len(name) > 64 || strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") {
		return false
	}
	return !slices.Contains([]string{"Local", "localtime", "posixrules", "Factory"}, name)
}

// twice says whether another instant shows the same wall time, because the clock is put back nearby.
func twice(t time.Time) bool {
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		if other := t.Add(time.Duration(offset-before) * time.Second); before > offset && other.Before(start) {
			return true
		}
	}
	if !end.IsZero() {
		_, after := end.Zone()
		if other := t.Add(time.Duration(offset-after) * time.Second); after < offset && !other.Before(end) {
			return true
		}
	}
	return false
}

// endsTwice says whether a meeting ends at a wall time that a clock change shows twice: calendars disagree about which
// of the two it is (CALENDAR F11).
func endsTwice(start time.Time, minutes int) bool {
	return twice(start.Add(time.Duration(minutes) * time.Minute))
}

// shiftedTime is LocalTime for a rule that runs by itself: a start or an end in a clock change moves on by an hour.
func shiftedTime(zone, date, clock string, minutes int) (time.Time, string, error) {
	for range 3 {
		t, problem := LocalTime(zone, date, clock)
		if problem == nil && endsTwice(t, minutes) {
			problem = &Problem{Field: "minutes", Key: "when.twice"}
		}
		if problem == nil {
			return t, clock, nil
		}
		if problem.Key != "when.skipped" && problem.Key != "when.twice" {
			return t, clock, &Error{Kind: Invalid, Problems: []Problem{*problem}}
		}
		hm, _ := time.Parse("15:04", clock)
		clock = hm.Add(time.Hour).Format("15:04")
	}
	return time.Time{}, clock, fmt.Errorf("no wall time near %s %s in %s", date, clock, zone)
}
