package store

import (
	"context"
	"slices"
	"strings"
)

// Tag is a word that threads share, made by using it. A merged one leads to another.
type Tag struct {
	Slug string `json:"slug"`
	Name string `json:"name"` // as it was first written
	Into string `json:"into,omitzero"`
}

// Limits of tags.
const (
	MaxTags    = 5
	maxTagName = 30
	maxMerged  = 5_000 // threads one merger rewrites in its transaction
)

func tags() *table[Tag] {
	return &table[Tag]{family: famTag, key: func(g *Tag) []string { return []string{g.Slug} }}
}

// checkTags cleans the words of a comma list: folded to slugs, doubles dropped, names kept.
func checkTags(c *check, field, list string) []Tag {
	var kept []Tag
	for _, word := range strings.Split(c.line(field, list, 400), ",") {
		name := c.line(field, strings.TrimPrefix(strings.TrimSpace(word), "#"), maxTagName)
		slug := slugOf(name)
		if slug == "" || slices.ContainsFunc(kept, func(t Tag) bool { return t.Slug == slug }) {
			continue
		}
		kept = append(kept, Tag{Slug: slug, Name: name})
	}
	if len(kept) > MaxTags {
		c.add(field, "tag.too_many", "Max", MaxTags)
	}
	return kept
}

// useTags makes the tags that are new and gives the slugs to store: merged ones lead on.
func (t *tx) useTags(wanted []Tag) ([]string, error) {
	var slugs []string
	for _, tag := range wanted {
		have, ok, err := tags().find(t, tag.Slug)
		if err != nil {
			return nil, err
		}
		if !ok {
			if err := tags().put(t, tag); err != nil {
				return nil, err
			}
		} else if have.Into != "" {
			tag.Slug = have.Into
		}
		if !slices.Contains(slugs, tag.Slug) {
			slugs = append(slugs, tag.Slug)
		}
	}
	slices.Sort(slugs)
	return slugs, nil
}

// TagBySlug finds a tag of a thread that the reader may see; of a merged one it gives the tag it leads to, and moved.
func (s *Store) TagBySlug(ctx context.Context, by Actor, slug string) (tag Tag, moved bool, err error) {
	err = s.view(ctx, func(t *tx) error {
		tag, moved = Tag{}, false
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		shelves, err := t.shelves()
		if err != nil {
			return err
		}
		found, err := tags().get(t, slug)
		if err == nil && found.Into != "" {
			moved = true
			found, err = tags().get(t, found.Into)
		}
		if err != nil {
			return err
		}
		shown, err := t.tagShown(found.Slug, reader, shelves, scanBatch)
		if err != nil {
			return err
		}
		if !shown {
			return notFound()
		}
		tag = found
		return nil
	})
	return tag, moved, err
}

// tagShown says whether one of the latest threads with a tag is the reader's to see.
func (t *tx) tagShown(slug string, reader Member, shelves map[string]Category, latest int) (bool, error) {
	for _, n := range []int{1, latest} { // mostly the very latest is
		using, err := threads().list(t, famThreadTag, window{Under: []string{slug}, Reverse: true, Limit: n})
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(using, func(thread Thread) bool { return thread.shown(reader, shelves) }) {
			return true, nil
		}
		if len(using) < n {
			break
		}
	}
	return false, nil
}

// Tags lists the tags whose slug starts so, in order, at most limit: those of threads that the reader may see.
func (s *Store) Tags(ctx context.Context, by Actor, start string, limit int) ([]Tag, error) {
	var found []Tag
	err := s.view(ctx, func(t *tx) error {
		found = nil
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		shelves, err := t.shelves()
		if err != nil {
			return err
		}
		w := window{From: slugOf(start), Limit: 4 * limit}
		if w.From != "" {
			w.To = w.From + "\xff"
		}
		all, err := tags().under(t, w)
		if err != nil {
			return err
		}
		for _, tag := range all {
			if tag.Into != "" || len(found) == limit {
				continue
			}
			shown, err := t.tagShown(tag.Slug, reader, shelves, 20)
			if err != nil {
				return err
			}
			if shown {
				found = append(found, tag)
			}
		}
		return nil
	})
	return found, err
}

// MergeTag lets a tag lead to another, and every thread that has it: by moderators. What led to it leads on too.
func (s *Store) MergeTag(ctx context.Context, by Actor, slug, into string) error {
	return s.update(ctx, "tags", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Moderate); err != nil {
			return err
		}
		from, err := tags().get(t, slugOf(slug))
		if err != nil {
			return err
		}
		to, ok, err := tags().find(t, slugOf(into))
		if err != nil {
			return err
		}
		if !ok || to.Into != "" || to.Slug == from.Slug {
			return invalid("into", "tag.unknown")
		}
		using, err := threads().list(t, famThreadTag, window{Under: []string{from.Slug}, Limit: maxMerged + 1})
		if err != nil {
			return err
		}
		if len(using) > maxMerged {
			return fail(Full, "tag.too_used", "Max", maxMerged)
		}
		for _, thread := range using {
			thread.Tags = slices.DeleteFunc(slices.Clone(thread.Tags), func(s string) bool { return s == from.Slug })
			if !slices.Contains(thread.Tags, to.Slug) {
				thread.Tags = append(thread.Tags, to.Slug)
				slices.Sort(thread.Tags)
			}
			if err := threads().put(t, thread); err != nil {
				return err
			}
		}
		err = tags().each(t, func(tag Tag) error {
			if tag.Into != from.Slug && tag.Slug != from.Slug {
				return nil
			}
			tag.Into = to.Slug
			return tags().put(t, tag)
		})
		if err != nil {
			return err
		}
		return t.audit(by, "audit.tag_merged", to.Slug, map[string]string{"from": from.Name, "to": to.Name})
	})
}
