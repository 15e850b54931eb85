//go:build linux

package shelf_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"belfry/store/shelf"
)

// TestT05FullDisk lets a small file system run full during an upload: nothing of it stays, what was kept before is sound,
// and a smaller paper still fits.
func TestT05FullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("NOT RUN: a disk that fills during an upload (mounting a small file system needs root: %v)", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	s := shelf.At(dir)
	before := put(t, s, "before")
	for range 3 {
		_, err := s.Receive(ctx, io.LimitReader(strings.NewReader(strings.Repeat("x", 4<<20)), 4<<20), 8<<20)
		if !errors.Is(err, shelf.ErrNoSpace) {
			t.Fatalf("a file larger than the disk: %v", err)
		}
	}
	put(t, s, strings.Repeat("small ", 100_000))
	if err := s.Verify(ctx, before.Hash); err != nil {
		t.Error(err)
	}
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if !entry.IsDir() {
			t.Errorf("left behind: %s", entry.Name())
		}
	}
}
