package server

import (
	"time"

	"belfry/locales"
	"belfry/server/vitals"
)

// diagnosisSpan is how far back the pictures go, how many minutes a bar of them has and how many a row of the tables.
type diagnosisSpan struct{ hours, minutes, table int }

func diagnosisSpans() []diagnosisSpan { return []diagnosisSpan{{1, 1, 5}, {6, 5, 30}, {24, 15, 60}} }

func (s diagnosisSpan) bars() int { return s.hours * 60 / s.minutes }

// diagnosis is what was kept, as one reader sees it.
type diagnosis struct {
	lang   *locales.Language
	recent vitals.Recent
	span   diagnosisSpan
	zone   *time.Location
}

// highest is the highest minute of so many each, within the span, the oldest first; the last part ends now, the first may
// be short.
func (d *diagnosis) highest(values []float64, minutes int) []float64 {
	values = values[max(0, len(values)-d.span.hours*60):]
	parts := make([]float64, (len(values)+minutes-1)/minutes)
	for i, value := range values {
		at := len(parts) - 1 - (len(values)-1-i)/minutes
		parts[at] = max(parts[at], value)
	}
	return parts
}

// endOf is the time at which a part ends, of so many with so many minutes each.
func (d *diagnosis) endOf(part, parts, minutes int) string {
	return d.clock(d.recent.At[max(0, len(d.recent.At)-1-(parts-1-part)*minutes)])
}

func (d *diagnosis) clock(at time.Time) string { return d.lang.Clock(at.In(d.zone)) }

func sayCount(d *diagnosis, value float64) string { return d.lang.Number(int(value + 0.5)) }

func sayBytes(d *diagnosis, value float64) string { return d.lang.Bytes(int64(value)) }

func sayDecimal(d *diagnosis, value float64) string { return d.lang.Decimal(value, 1) }

// sayTime says seconds that are mostly less than one.
func sayTime(d *diagnosis, value float64) string {
	switch {
	case value == 0:
		return d.lang.Number(0) + "\u00a0ms"
	case value < 0.01:
		return d.lang.Decimal(value*1000, 1) + "\u00a0ms"
	case value < 1:
		return d.lang.Number(int(value*1000+0.5)) + "\u00a0ms"
	}
	return d.lang.Decimal(value, 1) + "\u00a0s"
}

// sayAge says seconds that may be many.
func sayAge(d *diagnosis, value float64) string {
	if value < 120 {
		return d.lang.Number(int(value+0.5)) + "\u00a0s"
	}
	return d.lang.Duration(int(value / 60))
}
