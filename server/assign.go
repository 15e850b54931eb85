package server

import (
	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// callees is how many people and towns are suggested at once.
const callees = 8

// suggestPeople answers what is typed after @, or where somebody is named, with people and towns.
func (s *Server) suggestPeople(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	found, err := s.Store.Callees(c.UserContext(), by(c), c.Query("q"), callees)
	if err != nil {
		return err
	}
	lang, list := visitOf(c).lang, []fiber.Map{}
	for _, one := range found {
		about := fiber.Map{"code": one.Code(), "name": one.Member.Name, "area": one.Town.NameIn(lang.Tag())}
		if one.Member.ID == "" {
			about["name"], about["area"] = one.Town.NameIn(lang.Tag()), lang.T("search.kind.town")
		}
		list = append(list, about)
	}
	return c.JSON(list)
}

// assignThread is the form that gives a thread to somebody.
func (s *Server) assignThread(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	return s.showAssign(c, nil, d, frontend.Form{Values: map[string]string{}})
}

func (s *Server) showAssign(c *fiber.Ctx, wrong error, d store.Thread, f frontend.Form) error {
	if v := visitOf(c); !v.member.May(store.Moderate) && !v.member.May(store.Organise) {
		return fiber.ErrForbidden
	}
	p := s.page(c, visitOf(c).lang.T("thread.assign"))
	p.Section = frontend.Discussions
	return s.renderStatus(c, statusOr200(wrong), p, pages.AssignThread(p, pages.ThreadFormPage{Thread: d, Form: f}))
}

// postAssign says who takes care of a thread: oneself, nobody, or whom somebody typed.
func (s *Server) postAssign(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	ctx, visit := c.UserContext(), visitOf(c)
	switch c.FormValue("do") {
	case "me":
		if err := s.Store.Assign(ctx, by(c), d.ID, visit.member.ID, visit.member.TownID()); err != nil {
			return err
		}
		return s.done(c, threadPath(d), "thread.assigned_to_you")
	case "nobody":
		if err := s.Store.Assign(ctx, by(c), d.ID, "", ""); err != nil {
			return err
		}
		return s.to(c, threadPath(d))
	case "to":
	default:
		return fiber.ErrNotFound
	}
	who := c.FormValue("code") // chosen from the list
	if who == "" {
		who = c.FormValue("who")
	}
	found, err := s.Store.AssignNamed(ctx, by(c), d.ID, who)
	if mayTypeAgain(err) {
		return s.showAssign(c, err, d, s.typed(c, err, "who"))
	}
	if err != nil {
		return err
	}
	name := found.Member.Name
	if found.Member.ID == "" {
		name = found.Town.NameIn(visit.lang.Tag())
	}
	s.say(c, frontend.OK, "thread.assigned_to", "Name", name)
	return s.to(c, threadPath(d))
}
