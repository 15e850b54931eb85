package store

import (
	"fmt"
	"strings"
)

// Section is a part of minutes: what stands before the first heading of level 2, or such a heading with what follows.
type Section struct {
	Heading string // "" for what stands before the first
	Text    string // whole, heading line included
}

// Sections splits a text at its headings of level 2. Joined by line breaks they are the text again.
func Sections(source string) []Section {
	var all []Section
	fence, heading := "", ""
	var lines []string
	for i, line := range strings.Split(source, "\n") {
		fence = fenced(fence, line)
		if next, ok := strings.CutPrefix(line, "## "); ok && fence == "" {
			if i > 0 {
				all = append(all, Section{heading, strings.Join(lines, "\n")})
			}
			heading, lines = strings.TrimSpace(next), nil
		}
		lines = append(lines, line)
	}
	return append(all, Section{heading, strings.Join(lines, "\n")})
}

func joinSections(all []Section) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = one.Text
	}
	return strings.Join(texts, "\n")
}

// SectionClash is a section that two people changed differently. One side is "" when that one took it out.
type SectionClash struct{ Heading, Theirs, Mine string }

// keyed are sections by heading; a heading that comes twice is told apart by its turn.
func keyed(source string) (order []string, texts map[string]Section) {
	texts = map[string]Section{}
	for _, one := range Sections(source) {
		key := one.Heading
		for n := 2; ; n++ {
			if _, taken := texts[key]; !taken {
				break
			}
			key = fmt.Sprintf("%s\n%d", one.Heading, n)
		}
		order, texts[key] = append(order, key), one
	}
	return order, texts
}

// merge brings two texts together that were both made from base: a section that only one side changed is taken from
// that side. What both changed differently clashes, and then merged is "".
func merge(base, theirs, mine string) (merged string, clashes []SectionClash) {
	switch {
	case base == theirs || theirs == mine:
		return mine, nil
	case base == mine:
		return theirs, nil
	}
	_, was := keyed(base)
	order, their := keyed(theirs)
	wishes, own := keyed(mine)
	for i, key := range wishes { // what is new in mine goes behind what it follows there
		if _, there := their[key]; there {
			continue
		}
		at := 0
		if i > 0 {
			for k, other := range order {
				if other == wishes[i-1] {
					at = k + 1
				}
			}
		}
		order = append(order[:at], append([]string{key}, order[at:]...)...)
	}
	var kept []Section
	for _, key := range order {
		b, hadB := was[key]
		t, hadT := their[key]
		m, hadM := own[key]
		same := func(x, y string, hadX, hadY bool) bool {
			return hadX == hadY && strings.TrimSpace(x) == strings.TrimSpace(y)
		}
		switch {
		case same(t.Text, m.Text, hadT, hadM), same(b.Text, m.Text, hadB, hadM):
			if hadT {
				kept = append(kept, t)
			}
		case same(b.Text, t.Text, hadB, hadT):
			if hadM {
				kept = append(kept, m)
			}
		default:
			heading := t.Heading
			if !hadT {
				heading = m.Heading
			}
			clashes = append(clashes, SectionClash{Heading: heading, Theirs: t.Text, Mine: m.Text})
		}
	}
	if len(clashes) > 0 {
		return "", clashes
	}
	return joinSections(kept), nil
}
