package storetest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/gazetteer"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/kv/kvtest"
	"belfry/store/kv/postgres"
	"belfry/store/kv/postgres/pgtest"
	"belfry/store/shelf"
)

// Clock is a clock that a test moves by hand.
type Clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set puts the clock at an instant.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Hub is a store for a test, its engine and its clock. The clock starts on Wednesday 4 March 2026, 09:00 in Brussels.
type Hub struct {
	*store.Store
	DB    kv.DB
	Clock *Clock
	Path  string
}

var start = time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)

var places = sync.OnceValues(gazetteer.Load)

// Open opens a store on a new bbolt file that the test's end closes.
func Open(t testing.TB) *Hub { return open(t, func(db kv.DB) kv.DB { return db }, plain()) }

// OpenRendering opens a store with a renderer of the caller's.
func OpenRendering(t testing.TB, renderer store.Renderer) *Hub {
	return open(t, func(db kv.DB) kv.DB { return db }, renderer)
}

// plain writes text as one paragraph, unchanged: the store does not care.
func plain() store.Renderer {
	return store.Renderer{Version: 1, Render: func(_ context.Context, source string) (string, error) { return "<p>" + source + "</p>", nil }}
}

// OpenRehearsing opens a store with a renderer of the caller's on an engine whose transactions can be rehearsed.
func OpenRehearsing(t testing.TB, renderer store.Renderer) (*Hub, *kvtest.Rehearsal) {
	rehearsal := &kvtest.Rehearsal{}
	return open(t, func(db kv.DB) kv.DB { rehearsal.DB = db; return rehearsal }, renderer), rehearsal
}

// OpenOver opens a store with a renderer of the caller's on an engine that the caller wraps.
func OpenOver(t testing.TB, renderer store.Renderer, wrap func(kv.DB) kv.DB) *Hub {
	return open(t, wrap, renderer)
}

// OpenTwice opens a store whose transactions all run twice.
func OpenTwice(t testing.TB) *Hub { return open(t, kvtest.Twice, plain()) }

func open(t testing.TB, wrap func(kv.DB) kv.DB, renderer store.Renderer) *Hub {
	t.Helper()
	h := &Hub{Clock: &Clock{now: start}, Path: filepath.Join(t.TempDir(), "belfry.db")}
	h.DB = wrap(engine(t, h.Path))
	h.Store = Over(t, h.DB, h.Clock.Now, renderer)
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// engine is a new bbolt file, or a database on PostgreSQL when BELFRY_TEST_STORE=postgres.
func engine(t testing.TB, path string) kv.DB {
	t.Helper()
	if os.Getenv("BELFRY_TEST_STORE") == "postgres" {
		return Database(t, pgtest.Database(t))
	}
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Database opens a PostgreSQL database that the test's end closes.
func Database(t testing.TB, address string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(context.Background(), address, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// OpenShared opens a store on a new PostgreSQL database.
func OpenShared(t testing.TB, renderer store.Renderer) (*Hub, *postgres.DB) {
	t.Helper()
	var db *postgres.DB
	address := pgtest.Database(t)
	return open(t, func(unused kv.DB) kv.DB {
		_ = unused.Close()
		db = Database(t, address)
		return db
	}, renderer), db
}

// OpenAt opens a store on a PostgreSQL database that others open too.
func OpenAt(t testing.TB, address string) *Hub {
	t.Helper()
	return open(t, func(unused kv.DB) kv.DB {
		_ = unused.Close()
		return Database(t, address)
	}, plain())
}

// Over opens a store on an engine that is already there.
func Over(t testing.TB, db kv.DB, clock func() time.Time, renderer store.Renderer) *store.Store {
	t.Helper()
	g, err := places()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), db, store.Options{Clock: clock, Gazetteer: g, Renderer: renderer, Shelf: shelf.At(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Join lets an invented person of a real town join and confirm; the token is taken from the outbox.
func (h *Hub) Join(t testing.TB, name, townCode string) store.Member {
	t.Helper()
	ctx := context.Background()
	to := address(name)
	err := h.Store.Join(ctx, store.JoinInput{Name: name, Email: to, TownCode: townCode, Language: "fr",
		From: store.Client{Address: name}})
	if err != nil {
		t.Fatal(err)
	}
	in, err := h.UseTicket(ctx, h.Token(t, store.EventConfirmAddress, to), "", store.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return in.Member
}

// Token is the secret of the newest waiting event of a kind to an address.
func (h *Hub) Token(t testing.TB, kind store.EventKind, address string) string {
	t.Helper()
	return h.Letter(t, kind, address)["token"]
}

// Letter is the data of the newest waiting event of a kind to an address.
func (h *Hub) Letter(t testing.TB, kind store.EventKind, address string) map[string]string {
	t.Helper()
	due, err := h.DueEvents(context.Background(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(due) - 1; i >= 0; i-- {
		if due[i].Kind == kind && due[i].Data["address"] == address {
			return due[i].Data
		}
	}
	t.Fatalf("no %s for %s waits", kind, address)
	return nil
}

// With gives a member a role.
func (h *Hub) With(t testing.TB, m store.Member, role store.Role) store.Actor {
	t.Helper()
	if err := h.SetRole(context.Background(), store.System(), m.ID, role, true); err != nil {
		t.Fatal(err)
	}
	return store.As(m.ID)
}

// Meeting schedules a meeting in Namur's town hall, two weeks ahead, with so many seats.
func (h *Hub) Meeting(t testing.TB, seats int) store.Meeting {
	t.Helper()
	m, err := h.ScheduleMeeting(context.Background(), store.System(), store.MeetingInput{Title: "Réunion", Lang: "fr",
		Date: "2026-03-18", Clock: "09:30", Zone: "Europe/Brussels", Minutes: 390, Venue: "Hôtel de ville", Online: true, Seats: seats})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// address makes an address of a name, at an example domain.
func address(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", ".") + "@exemple.example"
}

// AppCalled enters an application by the operator.
func (h *Hub) AppCalled(t testing.TB, name string) store.App {
	t.Helper()
	app, err := h.AddApp(context.Background(), store.System(), store.AppInput{Name: name, License: "EUPL-1.2", Status: "stable", Domain: store.DomainCounter,
		Languages: []string{"fr"}, Short: map[string]string{"fr": "Une application d’essai."}})
	if err != nil {
		t.Fatal(err)
	}
	return app
}
