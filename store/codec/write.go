package codec

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	instantType = reflect.TypeFor[time.Time]()
	wordsType   = reflect.TypeFor[[]string]()
	countsType  = reflect.TypeFor[Counts]()
	zeroerType  = reflect.TypeFor[zeroer]()
)

type zeroer interface{ IsZero() bool }

// moment is the time that a value is.
func moment(v reflect.Value) time.Time {
	if v.CanAddr() {
		return *v.Addr().Interface().(*time.Time) // without a copy on the heap
	}
	return v.Interface().(time.Time)
}

// counted are the counts that a value is.
func counted(v reflect.Value) Counts {
	if v.CanAddr() {
		return *v.Addr().Interface().(*Counts)
	}
	return v.Interface().(Counts)
}

// append writes a value behind what is there.
func (p *plan) append(b []byte, v reflect.Value) ([]byte, error) {
	switch p.shape {
	case text:
		return appendText(b, v.String()), nil
	case number:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case truth:
		return strconv.AppendBool(b, v.Bool()), nil
	case instant:
		out, err := moment(v).AppendText(append(b, '"'))
		return append(out, '"'), err
	case words:
		return p.appendList(b, v)
	case counts:
		return counted(v).append(b), nil
	case list:
		return p.appendList(b, v)
	case dictionary:
		return p.appendMap(b, v)
	case pointer:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return p.elem.append(b, v.Elem())
	case record:
		return p.appendRecord(b, v)
	}
	return appendForeign(b, v)
}

func (p *plan) appendRecord(b []byte, v reflect.Value) ([]byte, error) {
	b = append(b, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		value := v.Field(f.index)
		if f.omit != nil && f.omit(value) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		var err error
		if b, err = f.plan.append(append(b, f.lead...), value); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

func (p *plan) appendList(b []byte, v reflect.Value) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = p.elem.append(b, v.Index(i)); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// appendMap writes the entries in the order of their keys.
func (p *plan) appendMap(b []byte, v reflect.Value) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	if counts, ok := v.Interface().(map[string]int); ok {
		return appendCounts(b, counts), nil
	}
	type entry struct {
		key   string
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for each := v.MapRange(); each.Next(); {
		entries = append(entries, entry{each.Key().String(), each.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	b = append(b, '{')
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = p.elem.append(append(appendText(b, e.key), ':'), e.value); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// appendCounts writes the map that is written most, without reflection.
func appendCounts(b []byte, counts map[string]int) []byte {
	var room [16]string
	keys := slices.AppendSeq(room[:0], maps.Keys(counts))
	slices.Sort(keys)
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(appendText(b, key), ':'), int64(counts[key]), 10)
	}
	return append(b, '}')
}

// clip ends slices where their memory does, with mend, and says whether all of them did before. It writes nothing to what is
// clipped already: others may be reading it.
func (p *plan) clip(v reflect.Value, mend bool) bool {
	if !p.lists {
		return true
	}
	fit := true
	switch p.shape {
	case words, counts, list:
		if v.Len() != v.Cap() {
			if fit = false; mend {
				v.SetCap(v.Len())
			}
		}
		for i := 0; p.elem.lists && i < v.Len(); i++ {
			fit = p.elem.clip(v.Index(i), mend) && fit
		}
	case pointer:
		if !v.IsNil() {
			fit = p.elem.clip(v.Elem(), mend)
		}
	case record:
		for i := range p.fields {
			if f := &p.fields[i]; f.plan.lists {
				fit = f.plan.clip(v.Field(f.index), mend) && fit
			}
		}
	}
	return fit
}

func appendForeign(b []byte, v reflect.Value) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if v.CanAddr() {
		v = v.Addr() // else methods of the pointer would not be asked
	}
	if err := enc.Encode(v.Interface()); err != nil {
		return b, err
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...), nil
}

const hex = "0123456789abcdef"

// appendText writes a string with its quotes.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	if plain(s) {
		return append(append(b, s...), '"')
	}
	valid, start := utf8.ValidString(s), 0
	for i := 0; i < len(s); i++ {
		ch := s[i]
		if ch >= ' ' && ch != '"' && ch != '\\' && (ch < utf8.RuneSelf || valid && ch != 0xe2) {
			continue
		}
		if ch < utf8.RuneSelf {
			b = appendEscape(append(b, s[start:i]...), ch)
			start = i + 1
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[start:i]...), `\ufffd`...)
			start = i + 1
		case r == '\u2028' || r == '\u2029':
			b = append(append(b, s[start:i]...), `\u202`...)
			b = append(b, hex[r&0xf])
			start = i + size
		}
		i += size - 1
	}
	return append(append(b, s[start:]...), '"')
}

// plain says whether every character is written as it is, and by one byte: ids and most words are.
func plain(s string) bool {
	for i := range len(s) {
		if ch := s[i]; ch < ' ' || ch >= utf8.RuneSelf || ch == '"' || ch == '\\' {
			return false
		}
	}
	return true
}

func appendEscape(b []byte, ch byte) []byte {
	switch ch {
	case '"', '\\':
		return append(b, '\\', ch)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(append(b, `\u00`...), hex[ch>>4], hex[ch&0xf])
}
