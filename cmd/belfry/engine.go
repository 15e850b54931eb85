package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"belfry/frontend/markdown"
	"belfry/store"
	"belfry/store/gazetteer"
	"belfry/store/kv/bolt"
)

// sentence says in plain words why data cannot be opened.
func sentence(path string, err error) error {
	switch {
	case errors.Is(err, bolt.ErrHeld):
		return fmt.Errorf("%s is in use by another belfry process; stop it first", path)
	case errors.Is(err, bolt.ErrForeign), errors.Is(err, store.ErrForeign):
		return fmt.Errorf("%s is not a Belfry community; choose another --data folder", path)
	case errors.Is(err, bolt.ErrDamaged):
		return fmt.Errorf("%s is damaged and was not touched; restore a backup with: belfry restore FILE --data DIR (%w)", path, err)
	case errors.Is(err, bolt.ErrEmptyNotNew):
		return fmt.Errorf("%s is empty though it is not new; something emptied it, so restore a backup or take the file away", path)
	case errors.Is(err, store.ErrNewer):
		return fmt.Errorf("%s was written by a newer version of Belfry; use that version", path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no community at %s", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be opened by this user", path)
	}
	return fmt.Errorf("%s cannot be opened: %w", path, err)
}

// openStore opens the data of a folder. An older schema is copied aside before it is migrated. With existing, nothing
// is made where nothing is.
func openStore(ctx context.Context, dir string, existing bool, opt store.Options) (*store.Store, *bolt.DB, error) {
	path := filepath.Join(dir, "belfry.db")
	if _, err := os.Stat(path); err != nil && existing {
		return nil, nil, sentence(path, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, sentence(dir, err)
	}
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return nil, nil, sentence(path, err)
	}
	s, err := prepare(ctx, db, path, opt)
	if err != nil {
		_ = db.Close()
		return nil, nil, sentence(path, err)
	}
	return s, db, nil
}

func prepare(ctx context.Context, db *bolt.DB, path string, opt store.Options) (*store.Store, error) {
	version, err := store.SchemaOf(ctx, db)
	if err != nil {
		return nil, err
	}
	if version > 0 && version < store.Schema {
		if err := copyAside(ctx, db, fmt.Sprintf("%s.schema-%d.bak", path, version)); err != nil {
			return nil, err
		}
	}
	if opt.Gazetteer == nil {
		if opt.Gazetteer, err = gazetteer.Load(); err != nil {
			return nil, err
		}
	}
	opt.Renderer = store.Renderer{Version: markdown.Version, Render: markdown.New().Render}
	return store.Open(ctx, db, opt)
}

// copyAside writes a copy of the data to a new file, durably, and never over another.
func copyAside(ctx context.Context, db *bolt.DB, path string) error {
	return writeNew(path, func(f *os.File) error {
		_, err := db.Backup(ctx, f)
		return err
	})
}

// writeNew writes a file beside its place, syncs it, and gives it its name at the end; an existing file is kept.
func writeNew(path string, write func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already", path)
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
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
