//go:build linux

package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"belfry/store/kv"
)

// TestT05FullDisk fills a small file system under load: writers are told, nothing acknowledged is lost, and writing goes
// on when there is space again.
func TestT05FullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("NOT RUN: a full disk: cannot mount a small file system here (needs root): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	ballast := filepath.Join(dir, "ballast")
	want(t, os.WriteFile(ballast, make([]byte, 2<<20), 0o600), nil)
	db := openAt(t, filepath.Join(dir, "belfry.db"))

	var mu sync.Mutex
	acknowledged := map[string]bool{}
	fill := func(round int) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					key := fmt.Sprintf("%d/%d/%d", round, w, i)
					err := tryPut(db, key, key+string(bytes.Repeat([]byte("x"), 2000)))
					if errors.Is(err, kv.ErrNoSpace) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					acknowledged[key] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	fill(1)
	first := len(acknowledged)
	want(t, first > 100, true)
	want(t, os.Remove(ballast), nil)
	fill(2)
	want(t, len(acknowledged) > first+100, true)

	want(t, db.Close(), nil)
	db = openAt(t, filepath.Join(dir, "belfry.db"))
	records, err := db.Verify(t.Context(), func(p kv.DamagedError) { t.Error(p) })
	want(t, err, nil)
	for key := range acknowledged {
		if value, err := get(db, key); err != nil || value[:len(key)] != key {
			t.Fatalf("%s was acknowledged and is lost: %v", key, err)
		}
	}
	want(t, records >= len(acknowledged), true)
	t.Logf("TORTURE: T05 disk full, engine alone | 2 | %d writes acknowledged, 8 writers refused twice | 0", len(acknowledged))
	want(t, db.Close(), nil)
}

// TestRoomBeyondCounting: a file system over a network may name more free bytes than a number holds. That is plenty,
// and not nothing.
func TestRoomBeyondCounting(t *testing.T) {
	want(t, roomOf(0, 4096), int64(0))
	want(t, roomOf(3, 4096), int64(12288))
	for _, blocks := range []uint64{1 << 51, 1 << 52, 1 << 60, math.MaxUint64} {
		want(t, roomOf(blocks, 4096), int64(math.MaxInt64))
	}
}
