package sister

import (
	"regexp"
	"slices"
	"strings"
)

// Languages is the scheme of the categories that say in which languages an offer is: their terms are tags of BCP 47.
const Languages = "https://www.rfc-editor.org/info/bcp47"

// Offers reads an Atom feed of mentor offers, in its own order. An entry is a town with a place free: its title names the
// town, its link leads to where one asks, its summary says what it offers, and categories of the scheme Languages name the
// languages it helps in. Any Atom feed can be one; what is no Atom is ErrForm.
func Offers(feed []byte) ([]Item, error) {
	entries, lang, err := read(feed)
	var items []Item
	for _, entry := range entries {
		item := entry.item()
		if item.Title == "" || len(items) == MaxItems {
			continue
		}
		item.Summary, item.Lang = plain(entry.Summary, maxSummary), tagOf(entry.Lang)
		if item.Lang == "" {
			item.Lang = tagOf(lang)
		}
		for _, one := range entry.Categories {
			if tag := tagOf(one.Term); one.Scheme == Languages && tag != "" && len(item.Speaks) < maxSpeaks && !slices.Contains(item.Speaks, tag) {
				item.Speaks = append(item.Speaks, tag)
			}
		}
		items = append(items, item)
	}
	return items, err
}

var languageTag = regexp.MustCompile(`^[a-z]{2,3}$`)

// tagOf is the language of a tag without its region and script, "" when it is none.
func tagOf(tag string) string {
	tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	if !languageTag.MatchString(tag) {
		return ""
	}
	return tag
}
