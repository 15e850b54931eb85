package ical

import (
	"slices"
	"time"

	goical "github.com/emersion/go-ical"
)

// zones are the time zones of one calendar, each with the whole span it is used for, and whether one VTIMEZONE can
// describe that span (CALENDAR F12–F15). A zone that cannot be described is written as UTC, for every event alike.
type zones struct {
	all map[string]*zoneSpan
}

type zoneSpan struct {
	loc      *time.Location
	from, to time.Time
	changes  []change
	ok       bool // the changes describe the span
	used     bool // a property names the zone
}

// zonesOf looks at every time of a calendar before anything is written: two events may each be within a rule of their
// zone while no single rule holds for both.
func zonesOf(c Calendar) *zones {
	z := &zones{all: map[string]*zoneSpan{}}
	note := func(e Event) {
		z.note(e.Start)
		z.note(e.End.In(e.Start.Location()))
	}
	for _, s := range c.Series {
		note(s.Event)
		for _, t := range s.Excluded {
			z.note(t.In(s.Start.Location()))
		}
		for _, e := range s.Overrides {
			note(e)
			z.note(e.Slot.In(s.Start.Location()))
		}
	}
	for _, e := range c.Events {
		note(e)
	}
	for _, span := range z.all {
		span.changes, span.ok = changesOf(span.loc, span.from, span.to)
	}
	return z
}

func (z *zones) note(t time.Time) {
	name := t.Location().String()
	span := z.all[name]
	if span == nil {
		loc, ok := load(name)
		if !ok {
			return
		}
		z.all[name] = &zoneSpan{loc: loc, from: t, to: t}
		return
	}
	if t.Before(span.from) {
		span.from = t
	}
	if t.After(span.to) {
		span.to = t
	}
}

// load finds a zone that may stand in a TZID: never this machine's own, never one without a name.
func load(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || name == "UTC" {
		return nil, false
	}
	loc, err := time.LoadLocation(name)
	return loc, err == nil
}

// place is a time as it can be written: in its zone when that one can be described, in UTC otherwise. A location that
// only bears the name of a zone is taken for the zone: the instant stays.
func (z *zones) place(t time.Time) time.Time {
	if span := z.all[t.Location().String()]; span != nil && span.ok {
		return t.In(span.loc)
	}
	return t.UTC()
}

// portable says whether times in this location are written in its zone, not in UTC.
func (z *zones) portable(loc *time.Location) bool {
	span := z.all[loc.String()]
	return loc.String() == "UTC" || span != nil && span.ok
}

// use notes that a property names a zone.
func (z *zones) use(name string) { z.all[name].used = true }

// components describes the zones that are used. A calendar without any gets one nevertheless: some readers refuse a
// calendar without a component (CALENDAR F5).
func (z *zones) components(empty bool, home string) []*goical.Component {
	var names []string
	for name, span := range z.all {
		if span.used {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var all []*goical.Component
	for _, name := range names {
		span := z.all[name]
		all = append(all, zoneComponent(name, span.changes, span.loc, span.from))
	}
	if empty {
		all = append(all, homeComponent(home))
	}
	return all
}

// homeComponent describes a calendar's own zone as it is at the epoch of this program, or UTC.
func homeComponent(name string) *goical.Component {
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if loc, ok := load(name); ok {
		if changes, ok := changesOf(loc, epoch, epoch); ok {
			return zoneComponent(name, changes, loc, epoch)
		}
	}
	return zoneComponent("UTC", nil, time.UTC, epoch)
}

// repeated says whether the clock of a zone shows this time twice: readers disagree about which one is meant
// (CALENDAR F11).
func repeated(t time.Time) bool {
	wall := t.Format(localStamp)
	for _, d := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour} {
		if t.Add(d).Format(localStamp) == wall || t.Add(-d).Format(localStamp) == wall {
			return true
		}
	}
	return false
}
