package server

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"belfry/server/live"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// newHub makes the hub of the live connections, and wakes it after every commit that may concern one.
func (s *Server) newHub() (*live.Hub, error) {
	options := live.Options{Source: community{s}, Desk: community{s}, Log: s.Log, Server: s.Version, Text: store.MaxMessage, Page: store.MessagesPerPage, Patience: s.Patience}
	if s.Connections > 0 { // the rest is for pages
		options.Sockets = min(live.MaxSockets, max(1, s.Connections*3/4))
	}
	if s.Store.Shared() {
		options.Tell = s.tellNodes
	}
	hub, err := live.New(options)
	if err != nil {
		return nil, err
	}
	s.Store.Listen(func(e store.Event) {
		switch e.Kind {
		case store.EventTouched:
			hub.Wake(e.Subject)
		case store.EventMissed:
			hub.Missed()
		case store.EventWord:
			hub.Hear(wordOf(e))
		}
	})
	return hub, nil
}

// live answers the handshake of a live connection, and hands the connection to the hub (server/live/PROTOCOL.md). The
// handshake is answered before the connection changes hands, so that a refusal is an answer like any other.
func (s *Server) live(c *fiber.Ctx) error {
	if !s.sameOrigin(c.Get(fiber.HeaderOrigin)) {
		return fiber.ErrForbidden
	}
	v := visitOf(c)
	if s.cookie(c, sessionCookie) != "" && !v.signedIn() {
		return fiber.ErrUnauthorized
	}
	who, err := s.connected(c.UserContext(), v)
	if err != nil {
		return err
	}
	head := http.Header{}
	for name, value := range c.Request().Header.All() { // fasthttp spells some names otherwise
		head.Add(string(name), string(value))
	}
	line := c.Context().Conn()
	socket, err := s.hub.Upgrade(bare(line), head, who)
	var refused *live.Refused
	switch {
	case errors.As(err, &refused):
		if refused.Status == http.StatusServiceUnavailable {
			c.Set(fiber.HeaderRetryAfter, "5")
		}
		return fiber.NewError(refused.Status, refused.Reason)
	case err != nil: // nobody is there to be answered
		_ = line.Close()
		return nil
	}
	handed(line)
	c.Status(fiber.StatusSwitchingProtocols)
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) { // the request is gone by now: nothing of c is there any more
		if early(conn) {
			_ = line.Close()
			return
		}
		go func() {
			s.hub.Serve(socket)
			_ = line.Close()
		}()
	})
	return nil
}

// early says whether a client sent something before the handshake was answered: it lies in the buffer of the HTTP server
// and would be lost.
func early(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Unix(1, 0))
	n, _ := conn.Read(make([]byte, 1))
	_ = conn.SetReadDeadline(time.Time{})
	return n > 0
}

// sameOrigin says whether a page of ours asks, or a program, which names no origin.
func (s *Server) sameOrigin(origin string) bool {
	if origin == "" {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && s.fromHere(from)
}

// fromHere says whether an address is one of ours: of the public host by its own scheme, or on a loopback listener of
// this machine's own names.
func (s *Server) fromHere(from *url.URL) bool {
	if from.Host == "" {
		return false
	}
	if from.Scheme == s.public.Scheme && strings.EqualFold(from.Host, s.public.Host) {
		return true
	}
	return s.Loopback && from.Scheme == "http" && s.ours(from.Host)
}

// connected is who a connection belongs to.
func (s *Server) connected(ctx context.Context, v *visit) (live.Person, error) {
	who := live.Person{Lang: v.lang.Tag()}
	if !v.signedIn() {
		return who, nil
	}
	chosen, err := s.Store.ReadingProfileOf(ctx, v.member.ID)
	who.ID, who.Handle, who.Name, who.Town, who.Session = v.member.ID, v.member.Handle, v.member.Name, v.town.NameIn(v.lang.Tag()), v.session.Hash
	who.Identity = v.known.identity
	who.Hidden, who.Silent = chosen.HidePresence, chosen.HideReads
	return who, err
}

// community is what the hub asks of the store, and does for clients.
type community struct{ *Server }

func actorOf(who live.Person) store.Actor {
	if who.ID == "" {
		return store.Visitor()
	}
	return store.As(who.ID)
}

// Enter finds a room somebody may read.
func (k community) Enter(ctx context.Context, who live.Person, address string) (live.Place, error) {
	r, err := k.Store.RoomBySlug(ctx, actorOf(who), address)
	if err != nil {
		return live.Place{}, k.problem(who, err)
	}
	read, err := k.Store.ReadInRoom(ctx, who.ID, r.ID)
	return live.Place{ID: r.ID, Direct: r.Kind == store.RoomDirect, Read: read}, err
}

// Missed reads what is new in a room.
func (k community) Missed(ctx context.Context, room string, after, changes, limit int) (live.Missed, error) {
	found, err := k.Store.Missed(ctx, room, after, changes, limit)
	return k.missed(found), err
}

// Latest reads the end of a room.
func (k community) Latest(ctx context.Context, room string, limit int) (live.Missed, error) {
	log, err := k.Store.RoomLog(ctx, room)
	if err != nil {
		return live.Missed{}, err
	}
	found, err := k.Store.Missed(ctx, room, max(log.Last-limit, 0), log.Changes, limit)
	return k.missed(found), err
}

func (k community) missed(found store.Missed) live.Missed {
	return live.Missed{Last: found.Log.Last, Changes: found.Log.Changes, Fresh: k.said(found.Fresh), Changed: k.said(found.Changed), More: found.More,
		Private: found.Access == store.AccessPrivate, Access: string(found.Access)}
}

// Admitted says who may still read a room.
func (k community) Admitted(ctx context.Context, room string, people []string) (map[string]bool, error) {
	return k.Store.Admitted(ctx, room, people)
}

// Sessions says which sessions still count.
func (k community) Sessions(ctx context.Context, sessions []string) (map[string]bool, error) {
	found, err := k.Store.SessionsLive(ctx, sessions)
	live := make(map[string]bool, len(found))
	for hash := range found {
		live[hash] = true
	}
	return live, err
}

// People says who some members are. Their town is named as it names itself.
func (k community) People(ctx context.Context, ids []string) (map[string]live.Person, error) {
	found, err := k.Store.MembersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	homes, err := k.Store.TownsOf(ctx, slices.Collect(maps.Values(found)))
	people := make(map[string]live.Person, len(found))
	for id, m := range found {
		people[id] = live.Person{ID: id, Handle: m.Handle, Name: m.Name, Town: homes[m.TownID()].Name}
	}
	return people, err
}

// Identity grows when sessions or members change.
func (k community) Identity() uint64 { return k.Store.Identity() }

// Watch says whether somebody may know of the subject of a page.
func (k community) Watch(ctx context.Context, who live.Person, subject string) error {
	if subject == "me" {
		if who.ID == "" {
			return &live.Problem{Code: live.CodeNotFound}
		}
		return nil
	}
	return k.problem(who, k.Store.MayKnow(ctx, actorOf(who), subject))
}

// Unread is how much is new to somebody, in a word.
func (k community) Unread(ctx context.Context, who live.Person) (string, error) {
	return k.unreadWords(ctx, &visit{known: &known{member: store.Member{ID: who.ID}}})
}

// Words is the sentence of a problem that has none of its own.
func (k community) Words(who live.Person, code string) string {
	lang := k.language(who)
	switch code {
	case live.CodeNotFound:
		return lang.T("error.not_found")
	case live.CodeLimited:
		return lang.T("message.too_fast")
	case live.CodeFrame, live.CodeInternal:
		return lang.T("error_page.500.text")
	}
	return ""
}

// problem turns an error of the store into one of the protocol; faults stay what they are.
func (k community) problem(who live.Person, err error) error {
	codes := map[store.Kind]string{store.NotFound: live.CodeNotFound, store.Denied: live.CodeDenied, store.Invalid: live.CodeInvalid,
		store.Conflict: live.CodeConflict, store.Full: live.CodeConflict, store.Limited: live.CodeLimited, store.Unavailable: live.CodeUnavailable}
	code := codes[store.KindOf(err)]
	if err == nil || code == "" {
		return err
	}
	p := &live.Problem{Code: code}
	var own *store.Error
	if errors.As(err, &own) {
		p.Retry = own.RetryAfter
	}
	if code == live.CodeUnavailable && p.Retry == 0 {
		p.Retry = 5 * time.Second
	}
	if all := store.ProblemsOf(err); len(all) > 0 {
		p.Text = k.language(who).T(all[0].Key, all[0].Args...)
	}
	return p
}
