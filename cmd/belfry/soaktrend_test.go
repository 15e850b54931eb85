package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestT27TheJudgeSeesALeak is the control: series with and without a leak, as noisy as real ones, are told apart.
func TestT27TheJudgeSeesALeak(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	made := func(perHour float64) *samples {
		s := &samples{}
		for i := range 360 { // an hour
			at := time.Duration(i) * 10 * time.Second
			s.add(at, reading{"anonymous memory, MiB": 80 + 4*dice.NormFloat64() + perHour*at.Hours(), "goroutines": 200 + 3*dice.NormFloat64() + 20*perHour*at.Hours(), "descriptors": 150})
		}
		return s
	}
	for _, name := range []string{"anonymous memory, MiB", "goroutines"} {
		if grows := made(0).grows(name); grows != "" {
			t.Errorf("%s is flat, and the judge says it %s", name, grows)
		}
		if made(10).grows(name) == "" {
			t.Errorf("%s leaks, and the judge does not see it", name)
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

// grows says how a series is not flat, or nothing: memory by more than 1 MiB an hour beyond twice the doubt, the others by
// more than 5 % from their first settled stretches to the last.
func (s *samples) grows(name string) string {
	perHour, doubt := s.slope(name)
	_, values := s.settled(name)
	if strings.Contains(name, "MiB") {
		if perHour-2*doubt > 1 {
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
