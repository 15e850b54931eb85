package store

import "math"

// pairing is one possible pair: what a request is worth at a mentor.
type pairing struct {
	mentor int // its number
	value  int
}

// assign gives each request one mentor at most, and each mentor no more requests than it has places: as many requests as
// possible are placed, and of all ways to do so it takes one with the best total of values. It returns the mentor of each
// request, -1 for none. The same input in the same order gives the same answer. A request names a mentor once.
//
// It is the successive shortest path algorithm for flows of minimum cost (R. K. Ahuja, T. L. Magnanti, J. B. Orlin, Network
// Flows, 1993, section 9.7): while some request can be placed, place one by the cheapest augmenting path of the residual
// network, found by Bellman and Ford's labels. Libraries for it in Go are either unmaintained or know no places.
func assign(wishes [][]pairing, places []int) []int {
	f := flow{wishes: wishes, free: append([]int{}, places...), of: make([]int, len(wishes))}
	for i := range f.of {
		f.of[i] = -1
	}
	for f.augment() {
	}
	return f.of
}

type flow struct {
	wishes [][]pairing
	free   []int // places of each mentor
	of     []int // the mentor of each request
}

// augment places one more request and says whether it could. Costs are negative values: a path that begins at a request
// without a mentor and ends at a mentor with a place takes pairs on, and gives up the pairs it crosses backwards.
func (f *flow) augment() bool {
	const far = math.MaxInt
	toRequest, toMentor := make([]int, len(f.wishes)), make([]int, len(f.free))
	from := make([]int, len(f.free)) // the request by which a mentor is reached cheapest
	for i := range toRequest {
		if toRequest[i] = far; f.of[i] < 0 {
			toRequest[i] = 0
		}
	}
	for j := range toMentor {
		toMentor[j], from[j] = far, -1
	}
	for changed := true; changed; {
		changed = false
		for i, wishes := range f.wishes {
			if toRequest[i] == far {
				continue
			}
			for _, p := range wishes {
				if p.mentor != f.of[i] && toRequest[i]-p.value < toMentor[p.mentor] {
					toMentor[p.mentor], from[p.mentor], changed = toRequest[i]-p.value, i, true
				}
			}
		}
		for i, j := range f.of {
			if j < 0 || toMentor[j] == far {
				continue
			}
			if back := toMentor[j] + f.value(i, j); back < toRequest[i] {
				toRequest[i], changed = back, true
			}
		}
	}
	end := -1
	for j, free := range f.free {
		if free > 0 && toMentor[j] < far && (end < 0 || toMentor[j] < toMentor[end]) {
			end = j
		}
	}
	if end < 0 {
		return false
	}
	f.free[end]--
	for j := end; j >= 0; {
		i := from[j]
		f.of[i], j = j, f.of[i]
	}
	return true
}

func (f *flow) value(request, mentor int) int {
	for _, p := range f.wishes[request] {
		if p.mentor == mentor {
			return p.value
		}
	}
	return 0
}
