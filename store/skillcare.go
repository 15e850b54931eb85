package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// SkillRow is a skill as stewards see it.
type SkillRow struct {
	Skill  Skill
	Towns  int // that teach or need it
	People int
	By     Member
}

// SkillList lists the whole list for stewards, new entries first, then by group and id.
func (s *Store) SkillList(ctx context.Context, by Actor) ([]SkillRow, error) {
	var rows []SkillRow
	err := s.view(ctx, func(t *tx) error {
		rows = nil
		if _, err := t.require(by, Steward); err != nil {
			return err
		}
		all, err := t.allSkills()
		if err != nil {
			return err
		}
		inTowns, inPeople := map[string]int{}, map[string]int{}
		err = t.eachSkilled(func(town Town) error {
			for _, id := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(town.Profile.Teaches, town.Profile.Needs)))) {
				inTowns[id]++
			}
			return nil
		}, func(m Member) error {
			for _, id := range m.Skills {
				inPeople[id]++
			}
			return nil
		})
		if err != nil {
			return err
		}
		var authors []string
		for _, k := range all {
			authors = append(authors, k.By)
		}
		names, err := members().many(t, authors)
		if err != nil {
			return err
		}
		for _, id := range sortedKeys(all) {
			if k := all[id]; k.Listed() {
				rows = append(rows, SkillRow{Skill: k, Towns: inTowns[id], People: inPeople[id], By: names[k.By]})
			}
		}
		return nil
	})
	groups := SkillGroups()
	slices.SortStableFunc(rows, func(a, b SkillRow) int {
		if a.Skill.New != b.Skill.New {
			if a.Skill.New {
				return -1
			}
			return 1
		}
		return cmp.Compare(slices.Index(groups, a.Skill.Group), slices.Index(groups, b.Skill.Group))
	})
	return rows, err
}

// eachSkilled visits every town and person who may name skills.
func (t *tx) eachSkilled(town func(Town) error, person func(Member) error) error {
	if err := towns().each(t, town); err != nil {
		return err
	}
	return members().each(t, person)
}

// ChangeSkill gives an entry other names or another group, and keeps it when it was new: by stewards.
func (s *Store) ChangeSkill(ctx context.Context, by Actor, id string, in SkillInput) error {
	if err := in.check(); err != nil {
		return err
	}
	return s.careForSkill(ctx, by, id, "audit.skill_changed", func(t *tx, k Skill) (Skill, error) {
		if err := t.freeNames(in, k.ID); err != nil {
			return k, err
		}
		k.Names, k.Group, k.New = in.Names, in.Group, false
		return k, t.reskill(k.ID, k.ID) // they are found by the new name
	})
}

// KeepSkill takes the mark of a new entry away: by stewards.
func (s *Store) KeepSkill(ctx context.Context, by Actor, id string) error {
	return s.careForSkill(ctx, by, id, "audit.skill_kept", func(_ *tx, k Skill) (Skill, error) {
		k.New = false
		return k, nil
	})
}

// DropSkill takes an entry away, from every town and person too: by stewards.
func (s *Store) DropSkill(ctx context.Context, by Actor, id string) error {
	return s.careForSkill(ctx, by, id, "audit.skill_dropped", func(t *tx, k Skill) (Skill, error) {
		k.Gone, k.New = true, false
		return k, t.reskill(k.ID, "")
	})
}

// MergeSkill lets an entry lead to another, and every town and person that has it: by stewards. What led to it leads
// on too.
func (s *Store) MergeSkill(ctx context.Context, by Actor, id, into string) error {
	return s.careForSkill(ctx, by, id, "audit.skill_merged", func(t *tx, k Skill) (Skill, error) {
		to, ok, err := skills().find(t, into)
		if err != nil {
			return k, err
		}
		if !ok || !to.Listed() || to.ID == k.ID {
			return k, invalid("into", "skill.unknown")
		}
		all, err := t.allSkills()
		if err != nil {
			return k, err
		}
		for _, other := range sortedKeys(all) {
			if one := all[other]; one.Into == k.ID {
				one.Into = to.ID
				if err := skills().put(t, one); err != nil {
					return k, err
				}
			}
		}
		k.Into, k.New = to.ID, false
		return k, t.reskill(k.ID, to.ID)
	})
}

func (s *Store) careForSkill(ctx context.Context, by Actor, id, what string, change func(*tx, Skill) (Skill, error)) error {
	return s.update(ctx, "skills", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Steward); err != nil {
			return err
		}
		k, err := skills().get(t, id)
		if err != nil {
			return err
		}
		if !k.Listed() {
			return conflict("skill.merged_already")
		}
		name, _ := In(k.Names, Languages()[0])
		if k, err = change(t, k); err != nil {
			return err
		}
		if err := skills().put(t, k); err != nil {
			return err
		}
		return t.audit(by, what, k.ID, map[string]string{"name": name, "into": k.Into})
	})
}

// reskillNeeds changes the skills that towns look for now: in open requests and mentorships.
func (t *tx) reskillNeeds(swap func([]string) ([]string, bool)) error {
	waiting, err := t.waitingRequests()
	if err != nil {
		return err
	}
	for _, q := range waiting {
		has := false
		if q.Need.Skills, has = swap(q.Need.Skills); !has {
			continue
		}
		if err := mentorRequests().put(t, q); err != nil {
			return err
		}
	}
	return mentorships().each(t, func(m Mentorship) error {
		has := false
		if m.Need.Skills, has = swap(m.Need.Skills); !has || !m.Open() {
			return nil
		}
		return mentorships().put(t, m)
	})
}

// reskill puts a skill in the place of another wherever a town or person has it or looks for it; "" takes it away. Who
// has it is read again by the search index.
func (t *tx) reskill(from, to string) error {
	swap := func(ids []string) ([]string, bool) {
		if !slices.Contains(ids, from) {
			return ids, false
		}
		kept := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == from || id == to })
		if to != "" {
			kept = append(kept, to)
		}
		slices.Sort(kept)
		return kept, true
	}
	if err := t.reskillNeeds(swap); err != nil {
		return err
	}
	return t.eachSkilled(func(town Town) error {
		teaches, a := swap(town.Profile.Teaches)
		needs, b := swap(town.Profile.Needs)
		if !a && !b {
			return nil
		}
		town.Profile.Teaches, town.Profile.Needs = teaches, needs
		return towns().put(t, town)
	}, func(m Member) error {
		own, has := swap(m.Skills)
		if !has {
			return nil
		}
		m.Skills = own
		return members().put(t, m)
	})
}
