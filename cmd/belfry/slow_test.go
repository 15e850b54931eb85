package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"belfry/server/live/client"
	"belfry/store"
)

// dawdler is a way to hold a connection without doing anything with it.
type dawdler struct {
	name  string
	begin func(c *caller) error
	drips bool // sends a byte now and then; otherwise it asks for much and reads nothing
}

// dawdled is how many of a kind were cut, and after how long the last of them.
type dawdled struct {
	mu   sync.Mutex // guards what follows
	cut  int
	kept int
	last time.Duration
	err  error
}

// dawdle holds so many connections until they are cut, or have not been long after they should. Whoever reads nothing sees
// nothing of that either before it sends something, which it does only when the time is over.
func (d dawdler) dawdle(address string, many int, patience time.Duration) *dawdled {
	var out dawdled
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			took, err := d.hold(address, patience)
			out.mu.Lock()
			defer out.mu.Unlock()
			switch {
			case err != nil:
				out.err = err
			case took == 0:
				out.kept++
			default:
				out.cut, out.last = out.cut+1, max(out.last, took)
			}
		})
	}
	all.Wait()
	return &out
}

// slack is what a busy machine may add to a time.
const slack = 6 * time.Second

// due is after how long a slow connection must be cut: ten seconds where the hub's patience is nine.
func due(patience time.Duration) time.Duration { return patience + patience/9 }

// errComeBack is of who was told to come back in a moment, as many at once are.
var errComeBack = errors.New("503")

// come connects and begins, again and again while it is told to come back.
func (d dawdler) come(address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: time.Minute, Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2048) })
	}}
	for try := 0; ; try++ {
		conn, err := dialer.Dial("tcp", address)
		if err != nil {
			return nil, err
		}
		if err = d.begin(&caller{Conn: conn}); err == nil {
			return conn, nil
		}
		_ = conn.Close()
		if !errors.Is(err, errComeBack) || try == 20 {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		time.Sleep(time.Second)
	}
}

func (d dawdler) hold(address string, patience time.Duration) (cut time.Duration, err error) {
	conn, err := d.come(address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	began, gone := time.Now(), make(chan time.Duration, 1)
	if d.drips {
		go func() {
			_, _ = io.Copy(io.Discard, conn) // until it is cut
			gone <- max(time.Since(began), 1)
		}()
	}
	over, step := min(slack, 5*patience), patience/9
	if !d.drips { // what it sends then is the beginning of a request, for which it would have as much time again
		time.Sleep(due(patience))
		over, step = min(slack, patience*9/10), 50*time.Millisecond
	}
	end := time.After(due(patience) + over - time.Since(began))
	beat := time.NewTicker(step)
	defer beat.Stop()
	for {
		select {
		case took := <-gone:
			return took, nil
		case <-end:
			return 0, nil
		case <-beat.C:
			if _, err := conn.Write([]byte("a")); err != nil {
				return max(time.Since(began), 1), nil
			}
		}
	}
}

// dawdlers are the ways there are by HTTP. The file they ask for is the largest there is.
func dawdlers(host, page string) []dawdler {
	say := func(text string) func(*caller) error {
		return func(c *caller) error { _, err := io.WriteString(c, text); return err }
	}
	head := " HTTP/1.1\r\nHost: " + host + "\r\n"
	refused := func(c *caller) error { // a live connection that did not come about is one like any other
		if _, err := io.WriteString(c, "GET /live"+head+"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c, 12); err != nil { // the rest is read no more than what comes then
			return err
		}
		return say(strings.Repeat("GET "+page+head+"\r\n", 4))(c)
	}
	form := head + "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nContent-Length: "
	return []dawdler{
		{"slow heads", say("GET / HTTP/1.1\r\nX-Slow: "), true},
		{"slow bodies", say("POST /sign-in" + form + "12000\r\n\r\nemail="), true},
		{"slow large bodies", say("POST /sign-in" + form + "3000000\r\n\r\nemail="), true},
		{"slow readers", say(strings.Repeat("GET "+page+head+"\r\n", 4)), false},
		{"slow readers, refused a live connection", refused, false},
	}
}

// frame is a text frame of a client, masked with zeros.
func frame(text string, claimed int) []byte {
	b := append([]byte{0x81, 0x80 | 126}, binary.BigEndian.AppendUint16(nil, uint16(claimed))...)
	return append(append(b, 0, 0, 0, 0), text...)
}

// liveDawdlers are the ways there are on a live connection.
func liveDawdlers(host string, sessions []string) []dawdler {
	var n atomic.Int64
	enter := func(c *caller) error {
		session := sessions[int(n.Add(1))%len(sessions)]
		key := base64.StdEncoding.EncodeToString([]byte("sixteen bytes ok"))
		if _, err := io.WriteString(c, "GET /live HTTP/1.1\r\nHost: "+host+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+
			key+"\r\nSec-WebSocket-Protocol: belfry.live.v1\r\nCookie: belfry_session="+session+"\r\n\r\n"); err != nil {
			return err
		}
		b := make([]byte, 0, 1024)
		for !strings.Contains(string(b), `"hello"`) {
			piece := make([]byte, 256)
			k, err := c.Read(piece)
			if b = append(b, piece[:k]...); strings.HasPrefix(string(b), "HTTP/1.1 503") {
				return errComeBack
			}
			if err != nil || len(b) > 4096 || len(b) > 12 && !strings.HasPrefix(string(b), "HTTP/1.1 101") {
				return fmt.Errorf("%w: %.100s", err, b)
			}
		}
		return nil
	}
	return []dawdler{
		{"slow frames", func(c *caller) error {
			if err := enter(c); err != nil {
				return err
			}
			_, err := c.Write(frame(`{"type":"subscribe",`, 20_000))
			return err
		}, true},
		{"slow listeners", func(c *caller) error {
			if err := enter(c); err != nil {
				return err
			}
			subscribe := `{"type":"subscribe","room":"` + store.LoungeID + `"}`
			for range 8 {
				if _, err := c.Write(frame(subscribe, len(subscribe))); err != nil {
					return err
				}
			}
			return nil
		}, false},
	}
}

// chatty fills the lounge: who enters gets a page of some hundred kilobytes.
func chatty(t *testing.T, h *hub, session string) {
	t.Helper()
	one := client.New(client.Options{URL: "ws" + strings.TrimPrefix(h.url, "http") + "/live", Name: "chatty", Header: http.Header{"Cookie": {"belfry_session=" + session}}})
	go func() { _ = one.Run(t.Context()) }()
	for n := range 25 {
		_, err := one.Send(t.Context(), store.LoungeID, fmt.Sprint(n, strings.Repeat(" beaucoup de paroles", 195)))
		ok(t, err)
	}
}

// TestT28SlowClients lets many of each kind hold connections all at once. Every one is cut in time and counted, and meanwhile an
// ordinary person is served whatever they ask.
func TestT28SlowClients(t *testing.T) {
	plainly(t)
	many, patience := 40, 1500*time.Millisecond
	if long() {
		many, patience = 500, 9*time.Second
	}
	c := newCommunity(t, 20, 3)
	h := serve(t, c.dir, "--demo", "--metrics", "127.0.0.1:0", "--patience", patience.String())
	host := strings.TrimPrefix(h.url, "http://")
	tokens := c.tokens(h)
	chatty(t, h, c.sessions[1])
	page := largest(t, h)
	kinds := append(dawdlers(host, page), liveDawdlers(host, c.sessions[2:])...)
	stop, person := make(chan struct{}), &outcome{}
	var all sync.WaitGroup
	all.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			began := time.Now()
			code, body, err := 0, "", error(nil)
			if path := []string{"/", "/meetings", "/towns", "rsvp", "/unread"}[n%5]; path == "rsvp" {
				code, body, err = h.post("/meetings/"+c.meetings[n%3].Slug+"/rsvp", c.sessions[0], map[string][]string{"csrf": {tokens[0]}, "answer": {"online"}})
			} else {
				code, body, err = h.get(path, c.sessions[0])
			}
			if err == nil && code >= 400 {
				err = fmt.Errorf("%d %.200s", code, body)
			}
			person.note(time.Since(began), false, err)
		}
	})
	found := make([]*dawdled, len(kinds))
	var crowd sync.WaitGroup
	for i, kind := range kinds {
		crowd.Go(func() { found[i] = kind.dawdle(host, many, patience) })
	}
	crowd.Wait()
	close(stop)
	all.Wait()
	counted := 0
	for i, got := range found {
		if got.err != nil || got.kept > 0 || got.cut != many || got.last > due(patience)+slack {
			t.Errorf("%s: %d of %d cut, the last after %v, %d were not; %v", kinds[i].name, got.cut, many, got.last, got.kept, got.err)
		}
		counted += got.cut
		t.Logf("%s: %d cut within %v", kinds[i].name, got.cut, got.last.Round(time.Millisecond))
	}
	if len(person.failed) > 0 || len(person.taken) == 0 {
		t.Errorf("%d of %d requests of an ordinary person failed, the first: %v", len(person.failed), person.sent, slices.Concat(person.failed, []error{nil})[0])
	}
	slow, live, turned := h.metric("belfry_connections_slow_total"), h.metric("belfry_sockets_slow_total"), h.metric("belfry_bodies_refused_total")
	if int(slow+turned) < 5*many || int(live) < 2*many || long() && turned == 0 {
		t.Errorf("counted: %v slow, %v live ones, %v bodies refused; %d of each kind", slow, live, turned, many)
	}
	t.Logf("an ordinary person meanwhile: %d requests, 95 %% within %v, 99 %% within %v; memory %.0f MiB; largest file %s", person.sent, person.within(95), person.within(99), h.memory(), page)
	t.Logf("TORTURE: T28 slow clients, %d of each of %d kinds | 1 | %d cut, %d requests of others meanwhile | %d", many, len(kinds), counted, person.sent, len(person.failed))
}

// largest is the address of the largest thing that anybody may read.
func largest(t *testing.T, h *hub) (where string) {
	t.Helper()
	_, page, err := h.get("/", "")
	ok(t, err)
	most := 0
	for _, path := range regexp.MustCompile(`/static/[^"]+`).FindAllString(page, -1) {
		if _, body, err := h.get(path, ""); err == nil && len(body) > most {
			where, most = path, len(body)
		}
	}
	if most < 50_000 {
		t.Errorf("%s is only %d bytes", where, most)
	}
	return where
}

// TestT28AServerWithPatience is the negative control: the same dawdlers hold a server without limits as long as they like.
func TestT28AServerWithPatience(t *testing.T) {
	body := strings.Repeat("x", 8<<20)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, body)
	}))
	defer func() { s.CloseClientConnections(); s.Close() }()
	host := strings.TrimPrefix(s.URL, "http://")
	var all sync.WaitGroup
	for _, kind := range dawdlers(host, "/") {
		all.Go(func() {
			if got := kind.dawdle(host, 3, 100*time.Millisecond); got.kept != 3 {
				t.Errorf("%s: %d of 3 were cut by a server that cuts nobody", kind.name, got.cut)
			}
		})
	}
	all.Wait()
}
