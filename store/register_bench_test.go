package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// registers is a community with so many decisions and actions, from thirty meetings of a series over some years: a
// third of the minutes was corrected since, and what they gave was dropped.
func registers(b *testing.B, decided, given int) (h *storetest.Hub, series store.Series, lena store.Member) {
	b.Helper()
	const meetings = 30
	h = storetest.Open(b)
	lena = h.Join(b, "Lena Exemple", "BE-92094")
	people := []store.Member{lena, h.Join(b, "Nora Voorbeeld", "BE-34022"), h.Join(b, "Otto Beispiel", "BE-62063"), h.Join(b, "Jef Voorbeeld", "BE-34022")}
	series, err := h.StartSeries(ctx, store.System(), store.SeriesInput{Title: "Réunion mensuelle", Lang: "fr", Zone: "Europe/Brussels", Start: "2026-03-01", Clock: "09:30",
		Rule: store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: 3, Weekday: 4}, Template: store.Template{Minutes: 60, Venue: "Hôtel de ville"}})
	ok(b, err)
	for n := range meetings {
		_, err := h.OpenAhead(ctx)
		ok(b, err)
		rows, err := h.Upcoming(ctx, store.Visitor(), 1)
		ok(b, err)
		m := rows[0].Meeting
		h.Clock.Set(m.Start.Add(2 * time.Hour))
		var source strings.Builder
		for i := range decided / meetings {
			fmt.Fprintf(&source, "!D Décision %d de la réunion %d\n", i, n)
		}
		for i := range given / meetings {
			fmt.Fprintf(&source, "!A Action %d de la réunion %d\n   @%s  due: %s\n", i, n, people[i%len(people)].Handle, m.Start.AddDate(0, 0, 10+i%300).Format(time.DateOnly))
		}
		save := func(base int, text string) {
			_, err := h.SaveMinutes(ctx, store.System(), m.ID, store.MinutesDraft{Base: base, Source: text, Lang: "fr"})
			ok(b, err)
			_, err = h.PublishMinutes(ctx, store.System(), m.ID)
			ok(b, err)
		}
		if save(0, source.String()); n%3 == 0 {
			page, err := h.MinutesPage(ctx, store.System(), m.Slug)
			ok(b, err)
			kept, _, _ := strings.Cut(page.Published.Source, "!A ")
			save(2, kept+"Corrigé.")
		}
	}
	return h, series, lena
}

// BenchmarkRegisters reads pages of registers of two sizes in the same run: it must not matter which.
func BenchmarkRegisters(b *testing.B) {
	for _, size := range []struct{ decisions, actions int }{{120, 600}, {10_000, 50_000}} {
		h, series, lena := registers(b, size.decisions, size.actions)
		actions := func(q store.ActionQuery) func() (int, string, error) {
			q.Limit = 30
			return func() (int, string, error) {
				list, err := h.Actions(ctx, store.Visitor(), q)
				return len(list.Rows), list.Next, err
			}
		}
		decisions := func(q store.DecisionQuery) func() (int, string, error) {
			q.Limit = 30
			return func() (int, string, error) {
				list, err := h.Decisions(ctx, q)
				return len(list.Rows), list.Next, err
			}
		}
		deepActions, deepDecisions := deep(b, func(after string) (string, error) {
			list, err := h.Actions(ctx, store.Visitor(), store.ActionQuery{State: "all", Limit: 300, After: after})
			return list.Next, err
		}), deep(b, func(after string) (string, error) {
			list, err := h.Decisions(ctx, store.DecisionQuery{Limit: 30, After: after})
			return list.Next, err
		})
		for _, c := range []struct {
			name string
			page func() (int, string, error)
		}{
			{"decisions/first", decisions(store.DecisionQuery{})},
			{"decisions/year", decisions(store.DecisionQuery{Year: 2027})},
			{"decisions/series-year", decisions(store.DecisionQuery{Series: series.ID, Year: 2027})},
			{"decisions/outcome", decisions(store.DecisionQuery{Outcome: store.OutcomeAccepted})},
			{"decisions/none-such", decisions(store.DecisionQuery{Outcome: store.OutcomeRefused})},
			{"decisions/deep", decisions(store.DecisionQuery{After: deepDecisions})},
			{"actions/first", actions(store.ActionQuery{})},
			{"actions/overdue", actions(store.ActionQuery{State: "overdue"})},
			{"actions/dropped", actions(store.ActionQuery{State: "dropped"})},
			{"actions/year", actions(store.ActionQuery{State: "dropped", Year: 2027})},
			{"actions/series-year", actions(store.ActionQuery{Series: series.ID, Year: 2027})},
			{"actions/town", actions(store.ActionQuery{Town: lena.TownID(), State: "all"})},
			{"actions/person", actions(store.ActionQuery{Person: lena.ID})},
			{"actions/town-year", actions(store.ActionQuery{Town: lena.TownID(), Year: 2028})},
			{"actions/newest", actions(store.ActionQuery{Newest: true})},
			{"actions/deep", actions(store.ActionQuery{State: "all", After: deepActions})},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, size.actions), func(b *testing.B) {
				rows := 0
				for b.Loop() {
					n, _, err := c.page()
					ok(b, err)
					rows = n
				}
				b.ReportMetric(float64(rows), "rows")
			})
		}
	}
}

// deep is the cursor of a page near the end of a register.
func deep(b *testing.B, page func(after string) (string, error)) (last string) {
	b.Helper()
	for {
		next, err := page(last)
		ok(b, err)
		if next == "" {
			return last
		}
		last = next
	}
}
