package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bbolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Why a file is refused. Each is wrapped with the path.
var (
	ErrHeld     = errors.New("another process has the file open")
	ErrForeign  = errors.New("the file is not a Belfry database")
	ErrDamaged  = errors.New("the file is damaged")
	ErrEmpty    = errors.New("the file is empty though it is not new")
	ErrNotAFile = errors.New("it is not a regular file")
)

// Names in the file: one bucket holds everything, another marks the file as ours.
var (
	dataBucket = []byte("belfry.kv.1")
	markBucket = []byte("belfry")
)

// Options of an engine. Zero values are for production.
type Options struct {
	Timeout  time.Duration // how long to wait for another process; default 300 ms
	ReadOnly bool          // for checks: a shared lock, no writer
	MapSize  int           // initial memory map, so that growing never waits for readers; default 1 GiB, address space only
}

// Open opens the file at path, or makes it when nothing is there yet. It never writes to what it refuses.
func Open(path string, opt Options) (*DB, error) {
	if opt.Timeout == 0 {
		opt.Timeout = 300 * time.Millisecond
	}
	if opt.MapSize == 0 {
		opt.MapSize = 1 << 30
	}
	isNew, err := inspect(path, opt.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	bdb, err := openFile(path, opt)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := &DB{bolt: bdb, path: path, queue: make(chan *request, 1024), done: make(chan struct{}), stopped: make(chan struct{})}
	if isNew {
		err = db.mark()
	} else {
		err = db.recognise()
	}
	if err != nil {
		_ = bdb.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if opt.ReadOnly {
		close(db.stopped)
		db.readOnly = true
	} else {
		go db.run()
	}
	return db, nil
}

// inspect looks at a path before bbolt may touch it: bbolt would turn an empty file into an empty database.
func inspect(path string, readOnly bool) (isNew bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !readOnly:
		return true, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, ErrNotAFile
	case info.Size() == 0:
		return false, ErrEmpty
	case info.Size() < 4096:
		return false, ErrForeign
	}
	return false, looksLikeBolt(path)
}

// looksLikeBolt finds bbolt's magic number in either meta page, at the page sizes it uses.
func looksLikeBolt(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	const magic, magicAt = "\xda\x0c\xed\xed", 16
	word := make([]byte, 4)
	for _, page := range []int64{0, 4096, 8192, 16384, 32768, 65536} {
		if _, err := f.ReadAt(word, page+magicAt); err == nil && string(word) == magic {
			return nil
		}
	}
	return ErrForeign
}

// openFile opens the file with bbolt; a panic while it reads broken pages becomes ErrDamaged.
func openFile(path string, opt Options) (bdb *bbolt.DB, err error) {
	defer guard(&err)
	bdb, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         opt.Timeout,
		ReadOnly:        opt.ReadOnly,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: opt.MapSize,
		// The free list is written with each commit: without it, opening a file of a million posts scans the whole
		// tree, most of the start-up target, to save a page write that a grouped commit shares anyway.
		NoFreelistSync: false,
	})
	switch {
	case err == nil:
		return bdb, nil
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrHeld
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return nil, err
}

// mark writes our names into a new file and makes its directory entry durable.
func (db *DB) mark() error {
	err := db.bolt.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucket(markBucket); err != nil {
			return err
		}
		_, err := tx.CreateBucket(dataBucket)
		return err
	})
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(db.path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// recognise makes sure that an existing file is ours and holds as many pages as it says.
func (db *DB) recognise() (err error) {
	defer guard(&err)
	return db.bolt.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(db.path)
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: %d bytes are missing at its end", ErrDamaged, tx.Size()-info.Size())
		}
		if tx.Bucket(markBucket) == nil || tx.Bucket(dataBucket) == nil {
			return ErrForeign
		}
		return nil
	})
}
