package server_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"belfry/server/vitals"
	"belfry/store"
)

// anHour is what was counted in an hour of some use; at its end all data was read and so many faults found.
func anHour(faults float64) *vitals.Vitals {
	minute := 0.0
	number := func(name string, read func() float64) vitals.Number {
		return vitals.Number{Name: name, Kind: vitals.Gauge, Read: read}
	}
	v := vitals.New(number(vitals.Commits, func() float64 { return minute * (minute + 3) }), number(vitals.Resident, func() float64 { return 48e6 + 4e5*minute }),
		number(vitals.Size, func() float64 { return 12_300_000 }), number(vitals.Letters, func() float64 { return max(0, minute-50) }),
		number(vitals.Scrubbed, func() float64 { return float64(time.Date(2026, 3, 4, 2, 17, 0, 0, time.UTC).Unix()) }), number(vitals.Faults, func() float64 { return faults }))
	for ; minute < 61; minute++ {
		for n := range 20 + int(18*math.Sin(minute/6)) {
			v.Answered(false, 200, time.Duration(n*n/2)*time.Millisecond)
		}
		if int(minute)%20 == 7 {
			v.Answered(false, 503, time.Second)
		}
		v.Take(time.Now())
	}
	return v
}

// TestStewardsSeeHowTheServerFares: pictures of the last hour with their words, and whether the data is sound.
func TestStewardsSeeHowTheServerFares(t *testing.T) {
	s := newSite(t)
	anna := s.Join(t, "Anna Exemple", "BE-92094")
	ok(t, s.SetRole(ctx, store.System(), anna.ID, store.RoleSteward, true))
	b := s.as(anna)
	b.get("/admin").holds(t, 200, `href="/admin/diagnostics"`)
	b.get("/admin/diagnostics").holds(t, 200, "Rien n’a encore été mesuré", "pas encore fait")
	s.Vitals = anHour(0)
	got := b.get("/admin/diagnostics")
	got.holds(t, 200, "Demandes par minute", "À présent 11, au plus 38.", "Enregistrements par minute", "À présent 122, au plus 122.", "Mémoire occupée", "72,0", "Courriels en attente", "12,3",
		"relues le mercredi", "elles sont intactes")
	if n := strings.Count(got.body, "strip__bars"); n != 6 {
		t.Errorf("%d pictures", n)
	}
	if strings.Contains(got.body, " style=") {
		t.Error("a style that the browser will not take")
	}
	s.Vitals = anHour(3)
	b.get("/admin/diagnostics").holds(t, 200, "Données abîmées", "Le journal du serveur les nomme")
}
