package demo_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"belfry/frontend/markdown"
	"belfry/store"
	"belfry/store/demo"
	"belfry/store/gazetteer"
	"belfry/store/kv/bolt"
)

var ctx = context.Background()

func build(t *testing.T, now time.Time) *store.Store {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "belfry.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	places, err := gazetteer.Load()
	if err != nil {
		t.Fatal(err)
	}
	clock := demo.NewClock(now)
	hub, err := store.Open(ctx, db, store.Options{Demo: true, Clock: clock.Now, Rand: demo.Rand(1), Gazetteer: places,
		Renderer: store.Renderer{Version: markdown.Version, Render: markdown.New().Render}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hub.Close() })
	began := time.Now()
	if err := demo.Build(ctx, hub, clock); err != nil {
		t.Fatal(err)
	}
	t.Logf("built in %v", time.Since(began))
	return hub
}

func TestTheCommunityIsWhole(t *testing.T) {
	now := time.Now().UTC()
	hub := build(t, now)
	for _, p := range demo.Persons() {
		m, err := hub.MemberByHandle(ctx, p.Handle)
		if err != nil {
			t.Fatalf("%s: %v", p.Handle, err)
		}
		rights := map[string]bool{"newcomer": !m.May(store.Organise), "member": !m.May(store.Organise), "organiser": m.May(store.Organise),
			"steward": m.May(store.Steward), "administrator": m.May(store.Administer)}
		if !rights[p.Key] {
			t.Errorf("%s has the wrong rights: %v", p.Key, m.Roles)
		}
	}
	rows, err := hub.Upcoming(ctx, store.Visitor(), 30)
	if err != nil {
		t.Fatal(err)
	}
	waiting := 0
	for _, row := range rows {
		waiting += row.Tally.Waiting
	}
	if waiting < 3 {
		t.Errorf("%d people wait for a seat", waiting)
	}
	past, total, err := hub.PastMeetings(ctx, store.Visitor(), 0, 100)
	if err != nil || total < 18 {
		t.Fatalf("%d past meetings, %v", total, err)
	}
	for _, row := range past {
		if row.Meeting.Number > 0 && !row.Minuted {
			t.Errorf("%s has no minutes", row.Meeting.Slug)
		}
	}
	faults := 0
	records, err := hub.Verify(ctx, func(f store.Fault) { faults++; t.Log(f) })
	if err != nil || faults > 0 {
		t.Errorf("%d faults in %d records, %v", faults, records, err)
	}
	due, err := hub.DueEvents(ctx, 1000)
	if err != nil || len(due) > 12 {
		t.Errorf("%d letters would leave, %v", len(due), err)
	}
}

func TestTheSameInstantGivesTheSameCommunity(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	first, second := digest(t, build(t, now)), digest(t, build(t, now))
	if first != second {
		t.Error("two builds differ")
	}
}

func digest(t *testing.T, hub *store.Store) string {
	t.Helper()
	list, err := hub.Directory(ctx, "", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	past, _, err := hub.PastMeetings(ctx, store.Visitor(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal([]any{list, past})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(raw))
}
