package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// enrolled is a town as lists, maps and the search for a mentor read it. It is shared and never changed.
type enrolled struct {
	Town
	people int      // who act for it, those who wait for a welcome too
	place  string   // where it stands in lists by name: folded name, id
	folded []string // its names, to look for
}

// roll is every town that was welcomed, by name: a few megabytes for all municipalities of Belgium and France, so that a
// question about all of them reads no record. What is decided from it is checked again in a transaction.
type roll struct {
	all  []*enrolled
	byID map[string]*enrolled
}

// rolling keeps the roll, and which towns changed since.
type rolling struct {
	making sync.Mutex // one at a time reads what changed
	mu     sync.Mutex // guards what follows
	kept   *roll
	stale  map[string]bool
}

// everyTown among towns that changed says that it is not known which did.
const everyTown = ""

// forget marks towns to be read again, after the commit that changed them.
func (r *rolling) forget(ids map[string]bool) {
	if len(ids) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil && r.stale == nil {
		return // never read
	}
	if r.stale == nil {
		r.stale = map[string]bool{}
	}
	maps.Copy(r.stale, ids)
}

func (r *rolling) fresh() *roll {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.stale) > 0 {
		return nil
	}
	return r.kept
}

// take hands out what is kept, and what has to be read again; from now on changes are noted.
func (r *rolling) take() (kept *roll, stale map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stale, r.stale = r.stale, map[string]bool{}
	if stale[everyTown] {
		return nil, nil
	}
	return r.kept, stale
}

func (r *rolling) keep(fresh *roll) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = fresh
}

// unroll notes that a key which is written belongs to a town's place in the roll.
func (t *tx) unroll(f family, key []byte) {
	if f != famTown && f != famMemberTown {
		return
	}
	if t.enrolled == nil {
		t.enrolled = map[string]bool{}
	}
	id, _, _ := strings.Cut(string(key[len(f)+1:]), partEnd)
	t.enrolled[id] = true
}

// roll reads the towns as of the newest commit that this process made before, and what it has heard of other nodes'.
func (s *Store) roll(ctx context.Context) (*roll, error) {
	if kept := s.rolling.fresh(); kept != nil {
		return kept, nil
	}
	s.rolling.making.Lock()
	defer s.rolling.making.Unlock()
	if kept := s.rolling.fresh(); kept != nil {
		return kept, nil
	}
	kept, stale := s.rolling.take()
	var fresh *roll
	err := s.view(ctx, func(t *tx) error {
		var err error
		if fresh, err = t.enroll(kept, stale); err != nil {
			s.rolling.forget(stale)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.rolling.keep(fresh)
	return fresh, nil
}

// enroll reads the towns that are stale, or all when nothing is kept.
func (t *tx) enroll(kept *roll, stale map[string]bool) (*roll, error) {
	fresh := &roll{byID: map[string]*enrolled{}}
	read := func(town Town) error {
		if town.State == TownJoining {
			return nil
		}
		people, err := t.Scan(window{Under: []string{town.ID}}.bounds(famMemberTown), scanBatch)
		if err != nil {
			return err
		}
		one := &enrolled{Town: town, people: len(people), place: sortName(town.Name) + partEnd + town.ID, folded: []string{fold(town.Name)}}
		for _, lang := range sortedKeys(town.Names) {
			one.folded = append(one.folded, fold(town.Names[lang]))
		}
		fresh.byID[town.ID] = one
		return nil
	}
	if kept == nil {
		if err := towns().each(t, read); err != nil {
			return nil, err
		}
	} else {
		maps.Copy(fresh.byID, kept.byID)
		for id := range stale {
			delete(fresh.byID, id)
			town, ok, err := towns().find(t, id)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			if err := read(town); err != nil {
				return nil, err
			}
		}
	}
	fresh.all = slices.SortedFunc(maps.Values(fresh.byID), func(a, b *enrolled) int { return cmp.Compare(a.place, b.place) })
	return fresh, nil
}
