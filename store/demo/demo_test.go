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
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/kv/kvtest"
)

var ctx = context.Background()

func build(t *testing.T, now time.Time, wrap func(kv.DB) kv.DB) *store.Store {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "belfry.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	places, err := gazetteer.Load()
	if err != nil {
		t.Fatal(err)
	}
	clock, built := demo.NewClock(now), false
	at := func() time.Time { // stays a quarter after the story's end, when every notice that was put off is due
		if built {
			return now.Add(15 * time.Minute)
		}
		return clock.Now()
	}
	hub, err := store.Open(ctx, wrap(db), store.Options{Demo: true, Clock: at, Rand: demo.Rand(1), Gazetteer: places,
		Renderer: store.Renderer{Version: markdown.Version, Render: markdown.New().Render}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hub.Close() })
	began := time.Now()
	if err := demo.Build(ctx, hub, clock); err != nil {
		t.Fatal(err)
	}
	built = true
	t.Logf("built in %v", time.Since(began))
	return hub
}

// once is the engine as it is.
func once(db kv.DB) kv.DB { return db }

func TestTheCommunityIsWholeOnAnyDay(t *testing.T) {
	for _, now := range []time.Time{time.Now().UTC(), time.Date(2027, 3, 18, 7, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 19, 15, 5, 0, 0, time.UTC), time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC), time.Date(2027, 7, 31, 22, 30, 0, 0, time.UTC),
		time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC), time.Date(2027, 10, 22, 3, 0, 0, 0, time.UTC)} {
		t.Run(now.Format(time.DateOnly), func(t *testing.T) { whole(t, build(t, now, once)) })
	}
}

func TestTheCommunityIsWholeWhenTransactionsRunAgain(t *testing.T) {
	whole(t, build(t, time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), kvtest.Twice))
}

// whole asks for what the demo promises to everybody who opens it.
func whole(t *testing.T, hub *store.Store) {
	t.Helper()
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
	next := store.MeetingRow{}
	for _, row := range rows {
		if row.Meeting.Number > 0 && row.Meeting.Open(hub.Now()) && row.Tally.Waiting > 0 {
			next = row
			break
		}
	}
	if next.Tally.Waiting != 6 || next.Tally.OnSite != next.Meeting.Seats || len(next.Meeting.Documents) < 2 {
		t.Errorf("at the next meeting %d of %d seats are taken, %d wait", next.Tally.OnSite, next.Meeting.Seats, next.Tally.Waiting)
	}
	if n := next.Meeting.Number; n < 126 || n > 130 {
		t.Errorf("the next meeting is number %d", n)
	}
	past, total, err := hub.PastMeetings(ctx, store.Visitor(), 0, 100)
	if err != nil || total < 18 {
		t.Fatalf("%d past meetings, %v", total, err)
	}
	for _, row := range past {
		if row.Meeting.State != store.MeetingCancelled && !row.Minuted {
			t.Errorf("%s has no minutes", row.Meeting.Slug)
		}
	}
	eventful(t, hub, past)
	faults := 0
	records, err := hub.Verify(ctx, func(f store.Fault) { faults++; t.Log(f) })
	if err != nil || faults > 0 {
		t.Errorf("%d faults in %d records, %v", faults, records, err)
	}
	due, err := hub.DueEvents(ctx, 1000)
	if err != nil || len(due) == 0 || len(due) > 12 {
		t.Errorf("%d letters would leave, %v", len(due), err)
	}
	for _, event := range due {
		switch event.Kind {
		case store.EventMeetingChanged, store.EventCancelled, store.EventMinutes:
			t.Errorf("%s would be mailed to everybody who answered", event.Kind)
		}
	}
}

// eventful asks for what happened beside the plain course of things.
func eventful(t *testing.T, hub *store.Store, past []store.MeetingRow) {
	t.Helper()
	errata, corrected, carried, papers := 0, 0, 0, 0
	for _, row := range past {
		page, err := hub.MeetingPage(ctx, store.System(), row.Meeting.Slug)
		if err != nil {
			t.Fatal(err)
		}
		errata += len(page.Minutes.Errata)
		corrected += max(0, page.Minutes.Published-2)
		for _, doc := range page.Meeting.Documents {
			if doc.Item != "" {
				papers++
			}
		}
		for _, one := range page.Items {
			if one.Item.Origin.Kind == store.FromItem {
				carried++
			}
		}
	}
	old, err := hub.TownPage(ctx, store.Visitor(), "bertogne")
	if err != nil || !old.Moved || old.Town.Name != "Bastogne" {
		t.Errorf("the town that was merged leads to %q, %v", old.Town.Name, err)
	}
	care, err := hub.Care(ctx, store.System())
	if err != nil || len(care.Overloaded) != 1 || care.Overloaded[0].Learners <= care.Overloaded[0].Town.Profile.Places {
		t.Errorf("overloaded mentors: %+v, %v", care.Overloaded, err)
	}
	years, err := hub.OverTheYears(ctx)
	if err != nil || len(years) < 2 || errata == 0 || corrected == 0 || carried == 0 || papers == 0 {
		t.Errorf("%d errata, %d corrections, %d items carried over, %d papers of items, %d years, %v", errata, corrected, carried, papers, len(years), err)
	}
}

func TestTheSameInstantGivesTheSameCommunity(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	first, second := digest(t, build(t, now, once)), digest(t, build(t, now, once))
	if first != second {
		t.Error("two builds differ")
	}
}

func digest(t *testing.T, hub *store.Store) string {
	t.Helper()
	list, err := hub.Towns(ctx, store.TownQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	past, _, err := hub.PastMeetings(ctx, store.Visitor(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	coming, err := hub.Upcoming(ctx, store.Visitor(), 50)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal([]any{list, past, coming})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(raw))
}
