package server

import (
	"slices"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/locales"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Bounds of what is shown again of a form: the page must cost little, since it is asked for when there is too much to do.
const (
	sentAgain   = 64 << 10 // bytes of names and values
	fieldsAgain = 400
	nameAgain   = 200 // bytes of the name of a file
)

// again answers a form that could not be kept for now with a page that holds what was sent, see sentForm. The store is not
// asked for anything.
func (s *Server) again(c *fiber.Ctx, v *visit, screen pages.AgainPage) error {
	screen.Form = s.sentForm(c.Context())
	if strings.HasPrefix(logPath(c.Path()), "/link/") {
		c.Set("Referrer-Policy", "no-referrer")
	}
	p := s.barePage(v.lang, v.theme)
	return s.renderStatus(c, screen.Status, p, pages.Again(p, screen))
}

// barePage is what a page without the frame of the site is given.
func (s *Server) barePage(lang *locales.Language, theme frontend.Theme) *frontend.Page {
	return &frontend.Page{Lang: lang, Assets: s.Assets, Theme: theme}
}

// sentForm is the form that a request brought, nil when it must not or cannot be sent back. It is sent back only to whom
// it came from: the browser says that one of our own pages sent it, and it carries the token of the session whose cookie
// came with it, which can be told without asking the store. So nobody can have a page of ours filled with words of theirs.
func (s *Server) sentForm(c *fasthttp.RequestCtx) *pages.SentForm {
	head := &c.Request.Header
	action := string(head.RequestURI())
	if !c.IsPost() || !s.ours(string(c.Host())) || !s.sameSite(head) || safePath(action) != action {
		return nil
	}
	form := &pages.SentForm{Action: action}
	kind, _, _ := strings.Cut(string(head.ContentType()), ";")
	whole := false
	switch {
	case kind == fiber.MIMEApplicationForm:
		whole = s.sentFields(c, form)
	case kind == fiber.MIMEMultipartForm && head.ContentLength() >= 0: // else it has not been taken apart yet
		whole = s.sentParts(c, form)
	}
	if !whole {
		return nil
	}
	token := ""
	form.Fields = slices.DeleteFunc(form.Fields, func(one pages.SentField) bool {
		if one.Name == frontend.CSRFField {
			token = one.Value
		}
		return one.Name == frontend.CSRFField
	})
	if cookie := string(head.Cookie(s.cookieName(sessionCookie))); cookie != "" {
		session := store.Session{Hash: store.HashOf(cookie)}
		if !s.validToken(session, token) {
			return nil
		}
		form.CSRF = token // the same form, see keyOfForm
	}
	return form
}

// sentFields reads an ordinary form; false when it is too large to be sent back.
func (s *Server) sentFields(c *fasthttp.RequestCtx, form *pages.SentForm) (whole bool) {
	if len(c.Request.Body()) > 3*sentAgain { // each byte may have come as three
		return false
	}
	size := 0
	for name, value := range c.PostArgs().All() {
		if size += len(name) + len(value); size > sentAgain || len(form.Fields) == fieldsAgain {
			return false
		}
		form.Fields = append(form.Fields, sentField(string(name), string(value)))
	}
	return true
}

// sentParts reads a form with files, of which it takes the names. It was taken apart when it came.
func (s *Server) sentParts(c *fasthttp.RequestCtx, form *pages.SentForm) (whole bool) {
	parts, err := c.MultipartForm()
	if err != nil {
		return false
	}
	size := 0
	for name, values := range parts.Value {
		for _, value := range values {
			if size += len(name) + len(value); size > sentAgain || len(form.Fields) == fieldsAgain {
				return false
			}
			form.Fields = append(form.Fields, sentField(name, value))
		}
	}
	for name, files := range parts.File {
		for _, file := range files {
			if size += len(name) + nameAgain; size > sentAgain {
				return false
			}
			if file.Filename != "" {
				form.Files = append(form.Files, sentField(name, file.Filename[:min(len(file.Filename), nameAgain)]))
			}
		}
	}
	byName := func(a, b pages.SentField) int { return strings.Compare(a.Name, b.Name) } // the order of several of a name stays
	slices.SortStableFunc(form.Fields, byName)
	slices.SortStableFunc(form.Files, byName)
	return true
}

func sentField(name, value string) pages.SentField {
	return pages.SentField{Name: strings.ToValidUTF8(name, "\uFFFD"), Value: strings.ToValidUTF8(value, "\uFFFD")}
}
