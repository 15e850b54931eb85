package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// PostsPerThread is how many posts a thread of a grown hub has.
const PostsPerThread = 20

// grownVersion is to grow when the records that Grown makes change.
const grownVersion = 1

// Grown opens a hub with so many posts, all made by the store's own intents: members of one town who write in threads of
// twelve categories over the years before the clock's now. Its letters are sent and its search index is up to date. With
// BELFRY_BENCH_DATA it is kept in that folder for the next time.
func Grown(t testing.TB, count int, renderer store.Renderer) *Hub {
	t.Helper()
	folder := os.Getenv("BELFRY_BENCH_DATA")
	if folder == "" {
		folder = t.TempDir()
	}
	h := &Hub{Clock: &Clock{now: grownNow()}, Path: filepath.Join(folder, fmt.Sprintf("posts-%d-%d.db", count, grownVersion))}
	if _, err := os.Stat(h.Path); err != nil {
		making := h.Path + ".making"
		_ = os.Remove(making)
		db := engineAt(t, making)
		grow(t, db, h.Clock, count)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(making, h.Path); err != nil {
			t.Fatal(err)
		}
		h.Clock.Set(grownNow())
	}
	h.DB = engineAt(t, h.Path)
	h.Store = Over(t, h.DB, h.Clock.Now, renderer)
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func grownNow() time.Time { return time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC) }

func engineAt(t testing.TB, path string) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// within is an engine whose transactions all run in one of another: thousands of intents in one commit. No intent may
// fail, because what it wrote would stay.
type within struct {
	kv.DB
	tx kv.Tx
}

func (w *within) View(ctx context.Context, fn func(kv.Reader) error) error {
	if w.tx == nil {
		return w.DB.View(ctx, fn)
	}
	return fn(w.tx)
}

func (w *within) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if w.tx == nil {
		return w.DB.Update(ctx, scope, fn)
	}
	return fn(w.tx)
}

// grow lets members write: a thread at a time, in the order of the clock.
func grow(t testing.TB, db kv.DB, clock *Clock, count int) {
	ctx := context.Background()
	w := &within{DB: db}
	h := &Hub{DB: w, Clock: clock}
	const apart = 2 * time.Minute
	clock.Set(grownNow().Add(-apart*time.Duration(count) - time.Hour))
	h.Store = Over(t, w, clock.Now, plain())
	members := h.Crowd(t, "exemple", "BE-92094", 200)
	var shelves []string
	for i := range 12 {
		c, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": fmt.Sprint("Sujet ", i)}})
		if err != nil {
			t.Fatal(err)
		}
		shelves = append(shelves, c.Slug)
	}
	dice := rand.New(rand.NewPCG(3, uint64(count)))
	words := strings.Fields("commune registre logiciel données séance conseil modèle fichier réponse question habitants version facture délai exemple essai carte école travaux voirie budget")
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(words[dice.IntN(len(words))])
			b.WriteByte(' ')
		}
		return b.String()
	}
	const inOneCommit = 100 // threads
	threads := count / PostsPerThread
	for done := 0; done < threads; {
		err := db.Update(ctx, "", func(tx kv.Tx) error {
			w.tx = tx
			defer func() { w.tx = nil }()
			for range min(inOneCommit, threads-done) {
				if err := h.growThread(ctx, members, dice, text, shelves[done%len(shelves)], apart); err != nil {
					return err
				}
				done++
			}
			return handled(tx)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (h *Hub) growThread(ctx context.Context, members []store.Member, dice *rand.Rand, text func(int) string, shelf string, apart time.Duration) error {
	by := func() store.Actor { return store.As(members[dice.IntN(len(members))].ID) }
	h.Clock.Add(apart)
	opened, err := h.OpenThread(ctx, by(), store.ThreadInput{Title: text(6), Category: shelf, Tags: text(1), Question: dice.IntN(3) == 0, PostInput: store.PostInput{Source: text(40), Lang: "fr"}})
	if err != nil {
		return err
	}
	for range PostsPerThread - 1 {
		h.Clock.Add(apart)
		if _, err := h.Reply(ctx, by(), opened.Thread.ID, store.PostInput{Source: text(10 + dice.IntN(40)), Lang: "fr"}); err != nil {
			return err
		}
	}
	return nil
}

// Handled does what workers do with what waits: it is taken away.
func (h *Hub) Handled(t testing.TB) {
	t.Helper()
	if err := h.DB.Update(context.Background(), "", handled); err != nil {
		t.Fatal(err)
	}
}

// handled takes away what workers take away once letters are written and the search index is up to date.
func handled(tx kv.Tx) error {
	for _, family := range []string{"event/", "stale/"} {
		for {
			found, err := tx.Scan(kv.Prefix([]byte(family)), 1000)
			if err != nil {
				return err
			}
			for _, p := range found {
				tx.Delete(p.Key)
			}
			if len(found) < 1000 {
				break
			}
		}
	}
	return nil
}
