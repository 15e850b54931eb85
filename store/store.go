package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"belfry/store/codec"
	"belfry/store/gazetteer"
	"belfry/store/kv"
	"belfry/store/shelf"
)

// Renderer turns Markdown into safe HTML. It is handed in so that the store knows no markup library. The version
// is stored beside the HTML, so that a better renderer can redo it.
//
// Post renders what people write to each other: known says which words after @ are somebody. Words finds what a text
// names, and Language guesses what it is written in. Read does all three at once, and asks resolve for what is known of
// the words after @, if there are any. Without Post and Read everything is rendered by Render and names nothing.
type Renderer struct {
	Version  int
	Render   func(ctx context.Context, source string) (string, error)
	Post     func(ctx context.Context, source string, known map[string]Named) (string, error)
	Words    func(source string) Words
	Language func(source string) (lang string, sure bool)
	Read     func(ctx context.Context, source string, guess bool, resolve func(words []string) (map[string]Named, error)) (Rendered, error)
}

// Options are what a store needs from outside. Zero values: the real clock, the system's randomness.
type Options struct {
	Clock     func() time.Time
	Rand      io.Reader
	Renderer  Renderer
	Gazetteer *gazetteer.Gazetteer
	Shelf     *shelf.Shelf // where papers are kept; without one none can be uploaded
	Wire      kv.Wire      // to other processes on the same data; nil where there are none
	Space     func() Space // how much room is left where the data is; nil: plenty
	Demo      bool         // the throw-away demo community: members sign in with one click
	Back      bool         // serve what a community has left all the same, see Leave
	ReadOnly  bool         // for examining: nothing is set up or migrated, another schema is refused
}

// Store holds the community. Its methods may be called by many at once. Every method that changes something takes
// the acting member first and checks its rule in the transaction that it protects.
type Store struct {
	db        kv.DB
	clock     func() time.Time
	rand      io.Reader
	renderer  Renderer
	gazetteer *gazetteer.Gazetteer
	shelf     *shelf.Shelf
	left      func() Space
	demo      bool
	back      bool
	records   codec.Codec
	kept      kept
	zones     zones
	hashing   chan struct{} // bounds password hashing at once
	pace      pace          // of messages

	generation atomic.Uint64
	identity   atomic.Uint64
	marks      atomic.Uint64
	searches   atomic.Uint64

	peers *peers // nil where the data is not shared

	mu        sync.Mutex // guards listeners
	listeners []func(Event)

	rolling rolling

	offers   offering
	mentored atomic.Uint64

	names    naming
	programs atomic.Uint64
}

// Open takes over an engine: an empty one is set up, an older schema is migrated in one transaction, a newer one
// is refused with ErrNewer. With Demo an empty one is marked as a demo, and one without that mark is refused with
// ErrNotDemo and left as it is. One that its community has left is a LeftError, or with Back takes its life up again.
func Open(ctx context.Context, db kv.DB, opt Options) (*Store, error) {
	s := &Store{db: db, rolling: rolling{turn: newTurn()}, offers: offering{making: newTurn()}, names: naming{making: newTurn()}, clock: opt.Clock, rand: opt.Rand, renderer: opt.Renderer, gazetteer: opt.Gazetteer, shelf: opt.Shelf,
		left: opt.Space, demo: opt.Demo, back: opt.Back, hashing: make(chan struct{}, passwordsAtOnce)}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	s.kept.seed = maphash.MakeSeed()
	if proving {
		s.kept.prove = s.proved
	}
	if opt.Wire != nil {
		s.peers = newPeers(s, opt.Wire)
	}
	prepare := s.migrate
	if opt.ReadOnly {
		prepare = s.current
	}
	if err := prepare(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Close closes the engine after what is under way has ended.
func (s *Store) Close() error {
	if s.peers == nil {
		return s.db.Close()
	}
	return errors.Join(s.peers.part(), s.db.Close())
}

// Now is the store's clock, in UTC, as a record will say it: without what only this process knows of the time.
func (s *Store) Now() time.Time { return s.clock().UTC().Round(0) }

// Gazetteer is the list of real municipalities.
func (s *Store) Gazetteer() *gazetteer.Gazetteer { return s.gazetteer }

// Shelf is where the papers are kept.
func (s *Store) Shelf() *shelf.Shelf { return s.shelf }

// Generation grows with every commit that changed something everybody may see. What was rendered or encoded under
// an older generation is out of date.
func (s *Store) Generation() uint64 { return s.generation.Load() }

// Identity grows with every commit that changed who somebody is or may be: a session, a member, a town. What is kept
// of a session under an older identity is out of date.
func (s *Store) Identity() uint64 { return s.identity.Load() }

// Marks grows with every commit that changed what somebody has read, follows or has begun to write. What is a member's
// own in a page stays the same as long as neither it nor Generation grows.
func (s *Store) Marks() uint64 { return s.marks.Load() }

// Listen calls fn after every commit with each event it appended, in order, on the committing goroutine: fn must
// not block and must not write to the store. Of commits of other nodes it is called soon, in no certain order, with what
// a hint holds: id, kind, subject and people; EventMissed says that hints were lost.
func (s *Store) Listen(fn func(Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, fn)
}

// tx is one transaction: its reads and writes, and the single instant everything in it happens at.
type tx struct {
	kv.Reader
	writer    kv.Tx
	store     *Store
	ctx       context.Context
	now       time.Time
	writes    bool
	twice     bool // the same sent again does nothing twice, see once
	last      bool // see lastRoom
	public    bool
	who       bool            // a session, a member or a town changed
	marks     bool            // somebody's reading changed
	searched  bool            // the search index is out of date
	enrolled  map[string]bool // towns whose place in the roll is out of date
	mentored  bool            // what the ranking of mentors reads changed
	programs  bool            // an application changed
	following *[]Searcher     // see searchers
	failed    error           // of a write that cannot say so itself
	events    []Event
	turned    []string // see turn
	counter   uint16
	asked     [128]byte // memory of the key that is read
}

func (t *tx) put(f family, key, value []byte) {
	t.touch(f, key)
	t.turn(f, key, false)
	t.writer.Put(key, value)
}

func (t *tx) drop(f family, key []byte) {
	t.touch(f, key)
	t.turn(f, key, true)
	t.writer.Delete(key)
}

func (t *tx) touch(f family, key []byte) {
	t.writes = true
	if err := t.stale(f, key); err != nil {
		t.failed = err
	}
	t.public = t.public || f.public()
	t.who = t.who || f.identity()
	t.unroll(f, key)
	t.mentored = t.mentored || f.mentoring()
	t.programs = t.programs || f == famApp
	t.marks = t.marks || f.record() == famReading || f == famFollow || f == famDraft || f == famPending ||
		f == famMessage || f == famRoomMember
}

// view runs fn on a snapshot.
func (s *Store) view(ctx context.Context, fn func(*tx) error) error {
	return fromEngine(s.db.View(ctx, func(r kv.Reader) error {
		return fn(&tx{Reader: r, store: s, ctx: ctx, now: s.Now()})
	}))
}

// update runs fn in a transaction; scope names what is contended for. fn may run again from the start.
func (s *Store) update(ctx context.Context, scope string, fn func(*tx) error) error {
	now, left := s.Now(), s.space()
	var last *tx
	err := s.db.Update(ctx, scope, func(w kv.Tx) error {
		last = &tx{Reader: w, writer: w, store: s, ctx: ctx, now: now}
		if err := fn(last); err != nil {
			return err
		}
		return cmp.Or(last.failed, last.afford(left))
	})
	switch {
	case err == nil:
		s.committed(last)
	case errors.Is(err, kv.ErrUnknown) && last != nil:
		s.committed(last) // perhaps: what was kept is read anew, and readers look again
		if s.peers != nil && last.touches() {
			s.peers.doubt()
		}
		if last.twice {
			return unknownOutcome("error.unknown_outcome_once", err)
		}
	}
	return fromEngine(err)
}

// touches says whether a transaction wrote what anything is kept of.
func (t *tx) touches() bool {
	return t.public || t.who || t.marks || t.searched || len(t.enrolled)+len(t.events)+len(t.turned) > 0
}

// committed moves the numbers and tells the listeners of what a commit touched.
func (s *Store) committed(last *tx) {
	s.rolling.forget(last.enrolled)
	if last.mentored {
		s.mentored.Add(1)
	}
	if last.programs {
		s.programs.Add(1)
	}
	if last.who {
		s.identity.Add(1)
	}
	if last.searched {
		s.searches.Add(1)
	}
	if last.marks {
		s.marks.Add(1)
	}
	if last.public {
		s.generation.Add(1)
	}
	last.touched()
	if s.peers != nil {
		s.peers.committed(last)
	}
	s.tell(last.events)
}

// tell hands events to the listeners.
func (s *Store) tell(events []Event) {
	if len(events) == 0 {
		return
	}
	s.mu.Lock()
	listeners := s.listeners
	s.mu.Unlock()
	for _, event := range events {
		for _, listen := range listeners {
			listen(event)
		}
	}
}

// random reads n bytes; without randomness nothing may go on, so a failing source is an error.
func (t *tx) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(t.store.rand, b); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return b, nil
}

// newID makes a time-ordered UUID (version 7, RFC 9562 section 5.7): milliseconds of the transaction's instant, a
// counter that keeps the order inside the transaction, then 62 random bits.
func (t *tx) newID() (string, error) {
	tail, err := t.random(8)
	if err != nil {
		return "", err
	}
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(t.now.UnixMilli())<<16|uint64(t.counter&0x0fff))
	copy(id[8:], tail)
	t.counter++
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	h := hex.EncodeToString(id[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), nil
}

// newSecret makes 160 random bits as 32 lower-case base32 characters.
func (t *tx) newSecret() (string, error) {
	b, err := t.random(20)
	if err != nil {
		return "", err
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(b)), nil
}

// instant writes a time so that keys sort by it.
func instant(t time.Time) string { return t.UTC().Format("20060102T150405.000000000") }
