package storetest

import (
	"math/rand/v2"
	"strings"
)

// Lexicon makes texts of invented words that are as unevenly common as those of a language, the same ones every time.
type Lexicon struct {
	Words []string // the most common first
	Dice  *rand.Rand
	zipf  *rand.Zipf
}

// NewLexicon has 40,000 words.
func NewLexicon() *Lexicon {
	dice := rand.New(rand.NewPCG(7, 11))
	starts := strings.Fields("com pro ver ge dé con ré trans in uit an sub inter mun dos bur pla for sys don")
	middles := strings.Fields("mu po ga li ti bé ra de lo né sa vi ca tu ge ni er ma")
	ends := strings.Fields("ne tion ment ing ung en té eur ble que rs al ie age if")
	l := &Lexicon{Dice: dice, zipf: rand.NewZipf(dice, 1.1, 4, 39_999)}
	for len(l.Words) < 40_000 {
		word := starts[dice.IntN(len(starts))]
		for range 1 + dice.IntN(3) {
			word += middles[dice.IntN(len(middles))]
		}
		l.Words = append(l.Words, word+ends[dice.IntN(len(ends))])
	}
	return l
}

// Text is so many words.
func (l *Lexicon) Text(words int) string {
	var b strings.Builder
	for range words {
		b.WriteString(l.Words[l.zipf.Uint64()])
		b.WriteByte(' ')
	}
	return b.String()
}
