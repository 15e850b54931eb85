package postgres

import (
	"context"
	"slices"

	"belfry/store/kv"
)

// transaction reads the database, over it what earlier functions of the batch wrote, and over that its own writes.
type transaction struct {
	ctx    context.Context // of this function's caller
	stored *snapshot       // shared by the batch
	batch  *overlay
	own    *overlay
	err    error // the first write that was too large
}

func (t *transaction) Put(key, value []byte) {
	if len(key) == 0 || len(key) > kv.MaxKey || len(value) > kv.MaxValue {
		t.err = kv.ErrTooLarge
		return
	}
	if value == nil {
		value = []byte{} // nil marks a deletion
	}
	t.own.set(string(key), value)
}

func (t *transaction) Delete(key []byte) { t.own.set(string(key), nil) }

// pending looks a key up in the writes; found is true for deletions too.
func (t *transaction) pending(key string) (value []byte, found bool) {
	if value, found = t.own.values[key]; found {
		return value, true
	}
	value, found = t.batch.values[key]
	return value, found
}

func (t *transaction) Get(key []byte) ([]byte, bool, error) {
	if err := t.ctx.Err(); err != nil {
		return nil, false, err
	}
	if value, found := t.pending(string(key)); found {
		return value, value != nil, nil
	}
	return t.stored.Get(key)
}

func (t *transaction) GetMany(keys [][]byte) ([][]byte, error) {
	if err := t.ctx.Err(); err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	var ask [][]byte
	var at []int
	for i, key := range keys {
		if value, found := t.pending(string(key)); found {
			values[i] = value
		} else {
			ask, at = append(ask, key), append(at, i)
		}
	}
	if len(ask) == 0 {
		return values, nil
	}
	stored, err := t.stored.GetMany(ask)
	if err != nil {
		return nil, err
	}
	for i, value := range stored {
		values[at[i]] = value
	}
	return values, nil
}

// Scan merges the writes of the range into what the database has there. It asks for as many pairs more as the writes may
// take away.
func (t *transaction) Scan(r kv.Range, limit int) ([]kv.Pair, error) {
	if limit <= 0 {
		return nil, errLimit
	}
	if err := t.ctx.Err(); err != nil {
		return nil, err
	}
	written := union(t.batch.span(r), t.own.span(r))
	gone := 0
	for _, key := range written {
		if value, _ := t.pending(key); value == nil {
			gone++
		}
	}
	stored, err := t.stored.Scan(r, limit+gone)
	if err != nil || len(written) == 0 {
		return stored, err
	}
	if r.Reverse {
		slices.Reverse(written)
	}
	before := func(a, b string) bool { return a < b != r.Reverse }
	var pairs []kv.Pair
	for len(pairs) < limit && len(stored)+len(written) > 0 {
		if len(written) == 0 || len(stored) > 0 && string(stored[0].Key) != written[0] && before(string(stored[0].Key), written[0]) {
			pairs, stored = append(pairs, stored[0]), stored[1:]
			continue
		}
		if len(stored) > 0 && string(stored[0].Key) == written[0] {
			stored = stored[1:]
		}
		if value, _ := t.pending(written[0]); value != nil {
			pairs = append(pairs, kv.Pair{Key: []byte(written[0]), Value: value})
		}
		written = written[1:]
	}
	return pairs, nil
}

// union is both lists in order, each key once, in memory of its own.
func union(a, b []string) []string {
	all := append(append(make([]string, 0, len(a)+len(b)), a...), b...)
	if len(a) > 0 && len(b) > 0 {
		slices.Sort(all)
		all = slices.Compact(all)
	}
	return all
}
