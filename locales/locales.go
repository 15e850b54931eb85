package locales

import (
	"embed"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
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
	plain     map[string]string // texts without anything to fill in
}

// Load reads the four files.
func Load() (*Catalogue, error) {
	bundle := i18n.NewBundle(language.French)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	c := &Catalogue{}
	var known []language.Tag
	for _, tag := range Tags() {
		file, err := bundle.LoadMessageFileFS(files, tag+".toml")
		if err != nil {
			return nil, fmt.Errorf("locales: %s: %w", tag, err)
		}
		parsed := language.Make(tag)
		l := &Language{tag: tag, names: namesOf(tag), localizer: i18n.NewLocalizer(bundle, tag), printer: message.NewPrinter(parsed), plain: map[string]string{}}
		for _, m := range file.Messages {
			if m.One == "" && m.Many == "" && !strings.Contains(m.Other, "{{") {
				l.plain[m.ID] = m.Other
			}
		}
		c.languages, known = append(c.languages, l), append(known, parsed)
	}
	c.matcher = language.NewMatcher(known)
	return c, nil
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

// Match picks the best language for an Accept-Language header, French when none fits.
func (c *Catalogue) Match(accept string) *Language {
	if len(accept) > maxAccept {
		accept = accept[:maxAccept]
		if cut := strings.LastIndexByte(accept, ','); cut > 0 {
			accept = accept[:cut]
		}
	}
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(wanted) == 0 {
		return c.languages[0]
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

// T is a text. args are name, value pairs that fill {{.Name}}; numbers are written as the language does. A key that
// does not exist comes back in brackets, ⟦key⟧.
func (l *Language) T(key string, args ...any) string {
	if text, ok := l.plain[key]; ok {
		return text
	}
	text, err := l.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: l.data(args)})
	if err != nil {
		return "⟦" + key + "⟧"
	}
	return text
}

// N is a text that depends on a number, {{.N}}, by the language's plural rule.
func (l *Language) N(key string, count int, args ...any) string {
	data := l.data(args)
	data["N"] = l.Number(count)
	text, err := l.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: count})
	if err != nil {
		return "⟦" + key + "⟧"
	}
	return text
}

func (l *Language) data(args []any) map[string]any {
	data := make(map[string]any, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			continue
		}
		if n, isInt := args[i+1].(int); isInt {
			data[name] = l.Number(n)
		} else {
			data[name] = args[i+1]
		}
	}
	return data
}

// Number groups digits as the language does.
func (l *Language) Number(n int) string {
	if n > -1000 && n < 1000 {
		return fmt.Sprint(n)
	}
	return l.printer.Sprint(number.Decimal(n))
}

// Decimal writes a number with so many digits after the comma.
func (l *Language) Decimal(f float64, digits int) string {
	return l.printer.Sprint(number.Decimal(f, number.Scale(digits)))
}

// Percent writes a share, 0.9994 being 99,94 %, with at most two digits after the comma.
func (l *Language) Percent(share float64) string {
	digits := l.printer.Sprint(number.Decimal(share*100, number.MaxFractionDigits(2)))
	if l.tag == "en" {
		return digits + "%"
	}
	return digits + space + "%"
}

// Bytes writes a size: kilobytes, rounded up, or megabytes with one digit.
func (l *Language) Bytes(n int64) string {
	if n < 1_000_000 {
		return l.Number(int((n+999)/1000)) + "\u00a0" + l.names.kilobyte
	}
	return l.Decimal(float64(n)/1e6, 1) + "\u00a0" + l.names.megabyte
}

// List joins words: "a, b et c".
func (l *Language) List(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " " + l.names.and + " " + words[n-1]
	}
}

// Ordinal writes the number of a meeting: 128e, 128e, 128., 128th; the French first one is feminine, as "réunion" is.
func (l *Language) Ordinal(n int) string {
	digits := l.Number(n)
	switch l.tag {
	case "fr":
		if n == 1 {
			return digits + "re"
		}
		return digits + "e"
	case "nl":
		return digits + "e"
	case "de":
		return digits + "."
	}
	switch {
	case n%100 >= 11 && n%100 <= 13:
		return digits + "th"
	case n%10 == 1:
		return digits + "st"
	case n%10 == 2:
		return digits + "nd"
	case n%10 == 3:
		return digits + "rd"
	}
	return digits + "th"
}
