package vitals

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
)

// ContentType is of what Write writes.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Write writes everything in Prometheus' text format.
func (v *Vitals) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	head(b, "belfry_requests_total", "Answers by the class of their status.", Counter)
	for i := range v.answers {
		fmt.Fprintf(b, "belfry_requests_total{status=\"%dxx\"} %d\n", i+1, v.answers[i].Load())
	}
	head(b, "belfry_request_seconds", "How long answers took, from the first handler to the last.", "histogram")
	v.reading.write(b, "read")
	v.writing.write(b, "write")
	for _, n := range v.numbers {
		head(b, n.Name, n.Help, n.Kind)
		fmt.Fprintf(b, "%s %s\n", n.Name, strconv.FormatFloat(n.Read(), 'g', -1, 64))
	}
	return b.Flush()
}

func head(w io.Writer, name, help string, kind Kind) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (t *times) write(w io.Writer, kind string) {
	total := uint64(0)
	for i, limit := range limits {
		total += t.steps[i].Load()
		fmt.Fprintf(w, "belfry_request_seconds_bucket{kind=%q,le=\"%g\"} %d\n", kind, limit.Seconds(), total)
	}
	total += t.steps[len(limits)].Load()
	fmt.Fprintf(w, "belfry_request_seconds_bucket{kind=%q,le=\"+Inf\"} %d\nbelfry_request_seconds_sum{kind=%q} %g\nbelfry_request_seconds_count{kind=%q} %d\n",
		kind, total, kind, float64(t.sum.Load())/1e9, kind, total)
}
