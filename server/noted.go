package server

import (
	"errors"

	"belfry/server/live"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// What an operator looks for when something seems wrong is in the log, each with who did it and from where: who signed in
// and who could not, what was refused and what came too often, changes of how one proves who one is. No words of people
// and nothing that opens a door. What members of the staff did stands in the audit log of the store besides.

// note logs one such event of a request.
func (s *Server) note(c *fiber.Ctx, what string, more ...any) {
	more = append(more, "from", s.client(c).Address, "request", visitOf(c).id())
	if v := visitOf(c); v.signedIn() {
		more = append(more, "member", v.member.ID)
	}
	s.Log.Info(what, more...)
}

// noteSignIn logs that somebody came in, or why not.
func (s *Server) noteSignIn(c *fiber.Ctx, way string, err error) {
	switch store.KindOf(err) {
	case store.Invalid, store.NotFound, store.Limited:
		s.note(c, "sign-in failed", "way", way)
	}
}

// noteRefused logs an answer that says no.
func (s *Server) noteRefused(c *fiber.Ctx, code int) {
	switch code {
	case fiber.StatusMisdirectedRequest: // the proxy passes on another name, or --public-url is not what people type
		s.note(c, "refused", "status", code, "method", c.Method(), "path", logPath(c.Path()), "host", shortened(string(c.Request().Host())))
	case fiber.StatusUnauthorized, fiber.StatusForbidden, fiber.StatusTooManyRequests:
		s.note(c, "refused", "status", code, "method", c.Method(), "path", logPath(c.Path()))
	}
}

// noteFrame logs what a live connection may not do, or does too often.
func (k community) noteFrame(who live.Person, r store.Room, f live.Frame, err error) {
	var p *live.Problem
	if errors.As(err, &p) && (p.Code == live.CodeDenied || p.Code == live.CodeLimited) {
		k.Log.Info("refused", "code", p.Code, "frame", f.Type, "room", r.ID, "member", who.ID)
	}
}
