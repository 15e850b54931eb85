//go:build race

package store

// proving: under the race detector each record that was kept is compared with what its bytes say.
const proving = true
