package server

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/difference"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// minutesHistory compares two revisions: the newest with the one before, unless the address says which.
func (s *Server) minutesHistory(c *fiber.Ctx) error {
	page, err := s.organisersMinutes(c)
	if err != nil {
		return err
	}
	screen := pages.HistoryScreen{Page: page, To: page.Minutes.Revision}
	if n, err := strconv.Atoi(c.Query("to")); err == nil {
		screen.To = n
	}
	screen.From = screen.To - 1
	if n, err := strconv.Atoi(c.Query("from")); err == nil {
		screen.From = n
	}
	texts := map[int]string{0: ""}
	for _, one := range page.Revisions {
		texts[one.Number] = one.Source
	}
	before, known := texts[screen.From]
	after, also := texts[screen.To]
	if !known || !also {
		return fiber.ErrNotFound
	}
	screen.Lines = difference.Lines(before, after)
	p := s.page(c, visitOf(c).lang.T("minutes.history"))
	p.Section = frontend.Meetings
	return s.render(c, p, pages.MinutesHistory(p, screen))
}

// correctMinutes shows the published text to propose a correction of it.
func (s *Server) correctMinutes(c *fiber.Ctx) error {
	page, err := s.Store.MinutesPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	return s.showCorrection(c, nil, pages.CorrectionScreen{Page: page, Form: frontend.Form{Values: map[string]string{
		"source": page.Published.Source, "base": strconv.Itoa(page.Minutes.Published)}}})
}

func (s *Server) showCorrection(c *fiber.Ctx, err error, screen pages.CorrectionScreen) error {
	p := s.page(c, visitOf(c).lang.T("minutes.correct"))
	p.Section = frontend.Meetings
	return s.renderStatus(c, statusOr200(err), p, pages.CorrectMinutes(p, screen))
}

func (s *Server) postCorrection(c *fiber.Ctx) error {
	page, err := s.Store.MinutesPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	_, err = s.Store.ProposeCorrection(c.UserContext(), by(c), page.Meeting.ID,
		store.CorrectionInput{Base: number(c, "base", 0), Source: c.FormValue("source"), Why: c.FormValue("why")})
	if err == nil {
		return s.done(c, "/meetings/"+page.Meeting.Slug+"/minutes", "minutes.said.correction")
	}
	if problems := s.markdownProblems(c, err); problems != nil {
		screen := pages.CorrectionScreen{Page: page, Form: s.typed(c, nil, "source", "why", "base")}
		screen.Form.Problems = problems
		return s.showCorrection(c, err, screen)
	}
	return err
}

// decideCorrection takes a correction into the text or refuses it.
func (s *Server) decideCorrection(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	take := c.FormValue("do") == "take"
	err = s.Store.DecideCorrection(c.UserContext(), by(c), m.ID, c.Params("id"), take, c.FormValue("answer"))
	key := "minutes.said.correction_refused"
	if take {
		key = "minutes.said.correction_taken"
	}
	return s.afterMinutes(c, m, err, key)
}

// approveMinutes says that a later meeting approved the text.
func (s *Server) approveMinutes(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	_, err = s.Store.ApproveMinutes(c.UserContext(), by(c), m.ID, c.FormValue("at"))
	return s.afterMinutes(c, m, err, "minutes.said.approved")
}

// postErratum adds a remark to approved minutes.
func (s *Server) postErratum(c *fiber.Ctx) error {
	page, err := s.organisersMinutes(c)
	if err != nil {
		return err
	}
	m := page.Meeting
	_, err = s.Store.AddErratum(c.UserContext(), by(c), m.ID, c.FormValue("erratum"), c.FormValue("lang"))
	if store.KindOf(err) == store.Invalid {
		form := s.typed(c, err, "erratum", "lang")
		return s.showMinutes(c, err, &form)
	}
	return s.afterMinutes(c, m, err, "minutes.said.erratum")
}

// afterMinutes returns to the reading view, with what could not be done as a notice.
func (s *Server) afterMinutes(c *fiber.Ctx, m store.Meeting, err error, key string) error {
	path := "/meetings/" + m.Slug + "/minutes"
	var clash *store.ClashError
	switch {
	case err == nil:
		return s.done(c, path, key)
	case errors.As(err, &clash), store.KindOf(err) == store.Conflict:
		s.say(c, frontend.Bad, store.ProblemsOf(err)[0].Key)
		return s.to(c, path)
	}
	return err
}

// minutesOfYear is a whole year of minutes as one Markdown file.
func (s *Server) minutesOfYear(c *fiber.Ctx) error {
	year, err := strconv.Atoi(c.Params("year"))
	if err != nil || year < 1990 || year > 2200 {
		return fiber.ErrNotFound
	}
	all, err := s.Store.MinutesOfYear(c.UserContext(), year)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fiber.ErrNotFound
	}
	lang := visitOf(c).lang
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", lang.T("minutes.of_year", "Year", strconv.Itoa(year)))
	for _, one := range all {
		m := one.Meeting
		fmt.Fprintf(&b, "\n---\n\n# %s\n\n%s\n\n%s\n\n%s\n", lang.Numbered(m.Number, m.Title), lang.Span(m.Local(), m.LocalEnd()),
			s.absolute("/meetings/"+m.Slug+"/minutes"), one.Published.Source)
		for _, e := range one.Minutes.Errata {
			fmt.Fprintf(&b, "\n**%s**, %s, %s\n\n%s\n", lang.T("minutes.erratum"), e.Name, lang.DateShort(e.At), e.Text)
		}
	}
	c.Set(fiber.HeaderContentType, "text/markdown; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, attachment("minutes-"+strconv.Itoa(year)+".md"))
	return s.send(c, []byte(b.String()))
}
