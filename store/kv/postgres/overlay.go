package postgres

import (
	"slices"

	"belfry/store/kv"
)

// overlay is a set of writes that are not yet in the database: a value, or nil for a deletion.
type overlay struct {
	values map[string][]byte
	sorted []string // keys in order, all but added
	added  []string // further keys in the order they came
}

func newOverlay() *overlay { return &overlay{values: map[string][]byte{}} }

func (o *overlay) set(key string, value []byte) {
	if _, had := o.values[key]; !had {
		o.added = append(o.added, key)
	}
	o.values[key] = value
}

// merge lays another overlay's writes over this one.
func (o *overlay) merge(top *overlay) {
	for key, value := range top.values {
		o.set(key, value)
	}
}

// keys returns all keys in order; they are sorted when somebody asks.
func (o *overlay) keys() []string {
	if len(o.added) > 8 {
		o.sorted = append(o.sorted, o.added...)
		slices.Sort(o.sorted)
	} else {
		for _, key := range o.added {
			at, _ := slices.BinarySearch(o.sorted, key)
			o.sorted = slices.Insert(o.sorted, at, key)
		}
	}
	o.added = nil
	return o.sorted
}

// span returns the keys within a range, smallest first. It is valid until the next set.
func (o *overlay) span(r kv.Range) []string {
	keys := o.keys()
	from, _ := slices.BinarySearch(keys, string(r.From))
	to := len(keys)
	if len(r.To) > 0 {
		to, _ = slices.BinarySearch(keys, string(r.To))
	}
	return keys[from:max(from, to)]
}
