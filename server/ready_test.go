package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/search"
	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// TestReadyTellsTheTruth: a balancer is told when the data does not answer and when the server is about to stop, while
// pages are still answered; an index that is still empty is no reason.
func TestReadyTellsTheTruth(t *testing.T) {
	engine := &silent{}
	s := siteOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { engine.DB = db; return engine }))
	s.Meeting(t, 0)
	index, err := search.Open(filepath.Join(t.TempDir(), "search"))
	ok(t, err)
	t.Cleanup(func() { _ = index.Close() })
	s.Search = index // nobody follows with it: it is being built
	log := s.logged(slog.LevelInfo)
	ready := func() answer { server.AskAgain(s.Server); return s.visitor().get("/readyz") }
	ready().holds(t, 200, "ready")
	engine.on.Store(true)
	got := ready()
	got.holds(t, 503, "not ready: away")
	if got.Header.Get("Retry-After") == "" {
		t.Error("nobody is told when to come back")
	}
	s.visitor().get("/readyz").holds(t, 503, "not ready: away")
	s.visitor().get("/healthz").holds(t, 200, "ok")
	engine.on.Store(false)
	ready().holds(t, 200, "ready")
	if said := log.String(); strings.Count(said, `"msg":"not ready"`) != 1 || !strings.Contains(said, `"why":"away"`) || strings.Count(said, `"msg":"ready again"`) != 1 {
		t.Errorf("the log says it otherwise than once each: %s", said)
	}
	s.Drain(0)
	ready().holds(t, 503, "not ready: draining")
	s.visitor().get("/meetings").holds(t, 200)
}

// TestItIsWaitedForBalancersOnly: who stops a server that no balancer watches does not wait.
func TestItIsWaitedForBalancersOnly(t *testing.T) {
	s := newSite(t)
	began := time.Now()
	s.Drain(time.Minute)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("waited %v for nobody", took)
	}
	s.visitor().get("/readyz").holds(t, 503)
	began = time.Now()
	s.Drain(50 * time.Millisecond)
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("did not wait for the balancer that asked: %v", took)
	}
}

// written is a log that many write to.
type written struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// logged makes the site write its log as JSON.
func (s *site) logged(level slog.Level) *written {
	w := &written{}
	s.Log = slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	return w
}

// TestSlowRequestsAreLogged by the id that the person may have been shown, with no more than path and status; others only
// when everything is.
func TestSlowRequestsAreLogged(t *testing.T) {
	engine := &silent{}
	s := siteOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { engine.DB = db; return engine }))
	server.Hurry(s.Server)
	log := s.logged(slog.LevelWarn)
	s.visitor().get("/about").holds(t, 200)
	if said := log.String(); said != "" {
		t.Errorf("what is quick is logged: %s", said)
	}
	engine.on.Store(true)
	page := s.visitor().get("/decisions?secret=geheim")
	page.holds(t, 503)
	slow := 0
	for line := range strings.Lines(log.String()) {
		var event map[string]any
		ok(t, json.Unmarshal([]byte(line), &event))
		if event["msg"] == "slow request" {
			slow++
			if event["level"] != "WARN" || event["path"] != "/decisions" || event["status"] != 503.0 || event["ms"].(float64) < 200 || !strings.Contains(page.body, event["id"].(string)) {
				t.Errorf("%v", event)
			}
		}
	}
	if slow != 1 || strings.Contains(log.String(), "geheim") {
		t.Errorf("%d slow requests: %s", slow, log.String())
	}
}

// crammed is an engine whose disk is full while it says so.
type crammed struct {
	kv.DB
	full bool
}

func (c *crammed) Ready() error {
	if c.full {
		return kv.ErrNoSpace
	}
	return c.DB.Ready()
}

func (c *crammed) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if c.full {
		return kv.ErrNoSpace
	}
	return c.DB.Update(ctx, scope, fn)
}

// TestT05AFullDiskIsRead: balancers go on sending people to a hub whose disk is full, who read on, and the operator is told.
func TestT05AFullDiskIsRead(t *testing.T) {
	engine := &crammed{}
	s := siteOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { engine.DB = db; return engine }))
	m := s.Meeting(t, 0)
	log := s.logged(slog.LevelInfo)
	ready := func() answer { server.AskAgain(s.Server); return s.visitor().get("/readyz") }
	engine.full = true
	ready().holds(t, 200, "ready: full")
	s.visitor().get("/meetings/"+m.Slug).holds(t, 200, m.Title)
	if why := s.Trouble(t.Context()); why != store.TroubleFull {
		t.Errorf("what operators watch says %q", why)
	}
	engine.full = false
	ready().holds(t, 200, "ready\n")
	if said := log.String(); !strings.Contains(said, `"why":"full"`) || !strings.Contains(said, `"was":"full"`) {
		t.Errorf("the log does not say it: %s", said)
	}
}
