package store

import (
	"math/rand/v2"
	"testing"
)

// byTrying looks at every way to place requests: how many it can place, and the best total of so many.
func byTrying(wishes [][]pairing, places []int) (most, best int) {
	most, best = 0, 0
	var try func(i, placed, total int)
	try = func(i, placed, total int) {
		if i == len(wishes) {
			if placed > most || placed == most && total > best {
				most, best = placed, total
			}
			return
		}
		try(i+1, placed, total)
		for _, p := range wishes[i] {
			if places[p.mentor] > 0 {
				places[p.mentor]--
				try(i+1, placed+1, total+p.value)
				places[p.mentor]++
			}
		}
	}
	try(0, 0, 0)
	return most, best
}

// TestThePlanIsTheBest compares it with every other plan on small cases: nobody is left out when a place exists, places are
// kept, and the total is the best.
func TestThePlanIsTheBest(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for n := range 3_000 {
		wishes, places := make([][]pairing, 1+r.IntN(6)), make([]int, 1+r.IntN(5))
		for j := range places {
			places[j] = r.IntN(3)
		}
		for i := range wishes {
			for j := range places {
				if r.IntN(3) > 0 {
					wishes[i] = append(wishes[i], pairing{j, r.IntN(4) * r.IntN(40)}) // ties, and pairs worth nothing
				}
			}
		}
		of, used := assign(wishes, places), make([]int, len(places))
		placed, total := 0, 0
		for i, j := range of {
			if j < 0 {
				continue
			}
			possible := false
			for _, p := range wishes[i] {
				if p.mentor == j {
					possible, total = true, total+p.value
				}
			}
			if used[j]++; !possible || used[j] > places[j] {
				t.Fatalf("case %d: %v for %v with %v", n, of, wishes, places)
			}
			placed++
		}
		if most, best := byTrying(wishes, places); placed != most || total != best {
			t.Fatalf("case %d: %d placed worth %d, could be %d worth %d: %v with %v", n, placed, total, most, best, wishes, places)
		}
		for i, j := range assign(wishes, places) {
			if of[i] != j {
				t.Fatal("asked again, it says otherwise")
			}
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	r := rand.New(rand.NewPCG(13, 14))
	wishes, places := make([][]pairing, 200), make([]int, 400)
	for j := range places {
		places[j] = 1 + r.IntN(2)
	}
	for i := range wishes {
		for _, j := range r.Perm(400)[:200] {
			wishes[i] = append(wishes[i], pairing{j, r.IntN(100_000)})
		}
	}
	for b.Loop() {
		assign(wishes, places)
	}
}
