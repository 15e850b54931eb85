package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
)

// TestKilledWhilePublishing kills the server while the minutes of many meetings are published at once. Either all records
// of a meeting are there or none, numbers have no gap, and what was acknowledged is published.
func TestKilledWhilePublishing(t *testing.T) {
	const each, writers = 80, 16 // meetings a round, and how many of them are published at once
	c := newCommunity(t, 1, 0)
	total, half := 0, 0
	for round := range rounds(6) {
		held := c.unpublished(t, each)
		h := serve(t, c.dir, "--demo")
		token := c.tokens(h)[0]
		acknowledged := make([]atomic.Bool, each)
		var count atomic.Int64
		enough := make(chan struct{})
		var once sync.Once
		var all sync.WaitGroup
		target := 1 + rand.Int64N(each/2)
		for w := range writers {
			all.Go(func() {
				for i := w; i < each && count.Load() < target+writers; i += writers { // some are left, however late the kill comes
					status, page, err := h.post("/meetings/"+held[i].Slug+"/minutes/publish", c.sessions[0], url.Values{"csrf": {token}})
					if err != nil {
						return // the power is gone
					}
					if status != 303 {
						t.Errorf("status %d: %.300s", status, page)
					}
					acknowledged[i].Store(true)
					if count.Add(1) >= target {
						once.Do(func() { close(enough) })
					}
				}
			})
		}
		<-enough
		h.kill()
		all.Wait()
		sound(t, c.dir) // no gap, nothing half, text and records agree
		published := c.published(t, held)
		for i := range held {
			if acknowledged[i].Load() && !published[i] {
				t.Errorf("round %d: meeting %d was published and is not", round, i)
			}
			if published[i] {
				total++
			} else {
				half++
			}
		}
	}
	if half == 0 {
		t.Error("every round published everything: the kills came too late to test anything")
	}
	t.Logf("TORTURE: T01 kill while minutes are published | %d | %d meetings published, %d not | 0", rounds(6), total, half)
}

// unpublished makes meetings that were held yesterday, with minutes that wait to be published.
func (c *community) unpublished(t *testing.T, n int) []store.Meeting {
	t.Helper()
	now := time.Now().AddDate(0, 0, -2)
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true, Clock: func() time.Time { return now }})
	ok(t, err)
	defer hub.Close()
	var held []store.Meeting
	for i := range n {
		m, err := hub.ScheduleMeeting(t.Context(), store.System(), store.MeetingInput{Title: fmt.Sprint("Tenue ", i), Lang: "fr",
			Date: now.AddDate(0, 0, 1).Format(time.DateOnly), Clock: "12:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Hôtel de ville"})
		ok(t, err)
		held = append(held, m)
	}
	now = time.Now()
	for i, m := range held {
		source := strings.Repeat("!D Une décision\n!A Une action\n", 1+i%5)
		_, err := hub.SaveMinutes(t.Context(), store.System(), m.ID, store.MinutesDraft{Source: source, Lang: "fr"})
		ok(t, err)
	}
	return held
}

// published says which of these meetings have all their records, and fails for one that has only some.
func (c *community) published(t *testing.T, held []store.Meeting) []bool {
	t.Helper()
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true})
	ok(t, err)
	defer hub.Close()
	all := make([]bool, len(held))
	for i, m := range held {
		page, err := hub.MinutesPage(t.Context(), c.organiser, m.Slug)
		ok(t, err)
		given, err := hub.Actions(t.Context(), store.Visitor(), store.ActionQuery{State: "all", Meeting: m.ID, Limit: 100})
		ok(t, err)
		all[i] = page.Minutes.Published > 0
		want := 0
		if all[i] {
			want = 1 + i%5
		}
		if len(given.Rows) != want || len(page.Decisions) != want {
			t.Errorf("meeting %d: %d actions, %d decisions, wanted %d", i, len(given.Rows), len(page.Decisions), want)
		}
	}
	return all
}
