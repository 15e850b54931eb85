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

// brussels is a wall time there.
func brussels(t *testing.T, year int, month time.Month, day, hour, minute int) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(year, month, day, hour, minute, 0, 0, zone)
}

func TestDatesAsEachLanguageWritesThem(t *testing.T) {
	c := load(t)
	first, day := brussels(t, 2027, 3, 1, 0, 0), brussels(t, 2027, 3, 18, 9, 30)
	cases := []struct {
		name           string
		write          func(*Language) string
		fr, nl, de, en string
	}{
		{"date", func(l *Language) string { return l.Date(day) }, "jeudi 18 mars 2027", "donderdag 18 maart 2027", "Donnerstag, 18. März 2027", "Thursday 18 March 2027"},
		{"first of the month", func(l *Language) string { return l.Date(first) }, "lundi 1er mars 2027", "maandag 1 maart 2027", "Montag, 1. März 2027", "Monday 1 March 2027"},
		{"midnight", func(l *Language) string { return l.DateTime(first) }, "lundi 1er mars 2027, 0 h", "maandag 1 maart 2027, 0 uur", "Montag, 1. März 2027, 0 Uhr", "Monday 1 March 2027, 0:00"},
		{"short date", func(l *Language) string { return l.DateShort(day) }, "18 mars 2027", "18 maart 2027", "18. März 2027", "18 March 2027"},
		{"day and month", func(l *Language) string { return l.DayMonth(day) }, "18 mars", "18 maart", "18. März", "18 March"},
		{"weekday, day and month", func(l *Language) string { return l.WeekdayDayMonth(day) }, "jeudi 18 mars", "donderdag 18 maart", "Donnerstag, 18. März", "Thursday 18 March"},
		{"month and year", func(l *Language) string { return l.MonthYear(day) }, "mars 2027", "maart 2027", "März 2027", "March 2027"},
		{"short month", func(l *Language) string { return l.MonthShort(time.February) }, "févr.", "feb.", "Feb.", "Feb"},
		{"weekdays", func(l *Language) string { return l.Weekday(time.Sunday) + " " + l.WeekdayShort(time.Saturday) }, "dimanche sam.", "zondag za", "Sonntag Sa", "Sunday Sat"},
		{"time", func(l *Language) string { return l.Clock(day) }, "9 h 30", "9.30 uur", "9.30 Uhr", "9:30"},
		{"full hour", func(l *Language) string { return l.Clock(day.Add(4*time.Hour + 30*time.Minute)) }, "14 h", "14 uur", "14 Uhr", "14:00"},
		{"minutes below ten", func(l *Language) string { return l.Clock(day.Add(-25 * time.Minute)) }, "9 h 05", "9.05 uur", "9.05 Uhr", "9:05"},
		{"length", func(l *Language) string { return l.Duration(75) }, "1 h 15", "1 u 15 min", "1 Std. 15 Min.", "1 h 15 min"},
		{"short length", func(l *Language) string { return l.Duration(45) }, "45 min", "45 min", "45 Min.", "45 min"},
		{"whole hours", func(l *Language) string { return l.Duration(120) }, "2 h", "2 u", "2 Std.", "2 h"},
		{"no length", func(l *Language) string { return l.Duration(0) + l.Duration(-5) }, "0 min0 min", "0 min0 min", "0 Min.0 Min.", "0 min0 min"},
	}
	for _, test := range cases {
		for tag, want := range map[string]string{"fr": test.fr, "nl": test.nl, "de": test.de, "en": test.en} {
			l, _ := c.Language(tag)
			if got := plain(test.write(l)); got != want {
				t.Errorf("%s, %s: got %q, want %q", test.name, tag, got, want)
			}
		}
	}
}

func TestSpans(t *testing.T) {
	c := load(t)
	start := brussels(t, 2027, 3, 18, 9, 30)
	cases := []struct {
		name           string
		from, to       time.Time
		fr, nl, de, en string
	}{
		{"one day", start, brussels(t, 2027, 3, 18, 16, 0), "jeudi 18 mars 2027, 9 h 30 – 16 h", "donderdag 18 maart 2027, 9.30 – 16 uur", "Donnerstag, 18. März 2027, 9.30 – 16 Uhr", "Thursday 18 March 2027, 9:30 – 16:00"},
		{"an end in another zone", start, brussels(t, 2027, 3, 18, 16, 0).UTC(), "jeudi 18 mars 2027, 9 h 30 – 16 h", "donderdag 18 maart 2027, 9.30 – 16 uur", "Donnerstag, 18. März 2027, 9.30 – 16 Uhr", "Thursday 18 March 2027, 9:30 – 16:00"},
		{"until midnight", start, brussels(t, 2027, 3, 19, 0, 0), "jeudi 18 mars 2027, 9 h 30 – 0 h", "donderdag 18 maart 2027, 9.30 – 0 uur", "Donnerstag, 18. März 2027, 9.30 – 0 Uhr", "Thursday 18 March 2027, 9:30 – 0:00"},
		{"into another month", brussels(t, 2027, 3, 31, 9, 0), brussels(t, 2027, 4, 1, 12, 0), "mercredi 31 mars, 9 h – jeudi 1er avril 2027, 12 h", "woensdag 31 maart, 9 uur – donderdag 1 april 2027, 12 uur", "Mittwoch, 31. März, 9 Uhr – Donnerstag, 1. April 2027, 12 Uhr", "Wednesday 31 March, 9:00 – Thursday 1 April 2027, 12:00"},
		{"into another year", brussels(t, 2027, 12, 31, 22, 0), brussels(t, 2028, 1, 1, 1, 0), "vendredi 31 décembre 2027, 22 h – samedi 1er janvier 2028, 1 h", "vrijdag 31 december 2027, 22 uur – zaterdag 1 januari 2028, 1 uur", "Freitag, 31. Dezember 2027, 22 Uhr – Samstag, 1. Januar 2028, 1 Uhr", "Friday 31 December 2027, 22:00 – Saturday 1 January 2028, 1:00"},
		{"no length", start, start, "jeudi 18 mars 2027, 9 h 30", "donderdag 18 maart 2027, 9.30 uur", "Donnerstag, 18. März 2027, 9.30 Uhr", "Thursday 18 March 2027, 9:30"},
	}
	for _, test := range cases {
		for tag, want := range map[string]string{"fr": test.fr, "nl": test.nl, "de": test.de, "en": test.en} {
			l, _ := c.Language(tag)
			if got := plain(l.Span(test.from, test.to)); got != want {
				t.Errorf("%s, %s: got %q, want %q", test.name, tag, got, want)
			}
		}
	}
}

func TestDaysAreCountedByTheCalendar(t *testing.T) {
	c := load(t)
	now := brussels(t, 2027, 3, 9, 23, 59)
	cases := []struct {
		then           time.Time
		fr, nl, de, en string
	}{
		{now.Add(-23 * time.Hour), "aujourd’hui", "vandaag", "heute", "today"},
		{now.Add(2 * time.Minute), "demain", "morgen", "morgen", "tomorrow"},
		{brussels(t, 2027, 3, 8, 0, 0), "hier", "gisteren", "gestern", "yesterday"},
		{brussels(t, 2027, 3, 18, 9, 30), "dans 9 jours", "over 9 dagen", "in 9 Tagen", "in 9 days"},
		{brussels(t, 2027, 2, 28, 9, 30), "il y a 9 jours", "9 dagen geleden", "vor 9 Tagen", "9 days ago"},
		{brussels(t, 2027, 3, 30, 0, 0), "dans 3 semaines", "over 3 weken", "in 3 Wochen", "in 3 weeks"}, // over the change to summer time
		{brussels(t, 2027, 2, 7, 0, 0), "il y a 4 semaines", "4 weken geleden", "vor 4 Wochen", "4 weeks ago"},
		{brussels(t, 2027, 7, 9, 0, 0), "dans 4 mois", "over 4 maanden", "in 4 Monaten", "in 4 months"},
		{brussels(t, 2026, 12, 9, 0, 0), "il y a 3 mois", "3 maanden geleden", "vor 3 Monaten", "3 months ago"},
		{brussels(t, 2030, 3, 10, 0, 0), "dans 3 ans", "over 3 jaar", "in 3 Jahren", "in 3 years"},
		{brussels(t, 2024, 3, 1, 0, 0), "il y a 3 ans", "3 jaar geleden", "vor 3 Jahren", "3 years ago"},
	}
	for _, test := range cases {
		for tag, want := range map[string]string{"fr": test.fr, "nl": test.nl, "de": test.de, "en": test.en} {
			l, _ := c.Language(tag)
			if got := l.When(test.then, now.UTC()); plain(got) != want {
				t.Errorf("%s, %s: got %q, want %q", test.then, tag, got, want)
			}
		}
	}
}

// plain shows the no-break spaces as spaces.
func plain(s string) string { return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s) }
