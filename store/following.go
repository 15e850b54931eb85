package store

import (
	"context"
	"sync"
	"time"
)

// Level is how closely a member follows something.
type Level string

const (
	Normal   Level = ""         // new posts are shown as unread, without letters
	Watch    Level = "watch"    // every post, by mail too
	Mentions Level = "mentions" // only what mentions the member or their town
	Muted    Level = "muted"    // nothing
)

// Levels are the choices in the order they are shown.
func Levels() []Level { return []Level{Watch, Normal, Mentions, Muted} }

// Follow is how closely a member follows a category or a tag.
type Follow struct {
	Member  string    `json:"member"`
	Kind    string    `json:"kind"`    // category or tag
	Subject string    `json:"subject"` // category id or tag slug
	Level   Level     `json:"level"`
	At      time.Time `json:"at"`
}

var follows = sync.OnceValue(func() *table[Follow] {
	return &table[Follow]{
		family: famFollow,
		key:    func(f *Follow) []string { return []string{f.Member, f.Kind, f.Subject} },
		indexes: []index[Follow]{
			{family: famFollowSubject, parts: func(f *Follow) [][]string { return [][]string{{f.Kind, f.Subject}} }},
		},
	}
})

// FollowThread sets how closely a member follows a thread.
func (s *Store) FollowThread(ctx context.Context, by Actor, threadID string, level Level) error {
	var c check
	oneOf(&c, "level", level, Levels()...)
	if err := c.err(); err != nil {
		return err
	}
	return s.setReading(ctx, by, threadID, func(t *tx, _ Thread, r *Reading) bool {
		if r.Chosen && r.Level == level {
			return false
		}
		r.Level, r.Chosen, r.At = level, true, t.now
		return true
	})
}

// follow sets a level in the transaction that makes it sensible, unless the member chose one.
func (t *tx) follow(memberID, kind, subject string, level Level) error {
	r, ok, err := readings().find(t, memberID, kind, subject)
	if err != nil || ok && r.Chosen {
		return err
	}
	if !ok {
		r = Reading{Member: memberID, Kind: kind, Subject: subject}
	}
	r.Level, r.Chosen, r.At = level, true, t.now
	return readings().put(t, r)
}

// FollowSubject sets how closely a member follows a category (id) or a tag (slug); Normal takes it away.
func (s *Store) FollowSubject(ctx context.Context, by Actor, kind, subject string, level Level) error {
	var c check
	oneOf(&c, "level", level, Levels()...)
	oneOf(&c, "kind", kind, "category", "tag")
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "reading/"+by.MemberID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if kind == "category" {
			shelf, err := categories().get(t, subject)
			if err != nil {
				return err
			}
			if !sees(who, shelf) {
				return notFound()
			}
		} else if _, err := tags().get(t, subject); err != nil {
			return err
		}
		if level == Normal {
			return follows().remove(t, who.ID, kind, subject)
		}
		return follows().put(t, Follow{Member: who.ID, Kind: kind, Subject: subject, Level: level, At: t.now})
	})
}

// levelOf is how closely a member follows a thread: as chosen for it, else for one of its tags, else for its category.
// Of several tags the closest counts.
func levelOf(r Reading, d Thread, chosen map[string]Level) Level {
	if r.Chosen {
		return r.Level
	}
	found, any := Normal, false
	for _, level := range Levels() {
		for _, tag := range d.Tags {
			if have, ok := chosen["tag/"+tag]; ok && have == level && !any {
				found, any = level, true
			}
		}
	}
	if any {
		return found
	}
	return chosen["category/"+d.Category]
}

// chosen are a member's levels of categories and tags, by "category/" or "tag/" and subject.
func (t *tx) chosen(memberID string) (map[string]Level, error) {
	all, err := follows().under(t, window{Under: []string{memberID}, Limit: scanBatch})
	found := make(map[string]Level, len(all))
	for _, f := range all {
		found[f.Kind+"/"+f.Subject] = f.Level
	}
	return found, err
}
