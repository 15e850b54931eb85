package server

import (
	"errors"
	"strconv"

	"belfry/frontend"
	"belfry/frontend/markdown"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// minutes is the reading view.
func (s *Server) minutes(c *fiber.Ctx) error {
	page, err := s.Store.MinutesPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	base := "/meetings/" + page.Meeting.Slug + "/minutes"
	if page.Moved {
		return c.Redirect(base, fiber.StatusMovedPermanently)
	}
	if page.Minutes.Revision == 0 {
		return s.to(c, base+"/edit")
	}
	source, html := page.Published.Source, page.Minutes.HTML
	if page.Minutes.Published == 0 {
		source = page.Newest.Source
		if html, err = s.Store.Preview(c.UserContext(), by(c), source); err != nil {
			return err
		}
	}
	screen := pages.MinutesScreen{Page: page, HTML: html}
	headings, err := s.Markdown.Headings(c.UserContext(), source)
	if err != nil {
		return err
	}
	for _, h := range headings {
		if h.Level <= 3 {
			screen.Headings = append(screen.Headings, pages.Heading{Level: h.Level, Text: h.Text, ID: h.ID})
		}
	}
	p := s.page(c, visitOf(c).lang.T("minutes.title")+" – "+page.Meeting.Title)
	p.Section = frontend.Meetings
	return s.render(c, p, pages.Minutes(p, screen))
}

// minutesSource is the published text as it was written.
func (s *Server) minutesSource(c *fiber.Ctx) error {
	page, err := s.Store.MinutesPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if page.Minutes.Published == 0 {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, "text/markdown; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+page.Meeting.Slug+`.md"`)
	return s.send(c, []byte(page.Published.Source+"\n"))
}

// editMinutes shows the newest text to write on.
func (s *Server) editMinutes(c *fiber.Ctx) error {
	page, err := s.organisersMinutes(c)
	if err != nil {
		return err
	}
	lang := page.Minutes.Lang
	if lang == "" {
		lang = page.Meeting.Lang
	}
	source := page.Newest.Source
	if page.Minutes.Revision == 0 {
		source = s.skeleton(c, page)
	}
	return s.showMinutesForm(c, nil, pages.MinutesForm{Page: page, Form: frontend.Form{Values: map[string]string{
		"source": source, "lang": lang, "base": strconv.Itoa(page.Minutes.Revision)}}})
}

func (s *Server) organisersMinutes(c *fiber.Ctx) (store.MinutesPage, error) {
	page, err := s.Store.MinutesPage(c.UserContext(), by(c), c.Params("slug"))
	if err == nil && !page.Organise {
		err = fiber.ErrForbidden
	}
	return page, err
}

// skeleton starts new minutes from the agenda: one heading an item.
func (s *Server) skeleton(c *fiber.Ctx, page store.MinutesPage) string {
	meeting, err := s.Store.MeetingPage(c.UserContext(), by(c), page.Meeting.Slug)
	if err != nil {
		return ""
	}
	text := ""
	for i, item := range meeting.Items {
		text += "## " + strconv.Itoa(i+1) + ". " + item.Item.Title + "\n\n\n"
	}
	return text
}

func (s *Server) showMinutesForm(c *fiber.Ctx, err error, screen pages.MinutesForm) error {
	p := s.page(c, visitOf(c).lang.T("minutes.write"))
	p.Section = frontend.Meetings
	return s.renderStatus(c, statusOr200(err), p, pages.EditMinutes(p, screen))
}

// saveMinutes saves a revision and, when asked, publishes it. A clash shows both texts; nothing typed is lost.
func (s *Server) saveMinutes(c *fiber.Ctx) error {
	page, err := s.organisersMinutes(c)
	if err != nil {
		return err
	}
	screen := pages.MinutesForm{Page: page, Form: s.typed(c, nil, "source", "lang", "summary", "base")}
	if c.FormValue("preview") != "" {
		screen.Preview, err = s.Store.Preview(c.UserContext(), by(c), c.FormValue("source"))
		screen.Form.Problems = s.markdownProblems(c, err)
		return s.showMinutesForm(c, nil, screen)
	}
	draft := store.MinutesDraft{Base: number(c, "base", 0), Source: c.FormValue("source"), Summary: c.FormValue("summary"), Lang: c.FormValue("lang")}
	_, err = s.Store.SaveMinutes(c.UserContext(), by(c), page.Meeting.ID, draft)
	base := "/meetings/" + page.Meeting.Slug + "/minutes"
	var clash *store.ClashError
	switch {
	case err == nil && c.FormValue("do") == "publish":
		if _, err := s.Store.PublishMinutes(c.UserContext(), by(c), page.Meeting.ID); err != nil {
			return err
		}
		return s.done(c, base, "minutes.said.published")
	case err == nil:
		return s.done(c, base+"/edit", "minutes.said.saved")
	case errors.As(err, &clash):
		screen.Other = clash.Newest.Source
		screen.Form.Values["base"] = strconv.Itoa(clash.Newest.Number)
	}
	if problems := s.markdownProblems(c, err); problems != nil {
		screen.Form.Problems = problems
		return s.showMinutesForm(c, err, screen)
	}
	return err
}

// markdownProblems says what is wrong with a text, beside its field; nil when it is another kind of error.
func (s *Server) markdownProblems(c *fiber.Ctx, err error) map[string]string {
	lang := visitOf(c).lang
	var complex *markdown.ComplexError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, markdown.ErrTooLong):
		return map[string]string{"source": lang.T("minutes.too_long")}
	case errors.As(err, &complex):
		return map[string]string{"source": lang.T("minutes.too_complex_line", "Line", complex.Line)}
	case errors.Is(err, markdown.ErrTooComplex):
		return map[string]string{"source": lang.T("minutes.too_complex")}
	case mayTypeAgain(err):
		return s.problems(c, err)
	}
	return nil
}

// publishMinutes publishes the newest revision.
func (s *Server) publishMinutes(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	if _, err := s.Store.PublishMinutes(c.UserContext(), by(c), m.ID); err != nil {
		return err
	}
	return s.done(c, "/meetings/"+m.Slug+"/minutes", "minutes.said.published")
}

// preview answers a text with its HTML, for the live preview.
func (s *Server) preview(c *fiber.Ctx) error {
	html, err := s.Store.Preview(c.UserContext(), by(c), c.FormValue("source"))
	if problems := s.markdownProblems(c, err); problems != nil {
		c.Status(fiber.StatusUnprocessableEntity)
		return c.SendString(problems["source"])
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return s.send(c, []byte(html))
}
