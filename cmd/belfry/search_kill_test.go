package main

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
)

// TestKilledWhileIndexing kills the server while twenty members write. What was acknowledged is found after the next
// start without anybody asking for it, and making the index anew while serving, or not, changes nothing.
func TestKilledWhileIndexing(t *testing.T) {
	const people = 20
	c := newCommunity(t, people, 0)
	kept, _, err := openStore(t.Context(), c.dir, change, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	shelf, err := kept.SaveCategory(t.Context(), store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	h := serve(t, c.dir, "--demo")
	tokens := c.tokens(h)
	written := 0
	for round := range rounds(2) {
		acknowledged := write(h, c, tokens, shelf.Slug, round)
		written += len(acknowledged)
		h = serve(t, c.dir, "--demo")
		for _, word := range acknowledged {
			h.finds(word)
		}
	}
	belfry(t, "check", "--rebuild-search", "--data", c.dir).ends(t, 0, "made anew")
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	belfry(t, "check", "--rebuild-search", "--data", c.dir).ends(t, 0, "made anew")
	sound(t, c.dir)
	t.Logf("TORTURE: T01 kill while threads are indexed | %d | %d threads acknowledged, all found | 0", rounds(2), written)
}

// write lets everybody open threads until sixty were acknowledged, kills the server then, and says which words they had.
func write(h *hub, c *community, tokens []string, shelf string, round int) (acknowledged []string) {
	h.t.Helper()
	var mu sync.Mutex // guards acknowledged
	var count atomic.Int64
	enough := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for member := range c.sessions {
		wg.Go(func() {
			for n := 0; ; n++ {
				word := fmt.Sprintf("mot%dx%dx%dx", round, member, n)
				status, page, err := h.post("/discussions/new", c.sessions[member], url.Values{"csrf": {tokens[member]}, "title": {"Fil " + word},
					"category": {shelf}, "source": {"Un texte."}, "once": {"once-" + word}})
				if err != nil {
					return // the power is gone
				}
				if status == 429 { // many rounds a minute: more than a person may write
					time.Sleep(time.Second)
					continue
				}
				if status != 303 {
					h.t.Errorf("status %d: %.300s", status, page)
					once.Do(func() { close(enough) })
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, word)
				mu.Unlock()
				if count.Add(1) >= 60 {
					once.Do(func() { close(enough) })
				}
			}
		})
	}
	<-enough
	h.kill()
	wg.Wait()
	return acknowledged
}

// finds asks until a word is found; the index follows by itself, a moment later.
func (h *hub) finds(word string) {
	h.t.Helper()
	for began := time.Now(); ; {
		status, page, err := h.get("/search.json?q="+word, "")
		if err != nil || status != 200 {
			h.t.Fatalf("%d %v %s", status, err, page)
		}
		if strings.Contains(page, word) {
			return
		}
		if time.Since(began) > patience {
			h.t.Fatalf("%s is not found: %s", word, h.log)
		}
	}
}
