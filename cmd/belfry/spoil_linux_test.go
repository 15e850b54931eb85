package main

import (
	"fmt"
	"os"

	"belfry/store/kv/disktest"
)

// lyingDisk makes a program of the tests believe that its disk has written what it has not.
const lyingDisk = "BELFRY_TEST_LYING_DISK=1"

// spoilDisk does to this process what a test wants of its disk.
func spoilDisk() {
	if os.Getenv("BELFRY_TEST_LYING_DISK") == "" {
		return
	}
	if err := disktest.Answer(0, disktest.Syncs()...); err != nil {
		fmt.Fprintln(os.Stderr, "NOT RUN:", err)
		os.Exit(3)
	}
}
