package store

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"testing"
)

// What is kept counts for its bytes only, stays within its bounds, and who changes it in place is found out.
func TestKeptRecords(t *testing.T) {
	s := &Store{}
	s.kept.seed = maphash.MakeSeed()
	s.kept.prove = s.proved
	rooms := rooms()
	x := &tx{store: s}
	read := func(id, raw string) Room {
		r, err := rooms.decode(x, famRoom.key(id), []byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	said := func(id, name string) string {
		value, err := encode(x, &Room{ID: id, Name: name, People: []string{"a", "b", "c"}})
		if err != nil {
			t.Fatal(err)
		}
		return string(value)
	}
	hits := 0
	s.kept.prove = func(found any, value []byte) error { hits++; return s.proved(found, value) }

	first := read("1", said("1", "Atelier"))
	if again := read("1", said("1", "Atelier")); hits != 1 || again.Name != first.Name || &again.People[0] != &first.People[0] {
		t.Fatalf("%d hits, %+v", hits, again)
	}
	if _ = append(first.People, "d"); cap(first.People) != 3 {
		t.Error("a kept slice has room")
	}
	if other := read("1", said("1", "Salon")); other.Name != "Salon" || hits != 1 {
		t.Fatalf("%d hits, %+v", hits, other)
	}
	for i := range 40_000 {
		read(fmt.Sprint(i), said(fmt.Sprint(i), strings.Repeat("x", i%2000)))
	}
	held := int64(0)
	for i := range s.kept.sets {
		for k := range s.kept.sets[i] {
			if e := s.kept.sets[i][k].Load(); e != nil {
				held += e.size
			}
		}
	}
	if held > keptBytes || held != s.kept.size.Load() || held < keptBytes/2 {
		t.Errorf("%d bytes are held, %d counted, of %d", held, s.kept.size.Load(), keptBytes)
	}

	spoiled := read("spoiled", said("spoiled", "Salon"))
	slices.Reverse(spoiled.People)
	defer func() {
		if recover() == nil {
			t.Error("nobody noticed that a kept record was changed in place")
		}
	}()
	read("spoiled", said("spoiled", "Salon"))
}
