package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Minutes are the one Markdown document of a meeting. What is read is the published revision; what is written is
// the newest one.
type Minutes struct {
	Meeting   string    `json:"meeting"`
	Lang      string    `json:"lang"`
	Revision  int       `json:"revision"`  // newest
	Published int       `json:"published"` // revision that is published, 0 for none
	HTML      string    `json:"html,omitzero"`
	Renderer  int       `json:"renderer,omitzero"` // version that made HTML
	At        time.Time `json:"at,omitzero"`       // when first published
	Approval  Approval  `json:"approval,omitzero"`
	Errata    []Erratum `json:"errata,omitzero"` // oldest first; only after the approval
	Changed   time.Time `json:"changed"`
	By        string    `json:"by"`
}

// Approval says that a later meeting approved the minutes. From then on their text stays as it is.
type Approval struct {
	At       time.Time `json:"at,omitzero"`
	Meeting  string    `json:"meeting,omitzero"` // the meeting that approved them
	By       string    `json:"by,omitzero"`
	Revision int       `json:"revision,omitzero"`
	SHA256   string    `json:"sha256,omitzero"` // of the approved source text in UTF-8, hex
}

// Erratum is a remark added to approved minutes, dated and signed.
type Erratum struct {
	ID   string    `json:"id"`
	Text string    `json:"text"` // Markdown
	HTML string    `json:"html"`
	Lang string    `json:"lang"`
	By   string    `json:"by"`
	Name string    `json:"name"` // as signed
	Town string    `json:"town,omitzero"`
	At   time.Time `json:"at"`
}

// CorrectionState is where a proposed correction stands.
type CorrectionState string

const (
	CorrectionProposed CorrectionState = "proposed"
	CorrectionTaken    CorrectionState = "taken" // it is in the text now
	CorrectionRefused  CorrectionState = "refused"
)

// Correction is a change of published minutes that somebody who may take part proposes before they are approved.
type Correction struct {
	ID      string          `json:"id"`
	Meeting string          `json:"meeting"`
	Base    int             `json:"base"`   // revision it starts from
	Source  string          `json:"source"` // the whole text as it should be
	Why     string          `json:"why,omitzero"`
	By      string          `json:"by"`
	Town    string          `json:"town,omitzero"`
	State   CorrectionState `json:"state"`
	Answer  string          `json:"answer,omitzero"` // why it was refused
	Decided string          `json:"decided,omitzero"`
	At      time.Time       `json:"at"`
}

func corrections() *table[Correction] {
	return &table[Correction]{
		family: famCorrection,
		key:    func(c *Correction) []string { return []string{c.Meeting, c.ID} },
	}
}

// MinutesRevision is one saved state of the text. Revisions are never changed.
type MinutesRevision struct {
	Meeting string    `json:"meeting"`
	Number  int       `json:"number"`
	Source  string    `json:"source"`
	Summary string    `json:"summary,omitzero"` // what the writer says was changed
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	// Numbered says that publishing wrote this revision, to give decisions and actions their numbers.
	Numbered bool `json:"numbered,omitzero"`
}

func minutes() *table[Minutes] {
	return &table[Minutes]{
		family: famMinutes,
		key:    func(m *Minutes) []string { return []string{m.Meeting} },
		indexes: []index[Minutes]{
			{family: famMinutesLatest, parts: func(m *Minutes) [][]string {
				if m.Published == 0 {
					return nil
				}
				return [][]string{{instant(m.At)}}
			}},
		},
	}
}

func revisions() *table[MinutesRevision] {
	return &table[MinutesRevision]{
		family: famRevision,
		key:    func(r *MinutesRevision) []string { return []string{r.Meeting, fmt.Sprintf("%06d", r.Number)} },
	}
}

// MinutesDraft is what a writer saves. Base is the revision it started from, 0 for a new text.
type MinutesDraft struct {
	Base    int
	Source  string
	Summary string
	Lang    string
}

// ClashError says that somebody changed the same sections since: nothing was stored, both texts are there to choose
// from.
type ClashError struct {
	Newest   MinutesRevision
	Mine     string // what was not stored, with the numbers that it keeps: the text, or the one section that was saved
	Sections []SectionClash
}

func (e *ClashError) Error() string {
	return fmt.Sprintf("store: minutes were saved as revision %d meanwhile", e.Newest.Number)
}

// SaveMinutes stores a new revision: by organisers, of a meeting that has begun. Saving the newest text again changes
// nothing. When others saved since Base, sections that only one side changed are brought together; a ClashError inside
// a Conflict carries both texts of sections that both changed. Blocks that lost the numbers that they were published
// with get them back. Text over
// 200,000 characters, or that cannot be rendered in bounded time, is Invalid and is not stored.
func (s *Store) SaveMinutes(ctx context.Context, by Actor, meetingID string, d MinutesDraft) (Minutes, error) {
	var c check
	d.Source = c.text("source", d.Source, MaxMinutes)
	d.Summary = c.line("summary", d.Summary, MaxLine)
	d.Lang = oneOf(&c, "lang", d.Lang, Languages()...)
	if err := c.err(); err != nil {
		return Minutes{}, err
	}
	if _, err := s.renderer.Render(ctx, d.Source); err != nil {
		return Minutes{}, err
	}
	var kept Minutes
	err := s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		text := d.Source // a transaction may be tried again: d stays as it is
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		meeting, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		if meeting.State == MeetingCancelled || meeting.State == MeetingDraft || meeting.Start.After(t.now) {
			return conflict("minutes.not_begun")
		}
		have, _, err := minutes().find(t, meetingID)
		if err != nil {
			return err
		}
		if !have.Approval.At.IsZero() {
			return conflict("minutes.approved")
		}
		if have.Revision > 0 {
			newest, err := t.revision(meetingID, have.Revision)
			if err != nil {
				return err
			}
			keep, err := t.keeper(have)
			if err != nil {
				return err
			}
			text = keep(text)
			if (newest.Source == d.Source || newest.Source == text) && have.Lang == d.Lang {
				kept = have
				return nil
			}
			if have.Revision != d.Base {
				if text, err = t.mergeInto(newest, d, keep); err != nil {
					return err
				}
			}
		}
		have.Meeting, have.Lang, have.Changed, have.By = meetingID, d.Lang, t.now, by.MemberID
		have.Revision++
		revision := MinutesRevision{Meeting: meetingID, Number: have.Revision, Source: text, Summary: d.Summary, By: by.MemberID, At: t.now}
		if err := revisions().put(t, revision); err != nil {
			return err
		}
		kept = have
		return minutes().put(t, have)
	})
	return kept, err
}

// mergeInto brings a draft together with what was saved since it was begun. All sides are compared with the numbers
// that they keep, so that numbers given meanwhile are no change of anybody's.
func (t *tx) mergeInto(newest MinutesRevision, d MinutesDraft, keep func(string) string) (string, error) {
	base, _, err := revisions().find(t, newest.Meeting, fmt.Sprintf("%06d", d.Base))
	if err != nil {
		return "", err
	}
	mine := keep(d.Source)
	text, clashes := merge(keep(base.Source), keep(newest.Source), mine)
	if len(clashes) > 0 {
		return "", &Error{Kind: Conflict, Problems: []Problem{{Field: "source", Key: "minutes.clash"}}, cause: &ClashError{Newest: newest, Mine: mine, Sections: clashes}}
	}
	if n := utf8.RuneCountInString(text); n > MaxMinutes {
		return "", invalid("source", "invalid.too_long", "Max", MaxMinutes, "Have", n)
	}
	return text, nil
}

// SaveSection stores one section of the text as it was in revision Base, counted from 0; the rest is what it was.
func (s *Store) SaveSection(ctx context.Context, by Actor, meetingID string, section int, d MinutesDraft) (Minutes, error) {
	whole, before := "", 0
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		base, err := t.revision(meetingID, d.Base)
		if err != nil {
			return err
		}
		if whole, err = WithSection(base.Source, section, d.Source); err == nil && section > 0 {
			before = strings.Count(joinSections(Sections(base.Source)[:section]), "\n") + 1
		}
		return err
	})
	if err != nil {
		return Minutes{}, err
	}
	alone := strings.TrimRight(strings.ReplaceAll(d.Source, "\r\n", "\n"), "\n ")
	if section == 0 {
		alone = strings.TrimSpace(alone)
	}
	d.Source = whole
	kept, err := s.SaveMinutes(ctx, by, meetingID, d)
	if clash := (*ClashError)(nil); errors.As(err, &clash) { // numbers make no new lines
		lines := strings.Split(clash.Mine, "\n")
		before = min(before, len(lines))
		clash.Mine = strings.Join(lines[before:min(before+strings.Count(alone, "\n")+1, len(lines))], "\n")
	}
	return kept, err
}

// Preview renders Markdown as it would be published: for signed-in members, and for pages that all of them share.
func (s *Store) Preview(ctx context.Context, by Actor, source string) (string, error) {
	err := s.view(ctx, func(t *tx) error {
		if reader, err := t.reader(by); err != nil || may(reader, Take) {
			return err
		}
		_, err := t.require(by, Take)
		return err
	})
	if err != nil {
		return "", err
	}
	var c check
	source = c.text("source", source, MaxMinutes)
	if err := c.err(); err != nil {
		return "", err
	}
	return s.renderer.Render(ctx, source)
}

// LatestMinutes lists the newest published minutes with their meetings.
func (s *Store) LatestMinutes(ctx context.Context, limit int) ([]MeetingRow, error) {
	return s.rows(ctx, Visitor(), func(t *tx, _ Member) ([]Meeting, error) {
		published, err := minutes().list(t, famMinutesLatest, window{Reverse: true, Limit: limit})
		if err != nil {
			return nil, err
		}
		var found []Meeting
		for _, one := range published {
			m, err := meetings().get(t, one.Meeting)
			if err != nil {
				return nil, err
			}
			found = append(found, m)
		}
		return found, nil
	})
}
