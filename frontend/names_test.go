package frontend

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An icon or file misspelt in a page would only be an empty place on it.
func TestIconsAndFilesNamedInPagesExist(t *testing.T) {
	assets := loaded(t)
	sprite, _ := assets.File(assets.URL("icons.svg"))
	icon := regexp.MustCompile(`Icon\(p, "([a-z0-9]+)"\)|Icon: +"([a-z0-9]+)"`)
	file := regexp.MustCompile(`(?:Asset|URL)\("([a-z]+[a-z0-9/.-]+\.[a-z0-9]+)"\)`)
	found := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		ours := strings.HasSuffix(path, ".templ") || strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
		if err != nil || entry.IsDir() || !ours {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range icon.FindAllSubmatch(source, -1) {
			found++
			if name := string(match[1]) + string(match[2]); !bytes.Contains(sprite.Body, []byte(`id="i-`+name+`"`)) {
				t.Errorf("%s shows the icon %q, which is not in the sprite", path, name)
			}
		}
		for _, match := range file.FindAllSubmatch(source, -1) {
			found++
			if _, ok := assets.File(assets.URL(string(match[1]))); !ok {
				t.Errorf("%s names the asset %s, which does not exist", path, match[1])
			}
		}
		return nil
	})
	if err != nil || found < 10 {
		t.Fatalf("looked at %d names: %v", found, err)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadAndCompressAll(b *testing.B) {
	for b.Loop() {
		assets, err := Load()
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range assets.Names() {
			file, _ := assets.File(assets.URL(name))
			file.Gzip()
		}
	}
}
