package server

import (
	"strconv"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// newNotice shows the form of a notice to the towns that use an application.
func (s *Server) newNotice(c *fiber.Ctx) error {
	page, err := s.Store.AppPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if !page.MayKeep {
		return fiberDenied(c)
	}
	return s.showNewNotice(c, nil, page.App, frontend.Form{Values: map[string]string{"lang": visitOf(c).lang.Tag(), "version": page.App.Software.Version}})
}

func (s *Server) showNewNotice(c *fiber.Ctx, err error, app store.App, form frontend.Form) error {
	p := s.page(c, visitOf(c).lang.T("notice.new"))
	p.Section = frontend.Apps
	return s.renderStatus(c, statusOr200(err), p, pages.NewNotice(p, pages.NoticeForm{App: app, Form: form}))
}

// postNewNotice sends a notice.
func (s *Server) postNewNotice(c *fiber.Ctx) error {
	page, err := s.Store.AppPage(c.UserContext(), by(c), c.Params("slug"))
	if err == nil && !page.MayKeep {
		err = fiber.ErrForbidden
	}
	if err != nil {
		return err
	}
	n, err := s.Store.SendAppNotice(c.UserContext(), by(c), page.App.ID, store.AppNoticeInput{Title: c.FormValue("title"), Version: c.FormValue("version"),
		Text: c.FormValue("text"), Lang: c.FormValue("lang"), Urgent: c.FormValue("urgent") == "1"})
	switch {
	case err == nil:
		return s.done(c, "/apps/"+page.App.Slug+"/notices/"+n.ID, "notice.said.sent")
	case mayTypeAgain(err):
		return s.showNewNotice(c, err, page.App, s.typed(c, err, "title", "version", "text", "lang", "urgent"))
	}
	return err
}

// appNotice is the page of a notice with its board.
func (s *Server) appNotice(c *fiber.Ctx) error { return s.showNotice(c, nil) }

// noticeAt reads a notice at the address of its application.
func (s *Server) noticeAt(c *fiber.Ctx) (store.NoticePage, error) {
	page, err := s.Store.NoticePage(c.UserContext(), by(c), c.Params("id"))
	if err == nil && page.App.Slug != c.Params("slug") {
		err = fiber.ErrNotFound
	}
	return page, err
}

func (s *Server) showNotice(c *fiber.Ctx, err error) error {
	page, missing := s.noticeAt(c)
	if missing != nil {
		return missing
	}
	v := pages.NoticeScreen{Page: page, Form: s.typed(c, err, "state", "note")}
	for _, row := range page.Rows {
		if err == nil && row.Use.Use.Town == page.Town && row.Answer.State != store.NoticeSilent {
			v.Form.Values = map[string]string{"state": string(row.Answer.State), "note": row.Answer.Note}
		}
	}
	p := s.page(c, page.Notice.Title)
	p.Section = frontend.Apps
	return s.renderStatus(c, statusOr200(err), p, pages.Notice(p, v))
}

// postNotice answers a notice for the reader's town, or closes it.
func (s *Server) postNotice(c *fiber.Ctx) error {
	page, err := s.noticeAt(c)
	if err != nil {
		return err
	}
	said := "notice.said.answered"
	if c.FormValue("do") == "close" {
		said = "notice.said.closed"
		err = s.Store.CloseNotice(c.UserContext(), by(c), page.Notice.ID)
	} else {
		err = s.Store.AnswerNotice(c.UserContext(), by(c), page.Notice.ID, visitOf(c).town.ID, store.NoticeState(c.FormValue("state")), c.FormValue("note"))
	}
	switch {
	case err == nil:
		return s.done(c, "/apps/"+page.App.Slug+"/notices/"+page.Notice.ID, said)
	case mayTypeAgain(err):
		return s.showNotice(c, err)
	}
	return err
}

const needsPerPage = 20

// needs lists what towns want together.
func (s *Server) needs(c *fiber.Ctx) error {
	n, _ := strconv.Atoi(c.Query("page", "1"))
	n = min(max(1, n), 10_000)
	rows, total, err := s.Store.Needs(c.UserContext(), "", (n-1)*needsPerPage, needsPerPage)
	if err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("need.title"))
	p.Section = frontend.Apps
	return s.render(c, p, pages.Needs(p, pages.NeedsPage{Rows: rows, MayAdd: visitOf(c).member.MayAddApp(),
		Pager: pager(p, n, len(rows), needsPerPage, total, func(page int) string { return "/apps/needs?page=" + strconv.Itoa(page) })}))
}

// newNeed shows the form of a need.
func (s *Server) newNeed(c *fiber.Ctx) error {
	if !visitOf(c).member.MayAddApp() {
		return fiberDenied(c)
	}
	return s.showNewNeed(c, nil, frontend.Form{Values: map[string]string{"lang": visitOf(c).lang.Tag(), "unit": string(store.UnitDays), "app": queried(c, "app").Value("app")}})
}

func (s *Server) showNewNeed(c *fiber.Ctx, err error, form frontend.Form) error {
	all, missing := s.Store.AppNames(c.UserContext())
	if missing != nil {
		return missing
	}
	p := s.page(c, visitOf(c).lang.T("need.new"))
	p.Section = frontend.Apps
	return s.renderStatus(c, statusOr200(err), p, pages.NewNeed(p, pages.NeedForm{Apps: all, Form: form}))
}

// postNewNeed opens a need.
func (s *Server) postNewNeed(c *fiber.Ctx) error {
	if !visitOf(c).member.MayAddApp() {
		return fiber.ErrForbidden
	}
	in := store.NeedInput{Title: c.FormValue("title"), Text: c.FormValue("text"), Lang: c.FormValue("lang"), Unit: store.NeedUnit(c.FormValue("unit")),
		Threshold: number(c, "threshold", 0), Deadline: c.FormValue("deadline")}
	var err error
	if slug := c.FormValue("app"); slug != "" {
		var app store.App
		app, _, err = s.Store.AppBySlug(c.UserContext(), slug)
		in.App = app.ID
	}
	var n store.Need
	if err == nil {
		n, err = s.Store.OpenNeed(c.UserContext(), by(c), in)
	}
	switch {
	case err == nil:
		return s.done(c, "/apps/needs/"+strconv.Itoa(n.Number), "need.said.open")
	case mayTypeAgain(err):
		return s.showNewNeed(c, err, s.typed(c, err, "title", "text", "lang", "unit", "threshold", "deadline", "app"))
	}
	return err
}

// need is the page of a need.
func (s *Server) need(c *fiber.Ctx) error { return s.showNeed(c, nil, nil, nil) }

func (s *Server) needAt(c *fiber.Ctx) (store.NeedPage, error) {
	n, err := strconv.Atoi(c.Params("number"))
	if err != nil || n < 1 || n > 999_999_999 {
		return store.NeedPage{}, fiber.ErrNotFound
	}
	return s.Store.NeedByNumber(c.UserContext(), by(c), n)
}

func (s *Server) showNeed(c *fiber.Ctx, err error, give, news *frontend.Form) error {
	page, missing := s.needAt(c)
	if missing != nil {
		return missing
	}
	v := pages.NeedScreen{Page: page, Give: frontend.Form{Values: map[string]string{"note": page.Mine.Note}}}
	if page.Mine.Amount > 0 {
		v.Give.Values["amount"] = strconv.Itoa(page.Mine.Amount)
	}
	if give != nil {
		v.Give = *give
	}
	if news != nil {
		v.News = *news
	}
	p := s.page(c, page.Need.Title)
	p.Section = frontend.Apps
	if err == nil {
		return s.render(c, p, pages.NeedOf(p, v))
	}
	return s.renderStatus(c, statusOf(err), p, pages.NeedOf(p, v))
}

// postNeed pledges for the reader's town, or tells what becomes of a need.
func (s *Server) postNeed(c *fiber.Ctx) error {
	page, err := s.needAt(c)
	if err != nil {
		return err
	}
	path := "/apps/needs/" + c.Params("number")
	if c.FormValue("do") == "news" {
		_, err = s.Store.TendNeed(c.UserContext(), by(c), page.Need.ID, c.FormValue("news"), store.NeedState(c.FormValue("state")))
		if err != nil && mayTypeAgain(err) && page.MayTend {
			form := s.typed(c, err, "news", "state")
			return s.showNeed(c, err, nil, &form)
		}
		if err != nil {
			return err
		}
		return s.done(c, path, "need.said.told")
	}
	_, err = s.Store.PledgeTo(c.UserContext(), by(c), page.Need.ID, visitOf(c).member.TownID(), number(c, "amount", -1), c.FormValue("note"))
	if err != nil && mayTypeAgain(err) && page.MayGive {
		form := s.typed(c, err, "amount", "note")
		return s.showNeed(c, err, &form, nil)
	}
	if err != nil {
		return err
	}
	return s.done(c, path, "need.said.given")
}
