package ical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
)

// Status of an event.
type Status string

// The three an event may have.
const (
	Confirmed Status = "CONFIRMED"
	Tentative Status = "TENTATIVE"
	Cancelled Status = "CANCELLED"
)

// Calendar is one feed. Zone is the IANA zone an empty calendar still carries. Source is the feed's own address and is
// left out of feeds with a secret address.
type Calendar struct {
	Name, Description, Color string
	URL, Source              string
	Zone                     string
	Series                   []Series
	Events                   []Event
}

// Series is a rule with the occurrences that differ from it.
type Series struct {
	Event            // what an occurrence says when nothing is special; Start and End of the first one
	Rule      string // RRULE text of the portable profile, "" is not allowed
	Excluded  []time.Time
	Overrides []Event // with Slot set
}

// Event is one occurrence. Start and End carry the zone people agreed on as their location.
type Event struct {
	UID                       string
	Slot                      time.Time // original start, for an override
	Start, End                time.Time
	Summary, Description      string
	Location, URL, Conference string
	Contact                   string
	Categories                []string
	Status                    Status
	Sequence                  int
	Published, Created        time.Time
	Opaque                    bool // takes up the reader's time
	AlarmBefore               time.Duration
}

const (
	prodID      = "-//Belfry//Belfry 1//EN"
	refresh     = "PT4H"
	maxSummary  = 120
	maxText     = 2000
	eventStamp  = "20060102T150405Z"
	localStamp  = "20060102T150405"
	contentType = "text/calendar; charset=utf-8"
)

// ContentType of every stream.
const ContentType = contentType

// ETag is a strong entity tag of a stream.
func ETag(stream []byte) string {
	sum := sha256.Sum256(stream)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// Encode writes the calendar, or nothing: a stream that our own validator refuses is an error. Series whose zone cannot
// be written portably become single events in UTC (CALENDAR F15).
func Encode(c Calendar) ([]byte, error) {
	cal := goical.NewCalendar()
	set(cal.Props, "VERSION", "2.0")
	set(cal.Props, "PRODID", prodID)
	set(cal.Props, "CALSCALE", "GREGORIAN")
	for _, name := range []string{"NAME", "X-WR-CALNAME"} {
		set(cal.Props, name, title(c.Name))
	}
	for _, name := range []string{"DESCRIPTION", "X-WR-CALDESC"} {
		optional(cal.Props, name, escape(clean(c.Description, maxText)))
	}
	interval := prop("REFRESH-INTERVAL", refresh)
	interval.Params.Set("VALUE", "DURATION")
	cal.Props.Set(interval)
	set(cal.Props, "X-PUBLISHED-TTL", refresh)
	if c.Color != "" {
		set(cal.Props, "COLOR", c.Color)
	}
	if c.URL != "" {
		set(cal.Props, "URL", uri(c.URL))
	}
	if c.Source != "" {
		source := prop("SOURCE", uri(c.Source))
		source.Params.Set("VALUE", "URI")
		cal.Props.Set(source)
	}
	z := newZones()
	events := eventComponents(c, z)
	if len(z.used) == 0 {
		z.want(c.Zone, time.Unix(0, 0), time.Unix(0, 0))
	}
	cal.Children = append(z.components(), events...)
	stream, err := write(cal)
	if err != nil {
		return nil, err
	}
	if err := Validate(stream); err != nil {
		return nil, fmt.Errorf("ical: refusing our own calendar: %w", err)
	}
	return stream, nil
}

// eventComponents writes series before single events, each in the order of time.
func eventComponents(c Calendar, z *zones) []*goical.Component {
	var all []*goical.Component
	for _, s := range c.Series {
		if !z.portable(s.Start.Location().String(), s.Start, horizon(s)) {
			for _, e := range s.Overrides {
				e.Slot = time.Time{}
				all = append(all, component(e, z, true))
			}
			continue
		}
		s.Event.Sequence = highest(s)
		master := component(s.Event, z, false)
		set(master.Props, "RRULE", s.Rule)
		for _, slot := range s.Excluded {
			master.Props.Add(local("EXDATE", slot, z))
		}
		all = append(all, master)
		for _, e := range s.Overrides {
			e.UID, e.Sequence = s.UID, s.Event.Sequence
			all = append(all, component(e, z, false))
		}
	}
	singles := slices.Clone(c.Events)
	slices.SortStableFunc(singles, func(a, b Event) int {
		if d := a.Start.Compare(b.Start); d != 0 {
			return d
		}
		return strings.Compare(a.UID, b.UID)
	})
	for _, e := range singles {
		all = append(all, component(e, z, !z.portable(e.Start.Location().String(), e.Start, e.End)))
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

func horizon(s Series) time.Time {
	last := s.End
	for _, e := range s.Overrides {
		if e.End.After(last) {
			last = e.End
		}
	}
	return last
}

// component is one VEVENT; inUTC for zones that cannot be written.
func component(e Event, z *zones, inUTC bool) *goical.Component {
	v := goical.NewComponent("VEVENT")
	set(v.Props, "UID", e.UID)
	set(v.Props, "DTSTAMP", e.Published.UTC().Format(eventStamp))
	set(v.Props, "LAST-MODIFIED", e.Published.UTC().Format(eventStamp))
	set(v.Props, "CREATED", e.Created.UTC().Format(eventStamp))
	set(v.Props, "SEQUENCE", fmt.Sprint(e.Sequence))
	if inUTC {
		e.Start, e.End = e.Start.UTC(), e.End.UTC()
	}
	v.Props.Set(local("DTSTART", e.Start, z))
	v.Props.Set(local("DTEND", e.End, z))
	if !e.Slot.IsZero() {
		v.Props.Set(local("RECURRENCE-ID", e.Slot, z))
	}
	set(v.Props, "SUMMARY", title(e.Summary))
	optional(v.Props, "DESCRIPTION", escape(clean(e.Description, maxText)))
	optional(v.Props, "LOCATION", escape(clean(oneLine(e.Location), 300)))
	optional(v.Props, "URL", uri(e.URL))
	optional(v.Props, "CONTACT", escape(clean(oneLine(e.Contact), 300)))
	if e.Conference != "" {
		conference := prop("CONFERENCE", uri(e.Conference))
		conference.Params.Set("VALUE", "URI")
		conference.Params.Set("FEATURE", "VIDEO")
		v.Props.Set(conference)
	}
	if len(e.Categories) > 0 {
		var words []string
		for _, word := range e.Categories {
			words = append(words, title(word))
		}
		set(v.Props, "CATEGORIES", strings.Join(words, ","))
	}
	set(v.Props, "STATUS", string(e.Status))
	set(v.Props, "CLASS", "PUBLIC")
	if e.Opaque && e.Status != Cancelled {
		set(v.Props, "TRANSP", "OPAQUE")
	} else {
		set(v.Props, "TRANSP", "TRANSPARENT")
	}
	if e.AlarmBefore > 0 {
		alarm := goical.NewComponent("VALARM")
		set(alarm.Props, "ACTION", "DISPLAY")
		set(alarm.Props, "DESCRIPTION", title(e.Summary))
		set(alarm.Props, "TRIGGER", fmt.Sprintf("-PT%dM", int(e.AlarmBefore.Minutes())))
		v.Children = append(v.Children, alarm)
	}
	return v
}

// local writes a time in its zone, or with Z in UTC.
func local(name string, t time.Time, z *zones) *goical.Prop {
	zone := t.Location().String()
	if zone == "UTC" {
		return prop(name, t.Format(eventStamp))
	}
	z.want(zone, t, t)
	p := prop(name, t.Format(localStamp))
	p.Params.Set("TZID", zone)
	return p
}

// title is a name that is never empty: some readers refuse a calendar for it.
func title(text string) string {
	if text = escape(clean(oneLine(text), maxSummary)); text == "" {
		return "Belfry"
	}
	return text
}

func prop(name, value string) *goical.Prop {
	p := goical.NewProp(name)
	p.Value = value
	return p
}

func set(props goical.Props, name, value string) { props.Set(prop(name, value)) }

func optional(props goical.Props, name, value string) {
	if value != "" {
		set(props, name, value)
	}
}
