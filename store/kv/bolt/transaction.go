package bolt

import (
	"context"

	"belfry/store/kv"
)

// transaction reads the file, over it what earlier updates of the batch wrote, and over that its own writes.
type transaction struct {
	file  *reader
	batch *overlay
	own   *overlay
	err   error // the first write that was too large
}

func newTransaction(ctx context.Context, file *reader, batch *overlay) *transaction {
	return &transaction{file: &reader{ctx: ctx, bucket: file.bucket}, batch: batch, own: newOverlay()}
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
	if value, found := t.pending(string(key)); found {
		return value, value != nil, nil
	}
	return t.file.Get(key)
}

func (t *transaction) GetMany(keys [][]byte) ([][]byte, error) { return getMany(t.file.ctx, t, keys) }

// Scan merges the writes of the range into what the file has there.
func (t *transaction) Scan(r kv.Range, limit int) ([]kv.Pair, error) {
	if limit <= 0 {
		return nil, errLimit
	}
	var pairs []kv.Pair
	waiting := merger{own: t.own.span(r), batch: t.batch.span(r), reverse: r.Reverse}
	key, more := waiting.next()
	take := func() {
		if value, _ := t.pending(key); value != nil {
			pairs = append(pairs, kv.Pair{Key: []byte(key), Value: value})
		}
		key, more = waiting.next()
	}
	err := t.file.each(r, func(stored kv.Pair) bool {
		for more && len(pairs) < limit && waiting.before(key, string(stored.Key)) {
			take()
		}
		switch {
		case len(pairs) == limit:
		case more && key == string(stored.Key):
			take()
		default:
			pairs = append(pairs, stored)
		}
		return len(pairs) < limit
	})
	if err != nil {
		return nil, err
	}
	for more && len(pairs) < limit {
		take()
	}
	return pairs, nil
}

// merger walks the keys of two overlays in the order of a range, each key once.
type merger struct {
	own, batch []string
	reverse    bool
}

func (m *merger) before(a, b string) bool {
	if m.reverse {
		return a > b
	}
	return a < b
}

func (m *merger) next() (key string, ok bool) {
	own, hasOwn := m.head(m.own)
	batch, hasBatch := m.head(m.batch)
	switch {
	case !hasOwn && !hasBatch:
		return "", false
	case !hasBatch || hasOwn && m.before(own, batch):
		m.own = m.rest(m.own)
		return own, true
	case hasOwn && own == batch:
		m.own = m.rest(m.own)
	}
	m.batch = m.rest(m.batch)
	return batch, true
}

func (m *merger) head(keys []string) (string, bool) {
	switch {
	case len(keys) == 0:
		return "", false
	case m.reverse:
		return keys[len(keys)-1], true
	}
	return keys[0], true
}

func (m *merger) rest(keys []string) []string {
	if m.reverse {
		return keys[:len(keys)-1]
	}
	return keys[1:]
}
