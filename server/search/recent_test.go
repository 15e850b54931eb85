package search_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"belfry/server/search"
	"belfry/store"
)

// In a large index a word that is everywhere is looked for among what is recent; a rare one, a filter, an interval reach
// everything.
func TestWhatIsEverywhereIsLookedForAmongTheRecent(t *testing.T) {
	index, err := search.Open(filepath.Join(t.TempDir(), "search"))
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	index.Recency(200, 100, 40, 8)
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	var wanted []store.Stale
	found := map[store.Stale]store.SearchDocument{}
	put := func(kind, id, text string, at time.Time) {
		one := store.Stale{Kind: kind, ID: id}
		wanted = append(wanted, one)
		found[one] = store.SearchDocument{Kind: kind, Lang: "fr", Text: text, At: at}
	}
	for i := range 400 { // ten a month, the newest first
		text := "le conseil parle de fontaines"
		if i%100 == 99 {
			text += " et de girouettes"
		}
		if i%4 == 1 {
			text += " sur la grande place"
		}
		put("post", fmt.Sprintf("%03d", i), text, now.AddDate(0, -i/10, 0))
	}
	put("town", "fontaines", "Une commune aux fontaines", time.Time{})
	if err := index.Put(t.Context(), wanted, found); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q      search.Query
		total  int
		recent bool
	}{
		{search.Query{Words: "fontaines"}, 100, true}, // ninety-nine of the newest, and what has no time
		{search.Query{Words: "fontaines conseil"}, 99, true},
		{search.Query{Words: "girouettes"}, 4, false},
		{search.Query{Words: "grande place"}, 100, false},
		{search.Query{Words: `"grande place"`}, 25, true}, // fewer are enough of a phrase, which takes longer
		{search.Query{Words: `"de girouettes"`}, 4, false},
		{search.Query{Words: "fontaines", To: now.AddDate(0, -20, 0)}, 190, false},
		{search.Query{Words: "fontaines", Kind: "town"}, 1, false},
		{search.Query{Words: "zéphyr"}, 0, false},
	} {
		c.q.Limit, c.q.Now, c.q.Members = 20, now, true
		got, err := index.Search(t.Context(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		if got.Recent != c.recent || got.Total < c.total-1 || got.Total > c.total+10 {
			t.Errorf("%+v: %d found, recent %v", c.q, got.Total, got.Recent)
		}
	}
}
