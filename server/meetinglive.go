package server

import (
	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// meetingLive shows a meeting while it takes place, with its room beside the agenda.
func (s *Server) meetingLive(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	floor, err := s.Store.Floor(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	f := frontend.Form{Values: map[string]string{"once": onceID()}}
	v := pages.MeetingLivePage{Floor: floor}
	if v.Room, err = s.roomScreen(c, store.Room{ID: store.MeetingRoomID(floor.Meeting.ID)}, store.MessageQuery{}, f); err != nil {
		return err
	}
	if err := s.readPage(c, v.Room); err != nil {
		return err
	}
	v.Room.Beside = true
	p := s.page(c, floor.Meeting.Title)
	chatty(p)
	p.Section = frontend.Meetings
	return s.render(c, p, pages.MeetingLive(p, v))
}
