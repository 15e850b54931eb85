// Package vitals counts what a process does, keeps the last day of it, and writes it down for Prometheus. It knows
// neither what a page nor what a record is: whoever has a number hands over how to read it. Nothing in it names a person
// or a thing of theirs.
package vitals

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"belfry/store/meter"
)

// Kind is how a number behaves.
type Kind string

const (
	Counter Kind = "counter" // only grows while the process lives
	Gauge   Kind = "gauge"
)

// Number is something that can be read at any time, by many at once. What is kept is shown in pictures too: of a counter
// by how much it grew in each minute, of a gauge how large it was at the end.
type Number struct {
	Name, Help string
	Kind       Kind
	Read       func() float64
	Kept       bool
}

// Spread is how long something took, or how large it was, each time. It is always kept.
type Spread struct {
	Name, Help string
	Label      string // kind="read", for those with the same name, which stand beside each other
	Read       func() meter.Steps
}

func (s Spread) line() string {
	if s.Label == "" {
		return s.Name
	}
	return s.Name + "{" + s.Label + "}"
}

// Vitals counts. Make one with New; its methods may be called by many at once.
type Vitals struct {
	numbers  []Number
	spreads  []Spread
	answers  [5]atomic.Uint64 // by the first digit of their status
	Underway atomic.Int64     // requests that are not yet answered
	reading  meter.Times      // GET and HEAD
	writing  meter.Times

	days
}

// New takes what is written beside the counts of requests, in its order.
func New(numbers []Number, spreads ...Spread) *Vitals {
	v := &Vitals{}
	const requests = "How long answers took, from the first handler to the last."
	v.numbers = append([]Number{{Name: "belfry_requests_underway", Help: "Requests that are not yet answered.", Kind: Gauge, Read: func() float64 { return float64(v.Underway.Load()) }}}, numbers...)
	v.spreads = append([]Spread{{"belfry_request_seconds", requests, `kind="read"`, v.reading.Read}, {"belfry_request_seconds", requests, `kind="write"`, v.writing.Read}}, spreads...)
	v.columns = map[string]int{Failed: 0}
	for _, n := range v.numbers {
		if n.Kept {
			v.columns[n.Name] = len(v.columns)
		}
	}
	for _, s := range v.spreads {
		for _, part := range []string{"", mean, within} {
			v.columns[s.line()+part] = len(v.columns)
		}
	}
	return v
}

// Answered counts a request.
func (v *Vitals) Answered(write bool, status int, took time.Duration) {
	v.answers[min(max(status/100, 1), 5)-1].Add(1)
	if write {
		v.writing.Add(took)
	} else {
		v.reading.Add(took)
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

// Now reads a number as it is, 0 where there is none of that name.
func (v *Vitals) Now(name string) float64 {
	for _, n := range v.numbers {
		if n.Name == name {
			return n.Read()
		}
	}
	return 0
}

// Day is how many minutes are kept.
const Day = 24 * 60

// days is the last day, a row a minute.
type days struct {
	columns map[string]int // of a row, by what it is of; never changed

	mu    sync.Mutex // guards what follows
	rows  []row      // a ring of at most Day
	next  int        // where the oldest is, once the ring is full
	last  map[string]float64
	taken map[string]meter.Steps
}

// row is what happened in a minute, and how large things were at its end.
type row struct {
	at     time.Time
	values []float32
}

// Parts of a Spread that are kept beside how many there were.
const (
	mean   = " mean"
	within = " within"
)

// Take notes what happened since it was called last. The first time there is nothing to compare with.
func (v *Vitals) Take(now time.Time) {
	values, counted := map[string]float64{Failed: float64(v.answers[4].Load())}, map[string]meter.Steps{}
	for _, n := range v.numbers {
		if n.Kept {
			values[n.Name] = n.Read()
		}
	}
	for _, s := range v.spreads {
		counted[s.line()] = s.Read()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	fresh, first := row{now, make([]float32, len(v.columns))}, v.last == nil
	put := func(line string, value float64) { fresh.values[v.columns[line]] = float32(value) }
	if !first {
		put(Failed, values[Failed]-v.last[Failed])
	}
	for _, n := range v.numbers {
		switch {
		case n.Kept && n.Kind == Gauge:
			put(n.Name, values[n.Name])
		case n.Kept && !first:
			put(n.Name, values[n.Name]-v.last[n.Name])
		}
	}
	for line, steps := range counted {
		if !first {
			since := steps.Since(v.taken[line])
			put(line, float64(since.Count()))
			put(line+mean, since.Mean())
			put(line+within, since.Within())
		}
	}
	v.last, v.taken = values, counted
	if len(v.rows) < Day {
		v.rows = append(v.rows, fresh)
		return
	}
	v.rows[v.next] = fresh
	v.next = (v.next + 1) % Day
}

// Recent is the last day as it was kept, the oldest minute first.
type Recent struct {
	At      []time.Time // the ends of the minutes
	rows    []row
	columns map[string]int
}

// Recent is what was kept.
func (v *Vitals) Recent() Recent {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := Recent{columns: v.columns, rows: append(append(make([]row, 0, len(v.rows)), v.rows[v.next:]...), v.rows[:v.next]...)}
	for _, one := range r.rows {
		r.At = append(r.At, one.at)
	}
	return r
}

// Line is a Number in each minute, or how many a Spread had; zeros when nothing of the name is kept.
func (r Recent) Line(name string) []float64 {
	values := make([]float64, len(r.rows))
	if at, ok := r.columns[name]; ok {
		for i, one := range r.rows {
			values[i] = float64(one.values[at])
		}
	}
	return values
}

// Mean is the middle of a Spread in each minute, Within what 19 of 20 were at most, about.
func (r Recent) Mean(name string) []float64   { return r.Line(name + mean) }
func (r Recent) Within(name string) []float64 { return r.Line(name + within) }

// What a page shows too, by the names it has for Prometheus.
const (
	Failed      = `belfry_requests_total{status="5xx"}`
	Reads       = `belfry_request_seconds{kind="read"}`
	Writes      = `belfry_request_seconds{kind="write"}`
	Views       = "belfry_view_seconds"
	Updates     = "belfry_update_seconds"
	Waits       = "belfry_commit_wait_seconds"
	Commits     = "belfry_commit_seconds"
	Groups      = "belfry_commit_updates"
	Redone      = "belfry_redone_total"
	Reconnected = "belfry_reconnected_total"
	Away        = "belfry_updates_underway"
	Size        = "belfry_engine_bytes"
	Events      = "belfry_events_waiting"
	EventAge    = "belfry_events_oldest_seconds"
	ReminderAge = "belfry_reminders_oldest_seconds"
	Letters     = "belfry_letters_waiting"
	LetterAge   = "belfry_letters_oldest_seconds"
	Search      = "belfry_search_waiting"
	SearchAge   = "belfry_search_oldest_seconds"
	HintAge     = "belfry_hints_oldest_seconds"
	Missed      = "belfry_hints_missed_total"
	Nodes       = "belfry_nodes"
	Sockets     = "belfry_sockets"
	Frames      = "belfry_frames_delivered_total"
	Slow        = "belfry_sockets_slow_total"
	Refused     = "belfry_requests_refused_total"
	Resident    = "process_resident_memory_bytes"
	Heap        = "go_heap_bytes"
	Goroutines  = "go_goroutines"
	Descriptors = "process_open_fds"
	Scrubbed    = "belfry_scrub_time_seconds"
	Faults      = "belfry_scrub_faults"
	Began       = "process_start_time_seconds"
)
