package kvtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"belfry/store/kv"
)

// Metered checks that an engine counts what was done, every Update once however often its function ran, and says that it is ready as
// long as it is.
func Metered(t *testing.T, db kv.DB) {
	m := db.Meter()
	before := struct{ views, updates, groups uint64 }{m.Views.Read().Count(), m.Updates.Read().Count(), m.Groups.Read().Count()}
	durable := m.Groups.Read().Sum
	const writers, each, failing = 8, 5, 3
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				err := db.Update(context.Background(), "metered", func(tx kv.Tx) error {
					tx.Put(fmt.Appendf(nil, "metered/%d/%d", w, n), []byte("x"))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	refused := errors.New("refused")
	for range failing {
		if err := db.Update(context.Background(), "metered", func(kv.Tx) error { return refused }); !errors.Is(err, refused) {
			t.Error(err)
		}
	}
	const views = 64
	for range views {
		if err := db.View(context.Background(), func(r kv.Reader) error { _, _, err := r.Get([]byte("metered/0/0")); return err }); err != nil {
			t.Error(err)
		}
	}
	if got := m.Updates.Read().Count() - before.updates; got != writers*each+failing {
		t.Errorf("%d updates were counted, %d were called", got, writers*each+failing)
	}
	if got := m.Groups.Read().Sum - durable; got != writers*each {
		t.Errorf("%v updates were counted as durable, %d are", got, writers*each)
	}
	if groups := m.Groups.Read().Count() - before.groups; groups == 0 || groups > writers*each || m.Commits.Read().Count()-before.groups != groups {
		t.Errorf("%d groups, %d of them timed", groups, m.Commits.Read().Count()-before.groups)
	}
	if got := m.Views.Read().Count() - before.views; got != views {
		t.Errorf("%d views were counted, %d were called", got, views)
	}
	if waits, updates := m.Waits.Read(), m.Updates.Read(); waits.Count() == 0 || waits.Sum <= 0 || waits.Sum > updates.Sum {
		t.Errorf("waiting for commits took %v s of %v", waits.Sum, updates.Sum)
	}
	if away := m.Away.Load(); away != 0 {
		t.Errorf("%d updates are said to be under way", away)
	}
	if err := db.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("closed, and ready is %v", err)
	}
}
