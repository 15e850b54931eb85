package vitals

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// line is what Prometheus takes: a comment, or a name with labels and a number.
var line = regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? (-?[0-9.]+(e[+-]?[0-9]+)?|NaN|\+Inf))$`)

// TestWhatPrometheusReads: every line is well formed, steps only grow, and their last is the count.
func TestWhatPrometheusReads(t *testing.T) {
	v := New(Number{"belfry_things", "Things.", Gauge, func() float64 { return 1.5e9 }})
	for n := range 100 {
		v.Answered(n%10 == 0, []int{200, 404, 500}[n%3], time.Duration(n*n)*100*time.Microsecond)
	}
	v.Answered(false, 200, time.Hour)
	var out strings.Builder
	if err := v.Write(&out); err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for text := range strings.Lines(out.String()) {
		text = strings.TrimSuffix(text, "\n")
		if !line.MatchString(text) {
			t.Errorf("not well formed: %q", text)
		}
		if strings.HasPrefix(text, `belfry_request_seconds_bucket{kind="read"`) {
			var n uint64
			_, _ = fmt.Sscan(text[strings.LastIndex(text, " "):], &n)
			if n < last {
				t.Errorf("steps shrink: %s", text)
			}
			last = n
		}
	}
	for _, want := range []string{`belfry_requests_total{status="4xx"} 33`, `belfry_request_seconds_count{kind="read"} 91`, `{kind="read",le="+Inf"} 91`, "belfry_things 1.5e+09"} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// TestTheLastHour keeps sixty minutes, each with what happened in it alone.
func TestTheLastHour(t *testing.T) {
	size := 0.0
	v := New(Number{"size", "", Gauge, func() float64 { return size }})
	start := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)
	for n := range 70 {
		for range n {
			v.Answered(false, 200, 4*time.Millisecond)
		}
		if n == 69 {
			for range 10 {
				v.Answered(true, 503, 400*time.Millisecond)
			}
		}
		size = float64(n)
		v.Take(start.Add(time.Duration(n) * time.Minute))
	}
	all := v.Recent()
	if len(all) != Hour || all[0].Requests != 10 || all[58].Requests != 68 || all[58].Slow != 5*time.Millisecond || all[58].Values["size"] != 68 {
		t.Errorf("%d samples, %+v … %+v", len(all), all[0], all[len(all)-2])
	}
	if end := all[59]; end.Requests != 79 || end.Failed != 10 || end.Slow != 500*time.Millisecond {
		t.Errorf("the last minute: %+v", end)
	}
}
