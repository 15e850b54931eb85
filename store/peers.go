package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"belfry/store/kv"
)

// Node is a process that serves, where several share the data. Its numbers grow with its own commits; the others compare
// them with what the hints told, so that a hint that is lost costs a moment and nothing else.
type Node struct {
	ID   string `json:"id"`
	Beat uint64 `json:"beat"` // grows while it lives
	moved
}

// moved counts the commits of one node that touched something, and the hints it has given of them.
type moved struct {
	Public   uint64 `json:"public"`
	Who      uint64 `json:"who"`
	Marks    uint64 `json:"marks"`
	Searched uint64 `json:"searched"`
	Towns    uint64 `json:"towns"`
	Hints    uint64 `json:"hints"`
}

// hint is what a node tells the others after its commits: how its numbers are now, and what happened.
type hint struct {
	Node string `json:"n"`
	moved
	Enrolled []string      `json:"t,omitempty"` // the towns that changed, when the number of such commits has grown
	Events   []hintedEvent `json:"e,omitempty"`
}

// hintedEvent is of an event what another node's listeners need; letters are written from the record.
type hintedEvent struct {
	ID      string            `json:"i,omitempty"`
	Kind    EventKind         `json:"k"`
	Subject string            `json:"s,omitempty"`
	Member  string            `json:"m,omitempty"`
	By      string            `json:"b,omitempty"`
	Data    map[string]string `json:"d,omitempty"` // of announcements only
}

// Times of the life among peers. A node that has not been heard of for peerGone is taken for dead; one that cannot make
// itself heard stops its work on queues after peerSilent, which is sooner.
const (
	peerBeat   = time.Second
	peerSilent = 3500 * time.Millisecond
	peerGone   = 5 * time.Second
	hintEvery  = 4 * time.Millisecond
)

// commandNode stands for commands that change something beside the nodes that serve, and end at once.
const commandNode = "command"

func nodes() *table[Node] {
	return &table[Node]{family: famNode, key: func(n *Node) []string { return []string{n.ID} }}
}

// peers are the other processes on the same data.
type peers struct {
	store *Store
	wire  kv.Wire
	id    string
	wake  chan struct{} // something is to be told

	mu      sync.Mutex // guards what follows
	own     moved
	events  []hintedEvent
	said    map[string]hintedEvent // announced, by what replaces it
	saying  []string               // the keys of said, in order
	towns   map[string]bool        // that changed, to be told
	told    moved                  // as of the last hint
	since   time.Time              // when the first came that is to be told; zero for none
	known   map[string]peer        // the others
	heard   time.Time              // when the last beat that succeeded began
	ill     error                  // why the last beat did not succeed
	joined  bool
	doubted time.Time                     // when a commit of unknown outcome was last met
	stops   uint64                        // how often the work on queues was stopped
	leading map[string]context.CancelFunc // queues this node works, see Alone

	sent, received, missed, buried atomic.Uint64
}

// peer is another node as it was last seen.
type peer struct {
	moved
	beat  uint64
	since time.Time // when its beat was last seen to grow
	row   uint64    // hints its record counted at the last look
}

func newPeers(s *Store, wire kv.Wire) *peers {
	return &peers{store: s, wire: wire, id: rand.Text(), wake: make(chan struct{}, 1), known: map[string]peer{}, said: map[string]hintedEvent{}, towns: map[string]bool{}, leading: map[string]context.CancelFunc{}}
}

// PeerStats count what went between the nodes since the start.
type PeerStats struct {
	Nodes                        int           // others that are alive
	Oldest                       time.Duration // how long what is to be told has waited, 0 when nothing is
	Sent, Received, Missed, Gone uint64
}

// Peers counts what went between this node and the others.
func (s *Store) Peers() PeerStats {
	p := s.peers
	if p == nil {
		return PeerStats{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	stats := PeerStats{Nodes: len(p.known), Sent: p.sent.Load(), Received: p.received.Load(), Missed: p.missed.Load(), Gone: p.buried.Load()}
	if !p.since.IsZero() {
		stats.Oldest = time.Since(p.since)
	}
	return stats
}

// committed notes what a commit of this process touched.
func (p *peers) committed(t *tx) {
	p.mu.Lock()
	for _, touched := range []struct {
		it bool
		n  *uint64
	}{{t.public, &p.own.Public}, {t.who, &p.own.Who}, {t.marks, &p.own.Marks}, {t.searched, &p.own.Searched}} {
		if touched.it {
			*touched.n++
		}
	}
	if len(t.enrolled) > 0 {
		p.own.Towns++
		maps.Copy(p.towns, t.enrolled)
	}
	for _, e := range t.events {
		p.events = append(p.events, hintedEvent{ID: e.ID, Kind: e.Kind, Subject: e.Subject, Member: e.Member, By: e.By})
	}
	something := p.waits()
	p.mu.Unlock()
	if something {
		p.nudge()
	}
}

// waits says whether something is to be told, and notes since when; p.mu is held.
func (p *peers) waits() bool {
	something := p.own != p.told || len(p.events)+len(p.saying) > 0
	switch {
	case !something:
		p.since = time.Time{}
	case p.since.IsZero():
		p.since = time.Now()
	}
	return something
}

func (p *peers) nudge() {
	select {
	case p.wake <- struct{}{}:
	default: // it will be told with what is waiting
	}
}

// Announce hands an event to the listeners of every node, this one first, without storing it: who is there, who types.
// It may be lost between nodes, and one that still waits to be told there is replaced by the next of its kind and subject.
func (s *Store) Announce(e Event) {
	s.tell([]Event{e})
	if p := s.peers; p != nil {
		key := string(e.Kind) + " " + e.Subject
		p.mu.Lock()
		if _, waits := p.said[key]; !waits {
			p.saying = append(p.saying, key)
		}
		p.said[key] = hintedEvent{Kind: e.Kind, Subject: e.Subject, Member: e.Member, By: e.By, Data: e.Data}
		p.waits()
		p.mu.Unlock()
		p.nudge()
	}
}

// Shared says whether other nodes may serve the same data.
func (s *Store) Shared() bool { return s.peers != nil }

// maxHint leaves room in a message for all but the events.
const maxHint = kv.MaxMessage - 500

// maxEnrolled is how many towns one hint names.
const maxEnrolled = 50

// hints takes what is to be told, in messages that fit.
func (p *peers) hints() []hint {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own == p.told && len(p.events)+len(p.saying) == 0 {
		return nil
	}
	var all []hint
	size := 0
	for first := true; first || len(p.events) > 0; first = false {
		p.own.Hints++
		h := hint{Node: p.id, moved: p.own}
		size = 0
		if first && len(p.towns) <= maxEnrolled {
			h.Enrolled = sortedKeys(p.towns)
		} else if first {
			h.Enrolled = []string{everyTown}
		}
		clear(p.towns)
		size += 40 * len(h.Enrolled)
		for len(p.events) > 0 && size < maxHint {
			text, _ := json.Marshal(p.events[0]) // strings only
			if size += len(text) + 1; size < maxHint {
				h.Events = append(h.Events, p.events[0])
			}
			if size < maxHint || len(h.Events) == 0 { // what never fits is missed, and noticed by its number
				p.events = p.events[1:]
			}
		}
		all = append(all, h)
	}
	last := &all[len(all)-1]
	for len(p.saying) > 0 {
		e := p.said[p.saying[0]]
		text, _ := json.Marshal(e)                 // strings only
		if size > 0 && size+len(text) >= maxHint { // it goes with the next hint
			p.nudge()
			break
		}
		if size += len(text) + 1; size < maxHint { // else it never fits
			last.Events = append(last.Events, e)
		}
		delete(p.said, p.saying[0])
		p.saying = p.saying[1:]
	}
	p.told = p.own
	return all
}

// give tells the others, gathered.
func (p *peers) give(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		if sleep(ctx, hintEvery) != nil {
			return
		}
		p.send(ctx)
	}
}

func (p *peers) send(ctx context.Context) {
	for _, h := range p.hints() {
		message, _ := json.Marshal(h) // strings and numbers only
		if err := p.wire.Send(ctx, message); err == nil {
			p.sent.Add(1)
		} // one that is lost is noticed by its number
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = time.Time{}
	p.waits()
}

// take hears the others.
func (p *peers) take(message []byte) {
	var h hint
	if message == nil {
		p.store.moveAll()
		p.miss()
		return
	}
	if err := json.Unmarshal(message, &h); err != nil || h.Node == p.id {
		return
	}
	p.received.Add(1)
	p.mu.Lock()
	have, ok := p.known[h.Node]
	gap := ok && h.Hints > have.Hints+1
	switch {
	case h.Towns <= have.Towns:
	case gap || !ok:
		p.store.rolling.forget(map[string]bool{everyTown: true})
	default:
		changed := map[string]bool{}
		for _, id := range h.Enrolled {
			changed[id] = true
		}
		p.store.rolling.forget(changed)
	}
	p.store.moveTo(have.moved, h.moved)
	have.moved = largest(have.moved, h.moved)
	if ok { // else the next look at the records takes it up
		p.known[h.Node] = have
	}
	p.mu.Unlock()
	if gap {
		p.miss()
	}
	events := make([]Event, len(h.Events))
	for i, e := range h.Events {
		events[i] = Event{ID: e.ID, Kind: e.Kind, Subject: e.Subject, Member: e.Member, By: e.By, Data: e.Data}
	}
	p.store.tell(events)
}

// miss lets listeners know that they may have missed something.
func (p *peers) miss() {
	p.missed.Add(1)
	p.store.tell([]Event{{Kind: EventMissed}})
}

// moveTo moves this process's numbers when another's have.
func (s *Store) moveTo(old, now moved) {
	for _, one := range []struct {
		old, now uint64
		own      *atomic.Uint64
	}{{old.Who, now.Who, &s.identity}, {old.Searched, now.Searched, &s.searches}, {old.Marks, now.Marks, &s.marks}, {old.Public, now.Public, &s.mentored}, {old.Public, now.Public, &s.programs}, {old.Public, now.Public, &s.generation}} {
		if one.now > one.old {
			one.own.Add(1)
		}
	}
}

// moveAll moves every number: anything may have changed.
func (s *Store) moveAll() {
	s.rolling.forget(map[string]bool{everyTown: true})
	s.moveTo(moved{}, moved{Public: 1, Who: 1, Marks: 1, Searched: 1})
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
