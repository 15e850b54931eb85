package server_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	talker "belfry/server/live/client"
	"belfry/store"
)

// scissors is a proxy that cuts connections at random bytes: by a reset, in the middle of a frame, after a silence, or
// half first.
type scissors struct {
	net.Listener
	to    string
	quiet atomic.Bool // cuts no more
	cuts  atomic.Int64
	ways  [4]atomic.Int64
}

func newScissors(t *testing.T, to string) *scissors {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	s := &scissors{Listener: listener, to: to}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.carry(conn)
		}
	}()
	return s
}

// carry passes bytes on in both directions until a cut.
func (s *scissors) carry(from net.Conn) {
	to, err := net.Dial("tcp", s.to)
	if err != nil {
		_ = from.Close()
		return
	}
	way, budget := rand.IntN(4), int64(600+rand.IntN(30_000))
	if s.quiet.Load() {
		budget = 1 << 40
	}
	var once sync.Once
	cut := func(counted bool) {
		once.Do(func() {
			if counted {
				s.cuts.Add(1)
				s.ways[way].Add(1)
				switch way {
				case 0: // reset
					_ = from.(*net.TCPConn).SetLinger(0)
					_ = to.(*net.TCPConn).SetLinger(0)
				case 2: // silence
					time.Sleep(200 * time.Millisecond)
				case 3: // half first
					_ = from.(*net.TCPConn).CloseWrite()
					time.Sleep(50 * time.Millisecond)
				}
			}
			_ = from.Close()
			_ = to.Close()
		})
	}
	pass := func(dst, src net.Conn) {
		n, _ := io.CopyN(dst, src, budget)
		cut(n == budget)
	}
	go pass(to, from)
	pass(from, to)
}

// ear is one connection of the test, and what it heard.
type ear struct {
	*talker.Client
	mu     sync.Mutex // guards heard
	heard  []talker.Message
	resets int
}

func (e *ear) handlers() talker.Handlers {
	return talker.Handlers{
		Message: func(m talker.Message) { e.mu.Lock(); e.heard = append(e.heard, m); e.mu.Unlock() },
		Reset: func(latest []talker.Message) {
			e.mu.Lock()
			e.heard = append(e.heard, latest...)
			e.resets++
			e.mu.Unlock()
		},
	}
}

// faults compares what an ear heard with the numbers 1 to last.
func (e *ear) faults(last int) (lost, repeated, disorder int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	seen, before := map[int]bool{}, 0
	for _, m := range e.heard {
		if seen[m.Number] {
			repeated++
		} else if m.Number < before {
			disorder++
		}
		seen[m.Number], before = true, max(before, m.Number)
	}
	return last - len(seen), repeated, disorder
}

// cutTalk is a community that talks in several rooms through cut lines.
type cutTalk struct {
	*hall
	ears     []*ear
	rooms    []store.Room
	sent     sync.Map // text → number
	messages int
}

// cutCount is how many cuts a run makes: few in make test, more with BELFRY_TORTURE_ROUNDS.
func cutCount() int {
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil && n > 0 {
		return 100 * n
	}
	return 500
}

// talkThroughCuts lets 200 connections of 40 members talk in 4 rooms until the line was cut so often.
func talkThroughCuts(t *testing.T, broken bool, cuts int) (lost, repeated, disorder int) {
	h := newHall(t)
	if broken {
		server.BreakResume(h.server)
	}
	c := &cutTalk{hall: h}
	const people, connections, roomCount = 40, 200, 4
	var members []store.Member
	var sessions []string
	for i := range people {
		m := h.Join(t, fmt.Sprintf("Voix Numéro%d", i), "BE-92094")
		members = append(members, m)
		sessions = append(sessions, h.session(t, m).Get("Cookie"))
	}
	for i := range roomCount {
		r, err := h.OpenRoom(ctx, store.As(members[0].ID), store.RoomInput{Name: fmt.Sprint("Salle ", i), Access: store.AccessMembers})
		ok(t, err)
		c.rooms = append(c.rooms, r)
	}
	line := newScissors(t, strings.TrimPrefix(h.address, "http://"))
	running, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range connections {
		header := map[string][]string{"Cookie": {sessions[i%people]}}
		e := &ear{Client: talker.New(talker.Options{URL: "ws://" + line.Addr().String() + "/live", Header: header, Name: fmt.Sprint("ear", i), MaxWait: 300 * time.Millisecond})}
		e.Follow(c.rooms[i%roomCount].Slug, 0, 0, e.handlers())
		c.ears = append(c.ears, e)
		all.Go(func() { _ = e.Run(running) })
	}
	c.talk(running, t, line, cuts)
	line.quiet.Store(true)
	c.settle(t, broken)
	stop()
	all.Wait()
	for i, r := range c.rooms {
		log, err := h.RoomLog(ctx, r.ID)
		ok(t, err)
		for k := i; k < connections; k += roomCount {
			l, r, d := c.ears[k].faults(log.Last)
			lost, repeated, disorder = lost+l, repeated+r, disorder+d
		}
	}
	c.once(t)
	control := ""
	if broken {
		control = ", the control: a hub that resumes nothing"
	}
	t.Logf("TORTURE: T11 connections cut while people talk%s | %d | %d messages, %d cuts (%d resets, %d in a frame, %d silences, %d halves) | %d", control, cuts/100, c.messages, line.cuts.Load(),
		line.ways[0].Load(), line.ways[1].Load(), line.ways[2].Load(), line.ways[3].Load(), lost+repeated+disorder)
	for i := range line.ways {
		if !broken && line.ways[i].Load() == 0 {
			t.Errorf("way %d of cutting never happened", i)
		}
	}
	return lost, repeated, disorder
}

// talk sends 50 messages a second until the line was cut often enough.
func (c *cutTalk) talk(ctx context.Context, t *testing.T, line *scissors, cuts int) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var sending sync.WaitGroup
	for end := time.Now().Add(3 * time.Minute); line.cuts.Load() < int64(cuts) && time.Now().Before(end); c.messages++ {
		<-tick.C
		if c.messages%4 == 3 { // the store's clock goes faster than the wall's, or people would be too fast
			c.Clock.Add(300 * time.Millisecond)
		}
		n := c.messages
		sending.Go(func() {
			text := fmt.Sprintf("message %d", n)
			number, err := c.ears[n%len(c.ears)].Send(ctx, c.rooms[n%len(c.ears)%len(c.rooms)].Slug, text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				return
			}
			c.sent.Store(text, number)
		})
	}
	sending.Wait()
}

// settle waits until every ear has come as far as its room.
func (c *cutTalk) settle(t *testing.T, broken bool) {
	wait := 20 * time.Second
	if broken {
		wait = 2 * time.Second
	}
	for end := time.Now().Add(wait); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		behind := 0
		for i, e := range c.ears {
			log, err := c.RoomLog(ctx, c.rooms[i%len(c.rooms)].ID)
			ok(t, err)
			if last, _ := e.Place(c.rooms[i%len(c.rooms)].Slug); last < log.Last {
				behind++
			}
		}
		if behind == 0 {
			return
		}
	}
}

// once asserts that every message that was acknowledged is stored once, under the number that was said.
func (c *cutTalk) once(t *testing.T) {
	stored := map[string][]int{}
	for _, r := range c.rooms {
		page, err := c.RoomPage(ctx, store.As(c.ears[0].Me().ID), r.ID, store.MessageQuery{Limit: 100_000})
		ok(t, err)
		for _, row := range page.Rows {
			stored[row.Message.Source] = append(stored[row.Message.Source], row.Message.Number)
		}
	}
	c.sent.Range(func(text, number any) bool {
		if at := stored[text.(string)]; len(at) != 1 || at[0] != number.(int) {
			t.Errorf("%s was acknowledged as %d, and is stored as %v", text, number, at)
		}
		return true
	})
	_, err := c.Verify(ctx, func(f store.Fault) { t.Error(f) })
	ok(t, err)
}

// TestTortureT11CutConnections: connections cut at random bytes lose nothing, repeat nothing and mix up nothing, and a hub that does not hand on
// what was missed is seen.
func TestTortureT11CutConnections(t *testing.T) {
	before := runtime.NumGoroutine()
	lost, repeated, disorder := talkThroughCuts(t, false, cutCount())
	if lost+repeated+disorder > 0 {
		t.Errorf("%d lost, %d repeated, %d out of order", lost, repeated, disorder)
	}
	t.Run("control", func(t *testing.T) {
		if lost, _, _ := talkThroughCuts(t, true, 60); lost == 0 {
			t.Error("a hub that resumes nothing is not seen")
		}
	})
	t.Cleanup(func() {
		for end := time.Now().Add(25 * time.Second); runtime.NumGoroutine() > before+20 && time.Now().Before(end); {
			time.Sleep(50 * time.Millisecond)
		}
		if now := runtime.NumGoroutine(); now > before+20 { // the web server keeps goroutines that have nothing to do for up to twenty seconds
			t.Errorf("%d goroutines before, %d after", before, now)
		}
	})
}

// size is how many connections and rooms the hub holds.
func (h *hall) size() (sockets, rooms int) { return server.LiveSize(h.server) }
