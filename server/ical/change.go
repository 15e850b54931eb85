package ical

import (
	"fmt"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
)

// change is one of the two yearly changes of a zone's offset.
type change struct {
	month        time.Month
	weekday      time.Weekday
	nth          int // 1–4 or -1
	hour, minute int // on the clock before the change
	from, to     int // offsets in seconds
	name         string
}

// changesOf finds the yearly rules of a zone around a span: none when the offset never changes, two when each change
// has one rule; not ok when it cannot be said so.
func changesOf(loc *time.Location, from, to time.Time) ([]change, bool) {
	start := time.Date(from.Year()-1, 1, 1, 0, 0, 0, 0, time.UTC)
	end := time.Date(max(to.Year(), from.Year()+1)+2, 1, 1, 0, 0, 0, 0, time.UTC)
	var grows, shrinks []time.Time
	for t := start.In(loc); ; {
		_, next := t.ZoneBounds()
		if next.IsZero() || next.After(end) {
			break
		}
		_, before := next.Add(-time.Second).Zone()
		_, after := next.Zone()
		if after > before {
			grows = append(grows, next)
		} else if after < before {
			shrinks = append(shrinks, next)
		}
		t = next
	}
	if len(grows) == 0 && len(shrinks) == 0 {
		_, constant := from.In(loc).Zone()
		return nil, constant%60 == 0 // an offset with seconds cannot be written (CALENDAR F13)
	}
	years := end.Year() - start.Year()
	up, ok := rule(grows, loc, years)
	if !ok {
		return nil, false
	}
	down, ok := rule(shrinks, loc, years)
	return []change{up, down}, ok
}

// rule finds what all changes of one direction have in common: one a year, same month, weekday and clock, and either
// always the n-th such weekday or always the last.
func rule(at []time.Time, loc *time.Location, years int) (change, bool) {
	var c change
	if len(at) != years {
		return c, false
	}
	nth, last := true, true
	for i, t := range at {
		_, before := t.Add(-time.Second).Zone()
		name, after := t.Zone()
		wall := t.UTC().Add(time.Duration(before) * time.Second)
		this := change{month: wall.Month(), weekday: wall.Weekday(), nth: (wall.Day()-1)/7 + 1, hour: wall.Hour(), minute: wall.Minute(),
			from: before, to: after, name: name}
		if wall.AddDate(0, 0, 7).Month() == wall.Month() {
			last = false
		}
		if i == 0 {
			c = this
			continue
		}
		nth = nth && this.nth == c.nth
		same := this
		same.nth = c.nth
		if same != c || t.Year() == at[i-1].Year() {
			return c, false
		}
	}
	switch {
	case last:
		c.nth = -1
	case !nth || c.nth > 4:
		return c, false
	}
	return c, c.from%60 == 0 && c.to%60 == 0
}

func zoneComponent(name string, changes []change, loc *time.Location, from time.Time) *goical.Component {
	v := goical.NewComponent("VTIMEZONE")
	set(v.Props, "TZID", name)
	if len(changes) == 0 {
		short, offset := from.In(loc).Zone()
		v.Children = append(v.Children, observance("STANDARD", "19700101T000000", offset, offset, short, ""))
		return v
	}
	for i, kind := range []string{"DAYLIGHT", "STANDARD"} {
		c := changes[i]
		recur := fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", int(c.month), c.nth, strings.ToUpper(c.weekday.String()[:2]))
		v.Children = append(v.Children, observance(kind, onset(c).Format(localStamp), c.from, c.to, c.name, recur))
	}
	return v
}

// onset is when the rule took effect in 1970, as other calendars write it.
func onset(c change) time.Time {
	day := time.Date(1970, c.month, 1, c.hour, c.minute, 0, 0, time.UTC)
	if c.nth == -1 {
		day = day.AddDate(0, 1, -1)
		return day.AddDate(0, 0, -((int(day.Weekday()) - int(c.weekday) + 7) % 7))
	}
	return day.AddDate(0, 0, (int(c.weekday)-int(day.Weekday())+7)%7+7*(c.nth-1))
}

func observance(kind, start string, from, to int, name, recur string) *goical.Component {
	o := goical.NewComponent(kind)
	set(o.Props, "DTSTART", start)
	set(o.Props, "TZOFFSETFROM", offset(from))
	set(o.Props, "TZOFFSETTO", offset(to))
	set(o.Props, "TZNAME", name)
	optional(o.Props, "RRULE", recur)
	return o
}

func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	return fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
}
