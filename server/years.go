package server

import (
	"belfry/frontend"
	"belfry/frontend/pages"

	"github.com/gofiber/fiber/v2"
)

// years shows who came and what was decided over the years.
func (s *Server) years(c *fiber.Ctx) error {
	all, err := s.Store.OverTheYears(c.UserContext())
	if err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("years.title"))
	p.Section = frontend.Meetings
	return s.render(c, p, pages.OverTheYears(p, all))
}
