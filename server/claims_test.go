package server_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"belfry/server"
)

// TestNoClaimOfABodyStays: whatever a request says of its body, and however it ends, what was claimed for it is free again.
func TestNoClaimOfABodyStays(t *testing.T) {
	h := newHall(t)
	host := strings.TrimPrefix(h.address, "http://")
	head := " HTTP/1.1\r\nHost: " + host + "\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	whole := server.FreeForBodies(h.server)
	for name, request := range map[string]string{
		"pieces, and none comes":          "POST /sign-in" + head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a page, pieces, and none comes":  "GET /" + head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"pieces, and none comes, waiting": "POST /sign-in" + head + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n0\r\n\r\n",
		"cut before a piece":              "POST /sign-in" + head + "Transfer-Encoding: chunked\r\n\r\n",
		"cut in a piece":                  "POST /sign-in" + head + "Transfer-Encoding: chunked\r\n\r\n4\r\nab",
		"a wrong piece":                   "POST /sign-in" + head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
		"cut before all":                  "POST /sign-in" + head + "Content-Length: 20000\r\n\r\n",
		"cut in the middle":               "POST /sign-in" + head + "Content-Length: 20000\r\n\r\nemail=",
		"a page with a body":              "GET /" + head + "Content-Length: 20000\r\n\r\n" + strings.Repeat("a", 20000),
		"a whole one":                     "POST /sign-in" + head + "Content-Length: 20000\r\n\r\n" + strings.Repeat("a", 20000),
		"of no kept page's host":          "HEAD /meetings" + head + "Content-Length: 20000\r\n\r\n" + strings.Repeat("a", 20000),
		"a wrong address":                 "POST http://[::1/" + head + "Content-Length: 20000\r\n\r\n" + strings.Repeat("a", 20000),
	} {
		conn, err := net.Dial("tcp", host)
		ok(t, err)
		_, err = io.WriteString(conn, request)
		ok(t, err)
		_ = conn.(*net.TCPConn).CloseWrite() // unless it is over
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		said, err := io.ReadAll(conn)
		first, _, _ := strings.Cut(string(said), "\r\n")
		_ = conn.Close()
		if free := server.FreeForBodies(h.server); free != whole {
			t.Errorf("%s: %d bytes are free, not %d; answered %q, %v", name, free, whole, first, err)
			whole = free
		}
	}
}
