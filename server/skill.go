package server

import (
	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// skills is the list of skills and topics; stewards see who uses an entry.
func (s *Server) skills(c *fiber.Ctx) error {
	return s.showSkills(c, nil, frontend.Form{Values: map[string]string{"group": "organisation"}})
}

func (s *Server) showSkills(c *fiber.Ctx, err error, form frontend.Form) error {
	ctx, v := c.UserContext(), visitOf(c)
	page := pages.SkillsPage{Form: form, May: v.signedIn() && v.member.May(store.Take)}
	var missing error
	if v.member.May(store.Steward) {
		page.Rows, missing = s.Store.SkillList(ctx, by(c))
	} else {
		page.All, missing = s.Store.Skills(ctx, v.lang.Tag())
	}
	if missing != nil {
		return missing
	}
	p := s.page(c, v.lang.T("skill.title"))
	p.Section = frontend.Towns
	if err != nil {
		return s.renderStatus(c, statusOf(err), p, pages.Skills(p, page))
	}
	return s.render(c, p, pages.Skills(p, page))
}

// skillInput reads names and group from a form.
func skillInput(c *fiber.Ctx) store.SkillInput {
	in := store.SkillInput{Names: map[string]string{}, Group: store.SkillGroup(c.FormValue("group"))}
	for _, lang := range store.Languages() {
		in.Names[lang] = c.FormValue("name_" + lang)
	}
	return in
}

// postSkill adds an entry to the list.
func (s *Server) postSkill(c *fiber.Ctx) error {
	_, err := s.Store.AddSkill(c.UserContext(), by(c), skillInput(c))
	switch {
	case err == nil:
		return s.done(c, "/skills", "skill.said.added")
	case mayTypeAgain(err):
		return s.showSkills(c, err, s.typed(c, err, "name_fr", "name_nl", "name_de", "name_en", "group"))
	}
	return err
}

// skillAsked is the entry an address names, for stewards.
func (s *Server) skillAsked(c *fiber.Ctx) (store.Skill, error) {
	if !visitOf(c).member.May(store.Steward) {
		return store.Skill{}, fiber.ErrForbidden
	}
	id := c.Params("id")
	found, err := s.Store.SkillNames(c.UserContext(), []string{id})
	if err != nil {
		return store.Skill{}, err
	}
	skill, ok := found[id]
	if !ok || skill.Gone {
		return skill, fiber.ErrNotFound
	}
	return skill, nil
}

// editSkill shows what a steward can do about an entry. A merged one leads to what it became.
func (s *Server) editSkill(c *fiber.Ctx) error {
	skill, err := s.skillAsked(c)
	switch {
	case err == fiber.ErrForbidden:
		return fiberDenied(c)
	case err != nil:
		return err
	case skill.ID != c.Params("id"):
		return s.to(c, "/skills/"+skill.ID)
	}
	values := map[string]string{"group": string(skill.Group)}
	for lang, name := range skill.Names {
		values["name_"+lang] = name
	}
	return s.showSkill(c, nil, skill, frontend.Form{Values: values})
}

func (s *Server) showSkill(c *fiber.Ctx, err error, skill store.Skill, form frontend.Form) error {
	lang := visitOf(c).lang.Tag()
	others, missing := s.Store.Skills(c.UserContext(), lang)
	if missing != nil {
		return missing
	}
	name, _ := skill.NameIn(lang)
	p := s.page(c, name)
	p.Section = frontend.Towns
	return s.renderStatus(c, statusOr200(err), p, pages.EditSkill(p, pages.SkillForm{Skill: skill, Others: others, Form: form}))
}

// changeSkill keeps, names, merges or takes away an entry.
func (s *Server) changeSkill(c *fiber.Ctx) error {
	ctx := c.UserContext()
	skill, err := s.skillAsked(c)
	if err != nil {
		return err
	}
	said := "skill.said.changed"
	switch c.FormValue("do") {
	case "change":
		err = s.Store.ChangeSkill(ctx, by(c), skill.ID, skillInput(c))
	case "keep":
		err = s.Store.KeepSkill(ctx, by(c), skill.ID)
	case "merge":
		err, said = s.Store.MergeSkill(ctx, by(c), skill.ID, c.FormValue("into")), "skill.said.merged"
	case "drop":
		err, said = s.Store.DropSkill(ctx, by(c), skill.ID), "skill.said.dropped"
	default:
		return fiber.ErrBadRequest
	}
	switch {
	case err == nil:
		return s.done(c, "/skills", said)
	case mayTypeAgain(err):
		form := s.typed(c, err, "name_fr", "name_nl", "name_de", "name_en", "group", "into")
		if c.FormValue("do") != "change" {
			for lang, name := range skill.Names {
				form.Values["name_"+lang] = name
			}
			form.Values["group"] = string(skill.Group)
		}
		return s.showSkill(c, err, skill, form)
	}
	return err
}
