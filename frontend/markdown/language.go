package markdown

import (
	"context"
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"
	"github.com/yuin/goldmark/ast"
)

// minLetters is how many letters a language is guessed from; fewer say nothing sure.
const minLetters = 24

// maxGuessed is how much of a text a language is guessed from, in bytes: more makes it slower, not surer.
const maxGuessed = 800

// Language guesses which of the four languages a text is written in, and whether that is sure. Code, quotes and links
// are left out.
func (r *Renderer) Language(source string) (tag string, sure bool) {
	var guess struct {
		tag  string
		sure bool
	}
	err := r.run(context.Background(), source, nil, func(src []byte, root ast.Node) error {
		guess.tag, guess.sure = languageOf(src, root)
		return nil
	})
	if err != nil { // Post reports the same
		return "", false
	}
	return guess.tag, guess.sure
}

func languageOf(src []byte, root ast.Node) (tag string, sure bool) {
	var b strings.Builder
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Blockquote, *ast.CodeSpan, *ast.FencedCodeBlock, *ast.CodeBlock, *ast.AutoLink, *record:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			if b.Len() > maxGuessed {
				return ast.WalkStop, nil
			}
			b.Write(n.Value(src))
			b.WriteByte(' ')
		}
		return ast.WalkContinue, nil
	})
	text := b.String()
	if err != nil || len(text) < minLetters {
		return "", false
	}
	if tag := plainly(text); tag != "" {
		return tag, true
	}
	tags := map[whatlanggo.Lang]string{whatlanggo.Fra: "fr", whatlanggo.Nld: "nl", whatlanggo.Deu: "de", whatlanggo.Eng: "en"}
	listed := map[whatlanggo.Lang]bool{}
	for lang := range tags {
		listed[lang] = true
	}
	info := whatlanggo.DetectWithOptions(text, whatlanggo.Options{Whitelist: listed})
	return tags[info.Lang], info.Confidence > 0.3 && tags[info.Lang] != ""
}

// plainly tells a language by its small words, "" when they do not leave it beyond doubt: comparing groups of letters
// takes thirty times as long.
func plainly(text string) string {
	var counts [4]int
	words := 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		words++
		if len(word) <= len("worden") {
			if at := smallWord(strings.ToLower(word)); at >= 0 {
				counts[at]++
			}
		}
	}
	best, second := 0, -1
	for at, n := range counts {
		switch {
		case at == 0:
		case n > counts[best]:
			best, second = at, best
		case second < 0 || n > counts[second]:
			second = at
		}
	}
	if counts[best] < 4 || counts[best]*8 < words || counts[best] < 4*counts[second] {
		return ""
	}
	return [...]string{"fr", "nl", "de", "en"}[best]
}

// smallWord is the place of the language that alone of the four, and of their neighbours, has a word often; -1 for none.
func smallWord(word string) int {
	switch word {
	case "ans", "au", "aussi", "aux", "avec", "avez", "avons", "ce", "ces", "cette", "chez", "comme", "dans",
		"depuis", "des", "deux", "donc", "du", "elle", "est", "et", "fait", "faut", "il", "ils", "je", "la", "le",
		"les", "leur", "leurs", "mais", "même", "ne", "notre", "nous", "ont", "où", "par", "pas", "peut", "plus",
		"pour", "quand", "que", "qui", "sans", "sont", "sur", "tout", "très", "un", "une", "votre", "vous", "été",
		"être":
		return 0
	case "aan", "alle", "bestaat", "bij", "dan", "dat", "deze", "door", "een", "er", "geen", "graag", "hebben",
		"heeft", "het", "hij", "kan", "kunnen", "maar", "meer", "met", "moet", "naar", "niet", "nog", "om", "ons",
		"onze", "ook", "over", "te", "uit", "van", "voor", "wel", "welke", "wij", "worden", "wordt", "zijn", "zou":
		return 1
	case "aber", "auch", "auf", "bei", "das", "dass", "dem", "den", "der", "diese", "ein", "eine", "einen", "einer",
		"für", "haben", "hat", "ich", "im", "ist", "kann", "keine", "können", "mit", "nach", "nicht", "noch", "nur",
		"oder", "sich", "sie", "sind", "und", "uns", "unsere", "vom", "von", "wenn", "werden", "wie", "wir", "wird",
		"zu", "zum", "zur":
		return 2
	case "about", "and", "are", "at", "be", "been", "but", "by", "can", "do", "does", "for", "from", "has", "have",
		"how", "if", "into", "it", "more", "my", "not", "of", "or", "our", "should", "than", "that", "the", "there",
		"they", "this", "to", "were", "what", "when", "which", "who", "will", "with", "would", "you", "your":
		return 3
	}
	return -1
}
