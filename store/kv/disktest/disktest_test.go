//go:build linux

package disktest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	childVariable = "BELFRY_TEST_CHILD"
	lyingVariable = "BELFRY_TEST_LYING"
)

// TestMain makes the test binary play a process that writes a file, syncs it, and says so.
func TestMain(m *testing.M) {
	path := os.Getenv(childVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	if os.Getenv(lyingVariable) != "" {
		if err := Answer(0, Syncs()...); err != nil {
			println(err.Error())
			os.Exit(2)
		}
	}
	f, err := os.Create(path)
	if err == nil {
		_, err = f.WriteString("written")
	}
	if err := errors.Join(err, f.Sync()); err != nil {
		os.Exit(1)
	}
}

// TestCut: what was synced is there when the power comes back, what was only said to be is not.
func TestCut(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind, func(t *testing.T) {
			d := New(t, kind, "")
			for name, lying := range map[string]string{"kept": "", "lost": "1"} {
				child := exec.Command(os.Args[0])
				child.Env = append(os.Environ(), childVariable+"="+filepath.Join(d.Path, name), lyingVariable+"="+lying, "GORACE=atexit_sleep_ms=0")
				if out, err := child.CombinedOutput(); err != nil {
					t.Skipf("NOT RUN: a kernel that lies about its disk: %v %s", err, out)
				}
				if err := d.Cut(); err != nil {
					t.Skipf("NOT RUN: a power cut on %s: %v", kind, err)
				}
				d.Back()
				if got, _ := os.ReadFile(filepath.Join(d.Path, name)); (string(got) == "written") != (name == "kept") {
					t.Errorf("%s: %q", name, got)
				}
			}
		})
	}
}

// TestAnswer: the kernel answers as it was told, and only those calls.
func TestAnswer(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	must(t, err)
	if os.Getenv("BELFRY_TEST_ANSWER") == "" {
		child := exec.Command(os.Args[0], "-test.run=TestAnswer", "-test.v")
		child.Env = append(os.Environ(), "BELFRY_TEST_ANSWER=1", "GORACE=atexit_sleep_ms=0")
		out, err := child.CombinedOutput()
		if strings.Contains(string(out), "NOT RUN") {
			t.Skip(string(out))
		}
		if err != nil {
			t.Errorf("%v %s", err, out)
		}
		return
	}
	if err := Answer(syscall.EIO, append(Syncs(), Writes()...)...); err != nil {
		t.Skipf("NOT RUN: errors of a disk: %v", err)
	}
	_, wrote := f.WriteAt([]byte("x"), 0)
	_, printed := f.WriteString("x")
	if synced := f.Sync(); !errors.Is(synced, syscall.EIO) || !errors.Is(wrote, syscall.EIO) || printed != nil {
		t.Errorf("sync %v, write %v, another %v", synced, wrote, printed)
	}
}
