package search

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"runtime/debug"
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

	making  sync.Mutex // one making anew at a time
	writing sync.Mutex // from reading records until they are in the index: nothing older may overtake what is newer

	saying sync.Mutex // guards said
	said   time.Time  // when it last said to the store that it follows
}

// sayEvery is how often the store is told that the index follows.
const sayEvery = time.Hour

// batch is how many records are read and indexed at once.
const batch = 500

// afterFailure is how long it waits when something went wrong, so that the log stays readable.
const afterFailure = 15 * time.Second

// Run works until ctx ends: it makes an index that is not whole or of another community, and takes up what changes.
func (f *Follower) Run(ctx context.Context) error {
	every := f.Every
	if every == 0 {
		every = 300 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	seen, first := uint64(0), true
	for {
		now := f.Store.Searches() // an atomic number: looking costs nothing
		var err error
		if first || now != seen || f.Index.Building() || f.overdue() {
			err = f.CatchUp(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			f.Log.Error("search index not brought up to date", "error", err)
			tick.Reset(afterFailure)
		default:
			seen, first = now, false
			tick.Reset(every)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (f *Follower) overdue() bool {
	f.saying.Lock()
	defer f.saying.Unlock()
	return time.Since(f.said) >= sayEvery
}

// follow tells the store that this index follows, so that it marks what changes for it. An index that the store does not
// know, or that was made of another community, is begun anew.
func (f *Follower) follow(ctx context.Context) error {
	f.saying.Lock()
	defer f.saying.Unlock()
	if time.Since(f.said) < sayEvery {
		return nil
	}
	community, err := f.community(ctx)
	if err != nil {
		return err
	}
	known, err := f.Store.Follow(ctx, f.Index.ID())
	if err != nil {
		return err
	}
	if !f.Index.Building() && (!known || !f.Index.of(community)) {
		if err := f.Index.Clear(); err != nil {
			return err
		}
	}
	f.said = time.Now()
	return nil
}

// community names whose records these are: an index that was left beside another database is of no use.
func (f *Follower) community(ctx context.Context) ([]byte, error) {
	secret, err := f.Store.Secret(ctx, "search")
	sum := sha256.Sum256(secret)
	return sum[:], err
}

// CatchUp indexes all that changed, and everything when the index is not whole. What was indexed but not yet noted when
// the process ended is indexed again, which changes nothing.
func (f *Follower) CatchUp(ctx context.Context) error {
	if err := f.Index.mend(); err != nil {
		return err
	}
	if err := f.follow(ctx); err != nil {
		return err
	}
	if f.Index.Building() {
		if err := f.make(ctx, false); err != nil {
			return err
		}
	}
	for {
		wanted, err := f.Store.StaleSearch(ctx, f.Index.ID(), batch)
		if err != nil || len(wanted) == 0 {
			return err
		}
		if err := f.put(ctx, wanted); err != nil {
			return err
		}
		if err := f.Store.Indexed(ctx, f.Index.ID(), wanted); err != nil {
			return err
		}
		if len(wanted) < batch {
			return nil
		}
	}
}

func (f *Follower) put(ctx context.Context, wanted []store.Stale) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	found, err := f.Store.Searchable(ctx, store.System(), wanted)
	if err != nil {
		return err
	}
	return f.Index.Put(ctx, wanted, found)
}

// Rebuild makes the index anew from the store while it can be searched.
func (f *Follower) Rebuild(ctx context.Context) error {
	if err := f.follow(ctx); err != nil {
		return err
	}
	return f.make(ctx, true)
}

// make makes the index; one that somebody else has finished meanwhile only when it is wanted anew.
func (f *Follower) make(ctx context.Context, anew bool) error {
	f.making.Lock() // the operator may ask for it while it is under way
	defer f.making.Unlock()
	if !anew && !f.Index.Building() {
		return nil
	}
	community, err := f.community(ctx)
	if err != nil {
		return err
	}
	if n, err := f.Index.Count(); err != nil {
		return err
	} else if n > 0 || !f.Index.Building() {
		if err := f.Index.Clear(); err != nil {
			return err
		}
	}
	if err := f.count(ctx); err != nil {
		return err
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
		f.Index.done.Add(int64(len(wanted)))
		if next == "" {
			err := f.Index.finish(community)
			debug.FreeOSMemory() // it took much, once
			return err
		}
		if after = next; ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// count says how much there is to index, so that people can be told how far it is.
func (f *Follower) count(ctx context.Context) error {
	f.Index.done.Store(0)
	f.Index.all.Store(0)
	all, after := 0, ""
	for {
		wanted, next, err := f.Store.EverySearchable(ctx, after, 10*batch)
		if err != nil {
			return err
		}
		if all += len(wanted); next == "" {
			f.Index.all.Store(int64(all))
			return nil
		}
		if after = next; ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
