package store

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestMerge(t *testing.T) {
	const base = "Début\n## 1. Un\nun\n## 2. Deux\ndeux\n## 3. Trois\ntrois"
	for _, c := range []struct{ name, theirs, mine, want, clash string }{
		{"different sections", strings.Replace(base, "un\n", "UN\n", 1), strings.Replace(base, "trois", "TROIS", 1), "Début\n## 1. Un\nUN\n## 2. Deux\ndeux\n## 3. Trois\nTROIS", ""},
		{"the same section", strings.Replace(base, "deux", "A", 1), strings.Replace(base, "deux", "B", 1), "", "2. Deux"},
		{"the same change", strings.Replace(base, "deux", "A", 1), strings.Replace(base, "deux", "A", 1), strings.Replace(base, "deux", "A", 1), ""},
		{"a section added by each", base + "\n## 4. Quatre\nx", strings.Replace(base, "## 2.", "## 1b. Bis\ny\n## 2.", 1), "Début\n## 1. Un\nun\n## 1b. Bis\ny\n## 2. Deux\ndeux\n## 3. Trois\ntrois\n## 4. Quatre\nx", ""},
		{"one takes out, the other leaves", strings.Replace(base, "## 2. Deux\ndeux\n", "", 1), strings.Replace(base, "un\n", "UN\n", 1), "Début\n## 1. Un\nUN\n## 3. Trois\ntrois", ""},
		{"one takes out, the other changes", strings.Replace(base, "## 2. Deux\ndeux\n", "", 1), strings.Replace(base, "deux", "B", 1), "", "2. Deux"},
		{"a heading in code", strings.Replace(base, "un\n", "```\n## pas un titre\n```\n", 1), strings.Replace(base, "trois", "TROIS", 1), "Début\n## 1. Un\n```\n## pas un titre\n```\n## 2. Deux\ndeux\n## 3. Trois\nTROIS", ""},
		{"before the first heading", "Autre\n" + base, strings.Replace(base, "trois", "TROIS", 1), "Autre\nDébut\n## 1. Un\nun\n## 2. Deux\ndeux\n## 3. Trois\nTROIS", ""},
	} {
		got, clashes := merge(base, c.theirs, c.mine)
		clash := ""
		for _, one := range clashes {
			clash += one.Heading
		}
		if got != c.want || clash != c.clash {
			t.Errorf("%s: %q, clash %q", c.name, got, clash)
		}
	}
}

// TestMergeLosesNothing: a merge without a clash holds every section that either side wrote.
func TestMergeLosesNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	write := func(base []string, who string) []string {
		out := append([]string{}, base...)
		for i := range out {
			if rnd.IntN(4) == 0 {
				out[i] += " " + who
			}
		}
		if rnd.IntN(3) == 0 {
			out = append(out, "## new "+who+"\n"+who)
		}
		return out
	}
	clashed := 0
	for range 2000 {
		var base []string
		for i := range 1 + rnd.IntN(6) {
			base = append(base, "## "+string(rune('a'+i))+"\ntext")
		}
		a, b := write(base, "anna"), write(base, "bert")
		merged, clashes := merge(strings.Join(base, "\n"), strings.Join(a, "\n"), strings.Join(b, "\n"))
		if len(clashes) > 0 {
			clashed++
			continue
		}
		both := strings.Join(append(a, b...), "\n")
		for _, who := range []string{"anna", "bert"} {
			if strings.Count(merged, who) != strings.Count(both, who) {
				t.Fatalf("words of %s are lost in %q, from %q and %q", who, merged, a, b)
			}
		}
	}
	if clashed == 0 || clashed == 2000 {
		t.Errorf("%d clashes: the test tests nothing", clashed)
	}
}
