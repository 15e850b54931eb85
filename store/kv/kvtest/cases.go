package kvtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"belfry/store/kv"
)

var ctx = context.Background

func missingAndEmpty(t *testing.T, db kv.DB) {
	put(t, db, "empty", "")
	err := db.View(ctx(), func(r kv.Reader) error {
		_, ok, err := r.Get([]byte("missing"))
		want(t, ok, false)
		value, there, err2 := r.Get([]byte("empty"))
		want(t, there && value != nil && len(value) == 0, true)
		return errors.Join(err, err2)
	})
	want(t, err, nil)
	err = db.Update(ctx(), "", func(tx kv.Tx) error { tx.Delete([]byte("missing")); return nil })
	want(t, err, nil)
}

func readYourWrites(t *testing.T, db kv.DB) {
	put(t, db, "a", "1", "b", "2", "c", "3")
	err := db.Update(ctx(), "", func(tx kv.Tx) error {
		tx.Put([]byte("b"), []byte("two"))
		tx.Delete([]byte("c"))
		tx.Put([]byte("d"), nil)
		pairs, err := tx.Scan(kv.Range{}, 10)
		want(t, text(pairs), "a=1 b=two d=")
		pairs, err2 := tx.Scan(kv.Range{Reverse: true}, 2)
		want(t, text(pairs), "d= b=two")
		for _, p := range pairs {
			if _, ok, _ := tx.Get(p.Key); !ok {
				t.Error("a scanned key is not found")
			}
		}
		tx.Put([]byte("c"), []byte("back"))
		value, ok, err3 := tx.Get([]byte("c"))
		want(t, string(value)+fmt.Sprint(ok), "backtrue")
		return errors.Join(err, err2, err3)
	})
	want(t, err, nil)
	want(t, scan(t, db, kv.Range{}, 10), "a=1 b=two c=back d=")
}

func rollback(t *testing.T, db kv.DB) {
	put(t, db, "a", "1")
	mine := errors.New("mine")
	err := db.Update(ctx(), "", func(tx kv.Tx) error {
		tx.Put([]byte("a"), []byte("2"))
		tx.Put([]byte("b"), []byte("2"))
		return mine
	})
	want(t, errors.Is(err, mine), true)
	want(t, scan(t, db, kv.Range{}, 10), "a=1")
}

func byteOrder(t *testing.T, db kv.DB) {
	keys := []string{"\x00", "\x00\x00", "\x00\xff", "A", "a", "a\x00", "aa", "a\xff", "é", "\xff", "\xff\x00", "\xff\xff"}
	slices.Sort(keys)
	shuffled := slices.Clone(keys)
	slices.Reverse(shuffled)
	for _, k := range shuffled {
		put(t, db, k, "v")
	}
	for _, reverse := range []bool{false, true} {
		var got []string
		_ = db.View(ctx(), func(r kv.Reader) error {
			pairs, err := r.Scan(kv.Range{Reverse: reverse}, 100)
			for _, p := range pairs {
				got = append(got, string(p.Key))
			}
			return err
		})
		if reverse {
			slices.Reverse(got)
		}
		want(t, fmt.Sprintf("%q", got), fmt.Sprintf("%q", keys))
	}
	want(t, scan(t, db, kv.Prefix([]byte("a")), 10), "a=v a\x00=v aa=v a\xff=v")
	want(t, scan(t, db, kv.Prefix([]byte("\xff")), 10), "\xff=v \xff\x00=v \xff\xff=v")
}

func limits(t *testing.T, db kv.DB) {
	var pairs []string
	for i := range 600 {
		pairs = append(pairs, fmt.Sprintf("k%04d", i), "v")
	}
	put(t, db, pairs...)
	for _, limit := range []int{1, 127, 128, 129, 255, 256, 257, 599, 600, 601} {
		for _, reverse := range []bool{false, true} {
			_ = db.View(ctx(), func(r kv.Reader) error {
				got, err := r.Scan(kv.Range{Reverse: reverse}, limit)
				want(t, err, nil)
				want(t, len(got), min(limit, 600))
				return nil
			})
		}
	}
	_ = db.View(ctx(), func(r kv.Reader) error {
		if _, err := r.Scan(kv.Range{}, 0); err == nil {
			t.Error("a scan without a limit was accepted")
		}
		return nil
	})
}

// limitsOverWrites puts limits where written and deleted keys lie over the stored ones, from both ends.
func limitsOverWrites(t *testing.T, db kv.DB) {
	for i := range 20 {
		put(t, db, fmt.Sprintf("k%02d", i), "stored")
	}
	err := db.Update(ctx(), "", func(tx kv.Tx) error {
		var keys []string
		for i := range 24 {
			key := fmt.Sprintf("k%02d", i)
			switch {
			case i%4 == 1, i >= 16 && i < 19: // holes, one of them long
				tx.Delete([]byte(key))
				continue
			case i%4 == 2 || i >= 20: // replaced, and new behind the last stored
				tx.Put([]byte(key), []byte("written"))
			}
			keys = append(keys, key)
		}
		for _, reverse := range []bool{false, true} {
			for limit := 1; limit <= len(keys)+1; limit++ {
				pairs, err := tx.Scan(kv.Range{Reverse: reverse}, limit)
				if err != nil {
					return err
				}
				want(t, fmt.Sprint(keysOf(pairs)), fmt.Sprint(keys[:min(limit, len(keys))]))
			}
			slices.Reverse(keys)
		}
		return nil
	})
	want(t, err, nil)
}

// ranges checks the borders of ranges, also of those that hold nothing.
func ranges(t *testing.T, db kv.DB) {
	put(t, db, "b", "1", "d", "2", "f", "3")
	for _, c := range []struct{ from, to, forward, back string }{
		{"", "", "b=1 d=2 f=3", "f=3 d=2 b=1"},
		{"b", "f", "b=1 d=2", "d=2 b=1"},
		{"a", "b", "", ""},
		{"c", "e", "d=2", "d=2"},
		{"d", "d", "", ""},
		{"f", "b", "", ""},
		{"g", "", "", ""},
		{"", "a", "", ""},
		{"d", "z", "d=2 f=3", "f=3 d=2"},
	} {
		r := kv.Range{From: []byte(c.from), To: []byte(c.to)}
		want(t, scan(t, db, r, 10), c.forward)
		r.Reverse = true
		want(t, scan(t, db, r, 10), c.back)
	}
}

func keysOf(pairs []kv.Pair) (keys []string) {
	for _, p := range pairs {
		keys = append(keys, string(p.Key))
	}
	return keys
}

// nestedReads reads by what a scan found, while it goes through it.
func nestedReads(t *testing.T, db kv.DB) {
	put(t, db, "index/1", "record/b", "index/2", "record/a", "record/a", "A", "record/b", "B")
	got := ""
	err := db.View(ctx(), func(r kv.Reader) error {
		got = ""
		pairs, err := r.Scan(kv.Prefix([]byte("index/")), 10)
		for _, p := range pairs {
			value, _, err := r.Get(p.Value)
			if err != nil {
				return err
			}
			under, err := r.Scan(kv.Prefix(p.Value), 1)
			if err != nil {
				return err
			}
			got += string(value) + text(under) + " "
		}
		return err
	})
	want(t, err, nil)
	want(t, got, "Brecord/b=B Arecord/a=A ")
}

func deleteInScan(t *testing.T, db kv.DB) {
	var pairs []string
	for i := range 300 {
		pairs = append(pairs, fmt.Sprintf("k%04d", i), "v")
	}
	err := db.Update(ctx(), "", func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			tx.Put([]byte(pairs[i]), []byte("v"))
		}
		for {
			got, err := tx.Scan(kv.Range{}, 7)
			if err != nil || len(got) == 0 {
				return err
			}
			for _, p := range got {
				tx.Delete(p.Key)
			}
		}
	})
	want(t, err, nil)
	want(t, scan(t, db, kv.Range{}, 10), "")
	put(t, db, pairs...)
	err = db.Update(ctx(), "", func(tx kv.Tx) error {
		for i := range 299 {
			tx.Delete([]byte(fmt.Sprintf("k%04d", i)))
		}
		got, err := tx.Scan(kv.Range{}, 1)
		want(t, text(got), "k0299=v")
		return err
	})
	want(t, err, nil)
}

func getMany(t *testing.T, db kv.DB) {
	put(t, db, "a", "1", "b", "", "c", "3")
	err := db.Update(ctx(), "", func(tx kv.Tx) error {
		tx.Delete([]byte("c"))
		tx.Put([]byte("d"), []byte("4"))
		values, err := tx.GetMany([][]byte{[]byte("d"), []byte("c"), []byte("b"), []byte("x"), []byte("a"), []byte("a")})
		want(t, fmt.Sprintf("%q", values), `["4" "" "" "" "1" "1"]`)
		want(t, values[1] == nil && values[2] != nil && values[3] == nil, true)
		return err
	})
	want(t, err, nil)
	err = db.View(ctx(), func(r kv.Reader) error {
		values, err := r.GetMany([][]byte{[]byte("d"), []byte("c"), []byte("b")})
		want(t, fmt.Sprintf("%q", values), `["4" "" ""]`)
		want(t, values[1] == nil && values[2] != nil, true)
		none, err2 := r.GetMany(nil)
		want(t, len(none), 0)
		return errors.Join(err, err2)
	})
	want(t, err, nil)
}

func cancelled(t *testing.T, db kv.DB) {
	gone, cancel := context.WithCancel(ctx())
	cancel()
	err := db.Update(gone, "", func(tx kv.Tx) error { tx.Put([]byte("a"), []byte("1")); return nil })
	want(t, errors.Is(err, context.Canceled), true)
	err = db.View(gone, func(kv.Reader) error { return nil })
	want(t, errors.Is(err, context.Canceled), true)
	want(t, scan(t, db, kv.Range{}, 10), "")
}

func tooLarge(t *testing.T, db kv.DB) {
	for _, p := range []kv.Pair{
		{Key: make([]byte, kv.MaxKey+1)}, {Key: []byte("k"), Value: make([]byte, kv.MaxValue+1)}, {},
	} {
		err := db.Update(ctx(), "", func(tx kv.Tx) error { tx.Put([]byte("other"), nil); tx.Put(p.Key, p.Value); return nil })
		want(t, errors.Is(err, kv.ErrTooLarge), true)
	}
	want(t, scan(t, db, kv.Range{}, 10), "")
	err := db.Update(ctx(), "", func(tx kv.Tx) error { tx.Put(make([]byte, kv.MaxKey), make([]byte, kv.MaxValue)); return nil })
	want(t, err, nil)
}

func panics(t *testing.T, db kv.DB) {
	caught := func(call func() error) (v any) {
		defer func() { v = recover() }()
		_ = call()
		return nil
	}
	want(t, caught(func() error {
		return db.Update(ctx(), "", func(tx kv.Tx) error { tx.Put([]byte("a"), nil); panic("mine") })
	}), "mine")
	want(t, caught(func() error { return db.View(ctx(), func(kv.Reader) error { panic("mine too") }) }), "mine too")
	put(t, db, "b", "1")
	want(t, scan(t, db, kv.Range{}, 10), "b=1")
}

func closed(t *testing.T, db kv.DB) {
	want(t, db.Close(), nil)
	err := db.Update(ctx(), "", func(tx kv.Tx) error { return nil })
	want(t, errors.Is(err, kv.ErrClosed), true)
	err = db.View(ctx(), func(kv.Reader) error { return nil })
	want(t, errors.Is(err, kv.ErrClosed), true)
}

// randomModel compares random transactions with a Go map, reads inside and after each.
func randomModel(t *testing.T, db kv.DB) {
	rnd := rand.New(rand.NewPCG(1, 2))
	model := map[string]string{}
	stop := errors.New("stop")
	for range 300 {
		next := map[string]string{}
		for k, v := range model {
			next[k] = v
		}
		seed := rnd.Uint64()
		fails := rnd.IntN(5) == 0
		err := db.Update(ctx(), "", func(tx kv.Tx) error {
			step := rand.New(rand.NewPCG(seed, 3))
			clear(next)
			for k, v := range model {
				next[k] = v
			}
			for range step.IntN(12) {
				key := fmt.Sprintf("k%02d", step.IntN(40))
				if step.IntN(3) == 0 {
					tx.Delete([]byte(key))
					delete(next, key)
				} else {
					value := fmt.Sprint(step.IntN(1000))
					tx.Put([]byte(key), []byte(value))
					next[key] = value
				}
				compare(t, tx, next, step)
			}
			if fails {
				return stop
			}
			return nil
		})
		if fails {
			want(t, errors.Is(err, stop), true)
		} else {
			want(t, err, nil)
			model = next
		}
		_ = db.View(ctx(), func(r kv.Reader) error { compare(t, r, model, rnd); return nil })
	}
}

func compare(t *testing.T, r kv.Reader, model map[string]string, rnd *rand.Rand) {
	t.Helper()
	from, to := fmt.Sprintf("k%02d", rnd.IntN(40)), fmt.Sprintf("k%02d", rnd.IntN(40))
	wanted := kv.Range{From: []byte(from), To: []byte(to), Reverse: rnd.IntN(2) == 0}
	limit := 1 + rnd.IntN(20)
	var keys []string
	for k := range model {
		if k >= from && k < to {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	if wanted.Reverse {
		slices.Reverse(keys)
	}
	var expect []kv.Pair
	for _, k := range keys[:min(limit, len(keys))] {
		expect = append(expect, kv.Pair{Key: []byte(k), Value: []byte(model[k])})
	}
	pairs, err := r.Scan(wanted, limit)
	if err != nil || text(pairs) != text(expect) {
		t.Errorf("scan %s..%s reverse %v limit %d: got %q, want %q, error %v", from, to, wanted.Reverse, limit, text(pairs), text(expect), err)
	}
}
