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
	before := ""
	for _, s := range v.spreads {
		if s.Name != before {
			head(b, s.Name, s.Help, "histogram")
		}
		before = s.Name
		s.write(b)
	}
	for _, n := range v.numbers {
		head(b, n.Name, n.Help, n.Kind)
		fmt.Fprintf(b, "%s %s\n", n.Name, plain(n.Read()))
	}
	return b.Flush()
}

func plain(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

func head(w io.Writer, name, help string, kind Kind) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (s Spread) write(w io.Writer) {
	steps, total := s.Read(), uint64(0)
	with, alone := "", ""
	if s.Label != "" {
		with, alone = s.Label+",", "{"+s.Label+"}"
	}
	for i, n := range steps.Counts {
		end := "+Inf"
		if i < len(steps.Limits) {
			end = plain(steps.Limits[i])
		}
		total += n
		fmt.Fprintf(w, "%s_bucket{%sle=%q} %d\n", s.Name, with, end, total)
	}
	fmt.Fprintf(w, "%s_sum%s %s\n%s_count%s %d\n", s.Name, alone, plain(steps.Sum), s.Name, alone, total)
}
