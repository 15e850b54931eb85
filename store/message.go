package store

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"
)

// Message is one thing said in a room. Number counts the room's messages from 1, without gaps; it is given in the
// transaction that stores the message and never given twice. Change is 0 until the message is changed; then it is the
// room's count of changes at that moment, so that who was away finds what became of old messages.
type Message struct {
	Room     string    `json:"room"`
	Number   int       `json:"number"`
	Author   string    `json:"author"`        // member id
	Town     string    `json:"town,omitzero"` // the author's, then
	At       time.Time `json:"at"`
	Source   string    `json:"source,omitzero"` // Markdown, as it was written; gone when deleted
	HTML     string    `json:"html,omitzero"`   // rendered and sanitised once
	Renderer int       `json:"renderer,omitzero"`
	Lang     string    `json:"lang,omitzero"`
	Client   string    `json:"client,omitzero"` // the id its sender gave it: the same again is the same message
	Reply    int       `json:"reply,omitzero"`  // number of the message it answers
	Mentions []string  `json:"mentions,omitzero"`
	Refs     []string  `json:"refs,omitzero"`

	Change    int                       `json:"change,omitzero"`
	Revision  int                       `json:"revision,omitzero"` // how often its text was changed
	Edited    time.Time                 `json:"edited,omitzero"`
	Deleted   *Hiding                   `json:"deleted,omitzero"`
	Moved     *MessageMoved             `json:"moved,omitzero"`
	Mark      MarkKind                  `json:"mark,omitzero"` // for the minutes
	Reactions map[ReactionKind][]string `json:"reactions,omitzero"`
}

// MessageMoved says where a message went: to a post of a thread, or to an agenda item.
type MessageMoved struct {
	Thread string    `json:"thread,omitzero"`
	Seq    int       `json:"seq,omitzero"`
	Item   string    `json:"item,omitzero"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// MessageRevision is a text that a message had before it was changed or deleted, for moderators, and of a deleted one
// only as long as it can be brought back.
type MessageRevision struct {
	Room   string    `json:"room"`
	Number int       `json:"number"`
	Nth    int       `json:"nth"`
	Source string    `json:"source"`
	By     string    `json:"by"`
	At     time.Time `json:"at"` // when it was replaced
	Gone   bool      `json:"gone,omitzero"`
}

// RoomLog is how far a room has come: the number of its last message, and how many changes older ones saw.
type RoomLog struct {
	Room    string    `json:"room"`
	Last    int       `json:"last"`
	Changes int       `json:"changes,omitzero"`
	At      time.Time `json:"at"`
	LastBy  string    `json:"last_by,omitzero"`
	Notice  time.Time `json:"notice,omitzero"` // until then a letter about new messages is already waiting
}

// Limits of messages.
const (
	MaxMessage       = 4_000 // characters
	maxClient        = 64
	maxReacted       = 200 // people one reaction names
	maxRevisions     = 50
	messagesAtOnce   = 30 // one person may send so many at once
	messageEvery     = 2 * time.Second
	gatherMessages   = 10 * time.Minute
	MessagesPerPage  = 50
	keepDeleted      = 30 * 24 * time.Hour
	MaxMessagesMoved = 50
)

func messageNumber(n int) string { return fmt.Sprintf("%09d", n) }

var messages = sync.OnceValue(func() *table[Message] {
	return &table[Message]{
		kept:   true,
		family: famMessage,
		key:    func(m *Message) []string { return []string{m.Room, messageNumber(m.Number)} },
		indexes: []index[Message]{
			{family: famMessageOnce, unique: true, parts: func(m *Message) [][]string {
				if m.Client == "" {
					return nil
				}
				return [][]string{{m.Author, m.Client}}
			}},
			{family: famMessageChange, parts: func(m *Message) [][]string {
				if m.Change == 0 {
					return nil
				}
				return [][]string{{m.Room, messageNumber(m.Change)}}
			}},
			{family: famMessageMention, parts: func(m *Message) [][]string {
				var parts [][]string
				for _, id := range m.Mentions {
					parts = append(parts, []string{id, instant(m.At)})
				}
				return parts
			}},
			{family: famMessageMark, parts: func(m *Message) [][]string {
				if m.Mark == "" || m.Deleted != nil {
					return nil
				}
				return [][]string{{m.Room}}
			}},
		},
	}
})

var roomLogs = sync.OnceValue(func() *table[RoomLog] {
	return &table[RoomLog]{hot: true, family: famRoomLog, key: func(l *RoomLog) []string { return []string{l.Room} }}
})

func messageRevisions() *table[MessageRevision] {
	return &table[MessageRevision]{
		family: famMessageRevision,
		key: func(r *MessageRevision) []string {
			return []string{r.Room, messageNumber(r.Number), messageRevisionNumber(r.Nth)}
		},
		indexes: []index[MessageRevision]{
			{family: famMessageRevisionGone, parts: func(r *MessageRevision) [][]string {
				if !r.Gone {
					return nil
				}
				return [][]string{{instant(r.At)}}
			}},
		},
	}
}

// roomLog is how far a room has come; nothing yet is no error.
func (t *tx) roomLog(roomID string) (RoomLog, error) {
	log, _, err := roomLogs().find(t, roomID)
	log.Room = roomID
	return log, err
}

// MessageInput is what a member says in a room. Client names the message for its sender; Reply is the number of the
// message it answers, 0 for none. Lang may be "".
type MessageInput struct {
	Source, Lang, Client string
	Reply                int
}

// Send says something in a room: by members who may read it, while it is open. It puts them in the room. The same
// Client by the same member again is the message that is already there; with another text it is a Conflict. When it
// returns the message is on disk, with its number.
func (s *Store) Send(ctx context.Context, by Actor, roomID string, in MessageInput) (Message, error) {
	text, err := s.writtenMessage(ctx, in)
	if err != nil {
		return Message{}, err
	}
	if !s.pace.allow(by.MemberID, s.Now()) {
		return Message{}, tooManyMessages()
	}
	var m Message
	err = s.update(ctx, "room/"+roomID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if who.ID == "" {
			return denied("error.sign_in_first")
		}
		if have, ok, err := t.sent(who.ID, roomID, in.Client, text.source); err != nil || ok {
			m = have
			return err
		}
		r, err := t.writableRoom(roomID, who)
		if err != nil {
			return err
		}
		m = Message{Room: r.ID, Author: who.ID, Town: who.TownID(), Source: text.source, HTML: text.html, Renderer: s.renderer.Version,
			Lang: text.lang(who), Client: in.Client, Mentions: text.mentions, Refs: text.refs, Reply: in.Reply}
		return t.say(r, who, &m)
	})
	return m, err
}

// writtenMessage checks and renders a message, outside of any transaction.
func (s *Store) writtenMessage(ctx context.Context, in MessageInput) (written, error) {
	var c check
	if n := utf8.RuneCountInString(in.Source); n > MaxMessage {
		c.add("source", "invalid.too_long", "Max", MaxMessage, "Have", n)
		return written{}, c.err()
	}
	c.line("client", in.Client, maxClient)
	return s.written(ctx, &c, PostInput{Source: in.Source, Lang: in.Lang})
}

// sent finds what a message of this member became already; the same id with other words is a Conflict.
func (t *tx) sent(memberID, roomID, client, source string) (Message, bool, error) {
	if client == "" {
		return Message{}, false, nil
	}
	t.twice = true
	have, err := messages().lookup(t, famMessageOnce, memberID, client)
	switch {
	case KindOf(err) == NotFound:
		return Message{}, false, nil
	case err != nil:
		return Message{}, false, err
	case have.Room != roomID || have.Revision == 0 && have.Deleted == nil && have.Source != source:
		return Message{}, false, conflict("message.id_taken")
	}
	return have, true, nil
}

// writableRoom reads a room that a member may write in now.
func (t *tx) writableRoom(id string, who Member) (Room, error) {
	r, err := t.enterRoom(id, who)
	if err != nil {
		return r, err
	}
	switch {
	case !r.Archived.IsZero():
		return r, conflict("room.archived")
	case !r.Opens.IsZero() && t.now.Before(r.Opens):
		return r, conflict("room.not_open")
	case !r.Writable(t.now):
		return r, conflict("room.closed")
	}
	return r, nil
}

// say stores a room's next message.
func (t *tx) say(r Room, who Member, m *Message) error {
	log, err := t.roomLog(r.ID)
	if err != nil {
		return err
	}
	if m.Reply > log.Last || m.Reply < 0 {
		m.Reply = 0
	}
	log.Last++
	log.At, log.LastBy = t.now, who.ID
	m.Number, m.At = log.Last, t.now
	if err := messages().put(t, *m); err != nil {
		return err
	}
	if err := t.joinRoom(r, who.ID, Normal, true); err != nil { // who speaks up has nothing to catch up with
		return err
	}
	if err := t.tellLater(r, &log, m); err != nil {
		return err
	}
	return roomLogs().put(t, log)
}

// tellLater puts a letter about new messages in the outbox, when somebody may want one and none is waiting.
func (t *tx) tellLater(r Room, log *RoomLog, m *Message) error {
	if log.Notice.After(t.now) {
		return nil
	}
	if r.Kind != RoomDirect && len(m.Mentions) == 0 {
		watched, err := t.Scan(window{Under: []string{r.ID}}.bounds(famRoomMemberWatch), 1)
		if err != nil || len(watched) == 0 {
			return err
		}
	}
	log.Notice = t.now.Add(gatherMessages)
	return t.emit(Event{Kind: EventSaid, Subject: r.ID, By: m.Author, Due: log.Notice})
}

// EditMessage changes what a message says: by its author, while the room is open. Base is the revision it started from:
// when it was changed meanwhile it is a Conflict. What it said before is kept for moderators.
func (s *Store) EditMessage(ctx context.Context, by Actor, roomID string, number, base int, in MessageInput) (Message, error) {
	text, err := s.writtenMessage(ctx, in)
	if err != nil {
		return Message{}, err
	}
	return s.changeMessage(ctx, by, roomID, number, (*tx).writableRoom, func(t *tx, who Member, m *Message) error {
		switch {
		case m.Author != who.ID:
			return denied("error.not_allowed.message")
		case m.Deleted != nil || m.Moved != nil:
			return conflict("message.gone")
		case m.Source == text.source:
			return errUnchanged
		case m.Revision >= maxRevisions:
			return conflict("message.edited_enough")
		case m.Revision != base:
			return &Error{Kind: Conflict, Problems: []Problem{{Field: "source", Key: "message.changed_meanwhile"}}}
		}
		if err := t.keepText(m, who.ID, false); err != nil {
			return err
		}
		m.Revision++
		m.Edited = t.now
		m.Source, m.HTML, m.Renderer, m.Lang, m.Mentions, m.Refs = text.source, text.html, t.store.renderer.Version, text.lang(who), text.mentions, text.refs
		return nil
	})
}

// keepText keeps what a message says now, before it is replaced.
func (t *tx) keepText(m *Message, by string, gone bool) error {
	before, err := messageRevisions().under(t, window{Under: []string{m.Room, messageNumber(m.Number)}, Reverse: true, Limit: 1})
	if err != nil {
		return err
	}
	nth := 1
	if len(before) > 0 {
		nth = before[0].Nth + 1
	}
	return messageRevisions().put(t, MessageRevision{Room: m.Room, Number: m.Number, Nth: nth, Source: m.Source, By: by, At: t.now, Gone: gone})
}

// DeleteMessage takes away what a message says, in a room that is closed too: by its author, and by moderators, who say why. Its place stays. The text
// is kept for moderators for keepDeleted, and then gone.
func (s *Store) DeleteMessage(ctx context.Context, by Actor, roomID string, number int, reason string) (Message, error) {
	var c check
	reason = c.line("reason", reason, MaxLine)
	if err := c.err(); err != nil {
		return Message{}, err
	}
	return s.changeMessage(ctx, by, roomID, number, (*tx).enterRoom, func(t *tx, who Member, m *Message) error {
		switch {
		case m.Author != who.ID && !may(who, Moderate):
			return denied("error.not_allowed.message")
		case m.Deleted != nil:
			return errUnchanged
		case m.Author != who.ID && reason == "":
			return invalid("reason", "invalid.required")
		}
		t.lastRoom()
		if err := t.keepText(m, who.ID, true); err != nil {
			return err
		}
		m.Deleted = &Hiding{By: who.ID, At: t.now, Reason: reason}
		m.Source, m.HTML, m.Mentions, m.Refs, m.Reactions, m.Mark = "", "", nil, nil, nil, ""
		if m.Author == who.ID {
			return nil
		}
		if err := t.emit(Event{Kind: EventMessageDeleted, Subject: m.Room, Member: m.Author, By: who.ID, Data: map[string]string{"reason": reason}}); err != nil {
			return err
		}
		return t.audit(by, "audit.message_deleted", m.Room, map[string]string{"number": fmt.Sprint(m.Number), "reason": reason})
	})
}

// ReactMessage says a word on a message, or takes it back: by members who may read it, not on their own.
func (s *Store) ReactMessage(ctx context.Context, by Actor, roomID string, number int, kind ReactionKind, on bool) (Message, error) {
	var c check
	oneOf(&c, "kind", kind, Reactions()...)
	if err := c.err(); err != nil {
		return Message{}, err
	}
	return s.changeMessage(ctx, by, roomID, number, (*tx).writableRoom, func(t *tx, who Member, m *Message) error {
		switch {
		case m.Deleted != nil:
			return conflict("message.gone")
		case m.Author == who.ID:
			return conflict("post.own")
		}
		if !m.react(kind, who.ID, on) {
			return errUnchanged
		}
		return nil
	})
}

// MarkMessage marks a message as a decision or an action for the minutes of the meeting whose room it is in, or takes
// the mark away: by those who may write there.
func (s *Store) MarkMessage(ctx context.Context, by Actor, roomID string, number int, mark MarkKind) (Message, error) {
	var c check
	oneOf(&c, "mark", mark, "", MarkDecision, MarkAction)
	if err := c.err(); err != nil {
		return Message{}, err
	}
	return s.changeMessage(ctx, by, roomID, number, (*tx).writableRoom, func(t *tx, who Member, m *Message) error {
		r, err := t.room(m.Room)
		switch {
		case err != nil:
			return err
		case r.Kind != RoomMeeting:
			return conflict("message.no_minutes")
		case m.Deleted != nil:
			return conflict("message.gone")
		case m.Mark == mark:
			return errUnchanged
		}
		m.Mark = mark
		return nil
	})
}

func messageRevisionNumber(n int) string { return fmt.Sprintf("%06d", n) }
