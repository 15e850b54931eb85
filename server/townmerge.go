package server

import (
	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// mergeTown shows the form to merge a town into another.
func (s *Server) mergeTown(c *fiber.Ctx) error { return s.showMergeTown(c, nil) }

func (s *Server) showMergeTown(c *fiber.Ctx, err error) error {
	page, missing := s.Store.TownPage(c.UserContext(), by(c), c.Params("slug"))
	if missing != nil {
		return missing
	}
	if !page.MayMerge {
		return fiberDenied(c)
	}
	p := s.page(c, visitOf(c).lang.T("town.merge"))
	p.Section = frontend.Towns
	return s.renderStatus(c, statusOr200(err), p, pages.MergeTown(p, pages.TownForm{Town: page.Town, Form: s.typed(c, err, "into")}))
}

// postMergeTown asks once more, saying what moves, and then merges.
func (s *Server) postMergeTown(c *fiber.Ctx) error {
	ctx := c.UserContext()
	page, err := s.Store.TownPage(ctx, by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	from := c.FormValue("from")
	if from == "" {
		from = page.Town.ID
	}
	into, err := s.Store.TownTyped(ctx, "into", c.FormValue("into"), visitOf(c).lang.Tag())
	if err == nil && c.FormValue("sure") == "" {
		var plan store.MergePlan
		if plan, err = s.Store.PlanMerger(ctx, by(c), from, into); err == nil {
			p := s.page(c, visitOf(c).lang.T("town.merge"))
			p.Section = frontend.Towns
			return s.render(c, p, pages.Confirm(p, pages.MergeSure(p, plan, c.FormValue("into"))))
		}
	}
	if err == nil {
		var to store.Town
		if to, err = s.Store.MergeTowns(ctx, by(c), from, into); err == nil {
			return s.done(c, "/towns/"+to.Slug, "town.said.merged", "Town", to.NameIn(visitOf(c).lang.Tag()))
		}
	}
	if mayTypeAgain(err) {
		return s.showMergeTown(c, err)
	}
	return err
}
