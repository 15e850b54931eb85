package bolt

import (
	"context"
	"runtime/debug"
)

// runner runs the functions of updates, one after the other, and gives what they wrote to the committing goroutine in
// batches. While one batch is being committed it runs the functions of the next over the writes of that one: a commit
// is mostly waiting for the disk, and the other processor has nothing better to do.
type runner struct {
	db      *DB
	next    *batch
	flight  *batch // handed over; its outcome may not be known yet
	tx      looking
	file    *reader
	writes  int // of the last function, a guess for the following one
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
	close(x.db.work)
}

// step takes one request, or hands a batch over, whichever can be; it takes all that waits before it hands over, and
// never waits for company. It returns false when the engine closes. Nothing is held open while it waits: a commit that
// has to grow the map waits for readers.
func (x *runner) step() bool {
	if x.next == nil {
		return x.begin()
	}
	if len(x.next.requests) < maxBatch {
		select {
		case r := <-x.db.queue:
			x.take(r)
			return true
		default:
		}
	}
	select {
	case x.db.work <- x.next:
		x.handedOver()
		return true
	default:
	}
	x.release()
	queue := x.db.queue
	if len(x.next.requests) >= maxBatch {
		queue = nil
	}
	select {
	case r := <-queue:
		x.take(r)
	case x.db.work <- x.next:
		x.handedOver()
	}
	return true
}

// begin waits for the first request of a batch. What was handed over is forgotten as soon as its outcome is known: the
// file then has it, or it never was.
func (x *runner) begin() bool {
	x.release()
	var done chan struct{}
	if x.flight != nil {
		done = x.flight.done
	}
	select {
	case r := <-x.db.queue:
		if x.flight != nil {
			select {
			case <-done:
				x.flight = nil
			default:
			}
		}
		x.next = &batch{writes: newOverlay(), base: x.flight, done: make(chan struct{})}
		x.take(r)
	case <-done:
		x.flight = nil
	case <-x.db.closing:
		return false
	}
	return true
}

// handedOver goes on to the next batch. The committing goroutine took this one, so the outcome of the one before is
// known: when it failed this one fails too, and the next must not see its writes.
func (x *runner) handedOver() {
	before := x.flight
	x.flight, x.next = x.next, nil
	if before != nil && before.err != nil {
		x.flight = nil
	}
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
