package vitals

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store/meter"
)

// line is what Prometheus takes: a comment, or a name with labels and a number.
var line = regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? (-?[0-9.]+(e[+-]?[0-9]+)?|NaN|\+Inf))$`)

// TestWhatPrometheusReads: every line is well formed, each name is told of once, steps only grow, and their last is the
// count.
func TestWhatPrometheusReads(t *testing.T) {
	var sizes meter.Sizes
	sizes.Add(3)
	sizes.Add(5000)
	v := New([]Number{{Name: "belfry_things", Help: "Things.", Kind: Gauge, Read: func() float64 { return 1.5e9 }}}, Spread{Name: "belfry_group", Help: "Groups.", Read: sizes.Read})
	for n := range 100 {
		v.Answered(n%10 == 0, []int{200, 404, 500}[n%3], time.Duration(n*n)*100*time.Microsecond)
	}
	v.Answered(false, 200, time.Hour)
	v.Underway.Add(1)
	var out strings.Builder
	if err := v.Write(&out); err != nil {
		t.Fatal(err)
	}
	last, told := uint64(0), map[string]bool{}
	for text := range strings.Lines(out.String()) {
		text = strings.TrimSuffix(text, "\n")
		if !line.MatchString(text) {
			t.Errorf("not well formed: %q", text)
		}
		if strings.HasPrefix(text, "# TYPE") && told[text] {
			t.Errorf("told twice: %s", text)
		}
		told[text] = true
		if strings.HasPrefix(text, `belfry_request_seconds_bucket{kind="read"`) {
			var n uint64
			_, _ = fmt.Sscan(text[strings.LastIndex(text, " "):], &n)
			if n < last {
				t.Errorf("steps shrink: %s", text)
			}
			last = n
		}
	}
	for _, want := range []string{`belfry_requests_total{status="4xx"} 33`, `belfry_request_seconds_count{kind="read"} 91`, `{kind="read",le="+Inf"} 91`, "belfry_things 1.5e+09",
		"belfry_requests_underway 1", `belfry_group_bucket{le="2"} 0`, `belfry_group_bucket{le="4"} 1`, `belfry_group_bucket{le="+Inf"} 2`, "belfry_group_sum 5003", "belfry_group_count 2"} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// TestTheLastDay keeps a day of minutes, each with what happened in it alone, and no more however long it goes on.
func TestTheLastDay(t *testing.T) {
	size, sent, unkept := 0.0, 0.0, 0.0
	number := func(name string, kind Kind, value *float64, kept bool) Number {
		return Number{Name: name, Kind: kind, Read: func() float64 { return *value }, Kept: kept}
	}
	sent = 1e6 // before anybody looked
	v := New([]Number{number("size", Gauge, &size, true), number("sent", Counter, &sent, true), number("unkept", Gauge, &unkept, false)})
	v.Answered(true, 503, time.Hour)
	start := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)
	const minutes = Day + 70
	for n := range minutes {
		for range n % 100 {
			v.Answered(false, 200, 4*time.Millisecond)
		}
		if n == minutes-1 {
			for range 20 {
				v.Answered(true, 503, 400*time.Millisecond)
			}
		}
		size, unkept = float64(n), float64(n)
		sent += float64(n % 7)
		v.Take(start.Add(time.Duration(n) * time.Minute))
		if n == 0 {
			if r := v.Recent(); len(r.At) != 1 || r.Line(Failed)[0] != 0 || r.Line("sent")[0] != 0 || r.Line(Writes)[0] != 0 {
				t.Errorf("what was before the first look counts as its minute: %v %v", r.Line("sent"), r.Line(Writes))
			}
		}
	}
	r := v.Recent()
	if len(r.At) != Day || !r.At[0].Equal(start.Add(70*time.Minute)) || !r.At[Day-1].Equal(start.Add((minutes-1)*time.Minute)) {
		t.Fatalf("%d minutes, from %v to %v", len(r.At), r.At[0], r.At[len(r.At)-1])
	}
	for i := range Day {
		n := i + 70
		if reads, s, c := r.Line(Reads)[i], r.Line("size")[i], r.Line("sent")[i]; reads != float64(n%100) || s != float64(n) || c != float64(n%7) {
			t.Fatalf("minute %d: %v requests, size %v, sent %v", n, reads, s, c)
		}
		if got := r.Line("unkept")[i]; got != 0 {
			t.Fatalf("what is not kept is %v", got)
		}
	}
	end := Day - 1
	if r.Line(Failed)[end] != 20 || r.Line(Failed)[end-1] != 0 || r.Within(Writes)[end] != 0.5 || int(r.Within(Reads)[end-1]*1000+0.5) != 5 || int(r.Mean(Writes)[end]*1000+0.5) != 400 {
		t.Errorf("the last minute: %v failed, %v, %v", r.Line(Failed)[end], r.Within(Writes)[end], r.Mean(Writes)[end])
	}
	if got := v.Now("size"); got != minutes-1 {
		t.Errorf("now it is %v", got)
	}
}
