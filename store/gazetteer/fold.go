package gazetteer

// What a query and a name are compared as: lower-case ASCII letters and digits, words separated by one space.
const (
	maxQuery  = 200 // bytes of a query as it was typed; anything longer is not the name of a town
	maxFolded = 64  // the bits of the words that typo.go computes with
)

// latin has the base letters of U+00C0 to U+017F; a space stands for a character that is no letter, a digit for a
// character that becomes two letters.
const latin = "aaaaaa1ceeeeiiiidnooooo ouuuuy23" + "aaaaaa1ceeeeiiiidnooooo ouuuuy2y" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii44jjkkkllllllllllnnnnnnnnnoooooo55rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"

// fold appends the comparable form of s. It accepts any bytes.
func fold(to []byte, s string) []byte {
	start := len(to)
	gap := false
	for _, r := range s {
		first, second := foldRune(r)
		switch {
		case first == 0:
			continue
		case first == ' ':
			gap = true
			continue
		}
		if gap && len(to) > start {
			to = append(to, ' ')
		}
		gap = false
		to = append(to, first)
		if second != 0 {
			to = append(to, second)
		}
	}
	return to
}

// foldRune is one or two letters, a space for what separates words, or nothing for what is left out.
func foldRune(r rune) (first, second byte) {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return byte(r), 0
	case r >= 'A' && r <= 'Z':
		return byte(r) + 'a' - 'A', 0
	case r >= 0x300 && r <= 0x36F: // combining accents of decomposed text
		return 0, 0
	case r == 0x1E9E:
		return 's', 's'
	case r < 0xC0 || r > 0x17F:
		return ' ', 0
	}
	switch letter := latin[r-0xC0]; letter {
	case '1':
		return 'a', 'e'
	case '2':
		return 't', 'h'
	case '3':
		return 's', 's'
	case '4':
		return 'i', 'j'
	case '5':
		return 'o', 'e'
	default:
		return letter, 0
	}
}
