package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Translation is a post's text in another language, by a person. Of is the revision of the post it translates; an
// older one than the post's is outdated.
type Translation struct {
	Lang   string    `json:"lang"`
	Source string    `json:"source"`
	HTML   string    `json:"html"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Of     int       `json:"of"`
}

// PostRevision is a text that a post had before it was changed.
type PostRevision struct {
	Post   string    `json:"post"`
	Number int       `json:"number"`
	Source string    `json:"source"`
	Lang   string    `json:"lang"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Note   string    `json:"note,omitzero"`
}

func postRevisions() *table[PostRevision] {
	return &table[PostRevision]{family: famPostRevision, key: func(r *PostRevision) []string {
		return []string{r.Post, fmt.Sprintf("%06d", r.Number)}
	}}
}

// EditPost changes a post's text: by its author while the thread is open, and by moderators, who say why in note. Base
// is the revision it started from: when somebody changed the post meanwhile it is a Conflict and nothing is stored.
// What the post said before is kept.
func (s *Store) EditPost(ctx context.Context, by Actor, threadID string, seq, base int, in PostInput, note string) (Post, error) {
	var c check
	note = c.line("note", note, MaxLine)
	text, err := s.written(ctx, &c, in)
	if err != nil {
		return Post{}, err
	}
	var kept Post
	err = s.changePost(ctx, by, threadID, seq, func(t *tx, who Member, d *Thread, p *Post) error {
		own := p.Author == who.ID && !d.Closed && p.Hidden == nil
		if !own && !may(who, Moderate) {
			if p.Author == who.ID && d.Closed { // meanwhile: what was typed is shown again
				return conflict("thread.closed")
			}
			return denied("error.not_allowed.moderate")
		}
		if p.Author != who.ID && note == "" {
			return invalid("note", "invalid.required")
		}
		if p.Source == text.source && p.Lang == text.lang(who) {
			kept = *p
			return nil
		}
		if p.Revision != base {
			return &Error{Kind: Conflict, Problems: []Problem{{Field: "source", Key: "post.changed_meanwhile"}}}
		}
		was := PostRevision{Post: p.ID, Number: p.Revision, Source: p.Source, Lang: p.Lang, By: p.Author, At: p.At, Note: p.EditNote}
		if p.Revision > 0 {
			was.By, was.At = p.EditedBy, p.Edited
		}
		if err := postRevisions().put(t, was); err != nil {
			return err
		}
		p.Revision++
		p.Source, p.HTML, p.Renderer, p.Lang, p.Mentions, p.Refs = text.source, text.html, t.store.renderer.Version, text.lang(who), text.mentions, text.refs
		p.Edited, p.EditedBy, p.EditNote = t.now, who.ID, note
		kept = *p
		if err := t.dropDraft(who.ID, "edit/"+p.ID); err != nil || p.Author == who.ID {
			return err
		}
		if err := t.emit(Event{Kind: EventModerated, Subject: d.ID, Member: p.Author, By: who.ID, Data: map[string]string{"what": "edited", "reason": note}}); err != nil {
			return err
		}
		return t.audit(by, "audit.post_edited", p.ID, map[string]string{"reason": note})
	})
	return kept, err
}

// changePost runs one change of a post in a thread that the member may see, and stores the post.
func (s *Store) changePost(ctx context.Context, by Actor, threadID string, seq int, change func(*tx, Member, *Thread, *Post) error) error {
	return s.update(ctx, "thread/"+threadID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if by.system {
			who = systemMember()
		}
		d, _, err := t.thread(threadID, who)
		if err != nil {
			return err
		}
		p, err := posts().get(t, threadID, postSeq(seq))
		if err != nil {
			return err
		}
		if err := change(t, who, &d, &p); err != nil {
			return err
		}
		return posts().put(t, p)
	})
}

// PostHistory is a post with the texts it had before, oldest first.
type PostHistory struct {
	Thread    Thread
	Post      Post
	Revisions []PostRevision
	Names     map[string]Member
}

// PostHistory reads the texts a post had. Of a hidden post only moderators may.
func (s *Store) PostHistory(ctx context.Context, by Actor, number, seq int) (PostHistory, error) {
	var h PostHistory
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		d, err := threads().lookup(t, famThreadNumber, threadNumber(number))
		if err != nil {
			return err
		}
		if h.Thread, _, err = t.thread(d.ID, reader); err != nil {
			return err
		}
		if h.Post, err = posts().get(t, d.ID, postSeq(seq)); err != nil {
			return err
		}
		if h.Post.Hidden != nil && !may(reader, Moderate) {
			h = PostHistory{}
			return notFound()
		}
		if h.Revisions, err = postRevisions().under(t, window{Under: []string{h.Post.ID}, Limit: scanBatch}); err != nil {
			return err
		}
		ids := []string{h.Post.Author, h.Post.EditedBy}
		for _, r := range h.Revisions {
			ids = append(ids, r.By)
		}
		h.Names, err = members().many(t, ids)
		return err
	})
	return h, err
}

// Translate adds a person's translation of a post, or replaces the one in that language: by members. An empty source
// takes away one's own.
func (s *Store) Translate(ctx context.Context, by Actor, threadID string, seq int, in PostInput) error {
	var c check
	oneOf(&c, "lang", in.Lang, Languages()...)
	var text written
	if in.Source != "" {
		var err error
		if text, err = s.written(ctx, &c, in); err != nil {
			return err
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.changePost(ctx, by, threadID, seq, func(t *tx, who Member, _ *Thread, p *Post) error {
		if p.Hidden != nil {
			return notFound()
		}
		if in.Lang == p.Lang {
			return invalid("lang", "post.same_language")
		}
		at := slices.IndexFunc(p.Translations, func(tr Translation) bool { return tr.Lang == in.Lang })
		if in.Source == "" {
			if at < 0 {
				return invalid("source", "invalid.required")
			}
			if p.Translations[at].By != who.ID && !may(who, Moderate) {
				return conflict("post.translated")
			}
			p.Translations = slices.Delete(slices.Clone(p.Translations), at, at+1)
			return nil
		}
		fresh := Translation{Lang: in.Lang, Source: text.source, HTML: text.html, By: who.ID, At: t.now, Of: p.Revision}
		if at < 0 {
			p.Translations = append(p.Translations, fresh)
			return nil
		}
		if before := p.Translations[at]; before.By != who.ID && before.Of == p.Revision && p.Author != who.ID && !may(who, Moderate) {
			return conflict("post.translated") // somebody's good translation is not written over
		}
		p.Translations = slices.Clone(p.Translations)
		p.Translations[at] = fresh
		return nil
	})
}
