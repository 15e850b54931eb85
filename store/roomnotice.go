package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// RoomNotice is what one person is to be told by letter of a room: messages that they have neither read nor been told of,
// oldest first.
type RoomNotice struct {
	Member Member
	Room   Room
	Rows   []MessageRow
}

// RoomNotices says who is to be told of what was said in a room lately: those of a direct conversation, those who follow
// every message, and those who are mentioned, unless they muted the room. Who may not read the room is never among them.
// Since is the instant of the first message that is told.
func (s *Store) RoomNotices(ctx context.Context, roomID string, since time.Time) ([]RoomNotice, error) {
	var told []RoomNotice
	err := s.view(ctx, func(t *tx) error {
		told = nil
		r, err := t.room(roomID)
		if err != nil {
			return err
		}
		lately, err := messages().under(t, window{Under: []string{roomID}, Reverse: true, Limit: 2 * unreadPage})
		if err != nil {
			return err
		}
		lately = slices.DeleteFunc(lately, func(m Message) bool { return m.Deleted != nil || m.Moved != nil || m.At.Before(since) })
		slices.Reverse(lately)
		people, err := t.listeners(r, lately)
		if err != nil {
			return err
		}
		names, err := members().many(t, people)
		if err != nil {
			return err
		}
		for _, id := range people {
			one, err := t.roomNotice(r, names[id], lately)
			if err != nil {
				return err
			}
			if len(one.Rows) > 0 {
				told = append(told, one)
			}
		}
		return nil
	})
	return told, err
}

// listeners are the ids of those whom something said in a room may concern.
func (t *tx) listeners(r Room, lately []Message) ([]string, error) {
	var found []string
	if r.Kind == RoomDirect {
		found = append(found, r.People...)
	}
	prefix := famRoomMemberWatch.prefix(r.ID, r.ID)
	pairs, err := t.Scan(window{Under: []string{r.ID, r.ID}}.bounds(famRoomMemberWatch), maxInRoom)
	if err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		found = append(found, strings.TrimPrefix(string(pair.Key), string(prefix)))
	}
	for _, m := range lately {
		called, err := t.called(Post{Mentions: m.Mentions})
		if err != nil {
			return nil, err
		}
		found = append(found, called...)
	}
	return slices.Compact(slices.Sorted(slices.Values(found))), nil
}

// roomNotice is what of some messages one person is to be told.
func (t *tx) roomNotice(r Room, who Member, lately []Message) (RoomNotice, error) {
	one := RoomNotice{Member: who, Room: r}
	if who.State != MemberActive || who.NoNotice {
		return one, nil
	}
	if ok, err := t.readable(r, who); err != nil || !ok {
		return one, err
	}
	in, _, err := roomMembers().find(t, r.ID, who.ID)
	if err != nil || in.Level == Muted {
		return one, err
	}
	read, _, err := readings().find(t, who.ID, "room", r.ID)
	if err != nil {
		return one, err
	}
	wanted := slices.DeleteFunc(slices.Clone(lately), func(m Message) bool {
		named := slices.Contains(m.Mentions, who.ID) || who.TownID() != "" && slices.Contains(m.Mentions, who.TownID())
		return m.Author == who.ID || m.Number <= max(read.Read, read.Told) || in.Level != Watch && !named
	})
	if err := t.nameRoom(&one.Room, who); err != nil {
		return one, err
	}
	one.Rows, err = t.messageRows(wanted[max(0, len(wanted)-maxTold):], who)
	return one, err
}

// RoomFor reads a room that a member may read, for a letter to them.
func (s *Store) RoomFor(ctx context.Context, memberID, roomID string) (Room, error) {
	var r Room
	err := s.view(ctx, func(t *tx) error {
		who, err := members().get(t, memberID)
		if err != nil {
			return err
		}
		if r, err = t.enterRoom(roomID, who); err != nil {
			return err
		}
		return t.nameRoom(&r, who)
	})
	return r, err
}

// told notes that a letter told somebody of a room's messages.
func (t *tx) toldOfRoom(memberID, roomID string, number int) error {
	r, _, err := readings().find(t, memberID, "room", roomID)
	if err != nil || number <= r.Told {
		return err
	}
	r.Member, r.Kind, r.Subject, r.Told, r.At = memberID, "room", roomID, number, t.now
	return readings().put(t, r)
}
