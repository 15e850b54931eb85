package server

import (
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// door is the list at the door.
func (s *Server) door(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	return s.showDoor(c, nil, frontend.Form{})
}

func (s *Server) showDoor(c *fiber.Ctx, wrong error, form frontend.Form) error {
	page, err := s.Store.Door(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("door.title"))
	p.Section = frontend.Meetings
	return s.renderStatus(c, statusOr200(wrong), p, pages.Door(p, pages.DoorScreen{Page: page, Form: form}))
}

// postDoor ticks somebody who came, or takes the tick back.
func (s *Server) postDoor(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	member := c.FormValue("member")
	if c.FormValue("do") == "walk_in" {
		who, err := s.Store.PersonNamed(c.UserContext(), by(c), c.FormValue("name"))
		if store.KindOf(err) == store.Invalid {
			form := s.typed(c, nil, "name")
			form.Problems = map[string]string{"name": s.sentences(visitOf(c), err)[0]}
			return s.showDoor(c, err, form)
		}
		if err != nil {
			return err
		}
		member = who.ID
	}
	err = s.Store.TickPresence(c.UserContext(), by(c), m.ID, member, c.FormValue("do") != "undo", number(c, "guests", 0))
	if mayTypeAgain(err) {
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key, textArgs(store.ProblemsOf(err)[0].Args)...)
		err = nil
	}
	if err != nil {
		return err
	}
	return s.to(c, "/meetings/"+m.Slug+"/door")
}

// attendanceOfYear is who really came over a year, by town.
func (s *Server) attendanceOfYear(c *fiber.Ctx) error {
	year, err := strconv.Atoi(c.Query("year", strconv.Itoa(s.Store.Now().Year())))
	if err != nil || year < 1990 || year > 2200 {
		return fiber.ErrNotFound
	}
	screen := pages.AttendanceScreen{Year: year}
	if screen.Towns, screen.Held, err = s.Store.AttendanceOfYear(c.UserContext(), year); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("door.year_title", "Year", strconv.Itoa(year)))
	p.Section = frontend.Meetings
	return s.render(c, p, pages.AttendanceOfYear(p, screen))
}

// postHandSeat gives the reader's seat to a colleague.
func (s *Server) postHandSeat(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	handle := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(c.FormValue("to")), "@"))
	to, err := s.Store.MemberByHandle(c.UserContext(), handle)
	if err == nil || store.KindOf(err) == store.NotFound {
		err = s.Store.HandSeat(c.UserContext(), by(c), m.ID, by(c).MemberID, to.ID)
	}
	switch {
	case err == nil:
		return s.done(c, "/meetings/"+m.Slug, "rsvp.said.handed", "Name", to.Name)
	case mayTypeAgain(err):
		return s.showMeeting(c, err, func(screen *pages.MeetingScreen) { screen.Hand = s.typed(c, err, "to") })
	}
	return err
}
