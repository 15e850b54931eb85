package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// ApproveMinutes says that a later meeting approved published minutes: by organisers, once that meeting has begun. at
// is its id, or "" for the latest later one of the same series (of any, for a single meeting). From then on the text
// stays as it is. Approving again changes nothing.
func (s *Store) ApproveMinutes(ctx context.Context, by Actor, meetingID, at string) (Minutes, error) {
	var kept Minutes
	err := s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		m, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		have, err := minutes().get(t, meetingID)
		if err != nil {
			return err
		}
		if kept = have; !have.Approval.At.IsZero() {
			return nil
		}
		if have.Published == 0 || have.Published != have.Revision {
			return conflict("minutes.approve_unpublished")
		}
		where, err := t.approvedAt(m, at)
		if err != nil {
			return err
		}
		revision, err := revisions().get(t, meetingID, fmt.Sprintf("%06d", have.Published))
		if err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(revision.Source))
		have.Approval = Approval{At: t.now, Meeting: where.ID, By: by.MemberID, Revision: have.Published, SHA256: hex.EncodeToString(sum[:])}
		if err := minutes().put(t, have); err != nil {
			return err
		}
		kept, m.State = have, MeetingApproved
		if err := meetings().put(t, m); err != nil {
			return err
		}
		return t.audit(by, "audit.minutes_approved", meetingID, map[string]string{"title": m.Title, "date": m.Date})
	})
	return kept, err
}

// approvedAt finds the later meeting that approves a meeting's minutes.
func (t *tx) approvedAt(m Meeting, at string) (Meeting, error) {
	later := func(one Meeting) bool {
		return one.ID != m.ID && one.Start.After(m.Start) && !one.Start.After(t.now) && one.State != MeetingCancelled && one.State != MeetingDraft
	}
	if at != "" {
		one, err := meetings().get(t, at)
		if err == nil && !later(one) {
			err = invalid("at", "minutes.approve_later")
		}
		return one, err
	}
	found, err := meetings().list(t, famMeetingStart, window{From: instant(m.Start), To: instant(t.now.Add(time.Second)), Reverse: true, Limit: scanBatch})
	if err != nil {
		return Meeting{}, err
	}
	i := slices.IndexFunc(found, func(one Meeting) bool { return later(one) && one.Series == m.Series })
	if i < 0 {
		return Meeting{}, conflict("minutes.approve_later")
	}
	return found[i], nil
}

// AddErratum adds a remark to approved minutes, dated and signed by its writer: by organisers. The same remark by the
// same person twice is one.
func (s *Store) AddErratum(ctx context.Context, by Actor, meetingID, text, lang string) (Minutes, error) {
	var c check
	text = c.text("erratum", text, MaxText)
	if text == "" && c.err() == nil {
		c.add("erratum", "invalid.required")
	}
	lang = oneOf(&c, "lang", lang, Languages()...)
	if err := c.err(); err != nil {
		return Minutes{}, err
	}
	html, err := s.renderer.Render(ctx, text)
	if err != nil {
		return Minutes{}, err
	}
	var kept Minutes
	err = s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Organise)
		if err != nil {
			return err
		}
		if kept, err = minutes().get(t, meetingID); err != nil {
			return err
		}
		if kept.Approval.At.IsZero() {
			return conflict("minutes.not_approved")
		}
		if slices.ContainsFunc(kept.Errata, func(e Erratum) bool { return e.Text == text && e.By == who.ID }) {
			return nil
		}
		if len(kept.Errata) >= MaxDocuments {
			return invalid("erratum", "minutes.too_many_errata", "Max", MaxDocuments)
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		kept.Errata = append(slices.Clone(kept.Errata), Erratum{ID: id, Text: text, HTML: html, Lang: lang, By: who.ID, Name: who.Name, Town: who.TownID(), At: t.now})
		if err := minutes().put(t, kept); err != nil {
			return err
		}
		return t.audit(by, "audit.erratum", meetingID, nil)
	})
	return kept, err
}

// CorrectionInput is a change of published minutes that somebody proposes: the whole text as it should be.
type CorrectionInput struct {
	Base        int
	Source, Why string
}

// ProposeCorrection proposes a change of published minutes before they are approved: by members. The organisers decide.
func (s *Store) ProposeCorrection(ctx context.Context, by Actor, meetingID string, in CorrectionInput) (Correction, error) {
	var c check
	in.Source, in.Why = c.text("source", in.Source, MaxMinutes), c.line("why", in.Why, MaxLine)
	if err := c.err(); err != nil {
		return Correction{}, err
	}
	if _, err := s.renderer.Render(ctx, in.Source); err != nil {
		return Correction{}, err
	}
	var made Correction
	err := s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		have, err := minutes().get(t, meetingID)
		if err != nil {
			return err
		}
		if have.Published == 0 {
			return notFound()
		}
		if !have.Approval.At.IsZero() {
			return conflict("minutes.approved")
		}
		base, err := revisions().get(t, meetingID, fmt.Sprintf("%06d", in.Base))
		if err != nil || in.Base > have.Published {
			return conflict("minutes.saved_meanwhile")
		}
		if base.Source == in.Source {
			return invalid("source", "minutes.correction_nothing")
		}
		all, err := corrections().under(t, window{Under: []string{meetingID}, Limit: scanBatch})
		if err != nil {
			return err
		}
		waiting := 0
		for _, one := range all {
			if one.State != CorrectionProposed {
				continue
			}
			if waiting++; one.By == who.ID && one.Source == in.Source {
				made = one
				return nil
			}
		}
		if waiting >= maxCorrections || len(all) >= scanBatch {
			return invalid("source", "minutes.too_many_corrections", "Max", maxCorrections)
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		made = Correction{ID: id, Meeting: meetingID, Base: in.Base, Source: in.Source, Why: in.Why, By: who.ID, Town: who.TownID(), State: CorrectionProposed, At: t.now}
		return corrections().put(t, made)
	})
	return made, err
}

// maxCorrections is how many proposals wait at once: organisers see the difference of each on one page.
const maxCorrections = 10

// DecideCorrection takes a proposed correction into the text, as a new revision that is not published yet, or refuses
// it: by organisers. What was changed in the same sections since clashes.
func (s *Store) DecideCorrection(ctx context.Context, by Actor, meetingID, id string, take bool, answer string) error {
	var c check
	answer = c.line("answer", answer, MaxLine)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		one, err := corrections().get(t, meetingID, id)
		if err != nil || one.State != CorrectionProposed {
			return err
		}
		have, err := minutes().get(t, meetingID)
		if err != nil {
			return err
		}
		one.State, one.Answer, one.Decided = CorrectionRefused, answer, by.MemberID
		if take {
			if !have.Approval.At.IsZero() {
				return conflict("minutes.approved")
			}
			newest, err := revisions().get(t, meetingID, fmt.Sprintf("%06d", have.Revision))
			if err != nil {
				return err
			}
			keep, err := t.keeper(have)
			if err != nil {
				return err
			}
			text, err := t.mergeInto(newest, MinutesDraft{Base: one.Base, Source: one.Source}, keep)
			if err != nil {
				return err
			}
			have.Revision++
			have.Changed, have.By, one.State = t.now, by.MemberID, CorrectionTaken
			next := MinutesRevision{Meeting: meetingID, Number: have.Revision, Source: text, Summary: one.Why, By: one.By, At: t.now}
			if err := revisions().put(t, next); err != nil {
				return err
			}
			if err := minutes().put(t, have); err != nil {
				return err
			}
		}
		if err := corrections().put(t, one); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventCorrection, Subject: meetingID, Member: one.By, By: by.MemberID, Data: map[string]string{"what": string(one.State), "answer": answer}})
	})
}

// MinutesOfYear are the published minutes of a civil year, in the order of their meetings, with their texts.
func (s *Store) MinutesOfYear(ctx context.Context, year int) (found []MinutesPage, err error) {
	from := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	err = s.view(ctx, func(t *tx) error {
		found = nil
		held, err := meetings().list(t, famMeetingStart, window{From: instant(from), To: instant(from.AddDate(1, 0, 0)), Limit: scanBatch})
		if err != nil {
			return err
		}
		for _, m := range held {
			have, ok, err := minutes().find(t, m.ID)
			if err != nil {
				return err
			}
			if !ok || have.Published == 0 {
				continue
			}
			revision, err := revisions().get(t, m.ID, fmt.Sprintf("%06d", have.Published))
			if err != nil {
				return err
			}
			found = append(found, MinutesPage{Meeting: m, Minutes: have, Published: revision})
		}
		return nil
	})
	return found, err
}

// MyCorrections are the corrections to a meeting's minutes that the acting member proposed and nobody decided yet.
func (s *Store) MyCorrections(ctx context.Context, by Actor, meetingID string) ([]Correction, error) {
	var found []Correction
	err := s.view(ctx, func(t *tx) error {
		m, err := minutes().get(t, meetingID)
		if err != nil || !m.Approval.At.IsZero() {
			return err
		}
		all, err := corrections().under(t, window{Under: []string{meetingID}, Limit: scanBatch})
		found = slices.DeleteFunc(all, func(one Correction) bool {
			return one.State != CorrectionProposed || one.By != by.MemberID || by.MemberID == ""
		})
		return err
	})
	return found, err
}
