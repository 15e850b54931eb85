package postgres

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// TestAServerThatIsGoneIsNoticed: the system gives up a connection within seconds on which nothing is acknowledged.
func TestAServerThatIsGoneIsNoticed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := dialer(time.Second).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	limit := 0
	if err := raw.Control(func(fd uintptr) { limit, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout) }); err != nil || limit != 8000 {
		t.Errorf("given up after %d ms: %v", limit, err)
	}
}
