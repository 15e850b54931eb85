package store

import (
	"context"
	"time"
)

// Accept marks a post as the answer of a question, or with seq 0 takes the mark away: by the author or a moderator.
// The first post cannot be its own answer.
func (s *Store) Accept(ctx context.Context, by Actor, id string, seq int) error {
	return s.changeThread(ctx, by, id, func(t *tx, who Member, _ Category, d *Thread) error {
		if d.Author != who.ID && !may(who, Moderate) {
			return denied("thread.not_yours")
		}
		if !d.Question {
			return conflict("thread.no_question")
		}
		for _, one := range []int{seq, d.Accepted} {
			if one > 0 {
				if err := t.stale(famPost, famPost.key(d.ID, postSeq(one))); err != nil {
					return err
				}
			}
		}
		if seq == 0 {
			d.Accepted, d.AcceptedBy, d.AcceptedAt = 0, "", time.Time{}
			return nil
		}
		p, err := posts().get(t, d.ID, postSeq(seq))
		if err != nil {
			return err
		}
		if seq == 1 || p.Hidden != nil {
			return conflict("thread.no_answer")
		}
		if d.Accepted == seq {
			return nil
		}
		d.Accepted, d.AcceptedBy, d.AcceptedAt = seq, who.ID, t.now
		if p.Author == who.ID {
			return nil
		}
		return t.emit(Event{Kind: EventAccepted, Subject: p.ID, Member: p.Author, By: who.ID})
	})
}

// Assign says who takes care of a thread: a member, a town, both, or with "" nobody: by the one it is given to,
// moderators, organisers, and whoever it is assigned to now.
func (s *Store) Assign(ctx context.Context, by Actor, id, memberID, townID string) error {
	return s.changeThread(ctx, by, id, func(t *tx, who Member, _ Category, d *Thread) error {
		own := (memberID == "" || memberID == who.ID) && (townID == "" || townID == who.TownID()) &&
			(d.Assigned == "" || d.Assigned == who.ID) && (d.AssignedTown == "" || d.AssignedTown == who.TownID())
		if !own && !may(who, Moderate) && !may(who, Organise) {
			return denied("error.not_allowed.moderate")
		}
		if memberID != "" {
			m, ok, err := members().find(t, memberID)
			if err != nil {
				return err
			}
			if !ok || m.State != MemberActive {
				return invalid("member", "rsvp.unknown_member")
			}
		}
		if townID != "" {
			if err := t.knownTown("town", townID); err != nil {
				return err
			}
		}
		if memberID == d.Assigned && townID == d.AssignedTown {
			return nil
		}
		told := memberID != "" && memberID != d.Assigned && memberID != who.ID
		d.Assigned, d.AssignedTown = memberID, townID
		if !told {
			return nil
		}
		return t.emit(Event{Kind: EventAssigned, Subject: d.ID, Member: memberID, By: who.ID})
	})
}
