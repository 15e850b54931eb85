package store

import (
	"context"
	"time"
)

// Undo takes back what a moderator did, as long as it can be: by moderators. What moved goes back to its old numbers.
func (s *Store) Undo(ctx context.Context, by Actor, actID string) error {
	return s.update(ctx, "moderation", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Moderate)
		if err != nil {
			return err
		}
		a, err := acts().get(t, actID)
		if err != nil {
			return err
		}
		if !a.MayUndo(t.now) {
			return conflict("moderation.too_late")
		}
		d, _, err := t.thread(a.Thread, who)
		if err != nil {
			return err
		}
		a.Undone = t.now
		if err := acts().put(t, a); err != nil {
			return err
		}
		return t.undo(by, a, &d)
	})
}

func (t *tx) undo(by Actor, a Act, d *Thread) error {
	switch a.Kind {
	case ActHidePost:
		p, err := posts().get(t, d.ID, postSeq(a.Seq))
		if err != nil || (p.Hidden != nil) != a.On {
			return err
		}
		if err := t.setHidden(by, d, &p, "", !a.On); err != nil {
			return err
		}
		return t.act(by, Act{Kind: ActHidePost, On: !a.On, Thread: d.ID, Seq: a.Seq, Undone: t.now}, p.Author) // an undoing is not undone
	case ActMove:
		d.Category = a.Was
	case ActSplit, ActMerge:
		if err := t.moveBack(a, d); err != nil {
			return err
		}
		d.MergedInto = ""
	default:
		d.set(a.Kind, !a.On)
	}
	d.Changed = t.now
	if err := t.stalePosts(d.ID); err != nil {
		return err
	}
	if err := threads().put(t, *d); err != nil {
		return err
	}
	return t.act(by, Act{Kind: a.Kind, On: false, Thread: d.ID, Undone: t.now}, d.Author)
}

// moveBack brings posts back to the numbers they had. One that has moved on since, or lies where nobody finds it any
// more, is a Conflict.
func (t *tx) moveBack(a Act, d *Thread) error {
	var to Thread
	for _, one := range a.Moves {
		p, ok, err := posts().find(t, one.ToThread, postSeq(one.ToSeq))
		if err != nil {
			return err
		}
		if !ok {
			return conflict("moderation.moved_on")
		}
		if to.ID == "" {
			if to, err = threads().get(t, one.ToThread); err != nil {
				return err
			}
		}
		if err := moves().remove(t, one.Thread, postSeq(one.Seq)); err != nil {
			return err
		}
		if err := t.movePost(p, Moved{Thread: one.ToThread, Seq: one.ToSeq, ToThread: one.Thread, ToSeq: one.Seq}); err != nil {
			return err
		}
		if to.Accepted == one.ToSeq {
			to.Accepted, to.AcceptedBy, to.AcceptedAt = 0, "", time.Time{}
		}
	}
	if err := t.recountBoth(d, &to); err != nil {
		return err
	}
	if to.Posts == 0 && to.Last == len(a.Moves) { // the split had made it: nothing is left in it
		to.MergedInto = d.ID
		return threads().put(t, to)
	}
	return nil
}
