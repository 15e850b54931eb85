package sister

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Item is a meeting, a piece of news or a mentor offer of another community: plain text and a web address.
type Item struct {
	ID     string
	Title  string
	Href   string // "" when there is none
	Place  string // of a meeting
	Start  time.Time
	End    time.Time // zero when it is not said
	AllDay bool

	Summary string   // of an offer
	Lang    string   // of an offer's title and summary, "" when it is not said
	Speaks  []string // languages an offer is for
}

// Limits of what is kept.
const (
	MaxItems   = 200
	maxTitle   = 160
	maxPlace   = 160
	maxID      = 300
	maxSummary = 300
	maxSpeaks  = 10
)

var tag = regexp.MustCompile(`<[^<>]{0,900}>`)

// plain is a text on one line without markup, control signs and signs that turn the direction, at most max characters.
func plain(text string, max int) string {
	text = html.UnescapeString(tag.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), " "))
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\uFEFF':
			return -1
		}
		return r
	}, text)
	runes := []rune(strings.Join(strings.Fields(norm.NFC.String(text)), " "))
	if len(runes) > max {
		return strings.TrimSpace(string(runes[:max-1])) + "…"
	}
	return string(runes)
}

// webAddress is an address of a page, else "".
func webAddress(text string) string {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || len(text) > 1000 || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(text, " \"'<>\\\n\r\t") {
		return ""
	}
	return text
}
