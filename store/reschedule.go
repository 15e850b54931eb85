package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// noticeDelay gathers several edits into one notice; a calendar's SEQUENCE grows at most once in it (CALENDAR F7).
const noticeDelay = 10 * time.Minute

// MeetingInput is what an organiser types about one meeting. HostTown is a town id.
type MeetingInput struct {
	Title, Lang, About       string
	Date, Clock, Zone        string
	Minutes                  int
	HostTown, Venue, Address string
	Online                   bool
	Link                     string
	Seats                    int
	TownSeats, OnlineSeats   int
	Propose, Freeze          int   // days before the start, 0 for none
	Remind                   []int // days before the start
	Draft                    bool  // for new meetings: seen by organisers only
}

// input is the meeting as it would be typed.
func (m Meeting) input() MeetingInput {
	return MeetingInput{Title: m.Title, Lang: m.Lang, About: m.About, Date: m.Date, Clock: m.Clock, Zone: m.Zone,
		Minutes: m.Minutes, HostTown: m.HostTown, Venue: m.Venue, Address: m.Address, Online: m.Online, Link: m.Link, Seats: m.Seats, TownSeats: m.TownSeats, OnlineSeats: m.OnlineSeats,
		Propose: m.Propose, Freeze: m.Freeze, Remind: m.Remind}
}

func (in *MeetingInput) check() error {
	var c check
	in.Title = c.required("title", in.Title, MaxTitle)
	in.Lang = oneOf(&c, "lang", in.Lang, Languages()...)
	in.About = c.text("about", in.About, MaxText)
	if start, problem := LocalTime(in.Zone, in.Date, in.Clock); problem != nil {
		c.problems = append(c.problems, *problem)
	} else if endsTwice(start, in.Minutes) {
		c.add("minutes", "when.end_twice")
	}
	c.between("minutes", in.Minutes, 5, 3*24*60)
	in.Venue = c.line("venue", in.Venue, MaxLine)
	in.Address = c.line("address", in.Address, MaxLine)
	in.Link = c.link("link", in.Link)
	c.between("seats", in.Seats, 0, 5000)
	c.between("town_seats", in.TownSeats, 0, 5000)
	c.between("online_seats", in.OnlineSeats, 0, 5000)
	checkDeadlines(&c, in.Propose, in.Freeze, in.Remind)
	if !in.Online && in.Venue == "" && in.Address == "" && in.HostTown == "" {
		c.add("venue", "meeting.nowhere")
	}
	return c.err()
}

// apply writes the input into the meeting and returns which groups of fields changed.
func (in MeetingInput) apply(m *Meeting, html string) []string {
	var changed []string
	note := func(group string, differs bool) {
		if differs {
			changed = append(changed, group)
		}
	}
	note("title", m.Title != in.Title)
	note("lang", m.Lang != in.Lang)
	note("about", m.About != in.About)
	note("when", m.Date != in.Date || m.Clock != in.Clock || m.Minutes != in.Minutes || m.Zone != in.Zone)
	note("place", m.HostTown != in.HostTown || m.Venue != in.Venue || m.Address != in.Address)
	note("online", m.Online != in.Online || m.Link != in.Link)
	note("seats", m.Seats != in.Seats || m.TownSeats != in.TownSeats || m.OnlineSeats != in.OnlineSeats)
	note("deadlines", m.Propose != in.Propose || m.Freeze != in.Freeze || !slices.Equal(m.Remind, in.Remind))
	start, _ := LocalTime(in.Zone, in.Date, in.Clock)
	m.Title, m.Lang, m.About, m.AboutHTML = in.Title, in.Lang, in.About, html
	m.Date, m.Clock, m.Zone, m.Minutes = in.Date, in.Clock, in.Zone, in.Minutes
	m.Start, m.End = start.UTC(), start.Add(time.Duration(in.Minutes)*time.Minute).UTC()
	m.HostTown, m.Venue, m.Address = in.HostTown, in.Venue, in.Address
	m.Online, m.Link, m.Seats, m.TownSeats, m.OnlineSeats = in.Online, in.Link, in.Seats, in.TownSeats, in.OnlineSeats
	m.Propose, m.Freeze, m.Remind = in.Propose, in.Freeze, in.Remind
	return changed
}

// ScheduleMeeting makes a meeting outside any series: by organisers. It may not start in the past.
func (s *Store) ScheduleMeeting(ctx context.Context, by Actor, in MeetingInput) (Meeting, error) {
	if err := in.check(); err != nil {
		return Meeting{}, err
	}
	html, err := s.renderer.Render(ctx, in.About)
	if err != nil {
		return Meeting{}, err
	}
	var m Meeting
	err = s.update(ctx, "meeting", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		if err := t.knownTown("host", in.HostTown); err != nil {
			return err
		}
		m = Meeting{State: MeetingScheduled, Created: t.now, Published: t.now.Truncate(time.Second), Stepped: t.now, By: by.MemberID}
		if in.Draft {
			m.State = MeetingDraft
		}
		in.apply(&m, html)
		if m.Start.Before(t.now) {
			return invalid("date", "when.past")
		}
		if m.ID, err = t.newID(); err != nil {
			return err
		}
		if m.UID, err = t.newID(); err != nil {
			return err
		}
		if m.Slug, err = t.freeSlug(famMeetingSlug, in.Date+" "+in.Title, "reunion"); err != nil {
			return err
		}
		return meetings().put(t, m)
	})
	return m, err
}

// ChangeMeeting changes one meeting: by organisers. Its address follows its date and the old one leads to it. More
// seats promote from the waitlist; fewer unseat nobody. Those who answered are told once, ten minutes after the last
// of several edits.
func (s *Store) ChangeMeeting(ctx context.Context, by Actor, id string, in MeetingInput) (Meeting, error) {
	if err := in.check(); err != nil {
		return Meeting{}, err
	}
	html, err := s.renderer.Render(ctx, in.About)
	if err != nil {
		return Meeting{}, err
	}
	var m Meeting
	err = s.update(ctx, "meeting/"+id, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		old, err := meetings().get(t, id)
		if err != nil {
			return err
		}
		if old.State == MeetingCancelled {
			return conflict("meeting.cancelled_already")
		}
		m, err = t.change(by, old, in, html, func(changed *Meeting) {})
		return err
	})
	return m, err
}

// change applies an input to a meeting, finish may adjust the result before it is stored.
func (t *tx) change(by Actor, old Meeting, in MeetingInput, html string, finish func(*Meeting)) (Meeting, error) {
	m := old
	changed := in.apply(&m, html)
	if len(changed) == 0 {
		return old, nil
	}
	if slices.Contains(changed, "when") && !old.Over(t.now) && m.Start.Before(t.now) {
		return old, invalid("date", "when.past")
	}
	if err := t.knownTown("host", m.HostTown); err != nil {
		return old, err
	}
	if !old.Over(t.now) { // a form from before a merger
		var err error
		if m.HostTown, err = t.townIDNow(m.HostTown); err != nil {
			return old, err
		}
	}
	if m.Series != "" {
		m.Edited = slices.Clone(m.Edited)
		for _, group := range changed {
			if m.Follows(group) {
				m.Edited = append(m.Edited, group)
			}
		}
	}
	if slices.Contains(changed, "when") {
		m.Reminded = nil // its days come again
	}
	if m.Date != old.Date {
		slug, err := t.freeSlug(famMeetingSlug, m.Date+" "+m.Title, "reunion")
		if err != nil {
			return old, err
		}
		m.OldSlugs, m.Slug = append(slices.Clone(m.OldSlugs), m.Slug), slug
	}
	t.step(&m)
	finish(&m)
	if err := meetings().put(t, m); err != nil {
		return old, err
	}
	if !m.Open(t.now) { // nobody is promoted into, or told of, what is over or not shown yet
		return m, nil
	}
	tally, err := t.tally(m.ID)
	if err != nil {
		return old, err
	}
	if err := t.promote(&m, &tally, ""); err != nil {
		return old, err
	}
	return m, t.noticeChange(by, m, changed)
}

// step moves what calendars compare: LAST-MODIFIED with every change, SEQUENCE at most once in ten minutes.
func (t *tx) step(m *Meeting) {
	m.Published = t.now.Truncate(time.Second)
	if t.now.Sub(m.Stepped) >= noticeDelay {
		m.Sequence++
		m.Stepped = t.now
	}
}

// noticeChange queues one notice for those who answered, in place of one that still waits.
func (t *tx) noticeChange(by Actor, m Meeting, changed []string) error {
	told := slices.DeleteFunc(slices.Clone(changed), func(group string) bool {
		return group == "seats" || group == "about" || group == "lang" || group == "deadlines"
	})
	if len(told) == 0 {
		return nil
	}
	waiting, err := t.takeEvents(EventMeetingChanged, m.ID)
	if err != nil {
		return err
	}
	for _, e := range waiting {
		for _, group := range strings.Split(e.Data["what"], ",") {
			if !slices.Contains(told, group) {
				told = append(told, group)
			}
		}
	}
	slices.Sort(told)
	return t.emit(Event{Kind: EventMeetingChanged, Subject: m.ID, By: by.MemberID, Due: t.now.Add(noticeDelay),
		Data: map[string]string{"what": strings.Join(told, ",")}})
}

// CancelMeeting cancels a meeting that is not over: by organisers. Its page and its calendar entry stay; everybody
// who answered is told at once.
func (s *Store) CancelMeeting(ctx context.Context, by Actor, id, reason string) error {
	var c check
	reason = c.line("reason", reason, MaxLine)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "meeting/"+id, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		m, err := meetings().get(t, id)
		if err != nil {
			return err
		}
		if m.State == MeetingCancelled {
			return nil
		}
		if m.Over(t.now) {
			return conflict("meeting.over_already")
		}
		draft := m.State == MeetingDraft
		m.State, m.Reason = MeetingCancelled, reason
		m.Sequence++
		m.Stepped, m.Published = t.now, t.now.Truncate(time.Second)
		if err := meetings().put(t, m); err != nil {
			return err
		}
		if _, err := t.takeEvents(EventMeetingChanged, id); err != nil || draft {
			return err
		}
		if err := t.audit(by, "audit.meeting_cancelled", id, map[string]string{"title": m.Title, "date": m.Date}); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventCancelled, Subject: id, By: by.MemberID})
	})
}
