package codec

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// input is JSON as append writes it: without spaces. Strings without escapes share its memory. Its readers return false
// at anything else; encoding/json then has the last word.
type input struct {
	text       string
	at         int
	foreigners bool // encoding/json read a part
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
		text, ok := in.digits()
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return ok && err == nil
	case truth:
		yes := in.word("true")
		v.SetBool(yes)
		return yes || in.word("false")
	case float:
		text, ok := in.digits()
		f, err := strconv.ParseFloat(text, 64)
		v.SetFloat(f)
		return ok && err == nil
	case instant:
		start := in.at
		s, ok := in.string()
		if !ok || in.at-start != len(s)+len(`""`) { // an escape, which no time is written with
			return false
		}
		return v.Addr().Interface().(*time.Time).UnmarshalText([]byte(s)) == nil // stricter than time.Parse
	case words:
		return in.words(v.Addr().Interface().(*[]string))
	case counts:
		return in.counts(v.Addr().Interface().(*Counts))
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

// readRecord expects the fields in their order, which is how they were written; any other order is right too. A name that
// comes twice, or in other letters, is left to encoding/json.
func (p *plan) readRecord(in *input, v reflect.Value) bool {
	if !in.take('{') {
		return false
	}
	if in.take('}') {
		return true
	}
	next, seen := 0, uint64(0)
	for {
		f := p.named(in, next)
		if f < 0 {
			name, ok := in.string()
			if !ok || p.folded(name) || !in.take(':') || !in.skip() { // else a field of another version
				return false
			}
		} else {
			if f >= 64 || seen&(1<<f) != 0 {
				return false
			}
			seen |= 1 << f
			in.at += len(p.fields[f].lead)
			if !p.fields[f].plan.read(in, v.Field(p.fields[f].index)) {
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

// folded says whether a name is one of ours in other letters.
func (p *plan) folded(name string) bool {
	for i := range p.fields {
		if lead := p.fields[i].lead; strings.EqualFold(lead[1:len(lead)-2], name) {
			return true
		}
	}
	return false
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
			v.SetCap(n + 1)
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
			*found = slices.Clip(*found)
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
	in.foreigners = true
	return in.skip() && json.Unmarshal([]byte(in.text[start:in.at]), v.Addr().Interface()) == nil
}

// digits are the characters of a number, and whether JSON writes it so.
func (in *input) digits() (string, bool) {
	start, plain := in.at, true
	for in.at < len(in.text) && strings.IndexByte("+-.0123456789Ee", in.text[in.at]) >= 0 {
		plain = plain && in.text[in.at] >= '0' && in.text[in.at] <= '9'
		in.at++
	}
	text := in.text[start:in.at]
	if plain {
		return text, len(text) == 1 || len(text) > 1 && text[0] != '0'
	}
	return text, json.Valid([]byte(text))
}

// skip passes over any value.
func (in *input) skip() bool {
	start, depth := in.at, 0
	for in.at < len(in.text) {
		switch in.text[in.at] {
		case '"':
			if depth == 0 && in.at > start {
				return false
			}
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
		return rest[:end], sound(rest[:end])
	}
	return in.escaped()
}

// sound says whether a piece of a string may stand in JSON as it is.
func sound(s string) bool {
	ascii := true
	for i := range len(s) {
		if s[i] < ' ' {
			return false
		}
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(s)
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
		if next == len(rest) || !sound(rest[:next]) {
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
