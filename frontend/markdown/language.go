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
	info := whatlanggo.DetectWithOptions(text, whatlanggo.Options{Whitelist: fourLanguages()})
	tag = map[whatlanggo.Lang]string{whatlanggo.Fra: "fr", whatlanggo.Nld: "nl", whatlanggo.Deu: "de", whatlanggo.Eng: "en"}[info.Lang]
	return tag, info.Confidence > 0.3 && tag != ""
}

func fourLanguages() map[whatlanggo.Lang]bool {
	return map[whatlanggo.Lang]bool{whatlanggo.Fra: true, whatlanggo.Nld: true, whatlanggo.Deu: true, whatlanggo.Eng: true}
}

// plainly tells a language by its small words, "" when they do not leave it beyond doubt: comparing groups of letters
// takes thirty times as long. Four words do even beside one of another language; two do in a short text without any other.
func plainly(text string) string {
	counts, plain, words := smallWords(text)
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
	beyondDoubt := counts[best] >= 4 && counts[best]*8 >= words && counts[best] >= 4*counts[second] ||
		counts[best] >= 2 && counts[best]*6 >= words && counts[second] == 0 && plain[best] > 0
	if !beyondDoubt {
		return ""
	}
	return [...]string{"fr", "nl", "de", "en"}[best]
}

// smallWords counts the small words of each language, those of them that a language beside the four has not, and all words.
func smallWords(text string) (counts, plain [4]int, words int) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		words++
		if len(word) <= len("worden") {
			if at := smallWord(strings.ToLower(word)); at >= 0 {
				counts[at]++
				if !neighbours(word) {
					plain[at]++
				}
			}
		}
	}
	return counts, plain, words
}

// neighbours says whether a small word is one of Spanish, Italian, Portuguese or Danish too.
func neighbours(word string) bool {
	switch strings.ToLower(word) {
	case "la", "le", "que", "un", "une", "il", "ne", "par", "sur", "qui", "dat", "om", "over", "er", "den", "der", "im", "for", "at", "have", "can", "do", "my":
		return true
	}
	return false
}

// smallWord is the place of the language that alone of the four, and of their neighbours, has a word often; -1 for none.
func smallWord(word string) int {
	switch word {
	case "ans", "après", "au", "aussi", "aux", "avant", "avec", "avez", "avons", "ce", "ces", "cette", "chez", "comme", "dans",
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
		"how", "if", "into", "it", "more", "my", "not", "or", "our", "should", "than", "that", "the", "there",
		"they", "this", "to", "were", "what", "when", "which", "who", "will", "with", "would", "you", "your":
		return 3
	}
	return -1
}
