package store

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Draft is what a member has begun to write at one place: "new", "reply/" and a thread's id, "edit/" and a post's id.
// It is kept on the server, so that it is there on every device, until it is posted or dropped. ID also names the
// form, so that one draft is never posted twice.
type Draft struct {
	Member   string    `json:"member"`
	Place    string    `json:"place"`
	ID       string    `json:"id"`
	Title    string    `json:"title,omitzero"`
	Category string    `json:"category,omitzero"` // slug
	Tags     string    `json:"tags,omitzero"`
	Question bool      `json:"question,omitzero"`
	Source   string    `json:"source"`
	Lang     string    `json:"lang,omitzero"`
	Saved    time.Time `json:"saved"`
}

var drafts = sync.OnceValue(func() *table[Draft] {
	return &table[Draft]{family: famDraft, key: func(d *Draft) []string { return []string{d.Member, d.Place} }}
})

// maxDrafts is how many places one person may have begun to write at.
const maxDrafts = 200

// SaveDraft keeps what a member is writing; with nothing written it drops it. It refuses only what could never be
// stored; text too long to post is kept, up to four times the limit. A save of a form that was posted meanwhile, or
// that is older than what is kept, changes nothing.
func (s *Store) SaveDraft(ctx context.Context, by Actor, d Draft) error {
	var c check
	d.Source = c.text("source", d.Source, 4*MaxPost)
	d.Title = c.line("title", d.Title, 4*MaxTitle)
	d.Tags = c.line("tags", d.Tags, 400)
	d.Category = c.line("category", d.Category, 60)
	d.ID = c.required("once", d.ID, 60)
	if kind, id, _ := strings.Cut(d.Place, "/"); !(d.Place == "new" || (kind == "reply" || kind == "edit") && len(id) == 36) {
		c.add("place", "invalid.choice")
	}
	if d.Lang != "" {
		oneOf(&c, "lang", d.Lang, Languages()...)
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "draft/"+by.MemberID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if _, done, err := t.posted(who.ID, d.ID, d.Title, d.Source); done || KindOf(err) == Conflict {
			return nil // it was sent
		} else if err != nil {
			return err
		}
		if d.Source == "" && d.Title == "" {
			return drafts().remove(t, who.ID, d.Place)
		}
		all, err := drafts().under(t, window{Under: []string{who.ID}, Limit: maxDrafts})
		if err != nil {
			return err
		}
		if len(all) >= maxDrafts {
			oldest := all[0]
			for _, one := range all {
				if one.Saved.Before(oldest.Saved) {
					oldest = one
				}
			}
			if err := drafts().remove(t, who.ID, oldest.Place); err != nil {
				return err
			}
		}
		d.Member, d.Saved = who.ID, t.now
		return drafts().put(t, d)
	})
}

// Drafts lists what a member has begun, newest first.
func (s *Store) Drafts(ctx context.Context, by Actor) ([]Draft, error) {
	var all []Draft
	err := s.view(ctx, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		all, err = drafts().under(t, window{Under: []string{who.ID}, Limit: maxDrafts})
		return err
	})
	slices.SortFunc(all, func(a, b Draft) int { return b.Saved.Compare(a.Saved) })
	return all, err
}

// DraftAt is the member's own draft at a place; without one it is a new one with a fresh ID, which is stored when
// something is saved to it.
func (s *Store) DraftAt(ctx context.Context, by Actor, place string) (Draft, error) {
	var d Draft
	err := s.view(ctx, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		var ok bool
		if d, ok, err = drafts().find(t, who.ID, place); err != nil || ok {
			return err
		}
		d = Draft{Member: who.ID, Place: place}
		d.ID, err = t.newSecret()
		return err
	})
	return d, err
}

// DropDraft throws a draft away.
func (s *Store) DropDraft(ctx context.Context, by Actor, place string) error {
	return s.update(ctx, "draft/"+by.MemberID, func(t *tx) error {
		t.lastRoom()
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		return drafts().remove(t, who.ID, place)
	})
}

func (t *tx) dropDraft(memberID, place string) error { return drafts().remove(t, memberID, place) }
