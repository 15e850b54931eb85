//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestT05FullDiskDuringAnUpload sends papers to a serving hub until its small file system is full: the last one is refused
// with a plain page, nothing of it stays, those before are whole, and there is room again when the disk has some.
func TestT05FullDiskDuringAnUpload(t *testing.T) {
	c := newCommunity(t, 1, 1)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("NOT RUN: a disk that fills during an upload to a serving hub (mounting a small file system needs root: %v)", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	backup, data, ballast := filepath.Join(t.TempDir(), "backup.zip"), filepath.Join(dir, "data"), filepath.Join(dir, "ballast")
	belfry(t, "backup", "--data", c.dir, backup).ends(t, 0)
	belfry(t, "restore", "--data", data, backup).ends(t, 0)
	ok(t, os.WriteFile(ballast, make([]byte, 4<<20), 0o600))
	h := serve(t, data, "--demo", "--keep-free=0")
	token, path := c.tokens(h)[0], "/meetings/"+c.meetings[0].Slug
	send := func(n int) (int, string) {
		t.Helper()
		status, page, err := h.upload(path+"/documents", c.sessions[0], token, append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte{byte('a' + n)}, 1_500_000)...))
		ok(t, err)
		return status, page
	}
	kept := 0
	for status := 303; ; kept++ {
		var page string
		if status, page = send(kept); status == 507 {
			plain(t, page)
			break
		}
		if status != 303 || kept > 12 {
			t.Fatalf("paper %d: status %d: %.400s", kept, status, page)
		}
	}
	if kept == 0 {
		t.Fatal("not one paper was taken")
	}
	count := func() int {
		_, page, err := h.get(path, "")
		ok(t, err)
		return strings.Count(page, ".pdf\"")
	}
	if got := count(); got != kept {
		t.Errorf("%d papers are listed, %d were taken", got, kept)
	}
	files := 0
	ok(t, filepath.Walk(filepath.Join(data, "documents"), func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			files++
		}
		return err
	}))
	if files != kept {
		t.Errorf("%d files lie on the shelf for %d papers", files, kept)
	}
	sound(t, data)
	ok(t, os.Remove(ballast))
	if status, page := send(kept); status != 303 {
		t.Errorf("there is room again, and the answer is %d: %.400s", status, page)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	sound(t, data)
	t.Logf("TORTURE: T05 disk full during an upload | 1 | full after %d papers | 0", kept)
}
