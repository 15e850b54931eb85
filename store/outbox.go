package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"time"
)

// Event says what happened. It is written in the transaction that made it happen; a worker turns it into mail and
// takes it away. Live listeners hear of it after the commit.
type Event struct {
	ID      string            `json:"id"`
	At      time.Time         `json:"at"`
	Due     time.Time         `json:"due"` // not to be worked before; later events on the same matter may replace it
	Kind    EventKind         `json:"kind"`
	Subject string            `json:"subject"`         // id of the record it is about
	Member  string            `json:"member,omitzero"` // the one person it is for, if it is for one
	By      string            `json:"by,omitzero"`     // who did it
	Data    map[string]string `json:"data,omitzero"`   // what the letter needs and the record no longer says
}

// EventKind names what happened.
type EventKind string

const (
	EventConfirmAddress EventKind = "account.confirm"  // joined: Data address, name, lang, token, code
	EventSignInLink     EventKind = "account.sign_in"  // Data address, lang, token, code
	EventAlreadyMember  EventKind = "account.exists"   // joined with a known address: Data as sign_in
	EventUnknownAddress EventKind = "account.unknown"  // asked for a link with an unknown address: Data address, lang
	EventEmailOld       EventKind = "email.old"        // change asked: to the old address; Data address, token, new
	EventEmailNew       EventKind = "email.new"        // change asked: to the new address; Data address, token
	EventEmailChanged   EventKind = "email.changed"    // done: Data address (the old one)
	EventPassword       EventKind = "account.password" // password set or changed
	EventWelcomed       EventKind = "town.welcomed"    // Subject town, Member the one who is welcomed
	EventPersonWaits    EventKind = "town.waiting"     // Subject town, By the person who waits for a welcome
	EventRole           EventKind = "member.role"      // Member got or lost a role: Data role, given, town
	EventHandOver       EventKind = "town.hand_over"   // Subject town, Member the new contact
	EventContact        EventKind = "member.contact"   // By writes to Member: Data subject, text, reply (the writer's address, when they give it)
	EventProfileDue     EventKind = "town.profile"     // Subject town, Member who coordinates it: is the profile still right?
	EventTownMerged     EventKind = "town.merged"      // Subject the town that remains, Member: Data from (town id)
	EventMeetingChanged EventKind = "meeting.changed"  // Subject meeting: Data what (comma list of fields)
	EventCancelled      EventKind = "meeting.cancelled"
	EventPromoted       EventKind = "rsvp.promoted" // Subject meeting, Member
	EventAnsweredFor    EventKind = "rsvp.for"      // Subject meeting, Member; an organiser answered for them
	EventMinutes        EventKind = "minutes.published"
	EventFrozen         EventKind = "meeting.frozen"     // Subject meeting: the agenda is closed
	EventReminder       EventKind = "meeting.reminder"   // Subject meeting, Member
	EventNudge          EventKind = "meeting.nudge"      // Subject meeting, Member: has not answered
	EventItemDecided    EventKind = "item.decided"       // Subject item, Member its proposer: Data what (accepted, withdrawn, postponed, …)
	EventActions        EventKind = "action.given"       // Subject meeting, Member: minutes gave this person actions
	EventActionMoved    EventKind = "action.moved"       // Subject action, Member: it is yours now
	EventCorrection     EventKind = "minutes.correction" // Subject meeting, Member: Data what (proposed, taken, refused)
	EventApproved       EventKind = "minutes.approved"
	EventPosted         EventKind = "post.new"        // Subject post
	EventAccepted       EventKind = "post.accepted"   // Subject post, Member its author: it is the answer
	EventAssigned       EventKind = "thread.assigned" // Subject thread, Member
	EventModerated      EventKind = "post.moderated"  // Subject post, Member its author: Data what, reason
	EventSaid           EventKind = "room.said"       // Subject room: there are new messages
	EventInvited        EventKind = "room.invited"    // Subject room, Member
	EventMessageDeleted EventKind = "message.deleted" // Subject room, Member its author: Data reason
	EventAppNotice      EventKind = "app.notice"      // Subject notice: to the towns that use the application
	EventNoticeHelp     EventKind = "app.help"        // Subject notice, Member who looks after it: Data town, note
	EventNeedReached    EventKind = "need.reached"    // Subject need: to the towns that pledged
	EventContractEnds   EventKind = "contract.ends"   // Subject provider, Member: Data ends, town
	EventOfferAsked     EventKind = "offer.asked"     // Subject a provider, Member who acts for it or a steward, By who asks: Data town, subject, text, names (of those they act for), nobody (of those nobody acts for)
	EventHosting        EventKind = "hosting"         // Subject request, Member of one of its sides or a steward: Data state, note, nobody (nobody acts for the provider)
	EventNeedNews       EventKind = "need.news"       // Subject need: Data text
	EventMentorAsked    EventKind = "mentor.asked"    // Subject request: Data town, which is asked
	EventMentorAnswered EventKind = "mentor.answered" // Subject request: Data town, what (an outcome, question, answer)
	EventMentorStuck    EventKind = "mentor.stuck"    // Subject request, for stewards: Data what (silent, stuck), town
	EventMentorship     EventKind = "mentorship"      // Subject mentorship, for both towns: Data what, check_in
	EventMissed         EventKind = "missed"          // hints of other nodes were lost: what is shown live is read again; never stored
	EventWord           EventKind = "word"            // Subject what it replaces, By the hub that says it, Data what: who is connected, who types; never stored
	EventTouched        EventKind = "live"            // Subject says what open pages may want to read again (see turn); never stored
)

var events = sync.OnceValue(func() *table[Event] {
	return &table[Event]{family: famEvent, key: func(e *Event) []string { return []string{e.ID} }}
})

// emit appends an event to the transaction. At and ID are filled in; Due defaults to now.
func (t *tx) emit(e Event) error {
	id, err := t.newID()
	if err != nil {
		return err
	}
	e.ID, e.At = id, t.now
	if e.Due.IsZero() {
		e.Due = t.now
	}
	t.events = append(t.events, e)
	return events().put(t, e)
}

// takeEvents removes the waiting events of a kind and subject and returns them, so that several edits make one
// notice.
func (t *tx) takeEvents(kind EventKind, subject string) ([]Event, error) {
	var taken []Event
	err := events().each(t, func(e Event) error {
		if e.Kind != kind || e.Subject != subject {
			return nil
		}
		taken = append(taken, e)
		return events().remove(t, e.ID)
	})
	return taken, err
}

// DueEvents are the events whose time has come, oldest first, at most limit.
func (s *Store) DueEvents(ctx context.Context, limit int) ([]Event, error) {
	var due []Event
	err := s.view(ctx, func(t *tx) error {
		due = nil
		return events().each(t, func(e Event) error {
			if len(due) < limit && !e.Due.After(t.now) {
				due = append(due, e)
			}
			return nil
		})
	})
	return due, err
}

// Mail is one letter to one person, kept until it was sent, and for a month after.
type Mail struct {
	ID      string    `json:"id"` // stable: Message-ID and key against doubles
	Event   string    `json:"event"`
	Kind    EventKind `json:"kind"`
	Member  string    `json:"member,omitzero"`
	Name    string    `json:"name"`
	Address string    `json:"address"`
	Lang    string    `json:"lang"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Written time.Time `json:"written"`
	Due     time.Time `json:"due,omitzero"` // next try; zero when no more is to be tried
	Sent    time.Time `json:"sent,omitzero"`
	Tries   int       `json:"tries"`
	Failure string    `json:"failure,omitzero"`
	GivenUp bool      `json:"given_up,omitzero"`
	ReplyTo string    `json:"reply_to,omitzero"`
	List    bool      `json:"list,omitzero"` // a notice one can stop, not a letter about the account
	Thread  string    `json:"thread,omitzero"`
	Room    string    `json:"room,omitzero"`
	Seq     int       `json:"seq,omitzero"` // of the last post of the thread, or message of the room, that it tells of
}

func mails() *table[Mail] {
	return &table[Mail]{
		family: famMail,
		key:    func(m *Mail) []string { return []string{m.ID} },
		indexes: []index[Mail]{
			{family: famMailTime, parts: func(m *Mail) [][]string { return [][]string{{instant(m.Written)}} }},
			{family: famMailDue, parts: func(m *Mail) [][]string {
				if m.Due.IsZero() {
					return nil
				}
				return [][]string{{instant(m.Due)}}
			}},
		},
	}
}

// Posted turns an event into letters: it stores them and takes the event away in one transaction, so that no event
// is ever turned into letters twice. An event that is gone already changes nothing.
func (s *Store) Posted(ctx context.Context, event Event, letters []Mail) error {
	return s.update(ctx, "mail", func(t *tx) error {
		t.lastRoom()
		if _, ok, err := events().find(t, event.ID); err != nil || !ok {
			return err
		}
		for _, m := range letters {
			id, err := t.newID()
			if err != nil {
				return err
			}
			m.ID, m.Event, m.Kind, m.Written, m.Due = id, event.ID, event.Kind, t.now, t.now
			if err := mails().put(t, m); err != nil {
				return err
			}
			if m.Room != "" {
				if err := t.toldOfRoom(m.Member, m.Room, m.Seq); err != nil {
					return err
				}
			}
			if m.Thread == "" {
				continue
			}
			r, err := t.reading(m.Member, m.Thread)
			if err != nil {
				return err
			}
			r.Told = max(r.Told, m.Seq)
			if err := readings().put(t, r); err != nil {
				return err
			}
		}
		return events().remove(t, event.ID)
	})
}

// DueMail are the letters to be sent now, oldest first, at most limit.
func (s *Store) DueMail(ctx context.Context, now time.Time, limit int) ([]Mail, error) {
	var due []Mail
	err := s.view(ctx, func(t *tx) error {
		var err error
		due, err = mails().list(t, famMailDue, window{To: instant(now.Add(1)), Limit: limit})
		return err
	})
	return due, err
}

// MailSent notes that a letter was handed to the mail server. Its words are dropped: they may hold a sign-in link.
func (s *Store) MailSent(ctx context.Context, id string, at time.Time) error {
	return s.update(ctx, "mail", func(t *tx) error {
		t.lastRoom()
		m, err := mails().get(t, id)
		if err != nil {
			return err
		}
		m.Sent, m.Due, m.Failure, m.Text, m.HTML = at.UTC(), time.Time{}, "", "", ""
		m.Tries++
		return mails().put(t, m)
	})
}

// MailFailed notes a try that failed and when to try again; giveUp ends the trying.
func (s *Store) MailFailed(ctx context.Context, id, reason string, next time.Time, giveUp bool) error {
	return s.update(ctx, "mail", func(t *tx) error {
		t.lastRoom()
		m, err := mails().get(t, id)
		if err != nil {
			return err
		}
		m.Failure, m.Due, m.GivenUp = reason, next.UTC(), giveUp
		m.Tries++
		if giveUp {
			m.Due = time.Time{}
		}
		return mails().put(t, m)
	})
}

// Mailbox lists what was written, newest first, for administrators only.
func (s *Store) Mailbox(ctx context.Context, by Actor, limit int) ([]Mail, error) {
	var found []Mail
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Administer); err != nil {
			return err
		}
		var err error
		found, err = mails().list(t, famMailTime, window{Reverse: true, Limit: limit})
		return err
	})
	return found, err
}

// MailByID is one letter with its words, for administrators only.
func (s *Store) MailByID(ctx context.Context, by Actor, id string) (Mail, error) {
	var m Mail
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Administer); err != nil {
			return err
		}
		var err error
		m, err = mails().get(t, id)
		return err
	})
	return m, err
}

// AuditEntry says who changed a role, a setting or somebody else's content. It is never changed or removed.
type AuditEntry struct {
	ID      string            `json:"id"`
	At      time.Time         `json:"at"`
	By      string            `json:"by"`      // member id, "" for the command line
	What    string            `json:"what"`    // text key of the sentence
	Subject string            `json:"subject"` // id of the record
	Data    map[string]string `json:"data,omitzero"`
}

func audits() *table[AuditEntry] {
	return &table[AuditEntry]{
		family: famAudit,
		key:    func(e *AuditEntry) []string { return []string{e.ID} },
		indexes: []index[AuditEntry]{
			{family: famAuditSubject, parts: func(e *AuditEntry) [][]string { return [][]string{{e.Subject}} }},
		},
	}
}

// audit writes an entry in the transaction that made the change.
func (t *tx) audit(by Actor, what, subject string, data map[string]string) error {
	id, err := t.newID()
	if err != nil {
		return err
	}
	return audits().put(t, AuditEntry{ID: id, At: t.now, By: by.MemberID, What: what, Subject: subject, Data: data})
}

// AuditLog lists the newest entries, for stewards and administrators.
func (s *Store) AuditLog(ctx context.Context, by Actor, limit int) ([]AuditEntry, error) {
	var found []AuditEntry
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, SeeAudit); err != nil {
			return err
		}
		var err error
		found, err = audits().under(t, window{Reverse: true, Limit: limit})
		return err
	})
	return found, err
}

// derive makes a key for one purpose (HMAC-SHA-256 of the purpose under the secret).
func derive(secret []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}
