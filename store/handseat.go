package store

import (
	"context"
)

// HandSeat gives a seated member's seat to a colleague of the same town, before anybody who waits: by the one who has
// it, and by organisers. The giver does not come any more; both are told. What is left of a larger party's seats goes
// to the waitlist. Errors: Conflict when there is no seat to give or the colleague has one, Invalid for the colleague.
func (s *Store) HandSeat(ctx context.Context, by Actor, meetingID, fromID, toID string) error {
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if !by.system && who.ID != fromID && !may(who, Organise) {
			return denied("error.not_allowed.organise")
		}
		m, err := t.answerable(meetingID)
		if err != nil {
			return err
		}
		to, ok, err := members().find(t, toID)
		if err != nil {
			return err
		}
		old, had, err := rsvps().find(t, meetingID, fromID)
		if err != nil {
			return err
		}
		if !had || !old.Seated() {
			return conflict("rsvp.no_seat")
		}
		if !ok || to.State != MemberActive || to.ID == fromID || old.Town == "" || to.TownID() != old.Town {
			return invalid("to", "rsvp.not_colleague")
		}
		return t.handSeat(by, m, old, to)
	})
}

func (t *tx) handSeat(by Actor, m *Meeting, old RSVP, to Member) error {
	tally, err := t.tally(m.ID)
	if err != nil {
		return err
	}
	next, had, err := rsvps().find(t, m.ID, to.ID)
	if err != nil {
		return err
	}
	if had && next.Seated() {
		return conflict("rsvp.has_seat")
	}
	if had {
		tally.count(next, -1)
	}
	tally.count(old, -1)
	if !had || next.Party() > old.Party() {
		next.Guests = nil // the seats given are all there are
	}
	if !had {
		next = RSVP{Meeting: m.ID, Member: to.ID, First: t.now}
	}
	next.Town, next.Answer, next.Waiting, next.Queue, next.Changed, next.By = to.TownID(), OnSite, false, old.Queue, t.now, by.MemberID
	old.Answer, old.Guests, old.Queue, old.Changed = No, nil, 0, t.now
	tally.count(old, 1)
	tally.count(next, 1)
	for _, r := range []RSVP{old, next} {
		if err := rsvps().put(t, r); err != nil {
			return err
		}
		if r.Member == by.MemberID {
			continue
		}
		if err := t.emit(Event{Kind: EventAnsweredFor, Subject: m.ID, Member: r.Member, By: by.MemberID, Data: map[string]string{"answer": string(r.Answer)}}); err != nil {
			return err
		}
	}
	return t.promote(m, &tally, "")
}
