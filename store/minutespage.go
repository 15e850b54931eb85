package store

import (
	"context"
)

// MinutesPage is what the pages about a meeting's minutes show. Only organisers see what is not published.
type MinutesPage struct {
	Meeting   Meeting
	Host      Town
	Minutes   Minutes         // Revision 0 when nothing was written yet
	Newest    MinutesRevision // for organisers
	Published MinutesRevision // Number 0 when nothing is published
	Revisions []MinutesRevision
	Marks     []Mark               // the blocks of the published text
	Decisions map[string]Decision  // by number
	Actions   map[string]ActionRow // by number
	Proposed  []Correction         // that wait for a decision: all for organisers, their own for others
	Before    Meeting              // of the same series, with published minutes; zero for none
	After     Meeting
	Approved  Meeting // the meeting that approved the text
	Approver  Meeting // the meeting that could approve it now, for organisers
	Names     map[string]Member
	Tally     Tally
	Writer    string // who wrote the first revision
	Excused   []Town // that sent word and nobody, by name
	Correct   bool   // the reader may propose a correction
	Organise  bool
	Moved     bool
}

// MinutesPage reads a meeting's minutes by the meeting's address. NotFound for readers when nothing is published.
func (s *Store) MinutesPage(ctx context.Context, by Actor, slug string) (MinutesPage, error) {
	var p MinutesPage
	err := s.view(ctx, func(t *tx) error {
		m, err := meetings().lookup(t, famMeetingSlug, slug)
		if err != nil {
			return err
		}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		p = MinutesPage{Meeting: m, Moved: m.Slug != slug, Organise: may(reader, Organise)}
		if p.Minutes, _, err = minutes().find(t, m.ID); err != nil {
			return err
		}
		if !visible(m, reader) || p.Minutes.Published == 0 && !p.Organise {
			return notFound()
		}
		if p.Host, _, err = towns().find(t, m.HostTown); err != nil {
			return err
		}
		if p.Tally, err = t.tally(m.ID); err != nil {
			return err
		}
		if p.Tally.No > 0 {
			if p.Excused, err = t.excused(m.ID); err != nil {
				return err
			}
		}
		all, err := revisions().under(t, window{Under: []string{m.ID}, Reverse: true, Limit: scanBatch})
		if err != nil {
			return err
		}
		var ids []string
		for _, r := range all {
			if r.Number == p.Minutes.Published {
				p.Published = r
			}
			if p.Organise || r.Number == p.Minutes.Published {
				ids = append(ids, r.By)
				p.Revisions = append(p.Revisions, r)
			}
		}
		if len(all) > 0 {
			p.Writer = all[len(all)-1].By
			ids = append(ids, p.Writer)
		}
		if p.Organise && len(all) > 0 {
			p.Newest = all[0]
		}
		if err := p.records(t, reader); err != nil {
			return err
		}
		if err := p.approval(t, reader); err != nil {
			return err
		}
		if err := p.neighbours(t); err != nil {
			return err
		}
		for _, one := range p.Proposed {
			ids = append(ids, one.By)
		}
		p.Names, err = members().many(t, ids)
		return err
	})
	return p, err
}

// records reads what the published text decided and gave to do.
func (p *MinutesPage) records(t *tx, reader Member) error {
	_, p.Marks = Notation(p.Published.Source, p.Meeting.Date)
	p.Decisions, p.Actions = map[string]Decision{}, map[string]ActionRow{}
	if len(p.Marks) == 0 {
		return nil
	}
	err := decisions().every(t, famDecisionMeeting, p.Meeting.ID, func(d Decision) { p.Decisions[d.Number()] = d })
	if err != nil {
		return err
	}
	given, err := t.actionList(reader, ActionQuery{State: "all", Meeting: p.Meeting.ID, Limit: maxMarks})
	for _, row := range given.Rows {
		p.Actions[row.Action.Number()] = row
	}
	return err
}

// neighbours are the published minutes before and after these in the series.
func (p *MinutesPage) neighbours(t *tx) error {
	if p.Meeting.Series == "" {
		return nil
	}
	for _, side := range []struct {
		w    window
		into *Meeting
	}{{window{To: p.Meeting.Slot, Reverse: true}, &p.Before}, {window{From: p.Meeting.Slot + partEnd + p.Meeting.ID + partEnd}, &p.After}} {
		side.w.Under, side.w.Limit = []string{p.Meeting.Series}, lookBack
		near, err := meetings().list(t, famMeetingSeries, side.w)
		if err != nil {
			return err
		}
		for _, m := range near {
			text, _, err := minutes().find(t, m.ID)
			if err != nil {
				return err
			}
			if text.Published > 0 {
				*side.into = m
				break
			}
		}
	}
	return nil
}

// approval reads where the text stands on its way to the approval.
func (p *MinutesPage) approval(t *tx, reader Member) error {
	if p.Minutes.Published == 0 {
		return nil
	}
	var err error
	if !p.Minutes.Approval.At.IsZero() {
		p.Approved, _, err = meetings().find(t, p.Minutes.Approval.Meeting)
		return err
	}
	p.Correct = may(reader, Take)
	all, err := corrections().under(t, window{Under: []string{p.Meeting.ID}, Limit: scanBatch})
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.State == CorrectionProposed && (p.Organise || one.By == reader.ID && reader.ID != "") {
			p.Proposed = append(p.Proposed, one)
		}
	}
	if p.Organise && p.Minutes.Published == p.Minutes.Revision {
		if p.Approver, err = t.approvedAt(p.Meeting, ""); KindOf(err) == Conflict {
			p.Approver, err = Meeting{}, nil
		}
	}
	return err
}
