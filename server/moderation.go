package server

import (
	"context"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// moderation is the moderators' queue.
func (s *Server) moderation(c *fiber.Ctx) error {
	return s.showModeration(c, nil, pages.ModerationPage{})
}

func (s *Server) showModeration(c *fiber.Ctx, wrong error, v pages.ModerationPage) error {
	var err error
	if v.Queue, err = s.Store.ModerationQueue(c.UserContext(), by(c)); err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("moderation.title"))
	p.Section = frontend.Discussions
	return s.renderStatus(c, statusOr200(wrong), p, pages.Moderation(p, v))
}

// postPending lets a waiting post through, or refuses it.
func (s *Server) postPending(c *fiber.Ctx) error {
	id := c.Params("id")
	if c.FormValue("do") == "release" {
		opened, err := s.Store.Release(c.UserContext(), by(c), id)
		if err != nil {
			return err
		}
		return s.done(c, "/moderation", "pending.released", "Title", opened.Thread.Title)
	}
	err := s.Store.Refuse(c.UserContext(), by(c), id, c.FormValue("reason"))
	if mayTypeAgain(err) {
		return s.showModeration(c, err, pages.ModerationPage{Form: s.typed(c, err, "reason"), At: id})
	}
	if err != nil {
		return err
	}
	return s.done(c, "/moderation", "pending.refused")
}

// postReports says that the reports of a post were looked at.
func (s *Server) postReports(c *fiber.Ctx) error {
	if err := s.Store.CloseReports(c.UserContext(), by(c), c.Params("id")); err != nil {
		return err
	}
	return s.done(c, "/moderation", "report.closed")
}

// postUndo takes back what a moderator did.
func (s *Server) postUndo(c *fiber.Ctx) error {
	if err := s.Store.Undo(c.UserContext(), by(c), c.Params("id")); err != nil {
		return err
	}
	return s.done(c, "/moderation", "moderation.undone")
}

// mergeTags lets a tag lead to another.
func (s *Server) mergeTags(c *fiber.Ctx) error {
	err := s.Store.MergeTag(c.UserContext(), by(c), strings.TrimPrefix(strings.TrimSpace(c.FormValue("tag")), "#"), strings.TrimPrefix(strings.TrimSpace(c.FormValue("into")), "#"))
	if store.KindOf(err) == store.NotFound || mayTypeAgain(err) {
		f := s.typed(c, err, "tag", "into")
		if store.KindOf(err) == store.NotFound {
			f.Problems = map[string]string{"tag": visitOf(c).lang.T("tag.unknown")}
			err = &store.Error{Kind: store.Invalid}
		}
		return s.showModeration(c, err, pages.ModerationPage{Tags: f})
	}
	if err != nil {
		return err
	}
	return s.done(c, "/moderation", "tag.merged")
}

// hidePost asks why a post is taken out of sight.
func (s *Server) hidePost(c *fiber.Ctx) error {
	return s.showPostAct(c, nil, frontend.Form{}, true)
}

// reportPost asks why a moderator should look.
func (s *Server) reportPost(c *fiber.Ctx) error {
	return s.showPostAct(c, nil, frontend.Form{}, false)
}

func (s *Server) showPostAct(c *fiber.Ctx, wrong error, f frontend.Form, hide bool) error {
	v := visitOf(c)
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	h, err := s.historyOf(c)
	if err != nil {
		return err
	}
	screen := pages.PostActPage{Thread: h.Thread, Post: h.Post, Form: f, Foreign: h.Post.Author != v.member.ID}
	title := "report.title"
	if hide && screen.Foreign {
		title = "post.hide"
	} else if hide {
		title = "post.withdraw"
	}
	if hide && screen.Foreign && !v.member.May(store.Moderate) {
		return fiber.ErrForbidden
	}
	p := s.page(c, v.lang.T(title))
	p.Section = frontend.Discussions
	if hide {
		return s.renderStatus(c, statusOr200(wrong), p, pages.HidePost(p, screen))
	}
	return s.renderStatus(c, statusOr200(wrong), p, pages.ReportPost(p, screen))
}

// postHide takes a post out of sight, or shows it again.
func (s *Server) postHide(c *fiber.Ctx) error {
	on := c.FormValue("do") != "show"
	err := s.actOnPost(c, func(ctx context.Context, d store.Thread, seq int) error {
		return s.Store.HidePost(ctx, by(c), d.ID, seq, c.FormValue("reason"), on)
	})
	if on && mayTypeAgain(err) {
		return s.showPostAct(c, err, s.typed(c, err, "reason"), true)
	}
	return err
}

// postReport asks moderators to look at a post.
func (s *Server) postReport(c *fiber.Ctx) error {
	err := s.actOnPost(c, func(ctx context.Context, d store.Thread, seq int) error {
		return s.Store.ReportPost(ctx, by(c), d.ID, seq, store.ReportReason(c.FormValue("reason")), c.FormValue("text"))
	})
	if mayTypeAgain(err) {
		return s.showPostAct(c, err, s.typed(c, err, "reason", "text"), false)
	}
	if err == nil {
		s.say(c, frontend.OK, "report.sent")
	}
	return err
}

// moderateThread is everything a moderator can do with a thread.
func (s *Server) moderateThread(c *fiber.Ctx) error {
	return s.showModerateThread(c, nil, frontend.Form{})
}

func (s *Server) showModerateThread(c *fiber.Ctx, wrong error, f frontend.Form) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	page, err := strconv.Atoi(c.Query("page", "1"))
	if err != nil || page < 1 {
		return fiber.ErrNotFound
	}
	v := pages.ModerateThreadPage{Form: f, Picked: map[int]bool{}}
	if v.ThreadPage, err = s.Store.ThreadPage(c.UserContext(), by(c), n, page); err != nil {
		return err
	}
	if !v.Moderate {
		return fiber.ErrForbidden
	}
	if v.Categories, err = s.Store.Categories(c.UserContext(), by(c)); err != nil {
		return err
	}
	for _, seq := range picked(c) {
		v.Picked[seq] = true
	}
	if v.Form.Values == nil {
		v.Form.Values = map[string]string{"category": v.Category.Slug}
	}
	p := s.page(c, visitOf(c).lang.T("moderation.thread"))
	p.Section = frontend.Discussions
	return s.renderStatus(c, statusOr200(wrong), p, pages.ModerateThread(p, v))
}

// picked are the posts that were ticked.
func picked(c *fiber.Ctx) []int {
	var seqs []int
	for _, raw := range c.Request().PostArgs().PeekMulti("posts") {
		if seq, err := strconv.Atoi(string(raw)); err == nil && seq > 0 {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

// threadNumber reads the number of a thread as people write it, with or without the sign.
func threadNumber(c *fiber.Ctx, name string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(c.FormValue(name)), "#"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// postModerateThread does one of these things.
func (s *Server) postModerateThread(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	to, err := s.moderated(c, d)
	if mayTypeAgain(err) {
		f := s.typed(c, err, "reason", "category", "title", "into", "merge")
		if c.FormValue("do") == "merge" && f.Problems["into"] != "" {
			f.Problems["merge"] = f.Problems["into"]
			delete(f.Problems, "into")
		}
		return s.showModerateThread(c, err, f)
	}
	if err != nil {
		return err
	}
	return s.done(c, threadPath(to), "moderation.done")
}

// moderated does what was asked and says which thread to show then.
func (s *Server) moderated(c *fiber.Ctx, d store.Thread) (store.Thread, error) {
	ctx, who := c.UserContext(), by(c)
	if kind := c.FormValue("off"); kind != "" {
		return d, s.Store.ModerateThread(ctx, who, d.ID, store.ActKind(kind), c.FormValue("reason"), false)
	}
	switch do := c.FormValue("do"); do {
	case "move":
		return d, s.Store.MoveThread(ctx, who, d.ID, c.FormValue("category"))
	case "merge":
		return s.Store.MergeThread(ctx, who, d.ID, threadNumber(c, "merge"))
	case "split":
		return s.Store.SplitThread(ctx, who, d.ID, picked(c), c.FormValue("title"), threadNumber(c, "into"))
	case "hide_posts":
		return d, s.Store.HideMany(ctx, who, d.ID, picked(c), c.FormValue("reason"))
	default:
		return d, s.Store.ModerateThread(ctx, who, d.ID, store.ActKind(do), c.FormValue("reason"), true)
	}
}
