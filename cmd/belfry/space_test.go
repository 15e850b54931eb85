//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// onSmallDisk puts a copy of a community on a file system of its own and gives its folder.
func (c *community) onSmallDisk(t *testing.T, options string) (mount, data string) {
	t.Helper()
	mount = t.TempDir()
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, options); err != nil {
		t.Skipf("NOT RUN: a disk that fills under a serving hub (mounting a small file system needs root: %v)", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mount, syscall.MNT_DETACH) })
	backup := filepath.Join(t.TempDir(), "backup.zip")
	data = filepath.Join(mount, "data")
	belfry(t, "backup", "--data", c.dir, backup).ends(t, 0)
	belfry(t, "restore", "--data", data, backup).ends(t, 0)
	return mount, data
}

// leave fills a file system until so much is left.
func leave(t *testing.T, mount string, free int64) (ballast string) {
	t.Helper()
	var room syscall.Statfs_t
	ok(t, syscall.Statfs(mount, &room))
	ballast = filepath.Join(mount, "ballast")
	held, err := os.ReadFile(ballast)
	if err != nil {
		held = nil
	}
	ok(t, os.WriteFile(ballast, make([]byte, int64(len(held))+int64(room.Bavail)*room.Bsize-free), 0o600))
	return ballast
}

// guest does things at a hub on a small disk and counts what was refused for want of room.
type guest struct {
	*hub
	c       *community
	path    string
	tokens  []string
	refused int
}

func (g *guest) form(path string, member int, form url.Values) (int, string) {
	g.t.Helper()
	form.Set("csrf", g.tokens[member])
	status, page, err := g.post(path, g.c.sessions[member], form)
	ok(g.t, err)
	return status, page
}

// takes asserts what becomes of an answer, a message and a paper.
func (g *guest) takes(what string, answers, papers bool) {
	g.t.Helper()
	status := map[bool]int{true: 303, false: 507}
	note := "besoin " + what
	got, page := g.form(g.path+"/rsvp", 0, url.Values{"answer": {"online"}, "note": {note}})
	if got != status[answers] {
		g.t.Errorf("%s: an answer: %d %.300s", what, got, page)
	}
	if got == 507 {
		g.refused++
		plain(g.t, page)
		if !strings.Contains(page, note) {
			g.t.Errorf("%s: what was typed is gone", what)
		}
	}
	if got, _ = g.form("/chat/lounge", 0, url.Values{"source": {"Bonjour " + what}, "once": {what}}); got != status[answers] {
		g.t.Errorf("%s: a message: %d", what, got)
	}
	got, page, err := g.upload(g.path+"/documents", g.c.sessions[0], g.tokens[0], append([]byte("%PDF-1.7\n"+what), bytes.Repeat([]byte{'x'}, 100_000)...))
	if ok(g.t, err); got != status[papers] {
		g.t.Errorf("%s: a paper: %d %.300s", what, got, page)
	}
	if got == 507 {
		g.refused++
		plain(g.t, page)
	}
}

func (g *guest) reads(what string) {
	g.t.Helper()
	for _, path := range []string{"/", "/meetings", g.path, "/chat/lounge", "/settings"} {
		if status, _, err := g.get(path, g.c.sessions[0]); status != 200 || err != nil {
			g.t.Errorf("%s: %s: %d %v", what, path, status, err)
		}
	}
}

// TestT05TheLastOfTheDiskIsForDeleting lets little be left on the disk: first no papers are taken, then nothing but what
// makes room, while reading goes on and balancers go on sending people; and all again when there is room. A hub that keeps
// nothing back, the control, takes everything.
func TestT05TheLastOfTheDiskIsForDeleting(t *testing.T) {
	c := newCommunity(t, 2, 1)
	mount, data := c.onSmallDisk(t, "size=16m") // of which a sixteenth is kept, and a quarter from papers
	g := &guest{hub: serve(t, data, "--demo", "--drain=0s"), c: c, path: "/meetings/" + c.meetings[0].Slug}
	g.tokens = c.tokens(g.hub)
	g.takes("au début", true, true)
	leave(t, mount, 3<<20)
	g.takes("peu de place", true, false)
	ballast := leave(t, mount, 700<<10)
	g.takes("presque rien", false, false)
	g.reads("presque rien")
	if status, page := g.form("/chat/lounge/1/delete", 0, url.Values{}); status != 303 {
		t.Errorf("deleting: %d %.300s", status, page)
	}
	if status, page := g.form(g.path+"/rsvp/withdraw", 0, url.Values{}); status != 303 {
		t.Errorf("withdrawing: %d %.300s", status, page)
	}
	if status, page := g.form("/sign-out", 1, url.Values{}); status != 303 {
		t.Errorf("signing out: %d %.300s", status, page)
	}
	if code, said := g.readiness(t); code != 200 || said != "ready" {
		t.Errorf("%d %s", code, said)
	}
	if code := g.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, g.log)
	}
	g.hub = serve(t, data, "--demo", "--keep-free=0", "--drain=0s")
	g.takes("le témoin", true, true)
	g.stop()
	ok(t, os.Remove(ballast))
	g.hub = serve(t, data, "--demo", "--drain=0s")
	g.takes("de la place", true, true)
	g.stop()
	sound(t, data)
	t.Logf("TORTURE: T05 little left on the disk | 1 | %d requests refused, deleting and leaving went on | 0", g.refused)
}

// TestT05NoInodeIsLeft uses up the names a file system can hold, not its bytes: what needs a new file is refused, all else
// goes on, and papers are taken again when there are names.
func TestT05NoInodeIsLeft(t *testing.T) {
	c := newCommunity(t, 2, 1)
	mount, data := c.onSmallDisk(t, "size=16m,nr_inodes=200")
	g := &guest{hub: serve(t, data, "--demo", "--drain=0s"), c: c, path: "/meetings/" + c.meetings[0].Slug}
	g.tokens = c.tokens(g.hub)
	g.takes("au début", true, true)
	names, taken := 0, make(chan struct{})
	hog := func() {
		for os.WriteFile(filepath.Join(mount, fmt.Sprint("name", names)), nil, 0o600) == nil {
			names++
		}
	}
	hog()
	done := make(chan struct{})
	go func() { // the index gives names back when it has merged
		defer close(done)
		for {
			select {
			case <-taken:
				return
			case <-time.After(time.Millisecond):
				hog()
			}
		}
	}()
	g.takes("sans nom", true, false)
	g.reads("sans nom")
	close(taken)
	<-done
	for n := range names {
		ok(t, os.Remove(filepath.Join(mount, fmt.Sprint("name", n))))
	}
	g.takes("avec des noms", true, true)
	if code := g.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, g.log)
	}
	sound(t, data)
	t.Logf("TORTURE: T05 no inode left | 1 | %d names used up, %d papers refused | 0", names, g.refused)
	if names == 0 || g.refused != 1 {
		t.Errorf("%d names, %d refused", names, g.refused)
	}
}
