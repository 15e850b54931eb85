package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"belfry/store"
)

// backupCommand writes a copy of the data.
type backupCommand struct {
	dataFlags
	File string `arg:"" help:"File to write. It must not be there yet."`
}

// Run copies through the running server, or from the file itself when none runs, or from a shared database. The copy is complete and durable when
// it has its name.
func (b *backupCommand) Run(t *terminal) error {
	err := writeNew(b.File, func(f *os.File) error {
		if !b.home().shared() {
			body, running, err := ask(t.ctx, b.Data, "/backup", nil)
			if err != nil {
				return err
			}
			if running {
				defer body.Close()
				_, err = io.Copy(f, body)
				return err
			}
		}
		hub, db, err := b.home().open(t.ctx, examine, store.Options{})
		if err != nil {
			return err
		}
		defer hub.Close()
		if err := remindLeft(t, b.home(), db); err != nil {
			return err
		}
		return pack(t.ctx, f, db, hub.Shelf())
	})
	if err != nil {
		return missingFolder(b.File, err)
	}
	fmt.Fprintf(t.out, "Backup written to %s\n", b.File)
	return nil
}

// missingFolder names the folder of a file that cannot be written because there is none.
func missingFolder(path string, err error) error {
	dir := filepath.Dir(path)
	if _, missing := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && errors.Is(missing, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s to write to; create it with: mkdir -p %s", dir, quoted(dir))
	}
	return err
}
