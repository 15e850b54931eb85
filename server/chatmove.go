package server

import (
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// meetingsToMoveTo is how many meetings ahead are offered to carry messages into.
const meetingsToMoveTo = 4

// pickedMessages are the numbers of the messages that a form or an address names.
func pickedMessages(c *fiber.Ctx) []int {
	var numbers []int
	args := c.Request().URI().QueryArgs()
	if c.Method() == fiber.MethodPost {
		args = c.Request().PostArgs()
	}
	for _, raw := range args.PeekMulti("n") {
		if n, err := strconv.Atoi(string(raw)); err == nil && n > 0 && len(numbers) <= store.MaxMessagesMoved {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// moveMessages is where picked messages are carried elsewhere.
func (s *Server) moveMessages(c *fiber.Ctx) error {
	r, err := s.roomOf(c)
	if err != nil {
		return err
	}
	if !visitOf(c).signedIn() {
		return fiber.ErrForbidden
	}
	if len(pickedMessages(c)) == 0 {
		s.say(c, frontend.Wait, "message.pick", "Max", strconv.Itoa(store.MaxMessagesMoved))
		return s.to(c, roomPath(r)+"?pick=1")
	}
	return s.showMove(c, nil, r, frontend.Form{Values: map[string]string{"to": "new"}})
}

func (s *Server) showMove(c *fiber.Ctx, wrong error, r store.Room, f frontend.Form) error {
	ctx := c.UserContext()
	v := pages.MovePage{Form: f, Screen: pages.RoomScreen{Zone: s.zone(visitOf(c))}}
	var err error
	if v.Screen.RoomPage, err = s.Store.RoomPage(ctx, by(c), r.ID, store.MessageQuery{Limit: 1}); err != nil {
		return err
	}
	for _, n := range pickedMessages(c) {
		row, err := s.Store.MessageAt(ctx, by(c), r.ID, n)
		if store.KindOf(err) == store.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Categories, err = s.Store.Categories(ctx, by(c)); err != nil {
		return err
	}
	if v.Items, err = s.itemsToMoveTo(c, v.Screen.Meeting); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("chat.move"))
	chatty(p)
	p.Path = roomPath(r)
	return s.renderStatus(c, statusOr200(wrong), p, pages.MoveMessages(p, v))
}

// itemsToMoveTo are the agenda items whose text the reader may add to: of the room's own meeting, and of the next ones.
func (s *Server) itemsToMoveTo(c *fiber.Ctx, own store.Meeting) ([]pages.MoveItem, error) {
	ctx, who := c.UserContext(), visitOf(c).member
	var all []store.Meeting
	if own.ID != "" {
		all = append(all, own)
	}
	ahead, err := s.Store.Upcoming(ctx, by(c), meetingsToMoveTo)
	if err != nil {
		return nil, err
	}
	for _, row := range ahead {
		if row.Meeting.ID != own.ID {
			all = append(all, row.Meeting)
		}
	}
	var found []pages.MoveItem
	for _, m := range all {
		page, err := s.Store.MeetingPage(ctx, by(c), m.Slug)
		if err != nil {
			return nil, err
		}
		for _, item := range append(page.Items, page.Proposed...) {
			if item.Item.ChangedBy(who) {
				found = append(found, pages.MoveItem{Meeting: m, Item: item.Item})
			}
		}
	}
	return found, nil
}

// postMoveMessages carries picked messages into a thread or an agenda item.
func (s *Server) postMoveMessages(c *fiber.Ctx) error {
	r, err := s.roomOf(c)
	if err != nil {
		return err
	}
	in := store.MoveInput{Numbers: pickedMessages(c)}
	switch c.FormValue("to") {
	case "thread":
		number := strings.TrimPrefix(strings.TrimSpace(c.FormValue("thread")), "#")
		if in.Thread, err = strconv.Atoi(number); err != nil || in.Thread < 1 {
			in.Thread = 1 << 30 // no thread has it
		}
	case "item":
		if in.Item = c.FormValue("item"); in.Item == "" {
			in.Item = "-"
		}
	default:
		in.Title, in.Category = c.FormValue("title"), c.FormValue("category")
	}
	d, m, err := s.Store.MoveMessages(c.UserContext(), by(c), r.ID, in)
	switch {
	case err == nil && d.ID != "":
		return s.done(c, postPath(d, d.Last), "chat.said.moved")
	case err == nil:
		return s.done(c, "/meetings/"+m.Slug+"#agenda", "chat.said.moved")
	case mayTypeAgain(err):
		return s.showMove(c, err, r, s.typed(c, err, "to", "thread", "title", "category", "item"))
	}
	return err
}
