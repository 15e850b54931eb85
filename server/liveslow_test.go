package server_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	talker "belfry/server/live/client"
	"belfry/store"
	"belfry/store/storetest"

	"github.com/gorilla/websocket"
)

// thin is a connection that takes so many bytes a second, and none any more once it stands still.
type thin struct {
	net.Conn
	rate  int
	still atomic.Bool
}

func (c *thin) Read(p []byte) (int, error) {
	for c.still.Load() {
		time.Sleep(time.Millisecond)
	}
	n, err := c.Conn.Read(p[:min(len(p), 4<<10)])
	time.Sleep(time.Duration(n) * time.Second / time.Duration(c.rate))
	return n, err
}

// thinWire is a live connection over a thin line. Little is held for it on the way.
func (h *hall) thinWire(t *testing.T, header http.Header, rate int) (*wire, *thin) {
	t.Helper()
	line := &thin{rate: rate}
	dialer := websocket.Dialer{Subprotocols: []string{"belfry.live.v1"}, NetDial: func(network, addr string) (net.Conn, error) {
		conn, err := net.Dial(network, addr)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(48 << 10)
		}
		line.Conn = conn
		return line, err
	}}
	conn, _, err := dialer.Dial(h.live(), header)
	ok(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &wire{conn, t}, line
}

// TestT14ASlowLineIsKept: whoever takes what they asked for, however slowly, gets all of it, much longer than the patience;
// who stops in the middle is cut as soon as those who never take anything.
func TestT14ASlowLineIsKept(t *testing.T) {
	const patience, rate = 250 * time.Millisecond, 500 << 10
	hub := storetest.OpenRendering(t, server.Renderer())
	hub.Clock.Set(time.Now())
	h := hallWith(t, hub, func(o *server.Options) { o.Patience = patience })
	m := h.Join(t, "Alma Testeuse", "BE-92094")
	for n := range 50 {
		_, err := h.Send(ctx, store.As(m.ID), store.LoungeID, store.MessageInput{Source: fmt.Sprint(n, strings.Repeat(" beaucoup de paroles", 190))})
		ok(t, err)
		h.Clock.Add(3 * time.Second)
	}
	w, line := h.thinWire(t, h.session(t, m), rate)
	w.next("hello")
	began := time.Now()
	ask := `{"type":"subscribe","room":"lounge"}`
	w.say(ask)
	w.say(ask)
	w.next("subscribed")
	first := w.next("subscribed")
	b, err := json.Marshal(first)
	ok(t, err)
	took := time.Since(began)
	if len(first["messages"].([]any)) != 50 || took < 3*patience {
		t.Errorf("%d messages in %d bytes after %v: the line is not slow", len(first["messages"].([]any)), len(b), took)
	}
	w.say(ask)
	w.say(ask)
	ok(t, w.SetReadDeadline(time.Now().Add(10*time.Second)))
	for err = io.ErrUnexpectedEOF; errors.Is(err, io.ErrUnexpectedEOF); { // what is shorter is presence
		_, r, gone := w.NextReader()
		ok(t, gone)
		_, err = io.ReadFull(r, make([]byte, len(b)/4))
	}
	ok(t, err)
	if open, _ := h.size(); open != 1 {
		t.Errorf("%d connections are open while one takes its page", open)
	}
	line.still.Store(true)
	stood := time.Now()
	for open := 1; open > 0 && time.Since(stood) < 10*patience; time.Sleep(time.Millisecond) {
		open, _ = h.size()
	}
	if cut := time.Since(stood); cut < patience/2 || cut > 3*patience {
		t.Errorf("a line that stands still is cut after %v", cut)
	}
	line.still.Store(false)
	for err == nil {
		_, _, err = w.ReadMessage()
	}
	if strings.Contains(err.Error(), "timeout") {
		t.Error(err)
	}
	if _, _, slow, _ := h.server.Live(); slow != 1 {
		t.Errorf("%d were too slow", slow)
	}
}

// TestTortureT14SlowReaders: those who never read are cut off with little memory, others notice nothing, and they come back without loss.
func TestTortureT14SlowReaders(t *testing.T) {
	h := newHall(t)
	m := h.Join(t, "Alma Testeuse", "BE-92094")
	header := h.session(t, m)
	running, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	var late atomic.Int64
	for i := range 30 {
		c := talker.New(talker.Options{URL: h.live(), Header: header, Name: fmt.Sprint("quick", i)})
		c.Follow(store.LoungeID, 0, 0, talker.Handlers{Message: func(talker.Message) { late.Add(1) }})
		all.Go(func() { _ = c.Run(running) })
	}
	var slow []net.Conn
	for range 5 {
		conn := h.raw(t, header)
		_ = conn.(*buffered).Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		_, err := conn.Write(frame(true, 1, []byte(`{"type":"subscribe","room":"lounge","after":0}`)))
		ok(t, err)
		slow = append(slow, conn)
	}
	words := make([]byte, 1500)
	const messages = 400
	for n := range messages {
		_, _ = rand.Read(words)
		_, err := h.Send(ctx, store.As(m.ID), store.LoungeID, store.MessageInput{Source: fmt.Sprintf("%d %x", n, words)})
		ok(t, err)
		h.Clock.Add(3 * time.Second)
	}
	for end := time.Now().Add(20 * time.Second); late.Load() < 30*messages && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	if late.Load() != 30*messages {
		t.Errorf("those who read got %d of %d", late.Load(), 30*messages)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if n, _ := h.size(); n <= 30 {
			break
		}
	}
	if n, _ := h.size(); n > 30 {
		t.Errorf("%d of those who never read are still held", n-30)
	}
	for _, conn := range slow {
		if got := code(t, conn); got != 0 {
			t.Errorf("cut off with %d", got)
		}
	}
	back := &ear{Client: talker.New(talker.Options{URL: h.live(), Header: header, Name: "back"})}
	back.Follow(store.LoungeID, 360, 0, back.handlers())
	all.Go(func() { _ = back.Run(running) })
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if last, _ := back.Place(store.LoungeID); last == messages {
			break
		}
	}
	back.mu.Lock()
	defer back.mu.Unlock()
	if n := len(back.heard); n != 40 || back.heard[0].Number != 361 {
		t.Errorf("who comes back gets %d messages", n)
	}
	t.Logf("TORTURE: T14 slow readers | 1 | %d of 35 who never read cut off, %d messages heard by the others | 0", len(slow), late.Load())
}
