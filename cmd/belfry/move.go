package main

import (
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
	"belfry/store/kv/postgres"
	"belfry/store/shelf"
)

// moveCommand takes a community from one engine to another.
type moveCommand struct {
	From string `required:"" help:"Where the community is: its folder, its belfry.db, or postgres://…" placeholder:"PLACE"`
	To   string `required:"" help:"Where it goes: an empty place, or the one it came from." placeholder:"PLACE"`
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

// placeOf is homeOf for what a flag names: no other address is taken for a folder.
func placeOf(flag, text string) (home, error) {
	at := homeOf(text)
	if at.shared() {
		if err := postgres.Valid(text); err != nil {
			return at, unreadable(flag, err)
		}
	} else if kind, _, ok := strings.Cut(text, "://"); ok {
		return at, fmt.Errorf("%s must be a folder or look like postgres://user@host/database, not %s://…", flag, kind)
	}
	return at, nil
}

// Run moves a community that nobody serves. It can be broken off and run again.
func (m *moveCommand) Run(t *terminal) error {
	from, err := placeOf("--from", m.From)
	if err != nil {
		return err
	}
	to, err := placeOf("--to", m.To)
	if err != nil {
		return err
	}
	if from == to {
		return errors.New("--from and --to are the same place")
	}
	report, err := m.move(t, from, to, store.Left{To: to.lasting(), At: time.Now().UTC().Truncate(time.Second)})
	var left *store.LeftError
	switch {
	case t.ctx.Err() != nil && err != nil:
		return errors.New("the move was stopped and nothing is lost: run the same command again, it goes on where it stopped")
	case errors.As(err, &left):
		return fmt.Errorf("the community of %s moved to %s on %s already; move it from there", from, left.To, left.At.Format(time.DateOnly))
	case err != nil:
		return err
	}
	m.next(t, from, to, report.Unmarked)
	return nil
}

// next says what to do after a move.
func (m *moveCommand) next(t *terminal, from, to home, unmarked error) {
	folder := ""
	if !from.shared() {
		folder = absolute(from.dir) + "-node"
	}
	fmt.Fprintf(t.out, "Serve it from there now, with your other settings as before:\n  %s\n", to.serving(folder))
	if to.shared() {
		fmt.Fprintln(t.out, "The folder is this node's own, a new one: not the one the community came from.")
	}
	if to.String() != to.address && to.shared() {
		fmt.Fprintln(t.out, "… stands for the password; PGPASSWORD or ~/.pgpass can hold it.")
	}
	if unmarked == nil {
		fmt.Fprintf(t.out, "What is in %s was left as it is, with a note that the community has moved, so that it is not served by mistake.\n", from)
		return
	}
	fmt.Fprintf(t.err, "belfry: no note could be left in %s that the community has moved (%v): make sure that nobody serves it from there, what they wrote would be lost\n", from, unmarked)
}

// lasting names a place so that it is understood later and elsewhere, without its password.
func (h home) lasting() string {
	if h.shared() {
		return h.String()
	}
	return absolute(h.dir)
}

// move moves, and leaves a note of where it went unless that names no place.
func (m *moveCommand) move(t *terminal, from, to home, goes store.Left) (store.MoveReport, error) {
	copies, err := os.MkdirTemp("", "belfry-move-") // of papers on their way to or from a database
	if err != nil {
		return store.MoveReport{}, err
	}
	defer os.RemoveAll(copies)
	source, papers, err := m.source(t, from, copies)
	if err != nil {
		return store.MoveReport{}, err
	}
	defer source.Close()
	target, shelves, err := m.target(t, to, copies)
	if err != nil {
		return store.MoveReport{}, err
	}
	defer target.Close()
	documents, count := 0, &counter{to: t.err}
	report, err := store.Move(t.ctx, source, reached{target}, goes, func() error {
		if err := moveDocuments(t.ctx, papers, shelves); err != nil {
			return err
		}
		documents, err = arrived(t.ctx, source, shelves)
		return err
	}, count.show)
	count.end()
	var there targetError
	switch {
	case errors.Is(err, store.ErrOccupied):
		return report, fmt.Errorf("there is something at %s already; nothing was changed", to)
	case errors.Is(err, store.ErrServed):
		return report, fmt.Errorf("nodes began to serve %s while it was moved; stop them and run the same command again", from)
	case errors.Is(err, errDocuments), errors.As(err, new(*store.LeftError)):
		return report, err
	case errors.As(err, &there):
		return report, sentence(to.String(), err)
	case err != nil:
		return report, sentence(from.String(), err)
	}
	fmt.Fprintf(t.out, "%d values and %d documents moved, every one compared.\n", report.Compared, documents)
	return report, nil
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

// source opens what is moved, which nobody may change meanwhile. It is written to only to say that the community has left;
// what can only be read is moved too.
func (m *moveCommand) source(t *terminal, from home, copies string) (engine, *shelf.Shelf, error) {
	if !from.shared() {
		if _, err := os.Stat(from.String()); err != nil {
			return nil, nil, sentence(from.String(), err)
		}
		db, err := bolt.Open(from.String(), bolt.Options{})
		if err != nil && !errors.Is(err, bolt.ErrHeld) { // no right to write, or a disk that takes nothing any more
			db, err = bolt.Open(from.String(), bolt.Options{ReadOnly: true})
		}
		if err != nil {
			return nil, nil, sentence(from.String(), err)
		}
		return db, documentsOf(from.dir), nil
	}
	db, err := from.database(t.ctx, change)
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

// counter says how far a move is, on one line, a few times a second and at its end.
type counter struct {
	to    io.Writer
	shown time.Time
	now   store.MoveReport
}

func (c *counter) show(r store.MoveReport) {
	c.now = r
	if time.Since(c.shown) < 200*time.Millisecond {
		return
	}
	c.shown = time.Now()
	c.say()
}

func (c *counter) say() {
	if c.now.Compared == 0 {
		fmt.Fprintf(c.to, "\r%d copied", c.now.Copied)
		return
	}
	fmt.Fprintf(c.to, "\r%d copied, %d of them compared", c.now.Copied, c.now.Compared)
}

func (c *counter) end() {
	if !c.shown.IsZero() {
		c.say()
		fmt.Fprintln(c.to)
	}
}
