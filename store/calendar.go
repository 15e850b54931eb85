package store

import (
	"context"
	"slices"
	"time"
)

// MeetingRow is a meeting in a list.
type MeetingRow struct {
	Meeting  Meeting
	Host     Town // zero without a host
	Tally    Tally
	Mine     *RSVP // the reader's answer
	Position int   // the reader's place on the waitlist
	Minuted  bool  // minutes are published
}

// Upcoming lists meetings that are not over, soonest first. Drafts are for organisers.
func (s *Store) Upcoming(ctx context.Context, by Actor, limit int) ([]MeetingRow, error) {
	return s.rows(ctx, by, func(t *tx, reader Member) ([]Meeting, error) {
		// A meeting lasts three days at most, so one that still runs began after this.
		found, err := meetings().list(t, famMeetingStart, window{From: instant(t.now.Add(-72 * time.Hour)), Limit: limit + 50})
		found = slices.DeleteFunc(found, func(m Meeting) bool { return m.Over(t.now) || !visible(m, reader) })
		return found[:min(limit, len(found))], err
	})
}

// PastMeetings is a page of meetings that are over, latest first: skip of them, then limit; and how many there are.
func (s *Store) PastMeetings(ctx context.Context, by Actor, skip, limit int) (rows []MeetingRow, total int, err error) {
	rows, err = s.rows(ctx, by, func(t *tx, reader Member) ([]Meeting, error) {
		var all []Meeting
		w := window{To: instant(t.now), Reverse: true, Limit: scanBatch}
		for {
			batch, err := meetings().list(t, famMeetingStart, w)
			if err != nil {
				return nil, err
			}
			for _, m := range batch {
				if m.Over(t.now) && visible(m, reader) {
					all = append(all, m)
				}
			}
			if len(batch) < scanBatch {
				break
			}
			last := batch[len(batch)-1]
			w.To = instant(last.Start) + partEnd + last.ID
		}
		total = len(all)
		return all[min(skip, len(all)):min(skip+limit, len(all))], nil
	})
	return rows, total, err
}

// MeetingsBetween lists meetings that start in [from, to), in order.
func (s *Store) MeetingsBetween(ctx context.Context, by Actor, from, to time.Time) ([]MeetingRow, error) {
	return s.rows(ctx, by, func(t *tx, reader Member) ([]Meeting, error) {
		found, err := meetings().list(t, famMeetingStart, window{From: instant(from), To: instant(to), Limit: scanBatch})
		return slices.DeleteFunc(found, func(m Meeting) bool { return !visible(m, reader) }), err
	})
}

// SeriesMeetings lists a series' meetings, latest first, at most limit.
func (s *Store) SeriesMeetings(ctx context.Context, by Actor, seriesID string, limit int) ([]MeetingRow, error) {
	return s.rows(ctx, by, func(t *tx, reader Member) ([]Meeting, error) {
		found, err := meetings().list(t, famMeetingSeries, window{Under: []string{seriesID}, Reverse: true, Limit: limit})
		return slices.DeleteFunc(found, func(m Meeting) bool { return !visible(m, reader) }), err
	})
}

// visible says whether a reader may know of a meeting.
func visible(m Meeting, reader Member) bool { return m.State != MeetingDraft || may(reader, Organise) }

func (s *Store) rows(ctx context.Context, by Actor, find func(*tx, Member) ([]Meeting, error)) ([]MeetingRow, error) {
	var rows []MeetingRow
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		found, err := find(t, reader)
		if err != nil {
			return err
		}
		rows, err = t.rowsOf(found, reader)
		return err
	})
	return rows, err
}

func (t *tx) rowsOf(found []Meeting, reader Member) ([]MeetingRow, error) {
	var hostIDs, ids []string
	for _, m := range found {
		hostIDs, ids = append(hostIDs, m.HostTown), append(ids, m.ID)
	}
	hosts, err := towns().many(t, hostIDs)
	if err != nil {
		return nil, err
	}
	counted, err := tallies().many(t, ids)
	if err != nil {
		return nil, err
	}
	written, err := minutes().many(t, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]MeetingRow, 0, len(found))
	for _, m := range found {
		row := MeetingRow{Meeting: m, Host: hosts[m.HostTown], Tally: counted[m.ID], Minuted: written[m.ID].Published > 0}
		if reader.ID != "" {
			if row.Mine, row.Position, err = t.mine(m.ID, reader.ID); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// PlannedItem is an agenda item with its computed clock time and the people it names.
type PlannedItem struct {
	Item   AgendaItem
	Starts time.Time // in the meeting's zone
	Owner  Member    // zero without an owner
	Town   Town
	Thread Thread  // it was made of, as far as the reader may see it
	From   Meeting // where it was carried over from
	To     Meeting // where the copy that carries it on is
}

// MeetingPage is everything a meeting's page shows.
type MeetingPage struct {
	Meeting    Meeting
	Moved      bool // the address was an old one
	Series     Series
	Host       Town
	Items      []PlannedItem
	Proposed   []PlannedItem // waiting for an organiser; shown to organisers and to those who proposed
	Aside      []PlannedItem // withdrawn, postponed or not reached
	Own        []PlannedItem // on the agenda, and the reader's own
	Actions    []ActionRow   // open actions of the series, for meetings to come
	Overrun    int           // minutes by which the agenda is longer than the meeting
	Attendance Attendance
	Mine       *RSVP
	Position   int
	Minutes    Minutes // Revision 0 when nothing was written yet
	Names      map[string]Member
	Towns      map[string]Town
	waiting    []PlannedItem // all that is proposed
	Organise   bool
	Propose    bool
	Answer     bool
}

// MeetingHead reads a meeting alone, by its address.
func (s *Store) MeetingHead(ctx context.Context, by Actor, slug string) (Meeting, error) {
	var m Meeting
	err := s.view(ctx, func(t *tx) error {
		var err error
		if m, err = meetings().lookup(t, famMeetingSlug, slug); err != nil {
			return err
		}
		reader, err := t.reader(by)
		if err == nil && !visible(m, reader) {
			err = notFound()
		}
		return err
	})
	return m, err
}

// MeetingPage reads a meeting's page by its address, current or former, in one snapshot.
func (s *Store) MeetingPage(ctx context.Context, by Actor, slug string) (MeetingPage, error) {
	var p MeetingPage
	err := s.view(ctx, func(t *tx) error {
		m, err := meetings().lookup(t, famMeetingSlug, slug)
		if err != nil {
			return err
		}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		if !visible(m, reader) {
			return notFound()
		}
		p = MeetingPage{Meeting: m, Moved: m.Slug != slug, Organise: may(reader, Organise)}
		p.Answer = may(reader, Take) && m.Open(t.now)
		p.Propose = may(reader, Take) && m.takesItems(p.Organise, t.now)
		if reader.ID == "" {
			p.Meeting.Link = ""
		}
		if p.Meeting.Documents, err = t.shownDocuments(m.Documents, reader); err != nil {
			return err
		}
		if p.Series, _, err = serieses().find(t, m.Series); err != nil {
			return err
		}
		if p.Host, _, err = towns().find(t, m.HostTown); err != nil {
			return err
		}
		if err := p.plan(t, reader); err != nil {
			return err
		}
		if m.Series != "" && !m.Over(t.now) {
			open, err := t.actionList(reader, ActionQuery{Series: m.Series, Limit: actionsOnAgenda})
			if err != nil {
				return err
			}
			p.Actions = open.Rows
		}
		if p.Attendance, err = t.attendance(m, p.Organise); err != nil {
			return err
		}
		if reader.ID != "" {
			if p.Mine, p.Position, err = t.mine(m.ID, reader.ID); err != nil {
				return err
			}
		}
		p.Minutes, _, err = minutes().find(t, m.ID)
		return err
	})
	return p, err
}

// actionsOnAgenda is how many open actions a meeting's page lists; the register has them all.
const actionsOnAgenda = 12

// plan reads the agenda and computes when each accepted item starts.
func (p *MeetingPage) plan(t *tx, reader Member) error {
	all, err := t.agenda(p.Meeting.ID)
	if err != nil {
		return err
	}
	var people, places []string
	for _, item := range all {
		people, places = append(people, item.Owner, item.By), append(places, item.Town)
	}
	for _, d := range p.Meeting.Documents {
		people, places = append(people, d.By), append(places, d.Town)
	}
	if p.Names, err = members().many(t, people); err != nil {
		return err
	}
	if p.Towns, err = towns().many(t, places); err != nil {
		return err
	}
	at, total := p.Meeting.Local(), 0
	for _, item := range all {
		planned := PlannedItem{Item: item, Starts: at, Owner: p.Names[item.Owner], Town: p.Towns[item.Town]}
		if item.Members && !may(reader, Take) {
			continue
		}
		if item.Origin.Kind == FromThread {
			if planned.Thread, _, err = t.thread(item.Origin.ID, reader); err != nil && KindOf(err) != NotFound {
				return err
			}
		}
		if err := t.chain(&planned, reader); err != nil {
			return err
		}
		if item.State == ItemProposed {
			p.waiting = append(p.waiting, planned)
			continue
		}
		if item.State != ItemAccepted {
			p.Aside = append(p.Aside, planned)
			continue
		}
		at, total = at.Add(time.Duration(item.Minutes)*time.Minute), total+item.Minutes
		p.Items = append(p.Items, planned)
	}
	p.Overrun = max(0, total-p.Meeting.Minutes)
	*p = p.For(reader, Mine{})
	return nil
}

// Mine is what a reader has of their own in a meeting.
type Mine struct {
	RSVP     *RSVP // nil without an answer
	Position int   // on the waitlist
}

// Mine reads the acting member's answers to meetings, by meeting id.
func (s *Store) Mine(ctx context.Context, by Actor, meetingIDs ...string) (map[string]Mine, error) {
	found := map[string]Mine{}
	err := s.view(ctx, func(t *tx) error {
		for _, id := range meetingIDs {
			var mine Mine
			var err error
			if mine.RSVP, mine.Position, err = t.mine(id, by.MemberID); err != nil {
				return err
			}
			found[id] = mine
		}
		return nil
	})
	return found, err
}

// For completes a page that was read for anybody with what is one reader's own.
func (p MeetingPage) For(reader Member, mine Mine) MeetingPage {
	p.Mine, p.Position, p.Proposed, p.Own = mine.RSVP, mine.Position, nil, nil
	for _, planned := range p.Items {
		if planned.Item.of(reader) {
			p.Own = append(p.Own, planned)
		}
	}
	for _, planned := range p.waiting {
		if p.Organise || planned.Item.of(reader) {
			p.Proposed = append(p.Proposed, planned)
		}
	}
	return p
}
