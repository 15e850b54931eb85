package locales

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// opening and closing surround what a caller fills in.
const opening, closing = "{{.", "}}"

// parse reads a file into its texts, sorted by key. Keys are taken whole, one a line: as a tree, "name" and "name.hint"
// could not both be, and the library's own reader takes words such as "description" or "id" at the end of a key for its
// own. Nearly all lines are a key and a text in quotes: those are read here, and TOML's reader is asked about the others.
func parse(file []byte) ([]*i18n.Message, error) {
	if !utf8.Valid(file) {
		return nil, errors.New("is not UTF-8")
	}
	var messages []*i18n.Message
	var others strings.Builder
	for line := range strings.Lines(string(file)) { // texts are parts of it
		line = strings.TrimSuffix(line, "\n")
		key, value, found := strings.Cut(line, " = ")
		if !found || !bare(key) {
			others.WriteString(line + "\n")
			continue
		}
		if text, ok := quoted(value); ok {
			messages = append(messages, &i18n.Message{ID: key, Other: text})
			others.WriteByte('\n') // an error names the line as it is in the file
		} else {
			others.WriteString(`"` + key + `" = ` + value + "\n")
		}
	}
	var flat map[string]any
	if err := toml.Unmarshal([]byte(others.String()), &flat); err != nil {
		return nil, err
	}
	for key, value := range flat {
		m := &i18n.Message{}
		switch value := value.(type) {
		case string:
			m.Other = value
		case map[string]any:
			forms, ok := plural(value)
			if !ok {
				return nil, fmt.Errorf("%s: plural forms are one, other and, where there is more to say, many", key)
			}
			m = forms
		default:
			return nil, fmt.Errorf("%s: is neither a text nor its plural forms", key)
		}
		m.ID = key
		messages = append(messages, m)
	}
	slices.SortFunc(messages, func(a, b *i18n.Message) int { return strings.Compare(a.ID, b.ID) })
	for i, m := range messages {
		if i > 0 && messages[i-1].ID == m.ID {
			return nil, fmt.Errorf("%s: stands there twice", m.ID)
		}
		for _, text := range []string{m.One, m.Many, m.Other} {
			if err := readable(text); err != nil {
				return nil, fmt.Errorf("%s: %w", m.ID, err)
			}
		}
	}
	return messages, nil
}

// bare says whether a key may stand without quotes; dots are part of it.
func bare(key string) bool {
	for i := range len(key) {
		if c := key[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' {
			return false
		}
	}
	return key != ""
}

// quoted is the text of a basic string of TOML in which nothing is escaped.
func quoted(value string) (string, bool) {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", false
	}
	text := value[1 : len(value)-1]
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' || c < ' ' || c == 0x7f {
			return "", false
		}
	}
	return text, true
}

// readable says whether what is to be filled into a text can be told.
func readable(text string) error {
	if !strings.Contains(text, "{{") {
		return nil
	}
	_, err := (fields{}).Parse(text, "", "")
	return err
}

// plural reads { one = "…", many = "…", other = "…" }, all that four languages of western Europe need. "many", of
// French millions, is as "other" unless the file says more.
func plural(tree map[string]any) (*i18n.Message, bool) {
	m := &i18n.Message{}
	for form, value := range tree {
		text, ok := value.(string)
		switch {
		case ok && form == "one":
			m.One = text
		case ok && form == "many":
			m.Many = text
		case ok && form == "other":
			m.Other = text
		default:
			return nil, false
		}
	}
	if m.One != "" && m.Many == "" {
		m.Many = m.Other
	}
	return m, m.One != "" && m.Other != ""
}

// T is a text. args are name, value pairs that fill {{.Name}}, literally: braces or markup in a value stay as they are
// and the page escapes the whole. Whole numbers are written as amounts; a year is given as a string. A key that does
// not exist comes back in brackets, ⟦key⟧, and so does a name that args lacks.
func (l *Language) T(key string, args ...any) string {
	if text, ok := l.plain[key]; ok {
		return text
	}
	return l.localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: &values{language: l, args: args}})
}

// N is a text that depends on a number, {{.N}}, by the language's plural rule.
func (l *Language) N(key string, count int, args ...any) string {
	if text, ok := l.plain[key]; ok {
		return text
	}
	return l.localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: count, TemplateData: &values{language: l, args: args, count: l.Number(count)}})
}

func (l *Language) localize(config *i18n.LocalizeConfig) string {
	config.TemplateParser = fields{}
	// The error is passed over: with one comes the form "other" where there is one, and that is better than brackets.
	text, _ := l.localizer.Localize(config)
	if text == "" {
		return "⟦" + config.MessageID + "⟧"
	}
	return text
}

// fields parses texts for go-i18n, which keeps the result. It knows names in braces and nothing else: a locale file
// runs no code, and filling one in needs no reflection.
type fields struct{}

// Cacheable is always so.
func (fields) Cacheable() bool { return true }

// Parse splits a text at its names; the delimiters are always double braces.
func (fields) Parse(text, _, _ string) (template.ParsedTemplate, error) {
	var p pieces
	for {
		literal, rest, found := strings.Cut(text, opening)
		if strings.Contains(literal, "{{") {
			return nil, fmt.Errorf("braces without a name in %q", literal)
		}
		p = append(p, literal)
		if !found {
			return p, nil
		}
		name, after, closed := strings.Cut(rest, closing)
		if !closed || name == "" || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }) {
			return nil, fmt.Errorf("{{.%s: not the name of a value", rest)
		}
		p, text = append(p, name), after
	}
}

// pieces are literal, name, literal, name, …, literal.
type pieces []string

// Execute fills in the names from *values.
func (p pieces) Execute(data any) (string, error) {
	from, ok := data.(*values)
	if !ok {
		return "", fmt.Errorf("no values in %T", data)
	}
	var out []byte
	for i, piece := range p {
		if i%2 == 0 {
			out = append(out, piece...)
		} else {
			out = from.write(out, piece)
		}
	}
	return string(out), nil
}

// values are what one call fills in.
type values struct {
	language *Language
	args     []any
	count    string
}

func (v *values) write(out []byte, name string) []byte {
	if name == "N" && v.count != "" {
		return append(out, v.count...)
	}
	for i := 0; i+1 < len(v.args); i += 2 {
		if v.args[i] != name {
			continue
		}
		switch value := v.args[i+1].(type) {
		case string:
			return append(out, value...)
		case int:
			return append(out, v.language.Number(value)...)
		case int64:
			return append(out, v.language.Number(int(value))...)
		default:
			return fmt.Append(out, value)
		}
	}
	return append(out, "⟦"+name+"⟧"...)
}
