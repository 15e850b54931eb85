package store

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold removes accents and case: "Élise" and "elise" are equal.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ß':
			b.WriteString("ss")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// sortName is the key by which names are listed; it never holds the part separator.
func sortName(name string) string { return strings.ReplaceAll(fold(name), partEnd, "") }

// slugOf makes the short readable part of an address: letters a–z, digits and single hyphens, at most 60 long.
func slugOf(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range fold(text) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		} else {
			gap = true
		}
		if b.Len() >= 60 {
			break
		}
	}
	return b.String()
}

// freeSlug finds an address under a unique index that nobody holds: the wish itself, else with -2, -3, …
// A name with no Latin letters gets the fallback word.
func (t *tx) freeSlug(ix family, text, fallback string) (string, error) {
	wish := slugOf(text)
	if wish == "" {
		wish = fallback
	}
	for n := 1; ; n++ {
		slug := wish
		if n > 1 {
			slug = wish + "-" + strconv.Itoa(n)
		}
		if _, taken, err := t.Get(ix.key(slug)); err != nil || !taken {
			return slug, err
		}
	}
}
