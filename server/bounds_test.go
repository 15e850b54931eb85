package server_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// silent is an engine that does not answer while it is told so, until those who ask give up.
type silent struct {
	kv.DB
	on atomic.Bool
}

func (s *silent) View(ctx context.Context, fn func(kv.Reader) error) error {
	if s.on.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.DB.View(ctx, fn)
}

// TestASilentDatabaseIsABusyPage: everybody is told to come back soon, within the time a request may take, whether they
// make a page or wait for somebody who does; a calendar is the last good one.
func TestASilentDatabaseIsABusyPage(t *testing.T) {
	engine := &silent{}
	s := siteOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { engine.DB = db; return engine }))
	s.Meeting(t, 0)
	feed := "/meetings.ics"
	s.visitor().get(feed).holds(t, 200)
	lena := s.as(s.Join(t, "Lena Exemple", "BE-92094"))
	known := s.as(s.Join(t, "Jef Voorbeeld", "BE-34022"))
	known.get("/settings").holds(t, 200)
	s.AppCalled(t, "Guichet d’essai") // what is new must be counted anew
	server.Hurry(s.Server)
	engine.on.Store(true)
	began := time.Now()
	done := make(chan answer)
	for range 3 { // one makes the page, two wait
		go func() { done <- s.visitor().get("/decisions") }()
	}
	for _, path := range []string{"/t/1", "/search?q=x"} {
		go func() { done <- s.visitor().get(path) }()
	}
	go func() { done <- lena.get("/unread") }()
	go func() { done <- known.get("/actions/1") }() // who it is need not be asked for, what is new to them must not be
	for range 7 {
		if got := <-done; got.StatusCode != 503 || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q", got.Request.URL, got.StatusCode, got.Header.Get("Retry-After"))
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("answered after %v", took)
	}
	s.visitor().get(feed).holds(t, 200, "BEGIN:VCALENDAR")
	engine.on.Store(false)
	s.visitor().get("/decisions").holds(t, 200)
}

// TestKeptPagesAreBounded asks for many addresses that are no pages, and lets readers hold pages that are made anew.
func TestKeptPagesAreBounded(t *testing.T) {
	s := newSite(t)
	server.Hurry(s.Server)
	m := s.Meeting(t, 0)
	for n := range 300 {
		s.visitor().get(fmt.Sprintf("/meetings/nothing-%d", n)).holds(t, 404)
	}
	if places, _ := server.KeptPages(s.Server); places > 10 {
		t.Errorf("%d places are kept for pages that do not exist", places)
	}
	path := "/meetings/" + m.Slug
	first, second := s.as(s.Join(t, "Lena Exemple", "BE-92094")), s.as(s.Join(t, "Jef Voorbeeld", "BE-34022"))
	first.get(path).holds(t, 200)
	s.Clock.Add(time.Minute)
	second.get(path).holds(t, 200)
	if _, pinned := server.KeptPages(s.Server); pinned > 0 {
		t.Errorf("%d readers hold a page of before", pinned)
	}
}
