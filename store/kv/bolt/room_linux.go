package bolt

import "syscall"

// freeBytes is how much this process may still write to the file system of a folder.
func freeBytes(dir string) (free int64, known bool) {
	var room syscall.Statfs_t
	if err := syscall.Statfs(dir, &room); err != nil {
		return 0, false
	}
	return int64(room.Bavail) * room.Bsize, true
}
