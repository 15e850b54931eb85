package server

import (
	"fmt"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// registerPage is how many entries a page of a register has.
const registerPage = 30

// decisionQuery reads the filters of the register of decisions from the address.
func (s *Server) decisionQuery(c *fiber.Ctx) (pages.DecisionsPage, error) {
	v := pages.DecisionsPage{Form: queried(c, "year", "outcome", "series", "town", "app"), Query: store.DecisionQuery{After: c.Query("after"), Limit: registerPage}}
	f, err := s.filters(c, &v.Form)
	v.Town, v.Query.Year, v.Query.Series, v.Query.Town, v.Query.App = f.town, f.year, f.series, f.town.ID, f.app
	v.Query.Outcome = store.ItemOutcome(v.Form.Value("outcome"))
	return v, err
}

// actionQuery reads the filters of the register of actions from the address.
func (s *Server) actionQuery(c *fiber.Ctx) (pages.ActionsPage, error) {
	v := pages.ActionsPage{Form: queried(c, "state", "year", "series", "town", "person", "app")}
	f, err := s.filters(c, &v.Form)
	v.Town, v.Person = f.town, f.person
	v.Query = store.ActionQuery{State: v.Form.Value("state"), Year: f.year, Series: f.series, Town: f.town.ID, Person: f.person.ID, App: f.app, After: c.Query("after"), Limit: registerPage}
	return v, err
}

// queried is a form that was sent in the address.
func queried(c *fiber.Ctx, names ...string) frontend.Form {
	f := frontend.Form{Values: map[string]string{}, Problems: map[string]string{}}
	for _, name := range names {
		f.Values[name] = strings.TrimSpace(strings.ToValidUTF8(c.Query(name), "\uFFFD"))
	}
	return f
}

// filter is what the filters of an address name.
type filter struct {
	year   int
	series string
	app    string // id
	town   store.Town
	person store.Member
}

// filters finds what an address asks for. A town or a person that somebody typed and nobody knows is a problem beside
// its field; what only a wrong address can say is NotFound.
func (s *Server) filters(c *fiber.Ctx, form *frontend.Form) (f filter, err error) {
	ctx, lang := c.UserContext(), visitOf(c).lang
	if year := form.Value("year"); year != "" {
		if f.year, err = strconv.Atoi(year); err != nil || f.year < 1 || f.year > 9999 {
			return f, fiber.ErrNotFound
		}
	}
	if slug := form.Value("series"); slug != "" {
		found, _, err := s.Store.SeriesBySlug(ctx, slug)
		if err != nil {
			return f, err
		}
		f.series = found.ID
	}
	if slug := form.Value("app"); slug != "" {
		found, _, err := s.Store.AppBySlug(ctx, slug)
		if err != nil {
			return f, err
		}
		f.app = found.ID
	}
	if name := form.Value("town"); name != "" {
		switch f.town, err = s.Store.TownNamed(ctx, name); store.KindOf(err) {
		case store.NotFound:
			form.Problems["town"], err = lang.T("member.town_unknown"), nil
		default:
			form.Values["town"] = f.town.Slug
		}
	}
	if handle := strings.ToLower(strings.TrimPrefix(form.Value("person"), "@")); handle != "" && err == nil {
		switch f.person, err = s.Store.MemberByHandle(ctx, handle); store.KindOf(err) {
		case store.NotFound:
			form.Problems["person"], err = lang.T("rsvp.unknown_member"), nil
		default:
			form.Values["person"] = f.person.Handle
		}
	}
	return f, err
}

// decisions is the register of decisions.
func (s *Server) decisions(c *fiber.Ctx) error {
	v, err := s.decisionQuery(c)
	if err == nil && len(v.Form.Problems) == 0 {
		v.List, err = s.Store.Decisions(c.UserContext(), v.Query)
	}
	if err != nil {
		return err
	}
	if v.Years, err = s.Store.DecisionYears(c.UserContext()); err != nil {
		return err
	}
	if v.Series, err = s.Store.AllSeries(c.UserContext()); err != nil {
		return err
	}
	if v.Apps, err = s.Store.AppNames(c.UserContext()); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("decision.title"))
	p.Section = frontend.Meetings
	p.Feeds = []frontend.Feed{{Title: p.Title, Href: "/decisions.atom", Type: atomType}}
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

// actions is the register of actions.
func (s *Server) actions(c *fiber.Ctx) error {
	v, err := s.actionQuery(c)
	if err == nil && len(v.Form.Problems) == 0 {
		v.List, err = s.Store.Actions(c.UserContext(), by(c), v.Query)
	}
	if err != nil {
		return err
	}
	if v.Years, err = s.Store.ActionYears(c.UserContext()); err != nil {
		return err
	}
	if v.Series, err = s.Store.AllSeries(c.UserContext()); err != nil {
		return err
	}
	if v.Apps, err = s.Store.AppNames(c.UserContext()); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("actions.title"))
	p.Section = frontend.Meetings
	p.Feeds = []frontend.Feed{{Title: p.Title, Href: "/actions.atom", Type: atomType}}
	return s.render(c, p, pages.Actions(p, v))
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
	address, said := "/actions/"+page.Action.Number(), flash{Kind: frontend.OK, Key: "actions.said.changed", Args: []string{"Number", page.Action.Number()}}
	undo := frontend.Undo{Action: address, Do: "reopen"}
	switch c.FormValue("do") {
	case "done":
		in.State, said.Key, said.Undo = store.ActionDone, "actions.said.done", undo
	case "drop":
		in.State, said.Key, said.Undo = store.ActionDropped, "actions.said.dropped", undo
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
		s.leaveFlash(c, said)
		return s.to(c, safePath(c.FormValue("back", address)))
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
