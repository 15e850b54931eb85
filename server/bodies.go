package server

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// bodies bounds the memory of what is being sent to the server. The web server takes the memory that a request claims
// before anything of it has come, so that a claim is what counts here, from the head of the request until it is answered.
// Strangers have a purse of their own, and so have papers: whatever they send, and however slowly papers come, members can
// go on writing. No member takes more than half of a purse, so that there is something for the next one.
type bodies struct {
	mu       sync.Mutex // guards what follows
	free     map[purse]int
	spent    map[payer]int // of members
	claims   map[*fasthttp.RequestHeader]claim
	given    chan struct{} // closed when memory is given back
	held     atomic.Int64  // claims, for those who ask without mu
	refused  atomic.Int64
	most     map[purse]int // never changed
	patience time.Duration
}

// purse is whose memory is spent, and on what.
type purse uint8

const (
	strangers purse = iota
	members
	papers // of members
)

// payer is who spends of a purse; strangers are all one.
type payer struct {
	of     purse
	member string
}

// claim is what one request takes; of one that was refused nothing.
type claim struct {
	payer
	size  int
	until time.Time // it must be over by then, even if nobody said so
}

const (
	smallBody     = 16 << 10 // and less is not counted: connections are bounded too
	keptBody      = 64 << 10 // the memory of a larger one is not kept for the next request of its connection
	bodiesWait    = time.Second
	memberBodies  = 64 << 20
	paperBodies   = 64 << 20
	strangeBodies = 16 << 20
	inMemory      = 16 << 20 // of a form with a file; the rest of it goes to a file right away
)

// newBodies shares out what a machine with so much memory can spare, 0 for as much as wanted.
func newBodies(memory int64) *bodies {
	free := map[purse]int{members: memberBodies, papers: paperBodies, strangers: strangeBodies}
	if memory > 0 {
		free[members] = int(min(memberBodies, max(memory/24, 2*bodyLimit)))
		free[papers] = int(min(paperBodies, max(memory/12, 2*bodyLimit)))
		free[strangers] = int(min(strangeBodies, max(memory/64, bodyLimit)))
	}
	return &bodies{most: maps.Clone(free), free: free, spent: map[payer]int{}, claims: map[*fasthttp.RequestHeader]claim{}, given: make(chan struct{}), patience: bodiesWait}
}

// share is how much somebody may take of a purse.
func (b *bodies) share(of purse) int {
	if of == strangers {
		return b.most[of]
	}
	return b.most[of] / 2
}

// take claims memory for the body of a request, and waits a moment when there is none. A request whose claim was refused
// is remembered, see wasRefused.
func (b *bodies) take(head *fasthttp.RequestHeader, from payer, size int, timeout time.Duration) bool {
	share := b.share(from.of)
	size = min(size, inMemory, share)
	end := time.Now().Add(b.patience)
	for {
		b.mu.Lock()
		b.giveBack(head) // the connection's request before was cut off in a way that nobody heard of
		enough := func() bool { return b.free[from.of] >= size && b.spent[from]+size <= share }
		if !enough() {
			b.sweep()
		}
		if enough() {
			b.free[from.of] -= size
			b.spent[from] += size
			b.claims[head] = claim{from, size, time.Now().Add(timeout + requestTimeout)}
			b.held.Store(int64(len(b.claims)))
			b.mu.Unlock()
			return true
		}
		given, left := b.given, time.Until(end)
		if left <= 0 {
			b.claims[head] = claim{from, 0, time.Now().Add(requestTimeout)}
			b.held.Store(int64(len(b.claims)))
			b.mu.Unlock()
			b.refused.Add(1)
			return false
		}
		b.mu.Unlock()
		select {
		case <-given:
		case <-time.After(left):
		}
	}
}

// any says whether any request has a claim. One that may have one is asked about in any case: a body that came in pieces
// of which there were none is not to be seen any more once it was read.
func (b *bodies) any() bool { return b.held.Load() > 0 }

// end gives back what a request claimed, and lets go of its memory.
func (b *bodies) end(req *fasthttp.Request) {
	b.mu.Lock()
	b.giveBack(&req.Header)
	b.mu.Unlock()
	req.ReleaseBody(keptBody)
}

// wasRefused says whether a request was not read because there was no memory for it.
func (b *bodies) wasRefused(head *fasthttp.RequestHeader) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	one, ok := b.claims[head]
	return ok && one.size == 0
}

// giveBack ends a claim; mu is held.
func (b *bodies) giveBack(head *fasthttp.RequestHeader) {
	one, ok := b.claims[head]
	if !ok {
		return
	}
	delete(b.claims, head)
	b.held.Store(int64(len(b.claims)))
	if one.size > 0 {
		b.free[one.of] += one.size
		if b.spent[one.payer] -= one.size; b.spent[one.payer] == 0 {
			delete(b.spent, one.payer)
		}
		close(b.given)
		b.given = make(chan struct{})
	}
}

// sweep ends the claims of requests that were cut off in a way that nobody heard of; mu is held.
func (b *bodies) sweep() {
	now := time.Now()
	for head, one := range b.claims {
		if now.After(one.until) {
			b.giveBack(head)
		}
	}
}
