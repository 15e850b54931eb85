package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"belfry/store"
)

// TestAMoveTellsOfDocumentsThatDoNotArrive takes a paper away, then damages it: the move fails and says which, and goes
// on when it is back.
func TestAMoveTellsOfDocumentsThatDoNotArrive(t *testing.T) {
	c := newCommunity(t, 1, 1)
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{})
	ok(t, err)
	paper := "%PDF-1.7\n" + strings.Repeat("papier ", 10_000)
	ok(t, hub.AddDocument(t.Context(), store.System(), c.meetings[0].ID, store.DocumentInput{Lang: "fr"},
		&store.Upload{Name: "note.pdf", Body: strings.NewReader(paper)}))
	ok(t, hub.Close())
	kept, _ := filepath.Glob(filepath.Join(c.dir, "documents", "*", "*"))
	if len(kept) != 1 {
		t.Fatalf("kept %v", kept)
	}
	to := filepath.Join(t.TempDir(), "to")
	ok(t, os.Remove(kept[0]))
	belfry(t, "move", "--from", c.dir, "--to", to).ends(t, 1, "documents are missing or damaged", "is missing")
	ok(t, os.WriteFile(kept[0], []byte(paper[1:]), 0o600))
	belfry(t, "move", "--from", c.dir, "--to", to).ends(t, 1, "documents are missing or damaged", "is missing")
	ok(t, os.WriteFile(kept[0], []byte(paper), 0o600))
	belfry(t, "move", "--from", c.dir, "--to", to).ends(t, 0, "and 1 documents moved")
	sound(t, to)
}
