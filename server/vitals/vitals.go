// Package vitals counts what a process does, keeps the last hour of it, and writes it down for Prometheus. It knows
// neither what a page nor what a record is: whoever has a number hands over how to read it. Nothing in it names a person
// or a thing of theirs.
package vitals

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// limits are the upper ends of the steps that durations are counted in.
var limits = [...]time.Duration{time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 10 * time.Second}

// Kind is how a number behaves.
type Kind string

const (
	Counter Kind = "counter" // only grows while the process lives
	Gauge   Kind = "gauge"
)

// Number is something that can be read at any time, by many at once.
type Number struct {
	Name, Help string
	Kind       Kind
	Read       func() float64
}

// times are durations, counted by step.
type times struct {
	steps [len(limits) + 1]atomic.Uint64
	sum   atomic.Int64 // nanoseconds
}

func (t *times) add(d time.Duration) {
	at, _ := slices.BinarySearch(limits[:], d)
	t.steps[at].Add(1)
	t.sum.Add(int64(d))
}

// Sample is what happened in one minute, and how large things were at its end.
type Sample struct {
	At               time.Time
	Requests, Failed int           // Failed: the server's fault
	Slow             time.Duration // 19 of 20 requests took no longer, about
	Values           map[string]float64
}

// Hour is how many samples are kept.
const Hour = 60

// Vitals counts. Make one with New; its methods may be called by many at once.
type Vitals struct {
	numbers []Number
	answers [5]atomic.Uint64 // by the first digit of their status
	reading times            // GET and HEAD
	writing times

	mu     sync.Mutex // guards what follows
	recent []Sample   // the oldest first
	before [len(limits) + 1]uint64
	failed uint64
}

// New takes the numbers that are written beside the counts, in their order.
func New(numbers ...Number) *Vitals { return &Vitals{numbers: numbers} }

// Answered counts a request.
func (v *Vitals) Answered(write bool, status int, took time.Duration) {
	v.answers[min(max(status/100, 1), 5)-1].Add(1)
	if write {
		v.writing.add(took)
	} else {
		v.reading.add(took)
	}
}

// Run takes a sample a minute until ctx ends.
func (v *Vitals) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		v.Take(time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Take notes what happened since it was called last.
func (v *Vitals) Take(now time.Time) {
	s := Sample{At: now, Values: map[string]float64{}}
	for _, n := range v.numbers {
		s.Values[n.Name] = n.Read()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var steps [len(limits) + 1]uint64
	for i := range steps {
		total := v.reading.steps[i].Load() + v.writing.steps[i].Load()
		steps[i], v.before[i] = total-v.before[i], total
		s.Requests += int(steps[i])
	}
	failed := v.answers[4].Load()
	s.Failed, v.failed = int(failed-v.failed), failed
	s.Slow = within(steps, s.Requests)
	v.recent = append(v.recent, s)
	v.recent = v.recent[max(0, len(v.recent)-Hour):]
}

// within is the upper end of the step that the slowest but one of twenty lies in.
func within(steps [len(limits) + 1]uint64, all int) time.Duration {
	left := uint64(all) - uint64(all)/20
	if all == 0 {
		return 0
	}
	for i, n := range steps[:len(limits)] {
		if n >= left {
			return limits[i]
		}
		left -= n
	}
	return limits[len(limits)-1]
}

// Recent are the samples of the last hour, the oldest first.
func (v *Vitals) Recent() []Sample {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.recent)
}

// Numbers that a page shows too, by the names they have for Prometheus.
const (
	Resident = "process_resident_memory_bytes"
	Commits  = "belfry_commits_total"
	Size     = "belfry_engine_bytes"
	Letters  = "belfry_letters_waiting"
	Scrubbed = "belfry_scrub_time_seconds"
	Faults   = "belfry_scrub_faults"
)
