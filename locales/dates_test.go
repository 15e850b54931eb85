package locales

import (
	"strings"
	"testing"
	"time"
)

func load(t *testing.T) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDatesAsEachLanguageWritesThem(t *testing.T) {
	c := load(t)
	brussels, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2027, 3, 1, 0, 0, 0, 0, brussels)
	day := time.Date(2027, 3, 18, 9, 30, 0, 0, brussels)
	end := time.Date(2027, 3, 18, 16, 0, 0, 0, brussels)
	now := time.Date(2027, 3, 9, 23, 59, 0, 0, brussels)
	wanted := map[string][]string{
		"fr": {"lundi 1er mars 2027, 0 h", "jeudi 18 mars 2027, 9 h 30 – 16 h", "dans 9 jours", "18 mars", "févr.", "1 h 15", "128e", "1re", "12 568"},
		"nl": {"maandag 1 maart 2027, 0 uur", "donderdag 18 maart 2027, 9.30 – 16 uur", "over 9 dagen", "18 maart", "feb.", "1 u 15 min", "128e", "1e", "12.568"},
		"de": {"Montag, 1. März 2027, 0 Uhr", "Donnerstag, 18. März 2027, 9.30 – 16 Uhr", "in 9 Tagen", "18. März", "Feb.", "1 Std. 15 Min.", "128.", "1.", "12.568"},
		"en": {"Monday 1 March 2027, 0:00", "Thursday 18 March 2027, 9:30 – 16:00", "in 9 days", "18 March", "Feb", "1 h 15 min", "128th", "1st", "12,568"},
	}
	for tag, want := range wanted {
		l, _ := c.Language(tag)
		got := []string{l.DateTime(first), l.Span(day, end), l.When(day, now), l.DayMonth(day), l.MonthShort(2), l.Duration(75), l.Ordinal(128), l.Ordinal(1), l.Number(12568)}
		for i := range want {
			if plain(got[i]) != want[i] {
				t.Errorf("%s: got %q, want %q", tag, got[i], want[i])
			}
		}
	}
}

// plain shows the no-break spaces as spaces.
func plain(s string) string { return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s) }

func TestWhenAndLists(t *testing.T) {
	l, _ := load(t).Language("fr")
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for days, want := range map[int]string{0: "aujourd’hui", 1: "demain", -1: "hier", 14: "dans 2 semaines", -30: "il y a 4 semaines", -900: "il y a 2 ans", 90: "dans 3 mois"} {
		if got := l.When(now.AddDate(0, 0, days), now); got != want {
			t.Errorf("%d days: got %q, want %q", days, got, want)
		}
	}
	if got := l.List([]string{"Ath", "Mons", "Namur"}); got != "Ath, Mons et Namur" {
		t.Error(got)
	}
	if got := l.Span(now, now.Add(24*time.Hour)); !strings.Contains(got, "25") {
		t.Error(got)
	}
	if got := plain(l.Bytes(340_000)); got != "340 ko" {
		t.Error(got)
	}
}

func TestWhatPeopleTypeIsNotATemplate(t *testing.T) {
	l, _ := load(t).Language("en")
	if got := l.N("date.in_days", 3, "N", "{{.X}}"); got != "in 3 days" {
		t.Error(got)
	}
	if got := l.T("no.such.key"); got != "⟦no.such.key⟧" {
		t.Error(got)
	}
}

func TestMatchPicksTheReadersLanguage(t *testing.T) {
	c := load(t)
	for accept, want := range map[string]string{
		"": "fr", "nl-BE,nl;q=0.9,en;q=0.8": "nl", "de-AT": "de", "en-GB,fr;q=0.5": "en", "it,es": "fr", "*": "fr",
		"lb, de;q=0.3": "de", strings.Repeat("x,", 5000): "fr", "\x00\xff": "fr",
	} {
		if got := c.Match(accept).Tag(); got != want {
			t.Errorf("%.30q: got %s, want %s", accept, got, want)
		}
	}
}
