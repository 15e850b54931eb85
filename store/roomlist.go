package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// RoomRow is a room in a list.
type RoomRow struct {
	Room  Room
	Log   RoomLog
	In    bool
	Level Level
	New   int // messages that are new to the reader, at most 100 are counted
	First int // number of the first of them
	Named bool
	Names []Member // who wrote them, the latest first, at most three
}

// Rooms are those the acting member is in, by kind and name: the lounge is always among them. Visitors see no list of
// their own.
func (s *Store) Rooms(ctx context.Context, by Actor) ([]RoomRow, error) {
	var rows []RoomRow
	err := s.view(ctx, func(t *tx) error {
		look, err := t.lookFor(by, time.Time{})
		if err != nil {
			return err
		}
		if rows, err = look.joined(t); err != nil {
			return err
		}
		if !slices.ContainsFunc(rows, func(r RoomRow) bool { return r.Room.ID == LoungeID }) {
			lounge, err := t.room(LoungeID)
			if err != nil {
				return err
			}
			log, err := t.roomLog(LoungeID)
			if err != nil {
				return err
			}
			rows = append(rows, RoomRow{Room: lounge, Log: log})
		}
		slices.SortStableFunc(rows, func(a, b RoomRow) int { return strings.Compare(a.place(), b.place()) })
		return nil
	})
	return rows, err
}

// place sorts rooms: the lounge, meetings, what members opened, towns, people.
func (r RoomRow) place() string {
	order := map[RoomKind]string{RoomLounge: "0", RoomMeeting: "1", RoomOpen: "2", RoomTown: "3", RoomApp: "3", RoomDirect: "4", RoomMentorship: "3"}
	return order[r.Room.Kind] + sortName(r.Room.Name+strings.Join(r.Room.Names, ", "))
}

// joined are the rooms somebody is in and may still read, with what is new in them.
func (l look) joined(t *tx) ([]RoomRow, error) {
	all, err := roomMembers().list(t, famRoomMemberOf, window{Under: []string{l.who.ID}, Limit: maxRooms})
	if err != nil {
		return nil, err
	}
	var rows []RoomRow
	for _, in := range all {
		r, err := t.enterRoom(in.Room, l.who)
		if KindOf(err) == NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		row := RoomRow{Room: r, In: true, Level: in.Level}
		if err := l.room(t, &row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// room says what is new in a room.
func (l look) room(t *tx, row *RoomRow) error {
	var err error
	if row.Log, err = t.roomLog(row.Room.ID); err != nil {
		return err
	}
	if err := t.nameRoom(&row.Room, l.who); err != nil || row.Level == Muted || !row.Log.At.After(l.profile.CaughtUp) {
		return err
	}
	read, _, err := readings().find(t, l.who.ID, "room", row.Room.ID)
	if err != nil || !l.since && read.Read >= row.Log.Last {
		return err
	}
	w := window{Under: []string{row.Room.ID}, From: messageNumber(read.Read + 1), Limit: unreadPage}
	if l.since {
		w.From = ""
	}
	if l.brief {
		w.Limit = 4
	}
	seen := 0
	return messages().latest(t, w, func(m *Message) bool {
		if seen++; !m.At.After(l.profile.CaughtUp) {
			return false
		}
		named := slices.Contains(m.Mentions, l.who.ID) || l.who.TownID() != "" && slices.Contains(m.Mentions, l.who.TownID())
		if m.Deleted != nil || m.Author == l.who.ID || !named && (row.Level == Mentions || row.Level == Normal && !l.reads(m.Lang)) {
			return seen < unreadPage
		}
		row.New++
		row.First, row.Named = m.Number, row.Named || named
		if len(row.Names) < 3 && !slices.ContainsFunc(row.Names, func(n Member) bool { return n.ID == m.Author }) {
			row.Names = append(row.Names, Member{ID: m.Author})
		}
		return !l.brief && seen < unreadPage
	})
}

// called are the rooms somebody is not in, where a message that they have not read mentions them or their town.
func (l look) called(t *tx, have []RoomRow) ([]RoomRow, error) {
	var rows []RoomRow
	known := map[string]bool{}
	for _, row := range have {
		known[row.Room.ID] = true
	}
	for _, id := range []string{l.who.ID, l.who.TownID()} {
		if id == "" {
			continue
		}
		w := window{Under: []string{id}, From: instant(l.profile.CaughtUp.Add(1)), Reverse: true, Limit: unreadPage}
		found, err := messages().list(t, famMessageMention, w)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if known[m.Room] {
				continue
			}
			known[m.Room] = true
			r, err := t.enterRoom(m.Room, l.who)
			if KindOf(err) == NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			row := RoomRow{Room: r, Level: Mentions}
			if err := l.room(t, &row); err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// rooms are the rooms with something new, before an instant.
func (l look) rooms(t *tx, before string) ([]News, error) {
	rows, err := l.joined(t)
	if err != nil {
		return nil, err
	}
	other, err := l.called(t, rows)
	if err != nil {
		return nil, err
	}
	var found []News
	for _, row := range append(rows, other...) {
		if row.New > 0 && instant(row.Log.At) < before {
			found = append(found, News{Kind: "room", At: row.Log.At, Room: row.Room, Count: row.New, First: row.First, Named: row.Named, Names: row.Names})
		}
	}
	slices.SortStableFunc(found, func(a, b News) int { return b.At.Compare(a.At) })
	return found, nil
}

// RoomQuery asks for rooms to look around in: those whose name or purpose has the words.
type RoomQuery struct {
	Words, After string
	Limit        int
}

// RoomList is one page of rooms.
type RoomList struct {
	Rows []RoomRow
	Next string
}

// BrowseRooms lists the rooms that members opened and the reader may enter, by name. Private ones are never listed.
func (s *Store) BrowseRooms(ctx context.Context, by Actor, q RoomQuery) (RoomList, error) {
	var list RoomList
	words := fold(q.Words)
	err := s.view(ctx, func(t *tx) error {
		list = RoomList{}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		fits := func(r Room) bool {
			return (r.Access == AccessPublic || may(reader, Take)) && (words == "" || strings.Contains(fold(r.Name+" "+r.Purpose), words))
		}
		at := func(r Room) string { return sortName(r.Name) + partEnd + r.ID }
		found, next, err := walk(t, rooms(), famRoomName, []window{{}}, paging[Room]{q.After, q.Limit, at, fits, maxLooked})
		if err != nil {
			return err
		}
		list.Next = next
		for _, r := range found {
			row := RoomRow{Room: r}
			if row.Log, err = t.roomLog(r.ID); err != nil {
				return err
			}
			in, ok, err := roomMembers().find(t, r.ID, reader.ID)
			if err != nil {
				return err
			}
			row.In, row.Level = ok, in.Level
			list.Rows = append(list.Rows, row)
		}
		return nil
	})
	return list, err
}

// MeetingRooms are the rooms of meetings that are open now, the next meeting first.
func (s *Store) MeetingRooms(ctx context.Context, by Actor) ([]Room, error) {
	var found []Room
	err := s.view(ctx, func(t *tx) error {
		found = nil
		reader, err := t.reader(by)
		if err != nil || !may(reader, Take) {
			return err
		}
		soon, err := meetings().list(t, famMeetingStart, window{From: instant(t.now.Add(-24 * time.Hour)), To: instant(t.now.Add(roomOpensBefore)), Limit: 20})
		if err != nil {
			return err
		}
		for _, m := range soon {
			r, err := t.room(MeetingRoomID(m.ID))
			if KindOf(err) == NotFound || m.State == MeetingCancelled {
				continue
			}
			if err != nil {
				return err
			}
			found = append(found, r)
		}
		return nil
	})
	return found, err
}

// RoomPeople are those in a room, by name, at most maxInRoom: for those who may read it.
func (s *Store) RoomPeople(ctx context.Context, by Actor, roomID string) ([]Member, error) {
	var people []Member
	err := s.view(ctx, func(t *tx) error {
		people = nil
		reader, err := t.require(by, Take)
		if err != nil {
			return err
		}
		r, err := t.enterRoom(roomID, reader)
		if err != nil {
			return err
		}
		ids, err := t.peopleIn(r, maxInRoom)
		if err != nil {
			return err
		}
		names, err := members().many(t, ids)
		for _, id := range ids {
			if m := names[id]; m.State == MemberActive {
				people = append(people, m)
			}
		}
		slices.SortFunc(people, func(a, b Member) int { return strings.Compare(sortName(a.Name), sortName(b.Name)) })
		return err
	})
	return people, err
}
