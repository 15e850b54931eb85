package codec

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Counts are numbers by name. They are written as the JSON of a map, and kept in the order of the names: so they are copied
// and written at once, where a map would be gone through and sorted. The zero value counts nothing.
type Counts []Count

// Count is one name with its number.
type Count struct {
	Name string
	N    int
}

func (c Counts) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(c, name, func(one Count, name string) int { return strings.Compare(one.Name, name) })
}

// Of is the number of a name, 0 when there is none.
func (c Counts) Of(name string) int {
	if at, found := c.find(name); found {
		return c[at].N
	}
	return 0
}

// Add changes the number of a name, in place: copy first what is shared. A name with 0 goes, and nothing is nil.
func (c *Counts) Add(name string, n int) {
	at, found := c.find(name)
	if !found {
		*c = slices.Insert(*c, at, Count{Name: name})
	}
	if (*c)[at].N += n; (*c)[at].N == 0 {
		*c = slices.Delete(*c, at, at+1)
	}
	if len(*c) == 0 {
		*c = nil
	}
}

// MarshalJSON writes a map.
func (c Counts) MarshalJSON() ([]byte, error) { return c.append(nil), nil }

// UnmarshalJSON reads a map, in whatever order it is.
func (c *Counts) UnmarshalJSON(text []byte) error {
	var read map[string]int
	if err := json.Unmarshal(text, &read); err != nil || read == nil {
		return err
	}
	*c = make(Counts, 0, len(read))
	for _, name := range slices.Sorted(maps.Keys(read)) {
		*c = append(*c, Count{name, read[name]})
	}
	return nil
}

func (c Counts) append(b []byte) []byte {
	if c == nil {
		return append(b, "null"...)
	}
	b = append(b, '{')
	for i, one := range c {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(appendText(b, one.Name), ':'), int64(one.N), 10)
	}
	return append(b, '}')
}

// counts reads numbers whose names come in order, as they were written.
func (in *input) counts(found *Counts) bool {
	if !in.take('{') {
		return false
	}
	*found = Counts{}
	if in.take('}') {
		return true
	}
	for {
		name, ok := in.string()
		if !ok || !in.take(':') || len(*found) > 0 && name <= (*found)[len(*found)-1].Name {
			return false
		}
		digits, ok := in.digits()
		n, err := strconv.Atoi(digits)
		if !ok || err != nil {
			return false
		}
		*found = append(*found, Count{name, n})
		if in.take('}') {
			*found = slices.Clip(*found)
			return true
		}
		if !in.take(',') {
			return false
		}
	}
}
