//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTortureT06DiskErrors lets syncing, then writing, fail under a hub that everybody uses: it confirms nothing more, ends
// by itself with an exit code and a plain sentence, and starts again with everything that it confirmed.
func TestTortureT06DiskErrors(t *testing.T) {
	of := newCommunity(t, 16, 4)
	numbers := of.threads(t, 2)
	for name, setting := range map[string]string{"sync": failingSync, "write": failingDisk} {
		t.Run(name, func(t *testing.T) {
			ends, done := 0, tally{}
			for range rounds(1) {
				c := *of
				c.dir = filepath.Join(t.TempDir(), "data")
				ok(t, os.CopyFS(c.dir, os.DirFS(of.dir)))
				s := newSurge(&c, numbers)
				h := serveWith(t, []string{setting}, c.dir, "--demo")
				stop := s.rise(h)
				s.await()
				if name == "sync" { // the control: a disk that only lies is not noticed, and the hub goes on
					h.spoil(t, syscall.SIGUSR1)
					s.await()
					time.Sleep(50 * time.Millisecond)
					if h.hasEnded() {
						t.Fatalf("it ended before its disk failed: %s", h.log)
					}
				}
				h.spoil(t, syscall.SIGUSR2)
				h.endsOfItself(t)
				stop()
				ends++
				kept, err := look(t, &c)
				ok(t, err)
				for _, what := range s.lost(kept) {
					t.Error(what)
				}
				done = done.plus(s.done)
			}
			t.Logf("TORTURE: T06 %s fails under a serving hub | %d | %d ends, %s | 0", name, ends, ends, done)
			if done.least() == 0 {
				t.Error("the test shows nothing")
			}
		})
	}
}

func (h *hub) hasEnded() bool {
	select {
	case <-h.ended:
		return true
	default:
		return false
	}
}

// endsOfItself waits for a hub to end because of its disk, with an exit code and a sentence for its operator.
func (h *hub) endsOfItself(t *testing.T) {
	t.Helper()
	select {
	case <-h.ended:
	case <-time.After(patience / 3):
		_ = h.cmd.Process.Signal(syscall.SIGQUIT)
		<-h.ended
		t.Fatalf("the hub goes on with a disk that fails: %s", h.log)
	}
	if code := h.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(h.log.String(), "the disk failed under") {
		t.Errorf("exit code %d: %s", code, h.log)
	}
}
