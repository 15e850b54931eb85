package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"belfry/store"
)

// A folder of files is taken into the catalogue; again it changes nothing; a spoilt file says its line and keeps the last
// good one.
func TestImportPubliccode(t *testing.T) {
	hub, _, err := openStore(t.Context(), filepath.Join(t.TempDir(), "data"), found, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	dir := t.TempDir()
	good, err := os.ReadFile("../../store/publiccode/testdata/v0.5.yml")
	if err != nil {
		t.Fatal(err)
	}
	older, err := os.ReadFile("../../store/publiccode/testdata/v0.2.yml")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(partly bool) string {
		all, err := importPubliccode(t.Context(), hub, dir, partly)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := (&importPubliccodeCommand{Lang: "en"}).say(&out, all); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	write("chiens/publiccode.yml", good)
	write("salles/publiccode.yaml", older)
	write("notes.txt", []byte("no file of ours"))
	write("spoilt.yml", []byte("publiccodeYmlVersion: \"0.5\"\nname: Atelier\nurl: nowhere\n"))
	first := run(false)
	for _, want := range []string{"chiens/publiccode.yml: new application /apps/registre-des-chiens", "spoilt.yml: refused", "Line 3, column 6: “nowhere”", "New applications: 2", "refused: 1"} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is missing in\n%s", want, first)
		}
	}
	if again := run(false); !strings.Contains(again, "unchanged: 2") {
		t.Error(again)
	}
	if partly := run(true); !strings.Contains(partly, "taken partly: 1") {
		t.Error(partly)
	}
	write("chiens/publiccode.yml", bytes.Replace(good, []byte("2026.1"), []byte("2026.2"), 1))
	if newer := run(false); !strings.Contains(newer, "updated: 1") {
		t.Error(newer)
	}
	write("chiens/publiccode.yml", bytes.Replace(good, []byte("developmentStatus: beta"), []byte("developmentStatus: done"), 1))
	if bad := run(false); !strings.Contains(bad, "Line 13, column 20: “done”") {
		t.Error(bad)
	}
	app, _, err := hub.AppBySlug(t.Context(), "registre-des-chiens")
	if err != nil || app.Software.Version != "2026.2" || app.File != 2 {
		t.Error(app, err)
	}
	if _, err := hub.Verify(t.Context(), func(f store.Fault) { t.Error(f) }); err != nil {
		t.Error(err)
	}
}
