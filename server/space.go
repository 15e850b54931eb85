package server

import (
	"context"
	"strings"

	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// Space is how much is left where the data is.
type Space int

const (
	SpacePlenty Space = iota
	SpaceShort        // papers are not taken any more
	SpaceScarce       // only what makes room is done, and coming and going: the last of it is for that
)

// space asks how much is left.
func (s *Server) space() Space {
	if s.Space == nil {
		return SpacePlenty
	}
	return s.Space()
}

// frugal keeps the last room for what makes some. Everything else is refused as on a full disk, where what was typed is
// kept in its form.
func (s *Server) frugal(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodPost && s.space() == SpaceScarce && !makesRoom(c) {
		c.SetUserContext(store.Sparing(c.UserContext()))
	}
	return c.Next()
}

// makesRoom says whether a form takes something away, or lets somebody in who may, or out.
func makesRoom(c *fiber.Ctx) bool {
	path := c.Path()
	for _, from := range []string{"/sign-in", "/sign-out", "/link/", "/settings/sessions", "/settings/leave"} {
		if strings.HasPrefix(path, from) {
			return true
		}
	}
	if strings.HasSuffix(path, "/delete") || strings.HasSuffix(path, "/withdraw") || c.FormValue("remove") != "" {
		return true
	}
	do := c.FormValue("do")
	return do == "remove" || do == "delete" || do == "withdraw"
}

// sparing is frugal for a frame of a live connection.
func (k community) sparing(ctx context.Context, kind string) context.Context {
	switch kind {
	case "send", "edit", "react", "mark":
		if k.space() == SpaceScarce {
			return store.Sparing(ctx)
		}
	}
	return ctx
}
