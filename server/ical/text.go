package ical

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	goical "github.com/emersion/go-ical"
)

// clean makes text fit to be escaped: valid UTF-8, LF line ends, no control characters, at most max characters.
func clean(text string, max int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == '\uFEFF' || r == '\u2028' || r == '\u2029') {
			return -1
		}
		return r
	}, text)
	if utf8.RuneCountInString(text) > max {
		text = string([]rune(text)[:max-1]) + "…"
	}
	return strings.TrimSpace(text)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// escape is TEXT of RFC 5545 section 3.3.11: four characters and nothing else.
func escape(text string) string {
	if !strings.ContainsAny(text, "\\;,\n") {
		return text
	}
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(text)
}

// uri lets only an absolute web address through, written with nothing that could end the line.
func uri(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// order puts properties in a fixed order: VERSION and PRODID first, then as the design lists them.
const order = " VERSION PRODID CALSCALE NAME X-WR-CALNAME DESCRIPTION X-WR-CALDESC REFRESH-INTERVAL X-PUBLISHED-TTL COLOR URL SOURCE " +
	"TZID UID DTSTAMP LAST-MODIFIED CREATED SEQUENCE RECURRENCE-ID DTSTART DTEND RRULE EXDATE TZOFFSETFROM TZOFFSETTO TZNAME " +
	"SUMMARY LOCATION STATUS CLASS TRANSP CATEGORIES CONTACT CONFERENCE ACTION TRIGGER "

func rank(name string) int {
	if at := strings.Index(order, " "+name+" "); at >= 0 {
		return at
	}
	return 1 << 20
}

// write serialises a component with CRLF line ends, folded at 75 octets. go-ical checks the cardinalities of each
// component; the bytes are ours because its encoder neither folds nor orders.
func write(cal *goical.Calendar) ([]byte, error) {
	var checked bytes.Buffer
	if len(cal.Children) > 0 {
		if err := goical.NewEncoder(&checked).Encode(cal); err != nil {
			return nil, fmt.Errorf("ical: %w", err)
		}
	}
	var out bytes.Buffer
	writeComponent(&out, cal.Component)
	return out.Bytes(), nil
}

func writeComponent(out *bytes.Buffer, c *goical.Component) {
	fold(out, "BEGIN:"+c.Name)
	var names []string
	for name := range c.Props {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		for _, p := range c.Props[name] {
			fold(out, name+params(p.Params)+":"+p.Value)
		}
	}
	for _, child := range c.Children {
		writeComponent(out, child)
	}
	fold(out, "END:"+c.Name)
}

// params writes parameters in order of their names. Values are constants and zone names of ours: no user's text.
func params(all goical.Params) string {
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	text := ""
	for _, name := range names {
		text += ";" + name + "=" + strings.Join(all[name], ",")
	}
	return text
}

// fold writes a line in pieces of at most 75 octets and never cuts a character (CALENDAR F33).
func fold(out *bytes.Buffer, line string) {
	room := 75
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		out.WriteString(line[:cut])
		out.WriteString("\r\n ")
		line, room = line[cut:], 74
	}
	out.WriteString(line)
	out.WriteString("\r\n")
}
