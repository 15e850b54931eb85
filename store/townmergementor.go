package store

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Why a request ends that nobody took back.
const (
	requestDoubled = "doubled" // the town waits for another already, or has a mentor
	requestMerged  = "merged"  // the town that is asked has become the one that asks
)

// moveMentoring lets requests and mentorships that are open go on with the town that remains. It comes before people move:
// what they have reached for the old town is kept.
func (m *merger) moveMentoring(t *tx, by Actor, from, to Town) error {
	for _, side := range []family{famMentorshipMentor, famMentorshipLearner} {
		open, err := t.mentorshipsOf(side, from.ID, true)
		if err != nil {
			return err
		}
		for _, one := range open {
			if err := t.moveMentorship(by, one, from, to); err != nil {
				return err
			}
		}
	}
	if err := t.moveRequests(by, from, to); err != nil {
		return err
	}
	return t.moveAsked(from, to)
}

// moveMentorship gives a mentorship to the town that remains, with its talks to come. One between the two has nobody left to
// help: it stops, and keeps both names.
func (t *tx) moveMentorship(by Actor, one Mentorship, from, to Town) error {
	if one.Mentor == to.ID || one.Learner == to.ID {
		one.State, one.Closed, one.Why, one.Paused, one.Changed = MentorshipClosed, t.now, ClosedStopped, time.Time{}, t.now
		if err := mentorships().put(t, one); err != nil {
			return err
		}
		if err := t.dropCheckIns(one); err != nil {
			return err
		}
		return t.tellMentorship(one, Member{ID: by.MemberID}, "closed_"+string(ClosedStopped))
	}
	if one.Mentor == from.ID {
		one.Mentor = to.ID
	} else if err := t.keepSteps(&one, to); err != nil {
		return err
	}
	one.Changed = t.now
	if err := mentorships().put(t, one); err != nil {
		return err
	}
	talks, err := t.checkInsOf(one.ID, maxCheckIns)
	if err != nil {
		return err
	}
	for _, k := range talks {
		if !k.End().After(t.now) {
			continue
		}
		k.Mentor, k.Learner = one.Mentor, one.Learner
		k.Sequence, k.Published = k.Sequence+1, t.now.Truncate(time.Second)
		if err := checkIns().put(t, k); err != nil {
			return err
		}
	}
	return nil
}

// readBy says who may read a mentorship besides those who take part: the people of what its towns have become.
func (t *tx) readBy(m Mentorship, who Member) (bool, error) {
	var err error
	if m.Mentor, err = t.townIDNow(m.Mentor); err != nil {
		return false, err
	}
	m.Learner, err = t.townIDNow(m.Learner)
	return m.of(who), err
}

// everMentored are a town's mentorships on both sides, those of the towns merged into it too: open ones first, then by side
// in the order that is asked for, the newest first.
func (t *tx) everMentored(townID string, sides ...family) ([]Mentorship, error) {
	merged, err := t.mergedInto(townID)
	if err != nil {
		return nil, err
	}
	ids := []string{townID}
	for _, town := range merged {
		ids = append(ids, town.ID)
	}
	var found []Mentorship
	seen := map[string]bool{}
	twice := func(m Mentorship) bool { // between two towns that became one
		had := seen[m.ID]
		seen[m.ID] = true
		return had
	}
	for _, open := range []bool{true, false} {
		for _, side := range sides {
			from := len(found)
			for _, id := range ids {
				some, err := t.mentorshipsOf(side, id, open)
				if err != nil {
					return nil, err
				}
				found = append(found, slices.DeleteFunc(some, twice)...)
			}
			slices.SortStableFunc(found[from:], func(a, b Mentorship) int { return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.ID, b.ID)) })
		}
	}
	return found, nil
}

// keepSteps makes another town the learner. What the hub saw the old one reach stays reached.
func (t *tx) keepSteps(one *Mentorship, to Town) error {
	rows, err := t.firstYear(*one)
	if err != nil {
		return err
	}
	reached := maps.Clone(one.Steps)
	for _, row := range rows {
		if row.Seen {
			if reached == nil {
				reached = map[FirstStep]time.Time{}
			}
			reached[row.Step] = row.At
		}
	}
	one.Learner, one.Steps = to.ID, reached
	return nil
}

// moveRequests lets the town that remains wait for what both waited for. It waits once, and not beside a mentor: its own
// request comes first, and those that end are explained to who sent them.
func (t *tx) moveRequests(by Actor, from, to Town) error {
	learning, err := t.mentorshipsOf(famMentorshipLearner, to.ID, true)
	if err != nil {
		return err
	}
	var open []MentorRequest
	for _, town := range []string{to.ID, from.ID} {
		some, err := mentorRequests().list(t, famMentorRequestTown, window{Under: []string{town}, Limit: scanBatch})
		if err != nil {
			return err
		}
		open = append(open, slices.DeleteFunc(some, func(q MentorRequest) bool { return !q.Open() })...)
	}
	held := func(q MentorRequest) bool { return q.State == RequestHeld }
	sent := slices.DeleteFunc(slices.Clone(open), held)
	waits := len(learning) > 0
	for _, q := range append(sent, slices.DeleteFunc(open, func(q MentorRequest) bool { return !held(q) })...) {
		q.Town = to.ID
		why := ""
		if try := q.Asked(); try != nil && (try.Town == to.ID || try.Town == from.ID) {
			try.Outcome, try.Ended, try.By = TryWithdrawn, t.now, by.MemberID
			why = requestMerged
		} else if waits {
			why = requestDoubled
		}
		if why != "" {
			err = t.takeBackFor(&q, by.MemberID, why)
		} else {
			waits = waits || !held(q)
			err = mentorRequests().put(t, q)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moveAsked lets the town that remains answer what the other was asked, when it can help. What it cannot take is passed on
// within the hour, as for every town that stops helping.
func (t *tx) moveAsked(from, to Town) error {
	asked, err := mentorRequests().list(t, famMentorRequestAsked, window{Under: []string{from.ID, "open"}, Limit: scanBatch})
	if err != nil {
		return err
	}
	for _, q := range asked {
		if slices.ContainsFunc(q.Tries, func(y Try) bool { return y.Town == to.ID }) {
			continue
		}
		switch err := t.mayMentor(q, to.ID); KindOf(err) {
		case Full, Conflict:
			continue
		default:
			if err != nil {
				return err
			}
		}
		try := q.Asked()
		try.Town = to.ID
		if !try.Due.IsZero() {
			try.Due = silenceEnds(to, t.now)
		}
		for i := range try.Talk {
			if try.Talk[i].Town == from.ID {
				try.Talk[i].Town = to.ID
			}
		}
		if err := mentorRequests().put(t, q); err != nil {
			return err
		}
		if err := t.emit(Event{Kind: EventMentorAsked, Subject: q.ID, By: q.By, Data: map[string]string{"town": to.ID}}); err != nil {
			return err
		}
	}
	return nil
}
