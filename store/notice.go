package store

import (
	"context"
	"slices"
)

// Recipient is somebody a notice is for.
type Recipient struct {
	Member Member
	RSVP   RSVP // their answer, when the notice is about a meeting
}

// Audience are the active members who answered a meeting in one of these ways.
func (s *Store) Audience(ctx context.Context, meetingID string, answers ...Answer) ([]Recipient, error) {
	wanted := map[Answer]bool{}
	for _, a := range answers {
		wanted[a] = true
	}
	var found []Recipient
	err := s.view(ctx, func(t *tx) error {
		found = nil
		all, err := t.answers(meetingID)
		if err != nil {
			return err
		}
		var ids []string
		for _, r := range all {
			ids = append(ids, r.Member)
		}
		people, err := members().many(t, ids)
		for _, r := range all {
			if m := people[r.Member]; wanted[r.Answer] && m.State == MemberActive {
				found = append(found, Recipient{Member: m, RSVP: r})
			}
		}
		return err
	})
	return found, err
}

// Concerned are the active members whom the published minutes of a meeting concern, each once, and what was decided:
// who said that they would come or might, who was ticked at the door, and who brought an item that was decided on.
func (s *Store) Concerned(ctx context.Context, meetingID string) (people []Recipient, decided []Decision, err error) {
	if people, err = s.Audience(ctx, meetingID, OnSite, Online, Maybe); err != nil {
		return nil, nil, err
	}
	told := map[string]bool{}
	for _, one := range people {
		told[one.Member.ID] = true
	}
	var others []string
	more := func(id string) {
		if id != "" && !told[id] {
			told[id] = true
			others = append(others, id)
		}
	}
	err = s.view(ctx, func(t *tx) error {
		decided = nil
		came, err := presences().under(t, window{Under: []string{meetingID}, Limit: MaxWaiting})
		if err != nil {
			return err
		}
		for _, p := range came {
			more(p.Member)
		}
		if err := decisions().every(t, famDecisionMeeting, meetingID, func(d Decision) {
			if d.Withdrawn.IsZero() {
				decided = append(decided, d)
			}
		}); err != nil {
			return err
		}
		for _, d := range decided {
			item, _, err := items().find(t, d.Item)
			if err != nil {
				return err
			}
			more(item.Owner)
		}
		named, err := members().many(t, others)
		for _, id := range others {
			if m := named[id]; m.State == MemberActive {
				people = append(people, Recipient{Member: m})
			}
		}
		return err
	})
	return people, decided, err
}

// Welcomers are those who can welcome somebody to a town: its coordinators, else organisers and stewards.
func (s *Store) Welcomers(ctx context.Context, townID string) ([]Member, error) {
	var found []Member
	err := s.view(ctx, func(t *tx) error {
		var err error
		if found, err = t.coordinators(townID); err != nil || len(found) > 0 {
			return err
		}
		return members().each(t, func(m Member) error {
			if m.State == MemberActive && (m.Has(RoleOrganiser) || m.Has(RoleSteward)) {
				found = append(found, m)
			}
			return nil
		})
	})
	return found, err
}

// coordinators are a town's; none for no town.
func (t *tx) coordinators(townID string) ([]Member, error) {
	if townID == "" {
		return nil, nil
	}
	people, err := t.people(townID)
	return slices.DeleteFunc(people, func(m Member) bool { return !m.Coordinates(townID) }), err
}

// MeetingByID reads one meeting with its host town.
func (s *Store) MeetingByID(ctx context.Context, id string) (Meeting, Town, error) {
	var m Meeting
	var host Town
	err := s.view(ctx, func(t *tx) error {
		var err error
		if m, err = meetings().get(t, id); err != nil {
			return err
		}
		host, _, err = towns().find(t, m.HostTown)
		return err
	})
	return m, host, err
}
