package bolt

import (
	"context"
	"runtime/debug"
	"time"

	"belfry/store/kv"
)

// runner runs the functions of updates, one after the other, and gives what they wrote to the committing goroutine in
// batches. While one batch is being committed it runs the functions of the next over the writes of that one: a commit
// is mostly waiting for the disk, and the other processor has nothing better to do.
type runner struct {
	db      *DB
	taken   []*request // out of the line, to be run
	left    int        // of them, those at the end
	next    *batch
	flight  *batch // handed over; its outcome may not be known yet
	tx      looking
	file    *reader
	pace    time.Duration // how long the last commit took that is known of
	writes  int           // of the last function, a guess for the following one
	stopped bool
}

// run is the running goroutine. A function that ends its goroutine ends this one too: another goes on.
func (x *runner) run() {
	debug.SetPanicOnFault(true)
	defer func() {
		if !x.stopped {
			go x.run()
		}
	}()
	for x.step() {
	}
	x.stopped = true
	for _, r := range append(x.taken[len(x.taken)-x.left:], x.db.line.close()...) {
		if r.taken.CompareAndSwap(false, true) {
			r.answer <- answer{err: kv.ErrClosed}
		}
	}
	close(x.db.work)
}

// waiting is the next request that waits, nil when none does.
func (x *runner) waiting() *request {
	if x.left == 0 {
		clear(x.taken)
		x.taken = x.db.line.take(x.taken)
		if x.left = len(x.taken); x.left == 0 {
			return nil
		}
	}
	x.left--
	return x.taken[len(x.taken)-x.left-1]
}

// step takes one request, or hands a batch over, whichever can be; it takes all that waits before it hands over, unless
// that keeps the disk idle, and never waits for company. It returns false when the engine closes. Nothing is held open
// while it waits: a commit that has to grow the map waits for readers.
func (x *runner) step() bool {
	if x.next == nil {
		return x.begin()
	}
	full := len(x.next.requests) >= maxBatch
	if (full || x.long()) && x.offer() {
		return true
	}
	if !full {
		if r := x.waiting(); r != nil {
			x.take(r)
			return true
		}
	}
	if x.offer() {
		return true
	}
	x.release()
	wake := x.db.line.wake
	if full {
		wake = nil
	}
	select {
	case <-wake:
	case x.db.work <- x.next:
		x.handedOver()
	}
	return true
}

// long says whether the functions of the batch have taken as long as a commit does: while they go on, one could be made.
func (x *runner) long() bool { return x.pace > 0 && x.next.ran-x.next.began >= x.pace }

// offer hands the batch over if the committing goroutine has nothing to do.
func (x *runner) offer() bool {
	select {
	case x.db.work <- x.next:
		x.handedOver()
		return true
	default:
		return false
	}
}

// begin waits for the first request of a batch. What was handed over is forgotten as soon as its outcome is known: the
// file then has it, or it never was.
func (x *runner) begin() bool {
	x.release()
	select {
	case <-x.db.closing:
		return false
	default:
	}
	var done chan struct{}
	if x.flight != nil {
		done = x.flight.done
	}
	r := x.waiting()
	if r == nil {
		select {
		case <-x.db.line.wake:
		case <-done:
			x.landed()
		case <-x.db.closing:
		}
		return true
	}
	select {
	case <-done:
		x.landed()
	default:
	}
	x.next = &batch{writes: newOverlay(), base: x.flight, done: make(chan struct{}), began: x.db.meter.Now()}
	x.take(r)
	return true
}

// handedOver goes on to the next batch. The committing goroutine took this one, so the outcome of the one before is
// known: when it failed this one fails too, and the next must not see its writes.
func (x *runner) handedOver() {
	failed := false
	if x.flight != nil {
		failed = x.flight.err != nil
		x.landed()
	}
	if !failed {
		x.flight = x.next
	}
	x.next = nil
}

// landed forgets what was handed over: its outcome is known.
func (x *runner) landed() {
	if x.flight.took > 0 {
		x.pace = x.flight.took
	}
	x.flight = nil
}

// take runs a request, unless its caller left.
func (x *runner) take(r *request) {
	if !r.taken.CompareAndSwap(false, true) {
		return
	}
	x.next.requests = append(x.next.requests, r)
	if err := x.open(); err != nil {
		r.result = answer{err: err}
		return
	}
	t := newTransaction(r.ctx, x.file, x.next.writes, x.writes+2)
	if x.flight != nil {
		t.flight = x.flight.writes
	}
	r.call(t)
	r.ran = x.db.meter.Now()
	x.next.ran = r.ran
	if r.result.failed() {
		return // its writes are dropped; the others do not notice
	}
	x.writes = t.own.len()
	if x.next.writes.len() == 0 {
		x.next.writes = t.own
		return
	}
	x.next.writes.merge(t.own)
}

// call runs the function and notes how it ended.
func (r *request) call(t *transaction) {
	r.result = answer{gone: true}
	defer func() {
		if fault := recover(); fault != nil {
			r.result = answer{panicked: fault}
		}
	}()
	err := func() (err error) {
		defer faultToError(&err)
		return r.fn(t)
	}()
	if err == nil {
		err = t.err
	}
	r.result = answer{err: err}
}

// open makes sure that the file can be read as it is.
func (x *runner) open() error {
	if x.tx.Tx != nil {
		return nil
	}
	tx, err := x.db.look()
	if err != nil {
		return err
	}
	bucket, err := records(tx.Tx)
	if err != nil {
		x.db.leave(tx)
		return err
	}
	x.tx, x.file = tx, newReader(context.Background(), bucket)
	return nil
}

// release ends reading.
func (x *runner) release() {
	if x.tx.Tx != nil {
		x.db.leave(x.tx)
		x.tx, x.file = looking{}, nil
	}
}
