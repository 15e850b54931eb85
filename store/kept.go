package store

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"reflect"
	"sync/atomic"
)

// kept holds records that were decoded lately, each beside the bytes it was decoded from: it counts for those bytes and no
// others, so that nothing need be dropped when a record changes, and a transaction that fails leaves nothing behind. It is
// bounded, however large the data are.
//
// What a kept record refers to is shared by all who read it: it is never changed in place, but copied first. Its slices
// have no room, so that appending copies them.
type kept struct {
	seed  maphash.Seed
	sets  [keptSets][keptWays]atomic.Pointer[keptRecord]
	size  atomic.Int64
	hand  atomic.Uint32 // the next to look at when there is too much
	prove func(found any, value []byte) error
}

type keptRecord struct {
	hash   uint64 // of its key
	raw    []byte // shared with the engine, and as little changed as the record
	record any    // *T
	size   int64
	used   atomic.Bool   // since the hand passed
	hits   atomic.Uint32 // counted where they are proved
}

// Bounds of what is kept: about half of it is the bytes themselves.
const (
	keptSets   = 2048
	keptWays   = 4
	keptBytes  = 8 << 20
	maxKept    = 16 << 10 // one record
	keptBeside = 96
)

func (k *kept) hash(key []byte) uint64 { return maphash.Bytes(k.seed, key) }

// find returns what was decoded from a value under a key, or nil.
func (k *kept) find(hash uint64, value []byte) any {
	set := &k.sets[hash%keptSets]
	for i := range set {
		if e := set[i].Load(); e != nil && e.hash == hash && bytes.Equal(e.raw, value) {
			if !e.used.Load() {
				e.used.Store(true)
			}
			if k.prove != nil && proves(e.hits.Add(1)) {
				if err := k.prove(e.record, value); err != nil {
					panic(err)
				}
			}
			return e.record
		}
	}
	return nil
}

// keep holds a record in place of the one that the key had, of an empty place, or of one that was not used lately.
func (k *kept) keep(hash uint64, raw []byte, record any, beside uintptr) {
	if len(raw) > maxKept {
		return
	}
	fresh := &keptRecord{hash: hash, raw: raw, record: record, size: int64(len(raw)) + int64(beside) + keptBeside} // #nosec G115 -- the size of a type
	set, place := &k.sets[hash%keptSets], -1
	for i := range set {
		e := set[i].Load()
		if e == nil || e.hash == hash {
			place = i
			if e != nil {
				break
			}
		}
	}
	if place < 0 {
		place = int(hash >> 32 % keptWays) // #nosec G115 -- below keptWays
		for i := range set {
			if e := set[i].Load(); e != nil && !e.used.Swap(false) {
				place = i
				break
			}
		}
	}
	k.swap(&set[place], fresh)
	for range 8 { // others add at the same time, and make room too
		if k.size.Load() <= keptBytes {
			return
		}
		k.shrink()
	}
}

// shrink drops the next record that was not used since the hand passed it before.
func (k *kept) shrink() {
	for range 2 * keptSets * keptWays {
		at := k.hand.Add(1) % (keptSets * keptWays)
		place := &k.sets[at/keptWays][at%keptWays]
		if e := place.Load(); e != nil && !e.used.Swap(false) {
			k.swap(place, nil)
			return
		}
	}
}

func (k *kept) swap(place *atomic.Pointer[keptRecord], fresh *keptRecord) {
	if fresh != nil {
		k.size.Add(fresh.size)
	}
	if old := place.Swap(fresh); old != nil {
		k.size.Add(-old.size)
	}
}

// proved says whether a kept record still is what its bytes say: that nobody changed it in place, or kept it otherwise
// than it is read.
func (s *Store) proved(found any, value []byte) error {
	again, err := s.records.Encode(found)
	if err != nil {
		return err
	}
	if string(again) != string(value) {
		return fmt.Errorf("a kept %T was changed in place: it was %s and is %s", found, value, again)
	}
	read := reflect.New(reflect.TypeOf(found).Elem())
	if err := s.records.Decode(value, read.Interface()); err != nil {
		return err
	}
	s.settle(read.Interface())
	if !reflect.DeepEqual(read.Interface(), found) {
		return fmt.Errorf("a kept %T is not what is read: %+v, but %+v", found, found, read.Elem())
	}
	if !s.records.Clipped(found) {
		return fmt.Errorf("a kept %T has a slice with room: %s", found, value)
	}
	return nil
}
