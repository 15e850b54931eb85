package codec

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestCountsAreAMapInOrder counts at random in both: numbers and JSON stay the same, whatever the names, and are read again
// from any order.
func TestCountsAreAMapInOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	var c Codec
	for range 2_000 {
		var counts Counts
		plain := map[string]int{}
		for range rnd.IntN(40) {
			name, n := []string{"", "b", "a", "été", "a\"b", "\n", "ab"}[rnd.IntN(7)], rnd.IntN(7)-3
			counts.Add(name, n)
			if plain[name] += n; plain[name] == 0 {
				delete(plain, name)
			}
			if counts.Of(name) != plain[name] {
				t.Fatalf("%q: %d, not %d", name, counts.Of(name), plain[name])
			}
		}
		if len(plain) == 0 {
			plain = nil // as what nobody is counted in is read
		}
		ours, err := c.Encode(&struct{ N Counts }{counts})
		theirs, err2 := c.Encode(&struct{ N map[string]int }{plain})
		if err != nil || err2 != nil || string(ours) != string(theirs) {
			t.Fatalf("%v %v\ngot  %s\nwant %s", err, err2, ours, theirs)
		}
		var again, standard struct{ N Counts }
		alone, err := c.Read(ours, &again)
		if err != nil || !alone || !reflect.DeepEqual(again.N, counts) || !c.Clipped(&again) {
			t.Fatalf("%v, alone %v: %v, not %v", err, alone, again.N, counts)
		}
		if err := json.Unmarshal(ours, &standard); err != nil || !reflect.DeepEqual(standard.N, counts) {
			t.Fatalf("%v: %v, not %v", err, standard.N, counts)
		}
	}
}
