package server

import (
	"strconv"

	"belfry/frontend"
	"belfry/frontend/difference"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// postReply adds a post, or shows what it would look like.
func (s *Server) postReply(c *fiber.Ctx) error {
	d, err := s.threadNow(c)
	if err != nil {
		return err
	}
	fields := []string{"source", "lang", "once"}
	if c.FormValue("do") == "preview" {
		preview, err := s.Store.PreviewPost(c.UserContext(), by(c), postInput(c))
		return s.previewed(c, err, fields, func(wrong error, f frontend.Form) error { return s.showWriting(c, wrong, d, f, &preview) })
	}
	opened, err := s.Store.Reply(c.UserContext(), by(c), d.ID, postInput(c))
	if err != nil {
		return s.previewed(c, err, fields, func(wrong error, f frontend.Form) error { return s.showWriting(c, wrong, d, f, nil) })
	}
	if opened.Waits {
		s.say(c, frontend.Wait, "pending.waits")
		return s.to(c, threadPath(d)+"#reply")
	}
	return s.to(c, postPath(opened.Thread, opened.Post.Seq))
}

// showWriting is a reply on a page of its own: refused, or to be looked at before it is sent.
func (s *Server) showWriting(c *fiber.Ctx, wrong error, d store.Thread, f frontend.Form, preview *store.PostPreview) error {
	if wrong != nil {
		preview = nil
	}
	p := s.page(c, d.Title)
	p.Section, p.Path = frontend.Discussions, threadPath(d)
	return s.renderStatus(c, statusOr200(wrong), p, pages.Writing(p, pages.WritingPage{Thread: d, Form: f, Preview: preview}))
}

// editPost is the form that changes a post.
func (s *Server) editPost(c *fiber.Ctx) error {
	h, err := s.historyOf(c)
	if err != nil {
		return err
	}
	draft, err := s.Store.DraftAt(c.UserContext(), by(c), "edit/"+h.Post.ID)
	if err != nil {
		return err
	}
	f := pages.DraftForm(draft)
	if draft.Source == "" {
		f.Values["source"], f.Values["lang"] = h.Post.Source, h.Post.Lang
	}
	f.Values["base"] = strconv.Itoa(h.Post.Revision)
	return s.showEdit(c, nil, h, f, nil)
}

// historyOf is the post of the address with the texts it had, wherever it was moved to.
func (s *Server) historyOf(c *fiber.Ctx) (store.PostHistory, error) {
	n, err := numbered(c, "number")
	if err != nil {
		return store.PostHistory{}, err
	}
	seq, err := numbered(c, "seq")
	if err != nil {
		return store.PostHistory{}, err
	}
	d, at, err := s.Store.PostPlace(c.UserContext(), by(c), n, seq)
	if err != nil {
		return store.PostHistory{}, err
	}
	return s.Store.PostHistory(c.UserContext(), by(c), d.Number, at)
}

func (s *Server) showEdit(c *fiber.Ctx, wrong error, h store.PostHistory, f frontend.Form, preview *store.PostPreview) error {
	v := visitOf(c)
	if h.Post.Author != v.member.ID && !v.member.May(store.Moderate) {
		return fiber.ErrForbidden
	}
	p := s.page(c, v.lang.T("post.edit"))
	p.Section = frontend.Discussions
	screen := pages.WritingPage{Thread: h.Thread, Post: h.Post, Form: f, Preview: preview, Foreign: h.Post.Author != v.member.ID}
	if wrong != nil {
		screen.Preview, screen.Newest = nil, h.Post.Source
	}
	return s.renderStatus(c, statusOr200(wrong), p, pages.Writing(p, screen))
}

// postEdit changes a post, or shows what it would look like.
func (s *Server) postEdit(c *fiber.Ctx) error {
	h, err := s.historyOf(c)
	if err != nil {
		return err
	}
	fields := []string{"source", "lang", "once", "note", "base"}
	if c.FormValue("do") == "preview" {
		preview, err := s.Store.PreviewPost(c.UserContext(), by(c), postInput(c))
		return s.previewed(c, err, fields, func(wrong error, f frontend.Form) error { return s.showEdit(c, wrong, h, f, &preview) })
	}
	_, err = s.Store.EditPost(c.UserContext(), by(c), h.Thread.ID, h.Post.Seq, number(c, "base", 0), postInput(c), c.FormValue("note"))
	if err != nil {
		return s.previewed(c, err, fields, func(wrong error, f frontend.Form) error {
			if store.KindOf(err) == store.Conflict { // the next try starts from what is there now
				f.Values["base"] = strconv.Itoa(h.Post.Revision)
			}
			return s.showEdit(c, wrong, h, f, nil)
		})
	}
	s.say(c, frontend.OK, "post.saved")
	return s.to(c, postPath(h.Thread, h.Post.Seq))
}

// postHistory shows the texts a post had, with what changed.
func (s *Server) postHistory(c *fiber.Ctx) error {
	h, err := s.historyOf(c)
	if err != nil {
		return err
	}
	v := pages.PostHistoryPage{PostHistory: h}
	texts := make([]string, 0, len(h.Revisions)+1)
	for _, r := range h.Revisions {
		texts = append(texts, r.Source)
	}
	texts = append(texts, h.Post.Source)
	for i := 1; i < len(texts); i++ {
		v.Changes = append(v.Changes, difference.Lines(texts[i-1], texts[i]))
	}
	p := s.page(c, visitOf(c).lang.T("post.history"))
	p.Section = frontend.Discussions
	return s.render(c, p, pages.PostHistoryOf(p, v))
}

// translatePost is the form of a translation.
func (s *Server) translatePost(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	h, err := s.historyOf(c)
	if err != nil {
		return err
	}
	lang := c.Query("lang", visitOf(c).lang.Tag())
	if lang == h.Post.Lang {
		lang = ""
	}
	f := frontend.Form{Values: map[string]string{"lang": lang}}
	for _, tr := range h.Post.Translations {
		if tr.Lang == lang {
			f.Values["source"] = tr.Source
		}
	}
	return s.showTranslation(c, nil, h, f)
}

func (s *Server) showTranslation(c *fiber.Ctx, wrong error, h store.PostHistory, f frontend.Form) error {
	p := s.page(c, visitOf(c).lang.T("translation.add"))
	p.Section = frontend.Discussions
	return s.renderStatus(c, statusOr200(wrong), p, pages.Translate(p, pages.WritingPage{Thread: h.Thread, Post: h.Post, Form: f}))
}

// postTranslation keeps a translation.
func (s *Server) postTranslation(c *fiber.Ctx) error {
	h, err := s.historyOf(c)
	if err != nil {
		return err
	}
	if err := s.Store.Translate(c.UserContext(), by(c), h.Thread.ID, h.Post.Seq, postInput(c)); err != nil {
		return s.previewed(c, err, []string{"source", "lang"}, func(wrong error, f frontend.Form) error { return s.showTranslation(c, wrong, h, f) })
	}
	s.say(c, frontend.OK, "translation.saved")
	return s.to(c, postPath(h.Thread, h.Post.Seq))
}
