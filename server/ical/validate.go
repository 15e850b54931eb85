package ical

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxStream is the largest feed we hand out (CALENDAR F23).
const maxStream = 1 << 20

var propertyLine = regexp.MustCompile(`^[A-Z][A-Z0-9-]*(;[A-Z-]+=[A-Za-z0-9/_+-]+)*:`)

// Validate checks a stream as strictly as the strictest reader would: Apple takes a feed whole or not at all, so no byte
// leaves without this (CALENDAR F40a). It shares no code with the writer.
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
	text := strings.TrimSuffix(string(stream), "\r\n")
	for i, line := range strings.Split(text, "\r\n") {
		if len(line) > 75 || strings.TrimSpace(line) == "" || !utf8.ValidString(line) || strings.ContainsFunc(line, control) {
			return fmt.Errorf("line %d is empty, too long or broken", i+1)
		}
	}
	root, err := parse(strings.Split(strings.ReplaceAll(text, "\r\n ", ""), "\r\n"))
	if err != nil {
		return err
	}
	return root.calendar()
}

func control(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\uFEFF' }

// node is a component as it stands in the stream.
type node struct {
	name     string
	lines    []line
	children []*node
}

// line is one property: tzid and the other parameters as they are written.
type line struct{ name, params, value string }

func (l line) tzid() string {
	zone, _ := strings.CutPrefix(l.params, "TZID=")
	return zone
}

// inside says which components may stand in which.
var inside = map[string]string{"VTIMEZONE": "VCALENDAR", "VEVENT": "VCALENDAR", "STANDARD": "VTIMEZONE", "DAYLIGHT": "VTIMEZONE", "VALARM": "VEVENT"}

// parse makes the tree of components. Nesting is bounded by what may stand in what.
func parse(lines []string) (*node, error) {
	root := &node{}
	open := []*node{root}
	for i, text := range lines {
		if !propertyLine.MatchString(text) {
			return nil, fmt.Errorf("property %d is none: %.60q", i+1, text)
		}
		head, value, _ := strings.Cut(text, ":")
		name, params, _ := strings.Cut(head, ";")
		top := open[len(open)-1]
		switch {
		case name == "BEGIN" && inside[value] == top.name && (value != "VCALENDAR" || len(root.children) == 0):
			child := &node{name: value}
			top.children = append(top.children, child)
			open = append(open, child)
		case name == "BEGIN":
			return nil, fmt.Errorf("%s may not stand in %q", value, top.name)
		case name == "END" && value == top.name && top != root:
			open = open[:len(open)-1]
		case name == "END" || top == root:
			return nil, fmt.Errorf("%s:%s stands where nothing is open for it", name, value)
		case value == "":
			return nil, fmt.Errorf("%s is empty", name)
		default:
			top.lines = append(top.lines, line{name, params, value})
		}
	}
	if len(open) > 1 || len(root.children) != 1 || root.children[0].name != "VCALENDAR" {
		return nil, errors.New("is not one whole calendar")
	}
	return root.children[0], nil
}

// all are the properties of one name.
func (n *node) all(name string) []line {
	var found []line
	for _, l := range n.lines {
		if l.name == name {
			found = append(found, l)
		}
	}
	return found
}

// one is the only property of a name, or nothing.
func (n *node) one(name string) line {
	if found := n.all(name); len(found) == 1 {
		return found[0]
	}
	return line{}
}

// only checks that every property is known here and how often it stands: names with ! once, with * any number of
// times, others at most once.
func (n *node) only(grammar string) error {
	allowed := map[string]bool{}
	for _, word := range strings.Fields(grammar) {
		name := strings.TrimRight(word, "!*")
		allowed[name] = true
		switch count := len(n.all(name)); {
		case strings.HasSuffix(word, "!") && count != 1, !strings.HasSuffix(word, "*") && count > 1:
			return fmt.Errorf("%s has %d times %s", n.name, count, name)
		}
	}
	for _, l := range n.lines {
		if !allowed[l.name] {
			return fmt.Errorf("%s has no place in %s", l.name, n.name)
		}
		if err := l.check(); err != nil {
			return fmt.Errorf("%s: %w: %.60q", l.name, err, l.value)
		}
	}
	return nil
}

// Kinds of values.
var (
	texts     = strings.Fields("NAME X-WR-CALNAME DESCRIPTION X-WR-CALDESC SUMMARY LOCATION CONTACT UID")
	addresses = strings.Fields("URL SOURCE CONFERENCE")
	webOnly   = regexp.MustCompile(`^https?://[!-~]+$`)
	values    = map[string]*regexp.Regexp{
		"REFRESH-INTERVAL": regexp.MustCompile(`^PT\d+H$`), "X-PUBLISHED-TTL": regexp.MustCompile(`^PT\d+H$`),
		"COLOR": regexp.MustCompile(`^[a-z]+$`), "SEQUENCE": regexp.MustCompile(`^\d{1,9}$`),
		"STATUS": regexp.MustCompile(`^(CONFIRMED|TENTATIVE|CANCELLED)$`), "CLASS": regexp.MustCompile(`^PUBLIC$`),
		"TRANSP": regexp.MustCompile(`^(OPAQUE|TRANSPARENT)$`), "ACTION": regexp.MustCompile(`^DISPLAY$`),
		"TRIGGER": regexp.MustCompile(`^-PT\d+M$`), "TZOFFSETFROM": regexp.MustCompile(`^[+-]\d{4}$`),
		"TZOFFSETTO": regexp.MustCompile(`^[+-]\d{4}$`), "TZNAME": regexp.MustCompile(`^[A-Za-z0-9+-]+$`),
		"TZID": regexp.MustCompile(`^[A-Za-z0-9/_+-]+$`), "RRULE": portableRule,
	}
	// portableRule is the profile of CALENDAR F17.
	portableRule = regexp.MustCompile(`^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;INTERVAL=[1-9]\d?)?(;BYMONTH=\d{1,2})?(;BYDAY=(-?[1-5])?[A-Z]{2}(,[A-Z]{2})*)?` +
		`(;BYMONTHDAY=(-1|[1-9]|[12]\d|3[01]))?(;BYSETPOS=-?[1-5])?(;UNTIL=\d{8}T\d{6}Z|;COUNT=([2-9]|[1-9]\d{1,2}))?(;WKST=[A-Z]{2})?$`)
)

func (l line) check() error {
	switch {
	case strings.HasPrefix(l.name, "X-") && l.params != "":
		return errors.New("carries parameters")
	case slices.Contains(texts, l.name):
		return escaped(l.value, "")
	case l.name == "CATEGORIES":
		return escaped(l.value, ",")
	case slices.Contains(addresses, l.name) && !webOnly.MatchString(l.value):
		return errors.New("is no web address")
	case values[l.name] != nil && !values[l.name].MatchString(l.value):
		return errors.New("has no such value")
	}
	return nil
}

// escaped checks that a text is escaped as RFC 5545 section 3.3.11 says and no more; bare are allowed as they are.
func escaped(text, bare string) error {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && strings.IndexByte(`\;,n`, text[i+1]) >= 0:
			i++
		case text[i] == '\\', (text[i] == ';' || text[i] == ',') && strings.IndexByte(bare, text[i]) < 0:
			return errors.New("is not escaped")
		}
	}
	return nil
}
