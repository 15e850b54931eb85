package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/kv/postgres"
)

// toldError is a failure in words for the operator, which nothing is added to on its way.
type toldError struct {
	text  string
	cause error
}

func (e *toldError) Error() string { return e.text }

func (e *toldError) Unwrap() error { return e.cause }

// sentence says in plain words why data cannot be opened, or used any more. What has been said so already stays as it is.
func sentence(path string, err error) error {
	if errors.As(err, new(*toldError)) {
		return err
	}
	return &toldError{inWords(path, err), err}
}

func inWords(path string, err error) string {
	var left *store.LeftError
	switch {
	case errors.As(err, &left):
		return movedOn(path, left.Left)
	case errors.Is(err, bolt.ErrHeld):
		return path + " is in use by another belfry process; stop it first"
	case errors.Is(err, bolt.ErrForeign), errors.Is(err, store.ErrForeign):
		if homeOf(path).shared() {
			return path + " is not a Belfry community; choose another database"
		}
		return path + " is not a Belfry community; choose another folder"
	case errors.Is(err, bolt.ErrDamaged):
		return damaged(path, err)
	case errors.Is(err, bolt.ErrEmptyNotNew):
		return path + " is empty though it is not new; something emptied it, so restore a backup or take the file away"
	case errors.Is(err, store.ErrNewer):
		return path + " was written by a newer version of Belfry; use that version"
	case errors.Is(err, store.ErrOlder):
		return path + " was written by an older version of Belfry; start belfry serve once, which brings it up to date"
	case errors.Is(err, store.ErrMoving):
		return "a move to " + path + " was begun and not finished; run belfry move again, it goes on where it stopped"
	case errors.Is(err, postgres.ErrForeign):
		return path + " holds tables of something else; name another schema with search_path in the address"
	case errors.Is(err, postgres.ErrEncoding):
		return path + " must be a database in UTF-8"
	case errors.Is(err, postgres.ErrAddress):
		return unreadable("--store", err).Error()
	case errors.Is(err, store.ErrNotDemo):
		return path + " is a community that is not a demo, and was left as it is; choose another --data folder for --demo"
	case errors.Is(err, bolt.ErrDisk):
		return fmt.Sprintf("the disk failed under %s, so the hub ended; what was confirmed before is kept, and nothing was confirmed since: look at the disk, then start again (%v)", path, err)
	case errors.Is(err, kv.ErrNoSpace):
		return "there is no room left on the disk for " + path
	case errors.As(err, new(*kv.DamagedError)):
		return damaged(path, err)
	case errors.Is(err, fs.ErrNotExist):
		return "there is no community at " + path
	case errors.Is(err, fs.ErrPermission):
		return path + " may not be opened by this user"
	case errors.Is(err, context.Canceled):
		return errStopped.Error()
	}
	return fmt.Sprintf("%s cannot be opened: %v", path, err)
}

// damaged says what helps, and what exactly is wrong.
func damaged(path string, err error) string {
	at := homeOf(path)
	restore := "your last backup with: belfry restore --force --data " + quoted(at.dir) + " BACKUP.zip"
	if at.shared() {
		restore = "your last backup to an empty database with: belfry restore --store postgres://… BACKUP.zip"
	}
	return fmt.Sprintf("%s is damaged and was not touched; restore %s (%s)", path, restore, particulars(path, err))
}

// particulars are what an error says beside what a sentence has said.
func particulars(path string, err error) string {
	var told *toldError
	if errors.As(err, &told) {
		err = told.cause
	}
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "open "+path+": "), bolt.ErrDamaged.Error()+": ")
}

// unreadable says of the address of a database how it must look.
func unreadable(flag string, err error) error {
	return fmt.Errorf("%s must look like postgres://user@host/database (%s)", flag, strings.TrimPrefix(err.Error(), postgres.ErrAddress.Error()+": "))
}

// movedOn says of a place that its community left where it is.
func movedOn(path string, m store.Left) string {
	at := homeOf(path)
	return fmt.Sprintf("the community of %s moved to %s on %s and goes on there, where what is written here would be missing; serve it with: %s (only to go back to what was left here: %s --force)",
		path, m.To, m.At.Format(time.DateOnly), homeOf(m.To).serving(""), at.serving(""))
}

// serving is the command that serves a place; a node of a database has a folder of its own.
func (h home) serving(folder string) string {
	if !h.shared() {
		return "belfry serve --data " + quoted(h.dir)
	}
	if folder == "" {
		folder = "FOLDER"
	}
	return "belfry serve --store '" + h.String() + "' --data " + quoted(folder)
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:@%+=") == "" && path != "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// absolute is a path as it is understood in every folder.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}
