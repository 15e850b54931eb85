package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
)

// maxBatch bounds how many updates share a commit, so that none waits long for the others.
const maxBatch = 1024

// fillPercent suits keys that mostly grow: ids are ordered by time.
const fillPercent = 0.9

// request is one Update on its way.
type request struct {
	ctx    context.Context
	fn     func(kv.Tx) error
	taken  atomic.Bool   // by the running goroutine, or by the caller who left before
	result answer        // of the function, kept until the commit
	ran    time.Duration // when it had ended, by the meter
	answer chan answer
}

// answer is what became of an Update: an error or none, or how its function ended instead.
type answer struct {
	err      error
	panicked any
	gone     bool // it ended its goroutine, as a test that gives up does
}

func (a answer) failed() bool { return a.err != nil || a.panicked != nil || a.gone }

// Update runs fn in the next commit. A lone caller never waits for company. The scope is not needed here, there is
// one writer. After a commit that failed for another reason than lack of space every later Update fails: what
// the disk holds is then unknown until the file is opened again. When it was the disk that failed, those in that commit
// get kv.ErrUnknown, later ones kv.ErrAway, and Watch says so.
func (db *DB) Update(ctx context.Context, _ string, fn func(kv.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.readOnly {
		return kv.ErrReadOnly
	}
	began, ran := db.meter.Update(), time.Duration(0)
	defer func() { db.meter.Updated(began, ran, err) }()
	r, _ := db.requests.Get().(*request)
	if r == nil {
		r = &request{answer: make(chan answer, 1)}
	}
	r.ctx, r.fn = ctx, fn
	if !db.line.join(r) {
		return kv.ErrClosed
	}
	var a answer
	select {
	case a = <-r.answer:
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		a = <-r.answer
	}
	ran = r.ran
	return db.returned(r, a)
}

// returned ends an Update the way its function ended.
func (db *DB) returned(r *request, a answer) error {
	r.ctx, r.fn, r.result, r.ran = nil, nil, answer{}, 0
	r.taken.Store(false)
	db.requests.Put(r)
	switch {
	case a.panicked != nil:
		panic(a.panicked)
	case a.gone:
		runtime.Goexit()
	}
	return a.err
}

// batch is what one commit makes durable.
type batch struct {
	requests []*request
	writes   *overlay
	base     *batch        // whose writes its functions saw before they were durable
	done     chan struct{} // closed when the outcome is known
	err      error         // the outcome
	took     time.Duration // the commit, when there was one

	began, ran time.Duration // when its first function began and its last one ended, by the meter
}

// succeeded is how many of its functions did.
func (b *batch) succeeded() (n int) {
	for _, r := range b.requests {
		if !r.result.failed() {
			n++
		}
	}
	return n
}

// serve is the committing goroutine. It ends when no more batches come.
func (db *DB) serve() {
	defer close(db.stopped)
	debug.SetPanicOnFault(true)
	for b := range db.work {
		failed := db.failed.Load()
		switch {
		case failed != nil:
			b.err = *failed
		case b.base != nil && b.base.err != nil:
			b.err = b.base.err // what its functions saw is not true
		default:
			began := db.meter.Now()
			if b.err = db.flush(b.writes); b.err != nil {
				db.meter.CommitFailed(b.err)
			} else if b.writes.len() > 0 {
				b.took = db.meter.Now() - began
				db.meter.Committed(b.succeeded(), b.took)
			}
			if b.err != nil && !errors.Is(b.err, kv.ErrNoSpace) {
				db.stopWriting(b.err)
			}
		}
		b.base = nil
		close(b.done)
		for _, r := range b.requests {
			// A function that failed may have done so because of what an earlier one wrote, which is now not true.
			if b.err != nil && r.result.panicked == nil && !r.result.gone {
				r.result = answer{err: b.err}
			}
			r.answer <- r.result
		}
	}
}

// stopWriting lets no more be written after a commit that failed. A sync that failed is never tried again: the kernel may
// then say that all is well and have dropped what it could not write.
func (db *DB) stopWriting(because error) {
	why := fmt.Errorf("kv: an earlier commit failed, open the file again to write: %w", because)
	if errors.Is(because, kv.ErrUnknown) || errors.Is(because, kv.ErrAway) {
		why = fmt.Errorf("%w: an earlier commit failed: %v", kv.ErrAway, because)
	}
	if db.failed.CompareAndSwap(nil, &why) && !errors.As(because, new(*kv.DamagedError)) {
		db.report(because)
	}
}

// Watch returns nil when ctx ends, and ErrDisk with the cause as soon as the disk has failed: nothing more is written then,
// and what is read may be more than the disk has kept, or nothing. Whoever holds the file should close it and end.
func (db *DB) Watch(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-db.disk:
		return err
	}
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
func (db *DB) flush(writes *overlay) (err error) {
	if writes.len() == 0 {
		return nil
	}
	tx, bucket, err := db.beginWrite()
	if err != nil {
		return err
	}
	defer db.rollback(tx) // does nothing after a commit
	defer panicToError(nil, &err)
	changed, at := db.changed.Load(), db.at.Load() // nobody else exchanges it: this transaction may write
	ground, err := newSurvey(tx, bucket)
	if err != nil {
		return &kv.DamagedError{Reason: err.Error()}
	}
	var key []byte // bbolt copies it, but not the value
	var sealing sealer
	err = writes.each(func(name string, value []byte) error {
		if changed != nil {
			changed.keys[name] = true
		}
		key = append(key[:0], name...)
		if err := ground.visit(key, value == nil); err != nil {
			return &kv.DamagedError{Reason: err.Error()}
		}
		if value == nil {
			return bucket.Delete(key)
		}
		return bucket.Put(key, sealing.seal(key, value))
	})
	if err != nil {
		return err
	}
	if err := checkCommit(at.file, at.bolt.Info().PageSize); errors.As(err, new(*fs.PathError)) {
		return fmt.Errorf("%w: %w", kv.ErrAway, err)
	} else if err != nil {
		return &kv.DamagedError{Reason: err.Error()}
	}
	if err := tx.Commit(); err != nil {
		if err = plain(err); !errors.Is(err, kv.ErrNoSpace) {
			err = fmt.Errorf("%w: %w", kv.ErrUnknown, err)
		}
		return err
	}
	db.puts.Add(uint64(writes.len()))
	return nil
}
