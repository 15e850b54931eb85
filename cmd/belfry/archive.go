package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/shelf"
)

// A backup is a zip archive, so that any tool can open it: belfry.db, then documents/HASH for every file on the shelf.
// Nothing is compressed: papers are already, and a copy should not slow the hub down.
const (
	archivedData      = "belfry.db"
	archivedDocuments = "documents/"
)

// pack writes a backup. The data is one snapshot; files on the shelf never change and none is removed meanwhile, so
// that what the snapshot names is there. Of a shared database the files are part of the snapshot.
func pack(ctx context.Context, w io.Writer, db engine, documents *shelf.Shelf) error {
	out := zip.NewWriter(w)
	var err error
	if file, ok := db.(*bolt.DB); ok {
		err = documents.Hold(func() error { return packSnapshot(ctx, out, file, documents) })
	} else {
		err = packShared(ctx, out, db)
	}
	if err != nil {
		return err // without its end the archive is not taken for a whole one
	}
	return out.Close()
}

// packShared makes a file of the database beside, and packs that.
func packShared(ctx context.Context, out *zip.Writer, db engine) error {
	work, err := os.MkdirTemp("", "belfry-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	return db.View(ctx, func(r kv.Reader) error {
		file, err := fileOf(ctx, store.Freeze(r), filepath.Join(work, archivedData))
		if err != nil {
			return err
		}
		defer file.Close()
		return packSnapshot(ctx, out, file, shelf.Before(filepath.Join(work, "documents"), store.Papers(store.Freeze(r))))
	})
}

// fileOf copies the records of an engine to a new file.
func fileOf(ctx context.Context, from kv.DB, path string) (*bolt.DB, error) {
	file, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return nil, err
	}
	if err := store.Copy(ctx, from, file); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// packRecords writes the records alone, as a file of the embedded engine.
func packRecords(ctx context.Context, w io.Writer, db engine) error {
	if file, ok := db.(*bolt.DB); ok {
		_, err := file.Backup(ctx, w)
		return err
	}
	work, err := os.MkdirTemp("", "belfry-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	return db.View(ctx, func(r kv.Reader) error {
		file, err := fileOf(ctx, store.Freeze(r), filepath.Join(work, archivedData))
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = file.Backup(ctx, w)
		return err
	})
}

func packSnapshot(ctx context.Context, out *zip.Writer, db *bolt.DB, documents *shelf.Shelf) error {
	data, err := out.CreateHeader(&zip.FileHeader{Name: archivedData, Method: zip.Store})
	if err != nil {
		return err
	}
	if _, err := db.Backup(ctx, data); err != nil {
		return err
	}
	return documents.Each(ctx, func(f shelf.File) error {
		file, _, err := documents.Open(f.Hash)
		if err != nil {
			return err
		}
		defer file.Close()
		to, err := out.CreateHeader(&zip.FileHeader{Name: archivedDocuments + f.Hash, Method: zip.Store})
		if err != nil {
			return err
		}
		_, err = io.Copy(to, file)
		return err
	})
}

// unpack takes a backup apart into a folder: an archive, or the data alone as versions before documents wrote it.
func unpack(ctx context.Context, path, dir string) error {
	archived, err := startsWith(path, "PK")
	if err != nil {
		return err
	}
	if !archived {
		return copyFile(path, filepath.Join(dir, archivedData))
	}
	in, err := zip.OpenReader(path)
	if err != nil {
		return fmt.Errorf("it is cut off or damaged (%w)", err)
	}
	defer in.Close()
	for _, entry := range in.File {
		if err := unpackOne(ctx, entry, dir); err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
	}
	return nil
}

func startsWith(path, magic string) (bool, error) {
	f, err := os.Open(path) // #nosec G304 -- the operator names it
	if err != nil {
		return false, err
	}
	defer f.Close()
	start := make([]byte, len(magic))
	n, err := io.ReadFull(f, start)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return string(start[:n]) == magic, err
}

func unpackOne(ctx context.Context, entry *zip.File, dir string) error {
	r, err := entry.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if entry.Name == archivedData {
		return writeFrom(filepath.Join(dir, archivedData), r)
	}
	hash, ok := strings.CutPrefix(entry.Name, archivedDocuments)
	if !ok || !shelf.Hash(hash) {
		return errors.New("is not part of a backup")
	}
	have, err := shelve(ctx, r, documentsOf(dir))
	if err == nil && have != hash {
		err = errors.New("the document is damaged")
	}
	return err
}

// shelve puts one file on a shelf.
func shelve(ctx context.Context, r io.Reader, to *shelf.Shelf) (hash string, err error) {
	in, err := to.Receive(ctx, r, store.MaxFile)
	if err != nil {
		return "", err
	}
	return in.Hash, in.Keep(time.Now())
}

// moveDocuments puts the files of one shelf on another; what is there stays. A targetError is of the other.
func moveDocuments(ctx context.Context, from, to *shelf.Shelf) error {
	return from.Each(ctx, func(f shelf.File) error {
		file, _, err := from.Open(f.Hash)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = shelve(ctx, file, to)
		return atTarget(err)
	})
}
