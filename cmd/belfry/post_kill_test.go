package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
)

// TestKilledWhilePosting kills the server while 200 members write into a few threads: what was acknowledged is there, no
// count is wrong, and the search index catches up by itself.
func TestKilledWhilePosting(t *testing.T) {
	const people, talks = 200, 4
	c := newCommunity(t, people, 0)
	numbers := c.threads(t, talks)
	total := 0
	for round := range rounds(3) {
		h := serve(t, c.dir, "--demo")
		tokens := c.tokens(h)
		var count atomic.Int64
		said := make([][]string, people)
		enough := make(chan struct{})
		var once sync.Once
		var all sync.WaitGroup
		target := int64(100 + rand.IntN(300))
		for i := range people {
			all.Go(func() {
				for k := range 5 { // people may write twenty posts a minute
					text := fmt.Sprintf("parole%dx%dx%d", round, i, k)
					status, page, err := h.post(fmt.Sprintf("/t/%d/x/do/reply", numbers[(i+k)%talks]), c.sessions[i],
						url.Values{"csrf": {tokens[i]}, "source": {text}, "once": {text}})
					if err != nil {
						return // the power is gone
					}
					if status != 303 {
						t.Errorf("status %d: %.300s", status, page)
						return
					}
					said[i] = append(said[i], text)
					if count.Add(1) >= target {
						once.Do(func() { close(enough) })
					}
				}
			})
		}
		<-enough
		h.kill()
		all.Wait()
		sound(t, c.dir)
		kept := c.said(t, numbers)
		last := ""
		for i := range said {
			for _, text := range said[i] {
				if kept[text] != 1 {
					t.Errorf("round %d: %s was acknowledged, and is there %d times", round, text, kept[text])
				}
				last = text
				total++
			}
		}
		if t.Failed() {
			return
		}
		h = serve(t, c.dir, "--demo")
		found := false
		for deadline := time.Now().Add(patience); !found && time.Now().Before(deadline); {
			_, page, err := h.get("/search?q="+last, "")
			found = err == nil && strings.Contains(page, "<mark>"+last+"</mark>")
		}
		if !found {
			t.Errorf("round %d: %s is not found after the start", round, last)
		}
		if code := h.stop(); code != 0 {
			t.Errorf("exit code %d: %s", code, h.log)
		}
	}
	t.Logf("TORTURE: T01 kill while members post | %d | %d posts acknowledged | 0", rounds(3), total)
}

// threads opens threads to write into.
func (c *community) threads(t *testing.T, n int) []int {
	t.Helper()
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true})
	ok(t, err)
	defer hub.Close()
	shelf, err := hub.SaveCategory(t.Context(), store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	var numbers []int
	for i := range n {
		opened, err := hub.OpenThread(t.Context(), c.organiser, store.ThreadInput{Title: fmt.Sprint("Fil ", i), Category: shelf.Slug, PostInput: store.PostInput{Source: "Bonjour"}})
		ok(t, err)
		numbers = append(numbers, opened.Thread.Number)
	}
	return numbers
}

// said counts the posts of threads by their text.
func (c *community) said(t *testing.T, numbers []int) map[string]int {
	t.Helper()
	hub, _, err := openStore(t.Context(), c.dir, examine, store.Options{})
	ok(t, err)
	defer hub.Close()
	return posted(t, hub, numbers)
}

// posted is said of an opened store.
func posted(t *testing.T, hub *store.Store, numbers []int) map[string]int {
	t.Helper()
	kept := map[string]int{}
	for _, n := range numbers {
		for page := 1; ; page++ {
			p, err := hub.ThreadPage(t.Context(), store.Visitor(), n, page)
			ok(t, err)
			for _, row := range p.Posts {
				kept[row.Post.Source]++
			}
			if page == p.Pages {
				break
			}
		}
	}
	return kept
}

// TestImportThroughTheServer imports an archive while the hub is served, twice, and finds it.
func TestImportThroughTheServer(t *testing.T) {
	c := newCommunity(t, 1, 0)
	c.threads(t, 1)
	file := filepath.Join(t.TempDir(), "list.mbox")
	ok(t, os.WriteFile(file, []byte("From a at b  Tue Mar  3 10:00:00 2026\nFrom: Lena Exemple <lena@ville.example>\nMessage-ID: <1@ville.example>\nSubject: Vieux sujet\n\nUn mot introuvable ailleurs: quadrilobe.\n"), 0o600))
	belfry(t, "import", "mbox", file, "--category", "nowhere", "--data", c.dir).refused(t, "there is no category")
	h := serve(t, c.dir, "--demo")
	belfry(t, "import", "mbox", file, "--category", "entraide", "--data", c.dir, "--dry-run").ends(t, 0, "1 messages in 1 discussions: 0 posts are new")
	belfry(t, "import", "mbox", file, "--category", "entraide", "--data", c.dir).ends(t, 0, "1 posts are new, 0 were there already")
	belfry(t, "import", "mbox", file, "--category", "entraide", "--data", c.dir).ends(t, 0, "0 posts are new, 1 were there already")
	belfry(t, "check", "--rebuild-search", "--data", c.dir).ends(t, 0, "was made anew")
	if _, page, err := h.get("/search?q=quadrilobes", ""); err != nil || !strings.Contains(page, "Vieux sujet") {
		t.Errorf("the message is not found: %v", err)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	belfry(t, "import", "mbox", file, "--category", "entraide", "--data", c.dir, "--report", file+".txt").ends(t, 0, "1 were there already")
	if report, err := os.ReadFile(file + ".txt"); err != nil || !strings.Contains(string(report), "1 were there already") {
		t.Errorf("report: %s %v", report, err)
	}
	belfry(t, "check", "--rebuild-search", "--data", c.dir).ends(t, 0, "was made anew")
	sound(t, c.dir)
}
