package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// Refusals that are the server's own.
var (
	errForged = errors.New("the form was not sent from one of our pages, or is out of date")
	errHost   = errors.New("the request names a host that is not ours")
)

// panicError is a programming error that reached the router.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, debug.Stack()) }

// status is the one map from what went wrong to what the outside is told: a status, and the keys of a title and a
// text where the status alone says too little.
func status(err error) (code int, words string) {
	var own *store.Error
	if errors.As(err, &own) {
		switch own.Kind {
		case store.NotFound:
			return fiber.StatusNotFound, ""
		case store.Denied:
			return fiber.StatusForbidden, ""
		case store.Invalid:
			return fiber.StatusUnprocessableEntity, ""
		case store.Conflict, store.Full:
			return fiber.StatusConflict, ""
		case store.Repeated:
			return fiber.StatusSeeOther, ""
		case store.Limited:
			return fiber.StatusTooManyRequests, ""
		case store.Unavailable:
			if own.RetryAfter > 0 { // the database is away, not the disk full
				return fiber.StatusServiceUnavailable, ""
			}
			return fiber.StatusInsufficientStorage, ""
		}
	}
	var web *fiber.Error
	switch {
	case errors.Is(err, errForged):
		return fiber.StatusForbidden, "error_page.forged."
	case errors.Is(err, errHost):
		return fiber.StatusMisdirectedRequest, ""
	case errors.As(err, &web):
		return web.Code, ""
	case errors.Is(err, context.DeadlineExceeded):
		return fiber.StatusServiceUnavailable, ""
	}
	return fiber.StatusInternalServerError, ""
}

// fail answers every error that a handler returns, and is the only place that logs one. What people see never holds
// the error itself.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	c.SetUserContext(context.WithoutCancel(c.UserContext())) // the request's own time may be over
	v := visitOf(c)
	if v == nil { // the request was refused before the first handler
		code, _ := status(err)
		if s.notRead(c, code) {
			return nil
		}
		err = fiber.NewError(code, unquoted(err.Error()))
		v = &visit{known: &known{}, lang: s.Catalogue.Match("")}
		c.Locals(visitKey, v)
	}
	if v.lang == nil {
		v.lang = s.Catalogue.Match(c.Get(fiber.HeaderAcceptLanguage))
	}
	code, words := status(err)
	if code >= 500 {
		s.Log.Error("request failed", "id", v.id(), "method", c.Method(), "path", logPath(c.Path()), "error", err)
	} else {
		s.Log.Debug("request refused", "id", v.id(), "status", code, "path", logPath(c.Path()), "error", err)
	}
	sayWhen(c, err)
	if store.KindOf(err) == store.Repeated {
		return s.done(c, pageOfForm(c.Path()), "form.repeated")
	}
	if len(c.Response().Header.Peek(fiber.HeaderContentSecurityPolicy)) == 0 { // refused before the headers were written
		s.writeHeaders(c)
	}
	c.Response().Header.Del(fiber.HeaderETag)
	c.Set(fiber.HeaderCacheControl, "no-store")
	if c.Method() == fiber.MethodPost && (code == fiber.StatusServiceUnavailable || code == fiber.StatusInsufficientStorage) {
		return s.again(c, v, pages.AgainPage{Status: code, Text: strings.Join(s.sentences(v, err), " "), Request: v.id()})
	}
	screen := pages.ErrorPage{Status: code}
	if words != "" {
		screen.Title, screen.Text = v.lang.T(words+"title"), v.lang.T(words+"text")
	}
	if sentences := s.sentences(v, err); len(sentences) > 0 && code != fiber.StatusNotFound {
		screen.Text = sentences[0]
	}
	if code >= 500 {
		screen.Request, v.uncounted = v.id(), true
	}
	p := screen.Titled(*s.page(c, ""))
	return s.renderStatus(c, code, p, pages.Error(p, screen))
}

// notRead ends a request that was refused before it was read, and says whether it was answered with that: when there was no
// memory for its body.
func (s *Server) notRead(c *fiber.Ctx, code int) (answered bool) {
	if code == fiber.StatusRequestEntityTooLarge {
		if l, ok := c.Context().Conn().(*line); ok {
			l.linger.Store(true)
		}
		if answered = s.bodies.wasRefused(&c.Request().Header); answered {
			s.turnAway(c.Context(), false)
		}
	}
	s.bodies.end(c.Request())
	return answered
}

// sayWhen tells programs when to come back.
func sayWhen(c *fiber.Ctx, err error) {
	var own *store.Error
	switch {
	case errors.As(err, &own) && own.RetryAfter > 0:
		c.Set(fiber.HeaderRetryAfter, fmt.Sprint(int(own.RetryAfter.Seconds())+1))
	case errors.Is(err, context.DeadlineExceeded):
		c.Set(fiber.HeaderRetryAfter, "5")
	}
}

// sentences are the problems of a store error in the reader's language.
func (s *Server) sentences(v *visit, err error) []string {
	var all []string
	for _, problem := range store.ProblemsOf(err) {
		all = append(all, v.lang.T(problem.Key, problem.Args...))
	}
	return all
}

// mayTypeAgain says whether an error belongs beside a form that can be corrected and sent again.
func mayTypeAgain(err error) bool {
	switch store.KindOf(err) {
	case store.Invalid, store.Full, store.Conflict, store.Limited, store.Unavailable:
		return true
	}
	return false
}

// notice turns an error into a sentence for the next page.
func (s *Server) notice(c *fiber.Ctx, err error) frontend.Notice {
	sentences := s.sentences(visitOf(c), err)
	if len(sentences) == 0 {
		sentences = []string{visitOf(c).lang.T("error_page.500.text")}
	}
	return frontend.Notice{Kind: frontend.Bad, Text: sentences[0]}
}
