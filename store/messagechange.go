package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// errUnchanged says that a change asks for what is already so.
var errUnchanged = errors.New("store: nothing changes")

// entering asks whether somebody may change something in a room: (*tx).writableRoom where one may write, (*tx).enterRoom
// where one may read.
type entering func(t *tx, roomID string, who Member) (Room, error)

// changeMessage runs one change of a message in a room, and counts it among the room's changes. A change that returns
// errUnchanged writes nothing, and is no error. It takes from the same allowance as sending.
func (s *Store) changeMessage(ctx context.Context, by Actor, roomID string, number int, enter entering, change func(*tx, Member, *Message) error) (Message, error) {
	var m Message
	if !s.pace.allow(by.MemberID, s.Now()) {
		return m, tooManyMessages()
	}
	err := s.update(ctx, "room/"+roomID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if _, err := enter(t, roomID, who); err != nil {
			return err
		}
		if m, err = messages().get(t, roomID, messageNumber(number)); err != nil {
			return err
		}
		m.Reactions = maps.Clone(m.Reactions)
		if err := change(t, who, &m); err != nil {
			return err
		}
		return t.noteChange(&m)
	})
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	return m, err
}

// noteChange stores a message that was changed.
func (t *tx) noteChange(m *Message) error {
	log, err := t.roomLog(m.Room)
	if err != nil {
		return err
	}
	log.Changes++
	m.Change = log.Changes
	if err := messages().put(t, *m); err != nil {
		return err
	}
	return roomLogs().put(t, log)
}

// react adds or takes away one person's word, and says whether that changed anything.
func (m *Message) react(kind ReactionKind, memberID string, on bool) bool {
	have := m.Reactions[kind]
	at := slices.Index(have, memberID)
	switch {
	case on && at < 0 && len(have) < maxReacted:
		if m.Reactions = maps.Clone(m.Reactions); m.Reactions == nil {
			m.Reactions = map[ReactionKind][]string{}
		}
		m.Reactions[kind] = append(slices.Clone(have), memberID)
	case !on && at >= 0:
		m.Reactions = maps.Clone(m.Reactions)
		if m.Reactions[kind] = slices.Delete(slices.Clone(have), at, at+1); len(m.Reactions[kind]) == 0 {
			delete(m.Reactions, kind)
		}
	default:
		return false
	}
	return true
}

// sweepMessages erases what deleted messages said, once nobody may bring it back any more.
func (t *tx) sweepMessages() error {
	due, err := messageRevisions().list(t, famMessageRevisionGone, window{To: instant(t.now.Add(-keepDeleted)), Limit: scanBatch})
	if err != nil {
		return err
	}
	for _, gone := range due {
		all, err := messageRevisions().under(t, window{Under: []string{gone.Room, messageNumber(gone.Number)}, Limit: scanBatch})
		if err != nil {
			return err
		}
		for _, one := range all {
			if err := messageRevisions().remove(t, one.Room, messageNumber(one.Number), messageRevisionNumber(one.Nth)); err != nil {
				return err
			}
		}
	}
	return nil
}

// pace bounds how fast one person may send messages: messagesAtOnce, then one each messageEvery.
type pace struct {
	mu   sync.Mutex // guards full
	full map[string]time.Time
}

func tooManyMessages() error {
	return &Error{Kind: Limited, RetryAfter: messageEvery, Problems: []Problem{{Key: "message.too_fast"}}}
}

// maxPaced bounds how many people are remembered; whoever is forgotten may send again at once.
const maxPaced = 10_000

// allow takes one message from a person's allowance, and says whether there was one. The allowance is an instant: the one
// at which it will be full again.
func (p *pace) allow(memberID string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	full := p.full[memberID]
	if full.Before(now) || full.Sub(now) > messagesAtOnce*messageEvery { // farther ahead only when the clock was put back
		full = now
	}
	full = full.Add(messageEvery)
	if full.Sub(now) > messagesAtOnce*messageEvery {
		return false
	}
	if p.full == nil || len(p.full) >= maxPaced {
		p.full = map[string]time.Time{}
	}
	p.full[memberID] = full
	return true
}

func (v *verification) message(m *Message) {
	key := m.Room + "/" + messageNumber(m.Number)
	v.lead(famMessage, key, famMember, m.Author)
	v.lead(famMessage, key, famTown, m.Town)
	if m.Reply > 0 {
		v.lead(famMessage, key, famMessage, m.Room+partEnd+messageNumber(m.Reply))
	}
	if m.Moved != nil {
		v.lead(famMessage, key, famThread, m.Moved.Thread)
		v.lead(famMessage, key, famItem, m.Moved.Item)
	}
	said := v.rooms[m.Room]
	if said == nil {
		said = &spoken{changes: map[int]bool{}}
		v.rooms[m.Room] = said
	}
	if said.count++; m.Number != said.count { // they come in order
		v.report(Fault{"count", string(famMessage) + "/" + key, "leaves a gap before it"})
		said.count = m.Number
	}
	if m.Change > 0 && said.changes[m.Change] {
		v.report(Fault{"count", string(famMessage) + "/" + key, "has a change that another message has"})
	}
	said.changes[m.Change] = true
	said.last = max(said.last, m.Change)
}

// spoken is what the messages of a room say of it.
type spoken struct {
	count, last int
	changes     map[int]bool
}

func (v *verification) roomLog(l *RoomLog) {
	said := v.rooms[l.Room]
	if said == nil {
		said = &spoken{}
	}
	if said.count != l.Last || said.last > l.Changes {
		v.report(Fault{"count", string(famRoomLog) + "/" + l.Room, "the messages say otherwise"})
	}
	delete(v.rooms, l.Room)
}

// roomCounts reports rooms whose messages nothing counts.
func (v *verification) roomCounts() error {
	for id := range v.rooms {
		v.report(Fault{"count", string(famRoomLog) + "/" + id, "is missing"})
	}
	return nil
}
