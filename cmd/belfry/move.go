package main

import (
	"context"
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
	documents := 0
	report, err := store.Move(t.ctx, source, reached{target}, func() error {
		if err := moveDocuments(t.ctx, papers, shelves); err != nil {
			return err
		}
		documents, err = arrived(t.ctx, source, shelves)
		return err
	}, counter(t))
	fmt.Fprintln(t.err)
	var there targetError
	switch {
	case errors.Is(err, store.ErrOccupied):
		return fmt.Errorf("there is something at %s already; nothing was changed", to)
	case errors.Is(err, errDocuments):
		return err
	case errors.As(err, &there):
		return sentence(to.String(), err)
	case err != nil:
		return sentence(from.String(), err)
	}
	fmt.Fprintf(t.out, "%d values and %d documents moved, every one compared.\n", report.Compared, documents)
	return nil
}

// errDocuments says that documents which records name did not arrive.
var errDocuments = errors.New("documents are missing or damaged; put them back and run it again, it goes on where it stopped")

// arrived compares the documents that the records name with what has come to the shelf, and counts them.
func arrived(ctx context.Context, source kv.DB, shelves *shelf.Shelf) (int, error) {
	hub, err := store.Open(ctx, source, store.Options{ReadOnly: true, Shelf: shelves})
	if err != nil {
		return 0, err
	}
	faults := []error{errDocuments}
	documents, err := hub.VerifyDocuments(ctx, func(f store.Fault) { faults = append(faults, errors.New(f.String())) })
	if err == nil && len(faults) > 1 {
		err = errors.Join(faults...)
	}
	return documents, err
}

// targetError is a failure of the place something goes to, not of where it comes from.
type targetError struct{ error }

func (e targetError) Unwrap() error { return e.error }

// atTarget says of a failure, if it is one, that it is the target's.
func atTarget(err error) error {
	if err == nil {
		return nil
	}
	return targetError{err}
}

// reached is the engine something goes to: its failures are told from those of the source.
type reached struct{ kv.DB }

func (r reached) View(ctx context.Context, fn func(kv.Reader) error) error {
	return atTarget(r.DB.View(ctx, fn))
}

func (r reached) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	return atTarget(r.DB.Update(ctx, scope, fn))
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
