package store

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// TownChange is one line of a town's public history: what was changed in its profile, by whom and when. Without
// fields, somebody said that the profile is still right.
type TownChange struct {
	ID     string        `json:"id"`
	Town   string        `json:"town"`
	At     time.Time     `json:"at"`
	By     string        `json:"by,omitzero"` // "" for the command line
	Fields []FieldChange `json:"fields,omitzero"`
}

// FieldChange is what one field of a profile lost and gained. Lists of skills and languages name only what left and
// what came; other fields have at most one value on each side, "" being none.
type FieldChange struct {
	Field string   `json:"field"` // name, about, website, staff, teaches, needs, speaks, hosting, offers, places, paused_until, way
	Lost  []string `json:"lost,omitzero"`
	Got   []string `json:"got,omitzero"`
}

// Skilled says whether the values are ids of skills.
func (f FieldChange) Skilled() bool { return f.Field == "teaches" || f.Field == "needs" }

func townChanges() *table[TownChange] {
	return &table[TownChange]{
		family: famTownChange,
		key:    func(c *TownChange) []string { return []string{c.ID} },
		indexes: []index[TownChange]{
			{family: famTownChangeTown, parts: func(c *TownChange) [][]string { return [][]string{{c.Town}} }},
		},
	}
}

// noteTown appends to a town's history. The same profile saved again, on the same day, is not worth a line.
func (t *tx) noteTown(by Actor, before, town Town) error {
	fields := changesOf(before, town)
	if len(fields) == 0 && t.now.Sub(before.Profile.Confirmed) < 24*time.Hour {
		return nil
	}
	id, err := t.newID()
	if err != nil {
		return err
	}
	return townChanges().put(t, TownChange{ID: id, Town: town.ID, At: t.now, By: by.MemberID, Fields: fields})
}

func changesOf(a, b Town) []FieldChange {
	var all []FieldChange
	list := func(field string, before, after []string) {
		change := FieldChange{Field: field, Lost: without(before, after), Got: without(after, before)}
		if len(change.Lost)+len(change.Got) > 0 {
			all = append(all, change)
		}
	}
	one := func(field, before, after string) {
		some := func(value string) []string {
			if value == "" {
				return nil
			}
			return []string{value}
		}
		list(field, some(before), some(after))
	}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	yes := func(on bool) string {
		if on {
			return "yes"
		}
		return ""
	}
	p, q := a.Profile, b.Profile
	one("name", a.Name, b.Name)
	one("about", a.About, b.About)
	one("website", a.Website, b.Website)
	one("staff", string(a.Staff), string(b.Staff))
	one("hosting", string(p.Hosting), string(q.Hosting))
	list("teaches", p.Teaches, q.Teaches)
	list("needs", p.Needs, q.Needs)
	list("speaks", p.Speaks, q.Speaks)
	one("offers", yes(p.Offers), yes(q.Offers))
	one("places", number(p.Places), number(q.Places))
	one("paused_until", p.PausedUntil, q.PausedUntil)
	one("way", p.Way, q.Way)
	return all
}

// without are the values of a list that another lacks.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(value string) bool { return slices.Contains(other, value) })
}

// TownHistory is what changed in a town's profile, newest first, with what its lines speak of.
type TownHistory struct {
	Town    Town
	Changes []TownChange
	Next    string // where the page after this one begins, "" for the last
	Names   map[string]Member
	Skills  map[string]Skill
}

// TownHistory reads a page of a town's public history, from a cursor on. A cursor that nobody gave is NotFound.
func (s *Store) TownHistory(ctx context.Context, by Actor, slug, after string, limit int) (TownHistory, error) {
	var h TownHistory
	err := s.view(ctx, func(t *tx) error {
		town, err := t.townFor(by, slug)
		if err != nil {
			return err
		}
		h = TownHistory{Town: town}
		h.Changes, h.Next, err = walk(t, townChanges(), famTownChangeTown, []window{{Under: []string{town.ID}, Reverse: true}},
			paging[TownChange]{after: after, limit: limit, place: func(c TownChange) string { return c.ID }, fits: func(TownChange) bool { return true }})
		if err != nil {
			return err
		}
		var people, skills []string
		for _, change := range h.Changes {
			people = append(people, change.By)
			for _, field := range change.Fields {
				if field.Skilled() {
					skills = append(append(skills, field.Lost...), field.Got...)
				}
			}
		}
		if h.Names, err = members().many(t, people); err != nil {
			return err
		}
		h.Skills, err = t.skillNames(skills)
		return err
	})
	return h, err
}

// townFor finds a town that the reader may know of, by its address now or before.
func (t *tx) townFor(by Actor, slug string) (Town, error) {
	town, err := towns().lookup(t, famTownSlug, slug)
	if err != nil || town.State != TownJoining || by.system {
		return town, err
	}
	reader, err := t.reader(by)
	if err == nil && !mayWelcome(reader, town.ID) && (reader.ID == "" || reader.TownID() != town.ID) {
		err = notFound()
	}
	return town, err
}
