//go:build bench

package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestIdleConnections prints how much memory of the server one idle live connection takes: ten thousand of them, each
// of which has said one thing, in a process of its own.
// go test -tags bench -run TestIdleConnections -v ./cmd/belfry
func TestIdleConnections(t *testing.T) {
	many := 9_000
	if n, err := strconv.Atoi(os.Getenv("BELFRY_BENCH_CONNECTIONS")); err == nil && n > 0 {
		many = n
	}
	c := newCommunity(t, 1, 0)
	h := serve(t, c.dir, "--demo")
	address := strings.TrimPrefix(h.url, "http://")
	connect := func(n int) []net.Conn {
		conns := make([]net.Conn, n)
		var all sync.WaitGroup
		next := make(chan int)
		for range 32 {
			all.Go(func() {
				for i := range next {
					conn, err := net.Dial("tcp", address)
					if err != nil {
						t.Error(err)
						return
					}
					conns[i] = conn
					fmt.Fprintf(conn, "GET /live HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: belfry.live.v1\r\nCookie: belfry_session=%s\r\n\r\n", address, c.sessions[0])
					in := bufio.NewReader(conn)
					answer, err := http.ReadResponse(in, nil)
					if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
						t.Errorf("handshake: %v %v", answer, err)
						return
					}
					frame := []byte(`{"type":"away","away":true}`)
					_, _ = conn.Write(append([]byte{0x81, 0x80 | byte(len(frame)), 0, 0, 0, 0}, frame...))
				}
			})
		}
		for i := range n {
			next <- i
		}
		close(next)
		all.Wait()
		return conns
	}
	resident := func() int {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
		ok(t, err)
		_, rest, _ := strings.Cut(string(status), "VmRSS:")
		n, err := strconv.Atoi(strings.Fields(rest)[0])
		ok(t, err)
		return n
	}
	warm := connect(500)
	time.Sleep(3 * time.Second)
	before := resident()
	held := connect(many)
	best := 1 << 30
	for end := time.Now().Add(150 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Second) { // what is not used is given back in time
		best = min(best, resident())
	}
	fmt.Printf("%d idle connections: %.1f KiB each (%d to %d MiB resident; target 8 KiB)\n", many, float64(best-before)/float64(many), before>>10, best>>10)
	for _, conn := range append(warm, held...) {
		if conn != nil {
			_ = conn.Close()
		}
	}
	_ = h.stop()
}
