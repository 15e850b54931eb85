package postgres

import (
	"strings"
	"syscall"
)

// tcpUserTimeout is TCP_USER_TIMEOUT (tcp(7)): how long, in milliseconds, what was sent may stay unacknowledged. Keep-alives
// are not sent while something is, and the system itself would try for a quarter of an hour.
const tcpUserTimeout = 0x12

func giveUp(network, _ string, conn syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	return conn.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(deafLimit.Milliseconds())) // else it takes longer
	})
}
