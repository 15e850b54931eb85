package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// talk is a hub with a public category, one for members only, an author, a reader and a moderator.
type talk struct {
	*storetest.Hub
	public, members         store.Category
	author, reader          store.Member
	asAuthor, asReader, mod store.Actor
}

func talking(t *testing.T, h *storetest.Hub) talk {
	t.Helper()
	ctx := context.Background()
	shelf := func(name string, members bool) store.Category {
		c, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": name}, Members: members})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	k := talk{Hub: h, public: shelf("Entraide", false), members: shelf("Entre nous", true),
		author: h.Join(t, "Alma Testeuse", "BE-92094"), reader: h.Join(t, "Basile Essai", "BE-52011")}
	k.asAuthor, k.asReader = store.As(k.author.ID), store.As(k.reader.ID)
	k.mod = h.With(t, h.Join(t, "Maud Ratrice", "BE-62063"), store.RoleModerator)
	h.Clock.Add(time.Minute)
	return k
}

func (k talk) open(t *testing.T, by store.Actor, in store.ThreadInput) store.Thread {
	t.Helper()
	if in.Category == "" {
		in.Category = k.public.Slug
	}
	if in.Source == "" {
		in.Source = "Bonjour à tous."
	}
	opened, err := k.OpenThread(context.Background(), by, in)
	if err != nil {
		t.Fatal(err)
	}
	k.Clock.Add(time.Minute)
	return opened.Thread
}

func (k talk) reply(t *testing.T, by store.Actor, d store.Thread, text string) store.Post {
	t.Helper()
	opened, err := k.Reply(context.Background(), by, d.ID, store.PostInput{Source: text})
	if err != nil {
		t.Fatal(err)
	}
	k.Clock.Add(time.Minute)
	return opened.Post
}

func (k talk) sound(t *testing.T) {
	t.Helper()
	_, err := k.Verify(context.Background(), func(f store.Fault) { t.Error(f) })
	if err != nil {
		t.Fatal(err)
	}
}

func eachWay(t *testing.T, run func(*testing.T, talk)) {
	t.Run("once", func(t *testing.T) { run(t, talking(t, storetest.Open(t))) })
	t.Run("twice", func(t *testing.T) { run(t, talking(t, storetest.OpenTwice(t))) })
}

func TestThreadIsOpenedAnsweredAndSolved(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Comment reprendre des délibérations ?", Tags: "Word, reprise , word", Question: true})
		want(t, d.Number, 1)
		want(t, d.Slug, "comment-reprendre-des-deliberations")
		want(t, fmt.Sprint(d.Tags), "[reprise word]")
		k.reply(t, k.asReader, d, "Avec un script.")
		page, err := k.ThreadPage(ctx, store.Visitor(), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		want(t, len(page.Posts), 2)
		want(t, page.Posts[1].Author.Name, "Basile Essai")
		want(t, page.Posts[1].Town.Name, "Charleroi")
		want(t, len(page.Towns), 2)
		want(t, page.Open, false)

		want(t, store.KindOf(k.Accept(ctx, k.asReader, d.ID, 2)), store.Denied)
		want(t, store.KindOf(k.Accept(ctx, k.asAuthor, d.ID, 1)), store.Conflict)
		if err := k.Accept(ctx, k.asAuthor, d.ID, 2); err != nil {
			t.Fatal(err)
		}
		solved, err := k.Threads(ctx, store.Visitor(), store.ThreadQuery{Solved: true, Limit: 10})
		want(t, err, nil)
		want(t, len(solved.Rows), 1)
		waiting, err := k.Threads(ctx, store.Visitor(), store.ThreadQuery{Waiting: true, Limit: 10})
		want(t, err, nil)
		want(t, len(waiting.Rows), 0)
		k.sound(t)
	})
}

func TestTheSameFormPostsOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		in := store.ThreadInput{Title: "Une fois", Category: k.public.Slug, PostInput: store.PostInput{Source: "Texte", Once: "a"}}
		first, err := k.OpenThread(ctx, k.asAuthor, in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := k.OpenThread(ctx, k.asAuthor, in)
		want(t, err, nil)
		want(t, again.Thread.ID, first.Thread.ID)
		for range 3 {
			p, err := k.Reply(ctx, k.asReader, first.Thread.ID, store.PostInput{Source: "Moi aussi", Once: "a"})
			want(t, err, nil)
			want(t, p.Post.Seq, 2)
		}
		list, _ := k.Threads(ctx, store.Visitor(), store.ThreadQuery{Limit: 10})
		want(t, len(list.Rows), 1)
		want(t, list.Rows[0].Thread.Posts, 2)
		k.sound(t)
	})
}

func TestMembersOnlyThreadsDoNotExistForStrangers(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Entre nous seulement", Category: k.members.Slug, Tags: "secret"})
		open := k.open(t, k.asAuthor, store.ThreadInput{Title: "Pour tous"})
		_, err := k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
		want(t, store.KindOf(err), store.NotFound)
		_, _, err = k.PostPlace(ctx, store.Visitor(), d.Number, 1)
		want(t, store.KindOf(err), store.NotFound)
		_, err = k.PostHistory(ctx, store.Visitor(), d.Number, 1)
		want(t, store.KindOf(err), store.NotFound)
		_, _, err = k.CategoryBySlug(ctx, store.Visitor(), k.members.Slug)
		want(t, store.KindOf(err), store.NotFound)
		list, _ := k.Threads(ctx, store.Visitor(), store.ThreadQuery{Limit: 10})
		want(t, len(list.Rows), 1)
		want(t, list.Rows[0].Thread.ID, open.ID)
		shelves, _ := k.Categories(ctx, store.Visitor())
		want(t, len(shelves), 1)
		tags, _ := k.Tags(ctx, store.Visitor(), "", 10)
		want(t, len(tags), 0)
		tags, _ = k.Tags(ctx, k.asReader, "sec", 10)
		want(t, len(tags), 1)
		page, err := k.ThreadPage(ctx, k.asReader, d.Number, 1)
		want(t, err, nil)
		want(t, page.Open, true)
	})
}

func TestUnreadIsWhatCameAfterTheLastLook(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil"})
		for i := range 4 {
			k.reply(t, k.asAuthor, d, fmt.Sprint("Réponse ", i))
		}
		own, err := k.OwnThread(ctx, k.asReader, d.ID, 1)
		want(t, err, nil)
		want(t, own.New, 5)
		want(t, own.First, 1)
		want(t, k.MarkRead(ctx, k.asReader, d.ID, 3), nil)
		want(t, k.MarkRead(ctx, k.asReader, d.ID, 2), nil) // never back
		own, _ = k.OwnThread(ctx, k.asReader, d.ID, 1)
		want(t, own.New, 2)
		want(t, own.First, 4)
		k.reply(t, k.asReader, d, "La mienne") // what was unread before it stays so
		own, _ = k.OwnThread(ctx, k.asReader, d.ID, 1)
		want(t, own.New, 2)
		want(t, k.MarkRead(ctx, k.asReader, d.ID, 99), nil)
		own, _ = k.OwnThread(ctx, k.asReader, d.ID, 1)
		want(t, own.New, 0)
		k.sound(t)
	})
}

func TestEditsKeepWhatWasSaid(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil", PostInput: store.PostInput{Source: "Premier jet"}})
		_, err := k.EditPost(ctx, k.asReader, d.ID, 1, 0, store.PostInput{Source: "Volé"}, "")
		want(t, store.KindOf(err), store.Denied)
		_, err = k.EditPost(ctx, k.asAuthor, d.ID, 1, 0, store.PostInput{Source: "Second jet"}, "")
		want(t, err, nil)
		_, err = k.EditPost(ctx, k.asAuthor, d.ID, 1, 0, store.PostInput{Source: "Autre onglet"}, "")
		want(t, store.KindOf(err), store.Conflict)
		_, err = k.EditPost(ctx, k.mod, d.ID, 1, 1, store.PostInput{Source: "Corrigé"}, "")
		want(t, store.KindOf(err), store.Invalid)
		_, err = k.EditPost(ctx, k.mod, d.ID, 1, 1, store.PostInput{Source: "Corrigé"}, "Adresse privée enlevée")
		want(t, err, nil)
		h, err := k.PostHistory(ctx, store.Visitor(), d.Number, 1)
		want(t, err, nil)
		want(t, len(h.Revisions), 2)
		want(t, h.Revisions[0].Source, "Premier jet")
		want(t, h.Post.Source, "Corrigé")
		want(t, h.Post.EditNote, "Adresse privée enlevée")
		k.sound(t)
	})
}

func TestReactionsCountPeopleAndTowns(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil"})
		want(t, store.KindOf(k.React(ctx, k.asAuthor, d.ID, 1, store.Useful, true)), store.Conflict)
		colleague := store.As(k.Join(t, "Carla Voisine", "BE-52011").ID)
		for range 2 {
			want(t, k.React(ctx, k.asReader, d.ID, 1, store.UsToo, true), nil)
			want(t, k.React(ctx, colleague, d.ID, 1, store.UsToo, true), nil)
			want(t, k.React(ctx, colleague, d.ID, 1, store.Useful, true), nil)
		}
		page, _ := k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
		want(t, page.Posts[0].Reactions.Count(store.UsToo), 1)
		want(t, page.Posts[0].Reactions.Count(store.Useful), 1)
		want(t, k.React(ctx, k.asReader, d.ID, 1, store.UsToo, false), nil)
		page, _ = k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
		want(t, page.Posts[0].Reactions.Count(store.UsToo), 1)
		want(t, k.VoteThread(ctx, k.asReader, d.ID, true), nil)
		want(t, k.VoteThread(ctx, k.asReader, d.ID, true), nil)
		list, _ := k.Threads(ctx, store.Visitor(), store.ThreadQuery{Sort: "votes", Limit: 10})
		want(t, list.Rows[0].Thread.Votes, 1)
		k.sound(t)
	})
}

func TestListsPageWithoutGapsOrDoubles(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	for i := range 57 {
		in := store.ThreadInput{Title: fmt.Sprint("Fil ", i), PostInput: store.PostInput{Lang: []string{"fr", "nl", "de"}[i%3]}}
		if i%2 == 0 {
			in.Tags = "pair"
		}
		d := k.open(t, k.asAuthor, in)
		if i%5 == 0 {
			k.reply(t, k.asReader, d, "Oui")
		}
	}
	for name, q := range map[string]store.ThreadQuery{"all": {}, "tag": {Tag: "pair"}, "category": {Category: k.public.ID}, "waiting": {Waiting: true},
		"tag and language": {Tag: "pair", Lang: "nl"}, "mine": {Mine: true}, "author": {Author: k.author.ID}} {
		t.Run(name, func(t *testing.T) {
			whole := q
			whole.Limit = 100
			all, err := k.Threads(ctx, k.asReader, whole)
			want(t, err, nil)
			var seen []string
			q.Limit = 4
			for {
				page, err := k.Threads(ctx, k.asReader, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range page.Rows {
					seen = append(seen, row.Thread.ID)
				}
				if page.Next == "" {
					break
				}
				q.After = page.Next
			}
			var expected []string
			for _, row := range all.Rows {
				expected = append(expected, row.Thread.ID)
			}
			want(t, strings.Join(seen, " "), strings.Join(expected, " "))
			if len(seen) == 0 {
				t.Error("nothing listed")
			}
		})
	}
	k.sound(t)
}

func TestBadPostsAreRefusedWithTheirField(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	for field, in := range map[string]store.ThreadInput{
		"title":    {Title: "", Category: k.public.Slug, PostInput: store.PostInput{Source: "x"}},
		"source":   {Title: "T", Category: k.public.Slug, PostInput: store.PostInput{Source: strings.Repeat("é", store.MaxPost+1)}},
		"category": {Title: "T", Category: "nowhere", PostInput: store.PostInput{Source: "x"}},
		"tags":     {Title: "T", Category: k.public.Slug, Tags: "a,b,c,d,e,f", PostInput: store.PostInput{Source: "x"}},
		"lang":     {Title: "T", Category: k.public.Slug, PostInput: store.PostInput{Source: "x", Lang: "tlh"}},
	} {
		_, err := k.OpenThread(ctx, k.asAuthor, in)
		if problems := store.ProblemsOf(err); len(problems) != 1 || problems[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	list, _ := k.Threads(ctx, store.Visitor(), store.ThreadQuery{Limit: 10})
	want(t, len(list.Rows), 0)
	_, err := k.OpenThread(ctx, store.Visitor(), store.ThreadInput{Title: "T", Category: k.public.Slug, PostInput: store.PostInput{Source: "x"}})
	want(t, store.KindOf(err), store.Denied)
}

func TestManyPostAtOnceAndNothingIsLost(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil"})
	var people []store.Actor
	for i := range 20 {
		people = append(people, store.As(k.Join(t, fmt.Sprint("Personne ", i), "BE-92094").ID))
	}
	var wg sync.WaitGroup
	for _, by := range people {
		wg.Go(func() {
			for i := range 10 {
				if _, err := k.Reply(ctx, by, d.ID, store.PostInput{Source: fmt.Sprint("Mot ", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	page, err := k.ThreadPage(ctx, store.Visitor(), d.Number, 5)
	want(t, err, nil)
	want(t, page.Thread.Last, 201)
	want(t, page.Thread.Posts, 201)
	want(t, page.Posts[0].Post.Seq, 201)
	k.sound(t)
}
