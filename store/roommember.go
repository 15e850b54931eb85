package store

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"belfry/store/kv"
)

// RoomMember is somebody's place in a room: they joined it, and follow it so closely. In a private room it is what lets
// them in.
type RoomMember struct {
	Room   string    `json:"room"`
	Member string    `json:"member"`
	Level  Level     `json:"level,omitzero"`
	Joined time.Time `json:"joined"`
}

var roomMembers = sync.OnceValue(func() *table[RoomMember] {
	return &table[RoomMember]{
		hot:    true,
		family: famRoomMember,
		key:    func(m *RoomMember) []string { return []string{m.Room, m.Member} },
		indexes: []index[RoomMember]{
			{family: famRoomMemberOf, parts: func(m *RoomMember) [][]string { return [][]string{{m.Member}} }},
			{family: famRoomMemberWatch, parts: func(m *RoomMember) [][]string {
				if m.Level != Watch {
					return nil
				}
				return [][]string{{m.Room}}
			}},
		},
	}
})

// maxInRoom is how many people of a room are listed.
const maxInRoom = 500

// joinRoom puts somebody in a room, unless they are in it; with read they begin with nothing unread.
func (t *tx) joinRoom(r Room, memberID string, level Level, read bool) error {
	_, in, err := roomMembers().find(t, r.ID, memberID)
	if err != nil || in {
		return err
	}
	if err := roomMembers().put(t, RoomMember{Room: r.ID, Member: memberID, Level: level, Joined: t.now}); err != nil || !read {
		return err
	}
	log, err := t.roomLog(r.ID)
	if err != nil || log.Last == 0 {
		return err
	}
	return t.readRoom(memberID, r.ID, log.Last)
}

// JoinRoom puts the acting member in a room that they may read. What was said before is not new to them.
func (s *Store) JoinRoom(ctx context.Context, by Actor, id string) error {
	return s.inRoom(ctx, by, id, func(t *tx, r Room, who Member) error { return t.joinRoom(r, who.ID, Normal, true) })
}

// LeaveRoom takes the acting member out of a room. Who leaves a private room does not see it any more; a direct
// conversation is not left.
func (s *Store) LeaveRoom(ctx context.Context, by Actor, id string) error {
	return s.inRoom(ctx, by, id, func(t *tx, r Room, who Member) error {
		if r.Kind == RoomDirect {
			return conflict("room.direct_stays")
		}
		if r.Access == AccessPrivate && r.By == who.ID { // nobody else could let anybody in, or out
			return conflict("room.owner_stays")
		}
		return roomMembers().remove(t, r.ID, who.ID)
	})
}

// FollowRoom sets how closely the acting member follows a room; it puts them in it.
func (s *Store) FollowRoom(ctx context.Context, by Actor, id string, level Level) error {
	var c check
	oneOf(&c, "level", level, Levels()...)
	if err := c.err(); err != nil {
		return err
	}
	return s.inRoom(ctx, by, id, func(t *tx, r Room, who Member) error {
		if err := t.joinRoom(r, who.ID, level, true); err != nil {
			return err
		}
		m, err := roomMembers().get(t, r.ID, who.ID)
		if err != nil || m.Level == level {
			return err
		}
		m.Level = level
		return roomMembers().put(t, m)
	})
}

// Invite lets somebody into a room: by those who are in it. Into a private one, by those who care for it. It takes from the
// same allowance as sending.
func (s *Store) Invite(ctx context.Context, by Actor, id, memberID string) error {
	if !s.pace.allow(by.MemberID, s.Now()) {
		return tooManyMessages()
	}
	return s.inRoom(ctx, by, id, func(t *tx, r Room, who Member) error {
		if r.Kind == RoomDirect {
			return conflict("room.direct_stays")
		}
		if _, in, err := roomMembers().find(t, r.ID, who.ID); err != nil {
			return err
		} else if !in || r.Access == AccessPrivate && !r.manages(who) {
			return denied("error.not_allowed.room")
		}
		m, ok, err := members().find(t, memberID)
		if err != nil {
			return err
		}
		if !ok || m.State != MemberActive {
			return invalid("person", "room.unknown_person")
		}
		if _, in, err := roomMembers().find(t, r.ID, m.ID); err != nil || in {
			return err
		}
		if err := t.joinRoom(r, m.ID, Normal, false); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventInvited, Subject: r.ID, Member: m.ID, By: who.ID})
	})
}

// RemoveFromRoom takes somebody out of a private room: by those who care for it.
func (s *Store) RemoveFromRoom(ctx context.Context, by Actor, id, memberID string) error {
	return s.inRoom(ctx, by, id, func(t *tx, r Room, who Member) error {
		switch {
		case r.Access != AccessPrivate || !r.manages(who):
			return denied("error.not_allowed.room")
		case memberID == r.By:
			return conflict("room.owner_stays")
		}
		if err := roomMembers().remove(t, r.ID, memberID); err != nil {
			return err
		}
		return t.audit(by, "audit.room_removed", r.ID, map[string]string{"member": memberID})
	})
}

// inRoom runs one change about a room that the acting member may read.
func (s *Store) inRoom(ctx context.Context, by Actor, id string, change func(*tx, Room, Member) error) error {
	return s.update(ctx, "room/"+id, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		r, err := t.enterRoom(id, who)
		if err != nil {
			return err
		}
		return change(t, r, who)
	})
}

// readRoom moves a member's read position in a room forward, never back.
func (t *tx) readRoom(memberID, roomID string, number int) error {
	r, _, err := readings().find(t, memberID, "room", roomID)
	if err != nil || number <= r.Read {
		return err
	}
	r.Member, r.Kind, r.Subject, r.Read, r.At = memberID, "room", roomID, number, t.now
	return readings().put(t, r)
}

// ReadRoom says that the acting member has read a room up to a message. It looks first: reading again writes nothing.
func (s *Store) ReadRoom(ctx context.Context, by Actor, id string, number int) (moved bool, err error) {
	run := func(t *tx, write bool) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if _, err := t.enterRoom(id, who); err != nil {
			return err
		}
		log, err := t.roomLog(id)
		if err != nil {
			return err
		}
		at := min(number, log.Last)
		r, _, err := readings().find(t, who.ID, "room", id)
		if moved = err == nil && at > r.Read; !moved || !write {
			return err
		}
		return t.readRoom(who.ID, id, at)
	}
	if err := s.view(ctx, func(t *tx) error { return run(t, false) }); err != nil || !moved {
		return false, err
	}
	err = s.update(ctx, "reading/"+by.MemberID, func(t *tx) error {
		t.lastRoom()
		return run(t, true)
	})
	return moved, err
}

// MarkRoomUnread makes a message and what follows it new again to the acting member.
func (s *Store) MarkRoomUnread(ctx context.Context, by Actor, id string, number int) error {
	return s.inRoom(ctx, by, id, func(t *tx, r Room, who Member) error {
		reading, ok, err := readings().find(t, who.ID, "room", r.ID)
		if err != nil || !ok || number < 1 || number > reading.Read {
			return err
		}
		reading.Read, reading.At = number-1, t.now
		return readings().put(t, reading)
	})
}

// Admitted says which of some people may read a room now: those who left, or were taken out, may not.
func (s *Store) Admitted(ctx context.Context, roomID string, people []string) (map[string]bool, error) {
	admitted := map[string]bool{}
	err := s.view(ctx, func(t *tx) error {
		clear(admitted)
		r, err := t.room(roomID)
		if KindOf(err) == NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		names, err := members().many(t, people)
		if err != nil {
			return err
		}
		for _, id := range people {
			if admitted[id], err = t.readable(r, names[id]); err != nil {
				return err
			}
		}
		return nil
	})
	return admitted, err
}

// SessionsLive says which sessions still count, by the hash of their token, and whose they are.
func (s *Store) SessionsLive(ctx context.Context, hashes []string) (map[string]string, error) {
	live := map[string]string{}
	err := s.view(ctx, func(t *tx) error {
		clear(live)
		found, err := sessions().many(t, hashes)
		if err != nil {
			return err
		}
		var people []string
		for _, one := range found {
			people = append(people, one.Member)
		}
		names, err := members().many(t, people)
		if err != nil {
			return err
		}
		for hash, one := range found {
			if one.live(t.now) && names[one.Member].State == MemberActive {
				live[hash] = one.Member
			}
		}
		return nil
	})
	return live, err
}

// peopleIn are the ids of those in a room, at most limit.
func (t *tx) peopleIn(r Room, limit int) ([]string, error) {
	if r.Kind == RoomDirect {
		return r.People, nil
	}
	prefix := famRoomMember.prefix(r.ID)
	pairs, err := t.Scan(kv.Prefix(prefix), limit)
	ids := make([]string, len(pairs))
	for i, pair := range pairs {
		ids[i] = string(pair.Key[len(prefix):])
	}
	return ids, err
}

// forgetRooms takes somebody who leaves the community out of every room, but keeps direct conversations for the others.
func (t *tx) forgetRooms(memberID string) error {
	all, err := roomMembers().list(t, famRoomMemberOf, window{Under: []string{memberID}, Limit: 2 * maxRooms})
	if err != nil {
		return err
	}
	for _, m := range all {
		if err := roomMembers().remove(t, m.Room, m.Member); err != nil {
			return err
		}
		if err := t.handRoom(m.Room, memberID); err != nil {
			return err
		}
	}
	return nil
}

// handRoom gives a room to care for to who has been in it longest, when who opened it leaves the community.
func (t *tx) handRoom(roomID, memberID string) error {
	r, ok, err := rooms().find(t, roomID)
	if err != nil || !ok || r.By != memberID || r.Kind != RoomOpen {
		return err
	}
	others, err := roomMembers().under(t, window{Under: []string{roomID}, Limit: maxInRoom})
	if err != nil || len(others) == 0 {
		return err
	}
	r.By = slices.MinFunc(others, func(a, b RoomMember) int { return a.Joined.Compare(b.Joined) }).Member
	return rooms().put(t, r)
}

// sweepRooms takes people out of the rooms of meetings that are closed for writing: nothing new comes there. They stay to be
// read.
func (t *tx) sweepRooms() error {
	prefix := famRoomMember.prefix(string(RoomMeeting) + ":")
	prefix = prefix[:len(prefix)-len(partEnd)]
	r := kv.Prefix(prefix)
	for removed := 0; removed < scanBatch; {
		pairs, err := t.Scan(r, scanBatch)
		if err != nil {
			return err
		}
		closed := map[string]bool{}
		for _, pair := range pairs {
			roomID, memberID, _ := strings.Cut(string(pair.Key[len(famRoomMember)+1:]), partEnd)
			over, known := closed[roomID]
			if !known {
				room, err := t.room(roomID)
				if err != nil && KindOf(err) != NotFound {
					return err
				}
				over = err != nil || !room.Closes.IsZero() && t.now.After(room.Closes)
				closed[roomID] = over
			}
			if over {
				removed++
				if err := roomMembers().remove(t, roomID, memberID); err != nil {
					return err
				}
			}
		}
		if len(pairs) < scanBatch {
			return nil
		}
		r.From = append(bytes.Clone(pairs[len(pairs)-1].Key), 0)
	}
	return nil
}

func (v *verification) room(r *Room) {
	v.lead(famRoom, r.ID, famMember, r.By)
	for _, id := range r.People {
		v.lead(famRoom, r.ID, famMember, id)
	}
	if r.Kind == RoomDirect && !slices.IsSorted(r.People) {
		v.report(Fault{"record", string(famRoom) + "/" + r.ID, "its people are not in order"})
	}
}
