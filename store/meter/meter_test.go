package meter

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// TestStepsHoldTheirUpperEnds: what is as long as a limit belongs to its step, what is longer than the last has a step of
// its own, and many who add at once lose nothing.
func TestStepsHoldTheirUpperEnds(t *testing.T) {
	var times Times
	for _, limit := range timeSteps {
		times.Add(limit)
	}
	times.Add(time.Hour)
	read := times.Read()
	if len(read.Counts) != len(read.Limits)+1 || slices.ContainsFunc(read.Counts, func(n uint64) bool { return n != 1 }) {
		t.Errorf("one in each step: %v", read.Counts)
	}
	var sizes Sizes
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := range 1000 {
				sizes.Add(n % 3)
			}
		})
	}
	all.Wait()
	if read := sizes.Read(); read.Count() != 4000 || read.Sum != 3996 || read.Counts[0] != 2668 || read.Counts[1] != 1332 {
		t.Errorf("%+v", read)
	}
}

// TestWhatWasAddedSince tells a minute from all that was before it.
func TestWhatWasAddedSince(t *testing.T) {
	var times Times
	if none := times.Read(); none.Mean() != 0 || none.Within() != 0 {
		t.Errorf("nothing was added: %v %v", none.Mean(), none.Within())
	}
	times.Add(time.Minute)
	before := times.Read()
	for range 96 {
		times.Add(2 * time.Millisecond)
	}
	for range 4 {
		times.Add(400 * time.Millisecond)
	}
	since := times.Read().Since(before)
	if since.Count() != 100 || since.Within() != 0.0025 || since.Mean() < 0.0179 || since.Mean() > 0.018 {
		t.Errorf("%d, %v, %v", since.Count(), since.Within(), since.Mean())
	}
	times.Add(300 * time.Millisecond)
	times.Add(300 * time.Millisecond)
	if got := times.Read().Since(before).Within(); got != 0.5 {
		t.Errorf("six of a hundred and two are slow: %v", got)
	}
	if got := before.Within(); got != 10 {
		t.Errorf("above all limits: %v", got)
	}
}

func BenchmarkAdd(b *testing.B) {
	var times Times
	began := time.Now()
	b.Run("add", func(b *testing.B) {
		for b.Loop() {
			times.Add(700 * time.Microsecond)
		}
	})
	b.Run("add, with two looks at the clock", func(b *testing.B) {
		for b.Loop() {
			from := time.Since(began)
			times.Add(time.Since(began) - from)
		}
	})
	b.Run("many at once", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				from := time.Since(began)
				times.Add(time.Since(began) - from)
			}
		})
	})
}
