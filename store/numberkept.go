package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// keep finds the blocks that lost their numbers, since whoever wrote them had opened the text before it was published:
// a block without a number that says what a block of the published text says whose number is nowhere in the new one.
// They must stand under the same agenda item, or both under none. Marks get their numbers back, in order and each at
// most once; kept says which, by mark.
func (p *publication) keep(marks []Mark) (kept map[int]string) {
	kept = map[int]string{}
	used := map[string]bool{}
	for _, mark := range marks {
		used[mark.Number] = true
	}
	agenda, under := slices.Collect(maps.Values(p.agenda)), map[string]string{}
	said := func(m Mark) string {
		item, known := under[m.Section]
		if !known {
			item = underItem(m.Section, agenda)
			under[m.Section] = item
		}
		return string(m.Kind) + "\n" + item + "\n" + strings.Trim(fold(m.Title), " .")
	}
	free := map[string][]Mark{}
	for _, old := range p.published {
		if old.Number != "" && !used[old.Number] && p.known(old) {
			used[old.Number] = true
			free[said(old)] = append(free[said(old)], old)
		}
	}
	if len(free) == 0 {
		return kept
	}
	for _, alike := range []func(was, is Mark) bool{sameSection, sameCarrier, sameButDue, partlySaid} {
		for i := range marks {
			mark := &marks[i]
			if mark.Kind == MarkResult || mark.Number != "" {
				continue
			}
			words := said(*mark)
			at := slices.IndexFunc(free[words], func(was Mark) bool { return alike(was, *mark) })
			if at < 0 {
				continue
			}
			mark.Number = free[words][at].Number
			kept[i], free[words] = mark.Number, slices.Delete(free[words], at, at+1)
		}
	}
	return kept
}

// How much two blocks with the same words agree, the most first. Decisions are carried by nobody: their words are enough.

func sameSection(was, is Mark) bool { return was.Section == is.Section && sameCarrier(was, is) }

func sameCarrier(was, is Mark) bool {
	return was.Kind == MarkDecision || was.Due == is.Due && sameButDue(was, is)
}

func sameButDue(was, is Mark) bool {
	return placeKey(was.Place) == placeKey(is.Place) && strings.EqualFold(was.Handle, is.Handle)
}

// partlySaid says that one of two blocks names all that the other does, and maybe more.
func partlySaid(was, is Mark) bool {
	within := func(a, b Mark) bool {
		return (a.Place == "" || placeKey(a.Place) == placeKey(b.Place)) && (a.Handle == "" || strings.EqualFold(a.Handle, b.Handle))
	}
	return (was.Due == "" || is.Due == "" || was.Due == is.Due) && (within(was, is) || within(is, was))
}

// gone are the numbers that publishing these marks would close: decisions to be withdrawn, then open actions to be
// dropped.
func (p *publication) gone(marks []Mark) []string {
	there := map[string]bool{}
	for _, mark := range marks {
		there[mark.Number] = true
	}
	var all []string
	for _, number := range slices.Sorted(maps.Keys(p.decisions)) {
		if !there[number] && p.decisions[number].Withdrawn.IsZero() {
			all = append(all, number)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(p.actions)) {
		if a := p.actions[number]; !there[number] && !a.Vanished && a.State == ActionOpen {
			all = append(all, number)
		}
	}
	return all
}

// keeper writes the numbers that a published text has into others, as keep finds them; it leaves texts alone when
// nothing was published, or when they would become too long.
func (t *tx) keeper(have Minutes) (func(source string) string, error) {
	if have.Published == 0 {
		return func(source string) string { return source }, nil
	}
	m, err := meetings().get(t, have.Meeting)
	if err != nil {
		return nil, err
	}
	p := publication{tx: t, meeting: m, lang: have.Lang}
	if err := p.load(have); err != nil {
		return nil, err
	}
	return func(source string) string {
		_, marks := Notation(source, m.Date)
		if with := numbered(source, marks, p.keep(marks)); utf8.RuneCountInString(with) <= MaxMinutes {
			return with
		}
		return source
	}, nil
}

// MarkedText is what publishing would make of a text.
type MarkedText struct {
	Text  string // to render, with a paragraph for each block
	Marks []Mark
	Gone  []string // numbers of decisions that would be withdrawn and of actions that would be dropped
}

// WithSection is a text with another section in the place of its n-th, counted from 0; NotFound when it has none.
func WithSection(source string, n int, section string) (string, error) {
	all := Sections(source)
	if n < 0 || n >= len(all) {
		return "", notFound()
	}
	all[n].Text = strings.TrimRight(strings.ReplaceAll(section, "\r\n", "\n"), "\n ") + "\n"
	return joinSections(all), nil
}

func (t *tx) revision(meetingID string, n int) (MinutesRevision, error) {
	return revisions().get(t, meetingID, fmt.Sprintf("%06d", n))
}
