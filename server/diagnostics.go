package server

import (
	"strconv"
	"time"

	"belfry/frontend/pages"
	"belfry/frontend/parts"
	"belfry/server/vitals"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// diagnostics shows stewards how this server fares: the last hours in pictures and tables, whether it can do its work, and
// whether its data is sound.
func (s *Server) diagnostics(c *fiber.Ctx) error {
	v := visitOf(c)
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	if _, err := s.Store.Waiting(c.UserContext(), by(c), ""); err != nil { // stewards only
		return err
	}
	at := func(name string) time.Time {
		if seconds := s.Vitals.Now(name); seconds > 0 {
			return time.Unix(int64(seconds), 0).In(s.zone(v))
		}
		return time.Time{}
	}
	screen := pages.DiagnosticsPage{Version: s.Version, Mail: v.member.May(store.Administer), Trouble: string(s.Trouble(c.UserContext())), Began: at(vitals.Began), Read: at(vitals.Scrubbed),
		Size: int64(s.Vitals.Now(vitals.Size)), Faults: int(s.Vitals.Now(vitals.Faults)), Shared: s.Store.Shared(), Nodes: s.Store.Peers().Nodes}
	over := diagnosisSpans()[1]
	for _, one := range diagnosisSpans() {
		if c.Query("hours") == strconv.Itoa(one.hours) {
			over = one
		}
	}
	screen.Hours = over.hours
	for _, one := range diagnosisSpans() {
		screen.Spans = append(screen.Spans, one.hours)
	}
	if recent := s.Vitals.Recent(); len(recent.At) > 0 {
		d := diagnosis{lang: v.lang, recent: recent, span: over, zone: s.zone(v)}
		screen.Every = over.minutes
		for _, g := range diagnosisGroups(screen.Shared) {
			screen.Groups = append(screen.Groups, d.group(g))
		}
	}
	p := s.page(c, v.lang.T("admin.diagnostics"))
	return s.render(c, p, pages.Diagnostics(p, screen))
}

// drawn is one picture: how its numbers are got and said.
type drawn struct {
	name string // of its text
	of   func(vitals.Recent) []float64
	say  func(d *diagnosis, value float64) string
}

// drawnGroup is what belongs together.
type drawnGroup struct {
	name string
	all  []drawn
}

// diagnosisGroups is everything that is drawn, in its order. What only several nodes have is left out where there is one.
func diagnosisGroups(shared bool) []drawnGroup {
	line := func(name string) func(vitals.Recent) []float64 {
		return func(r vitals.Recent) []float64 { return r.Line(name) }
	}
	within := func(name string) func(vitals.Recent) []float64 {
		return func(r vitals.Recent) []float64 { return r.Within(name) }
	}
	requests := func(r vitals.Recent) []float64 { return plus(r.Line(vitals.Reads), r.Line(vitals.Writes)) }
	groups := []drawnGroup{
		{"requests", []drawn{{"requests", requests, sayCount}, {"failed", line(vitals.Failed), sayCount}, {"slow", within(vitals.Reads), sayTime}, {"slow_changes", within(vitals.Writes), sayTime}}},
		{"store", []drawn{{"views", within(vitals.Views), sayTime}, {"updates", within(vitals.Updates), sayTime}, {"waits", within(vitals.Waits), sayTime}, {"commits", line(vitals.Commits), sayCount},
			{"commit_time", within(vitals.Commits), sayTime}, {"changes", func(r vitals.Recent) []float64 { return r.Mean(vitals.Groups) }, sayDecimal}}},
		{"queues", []drawn{{"events_age", line(vitals.EventAge), sayAge}, {"reminders_age", line(vitals.ReminderAge), sayAge}, {"letters", line(vitals.Letters), sayCount}, {"letters_age", line(vitals.LetterAge), sayAge},
			{"search_age", line(vitals.SearchAge), sayAge}}},
		{"live", []drawn{{"sockets", line(vitals.Sockets), sayCount}, {"frames", line(vitals.Frames), sayCount}, {"dropped", line(vitals.Slow), sayCount}}},
		{"process", []drawn{{"memory", line(vitals.Resident), sayBytes}, {"heap", line(vitals.Heap), sayBytes}, {"goroutines", line(vitals.Goroutines), sayCount}, {"descriptors", line(vitals.Descriptors), sayCount}}},
	}
	if shared {
		groups[1].all = append(groups[1].all, drawn{"redone", line(vitals.Redone), sayCount}, drawn{"reconnected", line(vitals.Reconnected), sayCount})
		groups[2].all = append(groups[2].all, drawn{"hints_age", line(vitals.HintAge), sayAge}, drawn{"missed", line(vitals.Missed), sayCount})
	}
	return groups
}

func plus(a, b []float64) []float64 {
	sum := make([]float64, len(a))
	for i := range a {
		sum[i] = a[i] + b[i]
	}
	return sum
}

func (d *diagnosis) group(g drawnGroup) pages.DiagnosisGroup {
	out := pages.DiagnosisGroup{ID: g.name, Title: d.lang.T("diagnosis.group." + g.name)}
	var columns [][]float64
	for _, one := range g.all {
		values := one.of(d.recent)
		out.Strips = append(out.Strips, d.strip(one, values))
		columns = append(columns, d.highest(values, d.span.table))
	}
	rows := 0
	for _, column := range columns {
		rows = len(column)
	}
	for i := rows - 1; i >= 0; i-- { // the newest first
		row := pages.DiagnosisRow{At: d.endOf(i, rows, d.span.table)}
		for at, one := range g.all {
			row.Cells = append(row.Cells, one.say(d, columns[at][i]))
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// strip draws one number.
func (d *diagnosis) strip(one drawn, values []float64) parts.Strip {
	bars := d.highest(values, d.span.minutes)
	most, when := 0.0, 0
	for i, value := range bars {
		if value > most {
			most, when = value, i
		}
	}
	now := one.say(d, values[len(values)-1])
	s := parts.Strip{ID: "p-" + one.name, Name: d.lang.T("diagnosis." + one.name), Bars: d.span.bars(), Values: bars, Top: one.say(d, most),
		From: d.clock(d.recent.At[len(d.recent.At)-1].Add(-time.Duration(d.span.hours) * time.Hour)), To: d.clock(d.recent.At[len(d.recent.At)-1])}
	if most == 0 {
		s.Words, s.Top = d.lang.T("diagnosis.flat", "Now", now), ""
	} else {
		s.Words = d.lang.T("diagnosis.range", "Now", now, "Most", one.say(d, most), "At", d.endOf(when, len(bars), d.span.minutes))
	}
	return s
}
