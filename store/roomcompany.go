package store

import (
	"context"
	"slices"
)

// LastRoom is the room in which the acting member read last, as long as they may; the lounge when there is none.
func (s *Store) LastRoom(ctx context.Context, by Actor) (Room, error) {
	var r Room
	err := s.view(ctx, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		read, err := readings().under(t, window{Under: []string{who.ID, "room"}, Limit: 2 * maxRooms})
		if err != nil {
			return err
		}
		slices.SortStableFunc(read, func(a, b Reading) int { return b.At.Compare(a.At) })
		for _, one := range read {
			if r, err = t.enterRoom(one.Subject, who); KindOf(err) != NotFound {
				return err
			}
		}
		r, err = t.room(LoungeID)
		return err
	})
	return r, err
}

// PeopleNamed finds active members by what somebody typed of them: handles, with or without @, or whole names. It is
// Invalid, and says of which words, when nobody or more than one person is called so.
func (s *Store) PeopleNamed(ctx context.Context, by Actor, words []string) ([]Member, error) {
	var people []Member
	err := s.view(ctx, func(t *tx) error {
		people = nil
		if _, err := t.require(by, Take); err != nil {
			return err
		}
		if len(words) == 0 {
			return invalid("people", "invalid.required")
		}
		for _, word := range words {
			one, err := t.personNamed(word)
			switch {
			case KindOf(err) == Invalid && ProblemsOf(err)[0].Key == "rsvp.several_members":
				return invalid("people", "room.many_named", "Name", word)
			case KindOf(err) == Invalid:
				return invalid("people", "room.nobody_named", "Name", word)
			case err != nil:
				return err
			}
			people = append(people, one)
		}
		return nil
	})
	return people, err
}

// TownsOf are the towns some people are in now, by id.
func (s *Store) TownsOf(ctx context.Context, people []Member) (map[string]Town, error) {
	ids := make([]string, len(people))
	for i, one := range people {
		ids[i] = one.TownID()
	}
	var homes map[string]Town
	err := s.view(ctx, func(t *tx) error {
		var err error
		homes, err = towns().many(t, ids)
		return err
	})
	return homes, err
}

// said finds the rooms that posts of the page were carried out of, as far as the reader may read them.
func (p *ThreadPage) said(t *tx, reader Member) error {
	for i := range p.Posts {
		row := &p.Posts[i]
		if row.Post.Room == "" {
			continue
		}
		r, err := t.enterRoom(row.Post.Room, reader)
		if err != nil && KindOf(err) != NotFound {
			return err
		}
		if err == nil && r.Kind != RoomDirect {
			row.Said = r
		}
	}
	return nil
}
