package bolt

import (
	"context"
	"slices"

	"belfry/store/kv"
)

// overlay is a set of writes not yet in the file: a value, or nil for a deletion, and its keys in order.
type overlay struct {
	values map[string][]byte
	keys   []string
}

func newOverlay() *overlay { return &overlay{values: map[string][]byte{}} }

func (o *overlay) set(key string, value []byte) {
	if _, had := o.values[key]; !had {
		at, _ := slices.BinarySearch(o.keys, key)
		o.keys = slices.Insert(o.keys, at, key)
	}
	o.values[key] = value
}

func (o *overlay) span(r kv.Range) []string {
	from, _ := slices.BinarySearch(o.keys, string(r.From))
	to := len(o.keys)
	if len(r.To) > 0 {
		to, _ = slices.BinarySearch(o.keys, string(r.To))
	}
	if to < from {
		return nil
	}
	return o.keys[from:to]
}

// merge lays another overlay's writes over this one.
func (o *overlay) merge(top *overlay) {
	for _, key := range top.keys {
		o.set(key, top.values[key])
	}
}

// transaction reads the file with the batch's writes over it and its own over those.
type transaction struct {
	file  *reader
	batch *overlay
	own   *overlay
	err   error
}

func newTransaction(ctx context.Context, file *reader, batch *overlay) *transaction {
	return &transaction{file: &reader{bucket: file.bucket, ctx: ctx}, batch: batch, own: newOverlay()}
}

func (t *transaction) Put(key, value []byte) {
	if len(key) == 0 || len(key) > kv.MaxKey || len(value) > kv.MaxValue {
		t.err = kv.ErrTooLarge
		return
	}
	if value == nil {
		value = []byte{}
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
	if value, found := t.pending(string(key)); found {
		return value, value != nil, nil
	}
	return t.file.Get(key)
}

func (t *transaction) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		value, ok, err := t.Get(key)
		if err != nil {
			return nil, err
		}
		if ok {
			values[i] = value
		}
	}
	return values, nil
}

// Scan merges the pending keys of the range into what the file has there. Each pending key hides at most one pair
// of the file, so limit plus their number is enough to read.
func (t *transaction) Scan(r kv.Range, limit int) ([]kv.Pair, error) {
	if limit <= 0 {
		return nil, errLimit
	}
	pending := slices.Concat(t.own.span(r), t.batch.span(r))
	if len(pending) == 0 {
		return t.file.Scan(r, limit)
	}
	slices.Sort(pending)
	pending = slices.Compact(pending)
	stored, err := t.file.Scan(r, limit+len(pending))
	if err != nil {
		return nil, err
	}
	if r.Reverse {
		slices.Reverse(pending)
	}
	before := func(a, b string) bool { return a != b && (a < b) != r.Reverse }
	pairs := make([]kv.Pair, 0, min(limit, len(stored)+len(pending)))
	for len(pairs) < limit && (len(stored) > 0 || len(pending) > 0) {
		if len(pending) == 0 || len(stored) > 0 && before(string(stored[0].Key), pending[0]) {
			pairs, stored = append(pairs, stored[0]), stored[1:]
			continue
		}
		key := pending[0]
		pending = pending[1:]
		if len(stored) > 0 && string(stored[0].Key) == key {
			stored = stored[1:]
		}
		if value, _ := t.pending(key); value != nil {
			pairs = append(pairs, kv.Pair{Key: []byte(key), Value: value})
		}
	}
	return pairs, nil
}
