package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/kv/postgres"
	"belfry/store/shelf"
)

// moveCommand takes a community from one engine to another.
type moveCommand struct {
	From string `required:"" help:"Where the community is: its folder, its belfry.db, or postgres://…" placeholder:"PLACE"`
	To   string `required:"" help:"Where it goes: an empty place." placeholder:"PLACE"`
}

// homeOf reads a place as an operator names it.
func homeOf(text string) home {
	if strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://") {
		return home{address: text}
	}
	if filepath.Base(text) == "belfry.db" {
		text = filepath.Dir(text)
	}
	return home{dir: text}
}

// Run moves a community that nobody serves. It can be broken off and run again.
func (m *moveCommand) Run(t *terminal) error {
	from, to := homeOf(m.From), homeOf(m.To)
	if from == to {
		return errors.New("--from and --to are the same place")
	}
	if err := m.move(t, from, to); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Serve it from %s now. What is in %s was left as it is.\n", to, from)
	return nil
}

func (m *moveCommand) move(t *terminal, from, to home) error {
	copies, err := os.MkdirTemp("", "belfry-move-") // of papers on their way to or from a database
	if err != nil {
		return err
	}
	defer os.RemoveAll(copies)
	source, papers, err := m.source(t, from, copies)
	if err != nil {
		return err
	}
	defer source.Close()
	target, shelves, err := m.target(t, to, copies)
	if err != nil {
		return err
	}
	defer target.Close()
	report, err := store.Move(t.ctx, source, target, func() error { return moveDocuments(t.ctx, papers, shelves) }, counter(t))
	fmt.Fprintln(t.err)
	switch {
	case errors.Is(err, store.ErrOccupied):
		return fmt.Errorf("there is something at %s already; nothing was changed", to)
	case err != nil:
		return sentence(from.String(), err)
	}
	hub, err := store.Open(t.ctx, target, store.Options{ReadOnly: true, Shelf: shelves})
	if err != nil {
		return sentence(to.String(), err)
	}
	documents, err := hub.VerifyDocuments(t.ctx, func(f store.Fault) { err = errors.Join(err, errors.New(f.String())) })
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%d values and %d documents moved, every one compared.\n", report.Compared, documents)
	return nil
}

// source opens what is moved, which nobody may change meanwhile.
func (m *moveCommand) source(t *terminal, from home, copies string) (engine, *shelf.Shelf, error) {
	if !from.shared() {
		db, err := bolt.Open(from.String(), bolt.Options{ReadOnly: true})
		if err != nil {
			return nil, nil, sentence(from.String(), err)
		}
		return db, documentsOf(from.dir), nil
	}
	db, err := from.database(t.ctx, examine)
	if err != nil {
		return nil, nil, err
	}
	awake, err := store.Awake(t.ctx, db)
	if err == nil && awake > 0 {
		err = fmt.Errorf("%d nodes serve %s; stop them first", awake, from)
	}
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return db, shelf.Before(filepath.Join(copies, "from"), store.Papers(db)), nil
}

// target opens the place it goes to.
func (m *moveCommand) target(t *terminal, to home, copies string) (kv.DB, *shelf.Shelf, error) {
	if to.shared() {
		db, err := postgres.Open(t.ctx, to.address, postgres.Options{})
		if err != nil {
			return nil, nil, sentence(to.String(), err)
		}
		return db, shelf.Before(filepath.Join(copies, "to"), store.Papers(db)), nil
	}
	if err := os.MkdirAll(to.dir, 0o700); err != nil {
		return nil, nil, sentence(to.dir, err)
	}
	db, err := bolt.Open(to.String(), bolt.Options{})
	if err != nil {
		return nil, nil, sentence(to.String(), err)
	}
	return db, documentsOf(to.dir), nil
}

// counter says how far a move is, on one line, a few times a second.
func counter(t *terminal) func(store.MoveReport) {
	var last time.Time
	return func(r store.MoveReport) {
		if time.Since(last) < 200*time.Millisecond {
			return
		}
		last = time.Now()
		fmt.Fprintf(t.err, "\r%d copied, %d of them compared", r.Copied, r.Compared)
	}
}
