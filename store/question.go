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
