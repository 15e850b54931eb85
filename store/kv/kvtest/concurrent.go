package kvtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"belfry/store/kv"
)

// snapshot reads the same before and after a commit that happens meanwhile. The View may not depend on the Update
// (contract 5), so it gives the commit a while and goes on without it.
func snapshot(t *testing.T, db kv.DB) {
	put(t, db, "a", "1", "b", "1")
	written := make(chan error, 1)
	err := db.View(ctx(), func(r kv.Reader) error {
		_, _, err := r.Get([]byte("a")) // some engines fix the snapshot with the first read
		go func() {
			written <- db.Update(ctx(), "", func(tx kv.Tx) error {
				tx.Put([]byte("a"), []byte("2"))
				tx.Delete([]byte("b"))
				tx.Put([]byte("c"), []byte("2"))
				return nil
			})
		}()
		select {
		case err := <-written:
			written <- err
		case <-time.After(time.Second):
		}
		pairs, err2 := r.Scan(kv.Range{}, 10)
		want(t, text(pairs), "a=1 b=1")
		value, _, err3 := r.Get([]byte("a"))
		want(t, string(value), "1")
		return errors.Join(err, err2, err3)
	})
	want(t, err, nil)
	want(t, <-written, nil)
	want(t, scan(t, db, kv.Range{}, 10), "a=2 c=2")
}

// transfers moves amounts between accounts from many sides; nobody ever sees a sum that is not the whole.
func transfers(t *testing.T, db kv.DB) {
	const accounts, writers, rounds, each = 10, 8, 25, 100
	for i := range accounts {
		put(t, db, fmt.Sprintf("account/%d", i), fmt.Sprint(each))
	}
	sum := func(r kv.Reader) (total int, err error) {
		pairs, err := r.Scan(kv.Prefix([]byte("account/")), accounts+1)
		for _, p := range pairs {
			n, err := strconv.Atoi(string(p.Value))
			if err != nil {
				return 0, err
			}
			total += n
		}
		return total, err
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 7))
			for range rounds {
				from, to, amount := rnd.IntN(accounts), rnd.IntN(accounts), rnd.IntN(10)
				err := db.Update(ctx(), "accounts", func(tx kv.Tx) error { return transfer(tx, from, to, amount) })
				if err != nil && !errors.Is(err, errPoor) {
					t.Error(err)
				}
				err = db.View(ctx(), func(r kv.Reader) error {
					total, err := sum(r)
					want(t, total, accounts*each)
					return err
				})
				want(t, err, nil)
			}
		})
	}
	wg.Wait()
}

var errPoor = errors.New("not enough on the account")

func transfer(tx kv.Tx, from, to, amount int) error {
	add := func(account, n int) (int, error) {
		key := []byte(fmt.Sprintf("account/%d", account))
		value, _, err := tx.Get(key)
		if err != nil {
			return 0, err
		}
		has, err := strconv.Atoi(string(value))
		tx.Put(key, []byte(fmt.Sprint(has+n)))
		return has + n, err
	}
	if left, err := add(from, -amount); err != nil {
		return err
	} else if left < 0 {
		return errPoor // with a write already done that must not count
	}
	_, err := add(to, amount)
	return err
}

// ranTwice runs every function twice, as an engine that retries would; it counts once.
func ranTwice(t *testing.T, db kv.DB) {
	again := Twice(db)
	runs := 0
	for range 10 {
		err := again.Update(ctx(), "", func(tx kv.Tx) error {
			runs++
			value, _, err := tx.Get([]byte("n"))
			tx.Put([]byte("n"), append([]byte{'x'}, value...))
			return err
		})
		want(t, err, nil)
	}
	want(t, runs >= 20, true)
	want(t, scan(t, db, kv.Range{}, 2), "n=xxxxxxxxxx")
}

func lostUpdate(t *testing.T, db kv.DB) {
	const writers, rounds = 16, 20
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				err := db.Update(ctx(), "counter", func(tx kv.Tx) error {
					value, _, err := tx.Get([]byte("n"))
					n := 0
					_, _ = fmt.Sscan(string(value), &n)
					tx.Put([]byte("n"), []byte(fmt.Sprint(n+1)))
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want(t, scan(t, db, kv.Range{}, 2), fmt.Sprintf("n=%d", writers*rounds))
}

// writeSkew: two people are on duty; each may leave only while the other is still there.
func writeSkew(t *testing.T, db kv.DB) {
	for range 40 {
		put(t, db, "duty/a", "yes", "duty/b", "yes")
		var wg sync.WaitGroup
		for _, me := range []string{"duty/a", "duty/b"} {
			wg.Go(func() {
				_ = db.Update(ctx(), me, func(tx kv.Tx) error {
					pairs, err := tx.Scan(kv.Prefix([]byte("duty/")), 10)
					if err == nil && len(pairs) == 2 {
						tx.Delete([]byte(me))
					}
					return err
				})
			})
		}
		wg.Wait()
		if got := scan(t, db, kv.Prefix([]byte("duty/")), 10); got == "" {
			t.Fatal("both left")
		}
	}
}
