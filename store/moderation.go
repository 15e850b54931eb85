package store

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// ActKind is what a moderator did.
type ActKind string

const (
	ActHidePost   ActKind = "hide_post"
	ActHideThread ActKind = "hide_thread"
	ActClose      ActKind = "close"
	ActPin        ActKind = "pin"
	ActMove       ActKind = "move"
	ActSplit      ActKind = "split"
	ActMerge      ActKind = "merge"
)

// Act is something a moderator did, kept so that it can be undone for undoFor.
type Act struct {
	ID     string    `json:"id"`
	Kind   ActKind   `json:"kind"`
	On     bool      `json:"on"` // done, or taken back (shown again, opened again, unpinned)
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Thread string    `json:"thread"`
	Seq    int       `json:"seq,omitzero"`    // of a post
	Reason string    `json:"reason,omitzero"` // as its author is told
	Was    string    `json:"was,omitzero"`    // category before
	Moves  []Moved   `json:"moves,omitzero"`  // of a split or merger
	Undone time.Time `json:"undone,omitzero"`
}

// undoFor is how long an act can be undone.
const undoFor = 30 * 24 * time.Hour

// MayUndo says whether the act can still be undone.
func (a Act) MayUndo(now time.Time) bool { return a.Undone.IsZero() && now.Sub(a.At) < undoFor }

func acts() *table[Act] {
	return &table[Act]{family: famAct, key: func(a *Act) []string { return []string{a.ID} }}
}

// act keeps what was done, tells the author, and writes the audit log.
func (t *tx) act(by Actor, a Act, author string) error {
	id, err := t.newID()
	if err != nil {
		return err
	}
	a.ID, a.By, a.At = id, by.MemberID, t.now
	if err := acts().put(t, a); err != nil {
		return err
	}
	if author != "" && author != by.MemberID {
		what := string(a.Kind)
		if !a.On {
			what = "undo_" + what
		}
		if err := t.emit(Event{Kind: EventModerated, Subject: a.Thread, Member: author, By: by.MemberID,
			Data: map[string]string{"what": what, "reason": a.Reason, "seq": strconv.Itoa(a.Seq)}}); err != nil {
			return err
		}
	}
	title := ""
	if d, ok, err := threads().find(t, a.Thread); err != nil {
		return err
	} else if ok {
		title = d.Code() + " " + d.Title
	}
	what := "audit.moderated." + string(a.Kind)
	if !a.On {
		what = "audit.moderated.undo"
	}
	return t.audit(by, what, a.Thread, map[string]string{"title": title, "reason": a.Reason})
}

// HidePost takes a post out of sight, or with on false shows it again: by moderators, who say why, and by its author,
// who withdraws it and may bring back only what they withdrew themselves.
func (s *Store) HidePost(ctx context.Context, by Actor, threadID string, seq int, reason string, on bool) error {
	var c check
	reason = c.line("reason", reason, MaxLine)
	if err := c.err(); err != nil {
		return err
	}
	return s.changePost(ctx, by, threadID, seq, func(t *tx, who Member, d *Thread, p *Post) error {
		own := p.Author == who.ID && (p.Hidden == nil || p.Hidden.By == who.ID)
		switch {
		case !own && !may(who, Moderate):
			return denied("error.not_allowed.moderate")
		case on == (p.Hidden != nil):
			return nil
		case on && p.Author != who.ID && reason == "":
			return invalid("reason", "invalid.required")
		}
		return t.hidePost(by, d, p, reason, on)
	})
}

// hidePost hides or shows a post; the caller stores the post.
func (t *tx) hidePost(by Actor, d *Thread, p *Post, reason string, on bool) error {
	if err := t.setHidden(by, d, p, reason, on); err != nil {
		return err
	}
	return t.act(by, Act{Kind: ActHidePost, On: on, Thread: d.ID, Seq: p.Seq, Reason: reason}, p.Author)
}

func (t *tx) setHidden(by Actor, d *Thread, p *Post, reason string, on bool) error {
	p.Hidden = nil
	if on {
		t.lastRoom()
		p.Hidden = &Hiding{By: by.MemberID, At: t.now, Reason: reason}
		if d.Accepted == p.Seq {
			d.Accepted, d.AcceptedBy, d.AcceptedAt = 0, "", time.Time{}
		}
	}
	if err := posts().put(t, *p); err != nil {
		return err
	}
	if err := t.recount(d); err != nil {
		return err
	}
	d.Changed = t.now
	return threads().put(t, *d)
}

// ModerateThread closes, pins or hides a thread, or with on false takes that back: by moderators.
func (s *Store) ModerateThread(ctx context.Context, by Actor, id string, kind ActKind, reason string, on bool) error {
	var c check
	reason = c.line("reason", reason, MaxLine)
	oneOf(&c, "do", kind, ActClose, ActPin, ActHideThread)
	if err := c.err(); err != nil {
		return err
	}
	return s.moderate(ctx, by, id, func(t *tx, d *Thread) error {
		if !d.set(kind, on) {
			return nil
		}
		if err := t.stalePosts(d.ID); err != nil {
			return err
		}
		return t.act(by, Act{Kind: kind, On: on, Thread: d.ID, Reason: reason}, d.Author)
	})
}

// set changes one of a thread's switches and says whether that changed anything.
func (d *Thread) set(kind ActKind, on bool) bool {
	one := &d.Closed
	switch kind {
	case ActPin:
		one = &d.Pinned
	case ActHideThread:
		one = &d.Hidden
	}
	changed := *one != on
	*one = on
	return changed
}

// moderate runs one change of a thread by a moderator.
func (s *Store) moderate(ctx context.Context, by Actor, id string, change func(*tx, *Thread) error) error {
	return s.changeThread(ctx, by, id, func(t *tx, who Member, _ Category, d *Thread) error {
		if !may(who, Moderate) {
			return denied("error.not_allowed.moderate")
		}
		return change(t, d)
	})
}

// MoveThread puts a thread into another category: by moderators.
func (s *Store) MoveThread(ctx context.Context, by Actor, id, category string) error {
	return s.moderate(ctx, by, id, func(t *tx, d *Thread) error {
		to, err := categories().lookup(t, famCategorySlug, category)
		if KindOf(err) == NotFound {
			return invalid("category", "invalid.choice")
		}
		if err != nil || to.ID == d.Category {
			return err
		}
		if err := t.stalePosts(d.ID); err != nil {
			return err
		}
		was := d.Category
		d.Category, d.Question = to.ID, d.Question || to.Question
		return t.act(by, Act{Kind: ActMove, On: true, Thread: d.ID, Was: was}, d.Author)
	})
}

// maxMoved is how many posts one split or merger moves in its transaction.
const maxMoved = 2_000

// SplitThread moves picked posts of a thread to a new one with this title, or to the end of the thread with this number:
// by moderators. The first post stays. Old addresses lead to the new places.
func (s *Store) SplitThread(ctx context.Context, by Actor, id string, seqs []int, title string, into int) (Thread, error) {
	var c check
	title = c.line("title", title, MaxTitle)
	if title == "" && into == 0 {
		c.add("title", "invalid.required")
	}
	if len(seqs) == 0 || len(seqs) > maxMoved {
		c.add("posts", "moderation.pick_posts")
	}
	if slices.Contains(seqs, 1) {
		c.add("posts", "moderation.first_stays")
	}
	if err := c.err(); err != nil {
		return Thread{}, err
	}
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	var to Thread
	err := s.moderate(ctx, by, id, func(t *tx, d *Thread) error {
		picked := make([]Post, 0, len(seqs))
		for _, seq := range seqs {
			p, ok, err := posts().find(t, d.ID, postSeq(seq))
			if err != nil {
				return err
			}
			if !ok {
				return invalid("posts", "moderation.pick_posts")
			}
			picked = append(picked, p)
		}
		var err error
		if to, err = t.target(by, d, picked[0], title, into); err != nil {
			return err
		}
		moved, err := t.movePosts(d, &to, picked)
		if err != nil {
			return err
		}
		return t.act(by, Act{Kind: ActSplit, On: true, Thread: d.ID, Moves: moved}, d.Author)
	})
	return to, err
}

// target is the thread that posts are moved to: a new one beside d, or an existing one.
func (t *tx) target(by Actor, d *Thread, first Post, title string, into int) (Thread, error) {
	if into > 0 {
		to, err := threads().lookup(t, famThreadNumber, threadNumber(into))
		if KindOf(err) == NotFound || err == nil && (to.ID == d.ID || to.MergedInto != "") {
			return to, invalid("into", "moderation.unknown_thread")
		}
		return to, err
	}
	id, err := t.newID()
	if err != nil {
		return Thread{}, err
	}
	number, err := t.giveNumber("thread", 0)
	return Thread{ID: id, Number: number, Slug: threadSlug(title), Title: title, Lang: first.Lang, Category: d.Category, Tags: slices.Clone(d.Tags),
		Author: first.Author, Town: first.Town, Opened: first.At, Active: first.At, Changed: t.now}, err
}

// MergeThread moves all posts of a thread to the end of another: by moderators. What is left leads there.
func (s *Store) MergeThread(ctx context.Context, by Actor, id string, into int) (Thread, error) {
	var to Thread
	err := s.moderate(ctx, by, id, func(t *tx, d *Thread) error {
		all, err := posts().under(t, window{Under: []string{d.ID}, Limit: maxMoved + 1})
		if err != nil {
			return err
		}
		if len(all) > maxMoved {
			return fail(Full, "moderation.too_long", "Max", maxMoved)
		}
		if to, err = t.target(by, d, Post{}, "", into); err != nil {
			return err
		}
		if into == 0 {
			return invalid("into", "moderation.unknown_thread")
		}
		moved, err := t.movePosts(d, &to, all)
		if err != nil {
			return err
		}
		for _, item := range d.Items {
			if !slices.Contains(to.Items, item) {
				to.Items = append(to.Items, item)
			}
		}
		if err := threads().put(t, to); err != nil {
			return err
		}
		d.MergedInto = to.ID
		return t.act(by, Act{Kind: ActMerge, On: true, Thread: d.ID, Moves: moved}, d.Author)
	})
	return to, err
}

// movePosts gives posts the next numbers of another thread and leaves the way there; both threads are counted anew and
// the other one is stored.
func (t *tx) movePosts(from, to *Thread, picked []Post) ([]Moved, error) {
	var moved []Moved
	for _, p := range picked {
		to.Last++
		one := Moved{Thread: from.ID, Seq: p.Seq, ToThread: to.ID, ToSeq: to.Last}
		if err := t.movePost(p, one); err != nil {
			return nil, err
		}
		if from.Accepted == p.Seq {
			from.Accepted, from.AcceptedBy, from.AcceptedAt = 0, "", time.Time{}
		}
		moved = append(moved, one)
	}
	return moved, t.recountBoth(from, to)
}

func (t *tx) movePost(p Post, one Moved) error {
	if err := posts().remove(t, p.Thread, postSeq(p.Seq)); err != nil {
		return err
	}
	p.Thread, p.Seq = one.ToThread, one.ToSeq
	if err := posts().put(t, p); err != nil {
		return err
	}
	return moves().put(t, one)
}

func (t *tx) recountBoth(from, to *Thread) error {
	if err := t.recount(from); err != nil {
		return err
	}
	if err := t.recount(to); err != nil {
		return err
	}
	return threads().put(t, *to)
}
