package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv/postgres/pgtest"
)

// share moves a community that newCommunity made to a database of its own.
func (c *community) share(t *testing.T) string {
	t.Helper()
	address := pgtest.Database(t)
	belfry(t, "move", "--from", c.dir, "--to", address).ends(t, 0, "every one compared")
	return address
}

// node serves a shared community; its folder is its own.
func node(t *testing.T, address string, more ...string) *hub {
	return serve(t, filepath.Join(t.TempDir(), "node"), append([]string{"--demo", "--store", address}, more...)...)
}

// TestCommandsOnADatabase goes through every command that opens a store, with a database in place of a folder.
func TestCommandsOnADatabase(t *testing.T) {
	c := newCommunity(t, 3, 2)
	kept, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true})
	ok(t, err)
	paper := "%PDF-1.7\n" + strings.Repeat("papier ", 400_000) // three parts
	ok(t, kept.AddDocument(t.Context(), store.System(), c.meetings[0].ID, store.DocumentInput{Lang: "fr"},
		&store.Upload{Name: "note.pdf", Body: strings.NewReader(paper)}))
	ok(t, kept.Close())
	address := c.share(t)
	belfry(t, "move", "--from", c.dir, "--to", address).refused(t, "there is something at", "nothing was changed")
	belfry(t, "check", "--store", address).ends(t, 0, "Nothing wrong", "1 documents")
	belfry(t, "check", "--store", address+"&search_path=elsewhere").refused(t, "there is no community at")
	belfry(t, "member", "create-admin", "--store", address, "--email", "a@exemple.example", "--name", "Ada").ends(t, 0, "/link/")

	one, two := node(t, address), node(t, address)
	for _, h := range []*hub{one, two} {
		if status, page, err := h.get("/meetings/"+c.meetings[0].Slug, c.sessions[0]); status != 200 || err != nil || !strings.Contains(page, "note.pdf") {
			t.Errorf("%d %v %.300s", status, err, page)
		}
	}
	belfry(t, "move", "--from", address, "--to", filepath.Join(t.TempDir(), "x")).refused(t, "2 nodes serve")
	file := filepath.Join(t.TempDir(), "backup.zip")
	belfry(t, "backup", "--store", address, file).ends(t, 0, "Backup written")
	belfry(t, "restore", "--store", address, file).refused(t, "there is something at")
	folder := filepath.Join(t.TempDir(), "restored")
	belfry(t, "restore", "--data", folder, file).ends(t, 0, "Restored to")
	belfry(t, "check", "--data", folder).ends(t, 0, "1 documents")
	other := pgtest.Database(t)
	belfry(t, "restore", "--store", other, file).ends(t, 0, "Restored to")
	belfry(t, "check", "--store", other).ends(t, 0, "1 documents")
	want := 0
	if code := one.stop(); code != want {
		t.Errorf("exit code %d: %s", code, one.log)
	}
	if code := two.stop(); code != want {
		t.Errorf("exit code %d: %s", code, two.log)
	}
	back := filepath.Join(t.TempDir(), "back")
	belfry(t, "move", "--from", address, "--to", back).ends(t, 0, "every one compared")
	sound(t, back)
	belfry(t, "check", "--data", back).ends(t, 0, "1 documents")
}

// TestWhatOneNodeStoresTheOthersShow answers on one node and looks at another: pages kept there are out of date at once,
// a session that is ended is ended everywhere, and search follows on each.
func TestWhatOneNodeStoresTheOthersShow(t *testing.T) {
	c := newCommunity(t, 3, 1)
	address := c.share(t)
	one, two := node(t, address), node(t, address)
	tokens := c.tokens(one)
	path := "/meetings/" + c.meetings[0].Slug
	for n := range 10 {
		note := fmt.Sprintf("essai-%d-", n)
		_, _, _ = two.get(path, c.sessions[1]) // so that it has something to keep
		status, page, err := one.post(path+"/rsvp", c.sessions[0], url.Values{"csrf": {tokens[0]}, "answer": {"online"}, "note": {note}})
		if status != 303 || err != nil {
			t.Fatalf("%d %v %.300s", status, err, page)
		}
		began := time.Now()
		for {
			_, page, _ := two.get(path, c.sessions[0])
			if strings.Contains(page, note) {
				break
			}
			if time.Since(began) > 5*time.Second {
				t.Fatalf("the other node does not show %s: %s", note, two.log)
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Logf("shown on the other node after %v", time.Since(began))
	}
}
