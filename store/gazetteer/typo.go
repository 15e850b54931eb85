package gazetteer

// pattern is a query prepared for counting its differences from many names: for every character, the places of the
// query where it stands. The method is the bit-parallel one of Myers (1999) in the form that Hyyrö (2003) gave it for
// insertion, deletion, replacement and the exchange of two neighbours.
type pattern struct {
	places [37]uint64
	length int
}

func newPattern(query string) *pattern {
	p := &pattern{length: len(query)}
	for i := range min(len(query), maxFolded) {
		p.places[symbol(query[i])] |= 1 << i
	}
	return p
}

func symbol(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= '0' && c <= '9':
		return int(c-'0') + 26
	}
	return 36
}

// differences counts the typing mistakes between the query and the name, and between the query and that beginning of
// the name that is nearest to it.
func (p *pattern) differences(name string) (whole, beginning int) {
	last := uint64(1) << (p.length - 1)
	more, less := ^uint64(0), uint64(0) // vertical differences of +1 and of -1
	var diagonal, before uint64
	whole, beginning = p.length, p.length
	for i := range len(name) {
		here := p.places[symbol(name[i])]
		exchanged := ((^diagonal & here) << 1) & before
		diagonal = (((here & more) + more) ^ more) | here | less | exchanged
		up, down := less|^(diagonal|more), diagonal&more
		if up&last != 0 {
			whole++
		}
		if down&last != 0 {
			whole--
		}
		up, down = up<<1|1, down<<1
		more, less = down|^(diagonal|up), up&diagonal
		before = here
		beginning = min(beginning, whole)
	}
	return whole, beginning
}

// allowed is how many typing mistakes a query of that many letters may have.
func allowed(length int) int {
	switch {
	case length < 4:
		return 0
	case length < 8:
		return 1
	}
	return 2
}
