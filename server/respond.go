package server

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/store"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
)

// page prepares what every screen is given.
func (s *Server) page(c *fiber.Ctx, title string) *frontend.Page {
	v := visitOf(c)
	zone := s.zone(v)
	p := &frontend.Page{Lang: v.lang, Languages: s.Catalogue.Languages(), Assets: s.Assets, Title: title,
		Path: c.OriginalURL(), Theme: v.theme, Now: s.Store.Now().In(zone), Zone: zone, Demo: s.Demo}
	if c.Method() != fiber.MethodGet {
		p.Path = backOf(c)
	}
	p.Notices = v.notices()
	if v.signedIn() {
		p.Viewer = v.viewer()
		if v.making == nil {
			if !v.uncounted {
				p.Viewer.Unread = s.unreadOf(c.UserContext(), v)
			}
			p.CSRF = s.token(v.session)
			if c.Method() == fiber.MethodPost {
				if sent := c.FormValue(frontend.CSRFField); s.validToken(v.session, sent) {
					p.CSRF = sent // the form that is shown again is the same, see keyOfForm
				}
			}
		}
	}
	return p
}

// notices is what the request before left to say.
func (v *visit) notices() []frontend.Notice {
	if v.notice == nil {
		return nil
	}
	return []frontend.Notice{{Kind: v.notice.Kind, Text: v.lang.T(v.notice.Key, v.notice.args()...), Undo: v.notice.Undo}}
}

// viewer is the member as the frame of a page shows them.
func (v *visit) viewer() *frontend.Viewer {
	m := v.member
	viewer := &frontend.Viewer{Name: m.Name, Handle: m.Handle, Organiser: m.May(store.Organise), Steward: m.May(store.Steward),
		Admin: m.May(store.Administer)}
	if v.town.ID != "" {
		viewer.TownName, viewer.TownSlug, viewer.TownCode = v.town.NameIn(v.lang.Tag()), v.town.Slug, v.town.Code
	}
	return viewer
}

// render answers 200 with a page. On routes that share pages, it is kept for everybody of the reader's class (see
// shared); own reads what each reader has of their own besides.
func (s *Server) render(c *fiber.Ctx, p *frontend.Page, page templ.Component, own ...ownReader) error {
	v := visitOf(c)
	if v.making != nil {
		v.making.page, v.making.component, v.making.own = p, page, own
		return nil
	}
	return s.renderStatus(c, fiber.StatusOK, p, page)
}

func (s *Server) renderStatus(c *fiber.Ctx, code int, p *frontend.Page, page templ.Component) error {
	var buf bytes.Buffer
	buf.Grow(48 << 10)
	if err := page.Render(c.UserContext(), &buf); err != nil {
		return err
	}
	c.Status(code)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return s.send(c, buf.Bytes())
}

// flash is a sentence for the next page, kept in a signed cookie: nothing is stored for it.
type flash struct {
	Kind frontend.NoticeKind `json:"k"`
	Key  string              `json:"t"`
	Args []string            `json:"a,omitempty"` // name, value pairs
	Undo frontend.Undo       `json:"u,omitzero"`
}

func (f *flash) args() []any {
	args := make([]any, len(f.Args))
	for i, arg := range f.Args {
		args[i] = arg
	}
	return args
}

// say leaves a sentence for the next page.
func (s *Server) say(c *fiber.Ctx, kind frontend.NoticeKind, key string, args ...string) {
	s.leaveFlash(c, flash{Kind: kind, Key: key, Args: args})
}

func (s *Server) leaveFlash(c *fiber.Ctx, f flash) {
	body, err := json.Marshal(f)
	if err != nil {
		return
	}
	s.setCookie(c, flashCookie, base64.RawURLEncoding.EncodeToString(append(s.sign(body), body...)), time.Minute)
}

func (s *Server) sign(body []byte) []byte {
	mac := hmac.New(sha256.New, s.flash)
	mac.Write(body)
	return mac.Sum(nil)[:16]
}

// takeFlash reads the sentence left by the request before, and takes it away when a page will show it.
func (s *Server) takeFlash(c *fiber.Ctx) *flash {
	raw, err := base64.RawURLEncoding.DecodeString(s.cookie(c, flashCookie))
	if err != nil || len(raw) < 18 || !hmac.Equal(raw[:16], s.sign(raw[16:])) || c.Method() != fiber.MethodGet {
		return nil
	}
	s.setCookie(c, flashCookie, "", -1)
	var f flash
	if json.Unmarshal(raw[16:], &f) != nil {
		return nil
	}
	return &f
}

// to redirects so that a reload does not post again.
func (s *Server) to(c *fiber.Ctx, path string) error { return c.Redirect(path, fiber.StatusSeeOther) }

// done says a sentence and redirects.
func (s *Server) done(c *fiber.Ctx, path, key string, args ...string) error {
	s.say(c, frontend.OK, key, args...)
	return s.to(c, path)
}

// backOf is where a form wants to return: a path of ours, else the start page (SAFETY A33).
func backOf(c *fiber.Ctx) string { return safePath(c.FormValue("back", c.Query("back"))) }

func safePath(path string) string {
	if len(path) > 2000 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t\x00") {
		return "/"
	}
	return path
}

// problems sorts what is wrong with an input by field, in the reader's language.
func (s *Server) problems(c *fiber.Ctx, err error) map[string]string {
	v := visitOf(c)
	all := map[string]string{}
	for _, problem := range store.ProblemsOf(err) {
		if _, had := all[problem.Field]; !had {
			all[problem.Field] = v.lang.T(problem.Key, problem.Args...)
		}
	}
	return all
}

// signInFirst sends a visitor to sign in and come back.
func (s *Server) signInFirst(c *fiber.Ctx) error {
	return s.to(c, "/sign-in?back="+queryEscape(c.OriginalURL()))
}
