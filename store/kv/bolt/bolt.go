package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// DB is an open file. Its methods may be called by many at once.
type DB struct {
	at       atomic.Pointer[opened] // changed by Compact only, which then holds the right to write
	path     string
	options  Options
	readOnly bool

	line     *line
	requests sync.Pool
	work     chan *batch   // to the committing goroutine, which takes one when the one before is done
	closing  chan struct{} // closed by Close: no more requests are run
	stopped  chan struct{} // closed when the committing goroutine has ended
	once     sync.Once     // guards the end of closing

	// broken is set when bbolt panicked while it held its own locks; using it again could wait for ever.
	broken atomic.Bool

	failed     atomic.Pointer[error]   // why nothing may be written any more
	disk       chan error              // gets why, once, when nothing can be written for the disk's fault, or nothing read
	compacting sync.Mutex              // held by Compact
	changed    atomic.Pointer[written] // what was written since the copy began; whoever may write owns the map
	swapping   sync.Mutex              // held by the exchange of the file and by Close
	leaving    sync.WaitGroup          // files that were exchanged and still have readers

	puts  atomic.Uint64
	meter *kv.Meter
}

// Meter counts what the engine does.
func (db *DB) Meter() *kv.Meter { return db.meter }

// Ready says why no Update can succeed now.
func (db *DB) Ready() error {
	if failed := db.failed.Load(); failed != nil {
		return fmt.Errorf("%w: %w", kv.ErrFailed, *failed)
	}
	select {
	case <-db.closing:
		return kv.ErrClosed
	default:
	}
	switch {
	case db.broken.Load():
		return fmt.Errorf("%w: the file became unreadable", kv.ErrFailed)
	case db.readOnly || sealed(filepath.Dir(db.path)):
		return kv.ErrReadOnly
	case db.meter.Full():
		return kv.ErrNoSpace
	}
	return nil
}

// View runs fn on a snapshot. A part of the file that cannot be read makes it fail with a kv.DamagedError.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	began := db.meter.View()
	defer db.meter.Viewed(began)
	return db.read(func(tx *bbolt.Tx) error {
		bucket, err := records(tx)
		if err != nil {
			return err
		}
		return fn(newReader(ctx, bucket))
	})
}

// records returns the bucket of all records.
func records(tx *bbolt.Tx) (bucket *bbolt.Bucket, err error) {
	defer panicToError(nil, &err)
	if bucket = tx.Bucket(dataBucket); bucket == nil {
		return nil, &kv.DamagedError{Reason: "the bucket of all records is gone"}
	}
	return bucket, nil
}

// read runs fn in a bbolt read transaction. Faults of the mapped file that fn meets become errors, its own panics
// stay panics.
func (db *DB) read(fn func(*bbolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := db.look()
	if err != nil {
		return err
	}
	defer db.leave(tx)
	defer faultToError(&err)
	return fn(tx.Tx)
}

// look begins to read, leave ends it. Meanwhile the file is not closed when another takes its place: bbolt would let all who
// leave it wait for the last of them.
func (db *DB) look() (looking, error) {
	at := db.at.Load()
	for !at.read.TryRLock() { // another is in its place
		at = db.at.Load()
	}
	tx, err := db.beginIn(at, false)
	if err != nil {
		at.read.RUnlock()
		return looking{}, plain(err)
	}
	return looking{tx, at}, nil
}

func (db *DB) leave(tx looking) {
	db.rollback(tx.Tx)
	tx.at.read.RUnlock()
}

// looking is a transaction that reads.
type looking struct {
	*bbolt.Tx
	at *opened
}

// rollback ends a transaction, whatever its state. Once bbolt is broken it is left alone, see broken.
func (db *DB) rollback(tx *bbolt.Tx) {
	if db.broken.Load() {
		return
	}
	defer func() {
		if fault := recover(); fault != nil {
			_ = db.breaks(fault)
		}
	}()
	_ = tx.Rollback()
}

// breaks leaves bbolt alone from now on, see broken.
func (db *DB) breaks(fault any) error {
	err := &kv.DamagedError{Reason: fmt.Sprint(fault)}
	if db.broken.CompareAndSwap(false, true) {
		db.report(err)
	}
	return err
}

// report tells Watch, once, that the file is of no more use.
func (db *DB) report(because error) {
	select {
	case db.disk <- fmt.Errorf("%w: %w", ErrDisk, because):
	default:
	}
}

// begin starts a bbolt transaction. To read, look is what does not hold others up.
func (db *DB) begin(writable bool) (tx *bbolt.Tx, err error) {
	for {
		at := db.at.Load()
		tx, err = db.beginIn(at, writable)
		switch {
		case db.isExchanged(at, err):
			continue
		case err == nil && writable && db.at.Load() != at: // it was waited for while the file was exchanged
			db.rollback(tx)
			continue
		}
		return tx, plain(err)
	}
}

func (db *DB) beginIn(at *opened, writable bool) (tx *bbolt.Tx, err error) {
	if db.broken.Load() {
		return nil, &kv.DamagedError{Reason: "the file became unreadable, see the first report"}
	}
	defer func() {
		if fault := recover(); fault != nil {
			err = db.breaks(fault)
		}
	}()
	return at.bolt.Begin(writable)
}

// faultToError recovers a fault of the mapped file, deferred where the caller's own code runs too. Only a memory
// fault tells its address; every other panic is the caller's and goes on.
func faultToError(err *error) {
	fault := recover()
	if fault == nil {
		return
	}
	if _, ok := fault.(interface{ Addr() uintptr }); !ok {
		panic(fault)
	}
	*err = &kv.DamagedError{Reason: fmt.Sprint(fault)}
}

// panicToError recovers any panic, deferred where only bbolt runs: it panics on pages that make no sense. The key is
// the one being read or the last one before.
func panicToError(key *[]byte, err *error) {
	if fault := recover(); fault != nil {
		damage := &kv.DamagedError{Reason: fmt.Sprint(fault)}
		if key != nil {
			damage.Key = append([]byte{}, *key...)
		}
		*err = damage
	}
}

// Stats count what was done since the file was opened.
type Stats struct {
	Commits uint64 // transactions of bbolt: batches that wrote something
	Updates uint64 // updates that these made durable
	Puts    uint64 // keys written or deleted
	Bytes   int64  // size of the database in the file
}

// Stats returns the counters.
func (db *DB) Stats() Stats {
	s := Stats{Commits: db.meter.Commits.Read().Count(), Updates: uint64(db.meter.Groups.Read().Sum), Puts: db.puts.Load()}
	_ = db.read(func(tx *bbolt.Tx) error { s.Bytes = tx.Size(); return nil })
	return s
}

// Backup writes a consistent copy of the file as it is now, while others read and write, and returns its size. A
// backup that failed half-way is not a database; keep none that returned an error.
func (db *DB) Backup(ctx context.Context, w io.Writer) (n int64, err error) {
	err = db.read(func(tx *bbolt.Tx) error {
		n, err = tx.WriteTo(contextWriter{ctx, w})
		if ctx.Err() != nil {
			return ctx.Err() // bbolt flattens some errors to text
		}
		return plain(err)
	})
	return n, err
}

// contextWriter stops a long copy when its context ends.
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

// Close lets what was taken up finish, then closes the file. What still waits gets kv.ErrClosed.
func (db *DB) Close() error {
	var err error
	db.once.Do(func() {
		close(db.closing)
		<-db.stopped
		db.swapping.Lock()
		defer db.swapping.Unlock()
		at := db.at.Load()
		if db.broken.Load() {
			err = at.file.Close()
			return
		}
		db.leaving.Wait()
		err = at.close()
	})
	return err
}

// plain names the errors of the disk and of bbolt that a caller can act on.
func plain(err error) error {
	switch {
	case err == nil:
		return nil
	case noSpace(err):
		return fmt.Errorf("%w: %w", kv.ErrNoSpace, err)
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return kv.ErrClosed
	}
	return err
}

// noSpace recognises a full disk, a used-up quota and a file as large as it may get, as long as writing says so. When only
// the sync does, what was written is lost and nobody knows how much of it: that is a disk that fails. bbolt flattens some
// errors to text while it grows the file, hence the second look.
func noSpace(err error) bool {
	if errors.As(err, new(syscall.Errno)) && !errors.As(err, new(*fs.PathError)) || strings.HasPrefix(err.Error(), "file sync error") {
		return false
	}
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) || strings.HasSuffix(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}
