package sister

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"time"
)

const maxXMLDepth = 20

// atomEntry is as much of an Atom entry as is shown.
type atomEntry struct {
	ID        string `xml:"id"`
	Title     string `xml:"title"`
	Updated   string `xml:"updated"`
	Published string `xml:"published"`
	Summary   string `xml:"summary"`
	Lang      string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	Links     []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Categories []struct {
		Term   string `xml:"term,attr"`
		Scheme string `xml:"scheme,attr"`
	} `xml:"category"`
}

// News reads an Atom feed: its newest entries, the newest first. What is no Atom is ErrForm.
func News(feed []byte) ([]Item, error) {
	entries, _, err := read(feed)
	var items []Item
	for _, entry := range entries {
		if item := entry.item(); item.Title != "" && !item.Start.IsZero() {
			items = append(items, item)
		}
	}
	slices.SortStableFunc(items, func(a, b Item) int { return b.Start.Compare(a.Start) })
	return items[:min(len(items), MaxItems)], err
}

// read takes an Atom feed apart: its entries, and the language it is in when it says so.
func read(feed []byte) (entries []atomEntry, lang string, err error) {
	if len(feed) > MaxBody || bytes.Contains(feed, []byte("<!DOCTYPE")) || bytes.Contains(feed, []byte("<!ENTITY")) {
		return nil, "", ErrForm
	}
	if err := shallow(feed); err != nil {
		return nil, "", err
	}
	decoder := xml.NewDecoder(bytes.NewReader(feed))
	root := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, "", ErrForm
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case !root && (start.Name.Local != "feed" || start.Name.Space != "http://www.w3.org/2005/Atom"):
			return nil, "", ErrForm
		case !root:
			root, lang = true, langOf(start)
		case start.Name.Local == "entry" && len(entries) < 5*MaxItems:
			var entry atomEntry
			if err := decoder.DecodeElement(&entry, &start); err != nil {
				return nil, "", ErrForm
			}
			entries = append(entries, entry)
		}
	}
	if !root {
		return nil, "", ErrForm
	}
	return entries, lang, nil
}

// langOf is the xml:lang of an element.
func langOf(start xml.StartElement) string {
	for _, one := range start.Attr {
		if one.Name.Local == "lang" && one.Name.Space == "http://www.w3.org/XML/1998/namespace" {
			return one.Value
		}
	}
	return ""
}

// shallow refuses what is nested deeper than any feed: the decoder would recurse.
func shallow(feed []byte) error {
	decoder, depth := xml.NewDecoder(bytes.NewReader(feed)), 0
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ErrForm
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth > maxXMLDepth {
				return ErrForm
			}
		case xml.EndElement:
			depth--
		}
	}
}

func (e atomEntry) item() Item {
	item := Item{ID: plain(e.ID, maxID), Title: plain(e.Title, maxTitle)}
	for _, link := range e.Links {
		if link.Rel == "" || link.Rel == "alternate" {
			item.Href = webAddress(link.Href)
			break
		}
	}
	for _, when := range []string{e.Published, e.Updated} {
		if at, err := time.Parse(time.RFC3339, when); err == nil && at.Year() > 1990 && at.Year() < 2200 {
			item.Start = at.UTC()
			break
		}
	}
	return item
}
