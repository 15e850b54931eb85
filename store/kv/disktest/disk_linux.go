package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// Kinds are the file systems that Belfry is said to be safe on.
func Kinds() []string { return []string{"ext4", "xfs"} }

// Disk is a small file system in a file, mounted at Path for as long as the test runs.
type Disk struct {
	Path, Kind string
	t          testing.TB
	image      string
}

// size is how large a disk is; XFS takes no smaller one. Little of it is ever written.
const size = 400 << 20

// folder begins the names of the folders of disks; the number of the process that made one follows.
const folder = "belfry-disk-"

// New makes and mounts a disk of one of the Kinds. Its file lies in the folder within, "" for one of its own.
func New(t testing.TB, kind, within string) *Disk {
	t.Helper()
	sweep()
	own, err := os.MkdirTemp("", fmt.Sprint(folder, os.Getpid(), "-"))
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(own) })
	d := &Disk{Path: filepath.Join(own, mounted), Kind: kind, t: t, image: filepath.Join(own, "image")}
	if within != "" {
		d.image = filepath.Join(within, "image")
	}
	must(t, os.Mkdir(d.Path, 0o700))
	must(t, os.WriteFile(d.image, nil, 0o600))
	must(t, os.Truncate(d.image, size))
	make := map[string][]string{
		"ext4": {"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.image},
		"xfs":  {"mkfs.xfs", "-q", "-f", d.image},
	}[kind]
	if err := errors.Join(run(make...), d.mount()); err != nil {
		t.Skipf("NOT RUN: a failing disk with %s (needs root, a loop device and mkfs.%s): %v", kind, kind, err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.Path, syscall.MNT_DETACH) }) // the loop device goes with its mount
	return d
}

const mounted = "disk"

// sweep takes away what a test left that was killed.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), folder+"*"))
	for _, path := range left {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), folder), "-")
		if pid, err := strconv.Atoi(number); err != nil || syscall.Kill(pid, 0) != syscall.ESRCH {
			continue
		}
		_ = syscall.Unmount(filepath.Join(path, mounted), syscall.MNT_DETACH)
		_ = os.RemoveAll(path)
	}
}

func (d *Disk) mount() error { return run("mount", "-o", "loop", d.image, d.Path) }

// shutDown is EXT4_IOC_SHUTDOWN, which XFS has too, and noLogFlush its word for: what is not on the disk yet never will be.
const (
	shutDown   = 0x8004587d
	noLogFlush = 2
)

// Sync puts everything that was written so far on the disk.
func (d *Disk) Sync() error {
	root, err := os.Open(d.Path)
	if err != nil {
		return err
	}
	defer root.Close()
	if _, _, failed := syscall.Syscall(syncFS(), root.Fd(), 0, 0); failed != 0 {
		return fmt.Errorf("sync the file system: %w", failed)
	}
	return nil
}

// syncFS is the number of that call, which package syscall does not name.
func syncFS() uintptr {
	if runtime.GOARCH == "arm64" {
		return 267
	}
	return 306
}

// Cut takes the power away: nothing more is written, and what was not flushed is lost.
func (d *Disk) Cut() error {
	root, err := os.Open(d.Path)
	if err != nil {
		return err
	}
	defer root.Close()
	how := uint32(noLogFlush)
	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, root.Fd(), shutDown, uintptr(unsafe.Pointer(&how))); failed != 0 {
		return fmt.Errorf("shut the file system down: %w", failed)
	}
	return nil
}

// Back gives the power again, as a start of the machine does: nothing is remembered but what is on the disk. No process
// may have a file of it open.
func (d *Disk) Back() {
	d.t.Helper()
	must(d.t, run("umount", d.Path))
	must(d.t, d.mount())
}

func run(args ...string) error {
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w %s", args, err, bytes.TrimSpace(out))
	}
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
