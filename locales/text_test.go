package locales

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// made is a language with the texts of a file.
func made(t *testing.T, tag, file string) *Language {
	t.Helper()
	l, err := build(tag, []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNumbersAsEachLanguageWritesThem(t *testing.T) {
	c := load(t)
	cases := []struct {
		name           string
		write          func(*Language) string
		fr, nl, de, en string
	}{
		{"small", func(l *Language) string { return l.Number(0) + " " + l.Number(-7) }, "0 -7", "0 -7", "0 -7", "0 -7"},
		{"thousands", func(l *Language) string { return l.Number(11568) }, "11 568", "11.568", "11.568", "11,568"},
		{"millions", func(l *Language) string { return l.Number(1_000_000) }, "1 000 000", "1.000.000", "1.000.000", "1,000,000"},
		{"below zero", func(l *Language) string { return l.Number(-11568) }, "-11 568", "-11.568", "-11.568", "-11,568"},
		{"comma", func(l *Language) string { return l.Decimal(-2.5, 1) + " " + l.Decimal(3, 2) }, "-2,5 3,00", "-2,5 3,00", "-2,5 3,00", "-2.5 3.00"},
		{"nearly nothing", func(l *Language) string { return l.Decimal(-0.01, 1) + " " + l.Percent(-0.000001) }, "0,0 0 %", "0,0 0 %", "0,0 0 %", "0.0 0%"},
		{"share", func(l *Language) string { return l.Percent(0.9994) + " " + l.Percent(0.5) }, "99,94 % 50 %", "99,94 % 50 %", "99,94 % 50 %", "99.94% 50%"},
		{"size", func(l *Language) string { return l.Bytes(340_000) + ", " + l.Bytes(0) + ", " + l.Bytes(1) }, "340 ko, 0 ko, 1 ko", "340 kB, 0 kB, 1 kB", "340 kB, 0 kB, 1 kB", "340 kB, 0 kB, 1 kB"},
		{"large sizes", func(l *Language) string { return l.Bytes(999_999) + ", " + l.Bytes(1_234_567_890) }, "1,0 Mo, 1,2 Go", "1,0 MB, 1,2 GB", "1,0 MB, 1,2 GB", "1.0 MB, 1.2 GB"},
		{"ordinal", func(l *Language) string { return l.Ordinal(1) + " " + l.Ordinal(128) }, "1re 128e", "1e 128e", "1. 128.", "1st 128th"},
		{"odd ordinals", func(l *Language) string {
			return l.Ordinal(11) + " " + l.Ordinal(22) + " " + l.Ordinal(113) + " " + l.Ordinal(3)
		}, "11e 22e 113e 3e", "11e 22e 113e 3e", "11. 22. 113. 3.", "11th 22nd 113th 3rd"},
		{"list", func(l *Language) string {
			return l.List(nil) + l.List([]string{"Ath"}) + "; " + l.List([]string{"Ath", "Mons"}) + "; " + l.List([]string{"Ath", "Mons", "Namur"})
		}, "Ath; Ath et Mons; Ath, Mons et Namur", "Ath; Ath en Mons; Ath, Mons en Namur", "Ath; Ath und Mons; Ath, Mons und Namur", "Ath; Ath and Mons; Ath, Mons and Namur"},
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

func TestPluralsFollowTheLanguage(t *testing.T) {
	file := `people = { one = "{{.N}} one", other = "{{.N}} other" }`
	for tag, wants := range map[string]map[int]string{
		"fr": {0: "0 one", 1: "1 one", 2: "2 other", -1: "-1 one", 1_000_000: "1 000 000 other"},
		"nl": {0: "0 other", 1: "1 one", 2: "2 other", -1: "-1 one", 1_000_000: "1.000.000 other"},
		"de": {0: "0 other", 1: "1 one", 1_000_000: "1.000.000 other"},
		"en": {0: "0 other", 1: "1 one", 21: "21 other", 1_000_000: "1,000,000 other"},
	} {
		l := made(t, tag, file)
		for n, want := range wants {
			if got := plain(l.N("people", n)); got != want {
				t.Errorf("%s, %d: got %q, want %q", tag, n, got, want)
			}
		}
	}
	l := made(t, "fr", `people = { one = "{{.N}} personne", many = "{{.N}} de personnes", other = "{{.N}} personnes" }`)
	if got := plain(l.N("people", 2_000_000)); got != "2 000 000 de personnes" {
		t.Errorf("French millions: got %q", got)
	}
}

func TestWhatPeopleTypeStaysWhatTheyTyped(t *testing.T) {
	l := made(t, "en", "hello = \"{{.Name}} from {{.Town}}\"\ncount = { one = \"{{.N}} in {{.Town}}\", other = \"{{.N}} in {{.Town}}\" }")
	hostile := `{{.Town}} {{printf "%s"}} <b>&amp;%d`
	if got, want := l.T("hello", "Name", hostile, "Town", "Ath"), hostile+" from Ath"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := l.N("count", 3, "Town", hostile, "N", "many"), "3 in "+hostile; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatIsMissingIsSeen(t *testing.T) {
	l := made(t, "en", "hello = \"{{.Name}}, {{.Count}}\"\nplain = \"text\"\ncount = { one = \"{{.N}}\", other = \"{{.N}}s\" }")
	for got, want := range map[string]string{
		l.T("no.such.key"):                      "⟦no.such.key⟧",
		l.N("no.number", 2):                     "⟦no.number⟧",
		l.T(""):                                 "⟦⟧",
		l.T("hello", "Count", 1200):             "⟦Name⟧, 1,200",
		l.T("hello", "Name", nil, 7, 8):         "<nil>, ⟦Count⟧",
		l.T("hello", "Count", int64(5), "Name"): "⟦Name⟧, 5",
		l.N("plain", 1):                         "text",
		l.T("plain", "Name", "unused"):          "text",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFilesThatCannotBeRightAreRefused(t *testing.T) {
	for _, file := range []string{`a.b = "{{.Name"`, `a.b = "{{Name}}"`, `a.b = "{{if .X}}"`, `a.b = "{{.A.B}}"`, `a.b = "{{.}}"`, `a.b = 3`, `a.b = ["x"]`, "a.b = \"x\"\na.b = \"y\"", `a.b = { one = "x" }`, `a.b = { one = "x", few = "y", other = "z" }`, `a.b = "x`} {
		if _, err := build("en", []byte(file)); err == nil {
			t.Errorf("%s was accepted", file)
		}
	}
	l := made(t, "en", "field.description = \"About\"\nfield.id = \"Number\"\nfield.other = \"Other\"")
	if got := l.T("field.description") + l.T("field.id") + l.T("field.other"); got != "AboutNumberOther" {
		t.Errorf("ordinary words as keys: got %q", got)
	}
}

func TestMatchPicksTheReadersLanguage(t *testing.T) {
	c := load(t)
	for accept, want := range map[string]string{
		"": "fr", "nl-BE,nl;q=0.9,en;q=0.8": "nl", "de-AT": "de", "en-GB,fr;q=0.5": "en", "it,es": "fr", "*": "fr",
		"lb, de;q=0.3": "de", "fr;q=0.1,nl;q=0.9": "nl", "en;q=0,nl;q=0.1": "nl", "it;q=0.9,de;q=0.1": "de",
		"nl-BE,xx_bad;q=0.2": "nl", "@@,nl": "nl", "de;q=high,en": "en", "\x00\xff": "fr", ",,,": "fr",
		strings.Repeat("x,", 5000): "fr", strings.Repeat("n", 5000): "fr", "nl," + strings.Repeat("a", 5000): "nl", strings.Repeat("it,", 100) + "nl": "fr",
	} {
		if got := c.Match(accept).Tag(); got != want {
			t.Errorf("%.30q: got %s, want %s", accept, got, want)
		}
	}
	if _, ok := c.Language("fr-BE"); ok {
		t.Error("fr-BE was found by exact tag")
	}
	for i, l := range c.Languages() {
		if found, ok := c.Language(Tags()[i]); !ok || found != l || l.Name() == "" {
			t.Errorf("%s is not the language of its place", l.Tag())
		}
	}
}

func TestManyReadAtOnce(t *testing.T) {
	c := load(t)
	when := time.Date(2027, 3, 18, 9, 30, 0, 0, time.UTC)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 50 {
				for _, l := range c.Languages() {
					if l.N("date.in_days", i) == "" || l.T("error_page.eyebrow", "Status", 404) == "" || l.Number(i*100_000) == "" || l.Span(when, when.Add(time.Hour)) == "" {
						t.Error("nothing was written")
					}
				}
				c.Match("nl-BE,en;q=0.5")
			}
		})
	}
	all.Wait()
}

func BenchmarkTexts(b *testing.B) {
	c, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	l, _ := c.Language("fr")
	for name, text := range map[string]func() string{
		"plain":  func() string { return l.T("nav.home") },
		"filled": func() string { return l.T("error_page.eyebrow", "Status", "404") },
		"plural": func() string { return l.N("date.in_days", 12) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				text()
			}
		})
	}
}
