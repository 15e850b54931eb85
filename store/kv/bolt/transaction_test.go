package bolt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"belfry/store/kv"
)

// TestLayers compares scans over the file, the writes of two batches and a transaction's own writes with a plain map.
func TestLayers(t *testing.T) {
	db := open(t)
	stop := errors.New("stop")
	rnd := rand.New(rand.NewPCG(3, 3))
	change := func(model map[string]string, set func(key, value []byte)) {
		for range rnd.IntN(15) * rnd.IntN(4) {
			key, value := fmt.Sprintf([]string{"k%02d", "k/%02d"}[rnd.IntN(2)], rnd.IntN(30)), fmt.Sprint(rnd.IntN(1000))
			if rnd.IntN(3) == 0 {
				set([]byte(key), nil)
				delete(model, key)
			} else {
				set([]byte(key), []byte(value))
				model[key] = value
			}
		}
	}
	model := map[string]string{}
	for i := range 20 {
		model[fmt.Sprintf("k%02d", i)] = "stored"
		put(t, db, fmt.Sprintf("k%02d", i), "stored")
	}
	for range 1500 {
		layered := map[string]string{}
		for k, v := range model {
			layered[k] = v
		}
		err := db.Update(context.Background(), "", func(tx kv.Tx) error {
			layers := tx.(*transaction)
			layers.batch = newOverlay() // one of its own: what is put there must not be committed
			layers.flight = newOverlay()
			change(layered, func(key, value []byte) { layers.flight.set(string(key), value) })
			change(layered, func(key, value []byte) { layers.batch.set(string(key), value) })
			change(layered, func(key, value []byte) { layers.own.set(string(key), value) })
			r := kv.Range{From: []byte(fmt.Sprintf("k%02d", rnd.IntN(30))), Reverse: rnd.IntN(2) == 0}
			if rnd.IntN(3) > 0 {
				r.To = []byte(fmt.Sprintf("k%02d", rnd.IntN(40)))
			}
			limit := 1 + rnd.IntN(25)
			pairs, err := tx.Scan(r, limit)
			want(t, err, nil)
			if got, want := describe(pairs), describe(expected(layered, r, limit)); got != want {
				t.Fatalf("scan %v limit %d: got %s, want %s", r, limit, got, want)
			}
			return stop
		})
		want(t, err, stop)
	}
}

// expected is what a scan of the map gives.
func expected(model map[string]string, r kv.Range, limit int) (pairs []kv.Pair) {
	for key, value := range model {
		if within(r, []byte(key)) {
			pairs = append(pairs, kv.Pair{Key: []byte(key), Value: []byte(value)})
		}
	}
	slices.SortFunc(pairs, func(a, b kv.Pair) int { return slices.Compare(a.Key, b.Key) })
	if r.Reverse {
		slices.Reverse(pairs)
	}
	return pairs[:min(limit, len(pairs))]
}

func describe(pairs []kv.Pair) string {
	s := ""
	for _, p := range pairs {
		s += fmt.Sprintf("%s=%s ", p.Key, p.Value)
	}
	return s
}
