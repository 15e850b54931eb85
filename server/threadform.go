package server

import (
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// changeThread is the form of a thread's title, language and tags.
func (s *Server) changeThread(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	f := frontend.Form{Values: map[string]string{"title": d.Title, "lang": d.Lang, "tags": strings.Join(d.Tags, ", ")}}
	if d.Question {
		f.Values["question"] = "1"
	}
	return s.showThreadChange(c, nil, d, f)
}

func (s *Server) showThreadChange(c *fiber.Ctx, wrong error, d store.Thread, f frontend.Form) error {
	if v := visitOf(c); d.Author != v.member.ID && !v.member.May(store.Moderate) {
		return fiber.ErrForbidden
	}
	p := s.page(c, visitOf(c).lang.T("thread.change"))
	p.Section = frontend.Discussions
	return s.renderStatus(c, statusOr200(wrong), p, pages.ChangeThread(p, pages.ThreadFormPage{Thread: d, Form: f}))
}

// postThreadChange changes a thread itself.
func (s *Server) postThreadChange(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	kept, err := s.Store.ChangeThread(c.UserContext(), by(c), d.ID, store.ThreadChange{Title: c.FormValue("title"), Lang: c.FormValue("lang"),
		Tags: c.FormValue("tags"), Question: c.FormValue("question") == "1"})
	if mayTypeAgain(err) {
		return s.showThreadChange(c, err, d, s.typed(c, err, "title", "lang", "tags", "question"))
	}
	if err != nil {
		return err
	}
	return s.done(c, threadPath(kept), "thread.changed")
}

// threadToAgenda is the form that makes an agenda item of a thread.
func (s *Server) threadToAgenda(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	return s.showThreadToAgenda(c, nil, d, frontend.Form{Values: map[string]string{"item_title": d.Title, "item_kind": string(store.ToDiscuss), "item_minutes": "15", "item_lang": d.Lang}})
}

func (s *Server) showThreadToAgenda(c *fiber.Ctx, wrong error, d store.Thread, f frontend.Form) error {
	rows, err := s.Store.Upcoming(c.UserContext(), by(c), 12)
	if err != nil {
		return err
	}
	v := pages.ThreadFormPage{Thread: d, Form: f}
	for _, row := range rows {
		if row.Meeting.State != store.MeetingCancelled {
			v.Meetings = append(v.Meetings, row)
		}
	}
	p := s.page(c, visitOf(c).lang.T("thread.to_agenda"))
	p.Section = frontend.Discussions
	return s.renderStatus(c, statusOr200(wrong), p, pages.ThreadToAgenda(p, v))
}

// postThreadToAgenda proposes an agenda item made of a thread.
func (s *Server) postThreadToAgenda(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	page, err := s.Store.MeetingPage(c.UserContext(), by(c), c.FormValue("meeting"))
	if err != nil {
		return err
	}
	shelf, err := s.Store.CategoryOf(c.UserContext(), by(c), d.ID)
	if err != nil {
		return err
	}
	in, err := s.ownedItem(c)
	if in.Thread = d.ID; shelf.Members {
		in.Members = true
	}
	var item store.AgendaItem
	if err == nil {
		item, err = s.Store.ProposeItem(c.UserContext(), by(c), page.Meeting.ID, in)
	}
	if mayTypeAgain(err) {
		return s.showThreadToAgenda(c, err, d, s.typed(c, err, append(itemNames(), "meeting")...))
	}
	if err != nil {
		return err
	}
	return s.done(c, threadPath(d), "agenda.said."+string(item.State))
}

// writingHelp says how posts are written.
func (s *Server) writingHelp(c *fiber.Ctx) error {
	p := s.page(c, visitOf(c).lang.T("help.writing"))
	p.Section = frontend.Discussions
	return s.render(c, p, pages.WritingHelp(p))
}
