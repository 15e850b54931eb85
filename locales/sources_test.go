package locales

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The ways a key is asked for. The first group is the key, or its beginning when something is added to it; the second is
// the plus sign.
var (
	textCall   = regexp.MustCompile(`\.T\(\s*"([^"\n]*)"(\s*\+)?`)
	countCall  = regexp.MustCompile(`\.N\(\s*"([^"\n]*)"(\s*\+)?`)
	keyField   = regexp.MustCompile(`\b(?:Key|taken|label):\s*"([a-z0-9_.]*\.[a-z0-9_.]*)"(\s*\+)?`)
	storeError = regexp.MustCompile(`\b(?:(?:denied|conflict)\(|(?:fail|invalid)\([^,()"]*(?:"[^"\n]*")?,|\.add\([^,()"]*(?:"[^"\n]*")?,)\s*"([a-z0-9_.]+)"(\s*\+)?`)

	literal   = regexp.MustCompile(`"([a-z0-9_.]*\.[a-z0-9_.]*)"`)
	valueName = regexp.MustCompile(`"([A-Z][A-Za-z]*)"\s*,`)
	comment   = regexp.MustCompile(`(?m)^[ \t]*//.*$`)
)

// source is a file of the program, comments blanked.
type source struct{ path, text string }

func (s source) line(at int) int { return strings.Count(s.text[:at], "\n") + 1 }

// sources are the .go and .templ files people write, without tests and without what templ generates.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != ".." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		wanted := strings.HasSuffix(name, ".templ") || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go")
		if !wanted {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		all = append(all, source{strings.TrimPrefix(filepath.ToSlash(path), "../"), comment.ReplaceAllString(string(content), "")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryKeyAskedForExists(t *testing.T) {
	texts := entries(t, Tags()[0])
	for _, s := range sources(t) {
		for _, pattern := range []*regexp.Regexp{textCall, countCall, keyField, storeError} {
			for _, at := range pattern.FindAllStringSubmatchIndex(s.text, -1) {
				key, joined := s.text[at[2]:at[3]], at[4] >= 0
				m := texts[key]
				switch {
				case joined && !anyBegins(texts, key):
					t.Errorf("%s:%d: no key begins with %s", s.path, s.line(at[2]), key)
				case joined:
				case m == nil:
					t.Errorf("%s:%d: %s is missing", s.path, s.line(at[2]), key)
				case pattern == countCall && m.One == "":
					t.Errorf("%s:%d: %s is asked for with a number but has no plural forms", s.path, s.line(at[2]), key)
				case pattern != countCall && m.One != "":
					t.Errorf("%s:%d: %s has plural forms, ask for it with a number", s.path, s.line(at[2]), key)
				}
			}
		}
	}
}

// A key may reach T through a parameter or a table. What begins as keys do, in a page, is one.
func TestWhatLooksLikeAKeyInAPageIsOne(t *testing.T) {
	texts := entries(t, Tags()[0])
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.path, "frontend/") {
			continue
		}
		for _, at := range literal.FindAllStringSubmatchIndex(s.text, -1) {
			key := s.text[at[2]:at[3]]
			area, _, _ := strings.Cut(key, ".")
			known := texts[key] != nil || anyBegins(texts, strings.TrimSuffix(key, ".")+".")
			if keyShape.MatchString(strings.TrimSuffix(key, ".")) && anyBegins(texts, area+".") && !known {
				t.Errorf("%s:%d: %s is missing", s.path, s.line(at[2]), key)
			}
		}
	}
}

// given are the names of values passed after a key, up to the bracket that closes the call or the literal around it.
// A list handed on with dots cannot be read here.
func given(rest string) (names []string, readable bool) {
	depth, end := 0, len(rest)
	for i, r := range rest {
		if strings.ContainsRune("([{", r) {
			depth++
		} else if strings.ContainsRune(")]}", r) {
			if depth--; depth < 0 {
				end = i
				break
			}
		}
	}
	for _, found := range valueName.FindAllStringSubmatch(rest[:end], -1) {
		names = append(names, found[1])
	}
	return names, !strings.Contains(rest[:end], "...")
}

func TestEveryValueATextWantsIsGiven(t *testing.T) {
	texts := entries(t, Tags()[0])
	for _, s := range sources(t) {
		for _, pattern := range []*regexp.Regexp{textCall, countCall, keyField, storeError} {
			for _, at := range pattern.FindAllStringSubmatchIndex(s.text, -1) {
				m := texts[s.text[at[2]:at[3]]]
				has, readable := given(s.text[at[3]:])
				if m == nil || !readable {
					continue
				}
				for _, want := range names(m) {
					if !slices.Contains(has, want) && (want != "N" || pattern != countCall) {
						t.Errorf("%s:%d: %s wants a value for %s", s.path, s.line(at[2]), m.ID, want)
					}
				}
			}
		}
	}
}

func anyBegins[V any](texts map[string]V, beginning string) bool {
	for key := range texts {
		if strings.HasPrefix(key, beginning) {
			return true
		}
	}
	return false
}

func TestEveryKeyIsUsed(t *testing.T) {
	used, beginnings, ends := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		for _, found := range literal.FindAllStringSubmatch(s.text, -1) {
			switch {
			case strings.HasSuffix(found[1], "."):
				beginnings[found[1]] = true
			case strings.HasPrefix(found[1], "."):
				ends[found[1]] = true
			default:
				used[found[1]] = true
			}
		}
	}
	var unused []string
	for key := range entries(t, Tags()[0]) {
		built := false
		for beginning := range beginnings {
			built = built || len(beginning) > 1 && strings.HasPrefix(key, beginning)
		}
		for end := range ends {
			start, ok := strings.CutSuffix(key, end)
			built = built || ok && used[start]
		}
		if !used[key] && !built {
			unused = append(unused, key)
		}
	}
	slices.Sort(unused)
	for _, key := range unused {
		t.Errorf("%s is used nowhere: take it out of the four files, or write it as one literal where it is used", key)
	}
}
