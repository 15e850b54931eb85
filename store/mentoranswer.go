package store

import (
	"context"
	"slices"
	"strings"
)

// asking runs one step of a request: by somebody of the asked town, of the town that asks, or a steward, as who says.
func (s *Store) asking(ctx context.Context, by Actor, id string, who func(MentorRequest, Member) bool, step func(*tx, *MentorRequest, Member, []Mentor) error) (MentorRequest, error) {
	all, err := s.mentors(ctx)
	if err != nil {
		return MentorRequest{}, err
	}
	var q MentorRequest
	err = s.update(ctx, "mentoring", func(t *tx) error {
		reader, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if q, err = mentorRequests().get(t, id); err != nil {
			return err
		}
		if !by.system && !q.concerns(reader) {
			return notFound()
		}
		if !q.Open() {
			return conflict("mentor.request_over")
		}
		if !by.system && !who(q, reader) {
			return denied("mentor.not_yours")
		}
		return step(t, &q, reader, all)
	})
	return q, err
}

// concerns says who may know of a request: those who sent it and their town, the towns that were asked, and stewards.
func (q MentorRequest) concerns(m Member) bool {
	return may(m, Steward) || q.sentBy(m) || slices.ContainsFunc(q.Tries, func(y Try) bool { return m.Coordinates(y.Town) })
}

// sentBy says who acts for the town that asks: who wrote the request while they are of the town, and its welcomed people.
func (q MentorRequest) sentBy(m Member) bool {
	return may(m, Take) && m.TownID() == q.Town && (m.ID == q.By || welcomed(m))
}

// askedOf says who answers: coordinators of the town that is asked now.
func (q MentorRequest) askedOf(m Member) bool {
	try := q.Asked()
	return try != nil && m.Coordinates(try.Town)
}

// AcceptRequest makes the asked town the mentor: by its coordinators. The last free place goes to who accepts first; for the
// other the request moves on and the answer is Full.
func (s *Store) AcceptRequest(ctx context.Context, by Actor, id string) (Mentorship, error) {
	var made Mentorship
	full := false
	_, err := s.asking(ctx, by, id, MentorRequest.askedOf, func(t *tx, q *MentorRequest, who Member, all []Mentor) error {
		made, full = Mentorship{}, false
		try := q.Asked()
		if try == nil {
			return conflict("mentor.request_over")
		}
		switch err := t.mayMentor(*q, try.Town); KindOf(err) {
		case Full, Conflict:
			full = true
			return t.passOn(q, TryFull, "", "", all)
		default:
			if err != nil {
				return err
			}
		}
		if try.First.IsZero() {
			try.First = t.now
		}
		var err error
		if made, err = t.begin(q, try.Town); err != nil {
			return err
		}
		try.Outcome, try.Ended, try.By = TryAccepted, t.now, who.ID
		q.State, q.Ended, q.Mentorship = RequestMatched, t.now, made.ID
		if err := mentorRequests().put(t, *q); err != nil {
			return err
		}
		if err := t.emit(Event{Kind: EventMentorAnswered, Subject: q.ID, By: who.ID, Data: map[string]string{"what": string(TryAccepted), "town": try.Town}}); err != nil {
			return err
		}
		return t.fillUp(try.Town, all)
	})
	if err == nil && full {
		err = fail(Full, "mentor.full_now")
	}
	return made, err
}

// fillUp passes on the other requests of a town that has no place left.
func (t *tx) fillUp(townID string, all []Mentor) error {
	town, err := towns().get(t, townID)
	if err != nil {
		return err
	}
	free, err := t.freePlaces(town)
	if err != nil || free > 0 {
		return err
	}
	waiting, err := mentorRequests().list(t, famMentorRequestAsked, window{Under: []string{townID, "open"}, Limit: scanBatch})
	if err != nil {
		return err
	}
	for _, q := range waiting {
		if err := t.passOn(&q, TryFull, "", "", all); err != nil {
			return err
		}
	}
	return nil
}

// DeclineRequest says no for the asked town, with the reason that the other one reads: by its coordinators. The next town
// is asked at once.
func (s *Store) DeclineRequest(ctx context.Context, by Actor, id, reason string) (MentorRequest, error) {
	var c check
	if reason = c.text("reason", reason, maxNeedNote); reason == "" && len(c.problems) == 0 {
		c.add("reason", "mentor.reason_missing")
	}
	if err := c.err(); err != nil {
		return MentorRequest{}, err
	}
	return s.asking(ctx, by, id, MentorRequest.askedOf, func(t *tx, q *MentorRequest, who Member, all []Mentor) error {
		return t.passOn(q, TryDeclined, reason, who.ID, all)
	})
}

// AskBack sends a question of the asked town, or an answer of the town that asks: by the coordinators of the one, the people
// of the other. After a question the week of silence waits; with the answer it begins again.
func (s *Store) AskBack(ctx context.Context, by Actor, id, text string) (MentorRequest, error) {
	var c check
	if text = c.text("text", text, MaxText); strings.TrimSpace(text) == "" && len(c.problems) == 0 {
		c.add("text", "invalid.required")
	}
	if err := c.err(); err != nil {
		return MentorRequest{}, err
	}
	talks := func(q MentorRequest, m Member) bool { return q.askedOf(m) || q.sentBy(m) }
	return s.asking(ctx, by, id, talks, func(t *tx, q *MentorRequest, who Member, _ []Mentor) error {
		try := q.Asked()
		if try == nil {
			return conflict("mentor.nobody_asked")
		}
		if len(try.Talk) >= maxTalk {
			return fail(Full, "mentor.talk_full", "Max", maxTalk)
		}
		town, what := q.Town, "answer"
		if q.askedOf(who) {
			town, what, try.Due = try.Town, "question", q.Ended // zero: the silence is the other's
			if try.First.IsZero() {
				try.First = t.now
			}
		} else {
			mentor, err := towns().get(t, try.Town)
			if err != nil {
				return err
			}
			try.Due = silenceEnds(mentor, t.now)
		}
		try.Talk = append(slices.Clone(try.Talk), Said{By: who.ID, Town: town, At: t.now, Text: text})
		if err := mentorRequests().put(t, *q); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventMentorAnswered, Subject: q.ID, By: who.ID, Data: map[string]string{"what": what, "town": try.Town}})
	})
}

// maxTalk is how many questions and answers there may be before the two towns decide.
const maxTalk = 40

// WithdrawRequest takes a request back: by the town that sent it, and stewards. Who was asked is told.
func (s *Store) WithdrawRequest(ctx context.Context, by Actor, id string) (MentorRequest, error) {
	mine := func(q MentorRequest, m Member) bool { return q.sentBy(m) || may(m, Steward) }
	return s.asking(ctx, by, id, mine, func(t *tx, q *MentorRequest, who Member, _ []Mentor) error {
		t.lastRoom()
		return t.takeBack(q, who.ID)
	})
}

func (t *tx) takeBack(q *MentorRequest, by string) error {
	told := ""
	if try := q.Asked(); try != nil {
		try.Outcome, try.Ended, try.By, told = TryWithdrawn, t.now, by, try.Town
	}
	q.State, q.Ended = RequestWithdrawn, t.now
	if err := mentorRequests().put(t, *q); err != nil || told == "" {
		return err
	}
	return t.emit(Event{Kind: EventMentorAnswered, Subject: q.ID, By: by, Data: map[string]string{"what": string(TryWithdrawn), "town": told}})
}

// takeBackFor ends a request that nobody took back, and tells who sent it why.
func (t *tx) takeBackFor(q *MentorRequest, by, why string) error {
	if err := t.takeBack(q, by); err != nil {
		return err
	}
	return t.emit(Event{Kind: EventMentorAnswered, Subject: q.ID, By: by, Data: map[string]string{"what": why}})
}

// SendRequest asks another town than the one that is asked now, or the next when none is named: by stewards. It must be able
// to help, and may have been asked before.
func (s *Store) SendRequest(ctx context.Context, by Actor, id, townID string) (MentorRequest, error) {
	steward := func(_ MentorRequest, m Member) bool { return may(m, Steward) }
	return s.asking(ctx, by, id, steward, func(t *tx, q *MentorRequest, who Member, all []Mentor) error {
		if townID == "" {
			return t.passOn(q, TryMoved, "", who.ID, all)
		}
		if try := q.Asked(); try != nil && try.Town == townID {
			return conflict("mentor.asked_there")
		}
		if err := t.mayMentor(*q, townID); err != nil {
			return err
		}
		if err := t.endTry(q, TryMoved, "", who.ID); err != nil {
			return err
		}
		return t.ask(q, townID)
	})
}
