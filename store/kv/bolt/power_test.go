//go:build linux

package bolt

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/store/kv"
	"belfry/store/kv/disktest"
)

// cutUnder takes the power away under a process after a while: nothing more is written, and what was not flushed is lost.
func cutUnder(d *disktest.Disk, child *exec.Cmd, after time.Duration) <-chan error {
	gone := make(chan error, 1)
	go func() {
		time.Sleep(after)
		err := d.Cut()
		_ = child.Process.Kill()
		gone <- err
	}()
	return gone
}

// T02: the power goes under a process that writes, in every other round one that compacts its file too. What was
// acknowledged is there, whole. A process that does not wait for its disk loses some, which the test sees.
func TestTorturePowerCut(t *testing.T) {
	for _, kind := range disktest.Kinds() {
		t.Run("T02 "+kind, func(t *testing.T) { powerCut(t, disktest.New(t, kind, "")) })
	}
}

func powerCut(t *testing.T, d *disktest.Disk) {
	path := filepath.Join(d.Path, "belfry.db")
	acknowledged, cuts, compactions, unfinished := map[string]bool{}, 0, 0, 0
	for round := range killRounds(10) {
		var more []string
		if round%2 == 1 {
			more = append(more, compactVariable+"=1")
		}
		child, lines := startChild(t, path, more...)
		var gone <-chan error
		told := hear(t, lines, rand.IntN(200), round%4/3, func() { // in every other round with compactions after the first
			gone = cutUnder(d, child, time.Duration(rand.IntN(30))*time.Millisecond)
		})
		_ = child.Wait()
		compactions += told.compactions
		for _, name := range told.acknowledged {
			acknowledged[name] = true
		}
		if why := <-gone; why != nil {
			t.Skipf("NOT RUN: a power cut (this kernel cannot shut the file system down): %v", why)
		}
		cuts++
		d.Back()
		unfinished += leftovers(t, path)
		db := openAt(t, path)
		records, err := db.Verify(t.Context(), func(p kv.DamagedError) { t.Error(p) })
		want(t, err, nil)
		want(t, records%2, 0)
		for name := range acknowledged {
			if value, err := get(db, "b/"+name); value != name || err != nil {
				t.Fatalf("round %d: %s was acknowledged and is lost: %q %v", round, name, value, err)
			}
		}
		want(t, db.Close(), nil)
		if len(acknowledged) > 20_000 { // else the disk is full one day
			clear(acknowledged)
			want(t, os.Remove(path), nil)
		}
	}
	t.Logf("TORTURE: T02 power cut, engine alone, %s | %d | %d cuts, %d acknowledged, %d compactions, %d cut off in the middle | 0", d.Kind, cuts, cuts, len(acknowledged), compactions, unfinished)
	if cuts == 0 || compactions == 0 {
		t.Error("the test shows nothing")
	}
	t.Run("control", func(t *testing.T) {
		lost, rounds := 0, max(3, killRounds(3)/5)
		for range rounds {
			child, lines := startChild(t, path, carelessVariable+"=1")
			var gone <-chan error
			said := hear(t, lines, 50, 0, func() { gone = cutUnder(d, child, 0) }).acknowledged
			_ = child.Wait()
			<-gone
			d.Back()
			if missing(path, said) > 0 {
				lost++
			}
			_ = os.Remove(path)
		}
		t.Logf("without waiting for the disk something was lost in %d of %d rounds", lost, rounds)
		if lost*100 < rounds*95 {
			t.Error("the test shows nothing")
		}
	})
}

// missing is how much of what was acknowledged cannot be read.
func missing(path string, said []string) (lost int) {
	db, err := Open(path, Options{})
	if err != nil {
		return len(said)
	}
	defer db.Close()
	for _, name := range said {
		if value, err := get(db, "b/"+name); value != name || err != nil {
			lost++
		}
	}
	return lost
}

// T03: of the two writes that a commit waits for, any part of the first may be on the disk when the power goes, in pieces
// of 512 bytes, or all of it and any part of the second. The file then opens as it was before that commit, or after.
func TestTortureTornWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	db := openAt(t, path)
	rnd := rand.New(rand.NewPCG(3, 3))
	commits, tears := min(200, max(20, 2*killRounds(1))), 6*max(1, killRounds(1)/10)
	olds, news := 0, 0
	for n := range commits {
		for range rnd.IntN(4) {
			put(t, db, fmt.Sprintf("key/%d", rnd.IntN(200)), strings.Repeat(fmt.Sprint(n), 1+rnd.IntN(400)))
		}
		before, err := os.ReadFile(path)
		want(t, err, nil)
		want(t, db.Update(t.Context(), "", func(tx kv.Tx) error {
			tx.Put([]byte("n"), fmt.Append(nil, n))
			for range 5 {
				tx.Put(fmt.Appendf(nil, "key/%d", rnd.IntN(200)), bytes.Repeat([]byte("y"), rnd.IntN(3000)))
			}
			return nil
		}), nil)
		after, err := os.ReadFile(path)
		want(t, err, nil)
		for tear := range tears {
			torn := tearing(rnd, before, after, int(db.at.Load().bolt.Info().PageSize), tear%2 == 0)
			copied := filepath.Join(filepath.Dir(path), "torn.db")
			want(t, os.WriteFile(copied, torn, 0o600), nil)
			got := stateOf(t, copied)
			switch got {
			case fmt.Sprint(n):
				news++
			case fmt.Sprint(n - 1), "":
				olds++
			default:
				t.Fatalf("commit %d: the file says %q", n, got)
			}
		}
	}
	t.Logf("TORTURE: T03 torn writes | %d | %d commits torn %d times each: %d as before, %d as after | 0", killRounds(1), commits, tears, olds, news)
	if olds == 0 || news == 0 {
		t.Error("the test shows nothing")
	}
}

// tearing is the file with a part of a commit's writes: of its data, or with all of its data of its entry page.
func tearing(rnd *rand.Rand, before, after []byte, page int, ofData bool) []byte {
	const sector = 512
	torn := make([]byte, len(after))
	copy(torn, before)
	for at := 0; at < len(after); at += sector {
		data := at >= 2*page
		end := min(at+sector, len(after))
		if data && (!ofData || rnd.IntN(2) == 0) || !data && !ofData && rnd.IntN(2) == 0 {
			copy(torn[at:end], after[at:end])
		}
	}
	return torn
}

func stateOf(t *testing.T, path string) string {
	t.Helper()
	db, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Verify(t.Context(), func(p kv.DamagedError) { t.Error(p) })
	want(t, err, nil)
	value, err := get(db, "n")
	want(t, err, nil)
	return value
}

// TestT02WhatAStartHasShownIsKept ends a process whose last commits are in the kernel's memory only. What the next one reads
// is on the disk from then on, though it writes nothing itself and the power goes.
func TestT02WhatAStartHasShownIsKept(t *testing.T) {
	for _, kind := range disktest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			d := disktest.New(t, kind, "")
			path := filepath.Join(d.Path, "belfry.db")
			for _, starts := range []bool{false, true} { // the first is the control
				child, lines := startChild(t, path, carelessVariable+"=1")
				var said []string
				for len(said) < 50 && lines.Scan() {
					said = append(said, lines.Text())
				}
				want(t, child.Process.Kill(), nil)
				_ = child.Wait()
				if starts {
					want(t, missing(path, said), 0) // opens the file and reads it
				}
				if err := d.Cut(); err != nil {
					t.Skipf("NOT RUN: a power cut: %v", err)
				}
				d.Back()
				if lost := missing(path, said); (lost == 0) != starts {
					t.Errorf("read before: %v, lost: %d", starts, lost)
				}
				_ = os.Remove(path)
			}
		})
	}
}
