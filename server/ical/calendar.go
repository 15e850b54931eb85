package ical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
// left out of feeds with a secret address. Recent divides what must stay from what may go when the stream grows too
// large: see Encode.
type Calendar struct {
	Name, Description, Color string
	URL, Source              string
	Zone                     string
	Recent                   time.Time
	Series                   []Series
	Events                   []Event
}

// Series is a rule with the occurrences that differ from it. When its zone cannot be written, only the overrides are:
// give every occurrence that has a page of its own.
type Series struct {
	Event                 // what an occurrence says when nothing is special; Start and End of the first one
	Rule      string      // RRULE text of the portable profile, "" is not allowed
	Excluded  []time.Time // slots of the rule without an occurrence
	Overrides []Event     // with Slot set
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
	prodID     = "-//Belfry//Belfry 1//EN"
	refresh    = "PT4H"
	maxSummary = 120
	maxText    = 2000
	eventStamp = "20060102T150405Z"
	localStamp = "20060102T150405"
)

// ContentType of every stream.
const ContentType = "text/calendar; charset=utf-8"

// ETag is a strong entity tag of a stream.
func ETag(stream []byte) string {
	sum := sha256.Sum256(stream)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// Encode writes the calendar, or nothing: a stream that our own validator refuses is an error. Series whose zone cannot
// be written portably become single events in UTC (CALENDAR F15). A stream over 1 MB loses what ended before c.Recent,
// then all of each description but its first line, where the address of the page stands (CALENDAR F23).
func Encode(c Calendar) ([]byte, error) {
	stream, err := build(c)
	for _, smaller := range []func(Calendar) Calendar{withoutOld, withoutWords} {
		if err != nil || len(stream) <= maxStream {
			break
		}
		c = smaller(c)
		stream, err = build(c)
	}
	if err != nil {
		return nil, err
	}
	if err := Validate(stream); err != nil {
		return nil, fmt.Errorf("ical: refusing our own calendar: %w", err)
	}
	return stream, nil
}

func build(c Calendar) ([]byte, error) {
	cal := goical.NewCalendar()
	header(cal.Props, c)
	z := zonesOf(c)
	events := eventComponents(c, z)
	cal.Children = append(z.components(len(events) == 0, c.Zone), events...)
	return write(cal)
}

// header is what the calendar says of itself (CALENDAR 1.2).
func header(props goical.Props, c Calendar) {
	set(props, "VERSION", "2.0")
	set(props, "PRODID", prodID)
	set(props, "CALSCALE", "GREGORIAN")
	for _, name := range []string{"NAME", "X-WR-CALNAME"} {
		set(props, name, title(c.Name))
	}
	for _, name := range []string{"DESCRIPTION", "X-WR-CALDESC"} {
		optional(props, name, escape(clean(c.Description, maxText)))
	}
	interval := prop("REFRESH-INTERVAL", refresh)
	interval.Params.Set("VALUE", "DURATION")
	props.Set(interval)
	set(props, "X-PUBLISHED-TTL", refresh)
	optional(props, "COLOR", c.Color)
	optional(props, "URL", uri(c.URL))
	if address := uri(c.Source); address != "" {
		source := prop("SOURCE", address)
		source.Params.Set("VALUE", "URI")
		props.Set(source)
	}
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
