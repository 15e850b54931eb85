package parts

import (
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"belfry/frontend"
)

// Size is how large an avatar or shield is drawn.
type Size string

// The zero Size is the one for lists.
const (
	Medium     Size = ""
	Small      Size = "sm"
	Large      Size = "lg"
	ExtraLarge Size = "xl"
)

func sized(block string, size Size) string {
	if size == Medium {
		return block
	}
	return block + " " + block + "--" + string(size)
}

// Person is somebody drawn as a round avatar. The name must stand beside it: the avatar is hidden from readers.
type Person struct {
	Name string
	Size Size
}

// Hue is one of the six tints, always the same one for the same name.
func (p Person) Hue() string { return strconv.Itoa(int(hash32(p.Name) % 6)) }

// Initials are the first letters of the first and the last word, in capitals; "?" when there is no letter at all.
func (p Person) Initials() string {
	var letters []rune
	for _, word := range strings.Fields(p.Name) {
		for _, r := range word {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				letters = append(letters, unicode.ToUpper(r))
				break
			}
		}
	}
	switch len(letters) {
	case 0:
		return "?"
	case 1:
		return string(letters[0])
	}
	return string([]rune{letters[0], letters[len(letters)-1]})
}

// TownShield is a town's sign for recognition: not its arms.
type TownShield struct {
	Code string // official code with its country, "BE-34022"
	Size Size
}

// partitions are the divisions of the shield in the order of the sprite, which the numbers of the rule refer to.
const partitions = "pale fess bend sinister band chief chevron stripe quarter cross saltire lozenge tower wave bordure roundel"

// Partition is the symbol in the sprite, without its "s-".
func (s TownShield) Partition() string {
	names := strings.Fields(partitions)
	return names[hash32(s.Code)%uint32(len(names))]
}

// Tincture is the class of the pair of colours.
func (s TownShield) Tincture() string { return "t" + strconv.Itoa(int((hash32(s.Code)>>8)%10)) }

func hash32(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum32()
}

func symbol(p *frontend.Page, name string) string { return p.Assets.Symbol("i-" + name) }

func shieldSymbol(p *frontend.Page, s TownShield) string {
	return p.Assets.Symbol("s-" + s.Partition())
}

// TownRef is a town as it is named in lists and running text.
type TownRef struct {
	Name, Slug, Code string
	Lang             string // of the name, when it is not that of the page
}

// Wall is a brick wall of people who have come together.
type Wall struct {
	On, Maybe int
	Total     int    // places; 0 when there is no limit
	Label     string // the numbers in words, for those who do not see the wall
}

func (w Wall) width(n int) string {
	total := max(w.Total, w.On+w.Maybe)
	if total == 0 || n <= 0 {
		return "0"
	}
	return strconv.FormatFloat(float64(n)*100/float64(total), 'f', 1, 64)
}

func langAttr(lang string, p *frontend.Page) string {
	if lang == "" || !utf8.ValidString(lang) {
		return p.Lang.Tag()
	}
	return lang
}
