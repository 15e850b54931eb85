package server

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/frontend/parts"
	"belfry/store"
	"belfry/store/gazetteer"

	"github.com/gofiber/fiber/v2"
)

const year = 365 * 24 * time.Hour

func joinFields() []string {
	return []string{"town", "town_code", "other_name", "other_land", "name", "email", "language", "back"}
}

// join shows the form of a newcomer.
func (s *Server) join(c *fiber.Ctx) error {
	v := visitOf(c)
	if v.signedIn() {
		return s.to(c, "/")
	}
	form := frontend.Form{Values: map[string]string{"language": v.lang.Tag(), "town": strings.ToValidUTF8(c.Query("q"), "")}}
	return s.showJoin(c, nil, pages.JoinPage{Form: form, Other: c.Query("other") == "1"})
}

func (s *Server) showJoin(c *fiber.Ctx, err error, screen pages.JoinPage) error {
	p := s.page(c, visitOf(c).lang.T("join.title"))
	return s.renderStatus(c, statusOr200(err), p, pages.Join(p, screen))
}

func statusOr200(err error) int {
	if err == nil {
		return fiber.StatusOK
	}
	return statusOf(err)
}

// pickTown finds the town a form names: by a suggestion, by a search result, or by words that fit only one town.
// Otherwise found lists what the words may mean.
func (s *Server) pickTown(c *fiber.Ctx) (code string, found []gazetteer.Town) {
	for _, name := range []string{"town_pick", "town_code"} {
		if code := c.FormValue(name); code != "" {
			if _, ok := s.Store.Gazetteer().Town(code); ok {
				return code, nil
			}
		}
	}
	found = s.Store.Gazetteer().Search(c.FormValue("town"), 8)
	if len(found) == 1 {
		return found[0].Code, nil
	}
	return "", found
}

// postJoin starts a membership; when the town is not clear yet it asks which one.
func (s *Server) postJoin(c *fiber.Ctx) error {
	v := visitOf(c)
	in := store.JoinInput{OtherName: c.FormValue("other_name"), OtherLand: c.FormValue("other_land"), Name: c.FormValue("name"),
		Email: c.FormValue("email"), Password: c.FormValue("password"), Language: c.FormValue("language", v.lang.Tag()), From: s.client(c)}
	screen := pages.JoinPage{Other: in.OtherName != "" || c.FormValue("other_land") != ""}
	if !screen.Other {
		in.TownCode, screen.Found = s.pickTown(c)
		screen.Asked = strings.TrimSpace(c.FormValue("town")) != ""
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	in.Nonce = hex.EncodeToString(nonce)
	err := s.Store.Join(c.UserContext(), in)
	if err == nil {
		s.setCookie(c, nonceCookie, in.Nonce, 72*time.Hour)
		return s.to(c, "/sign-in/code?join=1&email="+queryEscape(in.Email))
	}
	if !mayTypeAgain(err) {
		return err
	}
	screen.Form = s.typed(c, err, joinFields()...)
	if len(screen.Found) > 1 {
		screen.Form.Problems["town"] = v.lang.T("join.town_which")
	} else if screen.Asked && in.TownCode == "" {
		screen.Form.Problems["town"] = v.lang.T("join.town_none")
	}
	return s.showJoin(c, err, screen)
}

// signIn shows the ways in.
func (s *Server) signIn(c *fiber.Ctx) error {
	if visitOf(c).signedIn() {
		return s.to(c, backOf(c))
	}
	return s.showSignIn(c, nil, pages.SignInPage{})
}

func (s *Server) showSignIn(c *fiber.Ctx, err error, screen pages.SignInPage) error {
	screen.Back, screen.Demo = backOf(c), s.Demo
	p := s.page(c, visitOf(c).lang.T("nav.sign_in"))
	return s.renderStatus(c, statusOr200(err), p, pages.SignIn(p, screen))
}

// postSignIn signs in by password.
func (s *Server) postSignIn(c *fiber.Ctx) error {
	in, err := s.Store.SignIn(c.UserContext(), c.FormValue("email"), c.FormValue("password"), s.client(c))
	if err == nil {
		s.startSession(c, in, "password")
		return s.to(c, backOf(c))
	}
	s.noteSignIn(c, "password", err)
	if !mayTypeAgain(err) {
		return err
	}
	return s.showSignIn(c, err, pages.SignInPage{Password: s.typed(c, err, "email")})
}

// postSignInLink mails a link and a code.
func (s *Server) postSignInLink(c *fiber.Ctx) error {
	err := s.Store.RequestSignIn(c.UserContext(), c.FormValue("email"), visitOf(c).lang.Tag(), s.client(c))
	if err == nil {
		return s.to(c, "/sign-in/code?email="+queryEscape(c.FormValue("email"))+"&back="+queryEscape(backOf(c)))
	}
	if !mayTypeAgain(err) {
		return err
	}
	return s.showSignIn(c, err, pages.SignInPage{Link: s.typed(c, err, "email")})
}

// signInCode says that a letter is on its way and takes its code.
func (s *Server) signInCode(c *fiber.Ctx) error {
	form := frontend.Form{Values: map[string]string{"email": strings.ToValidUTF8(c.Query("email"), ""), "back": backOf(c)}}
	return s.showCode(c, nil, form, c.Query("join") == "1")
}

func (s *Server) showCode(c *fiber.Ctx, err error, form frontend.Form, joined bool) error {
	lang := visitOf(c).lang
	screen := pages.Sent{Form: form, Title: lang.T("sign_in.sent"), Text: lang.T("sign_in.sent_text"), Demo: s.Demo}
	if joined {
		screen.Title, screen.Text = lang.T("join.sent"), lang.T("join.sent_text")
	}
	p := s.page(c, screen.Title)
	return s.renderStatus(c, statusOr200(err), p, pages.CheckMail(p, screen))
}

// postSignInCode signs in by the code of the newest letter.
func (s *Server) postSignInCode(c *fiber.Ctx) error {
	code := strings.Join(strings.Fields(c.FormValue("code")), "")
	in, err := s.Store.UseCode(c.UserContext(), c.FormValue("email"), code, s.cookie(c, nonceCookie), s.client(c))
	if err == nil {
		return s.arrive(c, in, "code", backOf(c))
	}
	s.noteSignIn(c, "code", err)
	if !mayTypeAgain(err) {
		return err
	}
	fields := []string{"email", "back"}
	if store.KindOf(err) == store.Invalid { // a code that is still good is not sent back
		fields = append(fields, "code")
	}
	return s.showCode(c, err, s.typed(c, err, fields...), false)
}

// arrive starts a session and says welcome to somebody new.
func (s *Server) arrive(c *fiber.Ctx, in store.SignedIn, way, back string) error {
	s.startSession(c, in, way)
	if in.Asks {
		s.forgetSearch(c)
		return s.done(c, "/mentors", "mentor.said.joined", "Name", in.Member.Name)
	}
	if in.First {
		return s.done(c, "/", "join.welcome", "Name", in.Member.Name)
	}
	return s.to(c, back)
}

// link shows what a mailed link is for. It changes nothing: programs follow links too.
func (s *Server) link(c *fiber.Ctx) error {
	return s.showLink(c, nil, frontend.Form{Values: map[string]string{"language": visitOf(c).lang.Tag()}})
}

func (s *Server) showLink(c *fiber.Ctx, err error, form frontend.Form) error {
	ticket, missing := s.Store.TicketFor(c.UserContext(), c.Params("token"))
	if missing != nil {
		return s.deadLink(c, missing)
	}
	c.Set("Referrer-Policy", "no-referrer")
	p := s.page(c, visitOf(c).lang.T("link.title."+string(ticket.Kind)))
	return s.renderStatus(c, statusOr200(err), p, pages.Link(p, pages.LinkPage{Token: c.Params("token"), Ticket: ticket, Form: form}))
}

// postLink does what a mailed link is for.
func (s *Server) postLink(c *fiber.Ctx) error {
	token := c.Params("token")
	ticket, err := s.Store.TicketFor(c.UserContext(), token)
	if err != nil {
		s.noteSignIn(c, "link", err)
		return s.deadLink(c, err)
	}
	if ticket.Kind == store.TicketFound {
		return s.found(c, token)
	}
	in, err := s.Store.UseTicket(c.UserContext(), token, s.cookie(c, nonceCookie), s.client(c))
	if err != nil {
		s.noteSignIn(c, "link", err)
		return s.deadLink(c, err)
	}
	if in.Token == "" {
		s.note(c, "account changed", "what", "link.email_confirmed")
		return s.done(c, "/", "link.email_confirmed")
	}
	return s.arrive(c, in, "link", "/")
}

// found makes the first administrator of an empty hub.
func (s *Server) found(c *fiber.Ctx, token string) error {
	in, err := s.Store.Found(c.UserContext(), token, store.JoinInput{Name: c.FormValue("name"), Email: c.FormValue("email"),
		Password: c.FormValue("password"), Language: c.FormValue("language"), From: s.client(c)})
	if err == nil {
		return s.arrive(c, in, "founding link", "/")
	}
	if !mayTypeAgain(err) {
		return s.deadLink(c, err)
	}
	return s.showLink(c, err, s.typed(c, err, "name", "email", "language"))
}

// deadLink says of a mailed link that counts no more how to get another; it says the same of one that never was. Other
// errors it hands on.
func (s *Server) deadLink(c *fiber.Ctx, err error) error {
	c.Set("Referrer-Policy", "no-referrer")
	if store.KindOf(err) != store.NotFound {
		return err
	}
	lang := visitOf(c).lang
	ask := parts.Button{Label: lang.T("link.dead.ask"), Href: "/sign-in", Kind: parts.Primary}
	if visitOf(c).signedIn() {
		ask.Label, ask.Href = lang.T("link.dead.settings"), "/settings"
	}
	screen := pages.ErrorPage{Status: fiber.StatusNotFound, Title: lang.T("error_page.410.title"), Text: lang.T("link.dead.text"), Action: &ask}
	c.Set(fiber.HeaderCacheControl, "no-store")
	p := s.page(c, screen.Title)
	return s.renderStatus(c, screen.Status, p, pages.Error(p, screen))
}

// signOut ends the session of this browser.
func (s *Server) signOut(c *fiber.Ctx) error {
	if err := s.Store.SignOut(c.UserContext(), s.cookie(c, sessionCookie)); err != nil {
		return err
	}
	s.note(c, "signed out")
	s.setCookie(c, sessionCookie, "", -1)
	c.Set("Clear-Site-Data", `"cache"`)
	return s.done(c, "/", "sign_in.out")
}

// demo offers the persons of the demo community.
func (s *Server) demo(c *fiber.Ctx) error {
	p := s.page(c, visitOf(c).lang.T("demo.title"))
	return s.render(c, p, pages.Demo(p, pages.DemoPage{Persons: s.DemoPersons}))
}

// postDemo signs in as one of them. The store refuses outside a demo.
func (s *Server) postDemo(c *fiber.Ctx) error {
	in, err := s.Store.DemoSignIn(c.UserContext(), c.FormValue("handle"), s.client(c))
	if err != nil {
		return err
	}
	s.startSession(c, in, "demo")
	return s.to(c, "/")
}
