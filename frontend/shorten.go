package frontend

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// shorten takes out of an asset what only its writers need. It understands just the way our own files are written.
func shorten(name string, body []byte) []byte {
	switch path.Ext(name) {
	case ".css":
		return shortenCSS(body)
	case ".js":
		return shortenJS(body)
	case ".svg":
		return bytes.ReplaceAll(body, []byte(">\n<"), []byte("><"))
	}
	return body
}

// shortenCSS drops comments and every space that separates nothing. Strings are kept as they are. Spaces around + and
// - stay, because calc needs them, and so does a space before a colon, because "a :hover" is not "a:hover".
func shortenCSS(body []byte) []byte {
	out := make([]byte, 0, len(body))
	space := false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c == '/' && i+1 < len(body) && body[i+1] == '*':
			end := bytes.Index(body[i+2:], []byte("*/"))
			if end < 0 {
				return out
			}
			i += end + 3
			space = true
			continue
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			space = true
			continue
		}
		if space && len(out) > 0 && !bytes.ContainsRune([]byte("{};,:>("), rune(out[len(out)-1])) && !bytes.ContainsRune([]byte("{};,>)"), rune(c)) {
			out = append(out, ' ')
		}
		space = false
		if c == '}' && len(out) > 0 && out[len(out)-1] == ';' {
			out = out[:len(out)-1]
		}
		out = append(out, c)
		if c == '"' || c == '\'' {
			end := endOfString(body, i)
			out = append(out, body[i+1:end]...)
			i = end - 1
		}
	}
	return out
}

// endOfString is the index after the quote that closes the string opened at start.
func endOfString(body []byte, start int) int {
	for i := start + 1; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case body[start]:
			return i + 1
		}
	}
	return len(body)
}

var jsBlockComment = regexp.MustCompile(`(?s)(^|\n)[ \t]*/\*.*?\*/`)

// shortenJS drops comments that have lines to themselves, and indentation. Our modules have no text over several lines.
func shortenJS(body []byte) []byte {
	var out strings.Builder
	for _, line := range strings.Split(jsBlockComment.ReplaceAllString(string(body), "$1"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		out.WriteString(line)
		out.WriteByte('\n')
	}
	return []byte(out.String())
}
