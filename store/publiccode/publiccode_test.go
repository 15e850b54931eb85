package publiccode_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/store/publiccode"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// keys are what is wrong, or only noted, as "line key path".
func keys(problems []publiccode.Problem, notes bool) []string {
	var all []string
	for _, p := range problems {
		if p.Note == notes {
			all = append(all, strings.TrimPrefix(p.Key, "publiccode.")+" "+p.Path)
		}
	}
	return all
}

func TestEveryVersionIsRead(t *testing.T) {
	source := string(fixture(t, "v0.5.yml"))
	for _, version := range publiccode.Versions() {
		s, problems := publiccode.Read([]byte(strings.Replace(source, `"0.5"`, `"`+version+`"`, 1)))
		if !publiccode.Good(problems) || s.Name != "Registre des chiens" {
			t.Errorf("version %s: %q %v", version, s.Name, problems)
		}
	}
	s, problems := publiccode.Read(fixture(t, "v0.2.yml"))
	if !publiccode.Good(problems) {
		t.Fatal(problems)
	}
	if got := keys(problems, true); !slices.Equal(got, []string{"number softwareVersion", "old monochromeLogo", "old inputTypes", "old description/fr/genericName",
		"old description/nl/genericName", "old legal/repoOwner", "old it"}) {
		t.Errorf("noted: %q", got)
	}
	want := publiccode.Software{Name: "Registre des salles", Version: "1.10", Released: "2019-04-15"}
	if s.Name != want.Name || s.Version != want.Version || s.Released != want.Released || s.Organisation.Name != "Commune d’Exemple" ||
		!slices.Equal(s.Countries, []string{"BE", "FR"}) || !slices.Equal(s.Platforms, []string{"web"}) || len(s.BasedOn) != 1 || !s.LocalisationSet ||
		s.Description["nl"].Short != "Réserver les salles de la commune, et en remettre les clés." {
		t.Errorf("%+v", s)
	}
}

func TestWhatIsWrittenReadsTheSame(t *testing.T) {
	for _, name := range []string{"v0.2.yml", "v0.5.yml"} {
		first, _ := publiccode.Read(fixture(t, name))
		written, problems, err := publiccode.Write(first)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%s: %v %v\n%s", name, err, problems, written)
		}
		second, problems := publiccode.Read(written)
		if !publiccode.Good(problems) || !reflect.DeepEqual(first, second) {
			t.Errorf("%s:\n%+v\n%+v\n%s", name, first, second, written)
		}
		if !strings.HasPrefix(string(written), `publiccodeYmlVersion: "0.5"`) {
			t.Errorf("%s: is written as\n%.80s", name, written)
		}
	}
	_, problems, err := publiccode.Write(publiccode.Software{Name: "À demi"})
	if err != nil || publiccode.Good(problems) {
		t.Error("half a description is written as if it were whole", err)
	}
}

// Each fault is said at its line.
func TestFaultsAreSaidAtTheirLine(t *testing.T) {
	source := string(fixture(t, "v0.5.yml"))
	for _, one := range []struct {
		old, new, key, path string
		line, column        int
	}{
		{`"0.5"`, `0.5`, "version_type", "publiccodeYmlVersion", 1, 23},
		{`"0.5"`, `"2.4.0"`, "version", "publiccodeYmlVersion", 1, 23},
		{"name: Registre des chiens", "name:", "required", "name", 1, 1},
		{"name: Registre des chiens", "name: [a]", "want_text", "name", 2, 7},
		{"name: Registre des chiens", "name: yes\nname: no", "twice", "name", 3, 1},
		{"url: https", "url: gopher", "link", "url", 3, 6},
		{`"2026-01-15"`, "15/01/2026", "date", "releaseDate", 5, 14},
		{"[web, android]", "{web: 1}", "want_list", "platforms", 6, 12},
		{"developmentStatus: beta", "developmentStatus: production", "choice", "developmentStatus", 13, 20},
		{"de-BE:", "german_language!:", "language", "description/german_language!", 17, 3},
		{"Hunde der", strings.Repeat("Hunde ", 30) + "der", "too_long", "description/de-BE/shortDescription", 18, 23},
		{"(EUPL-1.2 OR", "(EUPL-1.2 ODER", "license", "legal/license", 30, 12},
		{"type: community", "type: commercial", "choice", "maintenance/type", 32, 9},
		{"team@exemple.example", "team at exemple", "email", "maintenance/contacts[0]/email", 35, 14},
		{"localisationReady: false", "localisationReady: nee", "want_yes_no", "localisation/localisationReady", 38, 22},
		{"[de]", "[deutsch-sprache-x]", "language", "localisation/availableLanguages[0]", 39, 24},
		{"x-note: une", "categories: [accounting, sorcery]\nx-note: une", "choice", "categories[1]", 15, 26},
		{"x-note: une", "\tx-note: une", "tab", "", 15, 1},
		{"x-note: une", "x-note: \"une", "syntax", "", 26, 1},
	} {
		changed := strings.Replace(source, one.old, one.new, 1)
		if changed == source {
			t.Fatalf("nothing to replace: %s", one.old)
		}
		s, problems := publiccode.Read([]byte(changed))
		found := slices.IndexFunc(problems, func(p publiccode.Problem) bool {
			return p.Key == "publiccode."+one.key && p.Path == one.path && !p.Note
		})
		if found < 0 {
			t.Errorf("%s: %s at %q is not said: %v", one.new, one.key, one.path, problems)
			continue
		}
		if p := problems[found]; p.Line != one.line || p.Column != one.column {
			t.Errorf("%s: said at %d:%d, want %d:%d", one.new, p.Line, p.Column, one.line, one.column)
		}
		if one.path != "" && s.URL == "" && one.path != "url" {
			t.Errorf("%s: the rest of the file is lost", one.new)
		}
	}
}

// What wants to cost much is refused before it does.
func TestHostileFilesCostNothing(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 8) + "*" + string(c-1) + "]\n"
	}
	for name, source := range map[string]string{
		"aliases":         bomb + "platforms: *k\nisBasedOn: *k\nfundedBy: *k\n",
		"own alias":       "description: &d\n  fr: *d\n",
		"deep lists":      "platforms: " + strings.Repeat("[", 90_000),
		"deep blocks":     "description: " + strings.Repeat("{a: ", 40_000),
		"deep quotes":     strings.Repeat("> ", 90_000),
		"many keys":       strings.Repeat("a: 1\n", 39_000),
		"too large":       strings.Repeat("x", publiccode.MaxFile+1),
		"other encoding":  "name: Caf\xe9\n",
		"no text":         "",
		"only a word":     "bonjour",
		"two documents":   "name: a\n---\nname: b\n",
		"anchors":         strings.Repeat("- &a\n", 30_000),
		"merge":           "<<: &x {name: a}\n",
		"binary":          "name: !!binary aGVsbG8=\n",
		"unknown tag":     "name: !python/object:os.system x\n",
		"control signs":   "name: \"a\\0b\\u202Ec\\e\"\n",
		"a list of nulls": "contacts: [~, ~]\nmaintenance: {contacts: [~], type: ~}\n",
	} {
		start := time.Now()
		s, problems := publiccode.Read([]byte(source))
		if publiccode.Good(problems) {
			t.Errorf("%s: taken for a good file", name)
		}
		if took := time.Since(start); took > time.Minute { // the square of what is there would take longer, on any machine
			t.Errorf("%s: took %s", name, took)
		}
		if regexp.MustCompile(`[\x00-\x1f\x{202e}]`).MatchString(s.Name) {
			t.Errorf("%s: name %q", name, s.Name)
		}
		if len(problems) > 60_000 {
			t.Errorf("%s: %d problems", name, len(problems))
		}
	}
}

func TestTheLanguageOfAReader(t *testing.T) {
	s := publiccode.Software{Description: map[string]publiccode.Description{"it-IT": {Short: "it"}, "nl-BE": {Short: "nl"}, "en": {Short: "en"}}}
	for wanted, lang := range map[string]string{"nl": "nl-BE", "fr": "en", "en": "en", "it": "it-IT"} {
		if d, got := s.In(wanted); got != lang || d.Short != lang[:2] {
			t.Errorf("%s: %s %q", wanted, got, d.Short)
		}
	}
	delete(s.Description, "en")
	if _, got := s.In("fr"); got != "it-IT" {
		t.Error(got)
	}
	if _, got := (publiccode.Software{}).In("fr"); got != "" {
		t.Error(got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fixture(f, "v0.2.yml"))
	f.Add(fixture(f, "v0.5.yml"))
	f.Fuzz(func(t *testing.T, source []byte) {
		s, problems := publiccode.Read(source)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 {
				t.Fatalf("%v has no place", p)
			}
		}
		if !publiccode.Good(problems) {
			return
		}
		written, again, err := publiccode.Write(s)
		if err != nil || len(again) > 0 {
			t.Fatalf("a good file is written badly: %v %v\n%s", err, again, written)
		}
		if second, _ := publiccode.Read(written); !reflect.DeepEqual(s, second) {
			t.Fatalf("%+v\n%+v\n%s", s, second, written)
		}
	})
}

// Files with a few letters changed, lost or added are read without a fault of ours, and a good one is written as it was read.
func TestMangledFilesAreRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	signs := "&*:-[]{}!|>\"'#\n ~"
	for _, name := range []string{"v0.2.yml", "v0.5.yml"} {
		source := fixture(t, name)
		for range 1500 {
			b := slices.Clone(source)
			for range 1 + r.IntN(4) {
				at := r.IntN(len(b) - 20)
				switch r.IntN(3) {
				case 0:
					b[at] = byte(r.IntN(256))
				case 1:
					b = slices.Delete(b, at, at+r.IntN(19))
				case 2:
					b = slices.Insert(b, at, signs[r.IntN(len(signs))])
				}
			}
			s, problems := publiccode.Read(b)
			if !publiccode.Good(problems) {
				continue
			}
			written, again, err := publiccode.Write(s)
			if second, _ := publiccode.Read(written); err != nil || len(again) > 0 || !reflect.DeepEqual(s, second) {
				t.Fatalf("%v %v\n%s\n%s", err, again, b, written)
			}
		}
	}
}
