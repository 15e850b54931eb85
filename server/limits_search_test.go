//go:build bench

package server_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/browsertest"
	"belfry/server/search"
	"belfry/store"
	"belfry/store/storetest"
)

// searchRows ask the index of the large hub for words of every kind: how long it takes at most for 95 of a hundred.
func searchRows(t *testing.T, a *table) {
	_, many := sizes()
	folder, _, _ := grownFolder(t, many)
	hub := storetest.Grown(t, many, server.Renderer())
	shelves, err := hub.Categories(ctx, store.System())
	ok(t, err)
	ok(t, hub.Close())
	index, err := search.Open(filepath.Join(folder, "search"))
	ok(t, err)
	defer index.Close()
	l := storetest.NewLexicon()
	shapes := []struct {
		name string
		make func() search.Query
	}{
		{"a common word", func() search.Query { return search.Query{Words: l.Words[l.Dice.IntN(20)]} }},
		{"two words", func() search.Query { return search.Query{Words: l.Text(2)} }},
		{"a rare word", func() search.Query { return search.Query{Words: l.Words[5_000+l.Dice.IntN(30_000)]} }},
		{"the beginning of one", func() search.Query { return search.Query{Words: string([]rune(l.Text(1))[:4])} }},
		{"a phrase", func() search.Query { return search.Query{Words: `"` + strings.TrimSpace(l.Text(2)) + `"`} }},
		{"a category, solved", func() search.Query {
			return search.Query{Words: l.Text(1), Category: shelves[3].ID, Solved: "yes"}
		}},
		{"mistyped", func() search.Query { return search.Query{Words: "zz" + l.Words[l.Dice.IntN(1000)]} }},
		{"fifty beginnings", func() search.Query { return search.Query{Words: strings.Repeat("com ", 50)} }},
	}
	rows := make([]*row, len(shapes)+1)
	for i := range shapes {
		rows[i] = &row{name: fmt.Sprintf("search: %d posts, 95 %% within: %s", many, shapes[i].name), unit: "ms"}
	}
	rows[len(shapes)] = &row{name: fmt.Sprintf("search: %d posts, 95 %% of all within", many), unit: "ms", target: "50 ms"}
	const asked = 40
	for range rounds() {
		var all []time.Duration
		p95 := func(r *row, took []time.Duration) {
			slices.Sort(took)
			r.ours = append(r.ours, pace{rate: float64(took[len(took)*95/100].Microseconds()) / 1000})
		}
		for i, shape := range shapes {
			var took []time.Duration
			for range asked {
				q := shape.make()
				q.Limit, q.Now, q.Without = 20, time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC), []string{shelves[5].ID}
				start := time.Now()
				_, err := index.Search(ctx, q)
				ok(t, err)
				took = append(took, time.Since(start))
			}
			all = append(all, took...)
			p95(rows[i], took)
		}
		p95(rows[len(shapes)], all)
	}
	a.rows = append(a.rows, rows...)
}

// visitRows measure what a first visit weighs, in a browser.
func visitRows(t *testing.T, a *table) {
	v := newVillage(t)
	for name, path := range map[string]string{"home": "/", "meeting": "/meetings/" + v.next(t).Slug, "thread of 50 posts": threadOf50(t, v)} {
		tab := browsertest.New(t)
		tab.Language("fr")
		tab.Open(v.address + path)
		cost := tab.Transfer()
		a.figure(fmt.Sprintf("first visit: %s, in %d requests", name, cost.Requests), "60 KiB, 8 requests", "KiB", float64(cost.Bytes)/1024)
	}
}
