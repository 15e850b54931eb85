package main

import (
	"syscall"
	"testing"
)

// TestAMoveNamesTheDiskThatIsFull moves to a file system with no room: it is the one that is named.
func TestAMoveNamesTheDiskThatIsFull(t *testing.T) {
	c, dir := newCommunity(t, 60, 4), t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("NOT RUN: a move to a full disk (mounting a small file system needs root: %v)", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	belfry(t, "move", "--from", c.dir, "--to", dir).ends(t, 1, "no room left on the disk for "+dir)
}
