package bolt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Why a file is refused. Each is wrapped with the path, and with the particulars where there are some.
var (
	ErrHeld        = errors.New("another process has the file open")
	ErrForeign     = errors.New("the file is not a Belfry database")
	ErrDamaged     = errors.New("the file is damaged")
	ErrEmptyNotNew = errors.New("something that is not a database is already there")
)

// ErrDisk says that the disk did not take what was written to it, or that nothing can be read from it.
var ErrDisk = errors.New("the disk has failed")

// Names in the file: one bucket holds everything, another marks the file as ours.
var (
	dataBucket = []byte("belfry.kv.1")
	markBucket = []byte("belfry")
)

// Options of an engine. Zero values are for production.
type Options struct {
	Timeout         time.Duration // how long to wait for another process; default 500 ms
	ReadOnly        bool          // for examining: a shared lock, no Updates, a missing file is an error
	InitialMmapSize int           // memory map, so that growing never waits for readers; default 1 GiB of addresses
}

// viewsTimed is of how many Views one is timed: a short one takes 1.7 µs, and to look at the clock twice 90 ns.
const viewsTimed = 8

// Open opens the file at path, or makes it when nothing is there. Something that is there is never written to before
// it is known to be ours and in order; otherwise the error is one of ErrHeld, ErrForeign, ErrDamaged, ErrEmptyNotNew.
func Open(path string, opt Options) (*DB, error) {
	if opt.Timeout == 0 {
		opt.Timeout = 500 * time.Millisecond
	}
	if opt.InitialMmapSize == 0 {
		opt.InitialMmapSize = 1 << 30
	}
	engine, err := openOrCreate(path, opt)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	file, err := os.Open(path) // #nosec G304 -- the store's own file
	if err != nil {
		_ = engine.Close()
		return nil, err
	}
	db := &DB{
		path: path, options: opt, readOnly: opt.ReadOnly, meter: kv.NewMeter(viewsTimed),
		line: newLine(), work: make(chan *batch), closing: make(chan struct{}), stopped: make(chan struct{}), disk: make(chan error, 1),
	}
	db.at.Store(&opened{bolt: engine, file: file})
	if opt.ReadOnly {
		close(db.stopped)
	} else {
		sweepCopies(path)
		go db.serve()
		go (&runner{db: db}).run()
	}
	return db, nil
}

func openOrCreate(path string, opt Options) (*bbolt.DB, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !opt.ReadOnly {
		if err := create(path); err != nil {
			return nil, err
		}
		info, err = os.Stat(path)
	}
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: it is not a regular file", ErrEmptyNotNew)
	case info.Size() == 0:
		return nil, fmt.Errorf("%w: an empty file, perhaps what a failed copy left", ErrEmptyNotNew)
	}
	// Opened for reading bbolt takes the lock and looks at the meta pages only. The rest is examined under that lock.
	file, err := openFile(path, opt, true)
	if err != nil {
		return nil, err
	}
	if err := inspect(path, file); err != nil || opt.ReadOnly {
		return closeOn(file, err)
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	if file, err = openFile(path, opt, false); err != nil {
		return nil, err
	}
	return closeOn(file, settle(path, file.Info().PageSize))
}

// settle makes what will be read durable before anybody sees it. A process that ended in the middle of a commit, or whose
// sync failed, may have left in the kernel's memory what the disk has not: a beginning of the file that the kernel takes
// for written is written again, and the rest synced.
func settle(path string, pageSize int) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // #nosec G304 -- the store's own file
	if err != nil {
		return err
	}
	defer f.Close()
	metas := make([]byte, 2*pageSize)
	if _, err := f.ReadAt(metas, 0); err != nil {
		return err
	}
	if _, err := f.WriteAt(metas, 0); err != nil && !noSpace(err) {
		return err
	}
	return f.Sync()
}

// closeOn closes the file when there is an error.
func closeOn(file *bbolt.DB, err error) (*bbolt.DB, error) {
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// openFile opens the file with bbolt.
func openFile(path string, opt Options, readOnly bool) (file *bbolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			file, err = nil, fmt.Errorf("%w: %v", ErrDamaged, fault)
		}
	}()
	file, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         opt.Timeout,
		ReadOnly:        readOnly,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: opt.InitialMmapSize,
		// The free list is written with each commit. Without it, opening a file of a million posts scans the whole
		// tree: 0.57 s of the 0.8 s a start may take, against 2 ms measured with it; and it does so in a goroutine of
		// bbolt where a damaged page ends the process. The page it costs is shared by all updates of a commit.
		NoFreelistSync: false,
	})
	switch {
	case err == nil:
		return file, nil
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrHeld
	case errors.As(err, new(*fs.PathError)):
		return nil, err
	}
	f, openErr := os.Open(path) // #nosec G304 -- the store's own file
	if openErr != nil {
		return nil, openErr
	}
	defer f.Close()
	switch {
	case hasMagic(f):
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case hasPages(f):
		return nil, fmt.Errorf("%w: its first pages, from which all others are found, are gone", ErrDamaged)
	}
	return nil, ErrForeign
}

// hasMagic finds bbolt's magic number where either meta page can be.
func hasMagic(f io.ReaderAt) bool {
	word := make([]byte, 4)
	for at := int64(0); at <= 1<<24; at = max(1024, 2*at) {
		if _, err := f.ReadAt(word, at+pageHeader); err == nil && order.Uint32(word) == magic {
			return true
		}
	}
	return false
}

// inspect makes sure that a file held for reading is ours, whole, and safe to be loaded by bbolt.
func inspect(path string, file *bbolt.DB) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, fault)
		}
	}()
	f, err := os.Open(path) // #nosec G304 -- the store's own file
	if err != nil {
		return err
	}
	defer f.Close()
	p, err := openPages(f)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if info, err := f.Stat(); err != nil {
		return err
	} else if info.Size() < p.size() {
		return fmt.Errorf("%w: %d bytes are missing at its end", ErrDamaged, p.size()-info.Size())
	}
	err = file.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(markBucket) == nil || tx.Bucket(dataBucket) == nil {
			return ErrForeign
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.checkFreelist(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// create makes a new file beside its place and puts it there whole: a start that is cut short leaves no half file.
func create(path string) (err error) {
	made, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(made.Name()) }()
	if err := made.Close(); err != nil {
		return err
	}
	file, err := bbolt.Open(made.Name(), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = file.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(markBucket)
		_, err2 := tx.CreateBucket(dataBucket)
		return errors.Join(err, err2)
	})
	if err = errors.Join(err, file.Close()); err != nil {
		return plain(err)
	}
	// A link does not replace what another process has put there meanwhile; not every file system can link.
	err = os.Link(made.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		err = os.Rename(made.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new name in a directory durable.
func syncDir(name string) error {
	dir, err := os.Open(name) // #nosec G304 -- a folder of the store
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
