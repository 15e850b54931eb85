package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// TestNewsOfLongThreads: news is found behind many posts of one's own, a hundred of them are counted, and the head of a
// page, which only says whether there is any, costs as little beside long threads as beside short ones.
func TestNewsOfLongThreads(t *testing.T) {
	ctx := context.Background()
	k := talking(t, storetest.Open(t))
	author, reader := store.As(k.author.ID), store.As(k.reader.ID)
	open := func(by store.Actor, title string) store.Thread {
		opened, err := k.OpenThread(ctx, by, store.ThreadInput{Title: title, Category: k.public.Slug, PostInput: store.PostInput{Source: "x"}})
		want(t, err, nil)
		return opened.Thread
	}
	reply := func(by store.Actor, d store.Thread, n int) {
		for i := range n {
			k.Clock.Add(10 * time.Second)
			_, err := k.Reply(ctx, by, d.ID, store.PostInput{Source: fmt.Sprint("Réponse ", i)})
			want(t, err, nil)
		}
	}
	news := func() map[string]int {
		list, err := k.Unread(ctx, reader, store.UnreadQuery{Limit: 50})
		want(t, err, nil)
		n, more, err := k.UnreadCount(ctx, reader)
		want(t, err, nil)
		want(t, n, len(list.News))
		want(t, more, false)
		counts := map[string]int{}
		for _, one := range list.News {
			counts[one.Row.Thread.Title] = one.Count
		}
		return counts
	}

	behind := open(author, "Derrière")
	reply(reader, behind, 130)
	want(t, news()["Derrière"], 1)

	var long []store.Thread
	for i := range 4 {
		long = append(long, open(author, fmt.Sprint("Longue ", i)))
		reply(author, long[i], 2)
	}
	want(t, news()["Longue 3"], 3)
	head := func() {
		if _, _, err := k.UnreadCount(ctx, reader); err != nil {
			t.Error(err)
		}
	}
	short := testing.AllocsPerRun(20, head)
	for i := range long {
		reply(author, long[i], 97+i)
	}
	counts := news()
	want(t, counts["Longue 0"], 100)
	want(t, counts["Longue 3"], 100)
	if many := testing.AllocsPerRun(20, head); many > short*1.2 {
		t.Errorf("the head of a page takes %.0f allocations beside long threads and %.0f beside short ones", many, short)
	}
}
