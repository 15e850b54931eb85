package ical

import (
	"fmt"
	"slices"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
)

// eventComponents writes series before single events, each in the order of time.
func eventComponents(c Calendar, z *zones) []*goical.Component {
	var all []*goical.Component
	singles := slices.Clone(c.Events)
	for _, s := range c.Series {
		if z.portable(s.Start.Location()) {
			all = append(all, seriesComponents(s, z)...)
			continue
		}
		for _, e := range s.Overrides {
			e.Slot, e.Start, e.End = time.Time{}, e.Start.UTC(), e.End.UTC()
			singles = append(singles, e)
		}
	}
	slices.SortStableFunc(singles, earlier)
	for _, e := range singles {
		e.Slot = time.Time{}
		all = append(all, component(e, "", z))
	}
	return all
}

func earlier(a, b Event) int {
	if d := a.Start.Compare(b.Start); d != 0 {
		return d
	}
	return strings.Compare(a.UID, b.UID)
}

// seriesComponents are the master and its overrides in the order of their slots. A slot with an override is not also
// taken away (CALENDAR F20).
func seriesComponents(s Series, z *zones) []*goical.Component {
	s.Event.Sequence, s.Event.Slot = highest(s), time.Time{}
	master := component(s.Event, s.Rule, z)
	overrides := slices.Clone(s.Overrides)
	slices.SortStableFunc(overrides, func(a, b Event) int { return a.Slot.Compare(b.Slot) })
	excluded := slices.DeleteFunc(slices.Clone(s.Excluded), func(slot time.Time) bool {
		return slices.ContainsFunc(overrides, func(e Event) bool { return e.Slot.Equal(slot) })
	})
	slices.SortFunc(excluded, func(a, b time.Time) int { return a.Compare(b) })
	for _, slot := range slices.CompactFunc(excluded, time.Time.Equal) {
		master.Props.Add(stamp("EXDATE", z.place(slot.In(s.Start.Location())), z))
	}
	all := []*goical.Component{master}
	for _, e := range overrides {
		e.UID, e.Sequence, e.Slot = s.UID, s.Event.Sequence, e.Slot.In(s.Start.Location())
		all = append(all, component(e, "", z))
	}
	return all
}

// highest is the SEQUENCE all components of a series carry (CALENDAR F7).
func highest(s Series) int {
	n := s.Sequence
	for _, e := range s.Overrides {
		n = max(n, e.Sequence)
	}
	return n
}

// component is one VEVENT, a master when there is a rule.
func component(e Event, rule string, z *zones) *goical.Component {
	v := goical.NewComponent("VEVENT")
	set(v.Props, "UID", escape(e.UID))
	set(v.Props, "DTSTAMP", e.Published.UTC().Format(eventStamp))
	set(v.Props, "LAST-MODIFIED", e.Published.UTC().Format(eventStamp))
	set(v.Props, "CREATED", e.Created.UTC().Format(eventStamp))
	set(v.Props, "SEQUENCE", fmt.Sprint(e.Sequence))
	start := z.place(e.Start)
	end := z.place(e.End.In(e.Start.Location())) // in the zone of the start (CALENDAR F10)
	if rule == "" && (repeated(start) || repeated(end)) {
		start, end = start.UTC(), end.UTC()
	}
	v.Props.Set(stamp("DTSTART", start, z))
	v.Props.Set(stamp("DTEND", end, z))
	if !e.Slot.IsZero() {
		v.Props.Set(stamp("RECURRENCE-ID", z.place(e.Slot), z))
	}
	optional(v.Props, "RRULE", rule)
	words(v.Props, e)
	set(v.Props, "STATUS", string(e.Status))
	set(v.Props, "CLASS", "PUBLIC")
	if e.Opaque && e.Status != Cancelled {
		set(v.Props, "TRANSP", "OPAQUE")
	} else {
		set(v.Props, "TRANSP", "TRANSPARENT")
	}
	if e.AlarmBefore >= time.Minute {
		alarm := goical.NewComponent("VALARM")
		set(alarm.Props, "ACTION", "DISPLAY")
		set(alarm.Props, "DESCRIPTION", title(e.Summary))
		set(alarm.Props, "TRIGGER", fmt.Sprintf("-PT%dM", int(e.AlarmBefore.Minutes())))
		v.Children = append(v.Children, alarm)
	}
	return v
}

// words is what an event says in words and addresses (CALENDAR F26–F30).
func words(props goical.Props, e Event) {
	set(props, "SUMMARY", title(e.Summary))
	optional(props, "DESCRIPTION", escape(clean(e.Description, maxText)))
	optional(props, "LOCATION", escape(clean(oneLine(e.Location), 300)))
	optional(props, "URL", uri(e.URL))
	optional(props, "CONTACT", escape(clean(oneLine(e.Contact), 300)))
	if address := uri(e.Conference); address != "" {
		conference := prop("CONFERENCE", address)
		conference.Params.Set("VALUE", "URI")
		conference.Params.Set("FEATURE", "VIDEO")
		props.Set(conference)
	}
	var categories []string
	for _, word := range e.Categories {
		if word = escape(clean(oneLine(word), maxSummary)); word != "" {
			categories = append(categories, word)
		}
	}
	optional(props, "CATEGORIES", strings.Join(categories, ","))
}

// stamp writes a time that z has placed: in its zone, or with Z in UTC.
func stamp(name string, t time.Time, z *zones) *goical.Prop {
	zone := t.Location().String()
	if zone == "UTC" {
		return prop(name, t.Format(eventStamp))
	}
	z.use(zone)
	p := prop(name, t.Format(localStamp))
	p.Params.Set("TZID", zone)
	return p
}
