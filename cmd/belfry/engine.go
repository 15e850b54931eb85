package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"belfry/server"
	"belfry/store"
	"belfry/store/gazetteer"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/kv/postgres"
	"belfry/store/shelf"
)

// access is what a command wants of the data.
type access int

const (
	examine access = iota // read what is there, write nothing
	change                // read and write what is there
	found                 // as change, and set it up where nothing is
)

// home is where a community's data is: a folder, or a database that several machines share; the folder then holds only
// what is this machine's own.
type home struct{ dir, address string }

func (h home) shared() bool { return h.address != "" }

// String names the place without its password.
func (h home) String() string {
	if h.shared() {
		return postgres.Mask(h.address, h.address)
	}
	return filepath.Join(h.dir, "belfry.db")
}

// engine is what the commands ask of the data beside the store.
type engine interface {
	kv.DB
	Verify(ctx context.Context, report func(kv.DamagedError)) (int, error)
}

// open opens the data of a place. An older schema is copied aside before it is migrated.
func (h home) open(ctx context.Context, want access, opt store.Options) (*store.Store, engine, error) {
	if !h.shared() {
		return openStore(ctx, h.dir, want, opt)
	}
	db, err := h.database(ctx, want)
	if err != nil {
		return nil, nil, err
	}
	opt.ReadOnly, opt.Shelf, opt.Wire = want == examine, shelf.Before(filepath.Join(h.dir, "documents"), store.Papers(db)), db
	s, err := prepare(ctx, db, filepath.Join(h.dir, "belfry"), opt)
	if err != nil {
		_ = db.Close()
		return nil, nil, sentence(h.String(), err)
	}
	return s, db, nil
}

// database opens the database of a place.
func (h home) database(ctx context.Context, want access) (*postgres.DB, error) {
	db, err := postgres.Open(ctx, h.address, postgres.Options{ReadOnly: want == examine, Existing: want == change})
	if err != nil {
		return nil, sentence(h.String(), err)
	}
	return db, nil
}

// fresh says whether nothing is there yet.
func (h home) fresh(ctx context.Context) bool {
	if !h.shared() {
		_, err := os.Lstat(h.String())
		return err != nil
	}
	db, err := postgres.Open(ctx, h.address, postgres.Options{ReadOnly: true})
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer db.Close()
	version, err := store.SchemaOf(ctx, db)
	return err == nil && version == 0
}

// nodeFile keeps other processes out of a node's folder.
const nodeFile = "node.db"

// hold keeps other processes of this machine from using the folder of a place. A community in a folder is held by its
// own file.
func (h home) hold() (release func(), err error) {
	if !h.shared() {
		return func() {}, nil
	}
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return nil, sentence(h.dir, err)
	}
	path := filepath.Join(h.dir, nodeFile)
	lock, err := bolt.Open(path, bolt.Options{InitialMmapSize: 1 << 20})
	switch {
	case errors.Is(err, bolt.ErrDamaged), errors.Is(err, bolt.ErrForeign), errors.Is(err, bolt.ErrEmptyNotNew):
		return nil, fmt.Errorf("%s is damaged; it only keeps other processes out, so take it away and start again", path)
	case err != nil:
		return nil, sentence(h.dir, err)
	}
	return func() { _ = lock.Close() }, nil
}

// openStore opens the data of a folder.
func openStore(ctx context.Context, dir string, want access, opt store.Options) (*store.Store, engine, error) {
	path := filepath.Join(dir, "belfry.db")
	if _, err := os.Stat(path); err != nil && want != found {
		return nil, nil, sentence(path, err)
	}
	if want == found {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, nil, sentence(dir, err)
		}
	}
	db, err := bolt.Open(path, bolt.Options{ReadOnly: want == examine})
	if err != nil {
		return nil, nil, sentence(path, err)
	}
	opt.ReadOnly, opt.Shelf = want == examine, documentsOf(dir)
	s, err := prepare(ctx, db, path, opt)
	if err != nil {
		_ = db.Close()
		return nil, nil, sentence(path, err)
	}
	return s, db, nil
}

// documentsOf is the shelf of a data folder.
func documentsOf(dir string) *shelf.Shelf { return shelf.At(filepath.Join(dir, "documents")) }

func prepare(ctx context.Context, db engine, path string, opt store.Options) (*store.Store, error) {
	if opt.ReadOnly {
		return store.Open(ctx, db, opt) // neither towns nor Markdown are needed to examine records
	}
	if err := store.Living(ctx, db, opt.Back); err != nil { // before anything is copied aside
		return nil, err
	}
	version, err := store.SchemaOf(ctx, db)
	if err != nil {
		return nil, err
	}
	if version > 0 && version < store.Schema {
		if err := copyAside(ctx, db, fmt.Sprintf("%s.schema-%d", path, version)); err != nil {
			return nil, err
		}
	}
	if opt.Gazetteer == nil {
		if opt.Gazetteer, err = gazetteer.Load(); err != nil {
			return nil, err
		}
	}
	opt.Renderer = server.Renderer()
	return store.Open(ctx, db, opt)
}

// copyAside writes a copy of the data to stem.bak, durably. A copy that is there already, from a start that was cut
// short, is kept: the next gets a number.
func copyAside(ctx context.Context, db engine, stem string) error {
	path := stem + ".bak"
	for n := 2; ; n++ {
		err := writeNew(path, func(f *os.File) error { return packRecords(ctx, f, db) })
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		path = fmt.Sprintf("%s.%d.bak", stem, n)
	}
}

// writeNew writes a file beside its place, syncs it, and gives it its name at the end; an existing file is kept.
func writeNew(path string, write func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil {
		return takenError{path}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".belfry-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := place(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// place gives a file its name, never over another; not every file system can link.
func place(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return takenError{to}
	}
	return os.Rename(from, to)
}

// takenError says that a file is in the place of a new one.
type takenError struct{ path string }

func (e takenError) Error() string { return e.path + " is there already and was left as it is" }

func (e takenError) Unwrap() error { return fs.ErrExist }

func syncDir(path string) error {
	dir, err := os.Open(path) // #nosec G304 -- a folder of the store
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
