package store

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"belfry/store/kv"
)

// window asks for part of an index or family: the entries under these parts, from After on (exclusive, an entry's
// key as returned by list), at most Limit.
type window struct {
	Under   []string
	From    string // first part after Under, inclusive; "" for the start
	To      string // first part after Under, exclusive; "" for the end
	Reverse bool
	Limit   int
}

func (w window) bounds(f family) kv.Range {
	base := slices.Clip(f.prefix(w.Under...))
	r := kv.Prefix(base)
	if w.From != "" {
		r.From = append(base, w.From...)
	}
	if w.To != "" {
		r.To = append(base, w.To...)
	}
	r.Reverse = w.Reverse
	return r
}

// list reads the records an index names, in the index's order.
func (tb *table[T]) list(t *tx, ix family, w window) ([]T, error) {
	found, err := tb.listed(t, ix, w)
	if err != nil {
		return nil, err
	}
	records := make([]T, len(found))
	for i, record := range found {
		records[i] = *record
	}
	return records, nil
}

// listed is list without copies, see shared.
func (tb *table[T]) listed(t *tx, ix family, w window) ([]*T, error) {
	pairs, err := t.Scan(w.bounds(ix), w.Limit)
	if err != nil {
		return nil, err
	}
	var none T
	n := len(tb.key(&none))
	keys := make([][]byte, len(pairs))
	unique := slices.ContainsFunc(tb.indexes, func(one index[T]) bool { return one.family == ix && one.unique })
	for i, pair := range pairs {
		parts := strings.Split(string(pair.Key[len(ix)+1:]), partEnd)
		if unique {
			parts = strings.Split(string(pair.Value), partEnd)
		}
		keys[i] = tb.family.key(parts[len(parts)-n:]...)
	}
	values, err := t.GetMany(keys)
	if err != nil {
		return nil, err
	}
	records := make([]*T, 0, len(values))
	for i, value := range values {
		if value == nil {
			return nil, fmt.Errorf("index entry %q points to no record", pairs[i].Key)
		}
		record, err := tb.shared(t, keys[i], value)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// every visits all records that an index has under one part, reading in batches.
func (tb *table[T]) every(t *tx, ix family, under string, visit func(T)) error {
	w := window{Under: []string{under}, Limit: scanBatch}
	for {
		pairs, err := t.Scan(w.bounds(ix), w.Limit)
		if err != nil {
			return err
		}
		records, err := tb.list(t, ix, w)
		if err != nil {
			return err
		}
		for _, record := range records {
			visit(record)
		}
		if len(pairs) < w.Limit {
			return nil
		}
		w.start(string(pairs[len(pairs)-1].Key[len(ix.prefix(under)):]))
	}
}

// under reads the records whose own key starts with these parts, in key order, at most limit.
func (tb *table[T]) under(t *tx, w window) ([]T, error) {
	var records []T
	_, err := tb.visit(t, w, func(left int, record *T) bool {
		if records == nil {
			records = make([]T, 0, left)
		}
		records = append(records, *record)
		return true
	})
	return records, err
}

// visit is under without copies, see shared: fn also learns how many are left, itself included, and returns false to end.
// It returns how many there were; when that is the limit there may be more.
func (tb *table[T]) visit(t *tx, w window, fn func(left int, record *T) bool) (int, error) {
	pairs, err := t.Scan(w.bounds(tb.family), w.Limit)
	if err != nil {
		return 0, err
	}
	for i, pair := range pairs {
		record, err := tb.shared(t, pair.Key, pair.Value)
		if err != nil {
			return 0, err
		}
		if !fn(len(pairs)-i, record) {
			break
		}
	}
	return len(pairs), nil
}

// latest visits all under these parts from the last one back until fn returns false: the first few that w asks for, then
// more at a time.
func (tb *table[T]) latest(t *tx, w window, fn func(*T) bool) error {
	for w.Reverse = true; ; w.Limit = unreadPage {
		var last *T
		ended := false
		n, err := tb.visit(t, w, func(_ int, record *T) bool {
			last, ended = record, !fn(record)
			return !ended
		})
		if err != nil || ended || n < w.Limit {
			return err
		}
		w.To = tb.key(last)[len(w.Under)]
	}
}

// each calls fn for every record of the table in key order, reading in batches; fn may write.
func (tb *table[T]) each(t *tx, fn func(T) error) error {
	r := kv.Prefix(tb.family.prefix())
	for {
		pairs, err := t.Scan(r, scanBatch)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			record, err := decode[T](t, pair.Value)
			if err != nil {
				return err
			}
			if err := fn(record); err != nil {
				return err
			}
		}
		if len(pairs) < scanBatch {
			return nil
		}
		r.From = append(bytes.Clone(pairs[len(pairs)-1].Key), 0)
	}
}

// many reads records of a one-part key by id; ids that are empty or lead nowhere are left out of the map.
func (tb *table[T]) many(t *tx, ids []string) (map[string]T, error) {
	found := make(map[string]T, len(ids))
	var keys [][]byte
	var asked []string
	for _, id := range ids {
		if _, twice := found[id]; twice || id == "" || strings.Contains(id, partEnd) {
			continue
		}
		var none T
		found[id] = none
		keys, asked = append(keys, tb.family.key(id)), append(asked, id)
	}
	values, err := t.GetMany(keys)
	if err != nil {
		return nil, err
	}
	for i, value := range values {
		if value == nil {
			delete(found, asked[i])
			continue
		}
		if found[asked[i]], err = tb.decode(t, keys[i], value); err != nil {
			return nil, err
		}
	}
	return found, nil
}
