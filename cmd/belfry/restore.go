package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"belfry/store"
)

// restoreCommand puts a backup in place.
type restoreCommand struct {
	dataFlags
	File  string `arg:"" type:"existingfile" help:"Backup to restore."`
	Force bool   `help:"Replace a community that is there; its file is kept beside it."`
}

// Run verifies a copy of the backup before anything is replaced.
func (r *restoreCommand) Run(t *terminal) error {
	if _, running, err := ask(t.ctx, r.Data, "/check", nil); err != nil || running {
		return fmt.Errorf("a server is running on %s; stop it first", r.Data)
	}
	if err := os.MkdirAll(r.Data, 0o700); err != nil {
		return err
	}
	work, err := os.MkdirTemp(r.Data, ".restore-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := copyFile(r.File, filepath.Join(work, "belfry.db")); err != nil {
		return err
	}
	if err := verifyFolder(t, work, r.File); err != nil {
		return err
	}
	target := r.file()
	if _, err := os.Lstat(target); err == nil {
		if !r.Force {
			return fmt.Errorf("%s is there already; with --force it is kept beside and replaced", target)
		}
		kept := target + "." + time.Now().UTC().Format("20060102T150405") + ".old"
		if err := os.Rename(target, kept); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "The community that was there is kept as %s\n", kept)
	}
	if err := os.Rename(filepath.Join(work, "belfry.db"), target); err != nil {
		return err
	}
	if err := syncDir(r.Data); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Restored to %s\n", target)
	return nil
}

func verifyFolder(t *terminal, dir, name string) error {
	hub, db, err := openStore(t.ctx, dir, true, store.Options{})
	if err != nil {
		return fmt.Errorf("the backup %s cannot be used: %w", name, err)
	}
	defer hub.Close()
	report, err := checkAll(t.ctx, hub, db)
	if err != nil {
		return err
	}
	if len(report.Faults) > 0 {
		return fmt.Errorf("the backup %s is damaged: %s", name, report.Faults[0])
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return writeNew(to, func(f *os.File) error {
		_, err := io.Copy(f, in)
		return err
	})
}
