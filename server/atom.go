package server

import (
	"encoding/xml"
	"net/url"
	"strings"
	"time"

	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

const (
	atomType    = "application/atom+xml"
	atomEntries = 50
)

// atomFeed is a feed of RFC 4287.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Author  string      `xml:"author>name"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
	Type string `xml:"type,attr,omitempty"`
}

type atomEntry struct {
	ID        string    `xml:"id"`
	Title     atomTitle `xml:"title"`
	Updated   string    `xml:"updated"`
	Published string    `xml:"published"`
	Link      atomLink  `xml:"link"`
	Summary   string    `xml:"summary"`

	Categories []atomCategory `xml:"category"`
}

type atomCategory struct {
	Term   string `xml:"term,attr"`
	Scheme string `xml:"scheme,attr,omitempty"`
	Label  string `xml:"label,attr,omitempty"`
}

type atomTitle struct {
	Lang string `xml:"xml:lang,attr,omitempty"`
	Text string `xml:",chardata"`
}

// atom sends a feed. The same filters, in whatever order, are the same feed with the same id. An empty
// feed is as old as time.
func (s *Server) atom(c *fiber.Ctx, path, title string, values map[string]string, entries []atomEntry) error {
	feed := atomFeed{Lang: visitOf(c).lang.Tag(), ID: s.absolute(path + filtered(values)), Title: title, Author: "Belfry", Entries: entries,
		Updated: time.Unix(0, 0).UTC().Format(time.RFC3339)}
	feed.Links = []atomLink{{"self", feed.ID, atomType}, {"alternate", s.absolute(strings.TrimSuffix(path, ".atom") + filtered(values)), "text/html"}}
	for _, e := range entries {
		feed.Updated = max(feed.Updated, e.Updated)
	}
	body, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		return err
	}
	body = append([]byte(xml.Header), body...)
	c.Set(fiber.HeaderContentType, atomType+"; charset=utf-8")
	c.Vary(fiber.HeaderAcceptLanguage, fiber.HeaderCookie)
	etag := etagOf(body)
	c.Set(fiber.HeaderETag, etag)
	if unchanged(c, etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	return s.send(c, body)
}

func (s *Server) entry(path, lang, title, summary string, created, changed time.Time) atomEntry {
	return atomEntry{ID: s.absolute(path), Title: atomTitle{lang, title}, Summary: summary, Link: atomLink{"alternate", s.absolute(path), "text/html"},
		Published: created.UTC().Format(time.RFC3339), Updated: changed.UTC().Format(time.RFC3339)}
}

// decisionsFeed is the news of decisions.
func (s *Server) decisionsFeed(c *fiber.Ctx) error {
	v, err := s.decisionQuery(c)
	if err != nil || len(v.Form.Problems) > 0 {
		return missing(err)
	}
	v.Query.After, v.Query.Limit = "", atomEntries
	if v.List, err = s.Store.Decisions(c.UserContext(), v.Query); err != nil {
		return err
	}
	var entries []atomEntry
	for _, row := range v.List.Rows {
		d := row.Decision
		entries = append(entries, s.entry("/decisions/"+d.Number(), d.Lang, d.Number()+" – "+d.Title, row.Meeting.Title+", "+d.Date, d.Created, d.Changed))
	}
	return s.atom(c, "/decisions.atom", visitOf(c).lang.T("decision.title"), v.Form.Values, entries)
}

// actionsFeed is the news of actions: those given last, whatever became of them.
func (s *Server) actionsFeed(c *fiber.Ctx) error {
	v, err := s.actionQuery(c)
	if err != nil || len(v.Form.Problems) > 0 {
		return missing(err)
	}
	v.Query.Newest, v.Query.Limit = true, atomEntries
	if v.List, err = s.Store.Actions(c.UserContext(), store.Visitor(), v.Query); err != nil {
		return err
	}
	lang := visitOf(c).lang
	var entries []atomEntry
	for _, row := range v.List.Rows {
		a := row.Action
		summary := lang.T("actions.state." + string(a.State))
		for _, words := range []string{row.Town.NameIn(lang.Tag()), row.Person.Name, a.Due} {
			if words != "" {
				summary += ", " + words
			}
		}
		entries = append(entries, s.entry("/actions/"+a.Number(), a.Lang, a.Number()+" – "+a.Title, summary, a.Created, a.Changed))
	}
	return s.atom(c, "/actions.atom", lang.T("actions.title"), v.Form.Values, entries)
}

// filtered is the query of an address with these filters; "" without any.
func filtered(values map[string]string) string {
	q := url.Values{}
	for name, value := range values {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// inFeeds is how feeds name an author: not at all when they wish to be hidden.
func inFeeds(m store.Member) string {
	if m.Hidden {
		return "–"
	}
	return m.Name
}
