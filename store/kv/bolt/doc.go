// Package bolt is the embedded engine: one file (go.etcd.io/bbolt), one writer, any number of readers.
//
// It adds to bbolt what a hub needs: updates of many callers share one commit (commit.go), every value carries a
// checksum that each read verifies (checksum.go), a file that is damaged, foreign or held by another process is
// refused before anything is written to it (open.go), what was deleted is taken out of the file while it is in use
// (compact.go), and the whole file can be examined without trusting it
// (verify.go, pages.go). It knows nothing of records and never repairs.
package bolt
