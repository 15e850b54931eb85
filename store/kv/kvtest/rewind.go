package kvtest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"belfry/store/kv"
)

// Rewind is an engine that can be put back to how it was: so that a test does for real every act there is, each in the same
// world. It also tells which keys came.
type Rewind struct {
	kv.DB

	mu    sync.Mutex // guards what follows
	was   map[string][]byte
	fresh []string // keys that were not there before, since the last call of Added
}

// Mark names the moment that Back goes back to.
func (r *Rewind) Mark() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.was, r.fresh = map[string][]byte{}, nil
}

// Added is the families of the keys that came since Mark or the last call, in order, each as often as it has keys.
func (r *Rewind) Added() (families []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range r.fresh {
		family, _, _ := strings.Cut(key, "/")
		families = append(families, family)
	}
	r.fresh = nil
	slices.Sort(families)
	return families
}

// Back makes everything as it was when Mark was called.
func (r *Rewind) Back(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.was
	r.was, r.fresh = nil, nil
	return r.DB.Update(ctx, "", func(tx kv.Tx) error {
		for key, value := range was {
			if value == nil {
				tx.Delete([]byte(key))
			} else {
				tx.Put([]byte(key), value)
			}
		}
		return nil
	})
}

// Update notes what each key held before.
func (r *Rewind) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	var noted *notedTx
	err := r.DB.Update(ctx, scope, func(tx kv.Tx) error {
		noted = &notedTx{Tx: tx, was: map[string][]byte{}}
		if err := fn(noted); err != nil {
			return err
		}
		return noted.failed
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.was == nil {
		return nil
	}
	for key, value := range noted.was {
		if _, had := r.was[key]; !had {
			r.was[key] = value
		}
		if value == nil && noted.there[key] {
			r.fresh = append(r.fresh, key)
		}
	}
	return nil
}

type notedTx struct {
	kv.Tx
	was    map[string][]byte
	there  map[string]bool
	failed error
}

func (t *notedTx) note(key []byte, there bool) {
	if t.there == nil {
		t.there = map[string]bool{}
	}
	t.there[string(key)] = there
	if _, had := t.was[string(key)]; had {
		return
	}
	value, had, err := t.Get(key)
	if err != nil {
		t.failed = err
	}
	t.was[string(key)] = nil
	if had {
		t.was[string(key)] = append([]byte{}, value...)
	}
}

func (t *notedTx) Put(key, value []byte) { t.note(key, true); t.Tx.Put(key, value) }
func (t *notedTx) Delete(key []byte)     { t.note(key, false); t.Tx.Delete(key) }
