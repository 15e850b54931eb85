package store

import (
	"slices"
	"time"
)

// MentorNumbers are what the community counts about its mentoring. Times are medians in begun days.
type MentorNumbers struct {
	Mentors, Learners int // with a mentorship that is open
	Places            int // free ones
	Waiting           int // requests that are open
	Longest, Typical  int // days since these were sent
	Answered, Answer  int // requests that a town answered, and the days until the first did
	Started, Start    int // mentorships in which an application runs, and the days until the first did
	Days              [4]int
	Months            []MentorMonth // a year, oldest first
}

// AnswerBounds are the last days of the first three groups of MentorNumbers.Days; the fourth is all above.
func AnswerBounds() [3]int { return [3]int{1, 3, 7} }

// answerBand is the place of a number of days among the bounds.
func answerBand(days int) int {
	bounds := AnswerBounds()
	at := 0
	for at < len(bounds) && days > bounds[at] {
		at++
	}
	return at
}

// MentorMonth is one month: how many towns helped and learned when it ended, or now.
type MentorMonth struct {
	Month             time.Time
	Mentors, Learners int
}

func (t *tx) mentorNumbers() (MentorNumbers, error) {
	var n MentorNumbers
	var waits, answers, starts []int
	err := mentorRequests().each(t, func(q MentorRequest) error {
		if q.Open() {
			waits = append(waits, daysBetween(q.Created, t.now))
		}
		for _, try := range q.Tries {
			if try.First.IsZero() {
				continue
			}
			days := daysBetween(q.Created, try.First)
			answers = append(answers, days)
			n.Days[answerBand(days)]++
			break
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	var all []Mentorship
	err = mentorships().each(t, func(m Mentorship) error {
		all = append(all, m)
		at, err := t.firstApp(m)
		if !at.IsZero() {
			starts = append(starts, daysBetween(m.Began, at))
		}
		return err
	})
	n.Waiting, n.Typical, n.Answered, n.Answer, n.Started, n.Start = len(waits), median(waits), len(answers), median(answers), len(starts), median(starts)
	for _, days := range waits {
		n.Longest = max(n.Longest, days)
	}
	n.Mentors, n.Learners = taking(all, t.now)
	first := time.Date(t.now.Year(), t.now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for i := 11; i >= 0; i-- {
		month := MentorMonth{Month: first.AddDate(0, -i, 0)}
		end := first.AddDate(0, 1-i, 0)
		if end.After(t.now) {
			end = t.now
		}
		month.Mentors, month.Learners = taking(all, end)
		n.Months = append(n.Months, month)
	}
	return n, err
}

// taking counts the towns that help and learn at an instant.
func taking(all []Mentorship, at time.Time) (mentors, learners int) {
	help, learn := map[string]bool{}, map[string]bool{}
	for _, m := range all {
		if !m.Began.After(at) && (m.Closed.IsZero() || m.Closed.After(at)) {
			help[m.Mentor], learn[m.Learner] = true, true
		}
	}
	return len(help), len(learn)
}

// firstApp is when the first application ran at a learner; zero for not yet.
func (t *tx) firstApp(m Mentorship) (time.Time, error) {
	uses, err := appUses().under(t, window{Under: []string{m.Learner}, Limit: scanBatch})
	var first time.Time
	for _, u := range uses {
		if u.State == UseRunning && !u.Began.Before(m.Began) && (first.IsZero() || u.Began.Before(first)) {
			first = u.Began
		}
	}
	return first, err
}

// firstYear says which steps are reached. What the hub can see ticks itself; the others are ticked by hand.
func (t *tx) firstYear(m Mentorship) ([]StepRow, error) {
	seen := map[FirstStep]func(Mentorship) (time.Time, error){StepMet: t.firstMet, StepMeeting: t.firstMeeting, StepApp: t.firstApp, StepItem: t.firstItem, StepAdvice: t.firstAdvice}
	rows := make([]StepRow, 0, len(seen))
	for _, step := range FirstSteps() {
		at, err := seen[step](m)
		if err != nil {
			return nil, err
		}
		row := StepRow{Step: step, At: at, Seen: !at.IsZero()}
		if by := m.Steps[step]; !row.Seen {
			row.At = by
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (t *tx) firstMet(m Mentorship) (time.Time, error) {
	talks, err := t.checkInsOf(m.ID, maxCheckIns)
	slices.Reverse(talks)
	for _, k := range talks {
		if k.Over(t.now) {
			return k.Start, err
		}
	}
	return time.Time{}, err
}

// firstMeeting is the first meeting to which somebody of the town said they came.
func (t *tx) firstMeeting(m Mentorship) (time.Time, error) {
	var first time.Time
	people, err := t.people(m.Learner)
	if err != nil {
		return first, err
	}
	for _, one := range people {
		answers, err := rsvps().list(t, famRSVPMember, window{Under: []string{one.ID}, Limit: maxAnswers})
		if err != nil {
			return first, err
		}
		var ids []string
		for _, r := range answers {
			if r.Town == m.Learner && !r.Waiting && (r.Answer == OnSite || r.Answer == Online) {
				ids = append(ids, r.Meeting)
			}
		}
		found, err := meetings().many(t, ids)
		if err != nil {
			return first, err
		}
		for _, meeting := range found {
			if meeting.State != MeetingCancelled && meeting.Over(t.now) && meeting.End.After(m.Began) && (first.IsZero() || meeting.Start.Before(first)) {
				first = meeting.Start
			}
		}
	}
	return first, nil
}

// firstItem is the first point of the town on an agenda, of meetings since they began.
func (t *tx) firstItem(m Mentorship) (time.Time, error) {
	var first time.Time
	found, err := meetings().list(t, famMeetingStart, window{From: instant(m.Began), To: instant(t.now.AddDate(0, 3, 0)), Limit: 100})
	if err != nil {
		return first, err
	}
	for _, meeting := range found {
		points, err := t.agenda(meeting.ID)
		if err != nil {
			return first, err
		}
		for _, item := range points {
			if item.Town == m.Learner && item.State == ItemAccepted && !item.Created.Before(m.Began) && (first.IsZero() || item.Created.Before(first)) {
				first = item.Created
			}
		}
	}
	return first, nil
}

// firstAdvice is the first reply of the town to somebody of another one.
func (t *tx) firstAdvice(m Mentorship) (time.Time, error) {
	var first time.Time
	people, err := t.people(m.Learner)
	if err != nil {
		return first, err
	}
	for _, one := range people {
		written, err := posts().list(t, famPostAuthor, window{Under: []string{one.ID}, From: idFrom(m.Began), Limit: 50})
		if err != nil {
			return first, err
		}
		for _, post := range written {
			if post.Seq == 1 || post.Hidden != nil || post.Town != m.Learner || !first.IsZero() && !post.At.Before(first) {
				continue
			}
			opening, err := posts().get(t, post.Thread, postSeq(1))
			if KindOf(err) == NotFound {
				continue
			}
			if err != nil {
				return first, err
			}
			if opening.Author != post.Author && opening.Town != m.Learner {
				first = post.At
			}
		}
	}
	return first, nil
}
