// Package shelf keeps files by what they contain: a file's name is the SHA-256 of its bytes, so the same paper is kept
// once, is never changed, and can always be verified. It knows nothing of records; what is still named by one is the
// store's to say.
package shelf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a shelf returns besides the faults of the system.
var (
	ErrTooLarge = errors.New("shelf: the file is larger than the limit")
	ErrNoSpace  = errors.New("shelf: no space left on the device")
	ErrMissing  = errors.New("shelf: no such file")
)

// A Shelf is one folder of files. It is made with the first file. Its methods may be called by many at once.
type Shelf struct {
	dir   string
	depot Depot        // where the files really are, when the folder only has copies; nil otherwise
	hold  sync.RWMutex // held for reading while files are copied away, for writing while some are removed
}

// At is the shelf in a folder, which need not be there yet.
func At(dir string) *Shelf { return &Shelf{dir: dir} }

// Before is the shelf in a depot that several machines share; the folder is this machine's own and keeps copies.
func Before(dir string, depot Depot) *Shelf { return &Shelf{dir: dir, depot: depot} }

// File is what was put on a shelf.
type File struct {
	Hash string // SHA-256, 64 hex digits
	Size int64  // bytes
}

// Incoming is a file that was received and not yet kept: look at it, then Keep or Drop it.
type Incoming struct {
	File
	shelf *Shelf
	temp  *os.File
	ctx   context.Context // of Receive; a depot needs one
}

// Receive reads a file of at most limit bytes to the disk. Errors: ErrTooLarge, ErrNoSpace, the reader's own.
func (s *Shelf) Receive(ctx context.Context, r io.Reader, limit int64) (*Incoming, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, full(err)
	}
	temp, err := os.CreateTemp(s.dir, ".incoming-*")
	if err != nil {
		return nil, full(err)
	}
	in := &Incoming{shelf: s, temp: temp, ctx: ctx}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(temp, sum), io.LimitReader(&interruptible{ctx, r}, limit+1))
	switch {
	case err != nil:
		in.Drop()
		return nil, full(err)
	case size > limit:
		in.Drop()
		return nil, ErrTooLarge
	}
	in.File = File{Hash: hex.EncodeToString(sum.Sum(nil)), Size: size}
	return in, nil
}

// interruptible stops reading when its context ends.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// ReadAt reads the received bytes.
func (in *Incoming) ReadAt(p []byte, at int64) (int, error) { return in.temp.ReadAt(p, at) }

// Drop forgets the file. After Keep it does nothing.
func (in *Incoming) Drop() {
	if in.temp == nil {
		return
	}
	_ = in.temp.Close()
	_ = os.Remove(in.temp.Name())
	in.temp = nil
}

// Keep puts the file on the shelf under its hash, durably: the bytes are synced before the name, the name before Keep
// returns. A file that is there already stays, and its age starts anew.
func (in *Incoming) Keep(now time.Time) error {
	defer in.Drop()
	if depot := in.shelf.depot; depot != nil {
		if err := depot.Put(in.ctx, in.File, now, io.NewSectionReader(in.temp, 0, in.Size)); err != nil {
			return err
		}
	}
	return in.keep(now)
}

// keep gives the file its name in the folder.
func (in *Incoming) keep(now time.Time) error {
	if err := in.temp.Sync(); err != nil {
		return full(err)
	}
	path := in.shelf.path(in.Hash)
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return full(err)
	}
	in.shelf.hold.RLock()
	defer in.shelf.hold.RUnlock()
	if err := os.Chtimes(in.temp.Name(), now, now); err != nil {
		return full(err)
	}
	// Over one with the same bytes: its age starts anew, so that it is not swept before a record names it.
	if err := os.Rename(in.temp.Name(), path); err != nil {
		return full(err)
	}
	for _, dir := range []string{folder, in.shelf.dir} {
		if err := syncFolder(dir); err != nil {
			return full(err)
		}
	}
	return nil
}

// Open reads a file. ErrMissing when there is none.
func (s *Shelf) Open(hash string) (*os.File, int64, error) {
	if !Hash(hash) {
		return nil, 0, ErrMissing
	}
	f, err := os.Open(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) && s.depot != nil {
		if err := s.fetch(hash); err != nil {
			return nil, 0, err
		}
		f, err = os.Open(s.path(hash))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, ErrMissing
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Hold calls fn while no file is removed.
func (s *Shelf) Hold(fn func() error) error {
	s.hold.RLock()
	defer s.hold.RUnlock()
	return fn()
}

// Each calls fn for every file, by hash.
func (s *Shelf) Each(ctx context.Context, fn func(File) error) error {
	if s.depot != nil {
		return s.depot.Each(ctx, func(f File, _ time.Time) error { return fn(f) })
	}
	return s.each(ctx, func(f File, _ fs.FileInfo) error { return fn(f) })
}

func (s *Shelf) each(ctx context.Context, fn func(File, fs.FileInfo) error) error {
	folders, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(s.dir, folder.Name()))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			hash := folder.Name() + entry.Name()
			info, err := entry.Info()
			if err != nil || !Hash(hash) {
				continue
			}
			if err := fn(File{Hash: hash, Size: info.Size()}, info); err != nil {
				return err
			}
		}
	}
	return nil
}

// Verify reads a file whole and compares it with its name. ErrMissing when there is none; nil when it is sound.
func (s *Shelf) Verify(ctx context.Context, hash string) error {
	if s.depot != nil {
		return s.verifyDepot(ctx, hash)
	}
	f, _, err := s.Open(hash)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, &interruptible{ctx, f}); err != nil {
		return err
	}
	if have := hex.EncodeToString(sum.Sum(nil)); have != hash {
		return fmt.Errorf("its bytes have the SHA-256 %s", have)
	}
	return nil
}

// Sweep removes files that named does not name and that are older than age, and what uploads that were cut off left.
// It skips its turn while files are copied away.
func (s *Shelf) Sweep(ctx context.Context, named map[string]bool, now time.Time, age time.Duration) (removed int, err error) {
	if !s.hold.TryLock() {
		return 0, nil
	}
	defer s.hold.Unlock()
	if s.depot != nil {
		if removed, err = s.depot.Sweep(ctx, named, now.Add(-age)); err != nil {
			return removed, err
		}
		named, age = nil, keepCopies // what is in the folder can be fetched again
	}
	gone := 0
	err = s.each(ctx, func(f File, info fs.FileInfo) error {
		if named[f.Hash] || now.Sub(info.ModTime()) < age {
			return nil
		}
		gone++
		return os.Remove(s.path(f.Hash))
	})
	if s.depot == nil {
		removed = gone
	}
	if err != nil {
		return removed, err
	}
	left, err := filepath.Glob(filepath.Join(s.dir, ".incoming-*"))
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) >= age {
			_ = os.Remove(path)
		}
	}
	return removed, err
}

// Hash says whether a text is written as a file's hash is.
func Hash(text string) bool {
	return len(text) == 2*sha256.Size && strings.Trim(text, "0123456789abcdef") == ""
}

// path spreads the files over 256 folders.
func (s *Shelf) path(hash string) string { return filepath.Join(s.dir, hash[:2], hash[2:]) }

// full names a full disk.
func full(err error) error {
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, cause) {
			return fmt.Errorf("%w: %w", ErrNoSpace, err)
		}
	}
	return err
}

func syncFolder(path string) error {
	dir, err := os.Open(path) // #nosec G304 -- a folder of the store
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
