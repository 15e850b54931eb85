package server

import (
	"strings"

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
	into, err := s.townTyped(c, "into")
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

// townTyped finds the town somebody typed the name of: one of the community, else one of the gazetteer.
func (s *Server) townTyped(c *fiber.Ctx, field string) (store.JoinInput, error) {
	name := strings.TrimSpace(strings.ToValidUTF8(c.FormValue(field), ""))
	if len(name) > 400 {
		name = ""
	}
	town, err := s.Store.TownNamed(c.UserContext(), name)
	if store.KindOf(err) != store.NotFound {
		return store.JoinInput{TownID: town.ID}, err
	}
	code := ""
	for _, one := range s.Store.Gazetteer().Search(name, 8) {
		if !strings.EqualFold(one.Name, name) && !strings.EqualFold(one.NameIn(visitOf(c).lang.Tag()), name) {
			continue
		}
		if code != "" && code != one.Code {
			return store.JoinInput{}, &store.Error{Kind: store.Invalid, Problems: []store.Problem{{Field: field, Key: "town.merge_twice"}}}
		}
		code = one.Code
	}
	if code == "" {
		return store.JoinInput{}, &store.Error{Kind: store.Invalid, Problems: []store.Problem{{Field: field, Key: "member.town_unknown"}}}
	}
	return store.JoinInput{TownCode: code}, nil
}
