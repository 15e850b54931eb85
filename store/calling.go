package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Callee is somebody who can be named: a member with their town, or with no member a town.
type Callee struct {
	Member Member
	Town   Town
}

// Code is what names the callee after @.
func (c Callee) Code() string {
	if c.Member.ID != "" {
		return c.Member.Handle
	}
	return c.Town.Slug
}

// maxCallees bounds how many people are looked at for one word.
const maxCallees = 2_000

// Callees are the active members and the member towns a word may mean, at most limit: those whose name or handle begins
// with it first, then those of whom another word does. For members; an empty word means nobody.
func (s *Store) Callees(ctx context.Context, by Actor, text string, limit int) ([]Callee, error) {
	var found []Callee
	err := s.view(ctx, func(t *tx) error {
		found = nil
		if _, err := t.require(by, Take); err != nil {
			return err
		}
		wanted := strings.TrimSpace(fold(strings.TrimPrefix(strings.TrimSpace(text), "@")))
		if n := utf8.RuneCountInString(wanted); n == 0 || n > MaxName {
			return nil
		}
		people, err := t.peopleCalled(wanted, limit)
		if err != nil {
			return err
		}
		places, err := t.townsCalled(wanted)
		if err != nil {
			return err
		}
		found = best(wanted, append(people, places...), limit)
		var ids []string
		for _, one := range found {
			ids = append(ids, one.Member.TownID())
		}
		homes, err := towns().many(t, ids)
		for i := range found {
			if found[i].Member.ID != "" {
				found[i].Town = homes[found[i].Member.TownID()]
			}
		}
		return err
	})
	return found, err
}

// peopleCalled are those whose name begins so, and when these are few, those one of whose words does.
func (t *tx) peopleCalled(wanted string, limit int) ([]Callee, error) {
	var found []Callee
	keep := func(all []Member) {
		for _, m := range all {
			if m.State == MemberActive && !m.Hidden && rank(wanted, m.Handle, m.Name) < 2 && !slices.ContainsFunc(found, func(c Callee) bool { return c.Member.ID == m.ID }) {
				found = append(found, Callee{Member: m})
			}
		}
	}
	all, err := members().list(t, famMemberName, window{From: wanted, To: wanted + string(unicode.MaxRune), Limit: 5 * limit})
	if err != nil {
		return nil, err
	}
	if keep(all); len(found) >= limit {
		return found, nil
	}
	all, err = members().list(t, famMemberName, window{Limit: maxCallees})
	keep(all)
	return found, err
}

func (t *tx) townsCalled(wanted string) ([]Callee, error) {
	all, err := t.townsIn(TownMember)
	if err != nil {
		return nil, err
	}
	var found []Callee
	for _, town := range all {
		if rank(wanted, town.Slug, append(slices.Sorted(maps.Values(town.Names)), town.Name)...) == 2 {
			continue
		}
		switch m, err := members().lookup(t, famMemberHandle, town.Slug); {
		case err == nil && m.State == MemberActive: // the word would mean that person
		case err != nil && KindOf(err) != NotFound:
			return nil, err
		default:
			found = append(found, Callee{Town: town})
		}
	}
	return found, nil
}

// rank is 0 when a code or one of the names begins so, 1 when a later word of them does, 2 when none.
func rank(wanted, code string, names ...string) int {
	found := 2
	for _, name := range append(names, code) {
		folded := fold(name)
		if strings.HasPrefix(folded, wanted) {
			return 0
		}
		for _, word := range strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if strings.HasPrefix(word, wanted) {
				found = 1
			}
		}
	}
	return found
}

func best(wanted string, all []Callee, limit int) []Callee {
	place := func(c Callee) int {
		if c.Member.ID != "" {
			return 2 * rank(wanted, c.Member.Handle, c.Member.Name)
		}
		return 2*rank(wanted, c.Town.Slug, append(slices.Sorted(maps.Values(c.Town.Names)), c.Town.Name)...) + 1
	}
	slices.SortStableFunc(all, func(a, b Callee) int { return cmp.Compare(place(a), place(b)) })
	return all[:min(len(all), limit)]
}
