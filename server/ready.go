package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// readiness is what balancers are told: whether this node should be sent anything.
type readiness struct {
	draining atomic.Bool
	asked    atomic.Int64 // when somebody last did, in nanoseconds since 1970

	mu      sync.Mutex // guards what follows; who asks meanwhile waits for the same answer
	looked  time.Time
	trouble store.Trouble
}

// readyFor is how long an answer is good: the data is not asked more often, however many ask the server.
const readyFor = time.Second

// draining is what /readyz says when the server is about to stop.
const draining store.Trouble = "draining"

// healthz says that the process answers.
func (s *Server) healthz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendString("ok\n")
}

// readyz says whether the server should be sent requests, and in a word why not. An index that is still being built is no
// reason: all but the search is whole. Nor is a full disk: people read on, and another node has no more room than this one.
func (s *Server) readyz(c *fiber.Ctx) error {
	s.ready.asked.Store(time.Now().UnixNano())
	c.Set(fiber.HeaderCacheControl, "no-store")
	switch why := s.Trouble(c.UserContext()); why {
	case "":
	case store.TroubleFull:
		return c.SendString("ready: full\n")
	default:
		c.Set(fiber.HeaderRetryAfter, "5")
		return c.Status(fiber.StatusServiceUnavailable).SendString("not ready: " + string(why) + "\n")
	}
	return c.SendString("ready\n")
}

// Trouble says why the server should not be sent requests now, "" when it should.
func (s *Server) Trouble(ctx context.Context) store.Trouble {
	r := &s.ready
	if r.draining.Load() {
		return draining
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.looked) < readyFor {
		return r.trouble
	}
	now, err := s.Store.Ready(context.WithoutCancel(ctx))
	switch {
	case now != "" && now != r.trouble:
		s.Log.Warn("not ready", "why", string(now), "error", err)
	case now == "" && r.trouble != "":
		s.Log.Info("ready again", "was", string(r.trouble))
	}
	r.looked, r.trouble = time.Now(), now
	return now
}

// noticed is within which time a balancer that watches the server asks again.
const noticed = 30 * time.Second

// Drain makes balancers look elsewhere before the server stops: while it goes on answering, /readyz says no for so long.
// Where nobody has asked of late it does not wait.
func (s *Server) Drain(long time.Duration) {
	s.ready.draining.Store(true)
	if time.Since(time.Unix(0, s.ready.asked.Load())) < noticed {
		time.Sleep(long)
	}
}
