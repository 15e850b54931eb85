package ical

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What each component may hold.
const (
	inCalendar   = "VERSION! PRODID! CALSCALE! NAME! X-WR-CALNAME! DESCRIPTION X-WR-CALDESC REFRESH-INTERVAL! X-PUBLISHED-TTL! COLOR URL SOURCE"
	inZone       = "TZID!"
	inObservance = "DTSTART! TZOFFSETFROM! TZOFFSETTO! TZNAME! RRULE"
	inAlarm      = "ACTION! DESCRIPTION! TRIGGER!"
	inEvent      = "UID! DTSTAMP! LAST-MODIFIED! CREATED! SEQUENCE! DTSTART! DTEND! SUMMARY! STATUS! CLASS! TRANSP! " +
		"RECURRENCE-ID RRULE EXDATE* DESCRIPTION LOCATION URL CONTACT CONFERENCE CATEGORIES"
)

// calendar checks the whole: its own properties, each zone, each event, and how they hang together.
func (n *node) calendar() error {
	if err := n.only(inCalendar); err != nil {
		return err
	}
	if n.one("NAME").value != n.one("X-WR-CALNAME").value || n.one("REFRESH-INTERVAL").value != n.one("X-PUBLISHED-TTL").value {
		return errors.New("says two names or two intervals")
	}
	if len(n.children) == 0 {
		return errors.New("has no component")
	}
	wanted, described := map[string]bool{}, map[string]bool{}
	var events []*node
	for _, child := range n.children {
		if child.name == "VEVENT" {
			events = append(events, child)
			if err := child.event(wanted); err != nil {
				return fmt.Errorf("event %s: %w", child.one("UID").value, err)
			}
			continue
		}
		zone := child.one("TZID").value
		if described[zone] || len(events) > 0 {
			return fmt.Errorf("zone %s is described twice or after an event", zone)
		}
		described[zone] = true
		if err := child.zone(); err != nil {
			return fmt.Errorf("zone %s: %w", zone, err)
		}
	}
	for zone := range wanted {
		if !described[zone] {
			return fmt.Errorf("zone %s is used and not described", zone)
		}
	}
	if len(events) > 0 && len(described) > len(wanted) {
		return errors.New("a zone is described and not used")
	}
	return families(events)
}

// zone checks the shape Exchange reads (CALENDAR F13).
func (n *node) zone() error {
	if err := n.only(inZone); err != nil {
		return err
	}
	kinds := map[string]int{}
	for _, o := range n.children {
		kinds[o.name]++
		if err := o.only(inObservance); err != nil {
			return err
		}
		if _, err := time.Parse(localStamp, o.one("DTSTART").value); err != nil {
			return fmt.Errorf("an onset is no local time: %w", err)
		}
		from, to := o.one("TZOFFSETFROM").value, o.one("TZOFFSETTO").value
		if (from == to) != (len(o.all("RRULE")) == 0) {
			return errors.New("an observance that changes nothing has a rule, or one that does has none")
		}
	}
	if kinds["STANDARD"] != 1 || kinds["DAYLIGHT"] > 1 || len(n.children) > kinds["STANDARD"]+kinds["DAYLIGHT"] {
		return fmt.Errorf("has observances %v", kinds)
	}
	return nil
}

// event checks one VEVENT and notes the zones it wants.
func (n *node) event(wanted map[string]bool) error {
	if err := n.only(inEvent); err != nil {
		return err
	}
	for _, l := range n.lines {
		layout := ""
		switch l.name {
		case "DTSTAMP", "LAST-MODIFIED", "CREATED":
			layout = eventStamp
		case "DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE":
			if layout = eventStamp; l.params != "" {
				layout = localStamp
				wanted[l.tzid()] = true
			}
		}
		if layout != "" {
			if _, err := time.Parse(layout, l.value); err != nil || (l.params != "") != strings.HasPrefix(l.params, "TZID=") {
				return fmt.Errorf("%s;%s:%s is no time", l.name, l.params, l.value)
			}
		}
	}
	start, end := n.one("DTSTART"), n.one("DTEND")
	switch {
	case n.one("DTSTAMP").value != n.one("LAST-MODIFIED").value:
		return errors.New("DTSTAMP is not LAST-MODIFIED")
	case start.params != end.params || end.value <= start.value:
		return errors.New("ends before it starts, or in another zone")
	case len(n.all("RRULE")) > 0 && len(n.all("RECURRENCE-ID")) > 0:
		return errors.New("an override has a rule")
	}
	seen := map[string]bool{}
	for _, gone := range n.all("EXDATE") {
		if len(n.all("RRULE")) == 0 || gone.params != start.params || seen[gone.value] || gone.value < start.value {
			return fmt.Errorf("EXDATE:%s takes nothing away", gone.value)
		}
		seen[gone.value] = true
	}
	for _, alarm := range n.children {
		if err := alarm.only(inAlarm); err != nil {
			return err
		}
	}
	return nil
}

// families checks the components of each UID: one master, then its overrides, each of another slot in the master's zone
// that is not also taken away, all with the same SEQUENCE (CALENDAR F7, F19, F20).
func families(events []*node) error {
	masters, slots := map[string]*node{}, map[string]bool{}
	for _, e := range events {
		uid, slot := e.one("UID").value, e.one("RECURRENCE-ID")
		master := masters[uid]
		if slot == (line{}) {
			if master != nil {
				return fmt.Errorf("event %s stands twice", uid)
			}
			masters[uid] = e
			continue
		}
		key := uid + " " + slot.value
		gone := slot
		gone.name = "EXDATE"
		switch {
		case master == nil || len(master.all("RRULE")) == 0:
			return fmt.Errorf("override %s has no series before it", key)
		case slots[key], slices.Contains(master.lines, gone):
			return fmt.Errorf("override %s stands twice or is taken away", key)
		case master.one("DTSTART").params != slot.params:
			return fmt.Errorf("override %s counts in another zone than its series", key)
		case master.one("SEQUENCE") != e.one("SEQUENCE"):
			return fmt.Errorf("override %s has another SEQUENCE", key)
		}
		slots[key] = true
	}
	return nil
}
