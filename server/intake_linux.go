package server

import (
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT, which the package syscall does not name.
const tcpUserTimeout = 18

// takenWithin lets the system end a connection whose other side takes nothing of what it was sent for so long, whether it
// is gone or does not read. Where that cannot be set, writing to it still ends by its own time.
func takenWithin(of syscall.Conn, limit time.Duration) {
	raw, err := of.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(limit.Milliseconds()))
	})
}
