package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv/postgres/pgtest"
)

// scene is three nodes over a primary and its synchronous standby, each on a machine of its own where that can be had,
// and people who answer, post, talk and ask for letters through all of them, whatever happens.
type scene struct {
	*chatter
	machines         []*pgtest.Machine // of the nodes, the primary and the standby; empty where there is no network
	primary, standby *pgtest.Server
	address          string
	gives            time.Duration // how long a node waits for the standby
	look             *store.Store  // reads and writes beside the nodes
	threads          []int

	crowd   *crowd
	running context.Context
	stop    func()
	all     sync.WaitGroup

	mu     sync.Mutex // guards posts
	posts  map[string]bool
	tries  atomic.Int64 // of posts
	asked  int          // letters
	doubt  int          // letters of which it is not known whether they were asked for
	before int          // letters that there were
	struck map[string]*struck
}

// struck is how often a fault happened, and how long it took at most until all was well.
type struck struct {
	times, packets int
	slowest        time.Duration
}

// note counts a fault: T17 and so on.
func (s *scene) note(id string, packets int, from time.Time) {
	one := s.struck[id]
	if one == nil {
		one = &struck{}
		s.struck[id] = one
	}
	one.times, one.packets, one.slowest = one.times+1, one.packets+packets, max(one.slowest, time.Since(from))
}

// swift lets servers notice within seconds that they are cut off from each other.
var swift = []string{"wal_sender_timeout=4s", "wal_receiver_timeout=4s", "wal_retrieve_retry_interval=500ms"}

// newScene moves a community, with threads to write into, to a new primary.
func newScene(t *testing.T, c *community, threads []int) *scene {
	t.Helper()
	s := &scene{chatter: &chatter{community: c, t: t, numbers: map[string]int{}}, threads: threads, posts: map[string]bool{}, struck: map[string]*struck{}, machines: make([]*pgtest.Machine, 5)}
	if network := pgtest.NewNetwork(t); network != nil {
		for i := range s.machines {
			s.machines[i] = network.Machine(t)
		}
	}
	s.primary = s.machines[3].Start(t, swift...)
	s.standby = s.primary.StandbyOn(t, s.machines[4], swift...)
	s.address = fmt.Sprintf("postgres://belfry@%s,%s/postgres?sslmode=disable", s.primary.Host(), s.standby.Host())
	address, brief := s.address, rounds(1) == 1
	if s.gives = 5 * time.Second; brief { // as long as a node waits for a standby by itself is for make torture
		s.gives, address = 1500*time.Millisecond, s.address+"&commit_timeout=1500"
	}
	belfry(t, "move", "--from", c.dir, "--to", s.address).ends(t, 0, "every one compared")
	var starting sync.WaitGroup
	for i := range 3 {
		listen := freePort(t)
		if s.machines[i] != nil {
			listen = s.machines[i].Address + ":8080"
		}
		h := newHub(t, s.machines[i], listen, "--data", filepath.Join(t.TempDir(), "node"), "--demo", "--store", address, "--public-url", "http://hub.example")
		h.host = "hub.example"
		s.nodes = append(s.nodes, h)
		starting.Go(h.start)
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	var err error
	s.look, _, err = home{dir: filepath.Join(t.TempDir(), "look"), address: s.address}.open(t.Context(), change, store.Options{})
	ok(t, err)
	t.Cleanup(func() { _ = s.look.Close() })
	return s
}

// within is a context for so long.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	ok(t, l.Close())
	return l.Addr().String()
}

// networked says whether the machines' network can be broken.
func (s *scene) networked() bool { return s.machines[0] != nil }

// begin lets everybody do what they do until end.
func (s *scene) begin() {
	s.crowd = startCrowd(s.t, s.community, s.nodes...)
	s.running, s.stop = context.WithCancel(s.t.Context())
	s.lines, s.first = balance(s.nodes...), s.lastMessage(s.t, s.nodes[0])
	for i := range 9 {
		l := &listener{after: s.first}
		s.listeners = append(s.listeners, l)
		one := s.connect(i, i, l, s.first)
		s.all.Go(func() { _ = one.Run(s.running) })
	}
	s.before = s.letters(s.look)
	for member := range s.members {
		s.all.Go(func() { s.post(member, s.crowd.tokens[member]) })
	}
}

// post lets a member write again and again, each post through one node after the other until it is acknowledged.
func (s *scene) post(member int, token string) {
	for n := 0; s.running.Err() == nil; n++ {
		text := fmt.Sprintf("parole%dx%d", member, n)
		form := url.Values{"csrf": {token}, "source": {text}, "once": {text}}
		for at := member; s.running.Err() == nil; at++ {
			status, _, err := s.nodes[at%len(s.nodes)].post(fmt.Sprintf("/t/%d/x/do/reply", s.threads[0]), s.sessions[member], form)
			s.tries.Add(1)
			if err == nil && status == 303 {
				s.mu.Lock()
				s.posts[text] = true
				s.mu.Unlock()
				break
			}
			s.pause(50 * time.Millisecond)
		}
		s.pause(4 * time.Second) // people may write twenty posts a minute
	}
}

func (s *scene) pause(d time.Duration) {
	select {
	case <-s.running.Done():
	case <-time.After(d):
	}
}

// ask asks for a letter, until that is acknowledged: each person gets few.
func (s *scene) ask() {
	s.t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		limit, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
		err := s.look.RequestSignIn(limit, fmt.Sprintf("p%03d@exemple.example", s.asked%len(s.members)), "fr", store.Client{Address: fmt.Sprint("test ", s.asked)})
		cancel()
		if err == nil {
			s.asked++
			return
		}
		s.doubt++
		if time.Since(began) > patience {
			s.t.Fatal(err)
		}
	}
}

// letters counts what was written to those who asked.
func (s *scene) letters(from *store.Store) (n int) {
	s.t.Helper()
	all, err := from.Mailbox(s.t.Context(), store.System(), 1000)
	ok(s.t, err)
	for _, letter := range all {
		if letter.Kind == store.EventSignInLink {
			n++
		}
	}
	return n
}

// recovered waits until every node of these acknowledges an answer, and everybody has heard what somebody at each says then.
func (s *scene) recovered(what string, since time.Time, within time.Duration, nodes ...int) {
	s.t.Helper()
	var all sync.WaitGroup
	for _, i := range nodes {
		all.Go(func() {
			for n := 0; ; n++ {
				status, _, err := s.nodes[i].post("/meetings/"+s.meetings[1].Slug+"/rsvp", s.sessions[i], url.Values{"csrf": {s.crowd.tokens[i]}, "answer": {"online"}, "note": {fmt.Sprint(what, " ", n)}})
				if err == nil && status == 303 {
					return
				}
				if time.Since(since) > patience {
					s.t.Errorf("%s: node %d does not come back: %d %v: %s", what, i, status, err, s.nodes[i].log)
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	all.Wait()
	answered := time.Since(since)
	s.talk(s.running, "après "+what, 1)
	s.settle(s.last())
	took := time.Since(since)
	s.t.Logf("%s: every node answers %v after it was over, and everybody has heard everything after %v", what, answered.Round(time.Millisecond), took.Round(time.Millisecond))
	if took > within {
		s.t.Errorf("%s: recovered after %v", what, took)
	}
}

// last is the highest number acknowledged.
func (s *scene) last() (last int) {
	s.chatter.mu.Lock()
	defer s.chatter.mu.Unlock()
	for _, n := range s.numbers {
		last = max(last, n)
	}
	return last
}

// end stops everybody and waits for the last letter and message.
func (s *scene) end() {
	s.t.Helper()
	s.crowd.end()
	for began := time.Now(); s.letters(s.look) < s.before+s.asked && time.Since(began) < 30*time.Second; {
		time.Sleep(20 * time.Millisecond)
	}
	s.settle(s.last())
	s.stop()
	s.all.Wait()
	for i, l := range s.listeners {
		if wrong := l.wrong(s.last()); wrong != "" {
			s.t.Errorf("client %d heard %s", i, wrong)
		}
	}
	s.t.Logf("%d answers, %d posts in %d tries, %d messages, %d letters; %d answers failed", s.crowd.done.Load(), len(s.posts), s.tries.Load(), s.acknowledged.Load(), s.asked, s.crowd.failed.Load())
}

// missing says what of a server is not as it was acknowledged, by kind.
func (s *scene) missing(address string) map[string][]string {
	s.t.Helper()
	kept, _, err := home{dir: filepath.Join(s.t.TempDir(), "look"), address: address}.open(s.t.Context(), examine, store.Options{})
	ok(s.t, err)
	defer kept.Close()
	all := map[string][]string{"answers": s.crowd.missing(kept), "messages": s.unspoken(s.t, kept, s.first, s.numbers)}
	there := posted(s.t, kept, s.threads)
	for text := range s.posts {
		if there[text] != 1 {
			all["posts"] = append(all["posts"], fmt.Sprintf("%s was acknowledged, and is there %d times", text, there[text]))
		}
	}
	for text, n := range there {
		if n > 1 {
			all["posts"] = append(all["posts"], fmt.Sprintf("%s is there %d times", text, n))
		}
	}
	if n := s.letters(kept) - s.before; n < s.asked || n > s.asked+s.doubt {
		all["letters"] = append(all["letters"], fmt.Sprintf("%d letters were written, %d asked for and perhaps %d more", n, s.asked, s.doubt))
	}
	return all
}
