package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"belfry/store"
)

// TestT07ScrubbingFindsBitRot flips one bit of a value in a copy of the file, then one of a paper: each is found and
// named, by the nightly reading too, and the hub that is whole is found whole.
func TestT07ScrubbingFindsBitRot(t *testing.T) {
	c := newCommunity(t, 3, 2)
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{})
	ok(t, err)
	ok(t, hub.AddDocument(t.Context(), store.System(), c.meetings[0].ID, store.DocumentInput{Lang: "fr"},
		&store.Upload{Name: "note.pdf", Body: strings.NewReader("%PDF-1.7\n" + strings.Repeat("papier ", 1000))}))
	ok(t, hub.Close())
	scrub := func(dir string) (scrubbed, string) {
		t.Helper()
		hub, db, err := openStore(t.Context(), dir, change, store.Options{})
		ok(t, err)
		defer hub.Close()
		var log bytes.Buffer
		s := &scrubber{hub: hub, db: db, log: slog.New(slog.NewTextHandler(&log, nil))}
		if err := s.scrub(t.Context()); err != nil {
			t.Error(err)
		}
		return s.result(), log.String()
	}
	if got, said := scrub(c.dir); got.Faults != 0 || got.Values < 50 || got.Documents != 1 || got.At.IsZero() {
		t.Errorf("a whole hub: %+v %s", got, said)
	}
	damaged := func(path func(dir string) string, word, rotten string) (scrubbed, string) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "copy")
		ok(t, os.CopyFS(dir, os.DirFS(c.dir)))
		whole, err := os.ReadFile(path(dir))
		ok(t, err)
		flipped := bytes.ReplaceAll(whole, []byte(word), []byte(rotten)) // everywhere: pages that are not in use any more hold it too
		if bytes.Equal(whole, flipped) {
			t.Fatalf("%q is not in %s", word, path(dir))
		}
		ok(t, os.WriteFile(path(dir), flipped, 0o600))
		return scrub(dir)
	}
	got, said := damaged(func(dir string) string { return filepath.Join(dir, "belfry.db") }, "Réunion 1", "Réunion 5")
	if got.Faults == 0 || !strings.Contains(said, "value") || !strings.Contains(said, "meeting/"+c.meetings[1].ID) || !strings.Contains(said, "checksum") {
		t.Errorf("a value: %+v %s", got, said)
	}
	got, said = damaged(func(dir string) string {
		all, _ := filepath.Glob(filepath.Join(dir, "documents", "*", "*"))
		return all[0]
	}, "PDF", "PDG")
	if got.Faults != 1 || !strings.Contains(said, "document") {
		t.Errorf("a paper: %+v %s", got, said)
	}
}
