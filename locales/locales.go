package locales

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed fr.toml nl.toml de.toml en.toml
var files embed.FS

// Tags are the languages, in the order of menus. The first is the one used when nothing else is known.
func Tags() []string { return []string{"fr", "nl", "de", "en"} }

// Catalogue is every language, loaded once and never changed.
type Catalogue struct {
	languages []*Language
	matcher   language.Matcher
}

// Language writes texts, dates and numbers. It may be used by many at once.
type Language struct {
	tag       string
	names     calendarNames
	localizer *i18n.Localizer
	printer   *message.Printer
	plain     map[string]string // texts with nothing to fill in, kept away from the template machinery
}

// Load reads the four files. A text with braces that name nothing is an error.
func Load() (*Catalogue, error) {
	c := &Catalogue{}
	var known []language.Tag
	for _, tag := range Tags() {
		file, err := files.ReadFile(tag + ".toml")
		if err != nil {
			return nil, err
		}
		l, err := build(tag, file)
		if err != nil {
			return nil, fmt.Errorf("locales: %s.toml: %w", tag, err)
		}
		c.languages, known = append(c.languages, l), append(known, language.Make(tag))
	}
	c.matcher = language.NewMatcher(known)
	return c, nil
}

// build makes one language from its file. Each has a bundle of its own: in a common one a missing text would be answered in French.
func build(tag string, file []byte) (*Language, error) {
	messages, err := parse(file)
	if err != nil {
		return nil, err
	}
	parsed := language.Make(tag)
	bundle := i18n.NewBundle(parsed)
	l := &Language{tag: tag, names: namesOf(tag), localizer: i18n.NewLocalizer(bundle, tag), printer: message.NewPrinter(parsed), plain: make(map[string]string, len(messages))}
	var filled []*i18n.Message
	for _, m := range messages {
		if m.One == "" && !strings.Contains(m.Other, opening) {
			l.plain[m.ID] = m.Other
		} else {
			filled = append(filled, m)
		}
	}
	if err := bundle.AddMessages(parsed, filled...); err != nil {
		return nil, err
	}
	return l, nil
}

// Languages are all of them in the order of menus.
func (c *Catalogue) Languages() []*Language { return c.languages }

// Language finds one by its exact tag.
func (c *Catalogue) Language(tag string) (*Language, bool) {
	for _, l := range c.languages {
		if l.tag == tag {
			return l, true
		}
	}
	return nil, false
}

// maxAccept bounds the header that is parsed (SAFETY A38).
const maxAccept = 200

// Match picks the best language for an Accept-Language header, French when none fits. Entries that cannot be read are
// passed over, and what exceeds the bound is not looked at.
func (c *Catalogue) Match(accept string) *Language {
	if len(accept) > maxAccept {
		accept = accept[:maxAccept]
		accept = accept[:strings.LastIndexByte(accept, ',')+1]
	}
	type wish struct {
		tag    language.Tag
		weight float32
	}
	var wishes []wish
	for entry := range strings.SplitSeq(accept, ",") {
		tags, weights, err := language.ParseAcceptLanguage(entry)
		if err == nil && len(tags) == 1 {
			wishes = append(wishes, wish{tags[0], weights[0]})
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.weight, a.weight) })
	wanted := make([]language.Tag, len(wishes))
	for i, w := range wishes {
		wanted[i] = w.tag
	}
	_, at, confidence := c.matcher.Match(wanted...)
	if confidence == language.No {
		return c.languages[0]
	}
	return c.languages[at]
}

// Tag is the language's code: fr, nl, de, en.
func (l *Language) Tag() string { return l.tag }

// Name is the language's own name for itself.
func (l *Language) Name() string { return l.names.self }

// Numbered puts a meeting's number in front of its title: "128e réunion mensuelle". German keeps its capitals, and so
// does a title that begins with an abbreviation. A title without a number comes back as it is.
func (l *Language) Numbered(n int, title string) string {
	runes := []rune(title)
	if n == 0 || len(runes) == 0 {
		return title
	}
	if l.tag != "de" && (len(runes) == 1 || unicode.IsLower(runes[1])) {
		runes[0] = unicode.ToLower(runes[0])
	}
	return l.Ordinal(n) + " " + string(runes)
}
