package server_test

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// caller is a connection of a client that keeps it.
type caller struct {
	net.Conn
	in *bufio.Reader
}

func (h *hall) call(t *testing.T) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.address, "http://"))
	ok(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	ok(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return &caller{conn, bufio.NewReader(conn)}
}

// hears reads one answer and says its status, 0 when there was none.
func (c *caller) hears(t *testing.T) int {
	t.Helper()
	got, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Logf("no answer: %v", err)
		return 0
	}
	if _, err := io.Copy(io.Discard, got.Body); err != nil {
		t.Errorf("an answer was cut off: %v", err)
	}
	return got.StatusCode
}

// TestA15NobodyMakesWayWhoAsks fills the one place there is with somebody whose first request was answered and whose second is on
// its way, in every way that can be. Whoever comes waits until that one is answered too; then the connection makes way.
func TestA15NobodyMakesWayWhoAsks(t *testing.T) {
	const head = " HTTP/1.1\r\nHost: HOST\r\n"
	large := "GET " + largest(t, nil) + head + "\r\n"
	for name, c := range map[string]struct {
		sends, rest string
		wants       []int // of its answers
	}{
		"pipelined, and being worked on": {large + "GET /decisions" + head + "\r\n", "", []int{200, 503}},
		"half arrived":                   {large + "GET /hea", "lthz" + head + "\r\n", []int{200, 200}},
		"invited to go on": {large + "POST /sign-in" + head + "Expect: 100-continue\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\n",
			"email=", []int{200, 100, 422}},
	} {
		engine := &silent{}
		h := hallWith(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { engine.DB = db; return engine }), func(o *server.Options) { o.Connections = 1 })
		say := func(to io.Writer, text string) error {
			_, err := io.WriteString(to, strings.ReplaceAll(text, "HOST", strings.TrimPrefix(h.address, "http://")))
			return err
		}
		before := len(c.wants) - 1
		if c.wants[before] == 503 { // the others have all the time they need
			server.Hurry(h.server)
		}
		first := h.call(t)
		engine.on.Store(true)
		err := say(first, c.sends)
		ok(t, err)
		for _, want := range c.wants[:before] {
			if got := first.hears(t); got != want {
				t.Fatalf("%s: answered %d before anybody else came, not %d", name, got, want)
			}
		}
		second := h.call(t)
		ok(t, say(second, "GET /healthz"+head+"\r\n"))
		time.Sleep(150 * time.Millisecond) // a place is looked for every 50
		_ = say(first, c.rest)
		if got := first.hears(t); got != c.wants[before] {
			t.Errorf("%s: answered %d, not %d", name, got, c.wants[before])
		}
		if got := second.hears(t); got != 200 {
			t.Errorf("%s: whoever came then is answered %d", name, got)
		}
		_, _ = first.Close(), second.Close()
		engine.on.Store(false)
		if ended := h.server.Load().Ended; ended != 1 {
			t.Errorf("%s: %d made way", name, ended)
		}
	}
}

// largest is the address of the style sheet: an answer of it does not wait for the next one.
func largest(t *testing.T, h *hall) string {
	t.Helper()
	parts, err := shared()
	ok(t, err)
	return parts.assets.URL("css/belfry.css")
}

// TestA15EveryRequestIsAnswered lets many more come than there are places, each with pauses between requests: everybody
// has a turn, and when a connection makes way whose next request is just coming, that is answered too, if only by 408: it may be
// repeated.
func TestA15EveryRequestIsAnswered(t *testing.T) {
	h := hallWith(t, storetest.OpenRendering(t, server.Renderer()), func(o *server.Options) { o.Connections = 4 })
	request := "GET /healthz HTTP/1.1\r\nHost: " + strings.TrimPrefix(h.address, "http://") + "\r\n\r\n"
	var served, repeat, lost atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(1500 * time.Millisecond)
	for range 12 {
		all.Go(func() {
			for time.Now().Before(end) {
				c := h.call(t)
				for time.Now().Before(end) && !c.over() {
					_, err := io.WriteString(c, request)
					got, gone := http.ReadResponse(c.in, nil)
					switch {
					case gone != nil:
						lost.Add(1)
						t.Logf("sent: %v; answered: %v", err, gone)
					case got.StatusCode == 408:
						repeat.Add(1)
					default:
						_, _ = io.Copy(io.Discard, got.Body)
						served.Add(1)
					}
					if gone != nil || got.Close {
						break
					}
					time.Sleep(time.Duration(rand.IntN(int(2 * time.Millisecond))))
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
	if lost.Load() > 0 || served.Load() < 100 || h.server.Load().Ended < 12 {
		t.Errorf("%d requests were not answered, %d served, %d to be repeated; %d connections made way", lost.Load(), served.Load(), repeat.Load(), h.server.Load().Ended)
	}
	t.Logf("TORTURE: A15 connections that make way | 1 | %d served, %d told to repeat, %d made way | %d", served.Load(), repeat.Load(), h.server.Load().Ended, lost.Load())
}

// over says whether a connection ended while nobody asked anything, as a client looks before it asks.
func (c *caller) over() bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Microsecond))
	_, err := c.in.Peek(1)
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}
