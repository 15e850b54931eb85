package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
)

// DB is an open file. Its methods may be called by many at once.
type DB struct {
	bolt     *bbolt.DB
	path     string
	readOnly bool

	queue   chan *request
	done    chan struct{} // closed by Close: no more requests are taken
	stopped chan struct{} // closed when the committing goroutine has ended
	closing sync.Once

	commits, updates, puts atomic.Uint64
}

// Stats count what was done since the file was opened.
type Stats struct {
	Commits, Updates, Puts uint64
	Bytes                  int64 // size of the database in the file
}

// Stats returns the counters.
func (db *DB) Stats() Stats {
	s := Stats{Commits: db.commits.Load(), Updates: db.updates.Load(), Puts: db.puts.Load()}
	_ = db.bolt.View(func(tx *bbolt.Tx) error { s.Bytes = tx.Size(); return nil })
	return s
}

// guard turns a panic or memory fault that a broken page causes inside bbolt into ErrDamaged. Call it deferred.
func guard(err *error) {
	if fault := recover(); fault != nil {
		*err = fmt.Errorf("%w (%v)", ErrDamaged, fault)
	}
}

// View runs fn on a snapshot.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	// A fault in the mapped file must not end the process.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err = db.bolt.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(dataBucket)
		if b == nil {
			return ErrDamaged
		}
		return fn(&reader{bucket: b, ctx: ctx})
	})
	if errors.Is(err, bbolt.ErrDatabaseNotOpen) {
		return kv.ErrClosed
	}
	return err
}

// reader reads one bbolt transaction.
type reader struct {
	bucket *bbolt.Bucket
	ctx    context.Context
}

func damaged(key []byte, err *error) {
	if fault := recover(); fault != nil {
		*err = &kv.DamagedError{Key: append([]byte{}, key...), Reason: fmt.Sprint(fault)}
	}
}

func (r *reader) Get(key []byte) (value []byte, ok bool, err error) {
	defer damaged(key, &err)
	sealed := r.bucket.Get(key)
	if sealed == nil {
		return nil, false, nil
	}
	value, err = unseal(key, sealed)
	return value, err == nil, err
}

func (r *reader) GetMany(keys [][]byte) ([][]byte, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		value, ok, err := r.Get(key)
		if err != nil {
			return nil, err
		}
		if ok {
			values[i] = value
		}
	}
	return values, nil
}

var errLimit = errors.New("kv: a scan needs a positive limit")

func (r *reader) Scan(want kv.Range, limit int) (pairs []kv.Pair, err error) {
	if limit <= 0 {
		return nil, errLimit
	}
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	defer damaged(want.From, &err)
	next, key, sealed := walk(r.bucket.Cursor(), want)
	for ; key != nil && within(want, key) && len(pairs) < limit; key, sealed = next() {
		value, err := unseal(key, sealed)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, kv.Pair{Key: key, Value: value})
	}
	return pairs, nil
}

// walk puts a cursor on the first pair of a range and says how to go on.
func walk(c *bbolt.Cursor, want kv.Range) (next func() ([]byte, []byte), key, value []byte) {
	if !want.Reverse {
		key, value = c.Seek(want.From)
		return c.Next, key, value
	}
	if len(want.To) == 0 {
		key, value = c.Last()
		return c.Prev, key, value
	}
	if key, _ = c.Seek(want.To); key == nil {
		key, value = c.Last()
	} else {
		key, value = c.Prev()
	}
	return c.Prev, key, value
}

func within(want kv.Range, key []byte) bool {
	if string(key) < string(want.From) {
		return false
	}
	return len(want.To) == 0 || string(key) < string(want.To)
}

// Close ends the committing goroutine after what it has taken, then closes the file.
func (db *DB) Close() error {
	var err error
	db.closing.Do(func() {
		close(db.done)
		<-db.stopped
		err = db.bolt.Close()
	})
	return err
}

// Backup writes a consistent copy of the file as it is now, while others read and write.
func (db *DB) Backup(ctx context.Context, w io.Writer) (int64, error) {
	var n int64
	err := db.bolt.View(func(tx *bbolt.Tx) error {
		var err error
		n, err = tx.WriteTo(contextWriter{ctx, w})
		return err
	})
	return n, err
}

type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// Verify reads every record and checks its checksum, then lets bbolt check its own pages. Each fault is reported;
// the error is for what stopped the verification itself.
func (db *DB) Verify(ctx context.Context, report func(*kv.DamagedError)) (records int, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			report(&kv.DamagedError{Reason: fmt.Sprintf("a page cannot be read: %v", fault)})
			err = nil
		}
	}()
	err = db.bolt.View(func(tx *bbolt.Tx) error {
		for fault := range tx.Check() {
			report(&kv.DamagedError{Reason: fault.Error()})
		}
		return tx.Bucket(dataBucket).ForEach(func(key, sealed []byte) error {
			records++
			var d *kv.DamagedError
			if _, err := unseal(key, sealed); errors.As(err, &d) {
				report(d)
			}
			return ctx.Err()
		})
	})
	return records, err
}

// plain names the errors of the disk that a caller can act on.
func plain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w (%w)", kv.ErrNoSpace, err)
	}
	if errors.Is(err, bbolt.ErrDatabaseNotOpen) {
		return kv.ErrClosed
	}
	return err
}
