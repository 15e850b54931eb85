// Package bolt is the embedded engine: one file (go.etcd.io/bbolt), one writer, any number of readers.
//
// It adds three things to bbolt: commits of many callers are gathered into one (commit.go), every value carries a
// checksum that is verified on each read (checksum.go), and a file that is damaged, foreign or held by another
// process is refused with a plain error before anything is written (open.go). It does not know records.
package bolt
