package ical

import (
	"slices"
	"strings"
	"time"
)

// withoutOld drops what ended before c.Recent. A slot whose override goes is taken away from the rule: else a meeting
// that was moved or cancelled would come back at its first hour.
func withoutOld(c Calendar) Calendar {
	old := func(e Event) bool { return e.End.Before(c.Recent) }
	c.Events = slices.DeleteFunc(slices.Clone(c.Events), old)
	c.Series = slices.Clone(c.Series)
	for i, s := range c.Series {
		s.Sequence, s.Excluded = highest(s), slices.Clone(s.Excluded)
		for _, e := range s.Overrides {
			if old(e) {
				s.Excluded = append(s.Excluded, e.Slot)
			}
		}
		s.Overrides = slices.DeleteFunc(slices.Clone(s.Overrides), old)
		c.Series[i] = s
	}
	return c
}

// withoutWords leaves the first line of every description.
func withoutWords(c Calendar) Calendar {
	short := func(e Event) Event {
		e.Description, _, _ = strings.Cut(e.Description, "\n")
		return e
	}
	each := func(all []Event) []Event {
		all = slices.Clone(all)
		for i, e := range all {
			all[i] = short(e)
		}
		return all
	}
	c.Events, c.Series = each(c.Events), slices.Clone(c.Series)
	for i, s := range c.Series {
		s.Event, s.Overrides = short(s.Event), each(s.Overrides)
		c.Series[i] = s
	}
	return c
}

// Window is what a feed holds at a moment: from about 90 days back to 18 months ahead, with edges on the starts of
// months so that the bytes change with edits and not with the clock (CALENDAR F23). Recent is the start of the month.
func Window(now time.Time) (from, recent, to time.Time) {
	recent = time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	return recent.AddDate(0, -3, 0), recent, recent.AddDate(0, 18, 0)
}
