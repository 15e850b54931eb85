package search_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"belfry/server/search"
	"belfry/store"
	"belfry/store/storetest"
)

// fill indexes so many posts, twenty to a thread, as the follower does: five hundred at once.
func fill(b *testing.B, index *search.Index, l *storetest.Lexicon, posts int, now time.Time) {
	b.Helper()
	for at := 0; at < posts; {
		var wanted []store.Stale
		found := map[store.Stale]store.SearchDocument{}
		for ; len(wanted) < 500 && at < posts; at++ {
			one := store.Stale{Kind: "post", ID: fmt.Sprintf("%08d/%08d", at/20, at%20+1)}
			d := store.SearchDocument{Kind: "post", Lang: []string{"fr", "nl", "de", "en"}[at/20%4], Category: strconv.Itoa(at / 20 % 12), Town: strconv.Itoa(at % 40),
				Person: strconv.Itoa(at % 500), At: now.Add(-time.Duration(posts-at) * 20 * time.Minute), Text: l.Text(50), Question: at/20%3 == 0, Solved: at/20%6 == 0, Answer: at%120 == 4}
			if at%20 == 0 {
				d.Kind, d.Title, d.Number = "thread", l.Text(7), "#"+strconv.Itoa(at/20)
			}
			wanted = append(wanted, one)
			found[one] = d
		}
		if err := index.Put(b.Context(), wanted, found); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch indexes BELFRY_SEARCH_POSTS posts (100,000 unless told) and asks 400 queries of all kinds. The goals:
// 100,000 posts in two minutes; the slowest twentieth of the queries within 50 ms, with a million posts too.
func BenchmarkSearch(b *testing.B) {
	posts := 100_000
	if told, err := strconv.Atoi(os.Getenv("BELFRY_SEARCH_POSTS")); err == nil {
		posts = told
	}
	folder := filepath.Join(b.TempDir(), "search")
	index, err := search.Open(folder)
	if err != nil {
		b.Fatal(err)
	}
	defer index.Close()
	l, now := storetest.NewLexicon(), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	begun := time.Now()
	fill(b, index, l, posts, now)
	indexed := time.Since(begun)
	shapes := map[string]func() search.Query{
		"common":  func() search.Query { return search.Query{Words: l.Words[l.Dice.IntN(20)]} },
		"words":   func() search.Query { return search.Query{Words: l.Text(2)} },
		"rare":    func() search.Query { return search.Query{Words: l.Words[5_000+l.Dice.IntN(30_000)]} },
		"begin":   func() search.Query { return search.Query{Words: string([]rune(l.Text(1))[:4])} },
		"phrase":  func() search.Query { return search.Query{Words: `"` + strings.TrimSpace(l.Text(2)) + `"`} },
		"filter":  func() search.Query { return search.Query{Words: l.Text(1), Category: "3", Solved: "yes"} },
		"typo":    func() search.Query { return search.Query{Words: "zz" + l.Words[l.Dice.IntN(1000)]} },
		"hostile": func() search.Query { return search.Query{Words: strings.Repeat("com ", 50)} },
	}
	b.ResetTimer()
	for range b.N {
		var all []time.Duration
		for name, shape := range shapes {
			var took []time.Duration
			for range 50 {
				q := shape()
				q.Limit, q.Now, q.Without = 20, now, []string{"5"}
				start := time.Now()
				if _, err := index.Search(b.Context(), q); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[47].Microseconds())/1000, name+"-p95-ms")
			all = append(all, took...)
		}
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)*95/100].Microseconds())/1000, "p95-ms")
	}
	var size int64
	_ = filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
		if info, infoErr := entry.Info(); err == nil && infoErr == nil {
			size += info.Size()
		}
		return nil
	})
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	b.ReportMetric(indexed.Seconds(), "index-s")
	b.ReportMetric(float64(size)/(1<<20), "disk-MiB")
	b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MiB")
}
