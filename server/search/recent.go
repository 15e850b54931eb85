package search

import (
	"cmp"
	"slices"

	"github.com/blevesearch/bleve/v2/search/query"
)

// A word that is in a good part of a million texts takes long to weigh in each of them, and nobody reads past the first
// pages. In a large index what is recent is looked through first, and that is all when there is plenty in it.
type recency struct {
	large  uint64 // documents; a smaller index is looked through at once
	part   uint64 // documents that are looked through first
	plenty int    // results that are enough: pages enough to see that another word is needed
	few    int    // that are enough of a phrase, whose places must be read in every text that has its words
}

// usualRecency weighs what is looked through: of a million texts the most is then 20,000 recent ones with a word that is
// everywhere, or 15,000 of all with one that is just too rare to be plenty among them.
func usualRecency() recency { return recency{large: 120_000, part: 20_000, plenty: 300, few: 60} }

// enough is how many results among what is recent are enough.
func (r recency) enough(words []word) int {
	if slices.ContainsFunc(words, func(w word) bool { return w.phrase && !w.not }) {
		return min(r.few, r.plenty)
	}
	return r.plenty
}

// undated is the month of what has no time: towns, people, applications. It is always recent.
const undated = "always"

// recentMonths are the newest months with enough documents to look through first; none when the index is small, or when
// the query says itself which time it is about.
func (x *Index) recentMonths(q Query) []query.Query {
	if n, err := x.index.DocCount(); err != nil || n < x.recency.large || !q.From.IsZero() || !q.To.IsZero() {
		return nil
	}
	all, err := x.index.FieldDict("month")
	if err != nil {
		return nil
	}
	defer all.Close()
	type part struct {
		month string
		count uint64
	}
	var parts []part
	for one, err := all.Next(); one != nil && err == nil; one, err = all.Next() {
		parts = append(parts, part{one.Term, one.Count})
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(b.month, a.month) }) // undated first
	var months []query.Query
	seen := uint64(0)
	for _, one := range parts {
		if seen >= x.recency.part {
			return months
		}
		seen += one.count
		months = append(months, exactly("month", one.month, 0))
	}
	return nil // it is all recent
}
