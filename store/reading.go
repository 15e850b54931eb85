package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Reading is what a member has read of one thing, and how closely they follow it. Kind is "thread" (Read is a seq) or
// "minutes" (Subject is a meeting, Read a revision).
type Reading struct {
	Member     string    `json:"member"`
	Kind       string    `json:"kind"`
	Subject    string    `json:"subject"`
	Read       int       `json:"read,omitzero"`
	Level      Level     `json:"level,omitzero"`
	Chosen     bool      `json:"chosen,omitzero"` // the level was chosen for this one, and is not inherited
	Told       int       `json:"told,omitzero"`   // seq of the last post they had a letter about
	Wrote      time.Time `json:"wrote,omitzero"`  // when the member last wrote here
	Bookmarked time.Time `json:"bookmarked,omitzero"`
	At         time.Time `json:"at"`
}

var readings = sync.OnceValue(func() *table[Reading] {
	own := func(chosen func(*Reading) (time.Time, bool)) func(*Reading) [][]string {
		return func(r *Reading) [][]string {
			at, ok := chosen(r)
			if !ok || r.Kind != "thread" {
				return nil
			}
			return [][]string{{r.Member, instant(at)}}
		}
	}
	return &table[Reading]{
		hot:    true,
		family: famReading,
		key:    func(r *Reading) []string { return []string{r.Member, r.Kind, r.Subject} },
		indexes: []index[Reading]{
			{family: famReadingWrote, parts: own(func(r *Reading) (time.Time, bool) { return r.Wrote, !r.Wrote.IsZero() })},
			{family: famReadingFollowed, parts: own(func(r *Reading) (time.Time, bool) { return r.At, r.Chosen && r.Level == Watch })},
			{family: famReadingMark, parts: own(func(r *Reading) (time.Time, bool) { return r.Bookmarked, !r.Bookmarked.IsZero() })},
			// who is to be told of a thread's news
			{family: famReadingLevel, parts: func(r *Reading) [][]string {
				if !r.Chosen {
					return nil
				}
				return [][]string{{r.Kind, r.Subject, string("l" + r.Level)}}
			}},
		},
	}
})

// ReadingProfile is what a member chose about reading, and the instant up to which they have caught up: what was
// written before it is not new to them, whatever they opened.
type ReadingProfile struct {
	Member    string    `json:"member"`
	CaughtUp  time.Time `json:"caught_up,omitzero"`
	Languages []string  `json:"languages,omitzero"` // that they read; none chosen means all

	HidePresence bool `json:"hide_presence,omitzero"` // others do not see that they are here
	HideReads    bool `json:"hide_reads,omitzero"`    // others do not see what they have read
	EnterBreaks  bool `json:"enter_breaks,omitzero"`  // Enter breaks the line in rooms, instead of sending
}

var profiles = sync.OnceValue(func() *table[ReadingProfile] {
	return &table[ReadingProfile]{kept: true, family: famReadingProfile, key: func(p *ReadingProfile) []string { return []string{p.Member} }}
})

// caughtUp is the instant before which nothing is new to a member.
func (t *tx) caughtUp(who Member) (ReadingProfile, error) {
	p, ok, err := profiles().find(t, who.ID)
	if !ok {
		p = ReadingProfile{Member: who.ID}
	}
	if p.CaughtUp.Before(who.Joined) {
		p.CaughtUp = who.Joined
	}
	return p, err
}

// unreadPage bounds how many new posts are counted: more is shown as "99+".
const unreadPage = 100

// newPosts are the posts of a thread that are new to a reader, the latest first, at most limit: those to be read that
// are behind the read position, younger than the moment they caught up, and not their own. It is the one count of
// what is unread. The posts are for reading only.
func (t *tx) newPosts(d Thread, r Reading, p ReadingProfile, limit int) ([]*Post, error) {
	if d.Last <= r.Read || !d.Active.After(p.CaughtUp) {
		return nil, nil
	}
	var fresh []*Post
	w := window{Under: []string{d.ID}, From: postSeq(r.Read + 1), Limit: min(limit, 20) + 3}
	err := posts().latest(t, w, func(one *Post) bool {
		if !one.At.After(p.CaughtUp) {
			return false
		}
		if one.Hidden == nil && one.Author != p.Member && one.MessageID == "" { // what was imported is no news
			fresh = append(fresh, one)
		}
		return len(fresh) < limit
	})
	return fresh, err
}

// MarkRead moves a member's read position in a thread forward to a post, never back.
func (s *Store) MarkRead(ctx context.Context, by Actor, threadID string, seq int) error {
	return s.setReading(ctx, by, threadID, func(_ *tx, d Thread, r *Reading) bool {
		seq = min(seq, d.Last)
		if seq <= r.Read {
			return false
		}
		r.Read = seq
		return true
	})
}

// MarkUnread moves a member's read position back before a post, so that it is new again.
func (s *Store) MarkUnread(ctx context.Context, by Actor, threadID string, seq int) error {
	return s.setReading(ctx, by, threadID, func(_ *tx, _ Thread, r *Reading) bool {
		if seq < 1 || seq > r.Read {
			return false
		}
		r.Read = seq - 1
		return true
	})
}

// Bookmark keeps a thread on a member's list, or takes it off.
func (s *Store) Bookmark(ctx context.Context, by Actor, threadID string, on bool) error {
	return s.setReading(ctx, by, threadID, func(t *tx, _ Thread, r *Reading) bool {
		if on != r.Bookmarked.IsZero() {
			return false
		}
		r.Bookmarked = time.Time{}
		if on {
			r.Bookmarked = t.now
		}
		return true
	})
}

// setReading changes what a member has of a thread that they may see. It looks first, so that nothing is written when
// nothing changes.
func (s *Store) setReading(ctx context.Context, by Actor, threadID string, change func(*tx, Thread, *Reading) bool) error {
	run := func(t *tx) (Reading, bool, error) {
		who, err := t.require(by, Take)
		if err != nil {
			return Reading{}, false, err
		}
		d, _, err := t.thread(threadID, who)
		if err != nil {
			return Reading{}, false, err
		}
		r, err := t.reading(who.ID, threadID)
		return r, err == nil && change(t, d, &r), err
	}
	changes := false
	err := s.view(ctx, func(t *tx) error {
		var err error
		_, changes, err = run(t)
		return err
	})
	if err != nil || !changes {
		return err
	}
	return s.update(ctx, "reading/"+by.MemberID, func(t *tx) error {
		t.lastRoom()
		r, changed, err := run(t)
		if err != nil || !changed {
			return err
		}
		return readings().put(t, r)
	})
}

// reading is what a member has of a thread; a new one when there is nothing yet.
func (t *tx) reading(memberID, threadID string) (Reading, error) {
	r, ok, err := readings().find(t, memberID, "thread", threadID)
	if !ok {
		r = Reading{Member: memberID, Kind: "thread", Subject: threadID, At: t.now}
	}
	return r, err
}

// wrote notes that a member wrote a post. What they had not read before it stays unread.
func (t *tx) wrote(memberID, threadID string, seq int) error {
	r, err := t.reading(memberID, threadID)
	if err != nil {
		return err
	}
	r.Wrote = t.now
	if r.Read >= seq-1 {
		r.Read = seq
	}
	return readings().put(t, r)
}

func (v *verification) reading(r *Reading) {
	v.lead(famReading, r.Member+"/"+r.Subject, famMember, r.Member)
	if r.Kind == "thread" {
		v.lead(famReading, r.Member+"/"+r.Subject, famThread, r.Subject)
		if d := v.discussions[r.Subject]; d != nil && r.Read > d.thread.Last {
			v.report(Fault{"count", string(famReading) + "/" + r.Member + "/" + r.Subject, "is behind the thread's last post"})
		}
	}
}

// News counts what is new to a member in listed threads, by thread id, and says how closely they follow the category or
// the tag that the list is of. Threads that are muted, or followed for mentions only, have no news here.
func (s *Store) News(ctx context.Context, by Actor, rows []ThreadRow, categoryID, tag string) (fresh map[string]int, level Level, err error) {
	err = s.view(ctx, func(t *tx) error {
		fresh = map[string]int{}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		chosen, err := t.chosen(who.ID)
		if err != nil {
			return err
		}
		level = chosen["category/"+categoryID]
		if tag != "" {
			level = chosen["tag/"+tag]
		}
		profile, err := t.caughtUp(who)
		if err != nil {
			return err
		}
		for _, row := range rows {
			n, err := t.news(who, row.Thread, profile, chosen)
			if err != nil {
				return err
			}
			if n > 0 {
				fresh[row.Thread.ID] = n
			}
		}
		return nil
	})
	return fresh, level, err
}

// news is how many posts of a thread are new to a member, as closely as they follow it.
func (t *tx) news(who Member, d Thread, profile ReadingProfile, chosen map[string]Level) (int, error) {
	if !d.Active.After(profile.CaughtUp) || d.MergedInto != "" {
		return 0, nil
	}
	r, err := t.reading(who.ID, d.ID)
	if err != nil {
		return 0, err
	}
	level := levelOf(r, d, chosen)
	if level == Muted {
		return 0, nil
	}
	if level == Normal && !(look{profile: profile}).reads(d.Lang) {
		level = Mentions
	}
	fresh, err := t.newPosts(d, r, profile, unreadPage)
	if err != nil || level != Mentions {
		return len(fresh), err
	}
	named := 0
	for _, p := range fresh {
		if slices.Contains(p.Mentions, who.ID) || who.TownID() != "" && slices.Contains(p.Mentions, who.TownID()) {
			named++
		}
	}
	return named, nil
}
