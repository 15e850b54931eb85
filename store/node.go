package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"belfry/store/kv"
)

// Lease says which node works a queue. It holds as long as the node has a record.
type Lease struct {
	Queue string `json:"queue"`
	Node  string `json:"node"`
}

func leases() *table[Lease] {
	return &table[Lease]{family: famLease, key: func(l *Lease) []string { return []string{l.Queue} }}
}

// Run lives among the other nodes until ctx ends: it lets them know of this one's commits and takes up theirs, and finds
// out who has died. Where the data is not shared it only waits.
func (s *Store) Run(ctx context.Context) error {
	p := s.peers
	if p == nil {
		<-ctx.Done()
		return nil
	}
	var parts sync.WaitGroup
	parts.Go(func() { p.give(ctx) })
	parts.Go(func() { p.wire.Receive(ctx, p.take) })
	// Each on its own: one that waits for the database must not keep the others.
	parts.Go(func() { every(ctx, restEvery, p.rest) })
	parts.Go(func() { every(ctx, peerBeat, func() { within(ctx, p.look) }) })
	every(ctx, peerBeat, func() {
		began := time.Now()
		within(ctx, func(short context.Context) {
			err := p.beat(short)
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.ill = err; err == nil {
				p.heard = began
			}
		})
		p.doubtful()
	})
	parts.Wait()
	within(context.WithoutCancel(ctx), p.leave)
	return nil
}

// restEvery is how often it is asked whether this node can still make itself heard.
const restEvery = 250 * time.Millisecond

func every(ctx context.Context, pause time.Duration, do func()) {
	for ctx.Err() == nil {
		do()
		_ = sleep(ctx, pause)
	}
}

// within gives work the time after which a node is taken for dead.
func within(ctx context.Context, work func(context.Context)) {
	short, cancel := context.WithTimeout(ctx, peerGone)
	defer cancel()
	work(short)
}

// doubt notes that a commit may have been made, or may yet be.
func (p *peers) doubt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doubted = time.Now()
}

// doubtFor is how long a commit of unknown outcome may still come: as long as the server lets a statement take, and more.
const doubtFor = 40 * time.Second

// doubtful lets this node and the others keep nothing for long while a commit may yet be made.
func (p *peers) doubtful() {
	p.mu.Lock()
	doubtful := time.Since(p.doubted) < doubtFor
	p.mu.Unlock()
	if doubtful {
		p.store.moveAll()
		p.committed(&tx{public: true, who: true, marks: true, searched: true, enrolled: map[string]bool{everyTown: true}})
	}
}

// beat says that this node lives. When its record is gone the others took it for dead, and its leases with it.
func (p *peers) beat(ctx context.Context) error {
	p.mu.Lock()
	now, joined := p.own, p.joined
	p.mu.Unlock()
	buried := false
	err := p.store.update(ctx, "node/"+p.id, func(t *tx) error {
		have, ok, err := nodes().find(t, p.id)
		if err != nil {
			return err
		}
		buried = joined && !ok
		return nodes().put(t, Node{ID: p.id, Beat: have.Beat + 1, moved: now})
	})
	if err != nil {
		return err
	}
	if buried {
		p.store.moveAll()
		p.miss()
		p.stop()
	}
	p.mu.Lock()
	p.joined = true
	p.mu.Unlock()
	return nil
}

// rest stops the work on queues when this node has not been able to make itself heard: soon another takes over.
func (p *peers) rest() {
	p.mu.Lock()
	silent := time.Since(p.heard) > peerSilent
	p.mu.Unlock()
	if silent {
		p.stop()
	}
}

func (p *peers) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stops++
	for _, cancel := range p.leading {
		cancel()
	}
}

func (p *peers) works() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.leading) > 0
}

// look compares the records of all nodes with what the hints told.
func (p *peers) look(ctx context.Context) {
	var all []Node
	err := p.store.view(ctx, func(t *tx) error {
		var err error
		all, err = nodes().under(t, window{Limit: scanBatch})
		return err
	})
	if err != nil {
		p.store.moveAll() // nothing is known of what the others do: keep nothing for long
		return
	}
	late, dead := p.compare(all, time.Now())
	if late {
		p.miss()
	}
	for _, n := range dead {
		p.bury(ctx, n)
	}
}

// compare takes up what the records say, and returns whether hints are late and which nodes are dead.
func (p *peers) compare(all []Node, now time.Time) (late bool, dead []Node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	there := map[string]bool{}
	for _, n := range all {
		if n.ID == p.id {
			continue
		}
		there[n.ID] = true
		have, ok := p.known[n.ID]
		if !ok {
			p.store.moveAll()
			p.known[n.ID] = peer{moved: n.moved, beat: n.Beat, since: now, row: n.Hints}
			continue
		}
		if have.row > have.Hints { // a whole beat later the hint has still not come
			late = true
			have.Hints = have.row
		}
		have.row = n.Hints
		hinted := have.Hints
		if n.Towns > have.Towns {
			p.store.rolling.forget(map[string]bool{everyTown: true})
		}
		p.store.moveTo(have.moved, n.moved)
		have.moved = largest(have.moved, n.moved)
		have.Hints = hinted
		if n.Beat != have.beat {
			have.beat, have.since = n.Beat, now
		} else if n.ID != commandNode && now.Sub(have.since) > 2*peerBeat {
			p.store.moveAll() // it may have committed what it could not tell
			if now.Sub(have.since) > peerGone {
				dead = append(dead, n)
			}
		}
		p.known[n.ID] = have
	}
	for id := range p.known {
		if !there[id] {
			p.store.moveAll()
			late = true
			delete(p.known, id)
		}
	}
	return late, dead
}

func largest(a, b moved) moved {
	return moved{Public: max(a.Public, b.Public), Who: max(a.Who, b.Who), Marks: max(a.Marks, b.Marks), Searched: max(a.Searched, b.Searched), Towns: max(a.Towns, b.Towns), Hints: max(a.Hints, b.Hints)}
}

// bury takes the record of a dead node away, unless it has moved. With it go its leases.
func (p *peers) bury(ctx context.Context, n Node) {
	gone := false
	err := p.store.update(ctx, "node/"+n.ID, func(t *tx) error {
		have, ok, err := nodes().find(t, n.ID)
		gone = err == nil && ok && have.Beat == n.Beat
		if !gone {
			return err
		}
		return nodes().remove(t, n.ID)
	})
	if err == nil && gone {
		p.buried.Add(1)
	}
}

// leave takes this node's record away when its work on queues has ended, so that others go on at once.
func (p *peers) leave(ctx context.Context) {
	p.send(ctx)
	for p.stop(); p.works(); {
		if sleep(ctx, hintEvery) != nil {
			return // it is buried
		}
	}
	_ = p.store.update(ctx, "node/"+p.id, func(t *tx) error { return nodes().remove(t, p.id) }) // else it is buried
}

// part notes what a command changed that is none of the nodes, when it ends.
func (p *peers) part() error {
	p.mu.Lock()
	quiet := p.joined || p.own == p.told && len(p.events) == 0
	own := p.own
	p.mu.Unlock()
	if quiet {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), peerGone)
	defer cancel()
	return p.store.update(ctx, "node/"+commandNode, func(t *tx) error {
		n, _, err := nodes().find(t, commandNode)
		if err != nil {
			return err
		}
		n.ID, n.Public, n.Who, n.Marks, n.Searched = commandNode, n.Public+own.Public, n.Who+own.Who, n.Marks+own.Marks, n.Searched+own.Searched
		n.Towns += own.Towns
		n.Beat, n.Hints = n.Beat+1, n.Hints+1 // a hint that never comes: listeners look anew
		return nodes().put(t, n)
	})
}

// Alone runs work on one node at a time, this one or another, until ctx ends or work does. When this node can no longer be
// sure of its turn the work's context ends, and it waits for the next. Where the data is not shared it runs at once.
func (s *Store) Alone(ctx context.Context, queue string, work func(context.Context) error) error {
	p := s.peers
	if p == nil {
		return work(ctx)
	}
	for {
		turn, end := p.lead(ctx, queue)
		if turn != nil {
			err := work(turn)
			lost := turn.Err() != nil && ctx.Err() == nil
			end()
			if !lost {
				return err
			}
		}
		if sleep(ctx, peerBeat) != nil {
			return nil
		}
	}
}

// Holder is the node that works a queue, "" when none does.
func (s *Store) Holder(ctx context.Context, queue string) (node string, err error) {
	err = s.view(ctx, func(t *tx) error {
		have, ok, err := leases().find(t, queue)
		if err != nil || !ok {
			return err
		}
		if _, alive, err := nodes().find(t, have.Node); err != nil || !alive {
			return err
		}
		node = have.Node
		return nil
	})
	return node, err
}

// errTaken says that another node works a queue.
var errTaken = errors.New("another node works this queue")

// lead takes a queue when nobody alive works it; the context ends with the turn.
func (p *peers) lead(ctx context.Context, queue string) (turn context.Context, end func()) {
	p.mu.Lock()
	ready, stops := p.joined && time.Since(p.heard) < peerSilent, p.stops
	p.mu.Unlock()
	if !ready {
		return nil, nil
	}
	err := p.store.update(ctx, "lease/"+queue, func(t *tx) error {
		have, ok, err := leases().find(t, queue)
		if err != nil {
			return err
		}
		if ok && have.Node != p.id {
			if _, alive, err := nodes().find(t, have.Node); err != nil || alive {
				return errors.Join(err, errTaken)
			}
		}
		if _, alive, err := nodes().find(t, p.id); err != nil || !alive {
			return errors.Join(err, errTaken)
		}
		if ok && have.Node == p.id {
			return nil
		}
		return leases().put(t, Lease{Queue: queue, Node: p.id})
	})
	if err != nil {
		return nil, nil
	}
	turn, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stops != stops || time.Since(p.heard) > peerSilent { // meanwhile it may be another's
		cancel()
		return nil, nil
	}
	p.leading[queue] = cancel
	return turn, func() {
		cancel()
		p.mu.Lock()
		delete(p.leading, queue)
		p.mu.Unlock()
	}
}

// Awake says how many nodes serve the data of an engine. It watches for a while.
func Awake(ctx context.Context, db kv.DB) (int, error) {
	s := &Store{db: db, clock: time.Now}
	beats := func() (map[string]uint64, error) {
		found := map[string]uint64{}
		err := s.view(ctx, func(t *tx) error {
			clear(found)
			all, err := nodes().under(t, window{Limit: scanBatch})
			for _, n := range all {
				found[n.ID] = n.Beat
			}
			return err
		})
		return found, err
	}
	before, err := beats()
	delete(before, commandNode)
	if err != nil || len(before) == 0 {
		return 0, err
	}
	if err := sleep(ctx, 3*peerBeat); err != nil {
		return 0, err
	}
	after, err := beats()
	awake := 0
	for id, beat := range after {
		if was, ok := before[id]; id != commandNode && (!ok || was != beat) {
			awake++
		}
	}
	return awake, err
}
