package store

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// MessageRow is a message with what it names.
type MessageRow struct {
	Message Message
	Author  Member
	Town    Town
	Answers *Message // what it replies to; nil when it replies to nothing
	To      Member   // who wrote that
	Refs    map[string]Ref
	Reacted map[string]Member // who reacted, by id
	Thread  Thread            // where it was moved to, as far as the reader may know
	Item    AgendaItem
	Meeting Meeting // of Item
}

// MessageQuery asks for a page of a room: the last messages, those before or after a number, those around one, or those
// from an instant on.
type MessageQuery struct {
	Before, After, Around int
	From                  time.Time
	Limit                 int // MessagesPerPage unless given
}

// RoomPage is a part of what was said in a room, oldest first. Earlier and Later say whether there is more.
type RoomPage struct {
	Room           Room
	Log            RoomLog
	Rows           []MessageRow
	Earlier, Later bool
	Read           int // the reader's read position; for visitors everything is read
	In             *RoomMember
	Member         Member
	Town           Town // of a town's room
	Meeting        Meeting
	Count          int // people in the room, at most maxInRoom
}

// RoomBySlug finds a room that somebody may read by its address.
func (s *Store) RoomBySlug(ctx context.Context, by Actor, slug string) (Room, error) {
	var r Room
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		if r, err = t.roomBySlug(slug); err != nil {
			return err
		}
		if r, err = t.enterRoom(r.ID, reader); err != nil {
			return err
		}
		return t.nameRoom(&r, reader)
	})
	return r, err
}

// nameRoom gives a direct conversation the names of the others in it.
func (t *tx) nameRoom(r *Room, reader Member) error {
	if r.Kind != RoomDirect {
		return nil
	}
	names, err := members().many(t, r.People)
	for _, id := range r.People {
		if id != reader.ID {
			r.Names = append(r.Names, names[id].Name)
		}
	}
	return err
}

// RoomPage reads a part of a room.
func (s *Store) RoomPage(ctx context.Context, by Actor, roomID string, q MessageQuery) (RoomPage, error) {
	var p RoomPage
	err := s.view(ctx, func(t *tx) error {
		p = RoomPage{}
		var err error
		if p.Member, err = t.reader(by); err != nil {
			return err
		}
		if p.Room, err = t.enterRoom(roomID, p.Member); err != nil {
			return err
		}
		if err := t.nameRoom(&p.Room, p.Member); err != nil {
			return err
		}
		if p.Log, err = t.roomLog(roomID); err != nil {
			return err
		}
		found, err := t.messagePage(&p, q)
		if err != nil {
			return err
		}
		if p.Rows, err = t.messageRows(found, p.Member); err != nil {
			return err
		}
		return t.frameRoom(&p)
	})
	return p, err
}

// frameRoom reads what stands around a room's messages.
func (t *tx) frameRoom(p *RoomPage) error {
	people, err := t.peopleIn(p.Room, maxInRoom)
	if err != nil {
		return err
	}
	p.Count, p.Read = len(people), p.Log.Last
	if p.Room.Kind == RoomMeeting {
		if p.Meeting, err = meetings().get(t, p.Room.Subject); err != nil {
			return err
		}
	}
	if p.Room.Kind == RoomTown {
		if p.Town, err = towns().get(t, p.Room.Subject); err != nil {
			return err
		}
	}
	in, ok, err := roomMembers().find(t, p.Room.ID, p.Member.ID)
	if err != nil || !ok {
		return err
	}
	p.In = &in
	r, _, err := readings().find(t, p.Member.ID, "room", p.Room.ID)
	p.Read = r.Read
	return err
}

// messagePage reads the messages a query asks for.
func (t *tx) messagePage(p *RoomPage, q MessageQuery) ([]Message, error) {
	limit := cmp.Or(q.Limit, MessagesPerPage)
	room := p.Room.ID
	read := func(w window) ([]Message, error) {
		w.Under = []string{room}
		found, err := messages().under(t, w)
		if w.Reverse {
			slices.Reverse(found)
		}
		return found, err
	}
	if !q.From.IsZero() {
		first, err := t.firstSince(room, p.Log.Last, q.From)
		if err != nil {
			return nil, err
		}
		q.After = max(first-1, 0)
		if first == 1 {
			q.Around = 1
		}
	}
	var found []Message
	var err error
	switch {
	case q.Around > 0:
		if found, err = read(window{To: messageNumber(q.Around), Reverse: true, Limit: limit / 2}); err == nil {
			var rest []Message
			rest, err = read(window{From: messageNumber(q.Around), Limit: limit - limit/2})
			found = append(found, rest...)
		}
	case q.After > 0:
		found, err = read(window{From: messageNumber(q.After + 1), Limit: limit})
	case q.Before > 0:
		found, err = read(window{To: messageNumber(q.Before), Reverse: true, Limit: limit})
	default:
		found, err = read(window{Reverse: true, Limit: limit})
	}
	if len(found) > 0 {
		p.Earlier, p.Later = found[0].Number > 1, found[len(found)-1].Number < p.Log.Last
	}
	return found, err
}

// firstSince is the number of the first message at an instant or later, by halving; the last one when none is.
func (t *tx) firstSince(room string, last int, at time.Time) (int, error) {
	low, high := 1, last
	for low < high {
		middle := (low + high) / 2
		m, err := messages().get(t, room, messageNumber(middle))
		if err != nil {
			return 0, err
		}
		if m.At.Before(at) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// messageRows reads what messages name, as far as the reader may know of it. What was moved says nothing here any more: it
// is read where it went, by those who may.
func (t *tx) messageRows(found []Message, reader Member) ([]MessageRow, error) {
	var people, places, codes []string
	answered := map[int]Message{}
	for _, m := range found {
		answered[m.Number] = m
	}
	for _, m := range found {
		people, places, codes = append(people, m.Author), append(places, m.Town), append(codes, m.Refs...)
		for _, who := range m.Reactions {
			people = append(people, who...)
		}
		if _, have := answered[m.Reply]; m.Reply > 0 && !have {
			a, err := messages().get(t, m.Room, messageNumber(m.Reply))
			if err != nil {
				return nil, err
			}
			answered[m.Reply] = a
		}
		if m.Reply > 0 {
			people = append(people, answered[m.Reply].Author)
		}
	}
	names, err := members().many(t, people)
	if err != nil {
		return nil, err
	}
	homes, err := towns().many(t, places)
	if err != nil {
		return nil, err
	}
	refs, err := t.refs(reader, codes)
	if err != nil {
		return nil, err
	}
	rows := make([]MessageRow, len(found))
	for i, m := range found {
		rows[i] = MessageRow{Message: m, Author: names[m.Author], Town: homes[m.Town], Refs: refs, Reacted: names}
		if m.Reply > 0 {
			a := answered[m.Reply]
			a.quiet()
			rows[i].Answers, rows[i].To = &a, names[a.Author]
		}
		if m.Moved == nil {
			continue
		}
		rows[i].Message.quiet()
		if err := t.whereto(&rows[i], reader); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// whereto reads where a message was moved to, when the reader may know of it.
func (t *tx) whereto(row *MessageRow, reader Member) error {
	moved := row.Message.Moved
	var err error
	if moved.Thread != "" {
		row.Thread, _, err = t.thread(moved.Thread, reader)
	} else if row.Item, err = items().get(t, moved.Item); err == nil {
		row.Meeting, err = meetings().get(t, row.Item.Meeting)
	}
	if err == nil && moved.Item != "" && (!visible(row.Meeting, reader) || row.Item.Members && !may(reader, Take)) {
		row.Item, row.Meeting = AgendaItem{}, Meeting{}
	}
	if KindOf(err) == NotFound {
		return nil
	}
	return err
}

// RoomLog is how far a room has come. It asks for nobody's rights.
func (s *Store) RoomLog(ctx context.Context, roomID string) (RoomLog, error) {
	var log RoomLog
	err := s.view(ctx, func(t *tx) error {
		var err error
		log, err = t.roomLog(roomID)
		return err
	})
	return log, err
}

// ReadInRoom is the number of the last message of a room that a member has read.
func (s *Store) ReadInRoom(ctx context.Context, memberID, roomID string) (int, error) {
	var r Reading
	err := s.view(ctx, func(t *tx) error {
		var err error
		r, _, err = readings().find(t, memberID, "room", roomID)
		return err
	})
	return r.Read, err
}

// MessageAt is one message of a room that the reader may read.
func (s *Store) MessageAt(ctx context.Context, by Actor, roomID string, number int) (MessageRow, error) {
	var row MessageRow
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		if _, err := t.enterRoom(roomID, reader); err != nil {
			return err
		}
		m, err := messages().get(t, roomID, messageNumber(number))
		if err != nil {
			return err
		}
		rows, err := t.messageRows([]Message{m}, reader)
		if err == nil {
			row = rows[0]
		}
		return err
	})
	return row, err
}

// MessageHistory are the texts a message had before, oldest first: for moderators, in rooms that they may read.
func (s *Store) MessageHistory(ctx context.Context, by Actor, roomID string, number int) ([]MessageRevision, error) {
	var found []MessageRevision
	err := s.view(ctx, func(t *tx) error {
		who, err := t.require(by, Moderate)
		if err != nil {
			return err
		}
		if _, err := t.enterRoom(roomID, who); err != nil {
			return err
		}
		found, err = messageRevisions().under(t, window{Under: []string{roomID, messageNumber(number)}, Limit: scanBatch})
		return err
	})
	return found, err
}

// MarkedMessages are the messages of a meeting's room that were marked for its minutes, oldest first: for those who may
// read the room.
func (s *Store) MarkedMessages(ctx context.Context, by Actor, meetingID string) ([]MessageRow, error) {
	var rows []MessageRow
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		r, err := t.enterRoom(MeetingRoomID(meetingID), reader)
		if err != nil {
			return err
		}
		found, err := messages().list(t, famMessageMark, window{Under: []string{r.ID}, Limit: scanBatch})
		if err != nil {
			return err
		}
		rows, err = t.messageRows(found, reader)
		for i := range rows { // minutes are written from the words, wherever they went
			rows[i].Message.Source, rows[i].Message.HTML = found[i].Source, found[i].HTML
		}
		return err
	})
	return rows, err
}
