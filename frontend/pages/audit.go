package pages

import (
	"regexp"

	"belfry/frontend"
	"belfry/store"
)

// auditWords is the sentence of an audit entry: its own words with what the entry holds.
func auditWords(p *frontend.Page, e store.AuditEntry, names map[string]store.Member) string {
	args := []any{"Subject", names[e.Subject].Name}
	for name, value := range e.Data {
		if name == "role" {
			value = p.T("role." + value)
		}
		args = append(args, argName(name), value)
	}
	return p.T(e.What, args...)
}

// argName is the name of an argument in a text: "town" is {{.Town}}.
func argName(name string) string { return string(name[0]-'a'+'A') + name[1:] }

func actorName(p *frontend.Page, id string, names map[string]store.Member) string {
	if m := names[id]; m.Name != "" {
		return m.Name
	}
	return p.T("role.by_operator")
}

// piece is a part of a letter: words, or an address to follow.
type piece struct{ Text, Href string }

var webAddress = regexp.MustCompile(`https?://[^\s<>"]+`)

// linked cuts a letter into words and web addresses.
func linked(text string) []piece {
	var pieces []piece
	from := 0
	for _, at := range webAddress.FindAllStringIndex(text, -1) {
		pieces = append(pieces, piece{Text: text[from:at[0]]}, piece{Text: text[at[0]:at[1]], Href: text[at[0]:at[1]]})
		from = at[1]
	}
	return append(pieces, piece{Text: text[from:]})
}
