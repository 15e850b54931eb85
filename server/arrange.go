package server

import (
	"strconv"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// copyFrom is how many earlier meetings are offered to copy an agenda from.
const copyFrom = 12

// arrange is where organisers arrange an agenda.
func (s *Server) arrange(c *fiber.Ctx) error {
	page, err := s.Store.MeetingPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if !page.Organise {
		return fiberDenied(c)
	}
	screen := pages.ArrangeScreen{Page: page}
	if screen.Offers, err = s.Store.Offers(c.UserContext(), by(c), page.Meeting.ID); err != nil {
		return err
	}
	if page.Series.ID != "" {
		rows, err := s.Store.SeriesMeetings(c.UserContext(), by(c), page.Series.ID, 40)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Meeting.Start.Before(page.Meeting.Start) && len(screen.Past) < copyFrom {
				screen.Past = append(screen.Past, row)
			}
		}
	}
	p := s.page(c, visitOf(c).lang.T("agenda.arrange"))
	p.Section = frontend.Meetings
	return s.render(c, p, pages.Arrange(p, screen))
}

// arranged returns to the arranging page; what could not be done is said there.
func (s *Server) arranged(c *fiber.Ctx, m store.Meeting, err error, key string, args ...string) error {
	path := "/meetings/" + m.Slug + "/agenda"
	switch {
	case err == nil:
		return s.done(c, path, key, args...)
	case mayTypeAgain(err):
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key, textArgs(store.ProblemsOf(err)[0].Args)...)
		return s.to(c, path)
	}
	return err
}

// postOrder puts the items in the order they were dragged to.
func (s *Server) postOrder(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	var ids []string
	for _, id := range c.Request().PostArgs().PeekMulti("item") {
		ids = append(ids, string(id))
	}
	return s.arranged(c, m, s.Store.ArrangeItems(c.UserContext(), by(c), m.ID, ids), "agenda.said.arranged")
}

// postTake takes one offer over.
func (s *Server) postTake(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	origin := store.Origin{Kind: store.OriginKind(c.FormValue("kind")), ID: c.FormValue("id")}
	return s.arranged(c, m, s.Store.TakeOffer(c.UserContext(), by(c), m.ID, origin), "agenda.said.taken")
}

// postCopy copies the agenda of an earlier meeting.
func (s *Server) postCopy(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	from, err := s.Store.MeetingHead(c.UserContext(), by(c), c.FormValue("from"))
	if err != nil {
		return err
	}
	added, err := s.Store.DuplicateAgenda(c.UserContext(), by(c), from.ID, m.ID)
	return s.arranged(c, m, err, "agenda.said.copied", "N", strconv.Itoa(added))
}

// postStep brings a meeting to another state, or asks those who have not answered.
func (s *Server) postStep(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	to, key, asked := c.FormValue("to"), "meeting.said.step", 0
	if to == "nudge" {
		key = "meeting.said.nudged"
		asked, err = s.Store.NudgeMeeting(c.UserContext(), by(c), m.ID)
	} else {
		_, err = s.Store.StepMeeting(c.UserContext(), by(c), m.ID, store.MeetingState(to))
	}
	switch {
	case err == nil:
		return s.done(c, "/meetings/"+m.Slug, key, "N", strconv.Itoa(asked))
	case store.KindOf(err) == store.Conflict:
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key)
		return s.to(c, "/meetings/"+m.Slug)
	}
	return err
}

// room is the projector's page.
func (s *Server) room(c *fiber.Ctx) error {
	v, err := s.Store.Floor(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	p := s.page(c, v.Meeting.Title)
	return s.render(c, p, pages.Room(p, v))
}

// roomLead is the organiser's phone.
func (s *Server) roomLead(c *fiber.Ctx) error {
	v, err := s.Store.Floor(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if !v.Organise {
		return fiberDenied(c)
	}
	p := s.page(c, visitOf(c).lang.T("room.lead"))
	p.Section = frontend.Meetings
	return s.render(c, p, pages.RoomLead(p, v))
}

// postRoom says which item the meeting speaks of.
func (s *Server) postRoom(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	err = s.Store.SpeakOf(c.UserContext(), by(c), m.ID, c.FormValue("item"))
	path := "/meetings/" + m.Slug + "/room/lead"
	if store.KindOf(err) == store.Conflict {
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key)
		return s.to(c, path)
	}
	if err != nil {
		return err
	}
	return s.to(c, path)
}
