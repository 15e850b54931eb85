package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
)

// maxBatch bounds how many updates share a commit, so that none waits long for the others.
const maxBatch = 1024

// fillPercent suits keys that mostly grow: ids are ordered by time.
const fillPercent = 0.9

var errReadOnly = errors.New("kv: opened for reading only")

// request is one Update on its way. The committing goroutine hands it the transaction when it is its turn, and the
// function runs where Update was called: a panic or a test that gives up stays in the goroutine it belongs to.
type request struct {
	ctx    context.Context
	turn   chan *transaction
	ran    chan error // what the function returned, errGone when it did not return
	result error      // the same, kept by the committing goroutine until the commit
	answer chan error
}

// errGone stands for a function that panicked or ended its goroutine.
var errGone = errors.New("kv: the function did not return")

// Update runs fn in the next commit. A lone caller never waits for company. The scope is not needed here, there is
// one writer. After a commit that failed for another reason than lack of space every later Update fails: what
// the disk holds is then unknown until the file is opened again.
func (db *DB) Update(ctx context.Context, _ string, fn func(kv.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.readOnly {
		return errReadOnly
	}
	r := &request{ctx: ctx, turn: make(chan *transaction), ran: make(chan error, 1), answer: make(chan error, 1)}
	select {
	case db.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.closing:
		return kv.ErrClosed
	}
	select {
	case t := <-r.turn:
		r.run(t, fn)
		return <-r.answer
	case err := <-r.answer: // the batch could not start
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stopped:
		return kv.ErrClosed
	}
}

// run calls the function and always tells the committing goroutine, which waits for it.
func (r *request) run(t *transaction, fn func(kv.Tx) error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err := errGone
	defer func() { r.ran <- err }()
	err = func() (err error) {
		defer faultToError(&err)
		return fn(t)
	}()
	if err == nil {
		err = t.err
	}
}

// serve is the committing goroutine: it takes all that waits, never waiting for more, and commits it at once.
func (db *DB) serve() {
	defer close(db.stopped)
	debug.SetPanicOnFault(true)
	var failed error
	for {
		batch := db.gather()
		if batch == nil {
			return
		}
		if failed == nil {
			failed = db.commit(batch)
			continue
		}
		for _, r := range batch {
			r.answer <- failed
		}
	}
}

// gather waits for one request and takes what else is there; nil means that the engine closes.
func (db *DB) gather() []*request {
	var batch []*request
	select {
	case r := <-db.queue:
		batch = append(batch, r)
	case <-db.closing:
		return nil
	}
	for len(batch) < maxBatch {
		select {
		case r := <-db.queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch and answers everybody in it. It returns an error when no later write may be trusted: a full
// disk is not such a failure, a failed sync is.
func (db *DB) commit(batch []*request) (failed error) {
	tx, bucket, err := db.beginWrite()
	if err != nil {
		for _, r := range batch {
			r.answer <- err
		}
		return err
	}
	writes := newOverlay()
	taken := batch[:0]
	for _, r := range batch {
		t := newTransaction(r.ctx, &reader{bucket: bucket}, writes)
		select {
		case r.turn <- t:
		case <-r.ctx.Done(): // its caller has left or is about to
			continue
		}
		r.result = <-r.ran
		taken = append(taken, r)
		switch {
		case r.result != nil: // dropped; the others do not notice
		case len(writes.values) == 0:
			writes = t.own
		default:
			writes.merge(t.own)
		}
	}
	err = db.flush(tx, bucket, writes)
	for _, r := range taken {
		// A function that failed may have done so because of what an earlier one wrote, which is now not true.
		if err != nil {
			r.result = err
		} else if r.result == nil {
			db.updates.Add(1)
		}
		r.answer <- r.result
	}
	if err != nil && !errors.Is(err, kv.ErrNoSpace) {
		return fmt.Errorf("kv: an earlier commit failed, open the file again to write: %w", err)
	}
	return nil
}

// beginWrite starts the batch's transaction.
func (db *DB) beginWrite() (tx *bbolt.Tx, bucket *bbolt.Bucket, err error) {
	tx, err = db.begin(true)
	if err != nil {
		return nil, nil, err
	}
	if bucket, err = records(tx); err != nil {
		db.rollback(tx)
		return nil, nil, err
	}
	bucket.FillPercent = fillPercent
	return tx, bucket, nil
}

// flush puts the writes in key order, so that each page is visited once, and makes them durable.
func (db *DB) flush(tx *bbolt.Tx, bucket *bbolt.Bucket, writes *overlay) (err error) {
	defer db.rollback(tx) // does nothing after a commit
	defer panicToError(nil, &err)
	keys := writes.keys()
	if len(keys) == 0 {
		return nil
	}
	for _, name := range keys {
		key, value := []byte(name), writes.values[name]
		if value == nil {
			err = bucket.Delete(key)
		} else {
			err = bucket.Put(key, seal(key, value))
		}
		if err != nil {
			return err
		}
	}
	if err := checkCommit(db.file, db.bolt.Info().PageSize); err != nil {
		return &kv.DamagedError{Reason: err.Error()}
	}
	if err := tx.Commit(); err != nil {
		return plain(err)
	}
	db.commits.Add(1)
	db.puts.Add(uint64(len(keys)))
	return nil
}
