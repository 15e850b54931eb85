package server

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// chat leads to the room where one read last; visitors see the rooms that are open to them.
func (s *Server) chat(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.to(c, "/chat/rooms")
	}
	r, err := s.Store.LastRoom(c.UserContext(), by(c))
	if err != nil {
		return err
	}
	return s.to(c, roomPath(r))
}

// chatty says that a page is one of rooms.
func chatty(p *frontend.Page) { p.Section, p.Styles = frontend.Chat, []string{"css/chat.css"} }

// roomOf is the room of the address, as far as the reader may read it.
func (s *Server) roomOf(c *fiber.Ctx) (store.Room, error) {
	return s.Store.RoomBySlug(c.UserContext(), by(c), c.Params("room"))
}

// chatRoom is a part of a room: what was said last, or around, before or after a message, or from a day on. A visitor who
// asks for a room that is not public is asked to sign in, whether it is there or not.
func (s *Server) chatRoom(c *fiber.Ctx) error {
	r, err := s.roomOf(c)
	if store.KindOf(err) == store.NotFound && !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	if err != nil {
		return err
	}
	if r.Slug != c.Params("room") {
		return c.Redirect(roomPath(r), fiber.StatusMovedPermanently)
	}
	q, zone := store.MessageQuery{}, s.zone(visitOf(c))
	for name, into := range map[string]*int{"at": &q.Around, "before": &q.Before, "after": &q.After} {
		if text := c.Query(name); text != "" {
			if *into, err = strconv.Atoi(text); err != nil || *into < 0 || *into > 1<<30 {
				return fiber.ErrNotFound
			}
		}
	}
	if q.After == 0 && c.Query("after") != "" {
		q.Around = 1
	}
	if day := c.Query("day"); day != "" {
		if q.From, err = time.ParseInLocation(time.DateOnly, day, zone); err != nil {
			return fiber.ErrNotFound
		}
	}
	f := frontend.Form{Values: map[string]string{"once": onceID(), "reply": c.Query("reply")}}
	return s.showRoom(c, nil, r, q, f)
}

// onceID names a message that a form will send, so that sending the form twice says it once.
func onceID() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return "f-" + hex.EncodeToString(b)
}

// showRoom shows a part of a room; f is what is being written there.
func (s *Server) showRoom(c *fiber.Ctx, wrong error, r store.Room, q store.MessageQuery, f frontend.Form) error {
	v, err := s.roomScreen(c, r, q, f)
	if err != nil {
		return err
	}
	v.Picking = c.Query("pick") == "1" && v.Member.ID != ""
	if err := s.readPage(c, v); err != nil {
		return err
	}
	p := s.page(c, roomTitle(visitOf(c).lang, v.Room))
	chatty(p)
	if wrong != nil {
		p.Path = roomPath(r)
	}
	return s.renderStatus(c, statusOr200(wrong), p, pages.ChatRoom(p, v))
}

// roomScreen reads a part of a room and what stands around it. Without a place in q it begins where the reader has to
// read on, when that is farther back than a page.
func (s *Server) roomScreen(c *fiber.Ctx, r store.Room, q store.MessageQuery, f frontend.Form) (pages.RoomScreen, error) {
	ctx := c.UserContext()
	v := pages.RoomScreen{Form: f, At: q.Around, Zone: s.zone(visitOf(c))}
	var err error
	if v.RoomPage, err = s.Store.RoomPage(ctx, by(c), r.ID, q); err != nil || v.Member.ID == "" {
		return v, err
	}
	if v.Rooms, err = s.roomRows(c, v.Room); err != nil {
		return v, err
	}
	if v.Profile, err = s.Store.ReadingProfileOf(ctx, v.Member.ID); err != nil {
		return v, err
	}
	if n, wrong := strconv.Atoi(f.Value("reply")); wrong == nil && n > 0 {
		row, err := s.Store.MessageAt(ctx, by(c), r.ID, n)
		if err != nil && store.KindOf(err) != store.NotFound {
			return v, err
		}
		if err == nil && row.Message.Deleted == nil {
			v.Reply = &row
		}
	}
	return v, nil
}

// roomRows are the reader's rooms, with those they could want: the one they look at, meetings that are near, their town's.
func (s *Server) roomRows(c *fiber.Ctx, more ...store.Room) ([]store.RoomRow, error) {
	ctx := c.UserContext()
	rows, err := s.Store.Rooms(ctx, by(c))
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, row := range rows {
		have[row.Room.ID] = true
	}
	near, err := s.Store.MeetingRooms(ctx, by(c))
	if err != nil {
		return nil, err
	}
	more = append(more, near...)
	if town := visitOf(c).town; town.ID != "" {
		r, err := s.Store.RoomBySlug(ctx, by(c), "town-"+town.Slug)
		if err != nil && store.KindOf(err) != store.NotFound {
			return nil, err
		}
		if err == nil {
			more = append(more, r)
		}
	}
	for _, r := range more {
		if !have[r.ID] {
			have[r.ID] = true
			rows = append(rows, store.RoomRow{Room: r})
		}
	}
	return rows, nil
}

// readPage notes what the reader has read now: what is shown, when it goes on from where they were.
func (s *Server) readPage(c *fiber.Ctx, v pages.RoomScreen) error {
	if v.In == nil || len(v.Rows) == 0 || v.Rows[0].Message.Number > v.Read+1 {
		return nil
	}
	_, err := s.Store.ReadRoom(c.UserContext(), by(c), v.Room.ID, v.Rows[len(v.Rows)-1].Message.Number)
	if store.KindOf(err) == store.Unavailable { // a full disk must not keep people from reading
		return nil
	}
	return err
}

// postMessage says something in a room. The form's own id is the message's, so that a second click says nothing again.
func (s *Server) postMessage(c *fiber.Ctx) error {
	r, err := s.roomOf(c)
	if err != nil {
		return err
	}
	in := store.MessageInput{Source: c.FormValue("source"), Client: c.FormValue("once"), Reply: max(number(c, "reply", 0), 0)}
	m, err := s.Store.Send(c.UserContext(), by(c), r.ID, in)
	if err == nil {
		back := roomPath(r)
		if c.FormValue("beside") == "agenda" && r.Kind == store.RoomMeeting {
			back = "/meetings/" + strings.TrimPrefix(r.Slug, "meeting-") + "/live"
		}
		return s.to(c, back+"#m"+strconv.Itoa(m.Number))
	}
	if !mayTypeAgain(err) {
		return err
	}
	f := s.typed(c, err, "source", "once", "reply")
	if store.KindOf(err) == store.Conflict { // the next try is a message of its own
		f.Values["once"] = onceID()
	}
	if f.Problem("source") == "" {
		for _, words := range f.Problems {
			f.Problems = map[string]string{"source": words}
			break
		}
	}
	return s.showRoom(c, err, r, store.MessageQuery{}, f)
}
