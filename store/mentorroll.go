package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

// offering keeps the towns that offer help as the ranking reads them, so that one search reads no record. It is made again
// after a commit that changed a town, what it runs, a request or a mentorship.
type offering struct {
	making  turn
	mu      sync.Mutex // guards what follows
	kept    []Mentor
	roll    *roll
	version uint64
}

func (o *offering) fresh(r *roll, version uint64) ([]Mentor, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kept, o.roll == r && o.version == version && r != nil
}

func (o *offering) keep(kept []Mentor, r *roll, version uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept, o.roll, o.version = kept, r, version
}

// mentoring families are read by the ranking.
func (f family) mentoring() bool {
	switch f.record() {
	case famMentorRequest, famMentorship:
		return true
	}
	return false
}

// mentors are the towns that offer help, as of the newest commit that this process made before. They are shared and never
// changed; what is decided from them is checked again in a transaction.
func (s *Store) mentors(ctx context.Context) ([]Mentor, error) {
	version := s.mentored.Load() // before reading: what is read may only be newer
	all, err := s.roll(ctx)
	if err != nil {
		return nil, err
	}
	if kept, ok := s.offers.fresh(all, version); ok {
		return kept, nil
	}
	if err := s.offers.making.take(ctx); err != nil {
		return nil, err
	}
	defer s.offers.making.end()
	if kept, ok := s.offers.fresh(all, version); ok {
		return kept, nil
	}
	var kept []Mentor
	err = s.view(ctx, func(t *tx) error {
		records, err := t.mentorRecords()
		if err != nil {
			return err
		}
		kept = nil
		for _, one := range all.all {
			if one.State == TownMember && one.Profile.Offers {
				kept = append(kept, records.of(one))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.offers.keep(kept, all, version)
	return kept, nil
}

// mentorRecords are what became of the mentoring of towns, by town id.
type mentorRecords struct {
	learners, former map[string]int
	days             map[string][]int
}

func (r mentorRecords) of(one *enrolled) Mentor {
	var runs []string
	for _, use := range one.uses {
		if use.State == UseRunning {
			runs = append(runs, use.App)
		}
	}
	m := NewMentor(one.Town, runs)
	m.Learners, m.Former = r.learners[one.ID], r.former[one.ID]
	m.Answered, m.Days = len(r.days[one.ID]), median(r.days[one.ID])
	return m
}

func (t *tx) mentorRecords() (mentorRecords, error) {
	r := mentorRecords{map[string]int{}, map[string]int{}, map[string][]int{}}
	err := mentorships().each(t, func(m Mentorship) error {
		if m.Open() {
			r.learners[m.Mentor]++
		} else if m.Why == ClosedDone {
			r.former[m.Mentor]++
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	return r, mentorRequests().each(t, func(q MentorRequest) error {
		for _, try := range q.Tries {
			if days, ok := try.days(); ok {
				r.days[try.Town] = append(r.days[try.Town], days)
			}
		}
		return nil
	})
}

// median is the middle of some numbers, the lower one of two, 0 of none.
func median(all []int) int {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[(len(sorted)-1)/2]
}

// daysBetween counts begun days.
func daysBetween(from, to time.Time) int {
	return max(0, int((to.Sub(from)+24*time.Hour-1)/(24*time.Hour)))
}

// MentorSearch is what a search for mentors found.
type MentorSearch struct {
	Wish    Wish
	Best    []Candidate
	Total   int
	Weights Weights
	Skills  map[string]Skill
	Apps    map[string]App
	People  map[string]Member // who coordinates a candidate, by town id; the one who has done so longest
}

// FindMentors ranks the towns that can help a town of the gazetteer, or one that is here already, with a need. It is public:
// one may look before one joins. What is wrong with the need is Invalid.
func (s *Store) FindMentors(ctx context.Context, w Wish, limit int) (MentorSearch, error) {
	if err := w.Need.check(); err != nil {
		return MentorSearch{}, err
	}
	all, err := s.mentors(ctx)
	if err != nil {
		return MentorSearch{}, err
	}
	found := MentorSearch{Wish: w}
	err = s.view(ctx, func(t *tx) error {
		var err error
		if w.Need.Skills, err = t.skillsNow(found.Wish.Need.Skills); err != nil {
			return err
		}
		if found.Weights, err = t.weights(); err != nil {
			return err
		}
		found.Best, found.Total = Match(w, all, found.Weights, t.now, limit)
		found.Wish = w
		if found.Skills, err = t.skillNames(w.Need.Skills); err != nil {
			return err
		}
		if found.Apps, err = apps().many(t, w.Need.Apps); err != nil {
			return err
		}
		found.People = map[string]Member{}
		for _, c := range found.Best {
			people, err := t.contacts(c.Town.ID)
			if err != nil {
				return err
			}
			if at := slices.IndexFunc(people, func(m Member) bool { return !m.Hidden }); at >= 0 {
				found.People[c.Town.ID] = people[at]
			}
		}
		return nil
	})
	return found, err
}

// contacts are a town's coordinators, the one who acts for it longest first.
func (t *tx) contacts(townID string) ([]Member, error) {
	people, err := t.coordinators(townID)
	slices.SortStableFunc(people, func(a, b Member) int {
		one, _ := a.Place()
		other, _ := b.Place()
		return one.From.Compare(other.From)
	})
	return people, err
}

// MentorRule is what stewards decided about the ranking.
type MentorRule struct {
	ID      string    `json:"id"` // "weights"
	Weights Weights   `json:"weights"`
	By      string    `json:"by,omitzero"`
	At      time.Time `json:"at"`
}

func mentorRules() *table[MentorRule] {
	return &table[MentorRule]{family: famMentorRule, key: func(r *MentorRule) []string { return []string{r.ID} }}
}

const weightsID = "weights"

func (t *tx) weights() (Weights, error) {
	rule, ok, err := mentorRules().find(t, weightsID)
	if err != nil || !ok {
		return DefaultWeights(), err
	}
	return rule.Weights, nil
}

// MentorRule reads the weights, and who set them; they are public.
func (s *Store) MentorRule(ctx context.Context) (rule MentorRule, by Member, err error) {
	err = s.view(ctx, func(t *tx) error {
		var ok bool
		var err error
		if rule, ok, err = mentorRules().find(t, weightsID); err != nil {
			return err
		}
		if !ok {
			rule = MentorRule{ID: weightsID, Weights: DefaultWeights()}
		}
		by, _, err = members().find(t, rule.By)
		return err
	})
	return rule, by, err
}

// SetWeights changes how much each criterion counts: by stewards.
func (s *Store) SetWeights(ctx context.Context, by Actor, weights Weights) error {
	var c check
	kept := Weights{}
	for _, one := range Criteria() {
		kept[one] = c.between(string(one), weights[one], 0, MaxWeight)
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "mentoring", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Steward); err != nil {
			return err
		}
		if err := mentorRules().put(t, MentorRule{ID: weightsID, Weights: kept, By: by.MemberID, At: t.now}); err != nil {
			return err
		}
		return t.audit(by, "audit.weights", weightsID, nil)
	})
}
