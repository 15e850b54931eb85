//go:build race

package store

import "os"

// proving: under the race detector records that were kept are compared with what their bytes say.
const proving = true

// proves says whether the n-th time that a record is found is looked at: at first, then ever more seldom, and with
// BELFRY_TORTURE_ROUNDS each time.
func proves(n uint32) bool { return n&(n-1) == 0 || os.Getenv("BELFRY_TORTURE_ROUNDS") != "" }
