// Package meter counts how often something happens and how long it takes or how large it is. Many may add at once while
// others read, and nobody waits. It knows neither what is counted nor who looks.
package meter

import (
	"slices"
	"sync/atomic"
	"time"
)

// timeSteps and sizeSteps are the upper ends of the steps that are counted in.
var (
	timeSteps = [...]time.Duration{100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond,
		5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
		500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 10 * time.Second}
	sizeSteps = [...]int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}
)

// Times are durations, counted by step. The zero value is ready.
type Times struct {
	steps [len(timeSteps) + 1]atomic.Uint64
	sum   atomic.Int64 // nanoseconds
}

// Add counts one.
func (t *Times) Add(d time.Duration) { t.AddAs(d, 1) }

// AddAs counts one for n, of which only it was timed.
func (t *Times) AddAs(d time.Duration, n int) {
	at := 0
	for at < len(timeSteps) && d > timeSteps[at] { // most are short
		at++
	}
	t.steps[at].Add(uint64(n))
	t.sum.Add(int64(d) * int64(n))
}

// Read is what was counted so far, in seconds.
func (t *Times) Read() Steps {
	s := Steps{Limits: make([]float64, len(timeSteps)), Counts: counts(t.steps[:]), Sum: time.Duration(t.sum.Load()).Seconds()}
	for i, limit := range timeSteps {
		s.Limits[i] = limit.Seconds()
	}
	return s
}

// Sizes are whole numbers, counted by step. The zero value is ready.
type Sizes struct {
	steps [len(sizeSteps) + 1]atomic.Uint64
	sum   atomic.Int64
}

// Add counts one.
func (z *Sizes) Add(n int) {
	at, _ := slices.BinarySearch(sizeSteps[:], n)
	z.steps[at].Add(1)
	z.sum.Add(int64(n))
}

// Read is what was counted so far.
func (z *Sizes) Read() Steps {
	s := Steps{Limits: make([]float64, len(sizeSteps)), Counts: counts(z.steps[:]), Sum: float64(z.sum.Load())}
	for i, limit := range sizeSteps {
		s.Limits[i] = float64(limit)
	}
	return s
}

func counts(steps []atomic.Uint64) []uint64 {
	read := make([]uint64, len(steps))
	for i := range steps {
		read[i] = steps[i].Load()
	}
	return read
}

// Steps are numbers counted by step: Counts has one more than Limits, for what lies above the last. What is added while
// it is read may be in the counts and not yet in the sum.
type Steps struct {
	Limits []float64 // the upper ends, which belong to the step
	Counts []uint64
	Sum    float64
}

// Count is how many were added.
func (s Steps) Count() uint64 {
	all := uint64(0)
	for _, n := range s.Counts {
		all += n
	}
	return all
}

// Since is what was added after an earlier reading of the same; the zero value is the beginning.
func (s Steps) Since(before Steps) Steps {
	later := Steps{Limits: s.Limits, Counts: slices.Clone(s.Counts), Sum: s.Sum - before.Sum}
	for i, n := range before.Counts {
		later.Counts[i] -= n
	}
	return later
}

// Mean is the middle of all, 0 of none.
func (s Steps) Mean() float64 {
	if n := s.Count(); n > 0 {
		return s.Sum / float64(n)
	}
	return 0
}

// Within is the upper end of the step that the slowest but one of twenty lies in, the last end for what is above it, and
// 0 of none.
func (s Steps) Within() float64 {
	all := s.Count()
	left := all - all/20
	if all == 0 {
		return 0
	}
	for i, n := range s.Counts[:len(s.Limits)] {
		if n >= left {
			return s.Limits[i]
		}
		left -= n
	}
	return s.Limits[len(s.Limits)-1]
}
