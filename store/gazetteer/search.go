package gazetteer

import (
	"math/bits"
	"strconv"
	"strings"
)

// maxResults bounds the answer, whatever was asked for.
const maxResults = 100

// fewMatches is how many towns must match as typed for typing mistakes not to be looked for.
const fewMatches = 3

// The classes of a match, best first.
const (
	exactly       uint32 = iota // a name, a postal code or a code with its country
	beginning                   // a name, its article not counted, or a postal code begins with the query
	wordBeginning               // what begins with the query starts at a later word of a name
	bareCode                    // an official code without its country
	oneMistake                  // a whole name with one typing mistake
	twoMistakes
	wordMistakes // the beginning of a name or a word, with typing mistakes after its third letter
)

// Search finds towns by their official name in any language, by postal code or by code, complete or as far as it has
// been typed. Case, accents, hyphens and apostrophes do not matter; "st" and "ste" before another word stand for saint,
// sint, sankt and sainte; "7500 tournai" looks for the name where the postal code is.
//
// The best match comes first: exact, then beginning of the name (or of what follows its article), then beginning of a word in it, then, if nothing is
// exact and fewer than three towns match, with one typing mistake (from four letters) or two (from eight). Within these,
// the more populous town first, then by code. A smaller limit gives the beginning of the same answer. At most 100
// towns are returned, and none for a query without letter or digit or of more than 200 bytes.
func (g *Gazetteer) Search(query string, limit int) []Town {
	if limit <= 0 || len(query) > maxQuery {
		return nil
	}
	folded := string(fold(nil, query))
	if folded == "" || len(folded) > maxFolded {
		return nil
	}
	name, digits := splitDigits(folded)
	best := matches{limit: max(min(limit, maxResults), fewMatches)}
	if digits != "" && name != "" {
		lo, hi := postalRange(digits)
		best.keep = func(town uint16) bool {
			for _, p := range g.postalCodesOf(town) {
				if p >= lo && p <= hi {
					return true
				}
			}
			return false
		}
		g.byName(name, &best)
		if len(best.found) == 0 {
			best.keep = nil
			g.byName(name, &best)
		}
	} else if digits != "" {
		g.byPostalCode(digits, &best)
	} else {
		g.byName(name, &best)
	}
	g.byCode(folded, &best)

	found := best.found[:min(len(best.found), limit, maxResults)]
	towns := make([]Town, len(found))
	for i, m := range found {
		towns[i] = g.town(uint16(m))
	}
	return towns
}

// splitDigits takes the last word of digits that may be a postal code out of a folded query.
func splitDigits(folded string) (name, digits string) {
	var words []string
	for word := range strings.FieldsSeq(folded) {
		if word[0] >= '0' && word[0] <= '9' && len(word) <= 5 && strings.Trim(word, "0123456789") == "" {
			digits = word
		} else {
			words = append(words, word)
		}
	}
	return strings.Join(words, " "), digits
}

// postalRange is the smallest and the largest postal code that begins with the digits.
func postalRange(digits string) (lo, hi postalCode) {
	number, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 1, 0
	}
	width := uint64(1)
	for range 5 - len(digits) {
		width *= 10
	}
	lo, hi = postalCode(number*width*2), postalCode((number+1)*width*2-1)
	if len(digits) == 5 {
		lo++ // a code of four digits does not begin with five
	}
	return lo, hi
}

func (g *Gazetteer) byPostalCode(digits string, best *matches) {
	lo, hi := postalRange(digits)
	from, to := 0, len(g.postal)
	for from < to {
		if middle := (from + to) / 2; g.postal[middle].code < lo {
			from = middle + 1
		} else {
			to = middle
		}
	}
	for _, p := range g.postal[from:] {
		if p.code > hi {
			break
		}
		class := beginning
		if p.code == lo && len(digits) >= 4 {
			class = exactly
		}
		best.add(class, p.town)
	}
}

// byCode understands "be 56044" and "be56044" as well as "BE-56044", and the code without its country.
func (g *Gazetteer) byCode(folded string, best *matches) {
	code := strings.ToUpper(strings.ReplaceAll(folded, " ", ""))
	switch len(code) {
	case 7:
		if town, ok := g.codeTown(code[:2] + "-" + code[2:]); ok {
			best.add(exactly, town)
		}
	case 5:
		for _, country := range []string{"BE-", "FR-"} {
			if town, ok := g.codeTown(country + code); ok {
				best.add(bareCode, town)
			}
		}
	}
}

func (g *Gazetteer) byName(name string, best *matches) {
	variants := [3]string{name}
	count := 1
	if strings.HasPrefix(name, "st ") || strings.HasPrefix(name, "ste ") || strings.Contains(name, " st ") || strings.Contains(name, " ste ") {
		count = 3
		for i, saint := range []string{"saint", "sint", "sankt"} {
			variants[i] = spellOut(name, saint)
		}
	}
	for _, variant := range variants[:count] {
		g.asTyped(variant, best)
	}
	if best.direct >= fewMatches || best.exact {
		return
	}
	for _, variant := range variants[:count] {
		if len(variant) <= maxFolded {
			g.withMistakes(variant, best)
		}
	}
}

// spellOut writes "st" and "ste" in full where another word follows.
func spellOut(name, saint string) string {
	words := strings.Fields(name)
	for i, word := range words[:len(words)-1] {
		switch word {
		case "st":
			words[i] = saint
		case "ste":
			words[i] = "sainte"
		}
	}
	return strings.Join(words, " ")
}

func (g *Gazetteer) asTyped(name string, best *matches) {
	x := g.index()
	for _, w := range x.withPrefix(name) {
		k := &x.keys[w.key]
		class := wordBeginning
		switch {
		case w.at == k.at && int(k.length) == len(name):
			class = exactly
		case w.at == k.at || isArticle(x.folded[k.at:w.at]):
			class = beginning
		}
		best.add(class, k.town)
	}
}

func isArticle(start string) bool {
	switch start {
	case "la ", "le ", "les ", "l ", "de ", "het ":
		return true
	}
	return false
}

func (g *Gazetteer) withMistakes(name string, best *matches) {
	most := allowed(len(name))
	if most == 0 {
		return
	}
	x := g.index()
	p, mine := newPattern(name), letters(name)
	for i := range x.keys {
		k := &x.keys[i]
		// One mistake changes the length by one at most and the set of letters by two.
		if n := int(k.length) - len(name); n > most || -n > most || bits.OnesCount32(k.letters^mine) > 2*most {
			continue
		}
		if whole, _ := p.differences(x.name(k)); whole <= most {
			best.add(oneMistake+uint32(max(whole, 1))-1, k.town)
		}
	}
	for _, w := range x.withPrefix(name[:3]) {
		k := &x.keys[w.key]
		if bits.OnesCount32(mine&^k.letters) > most {
			continue
		}
		if _, start := p.differences(x.rest(w)); start <= most {
			best.add(wordMistakes, k.town)
		}
	}
}

// matches keeps the best towns, each once, in order.
type matches struct {
	found  []uint32 // class times 65,536 plus town: the smaller the better
	limit  int
	direct int  // towns that match without typing mistake, counted up to limit
	exact  bool // whether there is an exact match
	keep   func(town uint16) bool
}

func (m *matches) add(class uint32, town uint16) {
	value := class<<16 | uint32(town)
	full := len(m.found) == m.limit
	if full && value >= m.found[m.limit-1] || m.keep != nil && !m.keep(town) {
		return
	}
	for i, v := range m.found {
		if uint16(v) == town {
			if v <= value {
				return
			}
			m.found = append(m.found[:i], m.found[i+1:]...)
			full = false
			break
		}
	}
	if full {
		m.found = m.found[:m.limit-1]
	}
	at := len(m.found)
	for ; at > 0 && m.found[at-1] > value; at-- {
	}
	m.found = append(m.found, 0)
	copy(m.found[at+1:], m.found[at:])
	m.found[at] = value
	if class == exactly {
		m.exact = true
	}
	if class <= bareCode {
		m.direct = len(m.found)
	}
}
