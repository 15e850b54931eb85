package bolt

import (
	"slices"
	"strings"
	"sync"

	"belfry/store/kv"
)

// overlay is a set of writes that are not yet in the file: a value, or nil for a deletion. A few are kept as a list, which
// is all that most transactions have; more are kept in a map, and their keys by first part. Values are sealed when they
// are committed: many of a batch write the same key, and only the last of them is stored.
//
// When it is handed to be committed it gets no more writes, and may be read from two sides.
type overlay struct {
	few    []write
	values map[string][]byte // nil as long as they are few

	mu      sync.Mutex // guards the order of keys, which is made by reading
	shelves map[string]*shelf
	names   []string // of the shelves, in order up to sorted
	sorted  int
}

type write struct {
	key   string
	value []byte
}

// maxFew is how many writes are found quickly by looking at each.
const maxFew = 24

// shelf holds keys that have the first part, up to a slash, in common. No key of another lies between them.
type shelf struct {
	sorted []string
	added  []string // further keys in the order they came, see keys
}

func newOverlay() *overlay { return &overlay{} }

// set keeps a value, nil for a deletion.
func (o *overlay) set(key string, value []byte) {
	if o.values == nil {
		for i := range o.few {
			if o.few[i].key == key {
				o.few[i].value = value
				return
			}
		}
		if len(o.few) < maxFew {
			o.few = append(o.few, write{key, value})
			return
		}
		o.many()
	}
	if _, had := o.values[key]; !had {
		o.shelve(key)
	}
	o.values[key] = value
}

// many goes over to a map.
func (o *overlay) many() {
	o.values, o.shelves = make(map[string][]byte, 8*maxFew), map[string]*shelf{}
	for _, w := range o.few {
		o.values[w.key] = w.value
		o.shelve(w.key)
	}
	o.few = nil
}

func (o *overlay) shelve(key string) {
	name := key[:strings.IndexByte(key, '/')+1]
	if name == "" {
		name = key
	}
	on := o.shelves[name]
	if on == nil {
		on = &shelf{}
		o.shelves[name] = on
		o.names = append(o.names, name)
	}
	on.added = append(on.added, key)
}

// find looks a key up; found is true for deletions too.
func (o *overlay) find(key []byte) (value []byte, found bool) {
	if o.values != nil {
		value, found = o.values[string(key)]
		return value, found
	}
	for i := range o.few {
		if o.few[i].key == string(key) {
			return o.few[i].value, true
		}
	}
	return nil, false
}

func (o *overlay) len() int { return len(o.few) + len(o.values) }

// keys returns the keys of a shelf in order. Sorting waits until somebody asks: most transactions only write, and a
// large one must not pay for each key by moving all others.
func (s *shelf) keys() []string {
	if len(s.added) > 8 {
		s.sorted = append(s.sorted, s.added...)
		slices.Sort(s.sorted)
	} else {
		for _, key := range s.added {
			at, _ := slices.BinarySearch(s.sorted, key)
			s.sorted = slices.Insert(s.sorted, at, key)
		}
	}
	s.added = nil
	return s.sorted
}

// span returns the keys within a range, smallest first. It is valid until the next write.
func (o *overlay) span(r kv.Range) []string {
	if o.values == nil {
		var keys []string
		for _, w := range o.few {
			if w.key >= string(r.From) && (len(r.To) == 0 || w.key < string(r.To)) {
				keys = append(keys, w.key)
			}
		}
		slices.Sort(keys)
		return keys
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sortNames()
	var found []string
	at, exact := slices.BinarySearch(o.names, string(r.From))
	if !exact && at > 0 && strings.HasPrefix(string(r.From), o.names[at-1]) {
		at-- // the range begins inside of a shelf
	}
	for ; at < len(o.names) && (len(r.To) == 0 || o.names[at] < string(r.To)); at++ {
		keys := o.shelves[o.names[at]].keys()
		from, _ := slices.BinarySearch(keys, string(r.From))
		to := len(keys)
		if len(r.To) > 0 {
			to, _ = slices.BinarySearch(keys, string(r.To))
		}
		if keys = keys[from:max(from, to)]; found == nil {
			found = slices.Clip(keys)
		} else {
			found = append(found, keys...)
		}
	}
	return found
}

func (o *overlay) sortNames() {
	if o.sorted < len(o.names) {
		slices.Sort(o.names)
		o.sorted = len(o.names)
	}
}

// each visits all writes in the order of their keys until visit returns an error.
func (o *overlay) each(visit func(key string, value []byte) error) error {
	if o.values == nil {
		inOrder := slices.SortedFunc(slices.Values(o.few), func(a, b write) int { return strings.Compare(a.key, b.key) })
		for _, w := range inOrder {
			if err := visit(w.key, w.value); err != nil {
				return err
			}
		}
		return nil
	}
	for _, key := range o.inOrder() {
		if err := visit(key, o.values[key]); err != nil {
			return err
		}
	}
	return nil
}

func (o *overlay) inOrder() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sortNames()
	all := make([]string, 0, len(o.values))
	for _, name := range o.names {
		all = append(all, o.shelves[name].keys()...)
	}
	return all
}

// merge lays another overlay's writes over this one.
func (o *overlay) merge(top *overlay) {
	for _, w := range top.few {
		o.set(w.key, w.value)
	}
	for key, value := range top.values {
		o.set(key, value)
	}
}
