package server

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"belfry/server/live"

	"github.com/valyala/fasthttp"
)

// forgetful is a source that never finds what somebody missed who comes back: it is asked for more then than by a room that
// hands on what is new.
type forgetful struct{ live.Source }

func (f forgetful) Missed(ctx context.Context, room string, after, changes, limit int) (live.Missed, error) {
	found, err := f.Source.Missed(ctx, room, after, changes, limit)
	if limit > 200 {
		found.Fresh, found.Changed, found.More = nil, nil, false
	}
	return found, err
}

// BreakResume makes the hub forget what those who come back have missed: the broken build that TestTortureT11CutConnections
// must see.
func BreakResume(s *Server) { s.hub.Source = forgetful{s.hub.Source} }

// careless does one kind of frame for anybody, as if somebody else had asked.
type careless struct {
	live.Desk
	broken *atomic.Pointer[[2]string] // the kind, and who is taken for the one who asks
}

func (c careless) Do(ctx context.Context, who live.Person, f live.Frame) (any, error) {
	if broken := c.broken.Load(); broken != nil && broken[0] == f.Type {
		who.ID = broken[1]
	}
	return c.Desk.Do(ctx, who, f)
}

// Careless makes a hub that has no connection yet let one kind of frame through, as of a member, from when that is called:
// the broken rule that TestEveryFrameEveryRole must see.
func Careless(s *Server) (about func(kind, as string)) {
	c := careless{s.hub.Desk, &atomic.Pointer[[2]string]{}}
	s.hub.Desk = c
	return func(kind, as string) { c.broken.Store(&[2]string{kind, as}) }
}

// hospitable lets everybody go on reading what they once followed.
type hospitable struct {
	live.Source
	broken *atomic.Bool
}

func (h hospitable) Admitted(ctx context.Context, room string, people []string) (map[string]bool, error) {
	all, err := h.Source.Admitted(ctx, room, people)
	for _, id := range people {
		all[id] = all[id] || h.broken.Load()
	}
	return all, err
}

// Hospitable makes a hub that has no connection yet forget who was taken out of a room, when that is set: the broken build that
// TestEveryEventEveryRole must see.
func Hospitable(s *Server) (forget *atomic.Bool) {
	h := hospitable{s.hub.Source, &atomic.Bool{}}
	s.hub.Source = h
	return h.broken
}

// LiveSize is how many connections and rooms the hub holds.
func LiveSize(s *Server) (sockets, rooms int) { return s.hub.Size() }

// KeptPages is how many places of pages there are, and how many readers hold a page that does not count any more.
func KeptPages(s *Server) (places, pinned int) {
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	s.readers.mu.Lock()
	defer s.readers.mu.Unlock()
	for _, one := range s.readers.kept {
		if last := one.last.Load(); last != nil && last.page.at.made.Load() != last.page {
			pinned++
		}
	}
	return len(s.pages.kept), pinned
}

// Front answers as the server does before its routes are asked, which next stands for.
func Front(s *Server, next fasthttp.RequestHandler) fasthttp.RequestHandler { return s.front(next) }

// Hurry lets requests take a moment only, and readers let go of pages at once.
func Hurry(s *Server) { s.limit, s.slow, s.pages.every = 300*time.Millisecond, 200*time.Millisecond, 0 }

// AskAgain lets the next who asks whether the server is ready have it looked at anew.
func AskAgain(s *Server) { s.ready.looked = time.Time{} }

// HastenLive lets the hub say more often that it is there. It has no connection yet.
func HastenLive(s *Server, every time.Duration) { s.hub.Alive = every }

// TellsOthers says whether the hub tells other nodes anything at all.
func TellsOthers(s *Server) bool { return s.hub.Tell != nil }

// Patience is what a handler is given to wait by, and how its request ends.
func Patience() (ctx context.Context, over func()) {
	p := &patience{Context: context.Background(), until: time.Now().Add(time.Minute)}
	return p, p.over
}

// Forwarded is who asks, of whom a connection from remote says so, through these proxies.
func Forwarded(remote, said string, proxies ...string) string {
	all, err := prefixes(proxies)
	if err != nil {
		return err.Error()
	}
	return forwarded(netip.MustParseAddr(remote), said, all).String()
}

// FreeForBodies is how much memory nobody has claimed for a body.
func FreeForBodies(s *Server) (free int) {
	s.bodies.mu.Lock()
	defer s.bodies.mu.Unlock()
	for _, n := range s.bodies.free {
		free += n
	}
	return free
}

// TimeForPaper is how long an answer from an address may take to be sent.
func TimeForPaper(s *Server, path string) time.Duration {
	var head fasthttp.RequestHeader
	head.SetRequestURI(path)
	return s.roomForPapers(&head).WriteTimeout
}

// Ration is how many a second are given back what they sent where there is too much to do.
func Ration(s *Server, most int64) { s.ration.most = most }

// Overcrowd lets nobody in who changes something, until that is called which it gives.
func Overcrowd(s *Server) (settle func()) {
	for range cap(s.writing.places) {
		s.writing.places <- struct{}{}
	}
	s.writing.patient = 0
	return func() {
		for range cap(s.writing.places) {
			<-s.writing.places
		}
	}
}
