package store

import (
	"bytes"
	"context"
	"slices"
	"strings"
)

// turn notes what an open page or connection may want to read again after the commit, by the key that was written:
// "meeting/ID", "thread/ID", "room/ID" for what was said, and "access/ID" when somebody may no longer read a room. What
// somebody lets others see of them is "choices/ID", and a session that ended "session/HASH".
func (t *tx) turn(f family, key []byte, gone bool) {
	kind := ""
	switch f {
	case famMeeting, famRSVPTally, famItemMeeting, famMinutes, famPresence:
		kind = "meeting/"
	case famThread, famPost:
		kind = "thread/"
	case famRoomLog:
		kind = "room/"
	case famRoom:
		kind = "access/"
	case famRoomMember:
		if !gone { // who comes in takes nothing from anybody
			return
		}
		kind = "access/"
	case famSession:
		if !gone {
			return
		}
		kind = "session/"
	default:
		return
	}
	id, _, _ := bytes.Cut(key[len(f)+1:], []byte(partEnd))
	t.note(kind + string(id))
}

// note notes a subject that listeners are told of after the commit.
func (t *tx) note(subject string) {
	if !slices.Contains(t.turned, subject) {
		t.turned = append(t.turned, subject)
	}
}

// touched adds the events of what a commit turned. They are told to listeners and never stored.
func (t *tx) touched() {
	slices.Sort(t.turned)
	for _, subject := range t.turned {
		t.events = append(t.events, Event{Kind: EventTouched, Subject: subject, At: t.now})
	}
}

// MayKnow says whether somebody may know of what a subject names: "meeting/ID" or "thread/ID". NotFound otherwise.
func (s *Store) MayKnow(ctx context.Context, by Actor, subject string) error {
	return s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		kind, id, _ := strings.Cut(subject, "/")
		switch kind {
		case "meeting":
			m, err := meetings().get(t, id)
			if err != nil || !visible(m, reader) {
				return orNotFound(err)
			}
			return nil
		case "thread":
			_, _, err := t.thread(id, reader)
			return err
		}
		return notFound()
	})
}
