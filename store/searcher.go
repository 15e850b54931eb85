package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"belfry/store/kv"
)

// Searcher is a search index that follows: each process keeps one of its own. What changes is marked for each of them in
// the transaction that changes it, so none can miss anything, and each takes its marks away at its own pace.
type Searcher struct {
	ID   string    `json:"id"`
	Seen time.Time `json:"seen"` // about when it last said that it follows
}

// An index that has not been heard of for searcherGone is forgotten with its marks; it is made anew when it comes back. It
// says that it follows every searcherSeen, not more often: every transaction that changes what can be found reads it.
const (
	searcherGone = 7 * 24 * time.Hour
	searcherSeen = 6 * time.Hour
	maxSearchers = 200
)

var searchers = sync.OnceValue(func() *table[Searcher] {
	return &table[Searcher]{kept: true, family: famSearcher, key: func(s *Searcher) []string { return []string{s.ID} }}
})

// searchers are the indexes that follow, read once in a transaction.
func (t *tx) searchers() ([]Searcher, error) {
	if t.following == nil {
		found, err := searchers().under(t, window{Limit: maxSearchers})
		if err != nil {
			return nil, err
		}
		t.following = &found
	}
	return *t.following, nil
}

// ErrSearchers says that as many indexes follow as can. One that is gone is forgotten after a week.
var ErrSearchers = errors.New("too many search indexes follow the store; each process that served in the last seven days counts")

// Follow says that an index follows. It was not known, or was forgotten, when known is false: it has then to be made
// anew, and from here on misses nothing. Indexes that are gone are forgotten. One too many is ErrSearchers.
func (s *Store) Follow(ctx context.Context, searcher string) (known bool, err error) {
	known, err = s.follow(ctx, searcher)
	if err != nil && !errors.Is(err, ErrSearchers) {
		return false, err
	}
	full := err != nil
	if err := s.forgetSearchers(ctx); err != nil {
		return known, err
	}
	if full {
		return s.follow(ctx, searcher)
	}
	return known, nil
}

func (s *Store) follow(ctx context.Context, searcher string) (known bool, err error) {
	err = s.update(ctx, "search/"+searcher, func(t *tx) error {
		t.lastRoom()
		have, ok, err := searchers().find(t, searcher)
		if err != nil {
			return err
		}
		known = ok
		if ok && t.now.Sub(have.Seen).Abs() < searcherSeen {
			return nil
		}
		if !ok {
			if all, err := t.searchers(); err != nil || len(all) >= maxSearchers {
				return errors.Join(err, ErrSearchers)
			}
		}
		return searchers().put(t, Searcher{ID: searcher, Seen: t.now})
	})
	return known, err
}

// forgetSearchers forgets the indexes that are gone, and takes away the marks of indexes nobody knows.
func (s *Store) forgetSearchers(ctx context.Context) error {
	known := map[string]bool{}
	err := s.view(ctx, func(t *tx) error {
		all, err := searchers().under(t, window{Limit: maxSearchers})
		clear(known)
		for _, one := range all {
			known[one.ID] = t.now.Sub(one.Seen) < searcherGone
		}
		return err
	})
	if err != nil {
		return err
	}
	for id, here := range known {
		if here {
			continue
		}
		err := s.update(ctx, "search/"+id, func(t *tx) error {
			t.lastRoom()
			have, ok, err := searchers().find(t, id)
			if err != nil || !ok || t.now.Sub(have.Seen) < searcherGone {
				return err
			}
			return searchers().remove(t, id)
		})
		if err != nil {
			return err
		}
	}
	return s.dropMarks(ctx, known)
}

// dropMarks takes away the marks of indexes that are not known, whole indexes at a time: where each begins is looked up.
func (s *Store) dropMarks(ctx context.Context, known map[string]bool) error {
	r := kv.Prefix(famStale.prefix())
	for {
		var first []kv.Pair
		err := s.view(ctx, func(t *tx) error {
			pairs, err := t.Scan(r, 1)
			first = nil
			for _, p := range pairs {
				first = append(first, kv.Pair{Key: append([]byte{}, p.Key...)})
			}
			return err
		})
		if err != nil || len(first) == 0 {
			return err
		}
		owner, whole := markOwner(first[0].Key)
		if whole && known[owner] {
			r.From = kv.Prefix(famStale.prefix(owner)).To
			continue
		}
		err = s.update(ctx, "search/marks", func(t *tx) error {
			t.lastRoom()
			if _, ok, err := searchers().find(t, owner); err != nil || ok && whole {
				return err // it has come since
			}
			pairs, err := t.Scan(r, scanBatch)
			for _, p := range pairs {
				if of, full := markOwner(p.Key); of == owner && full == whole {
					t.drop(famStale, p.Key)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if whole && s.follows(ctx, owner) {
			known[owner] = true
		}
	}
}

// markOwner is the index a mark is for. Versions with a single index wrote marks without one: kind, id.
func markOwner(key []byte) (owner string, whole bool) {
	parts := splitKey(famStale, key)
	return parts[0], len(parts) == 3
}

func (s *Store) follows(ctx context.Context, searcher string) (ok bool) {
	_ = s.view(ctx, func(t *tx) error {
		var err error
		_, ok, err = searchers().find(t, searcher)
		return err
	})
	return ok
}
