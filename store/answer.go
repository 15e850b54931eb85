package store

import (
	"context"
	"slices"
	"strings"
)

// AnswerInput is what a member says about one meeting. KeepDetails leaves guests and note as they are: a click on
// an answer is not a form.
type AnswerInput struct {
	Answer      Answer
	Guests      []string
	Note        string
	KeepDetails bool
}

// Outcome is what became of an answer.
type Outcome struct {
	RSVP     RSVP
	Position int // on the waitlist, from 1; 0 when not waiting
	Tally    Tally
	Changed  bool // false when it said what was said already
}

// AnswerMeeting records the acting member's answer. An answer is a register: the last one to arrive counts, whatever was
// said before, and the page shows it. So a form that comes again needs no id of its own: saying the same again changes nothing and
// tells nobody, and one that comes late takes nobody's seat, since a seat given up is asked for anew, at the end of the queue. Without a free seat the
// answer waits; Outcome says where. Errors: Conflict when answers are closed, Invalid for the input, Full when a
// seated party asks for more seats than are left.
func (s *Store) AnswerMeeting(ctx context.Context, by Actor, meetingID string, in AnswerInput) (Outcome, error) {
	var out Outcome
	err := s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		m, err := t.require(by, Take)
		if err != nil {
			return err
		}
		out, err = t.answer(m, meetingID, in, "")
		return err
	})
	return out, err
}

// AnswerFor records an answer an organiser was told by somebody. The member is told.
func (s *Store) AnswerFor(ctx context.Context, by Actor, meetingID, memberID string, in AnswerInput) (Outcome, error) {
	var out Outcome
	err := s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		m, ok, err := members().find(t, memberID)
		if err != nil {
			return err
		}
		if !ok || m.State != MemberActive {
			return invalid("member", "rsvp.unknown_member")
		}
		if out, err = t.answer(m, meetingID, in, by.MemberID); err != nil || !out.Changed {
			return err
		}
		return t.emit(Event{Kind: EventAnsweredFor, Subject: meetingID, Member: memberID, By: by.MemberID,
			Data: map[string]string{"answer": string(in.Answer)}})
	})
	return out, err
}

// WithdrawAnswer takes the acting member's answer back, as if nothing had been said.
func (s *Store) WithdrawAnswer(ctx context.Context, by Actor, meetingID string) error {
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		t.lastRoom()
		if _, err := t.require(by, Take); err != nil {
			return err
		}
		m, err := t.answerable(meetingID)
		if err != nil {
			return err
		}
		return t.withdraw(m, by.MemberID)
	})
}

// answerable loads a meeting that takes answers, for reading only.
func (t *tx) answerable(meetingID string) (*Meeting, error) {
	m, ok, err := meetings().look(t, meetingID)
	switch {
	case err != nil:
		return nil, err
	case !ok || m.State == MeetingDraft:
		return nil, notFound()
	case m.State == MeetingCancelled:
		return nil, conflict("rsvp.cancelled")
	case !m.Open(t.now):
		return nil, conflict("rsvp.over")
	}
	return m, nil
}

// answer applies one member's answer, gives seats, and promotes whoever fits into what it freed.
func (t *tx) answer(member Member, meetingID string, in AnswerInput, behalf string) (Outcome, error) {
	meeting, err := t.answerable(meetingID)
	if err != nil {
		return Outcome{}, err
	}
	tally, err := t.tally(meetingID)
	if err != nil {
		return Outcome{}, err
	}
	old, had, err := rsvps().look(t, meetingID, member.ID)
	if err != nil {
		return Outcome{}, err
	}
	next, err := in.check(meeting, old)
	if err != nil {
		return Outcome{}, err
	}
	next.Meeting, next.Member, next.Town, next.By = meetingID, member.ID, member.TownID(), behalf
	if had && old.says(next) {
		position, err := t.position(*old)
		return Outcome{RSVP: *old, Position: position, Tally: tally}, err
	}
	if next.First, next.Changed = t.now, t.now; had {
		next.First = old.First
		tally.count(*old, -1)
	}
	if err := seat(meeting, &tally, old, next); err != nil {
		return Outcome{}, err
	}
	if next.Waiting && tally.Waiting == 0 && tally.fits(meeting, *next) {
		next.Waiting = false // nobody waits before
	}
	tally.count(*next, 1)
	if err := rsvps().replace(t, old, next); err != nil {
		return Outcome{}, err
	}
	if err := t.promote(meeting, &tally, member.ID); err != nil {
		return Outcome{}, err
	}
	if next.Waiting {
		if next, _, err = rsvps().look(t, meetingID, member.ID); err != nil {
			return Outcome{}, err
		}
	}
	position, err := t.position(*next)
	return Outcome{RSVP: *next, Position: position, Tally: tally, Changed: true}, err
}

// seat decides whether the new answer keeps its seats, keeps its place in the queue, or joins the queue's end.
// The tally does not hold the old answer any more, which is nil when nothing was said.
func seat(m *Meeting, tally *Tally, old, next *RSVP) error {
	if next.Answer == Online && m.OnlineSeats > 0 && tally.Online+next.Party() > m.OnlineSeats {
		return &Error{Kind: Full, Problems: []Problem{{Field: "answer", Key: "rsvp.online_full", Args: []any{"Seats", m.OnlineSeats}}}}
	}
	if next.Answer != OnSite {
		return nil
	}
	shrinks := old != nil && old.Seated() && next.Party() <= old.Party() // keeps its seats even in a room made smaller
	if m.Seats > 0 && next.Party() > m.Seats && !shrinks {
		return &Error{Kind: Full, Problems: []Problem{{Field: "guests", Key: "rsvp.party_too_large", Args: []any{"Seats", m.Seats}}}}
	}
	if m.TownSeats > 0 && next.Town != "" && next.Party() > m.TownSeats && !shrinks {
		return &Error{Kind: Full, Problems: []Problem{{Field: "guests", Key: "rsvp.party_too_large_town", Args: []any{"Seats", m.TownSeats}}}}
	}
	if old != nil && old.Seated() {
		if !tally.fits(m, *next) && !shrinks {
			left := max(0, m.Seats-tally.OnSite-old.Party())
			return &Error{Kind: Full, Problems: []Problem{{Field: "guests", Key: "rsvp.no_room_for_guests", Args: []any{"Free", left}}}}
		}
		next.Queue, next.Promoted = old.Queue, old.Promoted
		return nil
	}
	next.Waiting = true
	if old != nil && old.Waiting {
		next.Queue = old.Queue
		return nil
	}
	tally.Asked++
	next.Queue = tally.Asked
	return nil
}

// promote gives free seats to the waitlist: among the parties that fit, first to towns that have nobody inside yet, then
// in the order of asking. It stores the tally. Everybody promoted is told, but not the one who is answering right now.
func (t *tx) promote(m *Meeting, tally *Tally, answering string) error {
	if tally.Waiting > 0 {
		waiting, err := rsvps().list(t, famRSVPWaiting, window{Under: []string{m.ID}, Limit: MaxWaiting})
		if err != nil {
			return err
		}
		for {
			at := nextInside(m, tally, waiting)
			if at < 0 {
				break
			}
			if err := t.seatWaiting(m, tally, waiting[at], answering); err != nil {
				return err
			}
			waiting = slices.Delete(waiting, at, at+1)
		}
	}
	return tallies().put(t, *tally)
}

// nextInside is who gets the next seats of those who wait, in the order of asking; -1 when nobody fits.
func nextInside(m *Meeting, tally *Tally, waiting []RSVP) int {
	first := -1
	for i, r := range waiting {
		if !tally.fits(m, r) {
			continue
		}
		if r.Town != "" && tally.Inside.Of(r.Town) == 0 {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

func (t *tx) seatWaiting(m *Meeting, tally *Tally, r RSVP, answering string) error {
	tally.count(r, -1)
	r.Waiting = false
	if r.Member != answering {
		r.Promoted, r.Changed = t.now, t.now
		if err := t.emit(Event{Kind: EventPromoted, Subject: m.ID, Member: r.Member}); err != nil {
			return err
		}
	}
	tally.count(r, 1)
	return rsvps().put(t, r)
}

// withdraw removes an answer and promotes into what it freed; no answer is no error.
func (t *tx) withdraw(m *Meeting, memberID string) error {
	old, had, err := rsvps().find(t, m.ID, memberID)
	if err != nil || !had {
		return err
	}
	tally, err := t.tally(m.ID)
	if err != nil {
		return err
	}
	tally.count(old, -1)
	if err := rsvps().remove(t, m.ID, memberID); err != nil {
		return err
	}
	return t.promote(m, &tally, "")
}

// withdrawAll takes back a member's answers to every meeting that still takes answers: the member has left.
func (t *tx) withdrawAll(memberID string) error {
	answers, err := rsvps().list(t, famRSVPMember, window{Under: []string{memberID}, Limit: maxAnswers})
	if err != nil {
		return err
	}
	for _, r := range answers {
		m, err := meetings().get(t, r.Meeting)
		if err != nil {
			return err
		}
		if !m.Open(t.now) {
			continue
		}
		if err := t.withdraw(&m, memberID); err != nil {
			return err
		}
	}
	return nil
}

// Bounds of one read: a waitlist and one person's answers in a lifetime stay far below.
const (
	MaxWaiting = 5_000
	maxAnswers = 10_000
)

// position is a waiting answer's place on the waitlist, from 1; 0 when it does not wait.
func (t *tx) position(r RSVP) (int, error) {
	if !r.Waiting {
		return 0, nil
	}
	waiting, err := rsvps().list(t, famRSVPWaiting, window{Under: []string{r.Meeting}, Limit: MaxWaiting})
	if err != nil {
		return 0, err
	}
	for i, w := range waiting {
		if w.Member == r.Member {
			return i + 1, nil
		}
	}
	return 0, nil
}

// mine is a member's answer and place on the waitlist; nil without an answer.
func (t *tx) mine(meetingID, memberID string) (*RSVP, int, error) {
	r, ok, err := rsvps().find(t, meetingID, memberID)
	if err != nil || !ok {
		return nil, 0, err
	}
	position, err := t.position(r)
	return &r, position, err
}

// check turns the input into an answer without its place, for this meeting.
func (in AnswerInput) check(m *Meeting, old *RSVP) (*RSVP, error) {
	var c check
	r := &RSVP{Answer: oneOf(&c, "answer", in.Answer, OnSite, Online, Maybe, No)}
	switch {
	case r.Answer == Online && !m.Online:
		c.add("answer", "rsvp.not_online")
	case r.Answer == OnSite && !m.OnSite():
		c.add("answer", "rsvp.not_on_site")
	}
	if in.KeepDetails {
		if old != nil {
			r.Guests, r.Note = old.Guests, old.Note
		}
	} else {
		if len(in.Guests) > MaxGuests {
			c.add("guests", "rsvp.too_many_guests", "Max", MaxGuests, "Have", len(in.Guests))
			return r, c.err()
		}
		for _, name := range in.Guests {
			if name = c.line("guests", name, MaxName); strings.TrimSpace(name) != "" {
				r.Guests = append(r.Guests, name)
			}
		}
		r.Note = c.text("note", in.Note, MaxText)
	}
	if r.Answer == No {
		r.Guests = nil
	}
	return r, c.err()
}
