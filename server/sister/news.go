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
	Links     []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
}

// News reads an Atom feed: its newest entries, the newest first. What is no Atom is ErrForm.
func News(feed []byte) ([]Item, error) {
	if len(feed) > MaxBody || bytes.Contains(feed, []byte("<!DOCTYPE")) || bytes.Contains(feed, []byte("<!ENTITY")) {
		return nil, ErrForm
	}
	if err := shallow(feed); err != nil {
		return nil, err
	}
	decoder := xml.NewDecoder(bytes.NewReader(feed))
	var items []Item
	root := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, ErrForm
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case !root && (start.Name.Local != "feed" || start.Name.Space != "http://www.w3.org/2005/Atom"):
			return nil, ErrForm
		case !root:
			root = true
		case start.Name.Local == "entry" && len(items) < 5*MaxItems:
			var entry atomEntry
			if err := decoder.DecodeElement(&entry, &start); err != nil {
				return nil, ErrForm
			}
			if item, ok := entry.item(); ok {
				items = append(items, item)
			}
		}
	}
	if !root {
		return nil, ErrForm
	}
	slices.SortStableFunc(items, func(a, b Item) int { return b.Start.Compare(a.Start) })
	return items[:min(len(items), MaxItems)], nil
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

func (e atomEntry) item() (Item, bool) {
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
	return item, item.Title != "" && !item.Start.IsZero()
}
