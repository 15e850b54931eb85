package server

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/markdown"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// minutes is the reading view.
func (s *Server) minutes(c *fiber.Ctx) error { return s.showMinutes(c, nil, nil) }

// showMinutes shows the reading view; erratum puts back what was typed into a form that was refused.
func (s *Server) showMinutes(c *fiber.Ctx, wrong error, erratum *frontend.Form) error {
	page, err := s.Store.MinutesPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	base := "/meetings/" + page.Meeting.Slug + "/minutes"
	if page.Moved && wrong == nil {
		return c.Redirect(base, fiber.StatusMovedPermanently)
	}
	if page.Minutes.Revision == 0 {
		return s.to(c, base+"/edit")
	}
	screen := pages.MinutesScreen{Page: page, Erratum: frontend.Form{Values: map[string]string{"lang": page.Minutes.Lang}}}
	if erratum != nil {
		screen.Erratum = *erratum
	}
	text, _ := store.Notation(page.Published.Source, page.Meeting.Date)
	if page.Minutes.Published == 0 {
		var read store.MarkedText
		if read, screen.Pieces, err = s.pieces(c, page.Meeting.ID, page.Newest.Source); err != nil {
			return err
		}
		text = read.Text
	} else {
		screen.Pieces = s.cards(c, page.Minutes.HTML, page.Marks, &page)
	}
	headings, err := s.Markdown.Headings(c.UserContext(), text)
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
	own := s.ownMinutes(page)
	if wrong == nil && visitOf(c).making != nil {
		return s.render(c, p, pages.Minutes(p, screen), own)
	}
	mine := pages.Own{Reader: visitOf(c).member}
	if visitOf(c).signedIn() {
		if err := own(c.UserContext(), by(c), &mine); err != nil {
			return err
		}
	}
	p.Own = mine
	return s.renderStatus(c, statusOr200(wrong), p, pages.Minutes(p, screen))
}

// ownMinutes reads the corrections that the reader proposed, and notes that they have seen the minutes.
func (s *Server) ownMinutes(page store.MinutesPage) ownReader {
	return func(ctx context.Context, who store.Actor, own *pages.Own) error {
		if who == store.Visitor() || page.Minutes.Published == 0 {
			return nil
		}
		var err error
		if own.Corrections, err = s.Store.MyCorrections(ctx, who, page.Meeting.ID); err != nil {
			return err
		}
		err = s.Store.Dismiss(ctx, who, "minutes", page.Meeting.ID)
		if store.KindOf(err) == store.Unavailable { // a full disk must not keep people from reading
			err = nil
		}
		return err
	}
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
	screen := pages.MinutesForm{Page: page, Form: frontend.Form{Values: map[string]string{
		"source": source, "lang": lang, "base": strconv.Itoa(page.Minutes.Revision)}}}
	if n, err := strconv.Atoi(c.Query("section")); err == nil && page.Minutes.Revision > 0 {
		all := store.Sections(page.Newest.Source)
		if n < 0 || n >= len(all) {
			return fiber.ErrNotFound
		}
		screen.Form.Values["section"], screen.Form.Values["source"] = strconv.Itoa(n), all[n].Text
	}
	return s.showMinutesForm(c, nil, screen)
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
	return text + s.present(c, page.Meeting)
}

// present is the section of who came, filled in from the list at the door: one line a town.
func (s *Server) present(c *fiber.Ctx, m store.Meeting) string {
	door, err := s.Store.Door(c.UserContext(), by(c), m.Slug)
	lang, known := s.Catalogue.Language(m.Lang)
	if err != nil || !known || door.Came == 0 {
		return ""
	}
	names := map[string][]string{}
	for _, row := range door.Rows {
		if row.Presence == nil {
			continue
		}
		town, name := row.Town.NameIn(m.Lang), row.Member.Name
		if row.Presence.Guests > 0 {
			name += " (+" + strconv.Itoa(row.Presence.Guests) + ")"
		}
		if row.Late {
			name = lang.T("minutes.came_late", "Name", name, "Time", lang.Clock(row.Presence.At.In(m.Location())))
		}
		names[town] = append(names[town], name)
	}
	text := "## " + lang.T("minutes.present") + "\n\n" + lang.T("door.came_minutes", "People", lang.N("count.people", door.Came), "Towns", lang.N("count.towns", door.Towns)) + "\n\n"
	for _, town := range slices.Sorted(maps.Keys(names)) {
		if text += "- " + lang.List(names[town]); town != "" {
			text += " (" + town + ")"
		}
		text += "\n"
	}
	return text
}

func (s *Server) showMinutesForm(c *fiber.Ctx, err error, screen pages.MinutesForm) error {
	marked, failed := s.Store.MarkedMessages(c.UserContext(), by(c), screen.Page.Meeting.ID)
	if failed != nil && store.KindOf(failed) != store.NotFound {
		return failed
	}
	screen.Marked = marked
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
	screen := pages.MinutesForm{Page: page, Form: s.typed(c, nil, "source", "lang", "summary", "base", "section")}
	if c.FormValue("preview") != "" {
		if screen.Preview, screen.Gone, err = s.previewOf(c, page); err != nil && s.markdownProblems(c, err) == nil {
			return err
		}
		screen.Form.Problems = s.markdownProblems(c, err)
		return s.showMinutesForm(c, nil, screen)
	}
	draft := store.MinutesDraft{Base: number(c, "base", 0), Source: c.FormValue("source"), Summary: c.FormValue("summary"), Lang: c.FormValue("lang")}
	var kept store.Minutes
	section, alone := 0, c.FormValue("section") != ""
	if alone {
		section = number(c, "section", 0)
		kept, err = s.Store.SaveSection(c.UserContext(), by(c), page.Meeting.ID, section, draft)
	} else {
		kept, err = s.Store.SaveMinutes(c.UserContext(), by(c), page.Meeting.ID, draft)
	}
	base := "/meetings/" + page.Meeting.Slug + "/minutes"
	var clash *store.ClashError
	switch {
	case err == nil && c.FormValue("do") == "publish":
		if _, err = s.Store.PublishMinutes(c.UserContext(), by(c), page.Meeting.ID); err == nil {
			return s.done(c, base, "minutes.said.published")
		}
		screen.Form.Values["base"] = strconv.Itoa(kept.Revision) // the text is saved, only not published
	case err == nil:
		return s.done(c, base+"/edit", "minutes.said.saved")
	case errors.As(err, &clash):
		screen.Other, screen.Form.Values["source"] = clash.Newest.Source, clash.Mine
		if alone {
			s.clashedSection(clash, &screen)
		}
		screen.Form.Values["base"] = strconv.Itoa(clash.Newest.Number)
		var failed error
		if screen.Gone, failed = s.wouldGo(c, page.Meeting.ID, clash.Newest, screen.Form); failed != nil {
			return failed
		}
	}
	if problems := s.markdownProblems(c, err); problems != nil {
		screen.Form.Problems = problems
		return s.showMinutesForm(c, err, screen)
	}
	return err
}

// clashedSection lets a clash in one section be mended in that section, where it stands in the newest text now. When
// it is gone there, what was written goes at the end of the whole text.
func (s *Server) clashedSection(clash *store.ClashError, screen *pages.MinutesForm) {
	screen.Other = clash.Sections[0].Theirs
	for i, one := range store.Sections(clash.Newest.Source) {
		if one.Heading == clash.Sections[0].Heading {
			screen.Form.Values["section"] = strconv.Itoa(i)
			return
		}
	}
	screen.Form.Values["section"] = ""
	screen.Form.Values["source"] = clash.Newest.Source + "\n\n" + screen.Form.Values["source"]
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
		problems := s.problems(c, err)
		var all []string
		for _, one := range store.ProblemsOf(err) {
			if one.Field == "source" {
				all = append(all, lang.T(one.Key, one.Args...))
			}
		}
		if len(all) > 0 {
			problems["source"] = strings.Join(all, " ") // the notation may be wrong in several lines
		}
		return problems
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

// pieces is a text as it would be published for a meeting.
func (s *Server) pieces(c *fiber.Ctx, meetingID, source string) (read store.MarkedText, all []pages.Piece, err error) {
	if read, err = s.Store.ReadMarks(c.UserContext(), meetingID, source); err != nil {
		return read, nil, err
	}
	html, err := s.Store.Preview(c.UserContext(), by(c), read.Text)
	if err != nil {
		return read, nil, err
	}
	return read, s.cards(c, html, read.Marks, nil), nil
}

// previewOf is the text of the form as it would be published, and the numbers that its publication would close.
func (s *Server) previewOf(c *fiber.Ctx, page store.MinutesPage) ([]pages.Piece, []string, error) {
	read, all, err := s.pieces(c, page.Meeting.ID, c.FormValue("source"))
	if err != nil || c.FormValue("section") == "" {
		return all, read.Gone, err
	}
	if number(c, "base", 0) != page.Newest.Number { // which text it comes into is not known before it is saved
		return all, nil, nil
	}
	gone, err := s.wouldGo(c, page.Meeting.ID, page.Newest, s.typed(c, nil, "source", "section"))
	return all, gone, err
}

// wouldGo are the numbers that publishing a form would close, when it is saved over the newest revision.
func (s *Server) wouldGo(c *fiber.Ctx, meetingID string, newest store.MinutesRevision, form frontend.Form) ([]string, error) {
	whole := form.Value("source")
	if section := form.Value("section"); section != "" {
		n, err := strconv.Atoi(section)
		if err == nil {
			whole, err = store.WithSection(newest.Source, n, whole)
		}
		if err != nil {
			return nil, nil // no such section: saving says so
		}
	}
	read, err := s.Store.ReadMarks(c.UserContext(), meetingID, whole)
	return read.Gone, err
}

// previewMinutes answers a text with what it would become, for the live preview.
func (s *Server) previewMinutes(c *fiber.Ctx) error {
	page, err := s.organisersMinutes(c)
	if err != nil {
		return err
	}
	all, gone, err := s.previewOf(c, page)
	if problems := s.markdownProblems(c, err); problems != nil {
		c.Status(fiber.StatusUnprocessableEntity)
		return c.SendString(problems["source"])
	}
	if err != nil {
		return err
	}
	p := s.page(c, "")
	return s.renderStatus(c, fiber.StatusOK, p, pages.Preview(p, all, gone))
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
