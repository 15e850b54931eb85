package store

import (
	"context"
	"slices"
)

// Words are what a text of somebody names, outside of code.
type Words struct {
	Mentions []string // words after @, without it
	Refs     []string // records: thread:12, decision:2026-014, action:A-2026-031, meeting:slug, item:slug/3, app:slug
	Links    int      // addresses that lead outside
}

// Named says what a mentioned word is: it becomes a link to a person or a town; other words stay plain.
type Named string

const (
	NamedPerson Named = "person"
	NamedTown   Named = "town"
)

// written is a text that was checked and rendered, outside of any transaction.
type written struct {
	source, html string
	language     string   // "" when neither said nor sure
	mentions     []string // ids
	refs         []string // see Words
	links        int
}

// lang is the language of a text: as said or guessed, else its author's.
func (w written) lang(who Member) string {
	if w.language != "" {
		return w.language
	}
	if slices.Contains(Languages(), who.Language) {
		return who.Language
	}
	return Languages()[0]
}

// written checks and renders a text; c may hold problems already, and all are returned together. On an error there is
// nothing in what it returns.
func (s *Store) written(ctx context.Context, c *check, in PostInput) (written, error) {
	w := written{language: in.Lang}
	w.source = c.text("source", in.Source, MaxPost)
	if w.source == "" {
		c.add("source", "invalid.required")
	}
	if in.Lang != "" {
		oneOf(c, "lang", in.Lang, Languages()...)
	}
	c.line("once", in.Once, MaxName)
	if err := c.err(); err != nil {
		return written{}, err
	}
	read := s.renderer.Read
	if read == nil {
		read = s.renderer.read
	}
	text, err := read(ctx, w.source, w.language == "", func(words []string) (known map[string]Named, err error) {
		words = slices.Compact(slices.Sorted(slices.Values(words)))
		if len(words) > MaxMentions {
			return nil, invalid("source", "post.too_many_mentions", "Max", MaxMentions, "Have", len(words))
		}
		known, w.mentions, err = s.resolve(ctx, words)
		return known, err
	})
	if err != nil {
		return written{}, err // the reading may still be at work on w
	}
	if text.Sure {
		w.language = text.Lang
	}
	w.html, w.links, w.refs = text.HTML, text.Words.Links, slices.Compact(slices.Sorted(slices.Values(text.Words.Refs)))
	if len(w.refs) > MaxMentions {
		w.refs = w.refs[:MaxMentions] // the others stay links without a title
	}
	return w, nil
}

// Rendered is what a Renderer reads in a text.
type Rendered struct {
	HTML  string
	Words Words
	Lang  string // a guess, when asked for one
	Sure  bool
}

// read is Read by a renderer that has none.
func (r Renderer) read(ctx context.Context, source string, guess bool, resolve func([]string) (map[string]Named, error)) (Rendered, error) {
	var t Rendered
	if guess && r.Language != nil {
		t.Lang, t.Sure = r.Language(source)
	}
	if r.Post == nil {
		var err error
		t.HTML, err = r.Render(ctx, source)
		return t, err
	}
	t.Words = r.Words(source)
	known, err := resolve(t.Words.Mentions)
	if err == nil {
		t.HTML, err = r.Post(ctx, source, known)
	}
	return t, err
}

// resolve finds who the mentioned words are: members by handle, towns by slug. Unknown ones are left out.
func (s *Store) resolve(ctx context.Context, words []string) (known map[string]Named, ids []string, err error) {
	if len(words) == 0 {
		return nil, nil, nil
	}
	err = s.view(ctx, func(t *tx) error {
		known, ids = map[string]Named{}, nil
		for _, word := range words {
			m, err := members().lookup(t, famMemberHandle, word)
			if err == nil && m.State == MemberActive {
				known[word], ids = NamedPerson, append(ids, m.ID)
				continue
			}
			if err != nil && KindOf(err) != NotFound {
				return err
			}
			town, err := towns().lookup(t, famTownSlug, word)
			if KindOf(err) == NotFound || err == nil && town.State == TownJoining { // nobody knows of it yet
				continue
			}
			if err != nil {
				return err
			}
			if town, err = t.townNow(town); err != nil {
				return err
			}
			known[word], ids = NamedTown, append(ids, town.ID)
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		return nil
	})
	return known, ids, err
}

// PostPreview is a post as it would be published now.
type PostPreview struct {
	HTML, Lang string
	Refs       map[string]Ref
}

// PreviewPost renders a post as it would be published: for signed-in members.
func (s *Store) PreviewPost(ctx context.Context, by Actor, in PostInput) (PostPreview, error) {
	var who Member
	err := s.view(ctx, func(t *tx) error {
		var err error
		who, err = t.require(by, Take)
		return err
	})
	if err != nil {
		return PostPreview{}, err
	}
	var c check
	w, err := s.written(ctx, &c, in)
	if err != nil {
		return PostPreview{}, err
	}
	p := PostPreview{HTML: w.html, Lang: w.lang(who)}
	err = s.view(ctx, func(t *tx) error {
		p.Refs, err = t.refs(who, w.refs)
		return err
	})
	return p, err
}
