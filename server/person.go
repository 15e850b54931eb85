package server

import (
	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// person is the page of one person.
func (s *Server) person(c *fiber.Ctx) error {
	page, err := s.Store.PersonPage(c.UserContext(), by(c), c.Params("handle"))
	if err != nil {
		return err
	}
	if page.Bare {
		c.Set("X-Robots-Tag", "noindex")
	}
	p := s.page(c, page.Member.Name)
	return s.render(c, p, pages.Person(p, page))
}

// postRole gives or takes a role.
func (s *Server) postRole(c *fiber.Ctx) error {
	page, err := s.Store.PersonPage(c.UserContext(), by(c), c.Params("handle"))
	if err != nil {
		return err
	}
	role, on := c.FormValue("give"), true
	if role == "" {
		role, on = c.FormValue("take"), false
	}
	if err := s.Store.SetRole(c.UserContext(), by(c), page.Member.ID, store.Role(role), on); err != nil {
		return err
	}
	return s.done(c, "/people/"+page.Member.Handle, "role.said")
}

// writeTo shows the form of a letter to somebody.
func (s *Server) writeTo(c *fiber.Ctx) error {
	return s.showWriteTo(c, nil, frontend.Form{Values: map[string]string{}})
}

func (s *Server) showWriteTo(c *fiber.Ctx, err error, form frontend.Form) error {
	page, missing := s.Store.PersonPage(c.UserContext(), by(c), c.Params("handle"))
	if missing != nil {
		return missing
	}
	if !page.MayWrite && err == nil {
		return fiberDenied(c)
	}
	p := s.page(c, visitOf(c).lang.T("person.write_to", "Name", page.Member.Name))
	return s.renderStatus(c, statusOr200(err), p, pages.WriteTo(p, pages.WriteForm{Member: page.Member, Own: visitOf(c).member.Email, Form: form}))
}

// postWriteTo sends somebody a letter; neither address is shown to the other unless its owner says so.
func (s *Server) postWriteTo(c *fiber.Ctx) error {
	page, err := s.Store.PersonPage(c.UserContext(), by(c), c.Params("handle"))
	if err != nil {
		return err
	}
	err = s.Store.Contact(c.UserContext(), by(c), page.Member.ID, store.ContactInput{Subject: c.FormValue("subject"), Text: c.FormValue("text"), Reply: c.FormValue("reply") == "1"})
	switch {
	case err == nil:
		return s.done(c, "/people/"+page.Member.Handle, "person.said.sent", "Name", page.Member.Name)
	case mayTypeAgain(err):
		return s.showWriteTo(c, err, s.typed(c, err, "subject", "text", "reply"))
	}
	return err
}
