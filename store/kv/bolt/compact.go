package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// What was deleted stays in bbolt's free pages until they are used again. Compact writes what is there into a new file
// and takes that in place of the old one, while others read and write: it copies in short transactions, notes what is
// written meanwhile, copies that again, and holds writers up only for the last of it.

// compactedKey is where the mark bucket says when the file was made by Compact.
var compactedKey = []byte("compacted")

const (
	compactKeys  = 1000     // copied in one transaction
	compactBytes = 1 << 20  // the same, in bytes
	compactLast  = 2000     // keys that writers may be held up for
	compactTurns = 20       // that bring down what was written meanwhile, before they are held up for all of it
	compactSpare = 64 << 20 // bytes that stay free on the disk
)

// ErrBusy says that so much is being written that the file cannot be compacted now, or that it is being compacted.
var ErrBusy = errors.New("kv: too busy to compact the file")

// opened is the file as it is in use.
type opened struct {
	bolt *bbolt.DB
	file *os.File     // the same file for plain reads
	read sync.RWMutex // held for reading by whoever looks at it, and for writing once another took its place and nobody does
}

func (o *opened) close() error { return errors.Join(o.bolt.Close(), o.file.Close()) }

// written is which keys were written since a copy began.
type written struct{ keys map[string]bool }

// Compacted is when the file was last compacted, zero for never.
func (db *DB) Compacted() (at time.Time, err error) {
	err = db.read(func(tx *bbolt.Tx) (err error) {
		defer panicToError(nil, &err)
		if mark := tx.Bucket(markBucket); mark != nil {
			if text := mark.Get(compactedKey); text != nil {
				at, err = time.Parse(time.RFC3339, string(text))
			}
		}
		return err
	})
	return at, err
}

// Compact takes what was deleted out of the file, and notes that it was done now. Reading and writing go on. When it
// fails, or the process ends in the middle, the file is as it was. A file with damaged records is left alone.
func (db *DB) Compact(ctx context.Context, now time.Time) (err error) {
	if db.readOnly {
		return kv.ErrReadOnly
	}
	if !db.compacting.TryLock() {
		return ErrBusy
	}
	defer db.compacting.Unlock()
	if err := db.roomFor(filepath.Dir(db.path)); err != nil {
		return err
	}
	fresh, err := db.beginCopy(now)
	if err != nil {
		return err
	}
	taken, name := false, fresh.Path()
	defer func() {
		db.changed.Store(nil)
		if !taken {
			err = errors.Join(err, fresh.Close(), os.Remove(name))
		}
	}()
	if err := db.note(); err != nil {
		return err
	}
	if err := db.copyAll(ctx, fresh); err != nil {
		return err
	}
	for range compactTurns {
		keys, err := db.takeChanged()
		if err != nil {
			return err
		}
		if err := db.copyKeys(ctx, fresh, keys); err != nil {
			return err
		}
		if len(keys) < compactLast {
			break
		}
	}
	if err := fresh.Sync(); err != nil {
		return plain(err)
	}
	taken, err = db.exchange(ctx, fresh)
	return err
}

// roomFor makes sure that a second file finds room without filling the disk.
func (db *DB) roomFor(dir string) error {
	free, _, known := Room(dir)
	if need := db.Stats().Bytes + compactSpare; known && free < need {
		return fmt.Errorf("%w: compacting needs %d bytes for a while", kv.ErrNoSpace, need)
	}
	return nil
}

func compactPrefix(path string) string { return "." + filepath.Base(path) + ".compact-" }

// sweepCopies removes what a process left that ended while it compacted the file. The file is held.
func sweepCopies(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return // then there is nothing to be removed either
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), compactPrefix(path)) {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}

// beginCopy makes the new file beside the old one.
func (db *DB) beginCopy(now time.Time) (*bbolt.DB, error) {
	made, err := os.CreateTemp(filepath.Dir(db.path), compactPrefix(db.path)+"*")
	if err != nil {
		return nil, plain(err)
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	fresh, err := bbolt.Open(made.Name(), 0o600, &bbolt.Options{Timeout: db.options.Timeout, FreelistType: bbolt.FreelistMapType,
		InitialMmapSize: db.options.InitialMmapSize, NoSync: true, PageSize: db.at.Load().bolt.Info().PageSize})
	if err != nil {
		return nil, errors.Join(plain(err), os.Remove(made.Name()))
	}
	err = fresh.Update(func(tx *bbolt.Tx) error {
		mark, err := tx.CreateBucket(markBucket)
		if err != nil {
			return err
		}
		_, err = tx.CreateBucket(dataBucket)
		return errors.Join(err, mark.Put(compactedKey, []byte(now.UTC().Format(time.RFC3339))))
	})
	if err != nil {
		return nil, errors.Join(plain(err), fresh.Close(), os.Remove(made.Name()))
	}
	return fresh, nil
}

// note begins to note what is written. No commit is under way when it does.
func (db *DB) note() error {
	tx, err := db.begin(true)
	if err != nil {
		return err
	}
	defer db.rollback(tx)
	db.changed.Store(&written{map[string]bool{}})
	return nil
}

// takeChanged is what was written since it was asked last, all of it committed.
func (db *DB) takeChanged() (map[string]bool, error) {
	tx, err := db.begin(true)
	if err != nil {
		return nil, err
	}
	defer db.rollback(tx)
	return db.changed.Swap(&written{map[string]bool{}}).keys, nil
}

// copyAll copies every record, in pieces, and rests after each as long as that took.
func (db *DB) copyAll(ctx context.Context, to *bbolt.DB) error {
	var from []byte
	for {
		began := time.Now()
		last, err := db.copySome(ctx, to, from)
		if err != nil || last == nil {
			return err
		}
		from = append(last, 0) // the smallest key behind it
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-db.closing:
			return kv.ErrClosed
		case <-time.After(time.Since(began)):
		}
	}
}

// copySome copies the next records from a key on, and returns the last one's key, nil at the end.
func (db *DB) copySome(ctx context.Context, to *bbolt.DB, from []byte) (last []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var some []kv.Pair
	err = db.read(func(tx *bbolt.Tx) (err error) {
		defer panicToError(&last, &err)
		bucket, err := records(tx)
		if err != nil {
			return err
		}
		c, size := bucket.Cursor(), 0
		for key, sealed := c.Seek(from); key != nil && len(some) < compactKeys && size < compactBytes; key, sealed = c.Next() {
			last = append(last[:0], key...)
			if _, err := unseal(key, sealed); err != nil {
				return err
			}
			some = append(some, kv.Pair{Key: bytes.Clone(key), Value: bytes.Clone(sealed)})
			size += len(key) + len(sealed)
		}
		return nil
	})
	if err != nil || len(some) == 0 {
		return nil, err
	}
	return last, putAll(to, some)
}

// putAll writes sealed records; without a value they are taken away.
func putAll(to *bbolt.DB, some []kv.Pair) error {
	return plain(to.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(dataBucket)
		bucket.FillPercent = fillPercent
		for _, p := range some {
			var err error
			if p.Value == nil {
				err = bucket.Delete(p.Key)
			} else {
				err = bucket.Put(p.Key, p.Value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// copyKeys copies some records as they are now, those that are gone too.
func (db *DB) copyKeys(ctx context.Context, to *bbolt.DB, keys map[string]bool) error {
	var some []kv.Pair
	for key := range keys {
		if some = append(some, kv.Pair{Key: []byte(key)}); len(some) == compactKeys {
			if err := db.copyThese(ctx, to, some); err != nil {
				return err
			}
			some = nil
		}
	}
	return db.copyThese(ctx, to, some)
}

func (db *DB) copyThese(ctx context.Context, to *bbolt.DB, some []kv.Pair) error {
	if len(some) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := db.read(func(tx *bbolt.Tx) (err error) {
		defer panicToError(nil, &err)
		bucket, err := records(tx)
		if err != nil {
			return err
		}
		for i := range some {
			sealed := bucket.Get(some[i].Key)
			if sealed == nil {
				continue
			}
			if _, err := unseal(some[i].Key, sealed); err != nil {
				return err
			}
			some[i].Value = bytes.Clone(sealed)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return putAll(to, some)
}

// exchange copies the last that was written, while nobody writes, and takes the new file in place of the old one. From
// its renaming on the new one counts: when that cannot be made durable nothing more may be written.
func (db *DB) exchange(ctx context.Context, fresh *bbolt.DB) (taken bool, err error) {
	tx, err := db.begin(true)
	if err != nil {
		return false, err
	}
	defer db.rollback(tx)
	keys := db.changed.Swap(nil).keys
	switch {
	case db.failed.Load() != nil:
		return false, *db.failed.Load()
	case len(keys) > compactLast*compactTurns:
		return false, ErrBusy
	}
	if err := db.copyKeys(ctx, fresh, keys); err != nil {
		return false, err
	}
	fresh.NoSync = false
	if err := fresh.Sync(); err != nil {
		return false, plain(err)
	}
	file, err := os.Open(fresh.Path())
	if err != nil {
		return false, err
	}
	db.swapping.Lock()
	defer db.swapping.Unlock()
	select {
	case <-db.closing:
		return false, errors.Join(kv.ErrClosed, file.Close())
	default:
	}
	if err := os.Rename(fresh.Path(), db.path); err != nil {
		return false, errors.Join(err, file.Close())
	}
	if err := syncDir(filepath.Dir(db.path)); err != nil {
		db.stopWriting(fmt.Errorf("%w: the compacted file may not be kept: %w", kv.ErrUnknown, err))
	}
	old := db.at.Swap(&opened{bolt: fresh, file: file})
	db.leaving.Go(func() { // when its last reader has ended
		old.read.Lock()
		_ = old.close()
	})
	if why := db.failed.Load(); why != nil {
		return true, *why
	}
	return true, nil
}

// isExchanged says whether a file was closed because another took its place.
func (db *DB) isExchanged(at *opened, err error) bool {
	return errors.Is(err, berrors.ErrDatabaseNotOpen) && db.at.Load() != at
}
