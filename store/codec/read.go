package codec

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// input is JSON as append writes it: without spaces. Strings without escapes share its memory. Its readers return false
// at anything else; encoding/json then has the last word.
type input struct {
	text string
	at   int
}

// take skips a byte that must come now.
func (in *input) take(ch byte) bool {
	if in.at < len(in.text) && in.text[in.at] == ch {
		in.at++
		return true
	}
	return false
}

// word skips a word that may come now.
func (in *input) word(w string) bool {
	if strings.HasPrefix(in.text[in.at:], w) {
		in.at += len(w)
		return true
	}
	return false
}

// read reads a value into v, which is zero.
func (p *plan) read(in *input, v reflect.Value) bool {
	if p.shape != foreign && in.word("null") {
		return true
	}
	switch p.shape {
	case text:
		s, ok := in.string()
		v.SetString(s)
		return ok
	case number:
		n, err := strconv.ParseInt(in.digits(), 10, v.Type().Bits())
		v.SetInt(n)
		return err == nil
	case truth:
		yes := in.word("true")
		v.SetBool(yes)
		return yes || in.word("false")
	case float:
		f, err := strconv.ParseFloat(in.digits(), 64)
		v.SetFloat(f)
		return err == nil
	case instant:
		s, ok := in.string()
		if !ok {
			return false
		}
		at, err := time.Parse(time.RFC3339Nano, s)
		*v.Addr().Interface().(*time.Time) = at
		return err == nil
	case words:
		return in.words(v.Addr().Interface().(*[]string))
	case list:
		return p.readList(in, v)
	case dictionary:
		return p.readMap(in, v)
	case pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return p.elem.read(in, v.Elem())
	case record:
		return p.readRecord(in, v)
	}
	return in.foreign(v)
}

// readRecord expects the fields in their order, which is how they were written; any other order is right too.
func (p *plan) readRecord(in *input, v reflect.Value) bool {
	if !in.take('{') {
		return false
	}
	if in.take('}') {
		return true
	}
	next := 0
	for {
		f := p.named(in, next)
		if f < 0 {
			if _, ok := in.string(); !ok || !in.take(':') || !in.skip() { // a field of another version
				return false
			}
		} else {
			in.at += len(p.fields[f].lead)
			value := v.Field(p.fields[f].index)
			if f < next { // perhaps once more
				value.SetZero()
			}
			if !p.fields[f].plan.read(in, value) {
				return false
			}
			next = f + 1
		}
		if in.take('}') {
			return true
		}
		if !in.take(',') {
			return false
		}
	}
}

// named finds the field whose name comes now, -1 for none of ours.
func (p *plan) named(in *input, next int) int {
	rest := in.text[in.at:]
	for i := next; i < len(p.fields); i++ {
		if strings.HasPrefix(rest, p.fields[i].lead) {
			return i
		}
	}
	for i := range min(next, len(p.fields)) {
		if strings.HasPrefix(rest, p.fields[i].lead) {
			return i
		}
	}
	return -1
}

func (p *plan) readList(in *input, v reflect.Value) bool {
	if !in.take('[') {
		return false
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	if in.take(']') {
		return true
	}
	for n := 0; ; n++ {
		v.Grow(1)
		v.SetLen(n + 1)
		if !p.elem.read(in, v.Index(n)) {
			return false
		}
		if in.take(']') {
			return true
		}
		if !in.take(',') {
			return false
		}
	}
}

func (in *input) words(found *[]string) bool {
	if !in.take('[') {
		return false
	}
	*found = []string{}
	if in.take(']') {
		return true
	}
	for {
		s, ok := in.string()
		if !ok {
			return false
		}
		*found = append(*found, s)
		if in.take(']') {
			return true
		}
		if !in.take(',') {
			return false
		}
	}
}

func (p *plan) readMap(in *input, v reflect.Value) bool {
	if !in.take('{') {
		return false
	}
	v.Set(reflect.MakeMap(v.Type()))
	if in.take('}') {
		return true
	}
	elem := reflect.New(v.Type().Elem()).Elem()
	for {
		key, ok := in.string()
		if !ok || !in.take(':') {
			return false
		}
		elem.SetZero()
		if !p.elem.read(in, elem) {
			return false
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), elem)
		if in.take('}') {
			return true
		}
		if !in.take(',') {
			return false
		}
	}
}

// foreign leaves a value to encoding/json.
func (in *input) foreign(v reflect.Value) bool {
	start := in.at
	return in.skip() && json.Unmarshal([]byte(in.text[start:in.at]), v.Addr().Interface()) == nil
}

// digits are the characters of a number.
func (in *input) digits() string {
	start := in.at
	for in.at < len(in.text) && strings.IndexByte("+-.0123456789Ee", in.text[in.at]) >= 0 {
		in.at++
	}
	return in.text[start:in.at]
}

// skip passes over any value.
func (in *input) skip() bool {
	start, depth := in.at, 0
	for in.at < len(in.text) {
		switch in.text[in.at] {
		case '"':
			if _, ok := in.string(); !ok {
				return false
			}
			if depth == 0 {
				return true
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				in.at++
				return json.Valid([]byte(in.text[start:in.at]))
			}
		case ',':
			if depth == 0 {
				return json.Valid([]byte(in.text[start:in.at]))
			}
		}
		if depth < 0 {
			return json.Valid([]byte(in.text[start:in.at]))
		}
		in.at++
	}
	return depth == 0 && json.Valid([]byte(in.text[start:in.at]))
}

// string reads a string with its quotes.
func (in *input) string() (string, bool) {
	if !in.take('"') {
		return "", false
	}
	rest := in.text[in.at:]
	end := strings.IndexByte(rest, '"')
	if end < 0 {
		return "", false
	}
	if strings.IndexByte(rest[:end], '\\') < 0 {
		in.at += end + 1
		return rest[:end], true
	}
	return in.escaped()
}

// escaped reads the rest of a string that holds escapes.
func (in *input) escaped() (string, bool) {
	var out []byte
	for {
		rest := in.text[in.at:]
		next := strings.IndexByte(rest, '\\')
		if next < 0 {
			next = len(rest)
		}
		if quote := strings.IndexByte(rest[:next], '"'); quote >= 0 {
			next = quote
		}
		if next == len(rest) {
			return "", false
		}
		out = append(out, rest[:next]...)
		in.at += next + 1
		if rest[next] == '"' {
			return string(out), true
		}
		if in.at >= len(in.text) {
			return "", false
		}
		ch := in.text[in.at]
		in.at++
		switch ch {
		case '"', '\\', '/':
			out = append(out, ch)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := in.unit()
			if !ok {
				return "", false
			}
			if utf16.IsSurrogate(r) {
				if !in.word(`\u`) {
					return "", false
				}
				second, ok := in.unit()
				if r = utf16.DecodeRune(r, second); !ok || r == utf8.RuneError {
					return "", false
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			return "", false
		}
	}
}

// unit reads the four digits of an escape.
func (in *input) unit() (rune, bool) {
	if in.at+4 > len(in.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(in.text[in.at:in.at+4], 16, 16)
	in.at += 4
	return rune(n), err == nil
}
