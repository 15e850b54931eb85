package store

import (
	"context"
	"time"
)

// CheckIn is a talk that the two towns of a mentorship agreed on.
type CheckIn struct {
	ID         string    `json:"id"`
	Mentorship string    `json:"mentorship"`
	Mentor     string    `json:"mentor"`  // town id
	Learner    string    `json:"learner"` // town id
	UID        string    `json:"uid"`
	Start      time.Time `json:"start"` // UTC
	Date       string    `json:"date"`  // as agreed: 2026-03-18
	Clock      string    `json:"clock"` // 09:30
	Zone       string    `json:"zone"`
	Minutes    int       `json:"minutes"`
	Where      string    `json:"where,omitzero"` // a place or a link, for the two towns
	Notes      string    `json:"notes,omitzero"` // for the two towns
	NotesBy    string    `json:"notes_by,omitzero"`
	NotesAt    time.Time `json:"notes_at,omitzero"`
	Cancelled  time.Time `json:"cancelled,omitzero"`
	Sequence   int       `json:"sequence,omitzero"`
	Published  time.Time `json:"published"`
	Created    time.Time `json:"created"`
	By         string    `json:"by"`
}

// Local is the start in the zone people agreed on; End the end there.
func (k CheckIn) Local() time.Time {
	loc, err := time.LoadLocation(k.Zone)
	if err != nil {
		return k.Start
	}
	return k.Start.In(loc)
}

// End is when it is over, in the zone people agreed on.
func (k CheckIn) End() time.Time { return k.Local().Add(time.Duration(k.Minutes) * time.Minute) }

// Over says whether it has taken place.
func (k CheckIn) Over(now time.Time) bool { return k.Cancelled.IsZero() && !k.End().After(now) }

func checkIns() *table[CheckIn] {
	return &table[CheckIn]{
		family: famCheckIn,
		key:    func(k *CheckIn) []string { return []string{k.ID} },
		indexes: []index[CheckIn]{
			{family: famCheckInMentorship, parts: func(k *CheckIn) [][]string { return [][]string{{k.Mentorship, instant(k.Start)}} }},
			{family: famCheckInTown, parts: func(k *CheckIn) [][]string {
				return [][]string{{k.Mentor, instant(k.Start)}, {k.Learner, instant(k.Start)}}
			}},
		},
	}
}

// CheckInInput is when and where two towns talk.
type CheckInInput struct {
	Date, Clock, Zone string
	Minutes           int
	Where             string
}

// maxCheckIns bounds one mentorship.
const maxCheckIns = 200

func (in *CheckInInput) check() (time.Time, error) {
	var c check
	if in.Zone == "" {
		in.Zone = "Europe/Brussels"
	}
	start, problem := LocalTime(in.Zone, in.Date, in.Clock)
	if problem != nil {
		c.add(problem.Field, problem.Key)
	}
	c.between("minutes", in.Minutes, 10, 480)
	in.Where = c.line("where", in.Where, MaxLine)
	return start, c.err()
}

func (k *CheckIn) take(in CheckInInput, start, now time.Time) {
	k.Start, k.Date, k.Clock, k.Zone, k.Minutes, k.Where = start.UTC(), in.Date, in.Clock, in.Zone, in.Minutes, in.Where
	k.Published = now.Truncate(time.Second)
}

// PlanCheckIn agrees on a talk: by who takes part in the mentorship. Both towns find it in their calendars.
func (s *Store) PlanCheckIn(ctx context.Context, by Actor, mentorshipID string, in CheckInInput) (CheckIn, error) {
	start, err := in.check()
	if err != nil {
		return CheckIn{}, err
	}
	var k CheckIn
	_, err = s.tending(ctx, by, mentorshipID, Mentorship.of, func(t *tx, m *Mentorship, who Member) error {
		if err := m.stillOpen(); err != nil {
			return err
		}
		if have, err := t.checkInsOf(m.ID, maxCheckIns); err != nil {
			return err
		} else if len(have) >= maxCheckIns {
			return fail(Full, "mentorship.too_many_check_ins", "Max", maxCheckIns)
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		uid, err := t.newID()
		if err != nil {
			return err
		}
		k = CheckIn{ID: id, UID: uid, Mentorship: m.ID, Mentor: m.Mentor, Learner: m.Learner, Created: t.now, By: who.ID}
		k.take(in, start, t.now)
		if err := checkIns().put(t, k); err != nil {
			return err
		}
		return t.tellCheckIn(k, who, "planned")
	})
	return k, err
}

func (t *tx) tellCheckIn(k CheckIn, who Member, what string) error {
	return t.emit(Event{Kind: EventMentorship, Subject: k.Mentorship, By: who.ID, Data: map[string]string{"what": what, "check_in": k.ID}})
}

// checkInsOf are a mentorship's talks, latest first.
func (t *tx) checkInsOf(id string, limit int) ([]CheckIn, error) {
	return checkIns().list(t, famCheckInMentorship, window{Under: []string{id}, Reverse: true, Limit: limit})
}

// ofCheckIn runs one change of a talk by who takes part.
func (s *Store) ofCheckIn(ctx context.Context, by Actor, mentorshipID, id string, change func(*tx, *CheckIn, Member) error) (CheckIn, error) {
	var k CheckIn
	_, err := s.tending(ctx, by, mentorshipID, Mentorship.of, func(t *tx, m *Mentorship, who Member) error {
		var err error
		if k, err = checkIns().get(t, id); err == nil && k.Mentorship != m.ID {
			err = notFound()
		}
		if err != nil {
			return err
		}
		if err := change(t, &k, who); err != nil {
			return err
		}
		return checkIns().put(t, k)
	})
	return k, err
}

// MoveCheckIn changes when and where a talk is, by the clock it was agreed on, whatever zone the input says: by who takes
// part.
func (s *Store) MoveCheckIn(ctx context.Context, by Actor, mentorshipID, id string, in CheckInInput) (CheckIn, error) {
	return s.ofCheckIn(ctx, by, mentorshipID, id, func(t *tx, k *CheckIn, who Member) error {
		if !k.Cancelled.IsZero() {
			return conflict("mentorship.check_in_off")
		}
		in := in
		in.Zone = k.Zone
		start, err := in.check()
		if err != nil {
			return err
		}
		before := k.Start
		k.take(in, start, t.now)
		if k.Sequence++; k.Start.Equal(before) {
			return nil
		}
		return t.tellCheckIn(*k, who, "moved")
	})
}

// CancelCheckIn calls a talk off, or with on false brings it back: by who takes part.
func (s *Store) CancelCheckIn(ctx context.Context, by Actor, mentorshipID, id string, on bool) (CheckIn, error) {
	return s.ofCheckIn(ctx, by, mentorshipID, id, func(t *tx, k *CheckIn, who Member) error {
		if on != k.Cancelled.IsZero() {
			return nil
		}
		what := "planned"
		if k.Cancelled = (time.Time{}); on {
			k.Cancelled, what = t.now, "cancelled"
		}
		k.Sequence, k.Published = k.Sequence+1, t.now.Truncate(time.Second)
		if !k.Start.After(t.now) {
			return nil // the past is put right, nobody has to come
		}
		return t.tellCheckIn(*k, who, what)
	})
}

// NoteCheckIn keeps what was said in a talk, for the two towns: by who takes part.
func (s *Store) NoteCheckIn(ctx context.Context, by Actor, mentorshipID, id, notes string) (CheckIn, error) {
	var c check
	notes = c.text("notes", notes, MaxText)
	if err := c.err(); err != nil {
		return CheckIn{}, err
	}
	return s.ofCheckIn(ctx, by, mentorshipID, id, func(t *tx, k *CheckIn, who Member) error {
		k.Notes, k.NotesBy, k.NotesAt = notes, who.ID, t.now
		return nil
	})
}

// dropCheckIns calls off the talks to come of a mentorship that ended.
func (t *tx) dropCheckIns(m Mentorship) error {
	all, err := t.checkInsOf(m.ID, maxCheckIns)
	if err != nil {
		return err
	}
	for _, k := range all {
		if !k.Start.After(t.now) || !k.Cancelled.IsZero() {
			continue
		}
		k.Cancelled, k.Sequence, k.Published = t.now, k.Sequence+1, t.now.Truncate(time.Second)
		if err := checkIns().put(t, k); err != nil {
			return err
		}
	}
	return nil
}

// CheckInRow is a talk in a calendar.
type CheckInRow struct {
	CheckIn CheckIn
	Mentor  Town
	Learner Town // zero in a public calendar while nobody has welcomed it
	Whole   bool // the reader takes part: place and notes are there
}

// checkInsFor are the talks of a town's or a member's calendar. A town's is public: it holds no places and no notes.
func (t *tx) checkInsFor(scope CalendarScope, from, to time.Time) ([]CheckInRow, error) {
	town := scope.Town
	var who Member
	if scope.Member != "" {
		var err error
		if who, err = members().get(t, scope.Member); err != nil {
			return nil, err
		}
		town = who.TownID()
	}
	if town == "" || from.After(to) {
		return nil, nil
	}
	found, err := checkIns().list(t, famCheckInTown, window{Under: []string{town}, From: instant(from), To: instant(to), Limit: 1000})
	if err != nil {
		return nil, err
	}
	var ids, places []string
	for _, k := range found {
		ids, places = append(ids, k.Mentorship), append(places, k.Mentor, k.Learner)
	}
	known, err := mentorships().many(t, ids)
	if err != nil {
		return nil, err
	}
	names, err := towns().many(t, places)
	if err != nil {
		return nil, err
	}
	var rows []CheckInRow
	for _, k := range found {
		row := CheckInRow{CheckIn: k, Mentor: names[k.Mentor], Learner: names[k.Learner], Whole: known[k.Mentorship].of(who)}
		if scope.Member != "" && !row.Whole {
			continue
		}
		if !row.Whole {
			row.CheckIn.Where, row.CheckIn.Notes = "", ""
			if row.Learner.State == TownJoining {
				row.Learner = Town{}
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
