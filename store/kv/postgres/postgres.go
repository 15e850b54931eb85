package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"belfry/store/kv"
)

// errGone stands for a function that panicked or ended its goroutine.
var errGone = errors.New("kv: the function did not return")

// View runs fn on a snapshot, which the first read takes.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !db.begin() {
		return kv.ErrClosed
	}
	defer db.working.Done()
	began := db.meter.View()
	defer db.meter.Viewed(began)
	s := &snapshot{db: db, ctx: ctx, begin: beginView}
	defer s.end()
	return plain(fn(s))
}

// request is one Update on its way. Its function runs where Update was called, when it is its turn, perhaps several
// times: a panic or a test that gives up stays in the goroutine it belongs to.
type request struct {
	ctx    context.Context
	turn   chan *transaction
	ran    chan error // what the function returned, errGone when it did not return
	answer chan error
	taken  bool          // its function has run; used by the batch's goroutine only, as the next
	result error         // what the function returned last
	last   time.Duration // when that was, by the meter
}

// queue is what waits for one scope; somebody is at work on it as long as it is there.
type queue struct{ waiting []*request }

// maxBatch bounds how many updates share a transaction.
const maxBatch = 256

// Update runs fn in a transaction with all that wait for the same scope.
func (db *DB) Update(ctx context.Context, scope string, fn func(kv.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.readOnly {
		return kv.ErrReadOnly
	}
	began, ran := db.meter.Update(), time.Duration(0)
	defer func() { db.meter.Updated(began, ran, err) }()
	r := &request{ctx: ctx, turn: make(chan *transaction), ran: make(chan error, 1), answer: make(chan error, 1)}
	if !db.enqueue(scope, r) {
		return kv.ErrClosed
	}
	leave := ctx.Done()
	for {
		select {
		case t := <-r.turn:
			leave = nil // from now on the outcome is what becomes of the transaction
			r.run(t, fn)
		case err := <-r.answer:
			ran = r.last
			return err
		case <-leave:
			return ctx.Err()
		}
	}
}

// run calls the function and always tells the batch's goroutine, which waits for it.
func (r *request) run(t *transaction, fn func(kv.Tx) error) {
	err := errGone
	defer func() { r.ran <- err }()
	err = fn(t)
	if err == nil {
		err = t.err
	}
}

// offer gives a request its turn and waits for its function; false when its caller has left or the function has.
func (r *request) offer(t *transaction) bool {
	if r.taken {
		r.turn <- t
	} else {
		select {
		case r.turn <- t:
		case <-r.ctx.Done():
			return false
		}
	}
	r.taken = true
	r.result = <-r.ran
	r.last = t.stored.db.meter.Now()
	return !errors.Is(r.result, errGone)
}

func (db *DB) enqueue(scope string, r *request) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return false
	}
	q := db.queues[scope]
	if q == nil {
		q = &queue{}
		db.queues[scope] = q
		db.working.Go(func() { db.serve(scope, q) })
	}
	q.waiting = append(q.waiting, r)
	return true
}

// serve works on a scope until nobody waits for it, never waiting for more.
func (db *DB) serve(scope string, q *queue) {
	for {
		db.mu.Lock()
		n := min(len(q.waiting), maxBatch)
		batch := slices.Clone(q.waiting[:n])
		q.waiting = q.waiting[n:]
		if n == 0 {
			delete(db.queues, scope)
		}
		db.mu.Unlock()
		if n == 0 {
			return
		}
		db.work(batch)
	}
}

// How often a batch runs again after conflicts before its functions go one by one, and then each of them; and how long
// it waits for a server to be found again.
const (
	batchTries = 4
	tries      = 24
	patience   = 20 * time.Second
)

// work brings a batch to its end and answers everybody in it.
func (db *DB) work(batch []*request) {
	answer := func(err error) {
		for _, r := range batch {
			if err != nil {
				r.result = err
			}
			r.answer <- r.result
		}
	}
	conflicts, began, bytewise := 0, time.Now(), false
	for try := 1; ; try++ {
		var err error
		batch, err = db.attempt(batch, bytewise)
		switch {
		case err == nil:
			answer(nil)
			return
		case len(batch) == 0:
			return
		case unsuitable(err) && !bytewise:
			bytewise = true // a document that PostgreSQL does not take for JSON is stored as bytes
			continue
		case conflict(err):
			db.meter.Redone.Add(1)
			conflicts++
			if conflicts >= batchTries && len(batch) > 1 {
				for _, r := range batch {
					db.work([]*request{r})
				}
				return
			}
			if conflicts >= tries {
				answer(kv.ErrConflict)
				return
			}
		case lost(err) && time.Since(began) < patience && time.Now().Before(until(batch)): // nothing was written
			db.forget(err)
		default:
			err = plain(err)
			db.meter.CommitFailed(err)
			answer(err)
			return
		}
		time.Sleep(jitter(min(try, 8)))
	}
}
