package server

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/difference"
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
	if wrong == nil && visitOf(c).making != nil {
		return s.render(c, p, pages.Thread(p, v), own)
	}
	mine := pages.Own{Reader: visitOf(c).member}
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
		entries = append(entries, s.entry(path, row.Post.Lang, row.Author.Name, row.Post.Source, row.Post.At, changed))
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

// postReply adds a post, or shows what it would look like.
func (s *Server) postReply(c *fiber.Ctx) error {
	d, err := s.threadOf(c)
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

// historyOf is the post of the address with the texts it had.
func (s *Server) historyOf(c *fiber.Ctx) (store.PostHistory, error) {
	n, err := numbered(c, "number")
	if err != nil {
		return store.PostHistory{}, err
	}
	seq, err := numbered(c, "seq")
	if err != nil {
		return store.PostHistory{}, err
	}
	return s.Store.PostHistory(c.UserContext(), by(c), n, seq)
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

// actOnPost does one thing to the post of the address and returns to it.
func (s *Server) actOnPost(c *fiber.Ctx, act func(ctx context.Context, d store.Thread, seq int) error) error {
	d, err := s.threadOf(c)
	if err != nil {
		return err
	}
	seq, err := numbered(c, "seq")
	if err != nil {
		return err
	}
	if err := act(c.UserContext(), d, seq); err != nil {
		return err
	}
	return s.to(c, postPath(d, seq))
}

// actOnThread does one thing to a thread: follows, votes, bookmarks, assigns.
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
	case "assign/me":
		err, said = s.Store.Assign(ctx, who, d.ID, visitOf(c).member.ID, visitOf(c).member.TownID()), "thread.assigned_to_you"
	case "assign/nobody":
		err = s.Store.Assign(ctx, who, d.ID, "", "")
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
