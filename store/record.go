package store

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
)

// A table keeps one kind of record as JSON under its family, and its indexes in the same transaction.
// Of a kept one, records that were decoded are kept, see kept; of a hot one those that were put are kept too, since they are
// read again at once.
type table[T any] struct {
	family  family
	key     func(*T) []string
	indexes []index[T]
	kept    bool
	hot     bool
}

// scanBatch bounds what one read holds in memory.
const scanBatch = 500

func decode[T any](t *tx, value []byte) (T, error) {
	record := new(T)
	if err := t.store.records.Decode(value, record); err != nil {
		return *record, fmt.Errorf("decode record: %w", err)
	}
	return *record, nil
}

// decode reads a record of a kept table from what was kept, when that is of the same bytes.
func (tb *table[T]) decode(t *tx, key, value []byte) (T, error) {
	record, err := tb.shared(t, key, value)
	return *record, err
}

// shared is decode without a copy: a kept record is shared by all who read it and changed by nobody.
func (tb *table[T]) shared(t *tx, key, value []byte) (*T, error) {
	k := &t.store.kept
	var hash uint64
	if tb.kept || tb.hot {
		hash = k.hash(key)
		if found, ok := k.find(hash, value).(*T); ok {
			return found, nil
		}
	}
	raw, record := bytes.Clone(value), new(T)
	alone, err := t.store.records.Read(raw, record)
	if err != nil {
		return record, fmt.Errorf("decode record: %w", err)
	}
	t.store.settle(record)
	if alone && (tb.kept || tb.hot) {
		k.keep(hash, raw, record, reflect.TypeFor[T]().Size())
	}
	return record, nil
}

// settler is a record that notes, once it was read, what all who read it need.
type settler interface{ settle(s *Store) }

func (s *Store) settle(record any) {
	if one, ok := record.(settler); ok {
		one.settle(s)
	}
}

func encode[T any](t *tx, record *T) ([]byte, error) {
	value, err := t.store.records.Encode(record)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return value, nil
}

// get reads one record; a missing one is a NotFound error.
func (tb *table[T]) get(t *tx, parts ...string) (T, error) {
	record, ok, err := tb.find(t, parts...)
	if err == nil && !ok {
		err = notFound()
	}
	return record, err
}

// find reads one record and says whether it is there.
func (tb *table[T]) find(t *tx, parts ...string) (record T, ok bool, err error) {
	found, ok, err := tb.look(t, parts...)
	if ok {
		record = *found
	}
	return record, ok, err
}

// look is find without a copy, see shared: what it gives is for reading only.
func (tb *table[T]) look(t *tx, parts ...string) (*T, bool, error) {
	for _, part := range parts {
		if part == "" || strings.Contains(part, partEnd) {
			return nil, false, nil
		}
	}
	key := tb.family.append(t.asked[:0], parts)
	value, ok, err := t.Get(key)
	if err != nil || !ok {
		return nil, false, err
	}
	record, err := tb.shared(t, key, value)
	return record, err == nil, err
}

// put writes a record and moves its index entries; entries that stay are not written again. A unique index held by
// another record is an Invalid error.
func (tb *table[T]) put(t *tx, record T) error {
	if len(tb.indexes) == 0 {
		return tb.replace(t, nil, &record)
	}
	old, _, err := tb.look(t, tb.key(&record)...)
	if err != nil {
		return err
	}
	return tb.replace(t, old, &record)
}

// replace is put by who has just read what is there: old is nil for nothing. The record is the table's from then on.
func (tb *table[T]) replace(t *tx, old, record *T) error {
	parts := tb.key(record)
	for i := range tb.indexes {
		if err := tb.indexes[i].update(t, parts, old, record); err != nil {
			return err
		}
	}
	value, err := encode(t, record)
	if err != nil {
		return err
	}
	key := tb.family.key(parts...)
	if tb.hot {
		k := &t.store.kept
		t.store.records.Clip(record)
		k.keep(k.hash(key), value, record, reflect.TypeFor[T]().Size())
	}
	t.put(tb.family, key, value)
	return nil
}

// remove deletes a record and its index entries; a missing one is no error.
func (tb *table[T]) remove(t *tx, parts ...string) error {
	old, had, err := tb.look(t, parts...)
	if err != nil || !had {
		return err
	}
	for i := range tb.indexes {
		if err := tb.indexes[i].update(t, parts, old, nil); err != nil {
			return err
		}
	}
	t.drop(tb.family, tb.family.key(parts...))
	return nil
}

// lookup follows a unique index; a missing entry is a NotFound error.
func (tb *table[T]) lookup(t *tx, ix family, parts ...string) (T, error) {
	var none T
	for _, part := range parts {
		if part == "" || strings.Contains(part, partEnd) {
			return none, notFound()
		}
	}
	primary, ok, err := t.Get(ix.key(parts...))
	if err != nil {
		return none, err
	}
	if !ok {
		return none, notFound()
	}
	return tb.get(t, strings.Split(string(primary), partEnd)...)
}
