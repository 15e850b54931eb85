package server

import (
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// Entries on a page of a register, and in its feed and its table for spreadsheets.
const (
	registerPage  = 30
	registerFeed  = 50
	registerTable = 100_000
)

// decisionQuery reads the filters of the register of decisions from the address.
func (s *Server) decisionQuery(c *fiber.Ctx, limit int) (pages.DecisionsPage, error) {
	v := pages.DecisionsPage{Form: queried(c, "year", "series", "town"), Query: store.DecisionQuery{After: c.Query("after"), Limit: limit}}
	v.Query.Year, _ = strconv.Atoi(v.Form.Value("year"))
	var err error
	if v.Query.Series, v.Town, err = s.filters(c, v.Form); err != nil {
		return v, err
	}
	v.Query.Town = v.Town.ID
	v.List, err = s.Store.Decisions(c.UserContext(), v.Query)
	return v, err
}

// queried is a form that was sent in the address.
func queried(c *fiber.Ctx, names ...string) frontend.Form {
	f := frontend.Form{Values: map[string]string{}}
	for _, name := range names {
		f.Values[name] = strings.ToValidUTF8(c.Query(name), "\uFFFD")
	}
	return f
}

// filters finds the series and the town that an address names.
func (s *Server) filters(c *fiber.Ctx, f frontend.Form) (series string, town store.Town, err error) {
	if slug := f.Value("series"); slug != "" {
		found, _, err := s.Store.SeriesBySlug(c.UserContext(), slug)
		if err != nil {
			return "", town, err
		}
		series = found.ID
	}
	if slug := f.Value("town"); slug != "" {
		town, err = s.Store.TownBySlug(c.UserContext(), slug)
	}
	return series, town, err
}

// decisions is the register of decisions.
func (s *Server) decisions(c *fiber.Ctx) error {
	v, err := s.decisionQuery(c, registerPage)
	if err != nil {
		return err
	}
	if v.Years, err = s.Store.DecisionYears(c.UserContext()); err != nil {
		return err
	}
	if v.Series, err = s.Store.AllSeries(c.UserContext()); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("decision.title"))
	p.Section = frontend.Meetings
	p.Feeds = []frontend.Feed{{Title: p.Title, Href: "/decisions.atom", Type: "application/atom+xml"}}
	return s.render(c, p, pages.Decisions(p, v))
}

// decision is one decision at its permanent address.
func (s *Server) decision(c *fiber.Ctx) error {
	row, err := s.Store.DecisionByNumber(c.UserContext(), c.Params("number"))
	if err != nil {
		return err
	}
	p := s.page(c, row.Decision.Number()+" – "+row.Decision.Title)
	p.Section = frontend.Meetings
	return s.render(c, p, pages.DecisionOf(p, row))
}

// decisionsTable is the register for spreadsheets.
func (s *Server) decisionsTable(c *fiber.Ctx) error {
	v, err := s.decisionQuery(c, registerTable)
	if err != nil {
		return err
	}
	rows := [][]string{{"number", "date", "title", "lang", "outcome", "for", "against", "abstain", "town", "meeting", "url", "withdrawn"}}
	for _, row := range v.List.Rows {
		d := row.Decision
		rows = append(rows, []string{d.Number(), d.Date, d.Title, d.Lang, string(d.Outcome), strconv.Itoa(d.Vote.For), strconv.Itoa(d.Vote.Against),
			strconv.Itoa(d.Vote.Abstain), row.Town.Name, row.Meeting.Title, s.absolute("/decisions/" + d.Number()), date(d.Withdrawn)})
	}
	return s.table(c, "decisions", rows)
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// table sends rows as CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe in front.
func (s *Server) table(c *fiber.Ctx, name string, rows [][]string) error {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8; header=present")
	c.Set(fiber.HeaderContentDisposition, attachment(name+".csv"))
	return s.send(c, []byte(b.String()))
}

// atomFeed is a feed of RFC 4287.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
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
}

type atomEntry struct {
	ID        string   `xml:"id"`
	Title     string   `xml:"title"`
	Updated   string   `xml:"updated"`
	Published string   `xml:"published"`
	Link      atomLink `xml:"link"`
	Summary   string   `xml:"summary"`
}

// atom sends a feed. An empty one is as old as the community's first second.
func (s *Server) atom(c *fiber.Ctx, path, title string, entries []atomEntry) error {
	feed := atomFeed{ID: s.absolute(path), Title: title, Author: "Belfry", Entries: entries, Updated: time.Unix(0, 0).UTC().Format(time.RFC3339),
		Links: []atomLink{{"self", s.absolute(path)}, {"alternate", s.absolute(strings.TrimSuffix(path, ".atom"))}}}
	for _, e := range entries {
		feed.Updated = max(feed.Updated, e.Updated)
	}
	body, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		return err
	}
	body = append([]byte(xml.Header), body...)
	c.Set(fiber.HeaderContentType, "application/atom+xml; charset=utf-8")
	etag := etagOf(body)
	c.Set(fiber.HeaderETag, etag)
	if unchanged(c, etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	return s.send(c, body)
}

func (s *Server) entry(path, title, summary string, created, changed time.Time) atomEntry {
	return atomEntry{ID: s.absolute(path), Title: title, Summary: summary, Link: atomLink{"alternate", s.absolute(path)},
		Published: created.UTC().Format(time.RFC3339), Updated: changed.UTC().Format(time.RFC3339)}
}

// decisionsFeed is the news of decisions.
func (s *Server) decisionsFeed(c *fiber.Ctx) error {
	v, err := s.decisionQuery(c, registerFeed)
	if err != nil {
		return err
	}
	var entries []atomEntry
	for _, row := range v.List.Rows {
		d := row.Decision
		entries = append(entries, s.entry("/decisions/"+d.Number(), d.Number()+" – "+d.Title, row.Meeting.Title+", "+d.Date, d.Created, d.Changed))
	}
	return s.atom(c, "/decisions.atom", visitOf(c).lang.T("decision.title"), entries)
}

// actionQuery reads the filters of the register of actions from the address.
func (s *Server) actionQuery(c *fiber.Ctx, limit int) (pages.ActionsPage, error) {
	v := pages.ActionsPage{Form: queried(c, "state", "series", "town", "person")}
	q := store.ActionQuery{State: v.Form.Value("state"), After: c.Query("after"), Limit: limit}
	var err error
	if q.Series, v.Town, err = s.filters(c, v.Form); err != nil {
		return v, err
	}
	q.Town = v.Town.ID
	if handle := v.Form.Value("person"); handle != "" {
		if v.Person, err = s.Store.MemberByHandle(c.UserContext(), handle); err != nil {
			return v, err
		}
		q.Person = v.Person.ID
	}
	v.List, err = s.Store.Actions(c.UserContext(), by(c), q)
	return v, err
}

// actions is the register of actions.
func (s *Server) actions(c *fiber.Ctx) error {
	v, err := s.actionQuery(c, registerPage)
	if err != nil {
		return err
	}
	if v.Series, err = s.Store.AllSeries(c.UserContext()); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("actions.title"))
	p.Section = frontend.Meetings
	p.Feeds = []frontend.Feed{{Title: p.Title, Href: "/actions.atom", Type: "application/atom+xml"}}
	return s.render(c, p, pages.Actions(p, v))
}

// actionsTable is the register for spreadsheets.
func (s *Server) actionsTable(c *fiber.Ctx) error {
	v, err := s.actionQuery(c, registerTable)
	if err != nil {
		return err
	}
	rows := [][]string{{"number", "state", "due", "title", "lang", "town", "person", "meeting", "url"}}
	for _, row := range v.List.Rows {
		a := row.Action
		rows = append(rows, []string{a.Number(), string(a.State), a.Due, a.Title, a.Lang, row.Town.Name, row.Person.Name, row.Meeting.Title, s.absolute("/actions/" + a.Number())})
	}
	return s.table(c, "actions", rows)
}

// actionsFeed is the news of actions.
func (s *Server) actionsFeed(c *fiber.Ctx) error {
	v, err := s.actionQuery(c, registerFeed)
	if err != nil {
		return err
	}
	lang := visitOf(c).lang
	var entries []atomEntry
	for _, row := range v.List.Rows {
		a := row.Action
		summary := lang.T("actions.state."+string(a.State)) + ", " + row.Town.NameIn(lang.Tag())
		entries = append(entries, s.entry("/actions/"+a.Number(), a.Number()+" – "+a.Title, summary, a.Created, a.Changed))
	}
	return s.atom(c, "/actions.atom", lang.T("actions.title"), entries)
}

// action is one action at its permanent address.
func (s *Server) action(c *fiber.Ctx) error { return s.showAction(c, nil, nil) }

func (s *Server) showAction(c *fiber.Ctx, err error, form *frontend.Form) error {
	page, missing := s.Store.ActionByNumber(c.UserContext(), by(c), c.Params("number"))
	if missing != nil {
		return missing
	}
	screen := pages.ActionScreen{Page: page}
	if form == nil {
		form = &frontend.Form{Values: map[string]string{"town": page.ActionRow.Town.NameIn(visitOf(c).lang.Tag()), "person": page.Person.Handle, "due": page.Action.Due}}
	}
	screen.Form = *form
	p := s.page(c, page.Action.Number()+" – "+page.Action.Title)
	p.Section = frontend.Meetings
	return s.renderStatus(c, statusOr200(err), p, pages.ActionOf(p, screen))
}

// postAction closes an action, opens it again, or hands it on.
func (s *Server) postAction(c *fiber.Ctx) error {
	page, err := s.Store.ActionByNumber(c.UserContext(), by(c), c.Params("number"))
	if err != nil {
		return err
	}
	in := store.ActionInput{State: store.ActionOpen, Town: page.Action.Town, Person: page.Action.Person, Due: page.Action.Due}
	key := "actions.said.changed"
	switch c.FormValue("do") {
	case "done":
		in.State, key = store.ActionDone, "actions.said.done"
	case "drop":
		in.State = store.ActionDropped
	case "hand":
		in, err = s.Store.ActionNamed(c.UserContext(), by(c), c.FormValue("town"), c.FormValue("person"))
		in.State, in.Due, in.Note = store.ActionOpen, c.FormValue("due"), c.FormValue("note")
	case "reopen":
	default:
		return fiber.ErrBadRequest
	}
	if err == nil {
		_, err = s.Store.ChangeAction(c.UserContext(), by(c), page.Action.ID, in)
	}
	if err == nil {
		return s.done(c, safePath(c.FormValue("back", "/actions/"+page.Action.Number())), key, "Number", page.Action.Number())
	}
	if mayTypeAgain(err) {
		form := s.typed(c, err, "town", "person", "due", "note")
		return s.showAction(c, err, &form)
	}
	return err
}

// cards join the blocks of a text with what they are in the registers.
func (s *Server) cards(c *fiber.Ctx, html string, marks []store.Mark, page *store.MinutesPage) []pages.Piece {
	texts, at := store.SplitMarks(html)
	var all []pages.Piece
	for i, text := range texts {
		piece := pages.Piece{HTML: text}
		if i < len(at) && at[i] >= 0 && at[i] < len(marks) {
			piece.Card = s.cardOf(c, marks[at[i]], page)
		}
		all = append(all, piece)
	}
	return all
}

func (s *Server) cardOf(c *fiber.Ctx, m store.Mark, page *store.MinutesPage) *pages.Card {
	card := pages.Card{Kind: m.Kind, Number: m.Number, Title: m.Title, Vote: m.Vote, Outcome: m.Outcome, Town: m.Town, Person: m.Person, Due: m.Due}
	for _, problem := range m.Problems {
		card.Problems = append(card.Problems, visitOf(c).lang.T(problem.Key, problem.Args...))
	}
	if page == nil {
		return &card
	}
	if row, ok := page.Actions[m.Number]; ok {
		card.Town, card.Person, card.Due, card.State, card.Overdue = row.Town, row.Person, row.Action.Due, row.Action.State, row.Overdue
	}
	if d, ok := page.Decisions[m.Number]; ok {
		card.Gone = !d.Withdrawn.IsZero()
	}
	return &card
}

// notationHelp explains how decisions and actions are written.
func (s *Server) notationHelp(c *fiber.Ctx) error {
	lang := visitOf(c).lang
	p := s.page(c, lang.T("notation.title"))
	p.Section = frontend.Meetings
	example := fmt.Sprintf("## 3. %s\n\n!D %s\n   vote: 24 / 0 / 2\n!A %s\n   @elise.delvaux  %s: Seneffe  %s: 15/03\n!A Seneffe, @elise.delvaux, 15/03: %s\n!R %s\n",
		lang.T("notation.sample.item"), lang.T("notation.sample.decision"), lang.T("notation.sample.action"), lang.T("notation.word.town"), lang.T("notation.word.due"),
		lang.T("notation.sample.action"), lang.T("outcome.accepted"))
	return s.render(c, p, pages.NotationHelp(p, example))
}
