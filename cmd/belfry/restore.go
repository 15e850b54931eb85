package main

import (
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
)

// restoreCommand puts a backup in place.
type restoreCommand struct {
	dataFlags
	File  string `arg:"" type:"existingfile" help:"Backup to restore."`
	Force bool   `help:"Replace a community that is there; its file is kept beside it."`
}

// Run verifies a copy of the backup before anything is replaced.
func (r *restoreCommand) Run(t *terminal) error {
	if r.home().shared() {
		return r.share(t)
	}
	if err := r.idle(t); err != nil {
		return err
	}
	if err := os.MkdirAll(r.Data, 0o700); err != nil {
		return err
	}
	work, err := os.MkdirTemp(r.Data, ".restore-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := unpack(t.ctx, r.File, work); err != nil {
		return fmt.Errorf("the backup cannot be used: %s: %w", r.File, err)
	}
	if err := verifyFolder(t, work, r.File); err != nil {
		return err
	}
	// Documents first: files that no record names yet harm nothing.
	if err := moveDocuments(t.ctx, documentsOf(work), documentsOf(r.Data)); err != nil {
		return err
	}
	restored, target := filepath.Join(work, "belfry.db"), r.file()
	if err := r.replace(t, restored, target); err != nil {
		return err
	}
	// It knows what came after the backup; the next server makes it anew.
	if err := os.RemoveAll(filepath.Join(r.Data, searchFolder)); err != nil {
		return err
	}
	if err := syncDir(r.Data); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Restored to %s\n", target)
	return nil
}

// share puts a backup into an empty database, or one that its community has left. Nothing else is ever replaced: nodes may
// be at work on it.
func (r *restoreCommand) share(t *terminal) error {
	work, err := os.MkdirTemp("", "belfry-restore-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := unpack(t.ctx, r.File, work); err != nil {
		return fmt.Errorf("the backup cannot be used: %s: %w", r.File, err)
	}
	if err := verifyFolder(t, work, r.File); err != nil {
		return err
	}
	if _, err := (&moveCommand{}).move(t, home{dir: work}, r.home(), store.Left{}); err != nil {
		if t.ctx.Err() != nil {
			return errors.New("the restore was stopped: run the same command again, it goes on where it stopped")
		}
		return err
	}
	fmt.Fprintf(t.out, "Restored to %s\n", r.home())
	return nil
}

// idle makes sure that no process works on the data.
func (r *restoreCommand) idle(t *terminal) error {
	busy := fmt.Errorf("a server is running on %s; stop it first", r.Data)
	if _, running, _ := ask(t.ctx, r.Data, "/hello", nil); running {
		return busy
	}
	db, err := bolt.Open(r.file(), bolt.Options{ReadOnly: true})
	if errors.Is(err, bolt.ErrHeld) {
		return busy
	}
	if err == nil {
		return db.Close()
	}
	return nil // nothing there, or something that cannot be opened: it is replaced only with --force
}

// replace puts the restored file in place in one step; what was there keeps a name of its own.
func (r *restoreCommand) replace(t *terminal, restored, target string) error {
	if _, err := os.Lstat(target); err != nil {
		return place(restored, target)
	}
	if !r.Force {
		return fmt.Errorf("%s is there already; with --force it is kept beside and replaced", target)
	}
	kept := target + "." + time.Now().UTC().Format("20060102T150405.000") + ".old"
	if err := os.Link(target, kept); err != nil { // not every file system can link
		if err := os.Rename(target, kept); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.out, "The community that was there is kept as %s\n", kept)
	return os.Rename(restored, target)
}

func verifyFolder(t *terminal, dir, name string) error {
	hub, db, err := openStore(t.ctx, dir, change, store.Options{})
	var left *store.LeftError
	if errors.As(err, &left) { // whoever restores it wants it back
		fmt.Fprintf(t.out, "The backup was made after its community had moved to %s on %s: what came later is not in it.\n", left.To, left.At.Format(time.DateOnly))
		hub, db, err = openStore(t.ctx, dir, change, store.Options{Back: true})
	}
	if err != nil {
		return unusable(filepath.Join(dir, archivedData), name, err)
	}
	defer hub.Close()
	report, err := checkAll(t.ctx, hub, db)
	if err != nil {
		return err
	}
	if report.Found > 0 {
		return fmt.Errorf("the backup %s is damaged: %s", name, report.Faults[0])
	}
	return nil
}

// unusable says why the file of a backup, which was unpacked to a path, cannot be put in place.
func unusable(path, name string, err error) error {
	text := strings.ReplaceAll(err.Error(), path, name)
	switch {
	case errors.Is(err, bolt.ErrForeign), errors.Is(err, store.ErrForeign), errors.Is(err, bolt.ErrEmptyNotNew):
		text = name + " is no backup of a Belfry community"
	case errors.Is(err, bolt.ErrDamaged), errors.As(err, new(*kv.DamagedError)):
		text = fmt.Sprintf("%s is damaged; take an older one (%s)", name, particulars(path, err))
	}
	return errors.New("the backup cannot be used: " + text)
}

func copyFile(from, to string) error {
	in, err := os.Open(from) // #nosec G304 -- the operator names it
	if err != nil {
		return err
	}
	defer in.Close()
	return writeFrom(to, in)
}

func writeFrom(to string, r io.Reader) error {
	return writeNew(to, func(f *os.File) error {
		_, err := io.Copy(f, r)
		return err
	})
}
