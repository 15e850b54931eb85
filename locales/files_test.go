package locales

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

var (
	keyShape = regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)+$`)
	named    = regexp.MustCompile(`\{\{\.(\w+)\}\}`)
)

// entries reads one file the way the program does.
func entries(t *testing.T, tag string) map[string]*i18n.Message {
	t.Helper()
	file, err := files.ReadFile(tag + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	messages, err := parse(file)
	if err != nil {
		t.Fatalf("%s.toml: %v", tag, err)
	}
	all := make(map[string]*i18n.Message, len(messages))
	for _, m := range messages {
		all[m.ID] = m
	}
	return all
}

// lines are a file's keys in the order they are written.
func lines(t *testing.T, tag string) []string {
	t.Helper()
	file, err := files.ReadFile(tag + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for i, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		key, _, ok := strings.Cut(line, " = ")
		if !ok || !keyShape.MatchString(key) {
			t.Errorf("%s.toml:%d: not a dotted key and its text on one line: %.60s", tag, i+1, line)
			continue
		}
		keys = append(keys, key)
	}
	return keys
}

func forms(m *i18n.Message) []string { return []string{m.One, m.Many, m.Other} }

// names are the values a text wants, over all its forms.
func names(m *i18n.Message) []string {
	var all []string
	for _, form := range forms(m) {
		for _, found := range named.FindAllStringSubmatch(form, -1) {
			all = append(all, found[1])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	for _, tag := range Tags()[1:] {
		first, all := entries(t, Tags()[0]), entries(t, tag)
		for key, m := range first {
			other := all[key]
			switch {
			case other == nil:
				t.Errorf("%s.toml lacks %s", tag, key)
			case (m.One == "") != (other.One == ""):
				t.Errorf("%s has plural forms in one of fr.toml and %s.toml only", key, tag)
			case !slices.Equal(names(m), names(other)):
				t.Errorf("%s wants %v in fr.toml and %v in %s.toml", key, names(m), names(other), tag)
			}
		}
		for key := range all {
			if first[key] == nil {
				t.Errorf("fr.toml lacks %s, which %s.toml has", key, tag)
			}
		}
	}
}

func TestFilesAreSortedAndOneLineAKey(t *testing.T) {
	for _, tag := range Tags() {
		keys, all := lines(t, tag), entries(t, tag)
		for i := 1; i < len(keys); i++ {
			if keys[i-1] >= keys[i] {
				t.Errorf("%s.toml: %s does not belong after %s", tag, keys[i], keys[i-1])
			}
		}
		for _, key := range keys {
			for at, r := range key {
				if r == '.' && all[key[:at]] != nil {
					t.Errorf("%s.toml: %s is the beginning of %s", tag, key[:at], key)
				}
			}
		}
		if len(keys) != len(all) {
			t.Errorf("%s.toml: %d lines with a key, %d texts", tag, len(keys), len(all))
		}
	}
}

func TestPluralFormsAreThoseOfTheLanguage(t *testing.T) {
	for _, tag := range Tags() {
		for key, m := range entries(t, tag) {
			if m.One == "" {
				continue
			}
			if tag != "fr" && m.Many != m.Other {
				t.Errorf("%s.toml: %s: the language has no form \"many\"", tag, key)
			}
			if !strings.Contains(m.Other, "{{.N}}") {
				t.Errorf("%s.toml: %s: \"other\" does not say the number", tag, key)
			}
			if tag == "fr" && !strings.Contains(m.One, "{{.N}}") {
				t.Errorf("fr.toml: %s: \"one\" must say {{.N}}, it speaks of zero as well", key)
			}
		}
	}
}

// faults of typography, by language; "" is all of them.
var faults = map[string]map[string]*regexp.Regexp{
	"": {
		"a straight apostrophe or quotation mark": regexp.MustCompile(`['"]`),
		"three dots instead of an ellipsis":       regexp.MustCompile(`\.\.\.`),
		"space at an end or twice":                regexp.MustCompile(`^\s|\s$|[\s\x{00A0}\x{202F}]{2}`),
		"an exclamation mark":                     regexp.MustCompile(`!`),
	},
	"fr": {
		"no no-break space before high punctuation":             regexp.MustCompile(`[^\x{00A0}\x{202F}]([;?»]|:(\s|$))`),
		"no no-break space after «":                             regexp.MustCompile(`«[^\x{00A0}\x{202F}]`),
		"a median dot":                                          regexp.MustCompile(`\p{L}·\p{L}`),
		"a word that would have to be elided before some names": regexp.MustCompile(`(^|[^\p{L}])([Dd]e|[Qq]ue|[Jj]usque|[Ll]orsque|[Pp]uisque) \{\{\.(Town|Mentor|Learner|App|Name|From|To|Into|By|Address|Person|Role|Title|Host)\b`),
	},
	"nl": {"a space before punctuation": spaced},
	"de": {"a space before punctuation": spaced, "a gender star or colon": regexp.MustCompile(`\p{Ll}[*:_]in`), "a foreign quotation mark": regexp.MustCompile(`”|‘|’’`)},
	"en": {"a space before punctuation": spaced},
}

var spaced = regexp.MustCompile(`[\s\x{00A0}\x{202F}][:;?,.](\s|$)`)

func TestTextsAreTypesetAsTheLanguageAsks(t *testing.T) {
	for _, tag := range Tags() {
		for key, m := range entries(t, tag) {
			if strings.TrimSpace(m.Other) == "" {
				t.Errorf("%s.toml: %s is empty", tag, key)
			}
			for _, form := range forms(m) {
				for _, set := range []string{"", tag} {
					for fault, pattern := range faults[set] {
						if at := pattern.FindString(form); at != "" {
							t.Errorf("%s.toml: %s: %s, at %q", tag, key, fault, at)
						}
					}
				}
			}
		}
	}
}

// Arguments begin with a capital wherever a text is filled; one that does not would stay empty.
func TestArgumentsBeginWithACapital(t *testing.T) {
	for _, tag := range []string{"fr", "nl", "de", "en"} {
		for id, m := range entries(t, tag) {
			for _, name := range names(m) {
				if name[0] < 'A' || name[0] > 'Z' {
					t.Errorf("%s: %s: {{.%s}}", tag, id, name)
				}
			}
		}
	}
}

// TestABrokenFileNamesItsLine counts the lines that are read without TOML's reader too.
func TestABrokenFileNamesItsLine(t *testing.T) {
	_, err := parse([]byte("# texts\na.one = \"un\"\na.two = \"deux\"\na.three = \"trois\na.four = \"quatre\"\n"))
	if err == nil || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("%v, and line 4 is broken", err)
	}
}
