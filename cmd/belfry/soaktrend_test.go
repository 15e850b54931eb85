package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestT27TheJudgeSeesALeak is the control: series with and without a leak, as noisy as real ones, are told apart.
func TestT27TheJudgeSeesALeak(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	made := func(span time.Duration, perHour float64) *samples {
		s := &samples{}
		for i := range 400 {
			at := time.Duration(i+1) * span / 400
			s.add(at, reading{liveMemory: 30 + 3*dice.NormFloat64() + perHour*at.Hours(), ownMemory: 80 + 4*dice.NormFloat64() + 2*perHour*at.Hours(),
				"goroutines": 200 + 3*dice.NormFloat64() + 20*perHour*at.Hours(), "descriptors": 150, "requests": 600 * at.Seconds()})
		}
		return s
	}
	for _, of := range []struct {
		span time.Duration
		leak float64
	}{{2 * time.Hour, 5}, {time.Hour, 10}, {10 * time.Minute, 60}} {
		span, leak := of.span, of.leak
		for _, name := range []string{liveMemory, ownMemory, "goroutines"} {
			if grows := made(span, 0).grows(name); grows != "" {
				t.Errorf("in %v %s is flat, and the judge says it %s", span, name, grows)
			}
			if made(span, leak).grows(name) == "" {
				t.Errorf("in %v %s leaks, and the judge does not see it", span, name)
			}
		}
	}
}

// samples are readings over time.
type samples struct {
	at  []time.Duration
	got []reading
}

func (s *samples) add(at time.Duration, got reading) {
	s.at, s.got = append(s.at, at), append(s.got, got)
}

// settled are the readings of one name after the first quarter, as medians of a dozen stretches: what a collection of
// garbage does for a moment is no trend.
func (s *samples) settled(name string) (hours, values []float64) {
	from := len(s.got) / 4
	const stretches = 12
	for k := range stretches {
		a, b := from+(len(s.got)-from)*k/stretches, from+(len(s.got)-from)*(k+1)/stretches
		if a == b {
			continue
		}
		some := make([]float64, 0, b-a)
		for _, got := range s.got[a:b] {
			some = append(some, got[name])
		}
		slices.Sort(some)
		hours, values = append(hours, s.at[(a+b)/2].Hours()), append(values, some[len(some)/2])
	}
	return hours, values
}

// slope is the line through the settled values by least squares: growth an hour, and its standard error.
func (s *samples) slope(name string) (perHour, doubt float64) {
	x, y := s.settled(name)
	n := float64(len(x))
	if n < 4 {
		return 0, 0
	}
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	wide := sxx - sx*sx/n
	perHour = (sxy - sx*sy/n) / wide
	var off float64
	for i := range x {
		d := y[i] - sy/n - perHour*(x[i]-sx/n)
		off += d * d
	}
	return perHour, math.Sqrt(off / (n - 2) / wide)
}

const (
	liveMemory = "live memory, MiB"      // what the program holds
	ownMemory  = "anonymous memory, MiB" // what the system gave it

	smallestObject = 16 // bytes of one that leaks with what leads to it
)

// grows says how a series is not flat, or nothing: memory by more than 1 MiB an hour beyond twice the doubt, the others by
// more than 5 % from their first settled stretches to the last. In less than an hour what the program holds may grow by half
// of the smallest object a request, since the search index gets its segments in steps that would be MiB an hour; and what the
// system gave is among the others, since the allocator settles as slowly.
func (s *samples) grows(name string) string {
	perHour, doubt := s.slope(name)
	_, values := s.settled(name)
	end := len(s.at) - 1
	long, limit := s.at[end] > 55*time.Minute, 1.0
	if !long {
		requests := (s.got[end]["requests"] - s.got[0]["requests"]) / (s.at[end] - s.at[0]).Hours()
		limit = max(limit, requests*smallestObject/2/(1<<20))
	}
	if name == liveMemory || name == ownMemory && long {
		if perHour-2*doubt > limit {
			return fmt.Sprintf("grows by %.1f (± %.1f) an hour", perHour, doubt)
		}
		return ""
	}
	first, last := median(values[:len(values)/3]), median(values[len(values)*2/3:])
	if last > first*1.05+2 {
		return fmt.Sprintf("grows from %.0f to %.0f", first, last)
	}
	return ""
}

func (s *samples) summary(name string) string {
	perHour, doubt := s.slope(name)
	_, values := s.settled(name)
	if len(values) == 0 {
		return "was not read"
	}
	return fmt.Sprintf("settled at %.1f, between %.1f and %.1f, at the end %.1f; %+.2f (± %.2f) an hour", median(values), slices.Min(values), slices.Max(values), values[len(values)-1], perHour, doubt)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
