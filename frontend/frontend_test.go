package frontend

import (
	"bytes"
	"io"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

func loaded(t *testing.T) *Assets {
	t.Helper()
	assets, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return assets
}

func TestEveryAssetIsFoundUnderItsHashedPath(t *testing.T) {
	assets := loaded(t)
	hashed := regexp.MustCompile(`^/static/.+\.[a-z2-7]{12}\.[a-z0-9]+$`)
	for _, name := range assets.Names() {
		at := assets.URL(name)
		if !hashed.MatchString(at) {
			t.Errorf("%s is served under %s, without a hash", name, at)
		}
		file, ok := assets.File(at)
		if !ok || len(file.Body) == 0 || file.Type == "" || !strings.HasPrefix(file.ETag, `"`) {
			t.Errorf("%s: nothing sendable under %s", name, at)
		}
	}
	for _, request := range []string{"/static/css/belfry.css", "/static/", "/static/../go.mod", ""} {
		if _, ok := assets.File(request); ok {
			t.Errorf("%q is found", request)
		}
	}
}

func TestReferencesBetweenAssetsAreHashed(t *testing.T) {
	assets := loaded(t)
	reference := regexp.MustCompile(`url\(([^)]*)\)|"(\.?/[^"]*\.js)"`)
	for _, name := range assets.Names() {
		if ext := path.Ext(name); ext != ".css" && ext != ".js" {
			continue
		}
		file, _ := assets.File(assets.URL(name))
		for _, found := range reference.FindAllStringSubmatch(string(file.Body), -1) {
			target := strings.Trim(found[1]+found[2], `"`)
			if _, ok := assets.File(target); !ok {
				t.Errorf("%s refers to %s, which is not served", name, target)
			}
		}
	}
}

func TestCompressedAssetsHoldTheSameBytes(t *testing.T) {
	assets := loaded(t)
	for _, name := range assets.Names() {
		file, _ := assets.File(assets.URL(name))
		if path.Ext(name) == ".woff2" {
			if file.Gzip() != nil || file.Brotli() != nil {
				t.Errorf("%s is compressed twice", name)
			}
			continue
		}
		if gz := file.Gzip(); gz != nil {
			reader, err := gzip.NewReader(bytes.NewReader(gz))
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(reader); err != nil || !bytes.Equal(body, file.Body) {
				t.Errorf("%s: gzip differs (%v)", name, err)
			}
		}
		if br := file.Brotli(); br != nil {
			if body, err := io.ReadAll(brotli.NewReader(bytes.NewReader(br))); err != nil || !bytes.Equal(body, file.Body) {
				t.Errorf("%s: brotli differs (%v)", name, err)
			}
		}
	}
}

// The numbers are those of the design system, section 13.
func TestAssetsKeepToTheirBudgets(t *testing.T) {
	assets := loaded(t)
	size := map[string]int{}
	for _, name := range assets.Names() {
		file, _ := assets.File(assets.URL(name))
		sent := file.Gzip()
		if sent == nil {
			sent = file.Body
		}
		kind := path.Ext(name)
		if base := path.Base(name); strings.HasPrefix(base, "chat") || strings.HasPrefix(base, "live") { // loaded in rooms, and in open pages after they are useful
			kind = "chat" + kind
		}
		size[kind] += len(sent)
		switch name { // what a room's page loads besides
		case "js/belfry.js", "js/swap.js", "js/toast.js", "js/town-search.js", "js/mention-list.js":
			size["chat.js"] += len(sent)
		}
	}
	size["chat.css"] += size[".css"]
	for ext, limit := range map[string]int{".css": 16 << 10, ".woff2": 20 << 10, ".js": 15 << 10, "chat.css": 18 << 10, "chat.js": 30 << 10} {
		t.Logf("%s: %d of %d bytes", ext, size[ext], limit)
		if size[ext] == 0 || size[ext] > limit {
			t.Errorf("%s weighs %d bytes, the limit is %d", ext, size[ext], limit)
		}
	}
}

func TestChangedContentChangesItsPathAndThatOfItsReaders(t *testing.T) {
	paths := func(font string) (string, string) {
		a, err := load(fstest.MapFS{
			"css/a.css":     {Data: []byte(`a { background: url("../fonts/f.woff2") }`)},
			"fonts/f.woff2": {Data: []byte(font)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return a.URL("css/a.css"), a.URL("fonts/f.woff2")
	}
	css, font := paths("one")
	css2, font2 := paths("two")
	if css == css2 || font == font2 {
		t.Errorf("paths stay %s and %s when the font changes", css, font)
	}
}

func TestLoadRefusesBrokenReferences(t *testing.T) {
	for what, files := range map[string]fstest.MapFS{
		"a missing image":   {"css/a.css": {Data: []byte(`a{background:url("../no.svg")}`)}},
		"a missing module":  {"js/a.js": {Data: []byte(`import "./no.js";`)}},
		"a circle":          {"js/a.js": {Data: []byte(`import "./b.js";`)}, "js/b.js": {Data: []byte(`import "./a.js";`)}},
		"an unknown format": {"a.exe": {Data: []byte("MZ")}},
	} {
		if _, err := load(files); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}

func TestShorteningKeepsTheMeaning(t *testing.T) {
	for in, want := range map[string]string{
		"a { color : red; }\n":                            "a{color :red}",
		"/* x */ .a :hover, .b > .c { m: 1px  2px; }":     ".a :hover,.b>.c{m:1px 2px}",
		"a { w: calc(100% - var(--s) * 2); }":             "a{w:calc(100% - var(--s) * 2)}",
		`a::after { content: "; } /* no */  "; }`:         `a::after{content:"; } /* no */  "}`,
		"@media (min-width: 60rem) { .a { b: c; } }":      "@media (min-width:60rem){.a{b:c}}",
		"@supports (color: light-dark(#000, #fff)) {a{}}": "@supports (color:light-dark(#000,#fff)){a{}}",
		`a { b: "it\"s  ok" }`:                            `a{b:"it\"s  ok"}`,
	} {
		if got := string(shortenCSS([]byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	module := "// what it is\nconst a = \"//x\"; // stays\n\n/* two\n lines */\n  b();\n"
	if got, want := string(shortenJS([]byte(module))), "const a = \"//x\"; // stays\nb();\n"; got != want {
		t.Errorf("module becomes %q, want %q", got, want)
	}
}
