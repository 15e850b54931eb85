package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"belfry/store/kv/disktest"
)

// What a program of the tests is made to believe of its disk: that all it writes is there at once, though it is not; or, once it
// gets a signal, that all goes well (SIGUSR1), and that syncing or writing fails (SIGUSR2).
const (
	spoil       = "BELFRY_TEST_SPOIL"
	lyingDisk   = spoil + "=lying"
	failingSync = spoil + "=sync"
	failingDisk = spoil + "=write"
)

// spoilDisk does to this process what a test wants of its disk.
func spoilDisk() {
	calls := disktest.Syncs()
	switch os.Getenv(spoil) {
	case "":
		return
	case "lying":
		believe(disktest.Answer(0, calls...))
		return
	case "write":
		calls = disktest.Writes()
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for what := range told {
			if what == syscall.SIGUSR1 {
				believe(disktest.Answer(0, calls...))
			} else {
				believe(disktest.Answer(syscall.EIO, calls...))
			}
			fmt.Fprintln(os.Stderr, "disk spoiled:", what)
		}
	}()
}

func believe(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "NOT RUN:", err)
		os.Exit(3)
	}
}

// spoil tells a hub what to believe of its disk from now on.
func (h *hub) spoil(t *testing.T, how syscall.Signal) {
	t.Helper()
	ok(t, h.cmd.Process.Signal(how))
	h.log.await(t, "disk spoiled: "+how.String())
}
