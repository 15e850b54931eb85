package server

import (
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

const historyPage = 30

// several are all values of a field that can be given more than once.
func several(c *fiber.Ctx, name string) []string {
	var all []string
	for _, raw := range c.Request().PostArgs().PeekMulti(name) {
		all = append(all, strings.ToValidUTF8(string(raw), "\uFFFD"))
	}
	return all
}

// editableTown is a town whose profile the reader may change; others are refused.
func (s *Server) editableTown(c *fiber.Ctx) (store.Town, error) {
	page, err := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if err == nil && !page.MayEdit {
		err = fiber.ErrForbidden
	}
	return page.Town, err
}

// editTown shows the form of a town's profile.
func (s *Server) editTown(c *fiber.Ctx) error {
	town, err := s.editableTown(c)
	if err == fiber.ErrForbidden {
		return fiberDenied(c)
	}
	if err != nil {
		return err
	}
	return s.showTownForm(c, nil, town, frontend.Form{Values: pages.ProfileValues(town)})
}

func (s *Server) showTownForm(c *fiber.Ctx, err error, town store.Town, form frontend.Form) error {
	all, missing := s.Store.Skills(c.UserContext(), visitOf(c).lang.Tag())
	if missing != nil {
		return missing
	}
	p := s.page(c, visitOf(c).lang.T("town.edit"))
	p.Section = frontend.Towns
	return s.renderStatus(c, statusOr200(err), p, pages.EditTown(p, pages.TownForm{Town: town, Form: form, Skills: all}))
}

// changeTown changes a town's profile.
func (s *Server) changeTown(c *fiber.Ctx) error {
	town, err := s.editableTown(c)
	if err != nil {
		return err
	}
	in := store.TownInput{Name: c.FormValue("name"), About: c.FormValue("about"), Website: c.FormValue("website"), Staff: store.Staff(c.FormValue("staff")),
		Hosting: store.Hosting(c.FormValue("hosting")), Teaches: several(c, "teaches"), Needs: several(c, "needs"), Speaks: several(c, "speaks"),
		Offers: c.FormValue("offers") == "1", Places: number(c, "places", 1), PausedUntil: c.FormValue("paused_until"), Way: c.FormValue("way")}
	err = s.Store.EditTown(c.UserContext(), by(c), town.ID, in)
	switch {
	case err == nil:
		return s.done(c, "/towns/"+town.Slug, "town.said.changed")
	case mayTypeAgain(err):
		form := s.typed(c, err, "name", "about", "website", "staff", "hosting", "offers", "places", "paused_until", "way")
		for name, values := range map[string][]string{"teaches": in.Teaches, "needs": in.Needs, "speaks": in.Speaks} {
			form.Values[name] = strings.Join(values, " ")
		}
		return s.showTownForm(c, err, town, form)
	}
	return err
}

// townToConfirm asks whether a town's profile is still right: the yearly letter leads here.
func (s *Server) townToConfirm(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	page, err := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if !page.MayEdit {
		return fiberDenied(c)
	}
	p := s.page(c, visitOf(c).lang.T("town.confirm_title"))
	p.Section = frontend.Towns
	return s.render(c, p, pages.ConfirmTown(p, page))
}

// confirmTown says that a town's profile is still right.
func (s *Server) confirmTown(c *fiber.Ctx) error {
	town, err := s.editableTown(c)
	if err != nil {
		return err
	}
	if err := s.Store.ConfirmTown(c.UserContext(), by(c), town.ID); err != nil {
		return err
	}
	return s.done(c, "/towns/"+town.Slug, "town.said.confirmed")
}

// townHistory shows what changed in a town's profile.
func (s *Server) townHistory(c *fiber.Ctx) error {
	history, err := s.Store.TownHistory(c.UserContext(), by(c), c.Params("slug"), c.Query("after"), historyPage)
	if err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("town.history")+" – "+history.Town.NameIn(visitOf(c).lang.Tag()))
	p.Section = frontend.Towns
	return s.render(c, p, pages.TownHistory(p, history))
}
