package store

import (
	"context"
	"slices"
	"strings"
)

// endTry ends asking a town, for whatever reason, and tells who asked.
func (t *tx) endTry(q *MentorRequest, outcome TryOutcome, reason, by string) error {
	try := q.Asked()
	if try == nil {
		return nil
	}
	q.Tries = slices.Clone(q.Tries)
	try = &q.Tries[len(q.Tries)-1]
	try.Outcome, try.Ended, try.Reason, try.By = outcome, t.now, reason, by
	if outcome == TryDeclined && try.First.IsZero() {
		try.First = t.now
	}
	return t.emit(Event{Kind: EventMentorAnswered, Subject: q.ID, By: by, Data: map[string]string{"what": string(outcome), "town": try.Town}})
}

// passOn ends asking a town and asks the next.
func (t *tx) passOn(q *MentorRequest, outcome TryOutcome, reason, by string, all []Mentor) error {
	if err := t.endTry(q, outcome, reason, by); err != nil {
		return err
	}
	return t.askNext(q, all)
}

// triedAtOnce is how many towns of the rank are looked at for one that can be asked in this very transaction.
const triedAtOnce = 50

// askNext asks the best town that was not asked before; when there is none, the request waits for one and stewards are told,
// once.
func (t *tx) askNext(q *MentorRequest, all []Mentor) error {
	wish, err := t.wishOf(*q)
	if err != nil {
		return err
	}
	weights, err := t.weights()
	if err != nil {
		return err
	}
	best, _ := Match(wish, all, weights, t.now, triedAtOnce)
	next := make([]string, 0, len(best)+1)
	first, err := t.townIDNow(q.First)
	if err != nil {
		return err
	}
	if first != "" && !wish.Leave[first] {
		next = append(next, first)
	}
	for _, c := range best {
		next = append(next, c.Town.ID)
	}
	for _, id := range next {
		switch err := t.mayMentor(*q, id); KindOf(err) {
		case Full, Conflict, NotFound:
			continue
		default:
			if err != nil {
				return err
			}
			return t.ask(q, id)
		}
	}
	told := q.Stuck
	q.State, q.Stuck = RequestSeeking, true
	if err := mentorRequests().put(t, *q); err != nil || told {
		return err
	}
	return t.emit(Event{Kind: EventMentorStuck, Subject: q.ID, Data: map[string]string{"what": "stuck"}})
}

// wishOf is what is looked for by a request: towns that were asked are left out, and a mentor that is to be changed.
func (t *tx) wishOf(q MentorRequest) (Wish, error) {
	town, err := towns().get(t, q.Town)
	w := Wish{Town: town, Need: q.Need, Leave: map[string]bool{}}
	if err != nil {
		return w, err
	}
	for _, try := range q.Tries {
		w.Leave[try.Town] = true
	}
	former, err := t.townIDNow(q.Former)
	if former != "" {
		w.Leave[former] = true
	}
	return w, err
}

// waitingRequests are those that are open, oldest first.
func (t *tx) waitingRequests() ([]MentorRequest, error) {
	var all []MentorRequest
	for _, state := range openRequests() {
		w := window{Under: []string{string(state)}, Limit: scanBatch}
		for {
			batch, err := mentorRequests().list(t, famMentorRequestState, w)
			if err != nil {
				return nil, err
			}
			all = append(all, batch...)
			if len(batch) < w.Limit {
				break
			}
			last := batch[len(batch)-1]
			w.start(instant(last.Created) + partEnd + last.ID)
		}
	}
	slices.SortStableFunc(all, func(a, b MentorRequest) int {
		if d := a.Created.Compare(b.Created); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, nil
}

// advanceRequests moves on what time alone has changed: a town that was silent for a week is passed over and stewards are
// told; one that stopped helping too; requests that wait for a town get the first that can help, the oldest first; those of
// newcomers are sent when their town has welcomed them; a town that nobody acts for any more asks no longer.
func (s *Store) advanceRequests(ctx context.Context) (changed int, err error) {
	all, err := s.mentors(ctx)
	if err != nil {
		return 0, err
	}
	err = s.update(ctx, "mentoring", func(t *tx) error {
		changed = 0
		waiting, err := t.waitingRequests()
		if err != nil {
			return err
		}
		for _, q := range waiting {
			moved, err := t.moveOn(q, all)
			if err != nil {
				return err
			}
			if moved {
				changed++
			}
		}
		return nil
	})
	return changed, err
}

// moveOn moves one request on, and says whether it did.
func (t *tx) moveOn(q MentorRequest, all []Mentor) (bool, error) {
	people, err := t.people(q.Town)
	if err != nil {
		return false, err
	}
	if len(people) == 0 {
		return true, t.takeBack(&q, "")
	}
	switch q.State {
	case RequestHeld:
		if !slices.ContainsFunc(people, func(m Member) bool { return m.ID == q.By && t.speaksFor(m, q.Town) }) {
			return false, nil
		}
		switch err := t.waitsForNobody(q.Town); {
		case KindOf(err) == Conflict:
			return true, t.takeBackFor(&q, "", requestDoubled)
		case err != nil:
			return false, err
		}
		return true, t.askNext(&q, all)
	case RequestSeeking:
		before := len(q.Tries)
		err := t.askNext(&q, all)
		return len(q.Tries) > before, err
	}
	try := q.Asked()
	if try == nil {
		return false, nil
	}
	if !try.Due.IsZero() && !t.now.Before(try.Due) {
		if err := t.emit(Event{Kind: EventMentorStuck, Subject: q.ID, Data: map[string]string{"what": "silent", "town": try.Town}}); err != nil {
			return false, err
		}
		return true, t.passOn(&q, TrySilent, "", "", all)
	}
	switch err := t.mayMentor(q, try.Town); KindOf(err) {
	case Full, Conflict:
		return true, t.passOn(&q, TryFull, "", "", all)
	default:
		return false, err
	}
}
