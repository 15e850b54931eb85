package bolt

import (
	"context"
	"unsafe"

	"belfry/store/kv"
)

// transaction reads the file, over it what the batch that is being committed writes, what earlier updates of its own
// batch wrote, and over that its own writes.
type transaction struct {
	file   *reader
	flight *overlay // nil when no commit is under way
	batch  *overlay
	own    *overlay
	err    error // the first write that was too large
}

// newTransaction begins one over a batch that is perhaps to write so many keys. What it is made of is one piece of memory.
func newTransaction(ctx context.Context, file *reader, batch *overlay, writes int) *transaction {
	whole := &struct {
		transaction
		file reader
		own  overlay
		few  [4]write
	}{file: reader{ctx: ctx, bucket: file.bucket, mapped: file.mapped, root: file.root}}
	whole.transaction = transaction{file: &whole.file, batch: batch, own: &whole.own}
	if whole.own.few = whole.few[:0]; writes > len(whole.few) {
		whole.own.few = make([]write, 0, min(writes, maxFew))
	}
	return &whole.transaction
}

func (t *transaction) Put(key, value []byte) {
	if len(key) == 0 || len(key) > kv.MaxKey || len(value) > kv.MaxValue {
		t.err = kv.ErrTooLarge
		return
	}
	if value == nil {
		value = []byte{} // nil marks a deletion
	}
	t.own.set(unsafe.String(unsafe.SliceData(key), len(key)), value) // #nosec G103 -- it is modified by nobody
}

func (t *transaction) Delete(key []byte) { t.own.set(string(key), nil) }

// pending looks a key up in the writes; found is true for deletions too.
func (t *transaction) pending(key []byte) (value []byte, found bool) {
	value, found = t.own.find(key)
	if !found {
		value, found = t.batch.find(key)
	}
	if !found && t.flight != nil {
		value, found = t.flight.find(key)
	}
	return value[:len(value):len(value)], found
}

func (t *transaction) Get(key []byte) ([]byte, bool, error) {
	if value, found := t.pending(key); found {
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
	waiting := merger{layers: [3][]string{t.own.span(r), t.batch.span(r)}, reverse: r.Reverse}
	if t.flight != nil {
		waiting.layers[2] = t.flight.span(r)
	}
	if waiting.empty() {
		return t.file.Scan(r, limit)
	}
	var pairs []kv.Pair
	key, more := waiting.next()
	take := func() {
		name := []byte(key)
		if value, _ := t.pending(name); value != nil {
			pairs = append(pairs, kv.Pair{Key: name, Value: value})
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

// merger walks the keys of overlays in the order of a range, each key once.
type merger struct {
	layers  [3][]string
	reverse bool
}

func (m *merger) empty() bool {
	return len(m.layers[0]) == 0 && len(m.layers[1]) == 0 && len(m.layers[2]) == 0
}

func (m *merger) before(a, b string) bool {
	if m.reverse {
		return a > b
	}
	return a < b
}

func (m *merger) next() (key string, ok bool) {
	for _, keys := range m.layers {
		if len(keys) == 0 {
			continue
		}
		if head := m.head(keys); !ok || m.before(head, key) {
			key, ok = head, true
		}
	}
	for i, keys := range m.layers {
		if len(keys) > 0 && m.head(keys) == key {
			m.layers[i] = m.rest(keys)
		}
	}
	return key, ok
}

func (m *merger) head(keys []string) string {
	if m.reverse {
		return keys[len(keys)-1]
	}
	return keys[0]
}

func (m *merger) rest(keys []string) []string {
	if m.reverse {
		return keys[:len(keys)-1]
	}
	return keys[1:]
}
