package server_test

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/server/vitals"
	"belfry/store"
	"belfry/store/meter"
)

// someHours is what was counted in some hours of some use; at their end all data was read and so many faults found.
func someHours(faults float64) *vitals.Vitals {
	minute := 0.0
	number := func(name string, kind vitals.Kind, read func() float64) vitals.Number {
		return vitals.Number{Name: name, Kind: kind, Read: read, Kept: true}
	}
	gauge := func(name string, read func() float64) vitals.Number { return number(name, vitals.Gauge, read) }
	var views, updates, waits, commits meter.Times
	var groups meter.Sizes
	v := vitals.New([]vitals.Number{gauge(vitals.Resident, func() float64 { return 48e6 + 1e5*minute }), gauge(vitals.Heap, func() float64 { return 20e6 + 5e6*math.Abs(math.Sin(minute)) }),
		gauge(vitals.Goroutines, func() float64 { return 60 + 30*math.Abs(math.Sin(minute/90)) }), gauge(vitals.Descriptors, func() float64 { return 30 + 20*math.Abs(math.Sin(minute/90)) }),
		gauge(vitals.Sockets, func() float64 { return 40 * math.Abs(math.Sin(minute/90)) }), number(vitals.Frames, vitals.Counter, func() float64 { return minute * minute }),
		gauge(vitals.Letters, func() float64 { return max(0, minute-200) }), gauge(vitals.LetterAge, func() float64 { return max(0, 60*(minute-200)) }),
		gauge(vitals.Size, func() float64 { return 12_300_000 }), gauge(vitals.Began, func() float64 { return float64(time.Date(2026, 3, 4, 1, 2, 0, 0, time.UTC).Unix()) }),
		gauge(vitals.Scrubbed, func() float64 { return float64(time.Date(2026, 3, 4, 2, 17, 0, 0, time.UTC).Unix()) }), gauge(vitals.Faults, func() float64 { return faults })},
		vitals.Spread{Name: vitals.Views, Read: views.Read}, vitals.Spread{Name: vitals.Updates, Read: updates.Read}, vitals.Spread{Name: vitals.Waits, Read: waits.Read},
		vitals.Spread{Name: vitals.Commits, Read: commits.Read}, vitals.Spread{Name: vitals.Groups, Read: groups.Read})
	now := time.Date(2026, 3, 4, 2, 30, 0, 0, time.UTC)
	v.Take(now)
	for minute++; minute < 252; minute++ {
		for n := range 20 + int(18*math.Sin(minute/26)) {
			v.Answered(n%5 == 4, 200, time.Duration(n*n/2)*time.Millisecond)
			views.Add(time.Duration(50+n*n) * time.Microsecond)
			updates.Add(time.Duration(n) * time.Millisecond)
			waits.Add(time.Duration(n) * time.Millisecond / 2)
			commits.Add(time.Duration(n) * time.Millisecond / 3)
			groups.Add(1 + n%6)
		}
		if int(minute)%20 == 7 {
			v.Answered(false, 503, time.Second)
		}
		v.Take(now.Add(time.Duration(minute) * time.Minute))
	}
	return v
}

// TestStewardsSeeHowTheServerFares: pictures of the last hours with their words and tables, whether it can work, and
// whether the data is sound.
func TestStewardsSeeHowTheServerFares(t *testing.T) {
	s := newSite(t)
	anna := s.Join(t, "Anna Exemple", "BE-92094")
	ok(t, s.SetRole(ctx, store.System(), anna.ID, store.RoleSteward, true))
	b := s.as(anna)
	b.get("/admin").holds(t, 200, `href="/admin/diagnostics"`)
	b.get("/admin/diagnostics").holds(t, 200, "Rien n’a encore été mesuré", "pas encore fait", "Le serveur est prêt")
	s.Vitals = someHours(0)
	got := b.get("/admin/diagnostics")
	got.holds(t, 200, "Demandes par minute", "Enregistrements par minute", "Mémoire occupée", "Courriels en attente", "À présent 51, au plus 51 (7", "12,3", "Lecture des données",
		"relues le mercredi", "elles sont intactes", "la plus haute minute sur 5", `href="/admin/diagnostics?hours=24"`, "Modifications par enregistrement", "Jusqu’à", "tourne depuis le mercredi")
	if n := strings.Count(got.body, "strip__bars"); n != 22 {
		t.Errorf("%d pictures", n)
	}
	if n := strings.Count(got.body, "<table"); n != 5 {
		t.Errorf("%d tables", n)
	}
	for _, wrong := range []string{" style=", "Avis manqués", "conflit"} { // a style the browser will not take; what only several nodes have
		if strings.Contains(got.body, wrong) {
			t.Errorf("%q is there", wrong)
		}
	}
	// the table says what the pictures do: the newest half hour first, the highest minute of each
	rows := regexp.MustCompile(`<th scope="row" class="num">([^<]+)</th>(<td class="num">[^<]*</td>)`).FindAllStringSubmatch(got.body, -1)
	if len(rows) != 5*9 || rows[0][1] != "7 h 41" {
		t.Errorf("%d rows, the first at %v", len(rows), rows[0])
	}
	if n := len(regexp.MustCompile(`M\d+ 48v-`).FindAllString(between(got.body, `id="p-requests"`, "</figure>"), -1)); n != 51 {
		t.Errorf("%d bars of five minutes for 252 minutes", n)
	}
	if n := len(regexp.MustCompile(`M\d+ 48v-`).FindAllString(between(b.get("/admin/diagnostics?hours=1").body, `id="p-requests"`, "</figure>"), -1)); n != 60 {
		t.Errorf("%d bars for an hour", n)
	}
	b.get("/admin/diagnostics?hours=24").holds(t, 200, "la plus haute minute sur 15")
	b.get("/admin/diagnostics?hours=7").holds(t, 200, "la plus haute minute sur 5")
	s.Vitals = someHours(3)
	b.get("/admin/diagnostics").holds(t, 200, "Données abîmées", "Le journal du serveur les nomme")
	s.Drain(0)
	b.get("/admin/diagnostics").holds(t, 200, "Le serveur n’est pas prêt", "Il va s’arrêter")
}

// between is the part of a text from one mark to the next.
func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	part, _, _ := strings.Cut(rest, to)
	return part
}
