package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// listed is what go list says of one package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// packages lists every package of the repository.
func packages(t *testing.T) []listed {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for in := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := in.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// in says whether a package is one of the roots or below it; a root that ends in "." means that package alone.
func in(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		if alone, ok := strings.CutSuffix(root, "."); ok {
			return path == alone
		}
		return path == root || strings.HasPrefix(path, root+"/")
	})
}

// arrows are the rooms of the house and what each may import of ours: the first line that fits a package counts.
func arrows() [][]string {
	return [][]string{
		{"belfry/cmd", "belfry"},
		{"belfry/server/ical"},
		{"belfry/server/mail"},
		{"belfry/server/live"},
		{"belfry/server/sister"},
		{"belfry/server/browsertest"},
		{"belfry/server/vitals", "belfry/store/meter."},
		{"belfry/server", "belfry/server", "belfry/frontend", "belfry/locales", "belfry/store.", "belfry/store/gazetteer."},
		{"belfry/frontend/markdown"},
		{"belfry/frontend/difference"},
		{"belfry/frontend/townmap", "belfry/frontend/townmap."},
		{"belfry/frontend", "belfry/frontend", "belfry/locales", "belfry/store.", "belfry/store/gazetteer."},
		{"belfry/store/gazetteer", "belfry/store/gazetteer."},
		{"belfry/store/demo", "belfry/store.", "belfry/store/gazetteer."},
		{"belfry/store/storetest", "belfry/store"},
		{"belfry/store/meter"},
		{"belfry/store/kv.", "belfry/store/kv.", "belfry/store/meter."},
		{"belfry/store/kv", "belfry/store/kv.", "belfry/store/meter."},
		{"belfry/store/shelf"},
		{"belfry/store/publiccode"},
		{"belfry/store/codec"},
		{"belfry/store.", "belfry/store/kv.", "belfry/store/gazetteer.", "belfry/store/shelf.", "belfry/store/publiccode.", "belfry/store/codec."},
		{"belfry/locales"},
	}
}

func TestImportArrows(t *testing.T) {
	for _, p := range packages(t) {
		room := slices.IndexFunc(arrows(), func(line []string) bool { return in(p.ImportPath, line[0]) })
		if room < 0 {
			t.Errorf("%s is in no room of the house: say in arrows what it may import", p.ImportPath)
			continue
		}
		for _, to := range p.Imports {
			if in(to, "belfry") && !in(to, arrows()[room][1:]...) {
				t.Errorf("%s imports %s: that arrow points the wrong way", p.ImportPath, to)
			}
		}
	}
}

// owners are the libraries from outside and the only rooms that know each of them.
func owners() [][]string {
	return [][]string{
		{"github.com/BurntSushi/toml", "belfry/locales"},
		{"github.com/a-h/templ", "belfry/frontend", "belfry/server."},
		{"github.com/alecthomas/chroma", "belfry/frontend/markdown"},
		{"github.com/alecthomas/kong", "belfry/cmd"},
		{"github.com/alexedwards/argon2id", "belfry/store."},
		{"github.com/andybalholm/brotli", "belfry/frontend.", "belfry/server."},
		{"github.com/blevesearch/bleve", "belfry/server/search"},
		{"github.com/chromedp", "belfry/server/browsertest"},
		{"github.com/emersion/go-ical", "belfry/server/ical"},
		{"github.com/gofiber/fiber", "belfry/server."},
		{"github.com/gabriel-vasile/mimetype", "belfry/store/shelf"},
		{"github.com/teambition/rrule-go", "belfry/server/sister"},
		{"github.com/sergi/go-diff", "belfry/frontend/difference"},
		{"github.com/google/uuid", "belfry/store."},
		{"github.com/gorilla/websocket", "belfry/server/live"},
		{"github.com/jackc/pgx", "belfry/store/kv/postgres"},
		{"github.com/klauspost/compress", "belfry/frontend.", "belfry/server."},
		{"github.com/microcosm-cc/bluemonday", "belfry/frontend/markdown"},
		{"github.com/nicksnyder/go-i18n", "belfry/locales"},
		{"github.com/valyala/fasthttp", "belfry/server."},
		{"github.com/wneessen/go-mail", "belfry/server/mail"},
		{"github.com/yuin/goldmark", "belfry/frontend/markdown"},
		{"go.yaml.in/yaml", "belfry/store/publiccode"},
		{"go.etcd.io/bbolt", "belfry/store/kv/bolt"},
		{"golang.org/x/crypto", "belfry/store", "belfry/server."},
		{"github.com/abadojack/whatlanggo", "belfry/frontend/markdown"},
		{"github.com/emersion/go-message", "belfry/server/archive"},
		{"golang.org/x/net", "belfry/server/archive", "belfry/server/mail", "belfry/frontend/markdown"},
		{"golang.org/x/sync", "belfry"},
		{"golang.org/x/image", "belfry/store/shelf"},
		{"golang.org/x/sys", "belfry/store/kv/bolt", "belfry/cmd"},
		{"golang.org/x/text", "belfry/locales", "belfry/store", "belfry/frontend", "belfry/server"},
	}
}

func TestLibrariesHaveOwners(t *testing.T) {
	for _, p := range packages(t) {
		for _, to := range p.Imports {
			if host, _, _ := strings.Cut(to, "/"); !strings.Contains(host, ".") {
				continue // Go's own, or ours
			}
			owner := slices.IndexFunc(owners(), func(line []string) bool { return in(to, line[0]) })
			if owner < 0 {
				t.Errorf("%s imports %s: say in owners which room may", p.ImportPath, to)
			} else if !in(p.ImportPath, owners()[owner][1:]...) {
				t.Errorf("%s imports %s, which only %v may", p.ImportPath, to, owners()[owner][1:])
			}
		}
	}
}

func TestTestSupportStaysInTests(t *testing.T) {
	support := []string{"belfry/server/browsertest", "belfry/store/storetest", "belfry/store/kv/kvtest", "belfry/store/kv/disktest", "belfry/store/kv/postgres/pgtest", "testing", "net/http/httptest"}
	for _, p := range packages(t) {
		if in(p.ImportPath, support...) {
			continue
		}
		for _, to := range p.Imports {
			if in(to, support...) {
				t.Errorf("%s imports %s outside its tests", p.ImportPath, to)
			}
		}
	}
}
