package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

func TestModeratorsHideAndShowAndTheAuthorIsTold(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil"})
		p := k.reply(t, k.asReader, d, "Une adresse privée")
		want(t, store.KindOf(k.HidePost(ctx, k.asAuthor, d.ID, 2, "non", true)), store.Denied)
		want(t, store.KindOf(k.HidePost(ctx, k.mod, d.ID, 2, "", true)), store.Invalid)
		want(t, k.HidePost(ctx, k.mod, d.ID, 2, "Donnée privée", true), nil)
		page, _ := k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
		want(t, page.Posts[1].Post.Source, "")
		want(t, page.Posts[1].Post.HTML, "")
		want(t, page.Posts[1].Post.Hidden.Reason, "Donnée privée")
		want(t, page.Thread.Posts, 1)
		want(t, page.Thread.Answered, false)
		seen, _ := k.ThreadPage(ctx, k.mod, d.Number, 1)
		want(t, seen.Posts[1].Post.Source, "Une adresse privée")
		_, err := k.PostHistory(ctx, k.asAuthor, d.Number, 2)
		want(t, store.KindOf(err), store.NotFound)
		_, err = k.Quote(ctx, k.asAuthor, d.ID, 2)
		want(t, store.KindOf(err), store.NotFound)
		told := false
		due, _ := k.DueEvents(ctx, 1000)
		for _, e := range due {
			told = told || e.Kind == store.EventModerated && e.Member == p.Author && e.Data["reason"] == "Donnée privée"
		}
		want(t, told, true)
		want(t, store.KindOf(k.HidePost(ctx, k.asReader, d.ID, 2, "", false)), store.Denied)
		q, err := k.ModerationQueue(ctx, k.mod)
		want(t, err, nil)
		want(t, k.Undo(ctx, k.mod, q.Acts[0].Act.ID), nil)
		page, _ = k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
		want(t, page.Posts[1].Post.Source, "Une adresse privée")
		k.sound(t)
	})
}

func TestSplitAndMergeLeaveTheWayAndCanBeUndone(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil", Question: true})
		for i := range 4 {
			k.reply(t, k.asReader, d, fmt.Sprint("Mot ", i+2))
		}
		want(t, k.Accept(ctx, k.asAuthor, d.ID, 4), nil)
		_, err := k.SplitThread(ctx, k.mod, d.ID, []int{1, 3}, "Autre sujet", 0)
		want(t, store.KindOf(err), store.Invalid)
		to, err := k.SplitThread(ctx, k.mod, d.ID, []int{3, 4}, "Autre sujet", 0)
		want(t, err, nil)
		want(t, to.Posts, 2)
		k.sound(t)
		at, seq, err := k.PostPlace(ctx, store.Visitor(), d.Number, 4)
		want(t, err, nil)
		want(t, at.ID, to.ID)
		want(t, seq, 2)
		page, _ := k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
		want(t, len(page.Posts), 3)
		want(t, page.Thread.Accepted, 0)
		want(t, len(page.Moved), 2)

		late := k.reply(t, k.asAuthor, d, "Après") // numbers go on
		want(t, late.Seq, 6)
		merged, err := k.MergeThread(ctx, k.mod, to.ID, d.Number)
		want(t, err, nil)
		want(t, merged.ID, d.ID)
		gone, err := k.ThreadPage(ctx, store.Visitor(), to.Number, 1)
		want(t, err, nil)
		want(t, gone.Thread.MergedInto, d.ID)
		at, seq, err = k.PostPlace(ctx, store.Visitor(), d.Number, 4) // there and back again
		want(t, err, nil)
		want(t, at.ID, d.ID)
		want(t, seq, 8)
		_, err = k.Reply(ctx, k.asReader, to.ID, store.PostInput{Source: "Trop tard"})
		want(t, store.KindOf(err), store.Conflict)
		k.sound(t)

		q, _ := k.ModerationQueue(ctx, k.mod)
		want(t, q.Acts[0].Act.Kind, store.ActMerge)
		want(t, k.Undo(ctx, k.mod, q.Acts[0].Act.ID), nil)
		back, err := k.ThreadPage(ctx, store.Visitor(), to.Number, 1)
		want(t, err, nil)
		want(t, len(back.Posts), 2)
		want(t, back.Posts[1].Post.Source, "Mot 4")
		k.sound(t)
		want(t, store.KindOf(k.Undo(ctx, k.mod, q.Acts[0].Act.ID)), store.Conflict)
		k.Clock.Add(31 * 24 * time.Hour)
		want(t, store.KindOf(k.Undo(ctx, k.mod, q.Acts[1].Act.ID)), store.Conflict)
	})
}

func TestClosedMovedAndHiddenThreads(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil"})
		want(t, store.KindOf(k.ModerateThread(ctx, k.asAuthor, d.ID, store.ActClose, "", true)), store.Denied)
		want(t, k.ModerateThread(ctx, k.mod, d.ID, store.ActClose, "Réglé", true), nil)
		_, err := k.Reply(ctx, k.asReader, d.ID, store.PostInput{Source: "Encore"})
		want(t, store.KindOf(err), store.Conflict)
		want(t, k.MoveThread(ctx, k.mod, d.ID, k.members.Slug), nil)
		_, err = k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
		want(t, store.KindOf(err), store.NotFound)
		want(t, k.ModerateThread(ctx, k.mod, d.ID, store.ActHideThread, "", true), nil)
		_, err = k.ThreadPage(ctx, k.asReader, d.Number, 1)
		want(t, store.KindOf(err), store.NotFound)
		q, _ := k.ModerationQueue(ctx, k.mod)
		for _, row := range q.Acts {
			want(t, k.Undo(ctx, k.mod, row.Act.ID), nil)
		}
		page, err := k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
		want(t, err, nil)
		want(t, page.Thread.Closed, false)
		k.sound(t)
	})
}

func TestReportsWaitUntilSomebodyLooked(t *testing.T) {
	eachWay(t, func(t *testing.T, k talk) {
		ctx := context.Background()
		d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil"})
		want(t, k.ReportPost(ctx, k.asReader, d.ID, 1, store.ReportSpam, ""), nil)
		want(t, store.KindOf(k.ReportPost(ctx, k.asReader, d.ID, 1, store.ReportSpam, "")), store.Invalid)
		want(t, store.KindOf(k.ReportPost(ctx, k.asReader, d.ID, 1, store.ReportOther, "")), store.Invalid)
		_, err := k.ModerationQueue(ctx, k.asReader)
		want(t, store.KindOf(err), store.Denied)
		q, _ := k.ModerationQueue(ctx, k.mod)
		want(t, len(q.Reports), 1)
		want(t, k.CloseReports(ctx, k.mod, q.Reports[0].Post.ID), nil)
		q, _ = k.ModerationQueue(ctx, k.mod)
		want(t, len(q.Reports), 0)
		k.sound(t)
	})
}

func TestFirstPostsWithLinksWaitForALook(t *testing.T) {
	renderer := store.Renderer{Version: 1, Render: func(_ context.Context, s string) (string, error) { return s, nil },
		Post:  func(_ context.Context, s string, _ map[string]store.Named) (string, error) { return s, nil },
		Words: func(s string) store.Words { return store.Words{Links: len(s) - len("Voir")} }}
	k := talking(t, storetest.OpenRendering(t, renderer))
	ctx := context.Background()
	d := k.open(t, k.mod, store.ThreadInput{Title: "Fil", PostInput: store.PostInput{Source: "Voir"}})
	for range 2 { // the same form twice waits once
		opened, err := k.Reply(ctx, k.asReader, d.ID, store.PostInput{Source: "Voir https://example.org", Once: "x"})
		want(t, err, nil)
		want(t, opened.Waits, true)
	}
	page, _ := k.ThreadPage(ctx, store.Visitor(), d.Number, 1)
	want(t, len(page.Posts), 1)
	own, _ := k.OwnThread(ctx, k.asReader, d.ID, 1)
	want(t, len(own.Pending), 1)
	other, _ := k.OwnThread(ctx, k.asAuthor, d.ID, 1)
	want(t, len(other.Pending), 0)
	q, _ := k.ModerationQueue(ctx, k.mod)
	want(t, len(q.Pending), 1)
	opened, err := k.Release(ctx, k.mod, q.Pending[0].ID)
	want(t, err, nil)
	want(t, opened.Post.Author, k.reader.ID)
	again, err := k.Reply(ctx, k.asReader, d.ID, store.PostInput{Source: "Voir https://example.com"})
	want(t, err, nil)
	want(t, again.Waits, false)
	_, err = k.OpenThread(ctx, k.asAuthor, store.ThreadInput{Title: "Pub", Category: k.public.Slug, PostInput: store.PostInput{Source: "Voir https://example.net"}})
	want(t, err, nil)
	q, _ = k.ModerationQueue(ctx, k.mod)
	want(t, store.KindOf(k.Refuse(ctx, k.mod, q.Pending[0].ID, "")), store.Invalid)
	want(t, k.Refuse(ctx, k.mod, q.Pending[0].ID, "Publicité"), nil)
	k.sound(t)
}
