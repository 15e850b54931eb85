package ical

import (
	"archive/zip"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"
)

// expand reads a feed as a calendar program does, by other people's decoder and rules: one line an occurrence.
func expand(t testing.TB, stream string, from, to time.Time) []string {
	t.Helper()
	cal, err := goical.NewDecoder(strings.NewReader(stream)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	when := func(p goical.Prop) time.Time {
		t.Helper()
		at, err := p.DateTime(time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	var found []string
	taken := map[string]bool{} // slots that are overridden or taken away
	for _, e := range cal.Events() {
		for _, name := range []string{"RECURRENCE-ID", "EXDATE"} {
			for _, p := range e.Props[name] {
				taken[fmt.Sprint(e.Props.Get("UID").Value, when(p).Unix())] = true
			}
		}
	}
	hit := 0
	for _, e := range cal.Events() {
		starts := []time.Time{when(*e.Props.Get("DTSTART"))}
		if p := e.Props.Get("RRULE"); p != nil {
			option, err := rrule.StrToROptionInLocation(p.Value, starts[0].Location())
			if err != nil {
				t.Fatal(err)
			}
			option.Dtstart = starts[0]
			rule, err := rrule.NewRRule(*option)
			if err != nil {
				t.Fatal(err)
			}
			all := rule.Between(starts[0], to, true)
			if len(all) == 0 || !all[0].Equal(starts[0]) {
				t.Errorf("DTSTART %v is not the first of its rule %v", starts[0], all[:min(1, len(all))])
			}
			starts = slices.DeleteFunc(all, func(at time.Time) bool { return taken[fmt.Sprint(e.Props.Get("UID").Value, at.Unix())] })
			hit += len(all) - len(starts)
		}
		for _, at := range starts {
			if !at.Before(from) && at.Before(to) {
				found = append(found, at.UTC().Format("2006-01-02T15:04Z ")+e.Props.Get("STATUS").Value)
			}
		}
	}
	if hit != len(taken) {
		t.Errorf("%d exceptions of %d meet an instance of their rule", hit, len(taken))
	}
	slices.Sort(found)
	return found
}

// plan is a series that somebody made and then changed here and there, with what must be seen of it.
type plan struct {
	calendar Calendar
	seen     []string
}

var planEnd = time.Date(2028, 3, 1, 0, 0, 0, 0, time.UTC)

// randomPlan looks at each day by itself, as no program here does, to find what a rule gives until planEnd.
func randomPlan(t testing.TB, rnd *rand.Rand, zone string) plan {
	t.Helper()
	loc := at(t, zone, "2026-03-01 00:00").Location()
	hour, minute, interval := 8+rnd.IntN(12), 15*rnd.IntN(4), 1+rnd.IntN(2)
	weekday, nth := time.Weekday(rnd.IntN(7)), []int{1, 2, 3, 4, -1}[rnd.IntN(5)]
	code := strings.ToUpper(weekday.String()[:2])
	weekly := rnd.IntN(2) == 0
	rule := fmt.Sprintf("FREQ=MONTHLY;INTERVAL=%d;BYDAY=%d%s", interval, nth, code)
	if weekly {
		rule = fmt.Sprintf("FREQ=WEEKLY;INTERVAL=%d;BYDAY=%s", interval, code)
	}
	var slots []time.Time
	for day := time.Date(2026, 3, 1, hour, minute, 0, 0, loc); day.Before(planEnd); day = day.AddDate(0, 0, 1) {
		in := (day.Day()-1)/7+1 == nth || nth == -1 && day.AddDate(0, 0, 7).Month() != day.Month()
		if weekly {
			in = true
		}
		if day.Weekday() != weekday || !in {
			continue
		}
		if len(slots) > 0 {
			first := slots[0]
			months := (day.Year()-first.Year())*12 + int(day.Month()) - int(first.Month())
			days := int(day.Sub(first).Hours()+12) / 24
			if weekly && days%(7*interval) != 0 || !weekly && months%interval != 0 {
				continue
			}
		}
		slots = append(slots, day)
	}
	event := event(t, zone, slots[0].Format("2006-01-02 15:04"))
	if rnd.IntN(3) == 0 {
		slots = slots[:2+rnd.IntN(len(slots)-1)]
		rule += ";UNTIL=" + slots[len(slots)-1].UTC().Format(eventStamp)
	}
	p := plan{calendar: Calendar{Name: "x", Zone: zone}}
	s := Series{Event: event, Rule: rule}
	for i, slot := range slots {
		e := event
		e.UID, e.Slot, e.Start, e.End, e.Sequence = fmt.Sprintf("0190f0a2-0000-7000-8000-%012d", 100+i), slot, slot, slot.Add(2*time.Hour), rnd.IntN(9)
		switch rnd.IntN(6) {
		case 0:
			s.Excluded = append(s.Excluded, slot)
			continue
		case 1:
			e.Status = Cancelled
			s.Overrides = append(s.Overrides, e)
		case 2:
			e.Start = slot.AddDate(0, 0, 1).Add(90 * time.Minute)
			e.End = e.Start.Add(time.Hour)
			s.Overrides = append(s.Overrides, e)
		}
		p.seen = append(p.seen, e.Start.UTC().Format("2006-01-02T15:04Z ")+string(e.Status))
	}
	rnd.Shuffle(len(s.Overrides), func(i, j int) { s.Overrides[i], s.Overrides[j] = s.Overrides[j], s.Overrides[i] })
	p.calendar.Series = []Series{s}
	p.seen = slices.DeleteFunc(p.seen, func(line string) bool { return line >= planEnd.Format("2006-01-02T15:04Z") })
	slices.Sort(p.seen)
	return p
}

func TestAFeedSaysWhatTheSeriesHolds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	zones := []string{"Europe/Brussels", "Europe/Lisbon", "Europe/Athens", "Europe/Dublin", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe"}
	for n := range 800 {
		p := randomPlan(t, rnd, zones[n%len(zones)])
		stream := encode(t, p.calendar)
		got := expand(t, stream, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), planEnd)
		if !slices.Equal(got, p.seen) {
			t.Fatalf("%d %s %s:\nfeed %v\nwant %v", n, p.calendar.Zone, p.calendar.Series[0].Rule, got, p.seen)
		}
	}
}

// offsetIn evaluates a VTIMEZONE of ours as RFC 5545 says: the offset of the latest onset.
func offsetIn(t testing.TB, zone *goical.Component, wall time.Time) string {
	t.Helper()
	var latest time.Time
	offset := ""
	for _, o := range zone.Children {
		onset, err := time.Parse(localStamp, o.Props.Get("DTSTART").Value)
		if err != nil {
			t.Fatal(err)
		}
		if p := o.Props.Get("RRULE"); p != nil {
			option, err := rrule.StrToROption(p.Value)
			if err != nil {
				t.Fatal(err)
			}
			option.Dtstart = onset
			rule, err := rrule.NewRRule(*option)
			if err != nil {
				t.Fatal(err)
			}
			if first := rule.After(onset, true); !first.Equal(onset) {
				t.Errorf("%s: the first onset %v is not in the rule", zone.Props.Get("TZID").Value, onset)
			}
			onset = rule.Before(wall, true)
		}
		if offset == "" || onset.After(latest) {
			latest, offset = onset, o.Props.Get("TZOFFSETTO").Value
		}
	}
	return offset
}

// allZones are the names of the zones that come with Go.
func allZones(t testing.TB) []string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("NOT RUN: the zones of the whole world (needs the go command)")
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(out)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skip("NOT RUN: the zones of the whole world (needs lib/time/zoneinfo.zip of Go)")
	}
	defer archive.Close()
	var names []string
	for _, f := range archive.File {
		if _, err := time.LoadLocation(f.Name); err == nil && !f.FileInfo().IsDir() && f.Name != "Factory" {
			names = append(names, f.Name)
		}
	}
	return names
}

// Every zone there is: what its VTIMEZONE says is what the zone does, or the zone is not written at all.
func TestEveryZoneSaysTheHourItMeans(t *testing.T) {
	described := 0
	for _, name := range allZones(t) {
		first := event(t, name, "2026-01-16 12:00")
		c := Calendar{Name: "x", Zone: name}
		for i := range 26 {
			e := first
			e.UID, e.Start = fmt.Sprintf("u%d", i), first.Start.AddDate(0, i, 0)
			e.End = e.Start.Add(time.Hour)
			c.Events = append(c.Events, e)
		}
		cal, err := goical.NewDecoder(strings.NewReader(encode(t, c))).Decode()
		if err != nil {
			t.Fatal(err)
		}
		for _, child := range cal.Children {
			if child.Name != "VTIMEZONE" {
				continue
			}
			described++
			for _, e := range c.Events {
				wall, _ := time.Parse(localStamp, e.Start.Format(localStamp))
				if got, want := offsetIn(t, child, wall), e.Start.Format("-0700"); got != want {
					t.Errorf("%s: %s at %s, the zone says %s", name, got, e.Start, want)
				}
			}
		}
		for i, e := range cal.Events() {
			got, err := e.DateTimeStart(nil)
			if err != nil || !got.Equal(c.Events[i].Start) {
				t.Errorf("%s: %v, want %v (%v)", name, got, c.Events[i].Start, err)
			}
		}
	}
	if described < 300 {
		t.Errorf("only %d zones are described", described)
	}
}
