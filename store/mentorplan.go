package store

import (
	"context"
	"slices"
)

// MentorPlan proposes a mentor for every town that waits, all at once.
type MentorPlan struct {
	Rows   []PlanRow // that have one, oldest first
	Left   []RequestRow
	Apps   map[string]App
	Skills map[string]Skill
}

// PlanRow is a proposed pair.
type PlanRow struct {
	RequestRow
	Candidate Candidate
	There     bool // this very town is asked already
}

// MentorPlan makes the plan that places as many waiting towns as there are places for, and of these the one with the best
// total of scores (see assign): for stewards, who confirm it pair by pair with SendRequest. It changes nothing.
func (s *Store) MentorPlan(ctx context.Context, by Actor) (MentorPlan, error) {
	all, err := s.mentors(ctx)
	if err != nil {
		return MentorPlan{}, err
	}
	var plan MentorPlan
	err = s.view(ctx, func(t *tx) error {
		plan = MentorPlan{}
		reader, err := t.require(by, Steward)
		if err != nil {
			return err
		}
		waiting, err := t.waitingRequests()
		if err != nil {
			return err
		}
		waiting = slices.DeleteFunc(waiting, func(q MentorRequest) bool { return q.State == RequestHeld })
		best, err := t.pairs(waiting, all)
		if err != nil {
			return err
		}
		rows, err := t.requestRows(waiting, reader)
		if err != nil {
			return err
		}
		var programs, known []string
		for i, row := range rows {
			if best[i] == nil {
				plan.Left = append(plan.Left, row)
				continue
			}
			plan.Rows = append(plan.Rows, PlanRow{row, *best[i], row.Asked.ID == best[i].Town.ID})
			programs, known = append(programs, row.Request.Need.Apps...), append(known, row.Request.Need.Skills...)
		}
		if plan.Apps, err = apps().many(t, programs); err != nil {
			return err
		}
		plan.Skills, err = t.skillNames(known)
		return err
	})
	return plan, err
}

// pairs assigns requests to mentors. A request looks at as many of its best mentors as there are requests: if a plan gave it
// one further down, at least one of these would be free, and no worse.
func (t *tx) pairs(waiting []MentorRequest, all []Mentor) ([]*Candidate, error) {
	wishes, places := make([][]pairing, len(waiting)), []int(nil)
	number, found := map[string]int{}, make([]map[int]Candidate, len(waiting))
	for i, q := range waiting {
		if try := q.Asked(); try != nil { // it can still say yes
			q.Tries = q.Tries[:len(q.Tries)-1]
		}
		best, err := t.candidatesOf(q, all, len(waiting))
		if err != nil {
			return nil, err
		}
		found[i] = map[int]Candidate{}
		for _, c := range best {
			j, known := number[c.Town.ID]
			if !known {
				j, number[c.Town.ID] = len(places), len(places)
				places = append(places, c.Free)
			}
			found[i][j] = c
			wishes[i] = append(wishes[i], pairing{j, c.Score})
		}
	}
	chosen := make([]*Candidate, len(waiting))
	for i, j := range assign(wishes, places) {
		if j >= 0 {
			one := found[i][j]
			chosen[i] = &one
		}
	}
	return chosen, nil
}
