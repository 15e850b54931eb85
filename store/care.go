package store

import (
	"cmp"
	"slices"
	"time"
)

const (
	silentAfter = 182 * 24 * time.Hour
	openedShown = 5 // threads that a town's page lists
)

// silent says whether nothing was heard of a town for half a year: no post, no answer to a meeting, no look at its profile.
func (t *tx) silent(town Town, people []Member) (bool, error) {
	old := func(at time.Time) bool { return t.now.Sub(at) >= silentAfter }
	if !old(town.Welcomed) || !old(town.Profile.Confirmed) || !old(town.Changed) {
		return false, nil
	}
	for _, m := range people {
		wrote, err := posts().list(t, famPostAuthor, window{Under: []string{m.ID}, Reverse: true, Limit: 1})
		if err != nil || len(wrote) > 0 && !old(wrote[0].At) {
			return false, err
		}
		answered, err := rsvps().list(t, famRSVPMember, window{Under: []string{m.ID}, Reverse: true, Limit: 5})
		if err != nil || slices.ContainsFunc(answered, func(r RSVP) bool { return !old(r.Changed) }) {
			return false, err
		}
	}
	return true, nil
}

// fill adds what waits for care besides towns and people.
func (c *Care) fill(t *tx) error {
	experts, running := map[string]map[string]bool{}, map[string]bool{}
	var uses []AppUse
	err := appUses().each(t, func(use AppUse) error {
		if use.State != UseFormer {
			uses = append(uses, use)
		}
		return nil
	})
	if err != nil {
		return err
	}
	rows, err := t.useRows(uses, nil, nil)
	if err != nil {
		return err
	}
	known := map[string]App{}
	for _, row := range rows {
		id := row.Use.App
		if known[id] = row.App; experts[id] == nil {
			experts[id] = map[string]bool{}
		}
		running[id] = running[id] || row.Use.State == UseRunning
		for _, m := range row.Experts {
			experts[id][m.ID] = true
		}
	}
	for _, id := range sortedKeys(known) {
		if running[id] && len(experts[id]) == 1 {
			c.OneExpert = append(c.OneExpert, known[id])
		}
	}
	return skills().each(t, func(k Skill) error {
		if k.New && k.Listed() {
			c.NewSkills = append(c.NewSkills, k)
		}
		return nil
	})
}

// openedBy are the newest threads that people opened and a reader may see.
func (t *tx) openedBy(people []Member, reader Member) ([]Thread, error) {
	shelves, err := t.shelves()
	if err != nil {
		return nil, err
	}
	var found []Thread
	for _, m := range people {
		for _, look := range []int{openedShown, 4 * openedShown} { // mostly the newest are enough
			own, err := threads().list(t, famThreadAuthor, window{Under: []string{m.ID}, Reverse: true, Limit: look})
			if err != nil {
				return nil, err
			}
			looked := len(own)
			own = slices.DeleteFunc(own, func(d Thread) bool { return !d.shown(reader, shelves) })
			if len(own) >= openedShown || looked < look || look > openedShown {
				found = append(found, own...)
				break
			}
		}
	}
	slices.SortFunc(found, func(a, b Thread) int { return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(a.ID, b.ID)) })
	return found[:min(len(found), openedShown)], nil
}
