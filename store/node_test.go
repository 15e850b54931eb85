package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// faulty is an engine that lets an operator's bad day be played.
type faulty struct {
	kv.DB
	unknown atomic.Bool  // commits are made, and nobody hears of it
	hang    atomic.Value // chan struct{}: beats wait for it, whatever time they have
}

func (f *faulty) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if wait, _ := f.hang.Load().(chan struct{}); wait != nil && strings.HasPrefix(scope, "node/") {
		<-wait
	}
	err := f.DB.Update(ctx, scope, fn)
	if err == nil && f.unknown.Load() && !strings.HasPrefix(scope, "node/") {
		return kv.ErrUnknown
	}
	return err
}

func hubOver(t *testing.T, engine *faulty) *storetest.Hub {
	return storetest.OpenOver(t, store.Renderer{Render: func(_ context.Context, s string) (string, error) { return s, nil }},
		func(db kv.DB) kv.DB { engine.DB = db; return engine })
}

// air is a wire between stores of one process.
type air struct {
	mu    sync.Mutex // guards heard
	heard []func([]byte)
}

func (a *air) Send(_ context.Context, message []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, fn := range a.heard {
		go fn(message)
	}
	return nil
}

func (a *air) Receive(ctx context.Context, fn func([]byte)) {
	a.mu.Lock()
	a.heard = append(a.heard, fn)
	a.mu.Unlock()
	fn(nil)
	<-ctx.Done()
}

// node is a store that lives among others on one engine.
func node(t *testing.T, hub *storetest.Hub, db kv.DB, wire kv.Wire) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), db, store.Options{Clock: hub.Clock.Now, Wire: wire, Gazetteer: hub.Gazetteer()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { _ = s.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return s
}

// TestACommitOfUnknownOutcomeMayHaveBeenMade: whoever reads next sees what it wrote, and open pages are told to look.
func TestACommitOfUnknownOutcomeMayHaveBeenMade(t *testing.T) {
	engine := &faulty{}
	hub := hubOver(t, engine)
	lena, m := hub.Join(t, "Lena Exemple", "BE-92094"), hub.Meeting(t, 3)
	var heard []string
	hub.Listen(func(e store.Event) { heard = append(heard, e.Subject) })
	generation := hub.Generation()
	engine.unknown.Store(true)
	_, err := hub.AnswerMeeting(t.Context(), store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.Online})
	if store.KindOf(err) != store.Unavailable || !errors.Is(err, kv.ErrUnknown) {
		t.Fatal(err)
	}
	if hub.Generation() == generation {
		t.Error("pages that were kept still count")
	}
	if !strings.Contains(strings.Join(heard, " "), "meeting/"+m.ID) {
		t.Errorf("open pages were not told: %q", heard)
	}
}

// TestWhatMayYetBeCommittedIsReadAgain: after an unknown outcome nodes keep nothing for long until it must have come.
func TestWhatMayYetBeCommittedIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &faulty{}
		hub := hubOver(t, engine)
		lena, m, wire := hub.Join(t, "Lena Exemple", "BE-92094"), hub.Meeting(t, 3), &air{}
		one, two := node(t, hub, engine, wire), node(t, hub, engine, wire)
		time.Sleep(5 * time.Second)
		engine.unknown.Store(true)
		_, _ = one.AnswerMeeting(t.Context(), store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.Online})
		engine.unknown.Store(false)
		time.Sleep(5 * time.Second)
		before, other := one.Generation(), two.Generation()
		time.Sleep(5 * time.Second)
		if one.Generation() == before || two.Generation() == other {
			t.Errorf("kept for long: %d %d, %d %d", before, one.Generation(), other, two.Generation())
		}
		time.Sleep(time.Minute)
		if before, other = one.Generation(), two.Generation(); before == 0 {
			t.Error("nothing moved")
		}
		time.Sleep(10 * time.Second)
		if one.Generation() != before || two.Generation() != other {
			t.Error("pages are never kept again")
		}
	})
}

// TestASlowBeatEndsTheWork lets the database keep a node's beat for long: its work on a queue ends before another node
// can have taken over, which it does, and no two work at once.
func TestASlowBeatEndsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := storetest.Open(t)
		wire, slow := &air{}, &faulty{DB: hub.DB}
		one := node(t, hub, slow, wire)
		two := node(t, hub, hub.DB, wire)
		time.Sleep(5 * time.Second)
		var working atomic.Int32
		began := make(chan *store.Store, 100)
		work := func(s *store.Store) func(context.Context) error {
			return func(ctx context.Context) error {
				if working.Add(1) > 1 {
					t.Error("two work at once")
				}
				defer working.Add(-1)
				began <- s
				<-ctx.Done()
				return ctx.Err()
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = one.Alone(ctx, "letters", work(one)) })
		if <-began != one {
			t.Fatal("the other works")
		}
		all.Go(func() { _ = two.Alone(ctx, "letters", work(two)) })
		wait := make(chan struct{})
		slow.hang.Store(wait)
		from := time.Now()
		if <-began != two {
			t.Fatal("the slow one works")
		}
		if took := time.Since(from); took > 12*time.Second {
			t.Errorf("the other went on after %v", took)
		}
		close(wait)
		slow.hang.Store((chan struct{})(nil))
		time.Sleep(10 * time.Second)
		cancel()
		all.Wait()
	})
}

// TestMentoringElsewhereIsKnownHere: what the ranking of mentors reads is read again when another node changed it.
func TestMentoringElsewhereIsKnownHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, wire := storetest.Open(t), &air{}
		one, two := node(t, hub, hub.DB, wire), node(t, hub, hub.DB, wire)
		time.Sleep(5 * time.Second)
		mentor, zoe := helper(t, hub, "BE-92094", "Lena Exemple", 1), hub.Join(t, "Zoé Essai", "BE-56044")
		q, err := one.AskMentor(ctx, store.As(zoe.ID), asks(mentor))
		ok(t, err)
		far, err := one.TownByID(ctx, zoe.TownID())
		ok(t, err)
		found := func() int {
			all, err := two.FindMentors(ctx, store.Wish{Town: far, Need: asks(mentor).Need}, 10)
			ok(t, err)
			return all.Total
		}
		time.Sleep(5 * time.Second)
		want(t, found(), 1)
		_, err = one.AcceptRequest(ctx, store.As(mentor.ID), q.ID)
		ok(t, err)
		time.Sleep(5 * time.Second)
		want(t, found(), 0) // its only place is taken
	})
}
