package store

import (
	"context"
	"slices"
	"time"
)

// MentorOffer is a town that helps, with its free places.
type MentorOffer struct {
	Town Town
	Free int
}

// openOffers are the member towns that help now and have a place free, most places first.
func openOffers(all []Mentor, now time.Time) []MentorOffer {
	var open []MentorOffer
	for _, m := range all {
		if m.Town.Helps(now) && m.Free() > 0 {
			open = append(open, MentorOffer{m.Town, m.Free()})
		}
	}
	slices.SortStableFunc(open, func(a, b MentorOffer) int { return b.Free - a.Free })
	return open
}

// MentorOffers lists the open offers of this community, at most so many, with the skills they name. It is public, and
// speaks of towns only, never of people.
func (s *Store) MentorOffers(ctx context.Context, most int) ([]MentorOffer, map[string]Skill, error) {
	all, err := s.mentors(ctx)
	if err != nil {
		return nil, nil, err
	}
	var open []MentorOffer
	var named map[string]Skill
	err = s.view(ctx, func(t *tx) error {
		open = openOffers(all, t.now)
		open = open[:min(len(open), most)]
		var ids []string
		for _, one := range open {
			ids = append(ids, one.Town.Profile.Teaches...)
		}
		var err error
		named, err = t.skillNames(ids)
		return err
	})
	return open, named, err
}
