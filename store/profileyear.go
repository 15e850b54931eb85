package store

import (
	"context"
	"time"
)

// asksProfile says whether the coordinators of a town are to be asked now if its profile is still right: once a year.
func (t Town) asksProfile(now time.Time) bool {
	return t.ProfileDue(now) && now.Sub(t.Profile.Asked) >= profileLife
}

// askProfiles asks the towns that mentor or are mentored, once a year, whether what they say about themselves is still right,
// and says how many were asked. Running it again changes nothing until the next year.
func (s *Store) askProfiles(ctx context.Context) (asked int, err error) {
	all, err := s.roll(ctx)
	if err != nil {
		return 0, err
	}
	now := s.Now()
	var due []string
	helps := map[string]bool{}
	for _, one := range all.all {
		if one.asksProfile(now) {
			due, helps[one.ID] = append(due, one.ID), one.Profile.Offers
		}
	}
	if len(due) == 0 {
		return 0, nil
	}
	err = s.update(ctx, "profiles", func(t *tx) error {
		asked = 0
		takesPart := map[string]bool{}
		if err := mentorships().each(t, func(m Mentorship) error {
			if m.Open() {
				takesPart[m.Mentor], takesPart[m.Learner] = true, true
			}
			return nil
		}); err != nil {
			return err
		}
		for _, id := range due {
			if asked == scanBatch {
				return nil // the next hour asks the others
			}
			if !helps[id] && !takesPart[id] {
				continue
			}
			done, err := t.askProfile(id)
			if err != nil {
				return err
			}
			if done {
				asked++
			}
		}
		return nil
	})
	return asked, err
}

func (t *tx) askProfile(id string) (bool, error) {
	town, err := towns().get(t, id)
	if err != nil || !town.asksProfile(t.now) {
		return false, err
	}
	town.Profile.Asked = t.now
	if err := towns().put(t, town); err != nil {
		return false, err
	}
	people, err := t.contacts(id)
	if err != nil {
		return false, err
	}
	for _, m := range people {
		if err := t.emit(Event{Kind: EventProfileDue, Subject: id, Member: m.ID}); err != nil {
			return false, err
		}
	}
	return true, nil
}

// MentorLoad is a town that mentors more than it can, or does not answer.
type MentorLoad struct {
	Town     Town
	Learners int
	Silent   int // requests in a row that it left without an answer
}

// manySilent is how many requests without an answer are told to stewards.
const manySilent = 2

// loads are the member towns that help more towns than they have places for, or left several requests in a row without an
// answer in the last year; in the order of the towns.
func (t *tx) loads(members []Town) ([]MentorLoad, error) {
	records, err := t.mentorRecords()
	if err != nil {
		return nil, err
	}
	spoke, silent := map[string]int64{}, map[string][]int64{}
	err = mentorRequests().each(t, func(q MentorRequest) error {
		for _, try := range q.Tries {
			switch {
			case !try.First.IsZero():
				spoke[try.Town] = max(spoke[try.Town], try.First.Unix())
			case try.Outcome == TrySilent && t.now.Sub(try.Ended) < profileLife:
				silent[try.Town] = append(silent[try.Town], try.Ended.Unix())
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var found []MentorLoad
	for _, town := range members {
		load := MentorLoad{Town: town, Learners: records.learners[town.ID]}
		for _, at := range silent[town.ID] {
			if at > spoke[town.ID] {
				load.Silent++
			}
		}
		if load.Learners > town.Profile.Places || load.Silent >= manySilent {
			found = append(found, load)
		}
	}
	return found, nil
}
