package store

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of what people type, in characters.
const (
	MaxName      = 120
	MaxTitle     = 160
	MaxLine      = 300
	MaxText      = 4_000
	MaxLink      = 1_000
	MaxMinutes   = 200_000
	MaxGuests    = 20
	MaxEmail     = 254
	MaxPassword  = 200
	MinPassword  = 10
	MaxDocuments = 30
	MaxItems     = 60
)

// check collects every problem of an input, so that a person sees them all at once.
type check struct{ problems []Problem }

func (c *check) add(field, key string, args ...any) {
	c.problems = append(c.problems, Problem{Field: field, Key: key, Args: args})
}

// err is nil when nothing was added.
func (c *check) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Problems: c.problems}
}

// line cleans one line of text: NFC, no line breaks, single spaces, at most max characters.
func (c *check) line(field, value string, max int) string {
	value, ok := c.clean(field, value, max, false)
	if !ok {
		return value
	}
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\u2028' || r == '\u2029' }) // no-break spaces stay: French writes with them
	return strings.TrimSpace(strings.Join(words, " "))
}

// required is line, and refuses an empty one.
func (c *check) required(field, value string, max int) string {
	before := len(c.problems)
	value = c.line(field, value, max)
	if value == "" && len(c.problems) == before {
		c.add(field, "invalid.required")
	}
	return value
}

// text cleans several lines: NFC, LF line ends, at most max characters.
func (c *check) text(field, value string, max int) string {
	value, _ = c.clean(field, value, max, true)
	return strings.TrimSpace(value)
}

func (c *check) clean(field, value string, max int, lines bool) (string, bool) {
	if !utf8.ValidString(value) {
		c.add(field, "invalid.encoding")
		return strings.ToValidUTF8(value, "\uFFFD"), false
	}
	value = strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", "\n"), "\r", "\n")
	value = norm.NFC.String(value)
	for _, r := range value {
		if r == '\n' || r == '\t' {
			if !lines {
				c.add(field, "invalid.one_line")
				return value, false
			}
			continue
		}
		if unicode.IsControl(r) || r == '\uFEFF' || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) && !lines {
			c.add(field, "invalid.characters")
			return value, false
		}
	}
	if n := utf8.RuneCountInString(value); n > max {
		c.add(field, "invalid.too_long", "Max", max, "Have", n)
		return value, false
	}
	return value, true
}

// link accepts an absolute http or https address, or nothing.
func (c *check) link(field, value string) string {
	value = c.line(field, value, MaxLink)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		c.add(field, "invalid.link")
	}
	return value
}

// between checks a number's bounds.
func (c *check) between(field string, n, low, high int) int {
	if n < low || n > high {
		c.add(field, "invalid.range", "Low", low, "High", high)
	}
	return n
}

// oneOf checks a closed choice.
func oneOf[T comparable](c *check, field string, value T, choices ...T) T {
	for _, choice := range choices {
		if value == choice {
			return value
		}
	}
	c.add(field, "invalid.choice")
	return value
}

// Languages are the tags Belfry speaks.
func Languages() []string { return []string{"fr", "nl", "de", "en"} }
