package server_test

import (
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// TestTheYearsAreChartsWithTables: two years of meetings are counted, each chart says the same in a table, and nobody
// is named.
func TestTheYearsAreChartsWithTables(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	boss := store.As(organiser.ID)
	s.visitor().get("/meetings/years").holds(t, 200, "Rien à compter")
	s.Clock.Set(m.Start.Add(time.Minute))
	ok(t, s.TickPresence(ctx, boss, m.ID, lena.ID, true, 1))
	_, err := s.SaveMinutes(ctx, boss, m.ID, store.MinutesDraft{Source: "## Un\n\n!D Décidé\n!D Aussi\n!A Faire\n   @" + lena.Handle, Lang: "fr"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, boss, m.ID)
	ok(t, err)
	s.Clock.Set(m.Start.AddDate(1, 0, 0))
	page := s.visitor().get("/meetings/years")
	page.holds(t, 200, `href="/decisions?year=2026"`, `href="/meetings/attendance?year=2026"`, ">2027<", `role="img" aria-label="Décisions prises"`)
	if charts, tables := strings.Count(page.body, "chart__svg"), strings.Count(page.body, "<table"); charts != 4 || tables != charts {
		t.Errorf("%d charts and %d tables", charts, tables)
	}
	page.holds(t, 200, `href="/meetings/minutes-2026.md"`, "Les procès-verbaux de 2026 en un fichier")
	page.lacks(t, "Lena", "minutes-2027.md")
	all, err := s.OverTheYears(ctx)
	ok(t, err)
	if all[0] != (store.Year{Year: 2026, Meetings: 1, People: 2, Towns: 1, Minutes: 1, Decisions: 2, Actions: 1}) || all[1] != (store.Year{Year: 2027}) || len(all) != 2 {
		t.Errorf("counted %+v", all)
	}
}
