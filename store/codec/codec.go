// Package codec writes and reads records as JSON: the same bytes as encoding/json without escaped HTML, in a fraction of
// its time. How a type is written is worked out once and kept. What it does not know itself, a type with its own
// methods or text that it did not write, it leaves to encoding/json.
package codec

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unsafe"
)

// Codec keeps what it has learned of types. The zero value is ready, and may be used by many at once.
type Codec struct {
	plans   sync.Map // reflect.Type → *plan
	scratch sync.Pool
}

// Encode gives the JSON of a record, a struct or a pointer to one. The bytes are the caller's.
func (c *Codec) Encode(record any) ([]byte, error) {
	buf, _ := c.scratch.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	v := reflect.ValueOf(record)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	out, err := c.plan(v.Type()).append((*buf)[:0], v)
	if err != nil {
		return nil, err
	}
	kept := bytes.Clone(out)
	if cap(out) <= 64<<10 { // a large one is not held for the small ones that follow
		*buf = out
		c.scratch.Put(buf)
	}
	return kept, nil
}

// Decode reads JSON into a zero record. Nothing of it points into data.
func (c *Codec) Decode(data []byte, into any) error {
	_, err := c.Read(bytes.Clone(data), into)
	return err
}

// Read reads JSON into a zero record, which shares the memory of data: nobody changes that any more. Alone says that
// encoding/json was not needed: every slice then ends where its memory does.
func (c *Codec) Read(data []byte, into any) (alone bool, err error) {
	v := reflect.ValueOf(into).Elem()
	in := input{text: unsafe.String(unsafe.SliceData(data), len(data))} // #nosec G103 -- it is never changed
	if c.plan(v.Type()).read(&in, v) && in.at == len(in.text) {
		return !in.foreigners, nil
	}
	v.SetZero()
	return false, json.Unmarshal(data, into)
}

// Clip ends every slice of a record, a pointer to a struct, where its memory does, so that appending copies it. Slices in maps
// are left as they are.
func (c *Codec) Clip(record any) {
	v := reflect.ValueOf(record).Elem()
	c.plan(v.Type()).clip(v, true)
}

// Clipped says whether every slice of a record, a pointer to a struct, ends where its memory does.
func (c *Codec) Clipped(record any) bool {
	v := reflect.ValueOf(record).Elem()
	return c.plan(v.Type()).clip(v, false)
}

// How a kind of value is written.
type shape int

const (
	foreign shape = iota // by encoding/json
	text
	number // signed whole numbers
	truth
	float
	instant
	list
	words // []string
	counts
	dictionary
	pointer
	record
)

// plan says how values of one type are written.
type plan struct {
	shape  shape
	elem   *plan
	fields []field
	lists  bool // there are slices in it, outside of maps
}

type field struct {
	lead  string // the name as it is written, with quotes and colon
	index int
	plan  *plan
	omit  func(reflect.Value) bool // nil for a field that is always written
}

func (c *Codec) plan(t reflect.Type) *plan {
	if known, ok := c.plans.Load(t); ok {
		return known.(*plan)
	}
	p := c.learn(t, nil)
	c.plans.Store(t, p)
	return p
}

// learn works out how a type is written. Within are the types it is part of: one that holds itself is foreign.
func (c *Codec) learn(t reflect.Type, within []reflect.Type) *plan {
	for _, outer := range within {
		if outer == t {
			return &plan{}
		}
	}
	within = append(within, t)
	switch {
	case t == instantType:
		return &plan{shape: instant}
	case t == countsType:
		return &plan{shape: counts, elem: &plan{}, lists: true}
	case own(t):
		return &plan{}
	}
	switch t.Kind() {
	case reflect.String:
		return &plan{shape: text}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &plan{shape: number}
	case reflect.Bool:
		return &plan{shape: truth}
	case reflect.Float64:
		return &plan{shape: float}
	case reflect.Pointer:
		elem := c.learn(t.Elem(), within)
		return &plan{shape: pointer, elem: elem, lists: elem.lists}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return &plan{}
		}
		if t == wordsType {
			return &plan{shape: words, elem: &plan{shape: text}, lists: true}
		}
		return &plan{shape: list, elem: c.learn(t.Elem(), within), lists: true}
	case reflect.Map:
		if t.Key().Kind() == reflect.String && !own(t.Key()) {
			return &plan{shape: dictionary, elem: c.learn(t.Elem(), within)}
		}
	case reflect.Struct:
		return c.learnStruct(t, within)
	}
	return &plan{}
}

// learnStruct refuses what encoding/json has subtle rules for: embedded structs and options of tags other than these.
func (c *Codec) learnStruct(t reflect.Type, within []reflect.Type) *plan {
	p := &plan{shape: record}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if f.Anonymous {
			return &plan{}
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		one := field{lead: string(appendText(nil, name)) + ":", index: i, plan: c.learn(f.Type, within)}
		switch options {
		case "":
		case "omitempty":
			one.omit = empty
		case "omitzero":
			one.omit = zero(f.Type)
		default:
			return &plan{}
		}
		p.lists = p.lists || one.plan.lists
		p.fields = append(p.fields, one)
	}
	return p
}

// own says whether a type is written by methods of its own.
func own(t reflect.Type) bool {
	for _, method := range []string{"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText"} {
		if _, has := reflect.PointerTo(t).MethodByName(method); has {
			return true
		}
	}
	return false
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func zero(t reflect.Type) func(reflect.Value) bool {
	if t == instantType {
		return func(v reflect.Value) bool { return moment(v).IsZero() }
	}
	if t.Implements(zeroerType) {
		return func(v reflect.Value) bool {
			return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() || v.Interface().(zeroer).IsZero()
		}
	}
	if reflect.PointerTo(t).Implements(zeroerType) {
		return func(v reflect.Value) bool {
			if !v.CanAddr() {
				copied := reflect.New(t).Elem()
				copied.Set(v)
				v = copied
			}
			return v.Addr().Interface().(zeroer).IsZero()
		}
	}
	return reflect.Value.IsZero
}
