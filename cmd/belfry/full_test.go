//go:build linux

package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestT05FullDisk lets a small file system run full under a serving hub: who writes gets a plain page, who reads goes on,
// nothing is damaged, and writing goes on when there is room again.
func TestT05FullDisk(t *testing.T) {
	c := newCommunity(t, 4, 1)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("NOT RUN: a full disk under a serving hub (mounting a small file system needs root: %v)", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	backup := filepath.Join(t.TempDir(), "backup.db")
	belfry(t, "backup", "--data", c.dir, backup).ends(t, 0)
	data, ballast := filepath.Join(dir, "data"), filepath.Join(dir, "ballast")
	belfry(t, "restore", "--data", data, backup).ends(t, 0)
	var room syscall.Statfs_t
	ok(t, syscall.Statfs(dir, &room))
	ok(t, os.WriteFile(ballast, make([]byte, int64(room.Bavail)*room.Bsize-256<<10), 0o600))

	h := serve(t, data, "--demo", "--keep-free=0", "--drain=0s")
	tokens := c.tokens(h)
	answer := func(try int) (int, string) {
		status, page, err := h.post("/meetings/"+c.meetings[0].Slug+"/rsvp", c.sessions[try%4], url.Values{"csrf": {tokens[try%4]},
			"answer": {"online"}, "note": {fmt.Sprint("try ", try)}, "guests": {strings.Repeat(strings.Repeat("n", 90)+"\n", 8)}})
		ok(t, err)
		return status, page
	}
	// a form of the organiser's is what fills the disk: a meeting's description, again and again another
	fill := func() int {
		for n := range 5000 {
			status, page, err := h.post("/meetings/new", c.sessions[0], url.Values{"csrf": {tokens[0]}, "title": {fmt.Sprint("Réunion longue ", n)},
				"lang": {"fr"}, "about": {strings.Repeat("texte ", 600)}, "date": {c.meetings[0].Date}, "clock": {"15:00"}, "zone": {"Europe/Brussels"},
				"minutes": {"60"}, "seats": {"0"}, "online": {"1"}})
			ok(t, err)
			if status == 507 {
				plain(t, page)
				return n
			}
			if status != 303 {
				t.Fatalf("status %d: %.400s", status, page)
			}
		}
		t.Fatal("the disk does not fill")
		return 0
	}
	filled := fill()
	acknowledged := -1
	for try := range 400 { // what little room is left goes too
		status, page := answer(try)
		if status == 507 {
			plain(t, page)
			break
		}
		if status != 303 {
			t.Fatalf("status %d: %.400s", status, page)
		}
		acknowledged = try
	}
	for _, path := range []string{"/", "/meetings", "/meetings/" + c.meetings[0].Slug, "/meetings.ics", "/settings"} {
		if status, _, err := h.get(path, c.sessions[1]); status != 200 || err != nil {
			t.Errorf("%s on a full disk: %d %v", path, status, err)
		}
	}
	if code, said := h.readiness(t); code != 200 || !strings.HasPrefix(said, "ready") { // people read on
		t.Errorf("a full disk: %d %s", code, said)
	}
	sound(t, data)
	belfry(t, "backup", "--data", data, filepath.Join(dir, "copy.db")).refused(t, "no space left")
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
		t.Errorf("a failed backup left %v", left)
	}
	ok(t, os.Remove(ballast))
	if status, page := answer(1001); status != 303 {
		t.Errorf("there is room again, and the answer is %d: %.400s", status, page)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	sound(t, data)
	kept := c.answers(t, data)
	if got := serial(kept[chair{1, 0}].Note); got != 1001 {
		t.Errorf("the answer after the room came back is %d", got)
	}
	t.Logf("TORTURE: T05 disk full under a serving hub | 1 | full after %d meetings, %d answers acknowledged after that | 0", filled, acknowledged+1)
	if last := acknowledged; last >= 0 && last%4 != 1 {
		if got := serial(kept[chair{last % 4, 0}].Note); got != last {
			t.Errorf("answer %d was acknowledged, kept is %d", last, got)
		}
	}
}

// plain asserts that a page says in words what happened and nothing of the machine.
func plain(t *testing.T, page string) {
	t.Helper()
	for _, raw := range []string{"kv:", "ENOSPC", "no space left on device", "store: kind", "belfry.db"} {
		if strings.Contains(page, raw) {
			t.Errorf("the page says %q", raw)
		}
	}
	if !strings.Contains(page, "<h1") || !strings.Contains(page, "</html>") {
		t.Errorf("no whole page: %.300s", page)
	}
}
