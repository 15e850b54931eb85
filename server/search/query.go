package search

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"belfry/store"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"
)

// Query is what somebody looks for. Without names the query may be empty when a filter is given.
type Query struct {
	Words    string
	Kind     string // of store.SearchDocument, "" for all
	Category string // id of a category or a room
	Town     string // id
	Person   string // id
	Lang     string
	From, To time.Time // To is exclusive
	Solved   string    // "yes", "no" or ""

	Without []string // categories that the reader may not know of
	Members bool     // the reader may find what is for members only
	Rooms   []string // private rooms that the reader is in: what was said in others is not found

	Now           time.Time // what is young is young to this instant
	Offset, Limit int
}

// Found is a page of results, best first.
type Found struct {
	Records []store.Stale
	Total   int
	Loose   bool // nothing fits exactly: words that are nearly the same were taken
	Recent  bool // so much fits that only what is recent was looked through: Total is of that
}

// Bounds of what a query may ask.
const (
	maxWords   = 12
	maxLength  = 200 // characters
	maxOffset  = 1_000
	minPrefix  = 3
	maxBegins  = 24 // words that a beginning stands for
	minLoose   = 5
	searchTime = 5 * time.Second

	maxDictionary = 5_000 // words that are looked at for them
)

// Search finds documents. Words stand for their stems in each language, and the last one for its beginning too; "…" is
// a phrase, -word leaves out. Every word must be found, except articles and the like beside others. Titles count four times, beginnings a
// quarter; an accepted answer, what is of the last three months, then of the last year, comes a little earlier. No words and no filter find nothing. Odd input
// is never an error.
func (x *Index) Search(ctx context.Context, q Query) (Found, error) {
	words := parse(q.Words)
	if len(words) == 0 && q.Kind == "" && q.Category == "" && q.Town == "" && q.Person == "" && q.Solved == "" && q.From.IsZero() && q.To.IsZero() {
		return Found{}, nil
	}
	found, err := x.search(ctx, q, words, false)
	if err == nil && found.Total == 0 && q.Offset == 0 && slices.ContainsFunc(words, func(w word) bool { return !w.not && !w.phrase && utf8.RuneCountInString(w.text) >= minLoose }) {
		if found, err = x.search(ctx, q, words, true); found.Total > 0 {
			found.Loose = true
		}
	}
	return found, err
}

func (x *Index) search(ctx context.Context, q Query, words []word, loose bool) (Found, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.index == nil {
		return Found{}, errClosed
	}
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	all := x.query(q, words, loose)
	if months := x.recentMonths(q); len(months) > 0 {
		recent := bleve.NewBooleanQuery()
		recent.AddMust(all, bleve.NewDisjunctionQuery(months...))
		found, err := x.run(ctx, q, recent)
		if found.Recent = true; err != nil || found.Total >= max(x.recency.enough(words), q.Offset+q.Limit) {
			return found, err
		}
	}
	return x.run(ctx, q, all)
}

// run asks the index for a page of results.
func (x *Index) run(ctx context.Context, q Query, all query.Query) (Found, error) {
	request := bleve.NewSearchRequestOptions(all, min(q.Limit, 100), min(q.Offset, maxOffset), false)
	result, err := x.index.SearchInContext(ctx, request)
	if err != nil {
		return Found{}, err
	}
	found := Found{Total: int(result.Total)}
	for _, hit := range result.Hits {
		kind, id, _ := strings.Cut(hit.ID, "/")
		found.Records = append(found.Records, store.Stale{Kind: kind, ID: id})
	}
	return found, nil
}

// query is what the index is asked.
func (x *Index) query(q Query, words []word, loose bool) *query.BooleanQuery {
	b := bleve.NewBooleanQuery()
	positive, heavy := false, x.heavy(words)
	for i, w := range words {
		if w.not {
			b.AddMustNot(x.anyOf(w, false, false))
			continue
		}
		positive = true
		if i != heavy && x.light(w) {
			b.AddShould(x.anyOf(w, false, false))
			continue
		}
		b.AddMust(x.anyOf(w, i == len(words)-1 || utf8.RuneCountInString(w.text) >= minPrefix+2, loose))
	}
	if !positive {
		b.AddMust(bleve.NewMatchAllQuery())
	}
	q.filter(b)
	fresh(b, q.Now)
	return b
}

// light says whether a word says so little that it need not be found: an article, or a letter by itself.
func (x *Index) light(w word) bool {
	if w.phrase || w.not {
		return false
	}
	if utf8.RuneCountInString(w.text) == 1 && unicode.IsLetter([]rune(w.text)[0]) {
		return true
	}
	return slices.ContainsFunc(languages(), func(lang string) bool { return len(x.analyse(lang, w.text)) == 0 })
}

// heavy is the place of the word that must be found even when all are light, -1 when another one must be.
func (x *Index) heavy(words []word) int {
	last := -1
	for i, w := range words {
		if w.not {
			continue
		}
		if !x.light(w) {
			return -1
		}
		last = i
	}
	return last
}

// What the index can compare: nanoseconds in 64 bits.
var (
	earliest = time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// span narrows to an interval; an empty one finds nothing.
func (q Query) span(b *query.BooleanQuery) {
	from, to := q.From, q.To
	if from.After(latest) || !to.IsZero() && (to.Before(earliest) || !from.Before(to)) {
		b.AddMust(bleve.NewMatchNoneQuery())
		return
	}
	if from.Before(earliest) {
		from = time.Time{}
	}
	if to.After(latest) {
		to = time.Time{}
	}
	if from.IsZero() && to.IsZero() {
		return
	}
	span := bleve.NewDateRangeQuery(from, to)
	span.SetField("at")
	span.SetBoost(0)
	b.AddMust(span)
}

// filter narrows a query.
func (q Query) filter(b *query.BooleanQuery) {
	for field, value := range map[string]string{"kind": q.Kind, "category": q.Category, "town": q.Town, "person": q.Person, "lang": q.Lang} {
		if value != "" {
			b.AddMust(exactly(field, value, 0))
		}
	}
	switch q.Solved {
	case "yes":
		b.AddMust(exactly("mark", "solved", 0))
	case "no":
		b.AddMust(exactly("mark", "open", 0))
	}
	q.span(b)
	if !q.Members {
		b.AddMustNot(exactly("mark", "members", 0))
	}
	private := bleve.NewBooleanQuery()
	private.AddMust(exactly("mark", "private", 0))
	for _, id := range q.Rooms {
		private.AddMustNot(exactly("category", id, 0))
	}
	b.AddMustNot(private)
	for _, id := range q.Without {
		b.AddMustNot(exactly("category", id, 0))
	}
}

// fresh lets answers come earlier, and what was written in the last three months, then in the last year.
func fresh(b *query.BooleanQuery, now time.Time) {
	b.AddShould(exactly("mark", "answer", 0.5))
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for back := range 12 {
		boost := 0.05
		if back < 3 {
			boost = 0.1
		}
		b.AddShould(exactly("month", month(first.AddDate(0, -back, 0)), boost))
	}
	b.SetMinShould(0)
}

func month(at time.Time) string { return at.UTC().Format("2006-01") }

// begins lists the words of a field that begin so, the most frequent ones: what two letters begin is not all asked for.
func (x *Index) begins(field, prefix string) []string {
	terms := x.dictionary(field, prefix, func(term string) bool { return term != prefix })
	return terms[:min(len(terms), maxBegins)]
}

func exactly(field, value string, boost float64) *query.TermQuery {
	t := bleve.NewTermQuery(value)
	t.SetField(field)
	t.SetBoost(boost)
	return t
}

// anyOf finds one word in any language, as it is written, or as a code.
func (x *Index) anyOf(w word, prefix, loose bool) query.Query {
	var all []query.Query
	add := func(q query.FieldableQuery, field string, boost float64) {
		q.SetField(field)
		q.(query.BoostableQuery).SetBoost(boost)
		all = append(all, q)
	}
	for _, lang := range languages() {
		for field, boost := range map[string]float64{"title_" + lang: 4, "text_" + lang: 1} {
			if w.phrase { // stems drop short words: a phrase is looked for as it is written
				continue
			}
			whole := bleve.NewMatchQuery(w.text) // what a hyphen joins must all be there
			whole.SetOperator(query.MatchQueryOperatorAnd)
			add(whole, field, boost)
			if loose && utf8.RuneCountInString(w.text) >= minLoose {
				near := bleve.NewMatchQuery(w.text)
				near.SetFuzziness(1)
				near.SetOperator(query.MatchQueryOperatorAnd)
				add(near, field, boost/8)
			}
		}
	}
	for field, boost := range map[string]float64{"title": 4, "text": 1} {
		switch {
		case w.phrase:
			add(bleve.NewMatchPhraseQuery(w.text), field, boost)
			continue
		default:
			exact := bleve.NewMatchQuery(w.text)
			exact.SetOperator(query.MatchQueryOperatorAnd)
			add(exact, field, boost)
		}
		for _, term := range x.relatives(field, w.text) {
			add(bleve.NewTermQuery(term), field, boost/2)
		}
		folded := foldWord(w.text)
		if prefix && utf8.RuneCountInString(folded) >= minPrefix && !strings.ContainsAny(folded, " -'") {
			for _, term := range x.begins(field, folded) {
				add(bleve.NewTermQuery(term), field, boost/4)
			}
		}
		if loose && utf8.RuneCountInString(folded) >= minLoose {
			near := bleve.NewFuzzyQuery(folded)
			near.SetFuzziness(1)
			add(near, field, boost/4)
		}
	}
	add(bleve.NewTermQuery(foldWord(w.text)), "code", 8)
	if prefix && w.code() {
		add(bleve.NewPrefixQuery(foldWord(w.text)), "code", 2)
	}
	return bleve.NewDisjunctionQuery(all...)
}

// word is one thing that must be found, or must not.
type word struct {
	text        string
	phrase, not bool
}

// code says whether a word is the number of a record, such as 2026-014: its parts belong together.
func (w word) code() bool {
	return strings.ContainsAny(w.text, "0123456789") && strings.Contains(w.text, "-") && !strings.Contains(w.text, " ")
}

// parse reads what somebody typed.
func parse(text string) []word {
	runes := []rune(strings.ToValidUTF8(text, " "))
	text = string(runes[:min(len(runes), maxLength)])
	var words []word
	for len(words) < maxWords {
		text = strings.TrimLeft(text, " \t\n\r\u00a0\u202f")
		if text == "" {
			return words
		}
		w := word{}
		if rest, ok := strings.CutPrefix(text, "-"); ok && rest != "" && rest[0] != ' ' && rest[0] != '-' {
			w.not, text = true, rest
		}
		if rest, ok := strings.CutPrefix(text, `"`); ok {
			w.phrase = true
			w.text, text, _ = strings.Cut(rest, `"`)
		} else if at := strings.IndexAny(text, " \t\n\r\u00a0\u202f\""); at > 0 {
			w.text, text = text[:at], text[at:]
		} else {
			w.text, text = text, ""
		}
		w.text = strings.Trim(w.text, ".,;:!?()[]{}«»“”„…*~^\\/|<>'’ ")
		if w.phrase = w.phrase && strings.Contains(w.text, " ") || w.code(); w.text != "" && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}
