package store_test

import (
	"fmt"
	"strings"
	"testing"

	"belfry/store"
)

func TestNotation(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"!D La sortie attend la traduction", "decision 1 [La sortie attend la traduction]"},
		{"!D La sortie attend\n   la traduction.\n   vote: 24 / 0 / 2", "decision 1 [La sortie attend la traduction.] vote 24/0/2"},
		{"Texte.\n\n!A Tester l’import\n   @elise.delvaux  pour: 15/03", "action 3 [Tester l’import] @elise.delvaux 2026-03-15"},
		{"!A Tester\n   commune : La Louvière  échéance : 2027-01-31", "action 1 [Tester] (La Louvière) 2027-01-31"},
		{"!A Seneffe, @elise.delvaux, 2027-03-15: tester", "action 1 [tester] @elise.delvaux (Seneffe) 2027-03-15"},
		{"!A @elise.delvaux: tester", "action 1 [tester] @elise.delvaux"},
		{"!A Attention: tester", "action 1 [Attention: tester]"},
		{"!A 2026-12-31: tester", "action 1 [tester] 2026-12-31"},
		{"!D 2026-014 Le texte", "decision 1 #2026-014 [Le texte]"},
		{"!A A-2026-031 Seneffe, 15.3.2027: x", "action 1 #A-2026-031 [x] (Seneffe) 2027-03-15"},
		{"!A Testen\n\tgemeente: Sint-Truiden, tegen: 1.4.2026", "action 1 [Testen] (Sint-Truiden) 2026-04-01"},
		{"!A Relire à 10:30 avec bob@exemple.example", "action 1 [Relire à 10:30 avec bob@exemple.example]"},
		{"!R adopté avec modifications", "result 1 changed"},
		{"!R Zur Kenntnis genommen.", "result 1 noted"},
		{"!R peut-être", "result 1 ! notation.result"},
		{"!D", "decision 1 [] ! notation.empty"},
		{"!A x\n   pour: demain", "action 1 [x] ! notation.date"},
		{"!A x\n   pour: 31/02", "action 1 [x] ! notation.date"},
		{"!D x\n   vote: beaucoup", "decision 1 [x] ! notation.vote"},
		{"!D " + strings.Repeat("a", 301), "decision 1 [" + strings.Repeat("a", 301) + "] ! notation.too_long"},
		{"```\n!D code\n```\n~~~~\n!D code\n~~~\n!A code\n~~~~\n!R noted", "result 9 noted"},
		{"![image](x) et !D au milieu\n !D décalé\n!Décidé", ""},
		{"## 2. Un point\n!R noted", "result 2 noted {2. Un point}"},
		{"!A Tester\n   @elise.delvaux.\n   @otto", "action 1 [Tester] @otto ! notation.twice"},
		{"!A Tester\n   @elise.delvaux et Otto  pour: 15/03", "action 1 [Tester] @elise.delvaux 2026-03-15 ! notation.leftover"},
		{"!A Seneffe, 15/03: tester\n   pour: 16/03", "action 1 [tester] (Seneffe) 2026-03-16 ! notation.twice"},
		{"!A Tester avec @otto", "action 1 [Tester avec @otto] ! notation.inside"},
		{"!A Tester avec @otto\n   @elise.delvaux", "action 1 [Tester avec @otto] @elise.delvaux"},
		{"!A Tester pour: 15/03", "action 1 [Tester pour: 15/03] ! notation.inside"},
		{"!A Prévenir la commune : elle attend", "action 1 [Prévenir la commune : elle attend]"},
		{"!D Oui, vote: 24 / 0 / 2", "decision 1 [Oui, vote: 24 / 0 / 2] ! notation.inside"},
		{"!D On félicite @otto", "decision 1 [On félicite @otto]"},
		{"```dans la ligne``` puis\n!D Oui", "decision 2 [Oui]"},
		{strings.Repeat("!R noted\n", 2001) + "!R noted", strings.Repeat("result %d noted; ", 1999) + "result %d noted ! notation.too_many"},
		{"!A fin février\n   due: 29/02", "action 1 [fin février] 2028-02-29"},
	} {
		_, marks := store.Notation(c.source, "2026-03-04")
		var got []string
		for _, m := range marks {
			words := fmt.Sprint(m.Kind, " ", m.Line)
			if m.Number != "" {
				words += " #" + m.Number
			}
			if m.Kind != store.MarkResult {
				words += " [" + m.Title + "]"
			}
			if m.Handle != "" {
				words += " @" + m.Handle
			}
			if m.Place != "" {
				words += " (" + m.Place + ")"
			}
			if m.Due != "" {
				words += " " + m.Due
			}
			if m.Vote != (store.Vote{}) {
				words += fmt.Sprintf(" vote %d/%d/%d", m.Vote.For, m.Vote.Against, m.Vote.Abstain)
			}
			if m.Outcome != "" {
				words += " " + string(m.Outcome)
			}
			if m.Section != "" {
				words += " {" + m.Section + "}"
			}
			for _, p := range m.Problems {
				words += " ! " + p.Key
			}
			got = append(got, words)
		}
		if strings.Contains(c.want, "%d") {
			var lines []any
			for n := range strings.Count(c.want, "%d") {
				lines = append(lines, n+1)
			}
			c.want = fmt.Sprintf(c.want, lines...)
		}
		if all := strings.Join(got, "; "); all != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.source, all, c.want)
		}
	}
}

func TestNotationLeavesTheRestAsItIs(t *testing.T) {
	text, marks := store.Notation("Avant\n!D Un\n   suite\nAprès \ue0000\ue001\n!A Deux", "2026-03-04")
	if text != "Avant\n\n\ue0000\ue001\n\nAprès 0\n\n\ue0001\ue001\n" || len(marks) != 2 {
		t.Errorf("%q", text)
	}
	texts, at := store.SplitMarks("<p>a</p>\n<p>\ue0001\ue001</p>\n<p>b</p><p>\ue0000\ue001</p>")
	if fmt.Sprintf("%q %v", texts, at) != `["<p>a</p>\n" "\n<p>b</p>" ""] [1 0]` {
		t.Errorf("%q %v", texts, at)
	}
}

func FuzzNotation(f *testing.F) {
	f.Add("\xee\x80\ue001\x800") // taking a mark out makes another
	f.Add("!D x\n   vote: 1/2/3\n!A @a, 1/2: y\n```\n!R z")
	f.Fuzz(func(t *testing.T, source string) {
		text, marks := store.Notation(source, "2026-03-04")
		if strings.Count(text, "\ue000") != len(marks) {
			t.Errorf("%d places for %d blocks", strings.Count(text, "\ue000"), len(marks))
		}
		last := 0
		for _, m := range marks {
			if m.Line <= last || m.Lines < 1 || m.Line+m.Lines-1 > strings.Count(source, "\n")+1 {
				t.Errorf("block at line %d with %d lines, after %d", m.Line, m.Lines, last)
			}
			last = m.Line
		}
	})
}
