package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestT16StoppingWaitsForNobodySilent: a browser that opened a connection ahead and asked for nothing, and a laptop that
// sleeps and does not answer that its live connection is closed, hold up the end of a server for no second.
func TestT16StoppingWaitsForNobodySilent(t *testing.T) {
	h := newHall(t)
	m := h.Join(t, "Alma Testeuse", "BE-92094")
	h.wire(t, h.session(t, m)) // nobody reads it from here on
	ahead, err := net.Dial("tcp", strings.TrimPrefix(h.address, "http://"))
	ok(t, err)
	defer ahead.Close()
	kept, err := net.Dial("tcp", strings.TrimPrefix(h.address, "http://"))
	ok(t, err)
	defer kept.Close()
	_, _ = h.over(t, kept, "/meetings")
	began := time.Now()
	ok(t, h.server.Shutdown(ctx))
	if took := time.Since(began); took > 1800*time.Millisecond { // each was waited for two seconds and more
		t.Errorf("stopping took %v", took)
	}
	_ = ahead.SetReadDeadline(time.Now().Add(5 * time.Second))
	if said, err := io.ReadAll(ahead); err != nil || len(said) > 0 {
		t.Errorf("the connection without a request was told %q, %v", said, err)
	}
}

// TestT16WhoeverIsAnsweredLastComesElsewhere: an answer of a server that is about to stop says that its connection ends, so
// that nobody sends a request on one that is being closed; a page that is kept too.
func TestT16WhoeverIsAnsweredLastComesElsewhere(t *testing.T) {
	h := newHall(t)
	for _, path := range []string{"/meetings", "/meetings", "/healthz", "/nowhere"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.address, "http://"))
		ok(t, err)
		defer conn.Close()
		if res, _ := h.over(t, conn, path); res.Close {
			t.Fatalf("%s: the connection ends too early", path)
		}
	}
	h.server.Drain(0)
	for _, path := range []string{"/meetings", "/healthz", "/nowhere"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.address, "http://"))
		ok(t, err)
		defer conn.Close()
		if res, rest := h.over(t, conn, path); !res.Close || rest.Buffered() > 0 {
			t.Errorf("%s: the connection goes on, status %d", path, res.StatusCode)
		}
	}
}

// over asks for a page on a connection.
func (h *hall) over(t testing.TB, conn net.Conn, path string) (*http.Response, *bufio.Reader) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+strings.TrimPrefix(h.address, "http://")+"\r\n\r\n")
	ok(t, err)
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	ok(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	ok(t, err)
	return res, r
}
