package markdown

import (
	"strings"

	"golang.org/x/net/html"
)

// Excerpt is the beginning of rendered HTML as plain text, without code and tables, at most so many characters. Cut
// words end in an ellipsis.
func Excerpt(source string, most int) string {
	var b strings.Builder
	tokens, skip, seen := html.NewTokenizer(strings.NewReader(source)), 0, 0
	for seen <= most {
		switch tokens.Next() {
		case html.ErrorToken: // the end
			return strings.Join(strings.Fields(b.String()), " ")
		case html.StartTagToken:
			if name, _ := tokens.TagName(); string(name) == "pre" || string(name) == "table" {
				skip++
			}
		case html.EndTagToken:
			switch name, _ := tokens.TagName(); string(name) {
			case "pre", "table":
				skip--
			case "p", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6":
				b.WriteByte(' ')
			}
		case html.TextToken:
			if skip == 0 {
				text := string(tokens.Text())
				words := strings.Join(strings.Fields(text), " ")
				if text != strings.TrimLeft(text, " \n\t") {
					b.WriteByte(' ')
				}
				b.WriteString(words)
				if words != "" && text != strings.TrimRight(text, " \n\t") {
					b.WriteByte(' ')
				}
				seen = len([]rune(b.String()))
			}
		}
	}
	runes := []rune(strings.Join(strings.Fields(b.String()), " "))
	return strings.TrimSpace(string(runes[:min(most, len(runes))])) + "…"
}
