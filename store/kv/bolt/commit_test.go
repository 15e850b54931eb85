package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"belfry/store/kv"
)

// hold keeps the committing goroutine busy with one update until release is called.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	entered, leave, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- db.Update(context.Background(), "", func(kv.Tx) error {
			close(entered)
			<-leave
			return nil
		})
	}()
	<-entered
	return func() {
		close(leave)
		want(t, <-done, nil)
	}
}

// waitFor returns when so many updates are queued.
func waitFor(db *DB, queued int) {
	for db.line.len() < queued {
		runtime.Gosched()
	}
}

func TestUpdatesShareACommit(t *testing.T) {
	db := open(t)
	release := hold(t, db)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() { want(t, tryPut(db, fmt.Sprint("k", i), "v"), nil) })
	}
	waitFor(db, 100)
	release()
	wg.Wait()
	s := db.Stats()
	want(t, s.Updates, uint64(101))
	want(t, s.Puts, uint64(100))
	want(t, s.Commits, uint64(1)) // the first update wrote nothing
}

// TestABatchOfLongFunctionsIsCommittedMeanwhile: once functions took as long as a commit does, what they wrote is made
// durable while the next function still runs.
func TestABatchOfLongFunctionsIsCommittedMeanwhile(t *testing.T) {
	db := open(t)
	for range 20 { // the committing goroutine may be late by chance
		before := db.meter.Now()
		put(t, db, "before", "v")
		commit := db.meter.Now() - before
		first, started := make(chan error, 1), make(chan struct{})
		go func() {
			first <- db.Update(context.Background(), "", func(tx kv.Tx) error {
				close(started)
				waitFor(db, 1)
				for began := db.meter.Now(); db.meter.Now()-began < 2*commit; {
					runtime.Gosched()
				}
				tx.Put([]byte("first"), []byte("v"))
				return nil
			})
		}()
		<-started
		meanwhile := false
		want(t, db.Update(context.Background(), "", func(tx kv.Tx) error {
			select {
			case err := <-first:
				first <- err
				meanwhile = true
			case <-time.After(time.Second):
			}
			return nil
		}), nil)
		want(t, <-first, nil)
		if meanwhile {
			return
		}
	}
	t.Error("the first was never durable before the second had run")
}

// TestFailureInABatch has functions fail in every way there is among others that succeed and build on each other.
func TestFailureInABatch(t *testing.T) {
	db := open(t)
	release := hold(t, db)
	mine := errors.New("mine")
	bad := []func(kv.Tx) error{
		func(kv.Tx) error { return mine },
		func(kv.Tx) error { panic("mine") },
		func(kv.Tx) error { runtime.Goexit(); return nil },
		func(tx kv.Tx) error { tx.Put(nil, nil); return nil },
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%2 == 0 {
				err := db.Update(context.Background(), "", func(tx kv.Tx) error {
					v, _, err := tx.Get([]byte("n"))
					tx.Put([]byte("n"), append([]byte{'x'}, v...))
					return err
				})
				want(t, err, nil)
				return
			}
			defer func() {
				if v := recover(); v != nil {
					want(t, v, "mine")
				}
			}()
			err := db.Update(context.Background(), "", func(tx kv.Tx) error {
				tx.Put([]byte("n"), []byte("wrong"))
				return bad[i/2%len(bad)](tx)
			})
			want(t, errors.Is(err, mine) || errors.Is(err, kv.ErrTooLarge), true)
		})
	}
	waitFor(db, 40)
	release()
	wg.Wait()
	value, err := get(db, "n")
	want(t, err, nil)
	want(t, len(value), 20)
	want(t, db.Stats().Commits, uint64(1))
}

func TestCancelWhileQueued(t *testing.T) {
	db := open(t)
	release := hold(t, db)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- db.Update(ctx, "", func(tx kv.Tx) error { tx.Put([]byte("a"), nil); t.Error("ran"); return nil })
	}()
	waitFor(db, 1)
	cancel()
	want(t, errors.Is(<-done, context.Canceled), true)
	release()
	put(t, db, "b", "1")
	want(t, db.Stats().Puts, uint64(1))
}

// TestCancelWhileRunning: once the function runs, the caller learns the true outcome.
func TestCancelWhileRunning(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := db.Update(ctx, "", func(tx kv.Tx) error {
		tx.Put([]byte("a"), []byte("1"))
		cancel()
		return nil
	})
	want(t, err, nil)
	value, _ := get(db, "a")
	want(t, value, "1")
}

// TestCloseUnderLoad: every update either is in the file or says that it is not.
func TestCloseUnderLoad(t *testing.T) {
	path := t.TempDir() + "/belfry.db"
	db := openAt(t, path)
	var wg sync.WaitGroup
	var mu sync.Mutex
	acknowledged := 0
	for w := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				err := tryPut(db, fmt.Sprintf("%d/%d", w, i), "v")
				if errors.Is(err, kv.ErrClosed) {
					return
				}
				want(t, err, nil)
				mu.Lock()
				acknowledged++
				mu.Unlock()
			}
		})
	}
	for db.Stats().Updates < 100 {
		runtime.Gosched()
	}
	want(t, db.Close(), nil)
	wg.Wait()
	records, err := openAt(t, path).Verify(context.Background(), func(p kv.DamagedError) { t.Error(p) })
	want(t, err, nil)
	want(t, records, acknowledged)
}
