package server

import (
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// roomsAtOnce is how many rooms one page lists.
const roomsAtOnce = 30

// chatRooms is where one looks around for rooms.
func (s *Server) chatRooms(c *fiber.Ctx) error {
	v := pages.RoomsPage{Words: strings.TrimSpace(c.Query("words")), Member: visitOf(c).member}
	if len([]rune(v.Words)) > 200 {
		v.Words = string([]rune(v.Words)[:200])
	}
	var err error
	if v.List, err = s.Store.BrowseRooms(c.UserContext(), by(c), store.RoomQuery{Words: v.Words, After: c.Query("after"), Limit: roomsAtOnce}); err != nil {
		return err
	}
	if v.Member.ID != "" {
		if v.Rooms, err = s.roomRows(c); err != nil {
			return err
		}
	}
	if v.Meetings, err = s.Store.MeetingRooms(c.UserContext(), by(c)); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("nav.chat"))
	chatty(p)
	return s.render(c, p, pages.Rooms(p, v))
}

func roomInput(c *fiber.Ctx) store.RoomInput {
	return store.RoomInput{Name: c.FormValue("name"), Purpose: c.FormValue("purpose"), Lang: c.FormValue("lang"), Access: store.Access(c.FormValue("access"))}
}

// newRoom is the form that opens a room.
func (s *Server) newRoom(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	f := frontend.Form{Values: map[string]string{"access": string(store.AccessMembers)}}
	return s.showRoomForm(c, nil, pages.RoomForm{Form: f})
}

func (s *Server) showRoomForm(c *fiber.Ctx, wrong error, v pages.RoomForm) error {
	key := "chat.open"
	if v.Room.ID != "" {
		key = "chat.change"
	}
	p := s.page(c, visitOf(c).lang.T(key))
	chatty(p)
	return s.renderStatus(c, statusOr200(wrong), p, pages.EditRoom(p, v))
}

func (s *Server) postNewRoom(c *fiber.Ctx) error {
	r, err := s.Store.OpenRoom(c.UserContext(), by(c), roomInput(c))
	switch {
	case err == nil:
		return s.done(c, roomPath(r), "chat.said.opened")
	case mayTypeAgain(err):
		return s.showRoomForm(c, err, pages.RoomForm{Form: s.typed(c, err, "name", "purpose", "lang", "access")})
	}
	return err
}

// caredRoom is the room of the address, when the reader cares for it.
func (s *Server) caredRoom(c *fiber.Ctx) (store.Room, error) {
	r, err := s.roomOf(c)
	if err == nil && (!visitOf(c).signedIn() || !r.Manages(visitOf(c).member)) {
		err = fiber.ErrForbidden
	}
	return r, err
}

// changeRoom is the form that changes a room.
func (s *Server) changeRoom(c *fiber.Ctx) error {
	r, err := s.caredRoom(c)
	if err != nil {
		return err
	}
	f := frontend.Form{Values: map[string]string{"name": r.Name, "purpose": r.Purpose, "lang": r.Lang, "access": string(r.Access)}}
	return s.showRoomForm(c, nil, pages.RoomForm{Room: r, Form: f})
}

func (s *Server) postChangeRoom(c *fiber.Ctx) error {
	r, err := s.caredRoom(c)
	if err != nil {
		return err
	}
	_, err = s.Store.ChangeRoom(c.UserContext(), by(c), r.ID, roomInput(c))
	switch {
	case err == nil:
		return s.done(c, roomPath(r), "chat.said.changed")
	case mayTypeAgain(err):
		return s.showRoomForm(c, err, pages.RoomForm{Room: r, Form: s.typed(c, err, "name", "purpose", "lang", "access")})
	}
	return err
}

// actOnRoom does one thing to a room: joins, leaves or follows it, or ends it.
func (s *Server) actOnRoom(c *fiber.Ctx) error {
	r, err := s.roomOf(c)
	if err != nil {
		return err
	}
	ctx, who, back, said := c.UserContext(), by(c), roomPath(r), ""
	switch c.Params("what") {
	case "join":
		err, said = s.Store.JoinRoom(ctx, who, r.ID), "chat.said.joined"
	case "leave":
		err, said, back = s.Store.LeaveRoom(ctx, who, r.ID), "chat.said.left", "/chat/rooms"
	case "follow":
		err, said = s.Store.FollowRoom(ctx, who, r.ID, store.Level(c.FormValue("level"))), "follow.saved"
	case "archive":
		on := c.FormValue("on") != "0"
		if said = "chat.said.reopened"; on {
			said = "chat.said.archived"
		}
		_, err = s.Store.ArchiveRoom(ctx, who, r.ID, on)
	default:
		return fiber.ErrNotFound
	}
	if store.KindOf(err) == store.Conflict {
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key)
		return s.to(c, roomPath(r))
	}
	if err != nil {
		return err
	}
	return s.done(c, back, said)
}

// roomPeople is who is in a room.
func (s *Server) roomPeople(c *fiber.Ctx) error {
	r, err := s.roomOf(c)
	if err != nil {
		return err
	}
	return s.showRoomPeople(c, nil, r, frontend.Form{})
}

func (s *Server) showRoomPeople(c *fiber.Ctx, wrong error, r store.Room, f frontend.Form) error {
	v := pages.RoomPeoplePage{Room: r, Member: visitOf(c).member, Manages: r.Manages(visitOf(c).member), Form: f}
	var err error
	if v.People, err = s.Store.RoomPeople(c.UserContext(), by(c), r.ID); err != nil {
		return err
	}
	if v.Towns, err = s.Store.TownsOf(c.UserContext(), v.People); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("chat.people_title"))
	chatty(p)
	return s.renderStatus(c, statusOr200(wrong), p, pages.RoomPeople(p, v))
}

// postRoomPeople lets people into a room, or takes somebody out.
func (s *Server) postRoomPeople(c *fiber.Ctx) error {
	r, err := s.roomOf(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	if c.FormValue("do") == "remove" {
		if err := s.Store.RemoveFromRoom(ctx, by(c), r.ID, c.FormValue("member")); err != nil {
			return err
		}
		return s.done(c, roomPath(r)+"/people", "chat.said.removed")
	}
	people, err := s.namedPeople(c)
	for i := 0; err == nil && i < len(people); i++ {
		err = s.Store.Invite(ctx, by(c), r.ID, people[i].ID)
	}
	switch {
	case err == nil:
		return s.done(c, roomPath(r)+"/people", "chat.said.invited")
	case mayTypeAgain(err):
		return s.showRoomPeople(c, err, r, s.typed(c, err, "people"))
	}
	return err
}

// namedPeople are those whom a form names.
func (s *Server) namedPeople(c *fiber.Ctx) ([]store.Member, error) {
	var words []string
	for _, word := range lines(strings.NewReplacer(",", "\n", ";", "\n").Replace(c.FormValue("people"))) {
		words = append(words, handles(word)...)
	}
	return s.Store.PeopleNamed(c.UserContext(), by(c), words)
}

// handles cuts words that are all handles, as the list of suggestions leaves them: "@lotte-desmet @hugo-servais".
func handles(text string) []string {
	words := strings.Fields(text)
	for _, word := range words {
		if !strings.HasPrefix(word, "@") {
			return []string{text}
		}
	}
	return words
}

// newDirect is the form that begins a conversation.
func (s *Server) newDirect(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	return s.showNewDirect(c, nil, frontend.Form{})
}

func (s *Server) showNewDirect(c *fiber.Ctx, wrong error, f frontend.Form) error {
	p := s.page(c, visitOf(c).lang.T("chat.direct_new"))
	chatty(p)
	return s.renderStatus(c, statusOr200(wrong), p, pages.NewDirect(p, pages.DirectPage{Form: f}))
}

// postNewDirect leads to the conversation with these people.
func (s *Server) postNewDirect(c *fiber.Ctx) error {
	people, err := s.namedPeople(c)
	var r store.Room
	if err == nil {
		ids := make([]string, len(people))
		for i, one := range people {
			ids[i] = one.ID
		}
		r, err = s.Store.OpenDirect(c.UserContext(), by(c), ids)
	}
	switch {
	case err == nil:
		return s.to(c, roomPath(r))
	case mayTypeAgain(err):
		return s.showNewDirect(c, err, s.typed(c, err, "people"))
	}
	return err
}
