package store

import (
	"context"
	"slices"
	"time"
)

// MaxDays is the longest time before a meeting that a deadline or a reminder may have.
const MaxDays = 60

func checkDeadlines(c *check, propose, freeze int, remind []int) {
	c.between("propose", propose, 0, MaxDays)
	c.between("freeze", freeze, 0, MaxDays)
	if freeze > propose && propose > 0 {
		c.add("freeze", "meeting.freeze_before_propose")
	}
	if len(remind) > 5 {
		c.add("remind", "meeting.too_many_reminders", "Max", 5)
	}
	for _, days := range remind {
		c.between("remind", days, 1, MaxDays)
	}
}

// stepsFrom are the states an organiser may bring a meeting to by hand. Minutes published and approved do the rest;
// a cancellation needs its reason (CancelMeeting).
func stepsFrom(state MeetingState) []MeetingState {
	switch state {
	case MeetingDraft:
		return []MeetingState{MeetingScheduled}
	case MeetingScheduled:
		return []MeetingState{MeetingDraft, MeetingFrozen, MeetingHeld}
	case MeetingFrozen:
		return []MeetingState{MeetingScheduled, MeetingHeld}
	case MeetingHeld:
		return []MeetingState{MeetingFrozen}
	case MeetingCancelled:
		return []MeetingState{MeetingScheduled}
	}
	return nil
}

// StepMeeting brings a meeting to another state: by organisers. A draft is shown; a shown one becomes a draft again
// while nobody has answered or proposed anything; the agenda closes and opens; a meeting that has begun is closed, and
// goes on while its time is not over; a cancelled one that has not begun is held after all, and those who had answered
// are told. The state it has already changes nothing. Anything else is a Conflict.
func (s *Store) StepMeeting(ctx context.Context, by Actor, id string, to MeetingState) (Meeting, error) {
	var m Meeting
	err := s.update(ctx, "meeting/"+id, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		var err error
		if m, err = meetings().get(t, id); err != nil {
			return err
		}
		from := m.Phase(t.now)
		if from == to && m.State == to {
			return nil
		}
		if from != to && !slices.Contains(stepsFrom(from), to) {
			return conflict("meeting.no_step")
		}
		if err := t.mayStep(m, from, to); err != nil {
			return err
		}
		if to == MeetingScheduled && from == MeetingFrozen {
			m.Freeze = 0 // it would close again by itself
		}
		if m.HeldAt = (time.Time{}); to == MeetingHeld {
			m.HeldAt, m.Current = t.now, ""
		}
		m.State = to
		if from == MeetingDraft || from == MeetingCancelled || to == MeetingDraft {
			m.Reason = ""
			t.step(&m)
			if from == MeetingCancelled {
				m.Sequence++
				if err := t.noticeChange(by, m, []string{"restored"}); err != nil {
					return err
				}
			}
		}
		if err := meetings().put(t, m); err != nil {
			return err
		}
		return t.audit(by, "audit.meeting_step", id, map[string]string{"title": m.Title, "date": m.Date, "state": string(to)})
	})
	return m, err
}

// mayStep asks what a step needs besides its place in the table.
func (t *tx) mayStep(m Meeting, from, to MeetingState) error {
	switch {
	case to == MeetingDraft:
		answers, err := t.answers(m.ID)
		if err != nil {
			return err
		}
		all, err := t.agenda(m.ID)
		if err != nil {
			return err
		}
		if len(answers) > 0 || slices.ContainsFunc(all, func(i AgendaItem) bool { return i.State == ItemProposed }) {
			return conflict("meeting.answered_already")
		}
	case to == MeetingHeld && m.Start.After(t.now):
		return conflict("meeting.not_begun")
	case from == MeetingHeld && m.Over(t.now):
		return conflict("meeting.over_already")
	case from == MeetingCancelled && m.Start.Before(t.now):
		return conflict("meeting.over_already")
	}
	return nil
}

// StepsOf are the states a meeting may be brought to now, for pages that offer them; the intent asks again.
func StepsOf(m Meeting, now time.Time) []MeetingState {
	from := m.Phase(now)
	return slices.DeleteFunc(slices.Clone(stepsFrom(from)), func(to MeetingState) bool {
		return to == MeetingHeld && m.Start.After(now) || from == MeetingHeld && m.Over(now) || from == MeetingCancelled && m.Start.Before(now)
	})
}

// Advance stores what time alone has changed in the meetings of these weeks, and reminds those who come when the days
// of a reminder have come; and it moves on requests for a mentor. It is run every minute; running it again changes nothing.
func (s *Store) Advance(ctx context.Context) (changed int, err error) {
	err = s.update(ctx, "advance", func(t *tx) error {
		t.lastRoom()
		changed = 0
		from, to := t.now.AddDate(0, 0, -4), t.now.AddDate(0, 0, MaxDays+1)
		near, err := meetings().list(t, famMeetingStart, window{From: instant(from), To: instant(to), Limit: scanBatch})
		if err != nil {
			return err
		}
		for _, m := range near {
			moved, err := t.advance(m)
			if err != nil {
				return err
			}
			if moved {
				changed++
			}
		}
		return nil
	})
	if err != nil {
		return changed, err
	}
	moved, err := s.advanceRequests(ctx)
	if err != nil {
		return changed + moved, err
	}
	asked, err := s.askProfiles(ctx)
	return changed + moved + asked, err
}

func (t *tx) advance(m Meeting) (bool, error) {
	next := m
	if m.State == MeetingHeld && m.Start.After(t.now) { // the clock was ahead, or the meeting was put off
		next.State = MeetingScheduled
	}
	next.State = next.Phase(t.now)
	if next.State == MeetingHeld {
		next.Current = ""
	}
	due := t.remindersDue(next)
	if next.State == m.State && len(due) == 0 {
		return false, nil
	}
	next.Reminded = append(slices.Clone(m.Reminded), due...)
	if err := meetings().put(t, next); err != nil {
		return false, err
	}
	if len(due) == 0 {
		return true, nil
	}
	// Several that came due while the program did not run make one letter.
	answers, err := t.answers(m.ID)
	if err != nil {
		return false, err
	}
	for _, r := range answers {
		if r.Answer != OnSite && r.Answer != Online {
			continue
		}
		if err := t.emit(Event{Kind: EventReminder, Subject: m.ID, Member: r.Member}); err != nil {
			return false, err
		}
	}
	return true, nil
}

// remindersDue are the reminders whose day has come and that were not sent.
func (t *tx) remindersDue(m Meeting) []int {
	if !m.Open(t.now) || !m.Start.After(t.now) {
		return nil
	}
	var due []int
	for _, days := range m.Remind {
		if !slices.Contains(m.Reminded, days) && !m.Before(days).After(t.now) {
			due = append(due, days)
		}
	}
	return due
}

// NudgeMeeting asks the members of the community who have not answered yet whether they come, once: by organisers. It
// says how many were asked.
func (s *Store) NudgeMeeting(ctx context.Context, by Actor, id string) (asked int, err error) {
	err = s.update(ctx, "meeting/"+id, func(t *tx) error {
		asked = 0
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		m, err := meetings().get(t, id)
		if err != nil {
			return err
		}
		if !m.Open(t.now) {
			return conflict("rsvp.over")
		}
		if slices.Contains(m.Reminded, nudged) {
			return conflict("meeting.nudged_already")
		}
		m.Reminded = append(slices.Clone(m.Reminded), nudged)
		if err := meetings().put(t, m); err != nil {
			return err
		}
		answers, err := t.answers(id)
		if err != nil {
			return err
		}
		answered := map[string]bool{by.MemberID: true}
		for _, r := range answers {
			answered[r.Member] = true
		}
		return members().each(t, func(one Member) error {
			if place, ok := one.Place(); one.State != MemberActive || answered[one.ID] || one.NoNotice || !ok || place.Welcomed.IsZero() {
				return nil
			}
			asked++
			return t.emit(Event{Kind: EventNudge, Subject: id, Member: one.ID, By: by.MemberID})
		})
	})
	return asked, err
}

// nudged stands among the reminders that were sent for the one question to those who have not answered.
const nudged = 0
