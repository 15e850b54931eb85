package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
)

// maxBatch bounds how many updates share a commit, so that none waits long for the others.
const maxBatch = 1024

// fillPercent suits keys that mostly grow: ids are ordered by time.
const fillPercent = 0.9

// request is one Update on its way through the committing goroutine.
type request struct {
	ctx    context.Context
	fn     func(kv.Tx) error
	state  atomic.Int32 // waiting, taken or left
	answer chan outcome
	writes *overlay
}

const (
	waiting int32 = iota
	taken
	left
)

// outcome of an update; a panic of its function is raised again where Update was called.
type outcome struct {
	err   error
	panic any
}

// Update runs fn in the next commit. The scope is not needed here: there is one writer.
func (db *DB) Update(ctx context.Context, _ string, fn func(kv.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.readOnly {
		return errors.New("kv: opened for reading only")
	}
	r := &request{ctx: ctx, fn: fn, answer: make(chan outcome, 1)}
	select {
	case <-db.done:
		return kv.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case db.queue <- r:
	}
	select {
	case out := <-r.answer:
		return out.deliver()
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, left) {
			return ctx.Err()
		}
	case <-db.stopped:
		if r.state.CompareAndSwap(waiting, left) {
			return kv.ErrClosed
		}
	}
	return (<-r.answer).deliver()
}

func (o outcome) deliver() error {
	if o.panic != nil {
		panic(o.panic)
	}
	return o.err
}

// run is the committing goroutine: it takes all that waits, never waiting for company, and commits it at once.
func (db *DB) run() {
	defer close(db.stopped)
	debug.SetPanicOnFault(true)
	var broken error
	for {
		var batch []*request
		select {
		case r := <-db.queue:
			batch = append(batch, r)
		case <-db.done:
			return
		}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case r := <-db.queue:
				batch = append(batch, r)
			default:
				more = false
			}
		}
		if broken == nil {
			broken = db.commit(batch)
			continue
		}
		for _, r := range batch {
			if r.state.CompareAndSwap(waiting, taken) {
				r.answer <- outcome{err: broken}
			}
		}
	}
}

// commit runs a batch and answers everybody in it. It returns an error only when the disk has failed in a way after
// which no write can be trusted: a full disk is not such a failure, a failed sync is.
func (db *DB) commit(batch []*request) (broken error) {
	tx, err := db.bolt.Begin(true)
	if err != nil {
		err = plain(err)
		for _, r := range batch {
			if r.state.CompareAndSwap(waiting, taken) {
				r.answer <- outcome{err: err}
			}
		}
		return nil
	}
	bucket := tx.Bucket(dataBucket)
	bucket.FillPercent = fillPercent
	writes := newOverlay()
	var done []*request
	for _, r := range batch {
		if !r.state.CompareAndSwap(waiting, taken) {
			continue
		}
		if out, ok := r.run(&reader{bucket: bucket, ctx: r.ctx}, writes); ok {
			writes.merge(r.writes)
			done = append(done, r)
		} else {
			r.answer <- out
		}
	}
	err = db.flush(tx, bucket, writes)
	for _, r := range done {
		r.answer <- outcome{err: err}
	}
	if err != nil && !errors.Is(err, kv.ErrNoSpace) {
		return fmt.Errorf("an earlier commit failed, restart to go on: %w", err)
	}
	db.updates.Add(uint64(len(done)))
	return nil
}

// run calls the function over what earlier ones of the batch wrote. What fails is dropped and harms nobody.
func (r *request) run(file *reader, batch *overlay) (out outcome, ok bool) {
	t := newTransaction(r.ctx, file, batch)
	defer func() {
		if fault := recover(); fault != nil {
			out, ok = outcome{panic: fault}, false
		}
	}()
	err := r.fn(t)
	if err == nil {
		err = t.err
	}
	r.writes = t.own
	return outcome{err: err}, err == nil
}

// flush puts the writes in key order and makes them durable.
func (db *DB) flush(tx *bbolt.Tx, bucket *bbolt.Bucket, writes *overlay) (err error) {
	defer guard(&err)
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if len(writes.keys) == 0 {
		return nil
	}
	for _, name := range writes.keys {
		key, value := []byte(name), writes.values[name]
		if value == nil {
			err = bucket.Delete(key)
		} else {
			err = bucket.Put(key, seal(key, value))
		}
		if err != nil {
			return plain(err)
		}
	}
	if err := tx.Commit(); err != nil {
		return plain(err)
	}
	db.commits.Add(1)
	db.puts.Add(uint64(len(writes.keys)))
	return nil
}
