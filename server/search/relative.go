package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A text in one language has words of the others: a French thread speaks of a "gemeente", a Dutch one of a "délibération".
// Its own stems do not bring these together with "gemeenten" and "délibérations"; their relatives do.
const (
	minRelative  = 4  // letters of the stem
	maxLonger    = 4  // letters that a relative may have more or less
	maxRelatives = 12 // words that a word stands for
	maxStemmed   = 400
)

// relatives are the words of the index, as they are written, that have the same stem as a word in one of the languages.
func (x *Index) relatives(field, text string) []string {
	folded := foldWord(text)
	if strings.ContainsAny(folded, " -'0123456789") {
		return nil
	}
	stems, shortest := map[string]string{}, folded
	for _, lang := range languages() {
		all := x.analyse(lang, text)
		if len(all) != 1 {
			continue
		}
		stems[lang] = all[0]
		if common := commonStart(all[0], folded); utf8.RuneCountInString(common) < utf8.RuneCountInString(shortest) {
			shortest = common
		}
	}
	if utf8.RuneCountInString(shortest) < minRelative {
		return nil
	}
	terms := x.dictionary(field, shortest, func(term string) bool {
		return term != folded && max(len(term)-len(folded), len(folded)-len(term)) <= maxLonger
	})
	var found []string
	for _, term := range terms[:min(len(terms), maxStemmed)] {
		for lang, stem := range stems {
			if own := x.analyse(lang, term); len(own) == 1 && own[0] == stem {
				found = append(found, term)
				break
			}
		}
		if len(found) == maxRelatives {
			break
		}
	}
	return found
}

// dictionary lists the words of a field that begin so and fit, the most frequent first.
func (x *Index) dictionary(field, prefix string, fits func(string) bool) []string {
	all, err := x.index.FieldDictPrefix(field, []byte(prefix))
	if err != nil {
		return nil // the word itself is looked for
	}
	defer all.Close()
	type entry struct {
		term  string
		count uint64
	}
	var entries []entry
	for range maxDictionary {
		one, err := all.Next()
		if err != nil || one == nil {
			break
		}
		if fits(one.Term) {
			entries = append(entries, entry{one.Term, one.Count})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(b.count, a.count) })
	terms := make([]string, len(entries))
	for i, one := range entries {
		terms[i] = one.term
	}
	return terms
}

func commonStart(a, b string) string {
	ra, rb := []rune(a), []rune(b)
	n := 0
	for n < min(len(ra), len(rb)) && ra[n] == rb[n] {
		n++
	}
	return string(rb[:n])
}
