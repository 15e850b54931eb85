package sister

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"
)

// Limits of a calendar. What is larger is refused before it is understood.
const (
	maxLine      = 8 << 10 // bytes, unfolded
	maxParts     = 4       // components within each other
	maxEvents    = 2_000
	maxInstances = 1_000
	maxYears     = 5
	ahead        = 366 * 24 * time.Hour
	maxThought   = 2 * time.Second // for the rules of one calendar
)

// line is a property of a component.
type line struct{ name, params, value string }

// event is what was read of one VEVENT.
type event struct {
	uid, title, place, href, status string
	start, end, instance            line
	rule                            string
	without, also                   []line
}

// Calendar reads an iCalendar stream: the meetings that are not over at now, for a year ahead, the next first. A series
// gives its meetings one by one, within bounds; one that asks for more than bounded is left out. What is no calendar, or
// breaks a limit, is ErrForm; one whose rules take longer than two seconds to work out is ErrSlow.
func Calendar(ctx context.Context, stream []byte, now time.Time) ([]Item, error) {
	ctx, cancel := context.WithTimeout(ctx, maxThought)
	defer cancel()
	if len(stream) > MaxBody {
		return nil, ErrForm
	}
	lines, err := unfold(stream)
	if err != nil {
		return nil, err
	}
	events, zone, err := gather(lines)
	if err != nil {
		return nil, err
	}
	var items []Item
	moved := map[string]bool{} // instances that an override speaks of
	for _, e := range events {
		if e.instance.value != "" {
			if at, _, ok := when(e.instance, zone); ok {
				moved[e.uid+" "+at.UTC().Format(time.RFC3339)] = true
			}
		}
	}
	for _, e := range events {
		if ctx.Err() != nil {
			return nil, ErrSlow
		}
		items = append(items, e.items(ctx, zone, moved, now)...)
		if len(items) > 10*maxInstances {
			break
		}
	}
	if ctx.Err() != nil {
		return nil, ErrSlow
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		if order := a.Start.Compare(b.Start); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return items[:min(len(items), MaxItems)], nil
}

// unfold joins folded lines and cuts the stream at its line ends (RFC 5545 section 3.1).
func unfold(stream []byte) ([]string, error) {
	stream = bytes.TrimPrefix(stream, []byte("\ufeff"))
	var lines []string
	var current []byte
	flush := func() {
		if len(current) > 0 {
			lines = append(lines, strings.ToValidUTF8(string(current), "\uFFFD"))
		}
		current = nil
	}
	for raw := range bytes.SplitSeq(stream, []byte("\n")) {
		raw = bytes.TrimSuffix(raw, []byte("\r"))
		if len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\t') && current != nil {
			current = append(current, raw[1:]...)
		} else {
			flush()
			current = append([]byte{}, raw...)
		}
		if len(current) > maxLine {
			return nil, ErrForm
		}
	}
	flush()
	return lines, nil
}

// gather reads the events of a stream, and the zone that times without one are in.
func gather(lines []string) (events []event, zone *time.Location, err error) {
	zone = time.UTC
	var open []string
	var e *event
	calendar := false
	for _, text := range lines {
		l := cut(text)
		switch l.name {
		case "BEGIN":
			if open = append(open, strings.ToUpper(l.value)); len(open) > maxParts {
				return nil, zone, ErrForm
			}
			calendar = calendar || open[0] == "VCALENDAR"
			if len(open) == 2 && open[1] == "VEVENT" {
				e = &event{}
			}
		case "END":
			if len(open) == 0 || open[len(open)-1] != strings.ToUpper(l.value) {
				return nil, zone, ErrForm
			}
			if len(open) == 2 && e != nil {
				if len(events) == maxEvents {
					return nil, zone, ErrForm
				}
				events = append(events, *e)
				e = nil
			}
			open = open[:len(open)-1]
		case "X-WR-TIMEZONE":
			if named, ok := zoneOf(l.value); ok && len(open) == 1 {
				zone = named
			}
		default:
			if len(open) == 2 && e != nil {
				e.take(l)
			}
		}
	}
	if !calendar || len(open) > 0 {
		return nil, zone, ErrForm
	}
	return events, zone, nil
}

// cut takes a line apart; a colon or semicolon within quotes belongs to a parameter.
func cut(text string) line {
	quoted, end := false, -1
	for i := range len(text) {
		switch text[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted && end < 0 {
				end = i
			}
		}
		if end >= 0 {
			break
		}
	}
	if end < 0 {
		return line{}
	}
	name, params, _ := strings.Cut(text[:end], ";")
	return line{strings.ToUpper(strings.TrimSpace(name)), params, text[end+1:]}
}

// param is a parameter's value, without quotes.
func (l line) param(name string) string {
	for _, one := range strings.Split(l.params, ";") {
		if key, value, ok := strings.Cut(one, "="); ok && strings.EqualFold(key, name) {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

func (e *event) take(l line) {
	switch l.name {
	case "UID":
		e.uid = plain(l.value, maxID)
	case "SUMMARY":
		e.title = plain(unescape(l.value), maxTitle)
	case "LOCATION":
		e.place = plain(unescape(l.value), maxPlace)
	case "URL":
		e.href = webAddress(l.value)
	case "STATUS":
		e.status = strings.ToUpper(strings.TrimSpace(l.value))
	case "DTSTART":
		e.start = l
	case "DTEND":
		e.end = l
	case "RECURRENCE-ID":
		e.instance = l
	case "RRULE":
		e.rule = strings.ToUpper(strings.TrimSpace(l.value))
	case "EXDATE":
		e.without = append(e.without, l)
	case "RDATE":
		e.also = append(e.also, l)
	}
}

func unescape(text string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(text)
}

// zoneOf finds a zone by its IANA name, or by the name that Windows gives the zones our towns live in.
func zoneOf(name string) (*time.Location, bool) {
	name = strings.TrimSpace(name)
	if known := map[string]string{"Romance Standard Time": "Europe/Paris", "W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest",
		"Central European Standard Time": "Europe/Warsaw", "GMT Standard Time": "Europe/London", "UTC": "UTC"}[name]; known != "" {
		name = known
	}
	if name == "" || name == "Local" || len(name) > 60 || strings.ContainsAny(name, `\ `) || strings.Contains(name, "..") {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// when reads a date or a time. Several values are for the caller to cut.
func when(l line, zone *time.Location) (at time.Time, allDay, ok bool) {
	value, _, _ := strings.Cut(strings.TrimSpace(l.value), "/")
	if named, ok := zoneOf(l.param("TZID")); ok {
		zone = named
	}
	var err error
	switch {
	case len(value) == len("20060102"):
		at, err = time.ParseInLocation("20060102", value, zone)
		allDay = true
	case strings.HasSuffix(value, "Z"):
		at, err = time.Parse("20060102T150405Z", value)
		at = at.In(zone)
	default:
		at, err = time.ParseInLocation("20060102T150405", value, zone)
	}
	return at, allDay, err == nil && at.Year() > 1900 && at.Year() < 2200
}

// items are the meetings of an event that are not over.
func (e event) items(ctx context.Context, zone *time.Location, moved map[string]bool, now time.Time) []Item {
	start, allDay, ok := when(e.start, zone)
	if !ok || e.title == "" || e.status == "CANCELLED" {
		return nil
	}
	length := time.Duration(0)
	if end, _, ok := when(e.end, zone); ok && end.After(start) && end.Sub(start) < ahead {
		length = end.Sub(start)
	} else if allDay {
		length = 24 * time.Hour
	}
	starts := []time.Time{start}
	if e.rule != "" && e.instance.value == "" {
		starts = e.series(ctx, start, now.Add(-length))
	}
	for _, l := range e.also {
		starts = append(starts, times(l, zone)...)
	}
	gone := map[string]bool{}
	for _, l := range e.without {
		for _, at := range times(l, zone) {
			gone[at.UTC().Format(time.RFC3339)] = true
		}
	}
	var items []Item
	for _, at := range starts {
		stamp := at.UTC().Format(time.RFC3339)
		over := at.Add(length).Before(now) || length == 0 && at.Before(now)
		if over || at.After(now.Add(ahead)) || gone[stamp] || e.instance.value == "" && moved[e.uid+" "+stamp] {
			continue
		}
		item := Item{ID: e.uid + " " + stamp, Title: e.title, Href: e.href, Place: e.place, Start: at, AllDay: allDay}
		if length > 0 {
			item.End = at.Add(length)
		}
		items = append(items, item)
	}
	return items
}

// times are the values of a list of dates.
func times(l line, zone *time.Location) []time.Time {
	var all []time.Time
	for _, value := range strings.Split(l.value, ",") {
		if at, _, ok := when(line{l.name, l.params, value}, zone); ok && len(all) < maxInstances {
			all = append(all, at)
		}
	}
	return all
}
