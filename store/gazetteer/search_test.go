package gazetteer

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSearch(t *testing.T) {
	g := load1(t)
	for _, c := range []struct{ query, code string }{
		{"la louviere", "BE-58001"}, {"LA LOUVIÈRE", "BE-58001"}, {"La-Louvie\u0300re", "BE-58001"}, {"louvière", "BE-58001"},
		{"Luik", "BE-62063"}, {"Lüttich", "BE-62063"}, {"liege", "BE-62063"},
		{"Geldenaken", "BE-25048"}, {"Jodoigne", "BE-25048"}, {"jodogne", "BE-25048"},
		{"5060", "BE-92137"}, {"BE-56044", "BE-56044"}, {"be 56044", "BE-56044"}, {"be56044", "BE-56044"}, {"FR-2a004", "FR-2A004"},
		{"st gilles", "BE-21013"}, {"St-Gillis", "BE-21013"}, {"saint gilles", "BE-21013"}, {"sint gillis", "BE-21013"}, {"st. niklaas", "BE-46021"},
		{"st vith", "BE-63067"}, {"Sankt Vith", "BE-63067"}, {"ste ode", "BE-82038"},
		{"tournaai", "BE-57081"}, {"tuornai", "BE-57081"}, {"sambrevile", "BE-92137"}, {"sanbrevile", "BE-92137"}, {"Brussels", "BE-21004"}, {"Bruxeles", "BE-21004"},
		{"bruxe", "BE-21004"}, {"havre", "FR-76351"}, {"Antwerp", "BE-11002"}, {"Gand", "BE-44021"}, {"Louvain-la-Neuve", "BE-25121"}, {"louvain la neve", "BE-25121"},
		{"7500 Tournai", "BE-57081"}, {"Tournai (7500)", "BE-57081"}, {"saint nicolas 4420", "BE-62093"}, {"Paris 15", "FR-75056"},
		{"59000", "FR-59350"}, {"FR-59350", "FR-59350"}, {"l'abergement-clem", "FR-01001"}, {"coeuvres", "FR-02201"}, {"Œuilly", "FR-51410"},
		{"Mons", "BE-53053"}, {"bergen", "BE-53053"}, {"  namur\t", "BE-92094"},
	} {
		found := g.Search(c.query, 5)
		switch {
		case len(found) == 0:
			t.Errorf("%q found nothing", c.query)
		case found[0].Code != c.code:
			t.Errorf("%q found %s %s first, want %s", c.query, found[0].Code, found[0].Name, c.code)
		}
	}
}

// A name that other towns share, in another language or country, must at least be among the first three.
func TestEveryBelgianTownIsFoundByItsNames(t *testing.T) {
	g := load1(t)
	towns := 0
	for i := range g.towns {
		town := g.town(uint16(i))
		if town.Country != "BE" {
			continue
		}
		towns++
		for _, name := range []string{town.Name, town.NameFR, town.NameNL, town.NameDE} {
			if name == "" {
				continue
			}
			found := g.Search(name, 10)
			at := slices.IndexFunc(found, func(f Town) bool { return f.Code == town.Code })
			if at < 0 || at > 2 {
				t.Errorf("%s: %q is at place %d of its own search", town.Code, name, at+1)
			}
			for _, better := range found[:max(at, 0)] {
				if !sameName(better, name) {
					t.Errorf("%q finds %s before %s", name, better.Name, town.Name)
				}
			}
		}
		for _, postal := range town.PostalCodes {
			if !slices.ContainsFunc(g.Search(postal, maxResults), func(f Town) bool { return f.Code == town.Code }) {
				t.Errorf("%s is not found by %s", town.Name, postal)
			}
		}
	}
	if towns != 565 {
		t.Errorf("%d Belgian towns", towns)
	}
}

func sameName(town Town, name string) bool {
	want := string(fold(nil, name))
	return slices.ContainsFunc([]string{town.Name, town.NameFR, town.NameNL, town.NameDE}, func(n string) bool {
		return string(fold(nil, n)) == want
	})
}

// One letter left out, doubled, replaced or exchanged with the next still finds the larger Belgian towns.
func TestTypingMistakes(t *testing.T) {
	g := load1(t)
	tried, missed := 0, 0
	for i := range g.towns {
		town := g.town(uint16(i))
		if town.Country != "BE" || town.Population < 10000 || len(town.Name) < 7 || !isASCII(town.Name) {
			continue
		}
		for at := 1; at < len(town.Name)-1; at++ {
			n := town.Name
			for _, wrong := range []string{n[:at] + n[at+1:], n[:at] + n[at:at+1] + n[at:], n[:at] + "x" + n[at+1:], n[:at] + n[at+1:at+2] + n[at:at+1] + n[at+2:]} {
				tried++
				if !slices.ContainsFunc(g.Search(wrong, 5), func(f Town) bool { return f.Code == town.Code }) {
					missed++
				}
			}
		}
	}
	t.Logf("%d of %d wrong spellings did not find their town among the first five", missed, tried)
	if missed*50 > tried {
		t.Errorf("%d of %d wrong spellings did not find their town", missed, tried)
	}
}

func isASCII(s string) bool { return utf8.RuneCountInString(s) == len(s) }

func TestAsTyped(t *testing.T) {
	g := load1(t)
	for n := 3; n <= len("charleroi"); n++ {
		query := "charleroi"[:n]
		found := g.Search(query, 10)
		if !slices.ContainsFunc(found, func(f Town) bool { return f.Name == "Charleroi" }) {
			t.Errorf("%q does not find Charleroi", query)
		}
	}
}

func TestStrangeQueries(t *testing.T) {
	g := load1(t)
	for _, q := range []string{"", " ", "\x00", "\xff\xfe", "---", "'", "ΑΒΓ", "🙂", strings.Repeat("a", 10000), strings.Repeat("saint ", 2000), strings.Repeat("9", 150), strings.Repeat("é", 100), "\u0301"} {
		if found := g.Search(q, 10); len(found) > 0 && len(q) > 100 {
			t.Errorf("%.20q found %s", q, found[0].Name)
		}
	}
	for _, q := range []string{"", " ", "\x00", "\xff", "'-'"} {
		if found := g.Search(q, 10); len(found) != 0 {
			t.Errorf("%q found %s", q, found[0].Name)
		}
	}
	if len(g.Search("tournai\x00", 1)) != 1 {
		t.Error("a NUL after the name hides the town")
	}
	if g.Search("tournai", 0) != nil || g.Search("tournai", -5) != nil || len(g.Search("s", 1<<30)) != maxResults {
		t.Error("the limit is not kept")
	}
}

// checkAnswer holds for every query: no town twice, and a smaller limit gives the beginning of the same answer.
func checkAnswer(t *testing.T, g *Gazetteer, query string) {
	t.Helper()
	all := g.Search(query, 40)
	if len(all) > 40 {
		t.Fatalf("%q: %d towns", query, len(all))
	}
	seen := map[string]bool{}
	for _, town := range all {
		if seen[town.Code] {
			t.Fatalf("%q: %s twice", query, town.Code)
		}
		seen[town.Code] = true
	}
	for _, limit := range []int{1, 2, 5} {
		some := g.Search(query, limit)
		if len(some) != min(limit, len(all)) {
			t.Fatalf("%q: %d towns of at most %d, with a larger limit %d", query, len(some), limit, len(all))
		}
		for i := range some {
			if some[i].Code != all[i].Code {
				t.Fatalf("%q: place %d is %s or %s", query, i, some[i].Code, all[i].Code)
			}
		}
	}
}

func TestAnswersAgree(t *testing.T) {
	g := load1(t)
	for i := 0; i < len(g.towns); i += 331 {
		name := g.town(uint16(i)).Name
		for _, q := range []string{name, strings.ToUpper(name), name[:len(name)/2], name + "x", "x" + name, g.town(uint16(i)).PostalCodes[0][:3]} {
			checkAnswer(t, g, q)
		}
	}
}

// The method that counts in parallel must count what the definition counts.
func TestDifferences(t *testing.T) {
	g := load1(t)
	words := []string{"a", "ab", "ba", "tournai", "tuornai", "abcdef", "bacdfe"}
	for i := 0; i < len(g.index().keys); i += 97 {
		words = append(words, g.index().name(&g.index().keys[i]))
	}
	for i, query := range words {
		for _, name := range words[i:min(i+40, len(words))] {
			whole, start := newPattern(query).differences(name)
			wantWhole, wantStart := slowDifferences(query, name)
			if whole != wantWhole || start != wantStart {
				t.Fatalf("%q %q: %d and %d, want %d and %d", query, name, whole, start, wantWhole, wantStart)
			}
		}
	}
}

func slowDifferences(query, name string) (whole, beginning int) {
	d := make([][]int, len(query)+1)
	for i := range d {
		d[i] = make([]int, len(name)+1)
		d[i][0] = i
	}
	beginning = len(query)
	for j := 1; j <= len(name); j++ {
		d[0][j] = j
		for i := 1; i <= len(query); i++ {
			cost := 1
			if query[i-1] == name[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && query[i-1] == name[j-2] && query[i-2] == name[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
		beginning = min(beginning, d[len(query)][j])
	}
	return d[len(query)][len(name)], beginning
}

func FuzzSearch(f *testing.F) {
	g := load1(f)
	for _, q := range []string{"tournai", "st gilles", "5060", "BE-56044", "7500 tournai", "\xff\x00", "Œ", "st", "ste st ste", "saint", "4 4 4", "tuornaai"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) { checkAnswer(t, g, query) })
}
