//go:build !linux

package bolt

// Room is not asked for here.
func (db *DB) Room() (free, size int64, known bool) { return 0, 0, false }

// freeBytes is not asked for here: a disk that is full fails the copy, which is then taken away.
func freeBytes(string) (free int64, known bool) { return 0, false }

// sealed is not asked for here: a commit finds out.
func sealed(string) bool { return false }
