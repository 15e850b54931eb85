package store

import "context"

// ReadingProfileOf is what a member chose about reading and being seen; the zero choices when they chose nothing. It asks
// for nobody's rights: pages show a member only their own.
func (s *Store) ReadingProfileOf(ctx context.Context, memberID string) (ReadingProfile, error) {
	var p ReadingProfile
	err := s.view(ctx, func(t *tx) error {
		var err error
		p, _, err = profiles().find(t, memberID)
		p.Member = memberID
		return err
	})
	return p, err
}

// RoomChoices is what a member chooses about being in rooms.
type RoomChoices struct{ HidePresence, HideReads, EnterBreaks bool }

// ChooseForRooms sets what a member lets others see of them in rooms, and what Enter does there.
func (s *Store) ChooseForRooms(ctx context.Context, by Actor, in RoomChoices) error {
	return s.changeReadingProfile(ctx, by, func(t *tx, p *ReadingProfile) {
		p.HidePresence, p.HideReads, p.EnterBreaks = in.HidePresence, in.HideReads, in.EnterBreaks
		t.note("choices/" + p.Member)
	})
}

// changeReadingProfile runs one change of what the acting member chose about reading.
func (s *Store) changeReadingProfile(ctx context.Context, by Actor, change func(*tx, *ReadingProfile)) error {
	return s.update(ctx, "reading/"+by.MemberID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		p, err := t.caughtUp(who)
		if err != nil {
			return err
		}
		change(t, &p)
		return profiles().put(t, p)
	})
}
