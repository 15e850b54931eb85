package search

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"belfry/store"
)

// Follower keeps the index up with the store.
type Follower struct {
	Store *store.Store
	Index *Index
	Log   *slog.Logger
	Every time.Duration // how often it looks whether something changed; a third of a second unless told

	making sync.Mutex // one making anew at a time
}

// batch is how many records are read and indexed at once.
const batch = 500

// Run works until ctx ends: it makes an index that is not whole, and takes up what changes.
func (f *Follower) Run(ctx context.Context) error {
	every := f.Every
	if every == 0 {
		every = 300 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	seen, first := uint64(0), true
	for {
		if f.Index.Building() {
			if err := f.Rebuild(ctx); err != nil && ctx.Err() == nil {
				f.Log.Error("search index not made", "error", err)
			}
		}
		if now := f.Store.Searches(); first || now != seen { // an atomic number: looking costs nothing
			if err := f.CatchUp(ctx); err == nil {
				seen, first = now, false
			} else if ctx.Err() == nil {
				f.Log.Error("search index not brought up to date", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// CatchUp indexes all that changed. What was indexed but not yet noted when the process ended is indexed again, which
// changes nothing.
func (f *Follower) CatchUp(ctx context.Context) error {
	for {
		wanted, err := f.Store.StaleSearch(ctx, batch)
		if err != nil || len(wanted) == 0 {
			return err
		}
		if err := f.put(ctx, wanted); err != nil {
			return err
		}
		if err := f.Store.Indexed(ctx, wanted); err != nil {
			return err
		}
		if len(wanted) < batch {
			return nil
		}
	}
}

func (f *Follower) put(ctx context.Context, wanted []store.Stale) error {
	found, err := f.Store.Searchable(ctx, store.System(), wanted)
	if err != nil {
		return err
	}
	return f.Index.Put(ctx, wanted, found)
}

// Rebuild makes the index anew from the store while it can be searched.
func (f *Follower) Rebuild(ctx context.Context) error {
	f.making.Lock() // the operator may ask for it while it is under way
	defer f.making.Unlock()
	if n, err := f.Index.Count(); err != nil {
		return err
	} else if n > 0 || !f.Index.Building() {
		if err := f.Index.Clear(); err != nil {
			return err
		}
	}
	after := ""
	for {
		wanted, next, err := f.Store.EverySearchable(ctx, after, batch)
		if err != nil {
			return err
		}
		if len(wanted) > 0 {
			if err := f.put(ctx, wanted); err != nil {
				return err
			}
		}
		if next == "" {
			return f.Index.finish()
		}
		if after = next; ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
