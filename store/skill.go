package store

import (
	"cmp"
	"context"
	_ "embed" // the starter list
	"slices"
	"strings"
	"time"
)

// Skill is an entry of the one managed list of skills and topics: what a town can teach or needs, what a person can
// do. Members add to it; a new one counts at once and is marked new until a steward keeps it, names it better, merges
// it into another or takes it away.
type Skill struct {
	ID    string            `json:"id"` // a slug, for addresses
	Names map[string]string `json:"names"`
	Group SkillGroup        `json:"group,omitzero"`
	New   bool              `json:"new,omitzero"`
	Into  string            `json:"into,omitzero"` // merged: the skill it leads to
	Gone  bool              `json:"gone,omitzero"` // taken away; nobody has it any more
	By    string            `json:"by,omitzero"`   // "" for the starter list
	At    time.Time         `json:"at,omitzero"`
}

// Listed says whether a skill can be chosen.
func (k Skill) Listed() bool { return k.Into == "" && !k.Gone }

// NameIn is a skill's name for a reader, and the language it is in.
func (k Skill) NameIn(lang string) (name, have string) { return In(k.Names, lang) }

// SkillGroup is the part of the list a skill stands in.
type SkillGroup string

// SkillGroups are the parts of the list, in order.
func SkillGroups() []SkillGroup {
	return []SkillGroup{"counter", "council", "records", "data", "law", "infrastructure", "development", "organisation"}
}

// Limits of the list.
const (
	MaxSkills    = 600
	maxSkillName = 60
)

func skillsAdded() limit { return limit{"skill", 20, 24 * time.Hour} }

func skills() *table[Skill] {
	return &table[Skill]{family: famSkill, key: func(k *Skill) []string { return []string{k.ID} }}
}

//go:embed skills.csv
var starterSkills string

// startSkills puts the starter list into a store that never had it.
func (t *tx) startSkills() error {
	mark := famMeta.key("skills")
	if _, ok, err := t.Get(mark); err != nil || ok {
		return err
	}
	for line := range strings.Lines(starterSkills) {
		parts := strings.Split(strings.TrimSpace(line), ";")
		skill := Skill{ID: parts[0], Group: SkillGroup(parts[1]), Names: map[string]string{}}
		for i, lang := range Languages() {
			skill.Names[lang] = parts[2+i]
		}
		if err := skills().put(t, skill); err != nil {
			return err
		}
	}
	t.put(famMeta, mark, []byte("1"))
	return nil
}

// allSkills are all entries, merged ones too, by id.
func (t *tx) allSkills() (map[string]Skill, error) {
	all := map[string]Skill{}
	err := skills().each(t, func(k Skill) error { all[k.ID] = k; return nil })
	return all, err
}

// skill finds an entry of the list; a merged one leads to the one it became.
func (t *tx) skill(id string) (Skill, error) {
	k, err := skills().get(t, id)
	if err == nil && k.Into != "" {
		k, err = skills().get(t, k.Into)
	}
	return k, err
}

// useSkills are the ids to store for those of a form: merged ones lead on, doubles are dropped. One that is not in the
// list is a problem of the field, and so are too many.
func (t *tx) useSkills(c *check, field string, ids []string, most int) ([]string, error) {
	var kept []string
	for i, id := range ids {
		if i >= 4*most {
			break
		}
		k, err := t.skill(id)
		if KindOf(err) == NotFound || err == nil && k.Gone {
			c.add(field, "skill.unknown")
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(kept, k.ID) {
			kept = append(kept, k.ID)
		}
	}
	if len(kept) > most || len(ids) > 4*most {
		c.add(field, "skill.too_many", "Max", most)
	}
	slices.Sort(kept)
	return kept, nil
}

// skillsNow are the ids of what skills have become, each once; those that are gone are left out.
func (t *tx) skillsNow(ids []string) ([]string, error) {
	found, err := t.skillNames(ids)
	var now []string
	for _, id := range ids {
		if k := found[id]; k.ID != "" && !k.Gone && !slices.Contains(now, k.ID) {
			now = append(now, k.ID)
		}
	}
	return now, err
}

// skillNames reads skills by the ids they are asked with, merged ones as what they became.
func (t *tx) skillNames(ids []string) (map[string]Skill, error) {
	found, err := skills().many(t, ids)
	if err != nil {
		return nil, err
	}
	for id, k := range found {
		if k.Into == "" {
			continue
		}
		if found[id], err = skills().get(t, k.Into); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// SkillNames are the skills with these ids; merged ones are there as what they became, unknown ones are left out.
func (s *Store) SkillNames(ctx context.Context, ids []string) (map[string]Skill, error) {
	var found map[string]Skill
	err := s.view(ctx, func(t *tx) error {
		var err error
		found, err = t.skillNames(ids)
		return err
	})
	return found, err
}

// Skills lists what can be chosen, by group and, within it, by name in a language.
func (s *Store) Skills(ctx context.Context, lang string) ([]Skill, error) {
	var all []Skill
	err := s.view(ctx, func(t *tx) error {
		all = nil
		return skills().each(t, func(k Skill) error {
			if k.Listed() {
				all = append(all, k)
			}
			return nil
		})
	})
	groups := SkillGroups()
	slices.SortStableFunc(all, func(a, b Skill) int {
		first, _ := a.NameIn(lang)
		second, _ := b.NameIn(lang)
		return cmp.Or(cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group)), cmp.Compare(sortName(first), sortName(second)),
			cmp.Compare(a.ID, b.ID))
	})
	return all, err
}

// SkillInput is what somebody types about a skill: names by language, at least one.
type SkillInput struct {
	Names map[string]string
	Group SkillGroup
}

func (in *SkillInput) check() error {
	var c check
	kept := map[string]string{}
	for _, lang := range Languages() {
		if name := c.line("name_"+lang, in.Names[lang], maxSkillName); name != "" {
			kept[lang] = name
		}
	}
	if in.Names = kept; len(kept) == 0 && c.err() == nil {
		c.add("name_"+Languages()[0], "skill.name_missing")
	}
	in.Group = oneOf(&c, "group", in.Group, SkillGroups()...)
	return c.err()
}

// freeNames refuses names that another entry has, in any language: it is the same skill.
func (t *tx) freeNames(in SkillInput, own string) error {
	all, err := t.allSkills()
	if err != nil {
		return err
	}
	var c check
	for _, lang := range Languages() {
		for _, id := range sortedKeys(all) {
			k := all[id]
			if k.ID == own || !k.Listed() || in.Names[lang] == "" || !k.named(in.Names[lang]) {
				continue
			}
			name, _ := k.NameIn(lang)
			c.add("name_"+lang, "skill.known", "Name", name)
			break
		}
	}
	return c.err()
}

// named says whether this is a skill's name in one of its languages, whatever its case and accents.
func (k Skill) named(name string) bool {
	for _, own := range k.Names {
		if fold(own) == fold(name) {
			return true
		}
	}
	return false
}

// AddSkill adds an entry to the list, marked new: by any member. One whose name is in the list already is Invalid, with
// the entry that has it.
func (s *Store) AddSkill(ctx context.Context, by Actor, in SkillInput) (Skill, error) {
	if err := in.check(); err != nil {
		return Skill{}, err
	}
	var added Skill
	err := s.update(ctx, "skills", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if err := t.freeNames(in, ""); err != nil {
			return err
		}
		all, err := t.allSkills()
		if err != nil {
			return err
		}
		if len(all) >= MaxSkills {
			return fail(Full, "skill.full", "Max", MaxSkills)
		}
		if !may(who, Steward) && !by.system {
			if err := t.spend(skillsAdded(), who.ID); err != nil {
				return err
			}
		}
		name, _ := In(in.Names, Languages()[0])
		slug, err := t.freeSlug(famSkill, name, "skill")
		if err != nil {
			return err
		}
		added = Skill{ID: slug, Names: in.Names, Group: in.Group, New: !may(who, Steward) && !by.system, By: by.MemberID, At: t.now}
		if err := skills().put(t, added); err != nil {
			return err
		}
		return t.audit(by, "audit.skill_added", slug, map[string]string{"name": name})
	})
	return added, err
}
