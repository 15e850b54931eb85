package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// TestASplitWhileSomebodyAnswers: people answer while moderators split, merge and take it back. Each answer that was
// acknowledged is found once, from the address it was given, whichever thread it is in now; the counts are right.
func TestASplitWhileSomebodyAnswers(t *testing.T) {
	k := talking(t, storetest.Open(t))
	ctx := context.Background()
	d := k.open(t, k.asAuthor, store.ThreadInput{Title: "Fil"})
	other := k.open(t, k.asAuthor, store.ThreadInput{Title: "Autre fil"})
	var writers []store.Actor
	for i := range 4 {
		writers = append(writers, store.As(k.Join(t, fmt.Sprint("Personne ", i), "BE-92094").ID))
	}
	type answer struct {
		text        string
		number, seq int
	}
	var mu sync.Mutex // guards answers and splits
	var answers []answer
	splits := 0
	var people, staff sync.WaitGroup
	done := make(chan struct{})
	for i, by := range writers {
		people.Go(func() {
			for n := range 18 {
				in := d
				if (n+i)%5 == 0 {
					in = other
				}
				text := fmt.Sprintf("réponse %d de %d", n, i)
				opened, err := k.Reply(ctx, by, in.ID, store.PostInput{Source: text, Once: text})
				if err != nil {
					t.Errorf("%s: %v", text, err)
					return
				}
				mu.Lock()
				answers = append(answers, answer{text, opened.Thread.Number, opened.Post.Seq})
				mu.Unlock()
			}
		})
	}
	staff.Go(func() {
		dice := rand.New(rand.NewPCG(1, 2))
		for {
			select {
			case <-done:
				return
			default:
			}
			page, err := k.ThreadPage(ctx, k.mod, d.Number, 1)
			if err != nil || len(page.Posts) < 3 {
				continue
			}
			seqs := []int{page.Posts[1].Post.Seq, page.Posts[len(page.Posts)-1].Post.Seq}
			title, into := "À part", 0
			if dice.IntN(2) == 0 {
				title, into = "", other.Number
			}
			if _, err := k.SplitThread(ctx, k.mod, d.ID, seqs, title, into); err != nil {
				t.Errorf("split: %v", err)
				return
			}
			mu.Lock()
			splits++
			mu.Unlock()
			if q, err := k.ModerationQueue(ctx, k.mod); err == nil && dice.IntN(3) == 0 {
				_ = k.Undo(ctx, k.mod, q.Acts[0].Act.ID)
			}
		}
	})
	people.Wait()
	close(done)
	staff.Wait()
	if splits == 0 {
		t.Fatal("nothing was split meanwhile")
	}
	k.sound(t)
	for _, one := range answers {
		at, seq, err := k.PostPlace(ctx, store.Visitor(), one.number, one.seq)
		if err != nil {
			t.Errorf("%s, given %d/%d: %v", one.text, one.number, one.seq, err)
			continue
		}
		h, err := k.PostHistory(ctx, store.Visitor(), at.Number, seq)
		if err != nil || h.Post.Source != one.text {
			t.Errorf("%s, given %d/%d, is at %d/%d: %q %v", one.text, one.number, one.seq, at.Number, seq, h.Post.Source, err)
		}
	}
	found, number := 0, 0
	for number = 1; ; number++ {
		page, err := k.ThreadPage(ctx, store.Visitor(), number, 1)
		if err != nil {
			break
		}
		if page.Thread.MergedInto == "" {
			found += page.Thread.Posts
		}
	}
	want(t, found, len(answers)+2)
	t.Logf("%d answers, %d splits, %d threads", len(answers), splits, number-1)
}
