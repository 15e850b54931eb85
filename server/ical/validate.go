package ical

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxStream is the largest feed we hand out (CALENDAR F23).
const maxStream = 1 << 20

var (
	propertyLine = regexp.MustCompile(`^[A-Z][A-Z0-9-]*(;[A-Z-]+=[A-Za-z0-9/_+-]+)*:[^\r\n]*$`)
	zonedTime    = regexp.MustCompile(`^(DTSTART|DTEND|RECURRENCE-ID|EXDATE);TZID=([^:;]+):\d{8}T\d{6}$`)
	utcTime      = regexp.MustCompile(`^(DTSTART|DTEND|RECURRENCE-ID|EXDATE):\d{8}T\d{6}Z$`)
)

// Validate checks a stream as strictly as the strictest reader would: Apple takes a feed whole or not at all, so no byte
// leaves without this (CALENDAR F40a).
func Validate(stream []byte) error {
	switch {
	case len(stream) > maxStream:
		return fmt.Errorf("%d bytes are too many", len(stream))
	case !utf8.Valid(stream):
		return errors.New("not UTF-8")
	case !bytes.HasPrefix(stream, []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")):
		return errors.New("does not begin as a calendar")
	case !bytes.HasSuffix(stream, []byte("\r\nEND:VCALENDAR\r\n")):
		return errors.New("does not end as a calendar")
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(stream), "\r\n"), "\r\n") {
		if len(line) > 75 || line == "" || strings.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("line %d is empty, too long or broken", i+1)
		}
	}
	v := &validator{zones: map[string]bool{}, wanted: map[string]bool{}}
	for i, line := range strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(stream), "\r\n ", ""), "\r\n"), "\r\n") {
		if err := v.line(line); err != nil {
			return fmt.Errorf("property %d: %w: %.60q", i+1, err, line)
		}
	}
	for zone := range v.wanted {
		if !v.zones[zone] {
			return fmt.Errorf("zone %s is used and not described", zone)
		}
	}
	if len(v.open) > 0 {
		return errors.New("a component is not closed")
	}
	return nil
}

// validator follows a stream line by line.
type validator struct {
	open          []string
	have          map[string]int
	zones, wanted map[string]bool
	events        bool
}

func (v *validator) line(line string) error {
	if !propertyLine.MatchString(line) {
		return errors.New("is no property")
	}
	name, value, _ := strings.Cut(line, ":")
	switch {
	case name == "BEGIN":
		v.open = append(v.open, value)
		if value == "VEVENT" {
			v.have = map[string]int{}
		}
		v.events = v.events || value == "VEVENT"
		if value == "VTIMEZONE" && v.events {
			return errors.New("a zone stands after an event")
		}
		return nil
	case name == "END":
		if len(v.open) == 0 || v.open[len(v.open)-1] != value {
			return errors.New("closes what is not open")
		}
		v.open = v.open[:len(v.open)-1]
		if value == "VEVENT" {
			return v.event()
		}
		return nil
	case len(v.open) == 0:
		return errors.New("stands outside")
	}
	bare, _, _ := strings.Cut(name, ";")
	inside := v.open[len(v.open)-1]
	if inside == "VEVENT" {
		v.have[bare]++
	}
	switch {
	case inside == "VTIMEZONE" && bare == "TZID":
		v.zones[value] = true
	case inside == "VEVENT" && (bare == "DTSTART" || bare == "DTEND" || bare == "RECURRENCE-ID" || bare == "EXDATE"):
		if found := zonedTime.FindStringSubmatch(line); found != nil {
			v.wanted[found[2]] = true
		} else if !utcTime.MatchString(line) {
			return errors.New("is no time")
		}
	case bare == "ATTENDEE" || bare == "ORGANIZER" || bare == "METHOD":
		return errors.New("has no place in a feed")
	case value == "":
		return errors.New("is empty")
	}
	return nil
}

// event checks what every VEVENT must have, once.
func (v *validator) event() error {
	for _, name := range []string{"UID", "DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "STATUS", "TRANSP"} {
		if v.have[name] != 1 {
			return fmt.Errorf("an event has %d times %s", v.have[name], name)
		}
	}
	return nil
}
