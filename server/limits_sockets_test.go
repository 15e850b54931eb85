//go:build bench

package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/server/live"
	"belfry/store"

	"github.com/gorilla/websocket"
)

// line is a live connection with as little of its own as can be.
type line struct {
	net.Conn
	in *bufio.Reader
}

// handshake connects; path and cookie may be those of a bare server.
func handshake(address, path, cookie string) (*line, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	l := &line{conn, bufio.NewReaderSize(conn, 512)}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: %s\r\nCookie: belfry_session=%s\r\n\r\n", path, address, live.Protocol, cookie)
	answer, err := http.ReadResponse(l.in, nil)
	if err == nil && answer.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("handshake: %s", answer.Status)
	}
	return l, err
}

func (l *line) say(frame string) {
	masked := append([]byte{0x81, 0x80 | byte(len(frame)), 0, 0, 0, 0}, frame...)
	_, _ = l.Write(masked)
}

// hear reads until a text comes, and says how much it read.
func (l *line) hear(text string) (total int, err error) {
	tail, piece := []byte{}, make([]byte, 4<<10)
	for !bytes.Contains(tail, []byte(text)) {
		n, err := l.in.Read(piece)
		if err != nil {
			return total, fmt.Errorf("waiting for %s: %w", text, err)
		}
		total += n
		tail = append(tail[max(0, len(tail)-len(text)):], piece[:n]...)
	}
	return total, nil
}

// cut ends a connection without a word, as when a process dies.
func (l *line) cut() {
	_ = l.Conn.(*net.TCPConn).SetLinger(0)
	_ = l.Close()
}

// connectMany opens n connections, so many at once.
func connectMany(t *testing.T, n, atOnce int, one func(i int) (*line, error)) []*line {
	lines := make([]*line, n)
	var all sync.WaitGroup
	next := make(chan int)
	for range atOnce {
		all.Go(func() {
			for i := range next {
				l, err := one(i)
				if err != nil {
					t.Error(err)
					continue
				}
				lines[i] = l
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	return lines
}

// idleRows measure what one of 9,000 idle connections costs, each of which has said one thing, and how long the hub holds
// anything of 10,000 that are cut at once. The first two processes are alike but for the connections, so that what is
// given back after the start is given back by both.
func idleRows(t *testing.T, a *table) {
	binary := built(t)
	const warm, many = 1_000, 10_000
	count := func(n int) (p *process, lines []*line) {
		folder, cookie, _ := grownFolder(t, 1_000)
		home := t.TempDir()
		ok(t, os.CopyFS(home, os.DirFS(folder)))
		p = serve(t, binary, "--data", home)
		lines = connectMany(t, n, 32, func(int) (*line, error) {
			l, err := handshake(p.address, "/live", cookie)
			if err == nil {
				l.say(`{"type":"away","away":true}`)
			}
			return l, err
		})
		if late := time.Since(p.began); late > 9*time.Second {
			t.Logf("%d connections took %s: what they cost is too high", n, late)
			time.Sleep(150 * time.Second) // collected of itself, and given back bit by bit
		}
		return p, lines
	}
	resident := func(p *process) float64 {
		p.settled(3 * time.Second)
		own, files := p.memory()
		return own + files
	}
	quiet, few := count(warm)
	p, lines := count(many)
	defer p.stop()
	base, full := resident(quiet), resident(p)
	for _, l := range few {
		l.cut()
	}
	quiet.stop()
	a.figure(fmt.Sprintf("live: one of %d idle connections, resident", many-warm), "8 KiB", "KiB", (full-base)*1024/(many-warm))
	if open := p.number("belfry_sockets"); open != many {
		t.Errorf("%v connections are open", open)
	}
	held := p.number("go_goroutines")
	start := time.Now()
	for _, l := range lines {
		l.cut()
	}
	cut := time.Since(start)
	left := func() bool {
		return p.number("belfry_sockets") > 0 || p.number("process_open_fds") > 100 || p.number("go_goroutines") > held-many+50
	}
	for left() && time.Since(start) < time.Minute {
		time.Sleep(5 * time.Millisecond)
	}
	if left() {
		t.Errorf("after a minute %v connections, %v descriptors, %v goroutines", p.number("belfry_sockets"), p.number("process_open_fds"), p.number("go_goroutines"))
	}
	a.figure(fmt.Sprintf("live: %d connections cut within %.1f s, all is free after", many, cut.Seconds()), "", "s", time.Since(start).Seconds())
}

// bareReturn is a bare gorilla server that gives everybody who comes and says something the same prepared frame.
func bareReturn(t *testing.T, payload []byte) string {
	frame, err := websocket.NewPreparedMessage(websocket.TextMessage, payload)
	ok(t, err)
	up := websocket.Upgrader{Subprotocols: []string{live.Protocol}, ReadBufferSize: 256, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	bare := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			if _, _, err := conn.ReadMessage(); err != nil || conn.WritePreparedMessage(frame) != nil {
				return
			}
		}
	})}
	go func() { _ = bare.Serve(listener) }()
	t.Cleanup(func() { _ = bare.Close() })
	return listener.Addr().String()
}

// stormRows measure 2,000 connections that are cut and all come back at once, each to twenty messages that it missed, beside
// a bare gorilla server that gives each one prepared frame of the same size.
func stormRows(t *testing.T, a *table) {
	const many, missed = 2_000, 20
	h := newHall(t)
	var members []store.Member
	var cookies []string
	for i := range 40 {
		m := h.Join(t, fmt.Sprintf("Voix Numéro%d", i), "BE-92094")
		members, cookies = append(members, m), append(cookies, strings.TrimPrefix(h.session(t, m).Get("Cookie"), "belfry_session="))
	}
	host, said := strings.TrimPrefix(h.address, "http://"), 0
	say := func() {
		said++
		_, err := h.Send(ctx, store.As(members[said%len(members)].ID), store.LoungeID, store.MessageInput{Source: fmt.Sprintf("Qui teste la version de mars avant jeudi ? Numéro %d.", said)})
		ok(t, err)
		h.Clock.Add(time.Second)
	}
	come := func(after int) []*line {
		return connectMany(t, many, many, func(i int) (*line, error) {
			l, err := handshake(host, "/live", cookies[i%len(cookies)])
			if err == nil {
				l.say(fmt.Sprintf(`{"type":"subscribe","room":"lounge","after":%d}`, after))
				_, err = l.hear(fmt.Sprintf("Numéro %d.", said))
			}
			return l, err
		})
	}
	for range 2 * missed {
		say()
	}
	lines := come(said - missed)
	whole, err := handshake(host, "/live", cookies[0])
	ok(t, err)
	whole.say(fmt.Sprintf(`{"type":"subscribe","room":"lounge","after":%d}`, said-missed))
	size, err := whole.hear(fmt.Sprintf("Numéro %d.", said))
	ok(t, err)
	whole.cut()
	bare := bareReturn(t, append(bytes.Repeat([]byte("x"), size), "end"...))
	r := a.add(fmt.Sprintf("live: %d come back at once, %d messages each", many, missed), "")
	var took []float64
	for range rounds() {
		var other []*line
		r.limit = append(r.limit, measure(func() int {
			other = connectMany(t, many, many, func(int) (*line, error) {
				l, err := handshake(bare, "/", "")
				if err == nil {
					l.say("x")
					_, err = l.hear("end")
				}
				return l, err
			})
			return many
		}))
		for i, l := range lines {
			l.cut()
			other[i].cut()
		}
		after := said
		for range missed {
			say()
		}
		start := time.Now()
		r.ours = append(r.ours, measure(func() int { lines = come(after); return many }))
		took = append(took, time.Since(start).Seconds())
	}
	a.figure("live: of them the last has everything after", "", "s", took...)
	for _, l := range lines {
		l.cut()
	}
}
