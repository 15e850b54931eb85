//go:build bench

package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// engineRows measures the engine by itself: a record of 600 bytes and an index entry, by so many at once.
func engineRows(t testing.TB, a *table) {
	for _, writers := range []int{1, 16, 64, 256} {
		target := "0.80"
		r := a.add(fmt.Sprintf("engine alone, %d writers", writers), target)
		path := filepath.Join(t.TempDir(), "engine.db")
		db, err := bolt.Open(path, bolt.Options{})
		ok(t, err)
		t.Cleanup(func() { _ = db.Close() })
		empty := filepath.Join(t.TempDir(), "empty.db")
		file, err := os.Create(empty)
		ok(t, err)
		_, err = db.Backup(ctx, file)
		ok(t, err)
		ok(t, file.Close())
		var ids atomic.Int64
		each := max(300, 150*writers)
		for range rounds() {
			before := db.Stats()
			r.ours = append(r.ours, measure(func() int {
				var wg sync.WaitGroup
				var left atomic.Int64
				left.Store(int64(each))
				for range writers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							id := ids.Add(1)
							err := db.Update(ctx, "", func(tx kv.Tx) error {
								tx.Put(fmt.Appendf(nil, "record/%016d", id), make([]byte, 600))
								tx.Put(fmt.Appendf(nil, "index/%016d", id), nil)
								return nil
							})
							if err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				return each
			}))
			s := db.Stats()
			trace := make([][]kv.Pair, each)
			for i := range trace {
				id := ids.Add(1)
				trace[i] = []kv.Pair{{Key: fmt.Appendf(nil, "record/%016d", id), Value: make([]byte, 604)}, {Key: fmt.Appendf(nil, "index/%016d", id), Value: make([]byte, 4)}}
			}
			r.limit = append(r.limit, replay(t, empty, trace, max(1, int(s.Updates-before.Updates)/int(max(1, s.Commits-before.Commits)))))
		}
	}
}
