package store

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// naming keeps what lists and choices say of applications, and which of them can be written out, so that they read and
// weigh no record. It is made again after a commit that changed an application.
type naming struct {
	making  turn
	mu      sync.Mutex // guards what follows
	kept    *appNames
	version uint64
	written map[string]writable // by application id
}

// writable is whether an application could be written out as a publiccode.yml as it was at an instant.
type writable struct {
	changed time.Time
	ok      bool
}

// appNames are the applications with their ids, addresses and names, and nothing else. They are shared and never changed.
type appNames struct {
	byID   map[string]App
	listed []App // those that are looked after, by name
}

// of are those that have an id, in its order.
func (n *appNames) of(ids []string) []App {
	var found []App
	for _, id := range ids {
		if a := n.byID[id]; a.ID != "" {
			found = append(found, a)
		}
	}
	return found
}

func (n *naming) fresh(version uint64) *appNames {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.version != version {
		return nil
	}
	return n.kept
}

// appNames are the names as of the newest commit that this process made before, and what it has heard of other nodes'.
func (s *Store) appNames(ctx context.Context) (*appNames, error) {
	if kept := s.names.fresh(s.programs.Load()); kept != nil {
		return kept, nil
	}
	if err := s.names.making.take(ctx); err != nil {
		return nil, err
	}
	defer s.names.making.end()
	version := s.programs.Load() // before reading: what is read may only be newer
	if kept := s.names.fresh(version); kept != nil {
		return kept, nil
	}
	var fresh *appNames
	err := s.view(ctx, func(t *tx) error {
		fresh = &appNames{byID: map[string]App{}}
		return apps().each(t, func(a App) error {
			one := App{ID: a.ID, Slug: a.Slug, Software: Software{Name: a.Name()}}
			if fresh.byID[a.ID] = one; !a.Retired {
				fresh.listed = append(fresh.listed, one)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(fresh.listed, func(a, b App) int {
		if order := strings.Compare(sortName(a.Name()), sortName(b.Name())); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	s.names.kept, s.names.version = fresh, version
	return fresh, nil
}

// AppNames lists the applications that are looked after, by name; for choices. They have an id, an address and a name, and
// nothing else: who shows how many towns run them asks Apps.
func (s *Store) AppNames(ctx context.Context) ([]App, error) {
	names, err := s.appNames(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(names.listed), nil
}

// Writable says whether an application can be written out as a publiccode.yml, see WriteApp. It is worked out once for each
// change of it.
func (s *Store) Writable(a App) bool {
	s.names.mu.Lock()
	had, known := s.names.written[a.ID]
	s.names.mu.Unlock()
	if known && had.changed.Equal(a.Changed) {
		return had.ok
	}
	_, err := writeApp(a)
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	if s.names.written == nil || len(s.names.written) > maxApps {
		s.names.written = map[string]writable{}
	}
	s.names.written[a.ID] = writable{a.Changed, err == nil}
	return err == nil
}
