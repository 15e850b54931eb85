package server

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

func threadPath(d store.Thread) string { return "/t/" + strconv.Itoa(d.Number) + "/" + d.Slug }

func postPath(d store.Thread, seq int) string {
	return fmt.Sprintf("%s?page=%d#p%d", threadPath(d), store.PageOf(seq), seq)
}

// numbered reads a number from the address; what is none is NotFound.
func numbered(c *fiber.Ctx, name string) (int, error) {
	n, err := strconv.Atoi(c.Params(name))
	if err != nil || n < 1 || n > 1<<30 {
		return 0, fiber.ErrNotFound
	}
	return n, nil
}

// thread is one page of a thread.
func (s *Server) thread(c *fiber.Ctx) error { return s.showThread(c, nil, nil) }

// showThread shows a page of a thread; reply puts back what was typed into the form that was refused.
func (s *Server) showThread(c *fiber.Ctx, wrong error, reply *frontend.Form) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	page := 0
	if text := c.Query("page"); text != "" && wrong == nil {
		if page, err = strconv.Atoi(text); err != nil || page < 1 {
			return fiber.ErrNotFound
		}
	}
	v := pages.ThreadScreen{}
	if v.ThreadPage, err = s.Store.ThreadPage(c.UserContext(), by(c), n, page); err != nil {
		return err
	}
	if v.Thread.MergedInto != "" {
		return c.Redirect(threadPath(v.Thread), fiber.StatusMovedPermanently)
	}
	if c.Method() == fiber.MethodGet && c.Params("slug") != v.Thread.Slug {
		target := threadPath(v.Thread)
		if page > 1 {
			target += "?page=" + strconv.Itoa(page)
		}
		return c.Redirect(target, fiber.StatusMovedPermanently)
	}
	p := s.page(c, v.Thread.Title)
	p.Section = frontend.Discussions
	p.Feeds = []frontend.Feed{{Title: v.Thread.Title, Href: fmt.Sprintf("/t/%d.atom", n), Type: atomType}}
	own := s.ownThread(v.Thread.ID, v.Page, c.Query("quote"))
	mine := pages.Own{Reader: visitOf(c).member}
	if wrong == nil && visitOf(c).making != nil {
		p.Own = mine // of nobody
		return s.render(c, p, pages.Thread(p, v), own)
	}
	if visitOf(c).signedIn() {
		if err := own(c.UserContext(), by(c), &mine); err != nil {
			return err
		}
	}
	p.Own, p.Path = mine, threadPath(v.Thread)
	if reply != nil {
		v.Reply = *reply
	}
	return s.renderStatus(c, statusOr200(wrong), p, pages.Thread(p, v))
}

// ownThread reads what a reader has of their own on a page of a thread, then notes that they have read it. quote is the
// seq of a post to begin a reply with.
func (s *Server) ownThread(threadID string, page int, quote string) ownReader {
	return func(ctx context.Context, who store.Actor, own *pages.Own) error {
		if who == store.Visitor() {
			return nil
		}
		mine, err := s.Store.OwnThread(ctx, who, threadID, page)
		if err != nil {
			return err
		}
		if mine.Draft.ID == "" || quote != "" {
			if mine.Draft, err = s.replyDraft(ctx, who, threadID, quote); err != nil {
				return err
			}
		}
		own.Thread = &mine
		err = s.Store.MarkRead(ctx, who, threadID, page*store.PostsPerPage)
		if store.KindOf(err) == store.Unavailable { // a full disk must not keep people from reading
			err = nil
		}
		return err
	}
}

// replyDraft is what a reply begins with.
func (s *Server) replyDraft(ctx context.Context, who store.Actor, threadID, quote string) (store.Draft, error) {
	draft, err := s.Store.DraftAt(ctx, who, "reply/"+threadID)
	if err != nil || quote == "" {
		return draft, err
	}
	seq, err := strconv.Atoi(quote)
	if err != nil {
		return draft, nil
	}
	words, err := s.Store.Quote(ctx, who, threadID, seq)
	if store.KindOf(err) == store.NotFound {
		return draft, nil
	}
	if err == nil && !strings.Contains(draft.Source, words) {
		draft.Source = strings.TrimLeft(draft.Source+"\n\n"+words+"\n\n", "\n")
	}
	return draft, err
}

// threadNews says how far a thread has come, for pages that are open.
func (s *Server) threadNews(c *fiber.Ctx) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	last, err := s.Store.LastPost(c.UserContext(), by(c), n)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"last": last})
}

// firstNew leads to the first post that is new to the reader, else to the newest.
func (s *Server) firstNew(c *fiber.Ctx) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	page, err := s.Store.ThreadPage(c.UserContext(), by(c), n, 0)
	if err != nil {
		return err
	}
	seq := page.Thread.Last
	if visitOf(c).signedIn() {
		own, err := s.Store.OwnThread(c.UserContext(), by(c), page.Thread.ID, 1)
		if err != nil {
			return err
		}
		if own.First > 0 {
			seq = own.First
		}
	}
	return c.Redirect(postPath(page.Thread, seq), fiber.StatusFound)
}

// permalink leads to a post where it is now.
func (s *Server) permalink(c *fiber.Ctx) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	seq, err := numbered(c, "seq")
	if err != nil {
		return err
	}
	d, at, err := s.Store.PostPlace(c.UserContext(), by(c), n, seq)
	if err != nil {
		return err
	}
	return c.Redirect(postPath(d, at), fiber.StatusFound)
}

// threadFeed is the news of one thread: its newest posts.
func (s *Server) threadFeed(c *fiber.Ctx) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	d, rows, err := s.Store.LatestPosts(c.UserContext(), store.Visitor(), n, atomEntries)
	if err != nil {
		return err
	}
	var entries []atomEntry
	for _, row := range rows {
		changed := row.Post.At
		if row.Post.Revision > 0 {
			changed = row.Post.Edited
		}
		path := fmt.Sprintf("%s/%d", threadPath(d), row.Post.Seq)
		entries = append(entries, s.entry(path, row.Post.Lang, inFeeds(row.Author), row.Post.Source, row.Post.At, changed))
	}
	return s.atom(c, fmt.Sprintf("/t/%d.atom", n), d.Title, nil, entries)
}

// threadOf is the thread of the address, as far as the reader may see it.
func (s *Server) threadOf(c *fiber.Ctx) (store.Thread, error) {
	n, err := numbered(c, "number")
	if err != nil {
		return store.Thread{}, err
	}
	page, err := s.Store.ThreadPage(c.UserContext(), by(c), n, 0)
	if err == nil && page.Thread.ID == "" {
		err = fiber.ErrNotFound
	}
	return page.Thread, err
}

// threadNow is the thread of the address, or the one it was merged into: an answer that was being written meanwhile
// belongs there.
func (s *Server) threadNow(c *fiber.Ctx) (store.Thread, error) {
	n, err := numbered(c, "number")
	if err != nil {
		return store.Thread{}, err
	}
	page, err := s.Store.ThreadPage(c.UserContext(), by(c), n, 0)
	if err == nil && page.Thread.MergedInto != "" {
		page, err = s.Store.ThreadPage(c.UserContext(), by(c), page.Thread.Number, 0)
	}
	if err == nil && page.Thread.ID == "" {
		err = fiber.ErrNotFound
	}
	return page.Thread, err
}

// postReact says a word on a post, or takes it back.
func (s *Server) postReact(c *fiber.Ctx) error {
	kind, on := c.FormValue("kind"), true
	if kind == "" {
		kind, on = c.FormValue("undo"), false
	}
	return s.actOnPost(c, func(ctx context.Context, d store.Thread, seq int) error {
		return s.Store.React(ctx, by(c), d.ID, seq, store.ReactionKind(kind), on)
	})
}

// postAccept marks the answer, or takes the mark away.
func (s *Server) postAccept(c *fiber.Ctx) error {
	return s.actOnPost(c, func(ctx context.Context, d store.Thread, seq int) error {
		if c.FormValue("do") == "undo" {
			seq = 0
		}
		return s.Store.Accept(ctx, by(c), d.ID, seq)
	})
}

// postUnread makes a post and what follows new again.
func (s *Server) postUnread(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	seq, err := numbered(c, "seq")
	if err != nil {
		return err
	}
	if err := s.Store.MarkUnread(c.UserContext(), by(c), d.ID, seq); err != nil {
		return err
	}
	return s.done(c, "/discussions", "thread.marked_unread")
}

// actOnPost does one thing to the post of the address, wherever it was moved to, and returns to it.
func (s *Server) actOnPost(c *fiber.Ctx, act func(ctx context.Context, d store.Thread, seq int) error) error {
	n, err := numbered(c, "number")
	if err != nil {
		return err
	}
	seq, err := numbered(c, "seq")
	if err != nil {
		return err
	}
	d, seq, err := s.Store.PostPlace(c.UserContext(), by(c), n, seq)
	if err != nil {
		return err
	}
	if err := act(c.UserContext(), d, seq); err != nil {
		return err
	}
	return s.to(c, postPath(d, seq))
}

// actOnThread does one thing to a thread: follows, votes, bookmarks.
func (s *Server) actOnThread(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	ctx, who, said := c.UserContext(), by(c), ""
	switch c.Params("what") + "/" + c.FormValue("do") {
	case "follow/":
		err, said = s.Store.FollowThread(ctx, who, d.ID, store.Level(c.FormValue("level"))), "follow.saved"
	case "mark/vote":
		err = s.Store.VoteThread(ctx, who, d.ID, true)
	case "mark/unvote":
		err = s.Store.VoteThread(ctx, who, d.ID, false)
	case "mark/bookmark":
		err, said = s.Store.Bookmark(ctx, who, d.ID, true), "thread.bookmarked"
	case "mark/unbookmark":
		err = s.Store.Bookmark(ctx, who, d.ID, false)
	default:
		return fiber.ErrNotFound
	}
	if err != nil {
		return err
	}
	if said != "" {
		s.say(c, frontend.OK, said)
	}
	return s.to(c, threadPath(d))
}
