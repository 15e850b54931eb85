package store_test

import (
	"testing"

	"belfry/store"
)

// discussionLines are the one-line fields of discussions and their moderation. Signs that turn the direction of text
// are refused in all of them: they would reach beyond the title or name they are in.
func (s *stage) discussionLines(t *testing.T) map[string]func(string) error {
	t.Helper()
	shelf, err := s.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	me, boss, other := store.As(s.lena.ID), store.System(), store.As(s.Join(t, "Jef Voorbeeld", "BE-34022").ID)
	opened, err := s.OpenThread(ctx, me, store.ThreadInput{Title: "Fil", Category: shelf.Slug, PostInput: store.PostInput{Source: "Bonjour"}})
	ok(t, err)
	d := opened.Thread
	_, err = s.Reply(ctx, other, d.ID, store.PostInput{Source: "Bonjour aussi"})
	ok(t, err)
	begin := func(set func(*store.ThreadInput)) error {
		in := store.ThreadInput{Title: "Autre fil", Category: shelf.Slug, PostInput: store.PostInput{Source: "Bonjour"}}
		set(&in)
		_, err := s.OpenThread(ctx, me, in)
		return err
	}
	change := func(set func(*store.ThreadChange)) error {
		in := store.ThreadChange{Title: "Fil", Lang: "fr"}
		set(&in)
		_, err := s.ChangeThread(ctx, me, d.ID, in)
		return err
	}
	draft := func(set func(*store.Draft)) error {
		in := store.Draft{Place: "new", ID: "brouillon", Title: "Titre", Source: "Bonjour"}
		set(&in)
		return s.SaveDraft(ctx, me, in)
	}
	return map[string]func(string) error{
		"thread title":    func(v string) error { return begin(func(in *store.ThreadInput) { in.Title = v }) },
		"thread category": func(v string) error { return begin(func(in *store.ThreadInput) { in.Category = v }) },
		"thread tags":     func(v string) error { return begin(func(in *store.ThreadInput) { in.Tags = "export, " + v }) },
		"thread lang":     func(v string) error { return begin(func(in *store.ThreadInput) { in.Lang = v }) },
		"thread once":     func(v string) error { return begin(func(in *store.ThreadInput) { in.Once = v }) },
		"retitle title":   func(v string) error { return change(func(in *store.ThreadChange) { in.Title = v }) },
		"retitle tags":    func(v string) error { return change(func(in *store.ThreadChange) { in.Tags = v }) },
		"retitle lang":    func(v string) error { return change(func(in *store.ThreadChange) { in.Lang = v }) },
		"draft title":     func(v string) error { return draft(func(in *store.Draft) { in.Title = v }) },
		"draft tags":      func(v string) error { return draft(func(in *store.Draft) { in.Tags = v }) },
		"draft category":  func(v string) error { return draft(func(in *store.Draft) { in.Category = v }) },
		"draft once":      func(v string) error { return draft(func(in *store.Draft) { in.ID = v }) },
		"draft place":     func(v string) error { return draft(func(in *store.Draft) { in.Place = v }) },
		"edit note": func(v string) error {
			_, err := s.EditPost(ctx, me, d.ID, 1, 0, store.PostInput{Source: "Autrement"}, v)
			return err
		},
		"hide reason":  func(v string) error { return s.HidePost(ctx, boss, d.ID, 2, v, true) },
		"close reason": func(v string) error { return s.ModerateThread(ctx, boss, d.ID, store.ActClose, v, true) },
		"split title": func(v string) error {
			_, err := s.SplitThread(ctx, boss, d.ID, []int{2}, v, 0)
			return err
		},
		"category name_fr": func(v string) error {
			_, err := s.SaveCategory(ctx, boss, "", store.CategoryInput{Names: map[string]string{"fr": v}})
			return err
		},
		"category slug": func(v string) error {
			_, err := s.SaveCategory(ctx, boss, "", store.CategoryInput{Slug: v, Names: map[string]string{"fr": "Autre"}})
			return err
		},
		"react kind":     func(v string) error { return s.React(ctx, other, d.ID, 1, store.ReactionKind(v), true) },
		"report reason":  func(v string) error { return s.ReportPost(ctx, other, d.ID, 1, store.ReportReason(v), "") },
		"translate lang": func(v string) error { return s.Translate(ctx, other, d.ID, 1, store.PostInput{Source: "Dag", Lang: v}) },
		"follow level":   func(v string) error { return s.FollowThread(ctx, me, d.ID, store.Level(v)) },
		"moderation do":  func(v string) error { return s.ModerateThread(ctx, boss, d.ID, store.ActKind(v), "", true) },
	}
}
