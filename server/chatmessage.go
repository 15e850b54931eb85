package server

import (
	"strconv"

	"belfry/frontend"
	"belfry/frontend/difference"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// messageOf is the message of the address, as far as the reader may read it.
func (s *Server) messageOf(c *fiber.Ctx) (pages.MessagePage, error) {
	v := pages.MessagePage{Moderate: visitOf(c).member.May(store.Moderate)}
	n, err := numbered(c, "number")
	if err != nil {
		return v, err
	}
	r, err := s.roomOf(c)
	if err != nil {
		return v, err
	}
	if v.Row, err = s.Store.MessageAt(c.UserContext(), by(c), r.ID, n); err != nil {
		return v, err
	}
	v.Screen = pages.RoomScreen{Zone: s.zone(visitOf(c))}
	v.Screen.RoomPage, err = s.Store.RoomPage(c.UserContext(), by(c), r.ID, store.MessageQuery{Limit: 1})
	return v, err
}

// ownMessage is messageOf for the pages that visitors have no use for.
func (s *Server) ownMessage(c *fiber.Ctx) (pages.MessagePage, error) {
	if !visitOf(c).signedIn() {
		return pages.MessagePage{}, &store.Error{Kind: store.Denied, Problems: []store.Problem{{Key: "error.sign_in_first"}}}
	}
	return s.messageOf(c)
}

func (s *Server) messagePage(c *fiber.Ctx, key string) *frontend.Page {
	p := s.page(c, visitOf(c).lang.T(key))
	chatty(p)
	return p
}

// message is what one can do with a message.
func (s *Server) message(c *fiber.Ctx) error {
	v, err := s.ownMessage(c)
	if err != nil {
		return err
	}
	p := s.messagePage(c, "chat.message")
	return s.render(c, p, pages.Message(p, v))
}

// editMessage is the form that changes what a message says.
func (s *Server) editMessage(c *fiber.Ctx) error {
	v, err := s.ownMessage(c)
	if err != nil {
		return err
	}
	v.Form.Values = map[string]string{"source": v.Row.Message.Source, "base": strconv.Itoa(v.Row.Message.Revision)}
	return s.showEditMessage(c, nil, v)
}

func (s *Server) showEditMessage(c *fiber.Ctx, wrong error, v pages.MessagePage) error {
	if v.Row.Message.Author != visitOf(c).member.ID {
		return fiber.ErrForbidden
	}
	p := s.messagePage(c, "chat.edit")
	return s.renderStatus(c, statusOr200(wrong), p, pages.EditMessage(p, v))
}

// postEditMessage changes what a message says. When it was changed meanwhile both texts are shown.
func (s *Server) postEditMessage(c *fiber.Ctx) error {
	v, err := s.ownMessage(c)
	if err != nil {
		return err
	}
	in := store.MessageInput{Source: c.FormValue("source")}
	_, err = s.Store.EditMessage(c.UserContext(), by(c), v.Screen.Room.ID, v.Row.Message.Number, number(c, "base", 0), in)
	if err == nil {
		return s.to(c, messagePath(v.Screen.Room, v.Row.Message.Number))
	}
	if !mayTypeAgain(err) {
		return err
	}
	v.Form = s.typed(c, err, "source", "base")
	if store.KindOf(err) == store.Conflict {
		v.Newest, v.Form.Values["base"] = v.Row.Message.Source, strconv.Itoa(v.Row.Message.Revision)
	}
	return s.showEditMessage(c, err, v)
}

// deleteMessage asks before what a message says is taken away.
func (s *Server) deleteMessage(c *fiber.Ctx) error {
	v, err := s.ownMessage(c)
	if err != nil {
		return err
	}
	return s.showDeleteMessage(c, nil, v)
}

func (s *Server) showDeleteMessage(c *fiber.Ctx, wrong error, v pages.MessagePage) error {
	if v.Row.Message.Author != visitOf(c).member.ID && !v.Moderate {
		return fiber.ErrForbidden
	}
	p := s.messagePage(c, "chat.delete")
	return s.renderStatus(c, statusOr200(wrong), p, pages.DeleteMessage(p, v))
}

func (s *Server) postDeleteMessage(c *fiber.Ctx) error {
	v, err := s.ownMessage(c)
	if err != nil {
		return err
	}
	_, err = s.Store.DeleteMessage(c.UserContext(), by(c), v.Screen.Room.ID, v.Row.Message.Number, c.FormValue("reason"))
	if err == nil {
		return s.to(c, messagePath(v.Screen.Room, v.Row.Message.Number))
	}
	if !mayTypeAgain(err) {
		return err
	}
	v.Form = s.typed(c, err, "reason")
	return s.showDeleteMessage(c, err, v)
}

// messageHistory shows moderators the texts a message had.
func (s *Server) messageHistory(c *fiber.Ctx) error {
	v, err := s.ownMessage(c)
	if err != nil {
		return err
	}
	if v.History, err = s.Store.MessageHistory(c.UserContext(), by(c), v.Screen.Room.ID, v.Row.Message.Number); err != nil {
		return err
	}
	v.Names = map[string]store.Member{}
	for i, one := range v.History {
		if _, have := v.Names[one.By]; !have {
			if v.Names[one.By], err = s.Store.MemberByID(c.UserContext(), one.By); err != nil && store.KindOf(err) != store.NotFound {
				return err
			}
		}
		next := v.Row.Message.Source
		if i+1 < len(v.History) {
			next = v.History[i+1].Source
		}
		if next != "" {
			v.Changes = append(v.Changes, difference.Lines(one.Source, next))
		}
	}
	p := s.messagePage(c, "chat.history")
	return s.render(c, p, pages.MessageHistory(p, v))
}

// actOnMessage does one thing to the message of the address and returns to it; what could not be done is said there.
func (s *Server) actOnMessage(c *fiber.Ctx, act func(room string, number int) error) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	r, err := s.roomOf(c)
	if err != nil {
		return err
	}
	if err := act(r.ID, n); store.KindOf(err) == store.Conflict {
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key, textArgs(store.ProblemsOf(err)[0].Args)...)
	} else if err != nil {
		return err
	}
	return s.to(c, messagePath(r, n))
}

// postMessageReact says a word on a message, or takes it back.
func (s *Server) postMessageReact(c *fiber.Ctx) error {
	kind, on := c.FormValue("kind"), true
	if kind == "" {
		kind, on = c.FormValue("undo"), false
	}
	return s.actOnMessage(c, func(room string, n int) error {
		_, err := s.Store.ReactMessage(c.UserContext(), by(c), room, n, store.ReactionKind(kind), on)
		return err
	})
}

// postMessageMark marks a message for the minutes, or takes the mark away.
func (s *Server) postMessageMark(c *fiber.Ctx) error {
	mark := c.FormValue("mark")
	if mark == "none" {
		mark = ""
	}
	return s.actOnMessage(c, func(room string, n int) error {
		_, err := s.Store.MarkMessage(c.UserContext(), by(c), room, n, store.MarkKind(mark))
		return err
	})
}

// postMessageUnread makes a message and what follows new again.
func (s *Server) postMessageUnread(c *fiber.Ctx) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	r, err := s.roomOf(c)
	if err != nil {
		return err
	}
	if err := s.Store.MarkRoomUnread(c.UserContext(), by(c), r.ID, n); err != nil {
		return err
	}
	return s.done(c, "/unread", "chat.said.unread")
}
