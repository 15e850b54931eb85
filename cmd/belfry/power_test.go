//go:build linux

package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"belfry/store/kv/disktest"
)

// TestTortureT02PowerCutUnderTheHub takes the power away under a serving hub while members answer, talk, write and send
// papers, all at once, again and again. Whatever was acknowledged is there, nothing is half there, and the search finds
// the last words. A hub whose disk only says that it has written loses some, which the test sees.
func TestTortureT02PowerCutUnderTheHub(t *testing.T) {
	c := newCommunity(t, 16, 4)
	numbers := c.threads(t, 2)
	for _, kind := range disktest.Kinds() {
		t.Run(kind, func(t *testing.T) { powerCutsUnder(t, disktest.New(t, kind, ""), *c, numbers) })
	}
}

func powerCutsUnder(t *testing.T, d *disktest.Disk, of community, numbers []int) {
	home, c := of.dir, &of
	c.dir = filepath.Join(d.Path, "data")
	begin := func() *surge {
		ok(t, os.RemoveAll(c.dir))
		ok(t, os.CopyFS(c.dir, os.DirFS(home)))
		ok(t, d.Sync())
		return newSurge(c, numbers)
	}
	s, cuts := begin(), 0
	for round := range rounds(1) {
		if round%20 == 19 { // else the disk is full one day
			s.forget(begin())
		}
		s.underCut(t, d, serve(t, c.dir, "--demo"), (round+len(d.Kind))%2 == 1)
		cuts++
		kept, err := look(t, c)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for _, what := range s.lost(kept) {
			t.Errorf("round %d: %s", round, what)
		}
		if t.Failed() {
			return
		}
		s.nextRound(kept)
	}
	sound(t, c.dir)
	t.Logf("TORTURE: T02 power cut under a serving hub, %s | %d | %d cuts, %s | 0", filepath.Base(t.Name()), cuts, cuts, s.done)
	if cuts == 0 || s.done.least() == 0 {
		t.Error("the test shows nothing")
	}
	t.Run("control", func(t *testing.T) {
		lost, tries := 0, max(1, rounds(1)/10)
		for try := range tries {
			if try > 0 {
				s = begin()
			}
			s.underCut(t, d, serveWith(t, []string{lyingDisk}, c.dir, "--demo"), false)
			if kept, err := look(t, c); err != nil || len(s.lost(kept)) > 0 {
				lost++
			}
		}
		t.Logf("on a disk that lies something was lost in %d of %d rounds", lost, tries)
		if lost*100 < tries*95 {
			t.Error("the test shows nothing")
		}
	})
}

// underCut asks the search for the last word of the round before, lets everybody do everything at once, takes the power away
// at a random moment, and gives it back. A hub that is left alone meanwhile ends because its disk fails (T06).
func (s *surge) underCut(t *testing.T, d *disktest.Disk, h *hub, alone bool) {
	t.Helper()
	if s.lastWord != "" {
		h.shows(s.lastWord)
	}
	stop := s.rise(h)
	s.await()
	time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
	if err := d.Cut(); err != nil {
		t.Skipf("NOT RUN: a power cut under a serving hub: %v", err)
	}
	if alone {
		h.endsOfItself(t)
	} else {
		time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond) // what is acknowledged now has to be there too
		h.kill()
	}
	stop()
	d.Back()
}
