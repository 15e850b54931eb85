package server

import (
	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// searchTowns leads a search without scripts to the form of a newcomer.
func (s *Server) searchTowns(c *fiber.Ctx) error {
	return s.to(c, "/join?q="+queryEscape(c.Query("q")))
}

// suggestion is a town of the gazetteer as the search field shows it.
type suggestion struct {
	Code       string `json:"code"`
	Name       string `json:"name"`
	Area       string `json:"area"`
	Postal     string `json:"postal"`
	Population string `json:"population"`
	Href       string `json:"href"`
}

// searchTownsJSON answers the search field.
func (s *Server) searchTownsJSON(c *fiber.Ctx) error {
	lang := visitOf(c).lang
	found := []suggestion{}
	for _, t := range s.Store.Gazetteer().Search(c.Query("q"), 8) {
		one := suggestion{Code: t.Code, Name: t.NameIn(lang.Tag()), Area: s.Store.Gazetteer().AreaName(t.Area, lang.Tag()),
			Population: lang.Number(t.Population), Href: "/join?q=" + queryEscape(t.Name)}
		if len(t.PostalCodes) > 0 {
			one.Postal = t.PostalCodes[0]
		}
		found = append(found, one)
	}
	return c.JSON(found)
}

// town is the page of one town.
func (s *Server) town(c *fiber.Ctx) error {
	page, err := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if page.Moved {
		return c.Redirect("/towns/"+page.Town.Slug, fiber.StatusMovedPermanently)
	}
	lang := visitOf(c).lang
	open, err := s.Store.Actions(c.UserContext(), by(c), store.ActionQuery{Town: page.Town.ID, Limit: actionsAtHome})
	if err != nil {
		return err
	}
	uses, err := s.Store.AppsOfTown(c.UserContext(), page.Town.ID)
	if err != nil {
		return err
	}
	taken, err := s.Store.Decisions(c.UserContext(), store.DecisionQuery{Town: page.Town.ID, Limit: actionsAtHome})
	if err != nil {
		return err
	}
	p := s.page(c, page.Town.NameIn(lang.Tag()))
	p.Section = frontend.Towns
	p.Feeds = []frontend.Feed{{Title: p.Title, Href: "/towns/" + page.Town.Slug + "/meetings.ics", Type: "text/calendar"}}
	return s.render(c, p, pages.Town(p, pages.TownScreen{Page: page, Area: s.Store.Gazetteer().AreaName(page.Town.Area, lang.Tag()), Map: s.townMap(c, page.Town), Open: open.Rows,
		Apps: uses, Decisions: taken.Rows}))
}

// welcomeTown makes a joining town a member.
func (s *Server) welcomeTown(c *fiber.Ctx) error {
	page, err := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if err := s.Store.WelcomeTown(c.UserContext(), by(c), page.Town.ID); err != nil {
		return err
	}
	back := "/towns/" + page.Town.Slug
	if c.FormValue("back") != "" {
		back = backOf(c)
	}
	return s.done(c, back, "town.said.welcomed", "Town", page.Town.NameIn(visitOf(c).lang.Tag()))
}

// changePeople welcomes or refuses somebody, or changes who coordinates.
func (s *Server) changePeople(c *fiber.Ctx) error {
	ctx, id := c.UserContext(), c.FormValue("member")
	_, err := s.Store.TownPage(ctx, by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	switch c.FormValue("do") {
	case "welcome":
		err = s.Store.WelcomePerson(ctx, by(c), id)
	case "refuse":
		err = s.Store.RefusePerson(ctx, by(c), id)
	case "coordinator":
		err = s.Store.SetCoordinator(ctx, by(c), id, true)
	case "member":
		err = s.Store.SetCoordinator(ctx, by(c), id, false)
	default:
		return fiber.ErrBadRequest
	}
	if err != nil {
		return err
	}
	return s.done(c, "/towns/"+c.Params("slug"), "town.said.people")
}

// handOver shows who may hand what over to whom.
func (s *Server) handOver(c *fiber.Ctx) error { return s.showHandOver(c, nil) }

func (s *Server) showHandOver(c *fiber.Ctx, err error) error {
	page, missing := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if missing != nil {
		return missing
	}
	if !page.MayEdit {
		return fiberDenied(c)
	}
	p := s.page(c, visitOf(c).lang.T("town.hand_over"))
	p.Section = frontend.Towns
	return s.renderStatus(c, statusOr200(err), p, pages.HandOver(p, pages.HandOverForm{Page: page, Form: s.typed(c, err, "from", "to", "leaving")}))
}

// postHandOver moves one person's duties to another.
func (s *Server) postHandOver(c *fiber.Ctx) error {
	_, err := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	err = s.Store.HandOver(c.UserContext(), by(c), c.FormValue("from"), c.FormValue("to"), c.FormValue("leaving") == "1")
	switch {
	case err == nil:
		return s.done(c, "/towns/"+c.Params("slug"), "town.said.handed_over")
	case mayTypeAgain(err):
		return s.showHandOver(c, err)
	}
	return err
}
