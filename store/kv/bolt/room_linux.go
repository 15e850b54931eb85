package bolt

import (
	"math"
	"math/bits"
	"syscall"
)

// Room is how much this process may still write to the file system of a folder, and how large that is, in bytes.
func Room(dir string) (free, size int64, known bool) {
	var room syscall.Statfs_t
	if err := syscall.Statfs(dir, &room); err != nil {
		return 0, 0, false
	}
	return roomOf(room.Bavail, uint64(room.Bsize)), roomOf(room.Blocks, uint64(room.Bsize)), true
}

// roomOf is so many blocks in bytes. File systems over a network may name more than a number holds.
func roomOf(blocks, size uint64) int64 {
	high, low := bits.Mul64(blocks, size)
	if high > 0 || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}

// sealed says whether nothing may be written to the file system of a folder, as when the system found it damaged.
func sealed(dir string) bool {
	var room syscall.Statfs_t
	return syscall.Statfs(dir, &room) == nil && room.Flags&syscall.MS_RDONLY != 0
}
