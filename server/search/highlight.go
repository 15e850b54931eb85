package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldWord is a word without accents and case, as the index has it.
func foldWord(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ß':
			b.WriteString("ss")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Piece is a part of a text; Hit says that it is what was looked for.
type Piece struct {
	Text string
	Hit  bool
}

// Highlighter marks what a query found in texts. It is for one goroutine.
type Highlighter struct {
	stems map[string]map[string]bool // by language
	words []string                   // folded beginnings
	known map[[2]string]bool         // language and word → whether it is a hit: long minutes repeat their words
	index *Index
}

// Highlighter prepares for the words of a query.
func (x *Index) Highlighter(words string) Highlighter {
	h := Highlighter{stems: map[string]map[string]bool{}, known: map[[2]string]bool{}, index: x}
	for _, lang := range languages() {
		h.stems[lang] = map[string]bool{}
	}
	for _, w := range parse(words) {
		if w.not {
			continue
		}
		for _, one := range strings.Fields(w.text) {
			if folded := foldWord(one); utf8.RuneCountInString(folded) >= minPrefix {
				h.words = append(h.words, folded)
			}
			for _, lang := range languages() {
				for _, stem := range x.stem(lang, one) {
					h.stems[lang][stem] = true
				}
			}
		}
	}
	return h
}

// stem is what a language makes of a word.
func (x *Index) stem(lang, text string) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.analyse(lang, text)
}

// analyse is stem for those who hold the lock.
func (x *Index) analyse(lang, text string) []string {
	if x.index == nil {
		return nil
	}
	analyzer := x.index.Mapping().AnalyzerNamed(lang)
	if analyzer == nil {
		return nil
	}
	var stems []string
	for _, token := range analyzer.Analyze([]byte(text)) {
		stems = append(stems, string(token.Term))
	}
	return stems
}

// Mark cuts a text into pieces, around the first hit when it is longer than most characters.
func (h Highlighter) Mark(text, lang string, most int) []Piece {
	var pieces []Piece
	first, at := -1, 0
	plain := func(part string) {
		if part == "" {
			return
		}
		if n := len(pieces); n > 0 && !pieces[n-1].Hit {
			pieces[n-1].Text += part
			return
		}
		pieces = append(pieces, Piece{Text: part})
	}
	for at < len(text) && (first < 0 || at-first < most*utf8.UTFMax) { // what comes later is cut off
		start := strings.IndexFunc(text[at:], isWord)
		if start < 0 {
			plain(text[at:])
			break
		}
		plain(text[at : at+start])
		at += start
		length := strings.IndexFunc(text[at:], func(r rune) bool { return !isWord(r) })
		if length < 0 {
			length = len(text) - at
		}
		one := text[at : at+length]
		hit, asked := h.known[[2]string{lang, one}]
		if !asked {
			hit = h.hits(one, lang)
			h.known[[2]string{lang, one}] = hit
		}
		if hit {
			if first < 0 {
				first = at
			}
			pieces = append(pieces, Piece{Text: one, Hit: true})
		} else {
			plain(one)
		}
		at += length
	}
	return window(pieces, first, most)
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// hits says whether a word is one that was looked for.
func (h Highlighter) hits(text, lang string) bool {
	folded := foldWord(text)
	for _, begin := range h.words {
		if strings.HasPrefix(folded, begin) {
			return true
		}
	}
	if h.sameStem(text, lang) {
		return true
	}
	return slices.ContainsFunc(languages(), func(other string) bool { // a word of another language in this text
		return other != lang && utf8.RuneCountInString(folded) >= minRelative && h.sameStem(text, other)
	})
}

func (h Highlighter) sameStem(text, lang string) bool {
	return len(h.stems[lang]) > 0 && slices.ContainsFunc(h.index.stem(lang, text), func(stem string) bool { return h.stems[lang][stem] })
}

// HasHit says whether a piece is what was looked for.
func HasHit(pieces []Piece) bool {
	return slices.ContainsFunc(pieces, func(p Piece) bool { return p.Hit })
}

// window keeps at most so many characters of the pieces, with some before the first hit (its place in bytes).
func window(pieces []Piece, first, most int) []Piece {
	lead := most / 4
	skip := 0
	if first > 0 {
		before := 0
		for _, p := range pieces {
			if p.Hit {
				break
			}
			before += utf8.RuneCountInString(p.Text)
		}
		skip = max(before-lead, 0)
	}
	var kept []Piece
	seen := 0
	for _, p := range pieces {
		runes := []rune(p.Text)
		if skip >= len(runes) && skip > 0 {
			skip -= len(runes)
			continue
		}
		if skip > 0 {
			runes = append([]rune{'…'}, runes[skip:]...)
			skip = 0
		}
		if seen+len(runes) > most {
			runes = append(runes[:max(most-seen, 0)], '…')
			return append(kept, Piece{Text: string(runes), Hit: p.Hit && seen+len(runes) < most})
		}
		kept = append(kept, Piece{Text: string(runes), Hit: p.Hit})
		seen += len(runes)
	}
	return kept
}
