package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// plainPost is a post as the model of unread knows it.
type plainPost struct {
	seq    int
	author string
	at     time.Time
	hidden bool
}

// plainReader is what the model keeps of one member.
type plainReader struct {
	read   map[string]int // by thread id
	level  map[string]store.Level
	caught time.Time
}

// TestRandomUnreadAgreesWithAPlainModel lets members post, read, follow, hide and catch up at random, and compares what
// the list, the count in the head, and the thread's own page say with a model that looks at everything.
func TestRandomUnreadAgreesWithAPlainModel(t *testing.T) {
	for seed := range uint64(4) {
		k := talking(t, storetest.Open(t))
		ctx, r := context.Background(), rand.New(rand.NewPCG(seed, 1))
		people := []store.Member{k.author, k.reader, k.Join(t, "Carla Voisine", "BE-52011"), k.Join(t, "Denis Proche", "BE-62063")}
		model := map[string]*plainReader{}
		for _, m := range people {
			model[m.ID] = &plainReader{read: map[string]int{}, level: map[string]store.Level{}, caught: m.Joined}
		}
		var threads []store.Thread
		posts := map[string][]plainPost{}
		wrote := func(m store.Member, d store.Thread, seq int) {
			posts[d.ID] = append(posts[d.ID], plainPost{seq: seq, author: m.ID, at: k.Clock.Now()})
			if model[m.ID].read[d.ID] >= seq-1 {
				model[m.ID].read[d.ID] = seq
			}
		}
		for step := range 250 {
			k.Clock.Add(time.Duration(5+r.IntN(30)) * time.Second)
			m := people[r.IntN(len(people))]
			by := store.As(m.ID)
			if len(threads) == 0 || r.IntN(12) == 0 {
				shelf := []store.Category{k.public, k.members}[r.IntN(2)]
				opened, err := k.OpenThread(ctx, by, store.ThreadInput{Title: fmt.Sprint("Fil ", step), Category: shelf.Slug, PostInput: store.PostInput{Source: "x"}})
				want(t, err, nil)
				threads = append(threads, opened.Thread)
				wrote(m, opened.Thread, 1)
				model[m.ID].level[opened.Thread.ID] = store.Watch
				continue
			}
			d := threads[r.IntN(len(threads))]
			all := posts[d.ID]
			switch r.IntN(8) {
			case 0, 1, 2:
				opened, err := k.Reply(ctx, by, d.ID, store.PostInput{Source: "y"})
				want(t, err, nil)
				wrote(m, d, opened.Post.Seq)
			case 3:
				seq := 1 + r.IntN(len(all))
				want(t, k.MarkRead(ctx, by, d.ID, seq), nil)
				model[m.ID].read[d.ID] = max(model[m.ID].read[d.ID], seq)
			case 4:
				seq := 1 + r.IntN(len(all))
				want(t, k.MarkUnread(ctx, by, d.ID, seq), nil)
				model[m.ID].read[d.ID] = min(model[m.ID].read[d.ID], seq-1)
			case 5:
				level := store.Levels()[r.IntN(4)]
				want(t, k.FollowThread(ctx, by, d.ID, level), nil)
				model[m.ID].level[d.ID] = level
			case 6:
				at := r.IntN(len(all))
				want(t, k.HidePost(ctx, k.mod, d.ID, all[at].seq, "essai", !all[at].hidden), nil)
				all[at].hidden = !all[at].hidden
			case 7:
				if r.IntN(6) == 0 {
					want(t, k.CatchUp(ctx, by, k.Clock.Now()), nil)
					model[m.ID].caught = k.Clock.Now()
				}
			}
			for _, who := range people {
				compareUnread(t, k, who, model[who.ID], threads, posts)
			}
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
		k.sound(t)
	}
}

func compareUnread(t *testing.T, k talk, who store.Member, m *plainReader, threads []store.Thread, posts map[string][]plainPost) {
	t.Helper()
	ctx, by := context.Background(), store.As(who.ID)
	expected := map[string]int{}
	for _, d := range threads {
		n := 0
		for _, p := range posts[d.ID] {
			if !p.hidden && p.author != who.ID && p.seq > m.read[d.ID] && p.at.After(m.caught) {
				n++
			}
		}
		own, err := k.OwnThread(ctx, by, d.ID, 1)
		want(t, err, nil)
		want(t, own.New, n)
		if level := m.level[d.ID]; n > 0 && level != store.Muted && level != store.Mentions {
			expected[d.ID] = n
		}
	}
	list, err := k.Unread(ctx, by, store.UnreadQuery{Limit: 1000})
	want(t, err, nil)
	listed := map[string]int{}
	for _, one := range list.News {
		listed[one.Row.Thread.ID] = one.Count
	}
	want(t, fmt.Sprint(listed), fmt.Sprint(expected))
	n, more, err := k.UnreadCount(ctx, by)
	want(t, err, nil)
	want(t, n, len(expected))
	want(t, more, false)
	if !slices.IsSortedFunc(list.News, func(a, b store.News) int { return b.At.Compare(a.At) }) {
		t.Error("news are not in order")
	}
}
