package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"belfry/store"
	"belfry/store/kv/bolt"
)

// compactCommand takes what was deleted out of the file at once.
type compactCommand struct {
	Data string `help:"Folder of the data." default:"data" env:"BELFRY_DATA" placeholder:"DIR"`
}

// compactReport is how large the file was and is.
type compactReport struct{ Before, After int64 }

// Run asks the running server, or opens the file itself.
func (c *compactCommand) Run(t *terminal) error {
	at := home{dir: c.Data}
	var report compactReport
	running, err := askFor(t.ctx, at, "/compact", nil, &report)
	if err != nil {
		return err
	}
	if !running {
		hub, db, err := at.open(t.ctx, change, store.Options{})
		if err != nil {
			return err
		}
		defer hub.Close()
		if report, err = compact(t.ctx, db, time.Now()); err != nil {
			return sentence(at.String(), err)
		}
	}
	fmt.Fprintf(t.out, "What was deleted is out of %s: it has %d kB, and had %d\n", at, report.After>>10, report.Before>>10)
	return nil
}

// compact takes what was deleted out of a file.
func compact(ctx context.Context, db engine, now time.Time) (compactReport, error) {
	file, ok := db.(*bolt.DB)
	if !ok {
		return compactReport{}, errors.New("a database compacts itself")
	}
	before := file.Stats().Bytes
	err := file.Compact(ctx, now)
	return compactReport{before, file.Stats().Bytes}, err
}

// When the file is compacted by itself: as soon as it is quiet once a week has gone by, and after three weeks in any case,
// so that what was erased is gone well within thirty days.
const (
	compactEvery  = 7 * 24 * time.Hour
	compactLatest = 21 * 24 * time.Hour
	compactLook   = 10 * time.Minute
	compactQuiet  = 60 // changes between two looks
)

// compactor compacts the file of a hub that is served.
type compactor struct {
	file  *bolt.DB
	clock func() time.Time
	log   *slog.Logger

	began   time.Time // of the first look
	updates uint64    // at the last one
}

// compacting keeps the file of a hub compact, if it is one.
func compacting(db engine, log *slog.Logger) worker {
	if file, ok := db.(*bolt.DB); ok {
		return (&compactor{file: file, clock: time.Now, log: log}).run
	}
	return func(context.Context) error { return nil }
}

// run looks now and then until ctx ends.
func (c *compactor) run(ctx context.Context) error {
	tick := time.NewTicker(compactLook)
	defer tick.Stop()
	for {
		if _, err := c.look(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("file not compacted", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look compacts the file when it is time, and says whether it did.
func (c *compactor) look(ctx context.Context) (done bool, err error) {
	now, stats := c.clock(), c.file.Stats()
	first := c.began.IsZero()
	if first {
		c.began = now
	}
	quiet := !first && stats.Updates-c.updates <= compactQuiet
	c.updates = stats.Updates
	last, err := c.file.Compacted()
	if err != nil {
		return false, err
	}
	if last.IsZero() { // never
		last = c.began.Add(-compactEvery)
	}
	if age := now.Sub(last); age < compactEvery || !quiet && age < compactLatest {
		return false, nil
	}
	report, err := compact(ctx, c.file, now)
	if errors.Is(err, bolt.ErrBusy) { // at the next look
		return false, nil
	}
	if err == nil {
		c.log.Info("file compacted", "before", report.Before, "after", report.After)
	}
	return err == nil, err
}
