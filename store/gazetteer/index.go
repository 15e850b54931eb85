package gazetteer

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// index is every name of every town in the form that fold gives.
type index struct {
	folded string // all names without anything between them
	keys   []key
	words  []word // the starts of the words of all names, ordered by what follows up to the end of the name
}

// key is one folded name of a town.
type key struct {
	at      uint32 // in folded
	letters uint32 // which letters occur
	town    uint16
	length  uint8
}

// word is the start of a word in a folded name.
type word struct {
	at  uint32
	key uint16
}

func (x *index) name(k *key) string { return x.folded[k.at : k.at+uint32(k.length)] }

// rest is the name from that word on.
func (x *index) rest(w word) string {
	k := &x.keys[w.key]
	return x.folded[w.at : k.at+uint32(k.length)]
}

func newIndex(g *Gazetteer) *index {
	x := &index{keys: make([]key, 0, len(g.towns)+len(g.towns)/16)}
	folded := make([]byte, 0, len(g.raw)/2)
	for i := range g.towns {
		first := len(x.keys)
		for _, name := range []span{g.towns[i].name, g.towns[i].other[0], g.towns[i].other[1], g.towns[i].other[2]} {
			start := len(folded)
			folded = fold(folded, g.text(name))
			length := min(len(folded)-start, math.MaxUint8)
			known := length == 0 || len(x.keys) > math.MaxUint16
			for _, k := range x.keys[first:] {
				known = known || string(folded[k.at:k.at+uint32(k.length)]) == string(folded[start:])
			}
			if known {
				folded = folded[:start]
				continue
			}
			folded = folded[:start+length]
			x.keys = append(x.keys, key{uint32(start), letters(folded[start:]), uint16(i), uint8(length)})
		}
	}
	x.folded = string(folded)
	x.words = x.sortedWords()
	return x
}

// sortedWords compares eight letters at a time as a number, which is several times faster than comparing texts.
func (x *index) sortedWords() []word {
	type start struct {
		eight uint64
		word
	}
	starts := make([]start, 0, 3*len(x.keys))
	for i := range x.keys {
		name := x.name(&x.keys[i])
		for at := range len(name) {
			if at == 0 || name[at-1] == ' ' {
				starts = append(starts, start{eight(name[at:]), word{x.keys[i].at + uint32(at), uint16(i)}})
			}
		}
	}
	slices.SortFunc(starts, func(a, b start) int {
		if a.eight != b.eight {
			return cmp.Compare(a.eight, b.eight)
		}
		return cmp.Or(strings.Compare(x.rest(a.word), x.rest(b.word)), cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at))
	})
	words := make([]word, len(starts))
	for i := range starts {
		words[i] = starts[i].word
	}
	return words
}

func eight(s string) (v uint64) {
	for i := range min(8, len(s)) {
		v |= uint64(s[i]) << (56 - 8*i)
	}
	return v
}

// letters has a bit for every letter that occurs in a folded text.
func letters[T string | []byte](s T) (set uint32) {
	for i := range len(s) {
		if c := s[i]; c >= 'a' {
			set |= 1 << (c - 'a')
		}
	}
	return set
}

// withPrefix is the part of words whose rest begins with the prefix.
func (x *index) withPrefix(prefix string) []word {
	from, _ := slices.BinarySearchFunc(x.words, prefix, func(w word, prefix string) int {
		return strings.Compare(x.rest(w), prefix)
	})
	found := x.words[from:]
	to, _ := slices.BinarySearchFunc(found, prefix, func(w word, prefix string) int {
		if strings.HasPrefix(x.rest(w), prefix) {
			return -1
		}
		return 1
	})
	return found[:to]
}
