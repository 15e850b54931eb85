package store

import (
	"slices"
	"strings"

	"belfry/store/kv"
)

// An index lists the keys under which a record is found besides its own. A unique index holds the primary key as
// its value and refuses a second record under the same parts with taken (field and text key of the problem).
// The parts of a fixed one are of the primary key, so that its entries never move.
type index[T any] struct {
	family family
	parts  func(*T) [][]string
	fixed  bool
	unique bool
	field  string
	taken  string
}

// update moves the entries of a record; old or record is nil where there is none. Entries that stay are not written again.
func (ix *index[T]) update(t *tx, primary []string, old, record *T) error {
	if ix.fixed && old != nil && record != nil {
		return nil
	}
	var before, after [][]string
	if old != nil {
		before = ix.parts(old)
	}
	if record != nil {
		after = ix.parts(record)
	}
	for _, parts := range after {
		if has(before, parts) {
			continue
		}
		if err := ix.add(t, primary, parts); err != nil {
			return err
		}
	}
	for _, parts := range before {
		if !has(after, parts) {
			t.drop(ix.family, ix.entry(parts, primary))
		}
	}
	return nil
}

func has(all [][]string, parts []string) bool {
	return slices.ContainsFunc(all, func(one []string) bool { return slices.Equal(one, parts) })
}

func (ix *index[T]) add(t *tx, primary, parts []string) error {
	key := ix.entry(parts, primary)
	if !ix.unique {
		t.put(ix.family, key, []byte{})
		return nil
	}
	holder, ok, err := t.Get(key)
	if err != nil {
		return err
	}
	name := strings.Join(primary, partEnd)
	if ok && string(holder) != name {
		return invalid(ix.field, ix.taken)
	}
	t.put(ix.family, key, []byte(name))
	return nil
}

// entry is the key of one entry.
func (ix *index[T]) entry(parts, primary []string) []byte {
	if ix.unique {
		return ix.family.key(parts...)
	}
	key := ix.family.prefix(parts...)
	for i, part := range primary {
		if i > 0 {
			key = append(key, partEnd...)
		}
		key = append(key, part...)
	}
	return key
}

// relist makes the indexes anew: entries of another time go, those that are missing come.
func (tb *table[T]) relist(t *tx) error {
	for i := range tb.indexes {
		if err := t.clear(tb.indexes[i].family); err != nil {
			return err
		}
	}
	return tb.each(t, func(record T) error {
		for i := range tb.indexes {
			if err := tb.indexes[i].update(t, tb.key(&record), nil, &record); err != nil {
				return err
			}
		}
		return nil
	})
}

// clear drops all that a family holds.
func (t *tx) clear(f family) error {
	r := kv.Prefix(f.prefix())
	for {
		pairs, err := t.Scan(r, scanBatch)
		if err != nil || len(pairs) == 0 {
			return err
		}
		for _, p := range pairs {
			t.drop(f, slices.Clone(p.Key))
		}
	}
}
