package bolt

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store/kv"
)

const secret = "mot-unique-qui-doit-partir"

func holds(t *testing.T, path, text string) bool {
	t.Helper()
	all, err := os.ReadFile(path)
	want(t, err, nil)
	return bytes.Contains(all, []byte(text))
}

// leftovers are the copies that were not finished.
func leftovers(t *testing.T, path string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(path), compactPrefix(path)+"*"))
	want(t, err, nil)
	return len(found)
}

// P12: what was deleted is in the file until it is compacted, and not after. Meanwhile writers go on and lose nothing,
// readers go on, and one that began before reads on what it saw.
func TestCompactErases(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	db := openAt(t, path)
	for n := range 300 {
		put(t, db, fmt.Sprintf("old/%04d", n), strings.Repeat("x", 2000)+fmt.Sprint(secret, n))
	}
	want(t, db.Update(t.Context(), "", func(tx kv.Tx) error {
		for n := range 300 {
			tx.Delete(fmt.Appendf(nil, "old/%04d", n))
		}
		return nil
	}), nil)
	put(t, db, "kept", "value")
	want(t, holds(t, path, secret), true) // deleting is not erasing

	stop, began := make(chan struct{}), make(chan struct{})
	var going sync.WaitGroup
	var reads atomic.Int64
	wrote := make([]int, 4)
	for w := range wrote {
		going.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				put(t, db, fmt.Sprintf("new/%d", w), fmt.Sprint(n)) // again and again the same keys
				put(t, db, fmt.Sprintf("new/%d/%d", w, n), "there")
				if n%3 == 2 {
					want(t, db.Update(context.Background(), "", func(tx kv.Tx) error { tx.Delete(fmt.Appendf(nil, "new/%d/%d", w, n-1)); return nil }), nil)
				}
				wrote[w] = n
			}
		})
	}
	going.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if value, err := get(db, "kept"); value != "value" || err != nil {
				t.Errorf("%q %v", value, err)
			}
			reads.Add(1)
		}
	})
	going.Go(func() { // a reader that stays
		want(t, db.View(context.Background(), func(r kv.Reader) error {
			before, err := r.Scan(kv.Range{}, 1<<20)
			want(t, err, nil)
			close(began)
			<-stop
			after, err := r.Scan(kv.Range{}, 1<<20)
			want(t, len(after), len(before))
			return err
		}), nil)
	})
	<-began
	at := time.Date(2026, 3, 4, 3, 0, 0, 0, time.UTC)
	before, seen := db.Stats(), reads.Load()
	var after Stats
	for n := 0; n < 3 || (reads.Load() == seen || after.Updates == before.Updates) && n < 1000; n++ { // also a file that was compacted
		want(t, db.Compact(t.Context(), at), nil)
		after = db.Stats()
	}
	var copy bytes.Buffer
	_, err := db.Backup(t.Context(), &copy)
	want(t, err, nil)
	close(stop)
	going.Wait()
	want(t, reads.Load() > seen, true)
	want(t, after.Updates > before.Updates, true)
	want(t, holds(t, path, secret), false)
	want(t, bytes.Contains(copy.Bytes(), []byte(secret)), false)
	want(t, after.Bytes < before.Bytes, true)
	t.Logf("%d bytes, then %d; %d writes and %d reads meanwhile", before.Bytes, after.Bytes, after.Updates-before.Updates, reads.Load()-seen)
	want(t, db.Close(), nil)

	db = openAt(t, path)
	done, err := db.Compacted()
	want(t, err, nil)
	want(t, done, at)
	want(t, leftovers(t, path), 0)
	_, err = db.Verify(t.Context(), func(p kv.DamagedError) { t.Error(p) })
	want(t, err, nil)
	for w, last := range wrote {
		value, err := get(db, fmt.Sprintf("new/%d", w))
		want(t, err, nil)
		want(t, value, strconv.Itoa(last))
		for n := range last + 1 {
			value, err := get(db, fmt.Sprintf("new/%d/%d", w, n))
			gone := n%3 == 1 && n < last // with the one after it
			if err != nil || (value == "") != gone {
				t.Fatalf("new/%d/%d: %q %v, want it gone: %v", w, n, value, err, gone)
			}
		}
	}
	want(t, db.Close(), nil)
}

// TestCompactKilled ends a process that writes and compacts all the time, again and again, at a random moment: what it
// acknowledged is there, and the copies it did not finish go when the file is opened.
func TestCompactKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	acknowledged, compactions, unfinished := map[string]bool{}, 0, 0
	rounds := killRounds(8)
	for round := 0; round < rounds || unfinished == 0 && round < 10*rounds; round++ {
		child, lines := startChild(t, path, compactVariable+"=1")
		told := hear(t, lines, rand.IntN(200), round%2, func() {
			time.AfterFunc(time.Duration(rand.IntN(40))*time.Millisecond, func() { _ = child.Process.Kill() })
		})
		compactions += told.compactions
		want(t, len(told.errors), 0)
		for _, name := range told.acknowledged {
			acknowledged[name] = true
		}
		_ = child.Wait()
		unfinished += leftovers(t, path)
		db := openAt(t, path)
		want(t, leftovers(t, path), 0)
		records, err := db.Verify(t.Context(), func(p kv.DamagedError) { t.Error(p) })
		want(t, err, nil)
		want(t, records%2, 0)
		for name := range acknowledged {
			if value, err := get(db, "b/"+name); value != name || err != nil {
				t.Fatalf("%s was acknowledged and is lost: %q %v", name, value, err)
			}
		}
		want(t, db.Close(), nil)
	}
	t.Logf("TORTURE: T01 kill while compacting | %d | %d acknowledged, %d compactions, %d cut off in the middle | 0", rounds, len(acknowledged), compactions, unfinished)
	if compactions == 0 || unfinished == 0 {
		t.Error("the test shows nothing")
	}
}

func killRounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return few
}

// A file with a damaged record is not compacted: what is wrong with it stays to be seen.
func TestCompactLeavesDamageAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	db := openAt(t, path)
	put(t, db, "a", strings.Repeat("whole", 20))
	want(t, db.Close(), nil)
	all, err := os.ReadFile(path)
	want(t, err, nil)
	want(t, os.WriteFile(path, bytes.ReplaceAll(all, []byte("wholewhole"), []byte("wholewhale")), 0o600), nil)
	db = openAt(t, path)
	if err := db.Compact(t.Context(), time.Now()); err == nil {
		t.Error("a damaged file was compacted")
	}
	want(t, leftovers(t, path), 0)
	done, err := db.Compacted()
	want(t, err, nil)
	want(t, done.IsZero(), true)
}
