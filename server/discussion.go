package server

import (
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// threadsPage is how many threads a page of a list has.
const threadsPage = 30

// discussions is the list of threads of all categories.
func (s *Server) discussions(c *fiber.Ctx) error { return s.listThreads(c, store.Category{}) }

// category is the list of threads of one category.
func (s *Server) category(c *fiber.Ctx) error {
	shelf, moved, err := s.Store.CategoryBySlug(c.UserContext(), by(c), c.Params("category"))
	if err != nil {
		return err
	}
	if moved {
		return c.Redirect("/discussions/"+shelf.Slug, fiber.StatusMovedPermanently)
	}
	return s.listThreads(c, shelf)
}

// threadQuery reads the filters of a list from the address, as far as somebody may know of what they name.
func (s *Server) threadQuery(c *fiber.Ctx, who store.Actor, shelf store.Category, v *pages.DiscussionsPage) (store.ThreadQuery, error) {
	v.Category, v.View, v.Lang = shelf, c.Query("view"), c.Query("lang")
	q := store.ThreadQuery{Category: shelf.ID, After: c.Query("after"), Limit: threadsPage}
	switch v.View {
	case "":
	case "votes":
		q.Sort = "votes"
	case "waiting":
		q.Waiting = true
	case "solved":
		q.Solved = true
	case "mine":
		q.Mine = true
	case "followed":
		q.Followed = true
	case "marked":
		q.Marked = true
	case "ours":
		q.OnMe = true
	default:
		return q, fiber.ErrNotFound
	}
	if v.Lang != "" && v.Lang != pages.AllLanguages {
		q.Lang = v.Lang
	}
	if slug := c.Query("tag"); slug != "" {
		tag, _, err := s.Store.TagBySlug(c.UserContext(), who, slug)
		if err != nil {
			return q, err
		}
		v.Tag, q.Tag = tag, tag.Slug
	}
	return q, nil
}

func (s *Server) listThreads(c *fiber.Ctx, shelf store.Category) error {
	ctx, visit := c.UserContext(), visitOf(c)
	v := pages.DiscussionsPage{SignedIn: visit.signedIn(), Steward: visit.member.May(store.Steward), Moderate: visit.member.May(store.Moderate)}
	q, err := s.threadQuery(c, by(c), shelf, &v)
	if err != nil {
		return err
	}
	own := q.Mine || q.Followed || q.Marked || q.OnMe
	if own && !v.SignedIn {
		return s.signInFirst(c)
	}
	if v.SignedIn && v.Lang == "" && !own {
		if q.Langs, err = s.Store.LanguagesRead(ctx, by(c)); err != nil {
			return err
		}
		v.Reads = q.Langs
	}
	if v.Categories, err = s.Store.Categories(ctx, by(c)); err != nil {
		return err
	}
	if q.After == "" && v.View == "" && q.Tag == "" && q.Lang == "" {
		if v.Pinned, err = s.Store.PinnedThreads(ctx, by(c), shelf.ID); err != nil {
			return err
		}
	}
	q.Unpinned = v.View == "" && q.Tag == "" && q.Lang == ""
	if v.List, err = s.Store.Threads(ctx, by(c), q); err != nil {
		return err
	}
	if v.Tags, err = s.Store.Tags(ctx, by(c), "", 40); err != nil {
		return err
	}
	v.Open = v.SignedIn && len(v.Categories) > 0 && !shelf.Archived && (!shelf.Staff || visit.member.May(store.Organise))
	if v.SignedIn {
		if v.New, v.Level, err = s.Store.News(ctx, by(c), append(append([]store.ThreadRow{}, v.Pinned...), v.List.Rows...), shelf.ID, v.Tag.Slug); err != nil {
			return err
		}
	}
	title := visit.lang.T("discussion.title")
	if shelf.ID != "" {
		title, _ = store.In(shelf.Names, visit.lang.Tag())
	}
	p := s.page(c, title)
	p.Section = frontend.Discussions
	p.Feeds = []frontend.Feed{{Title: title, Href: v.Feed(), Type: atomType}}
	return s.render(c, p, pages.Discussions(p, v))
}

// discussionsFeed is the news of all categories, or of one, or of a tag.
func (s *Server) discussionsFeed(c *fiber.Ctx) error {
	shelf, path, title := store.Category{}, "/discussions.atom", visitOf(c).lang.T("discussion.title")
	if slug := c.Params("category"); slug != "" {
		var err error
		if shelf, _, err = s.Store.CategoryBySlug(c.UserContext(), store.Visitor(), slug); err != nil {
			return err
		}
		path = "/discussions/" + shelf.Slug + ".atom"
		title, _ = store.In(shelf.Names, visitOf(c).lang.Tag())
	}
	var v pages.DiscussionsPage
	q, err := s.threadQuery(c, store.Visitor(), shelf, &v)
	if err != nil || q.Mine || q.Followed || q.Marked || q.OnMe {
		return missing(err)
	}
	q.After, q.Limit = "", atomEntries
	list, err := s.Store.Threads(c.UserContext(), store.Visitor(), q)
	if err != nil {
		return err
	}
	var entries []atomEntry
	for _, row := range list.Rows {
		d := row.Thread
		entries = append(entries, s.entry(threadPath(d), d.Lang, d.Title, inFeeds(row.Author), d.Opened, d.Active))
	}
	return s.atom(c, path, title, map[string]string{"tag": v.Tag.Slug, "lang": v.Lang, "view": v.View}, entries)
}

// followSubject sets how closely somebody follows a category or a tag.
func (s *Server) followSubject(c *fiber.Ctx) error {
	err := s.Store.FollowSubject(c.UserContext(), by(c), c.FormValue("kind"), c.FormValue("subject"), store.Level(c.FormValue("level")))
	if err != nil {
		return err
	}
	return s.done(c, backOf(c), "follow.saved")
}

// newThread is the form of a new thread, with what was begun before.
func (s *Server) newThread(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	draft, err := s.Store.DraftAt(c.UserContext(), by(c), "new")
	if err != nil {
		return err
	}
	f := pages.DraftForm(draft)
	if slug := c.Query("category"); slug != "" && draft.Category == "" {
		shelf, _, err := s.Store.CategoryBySlug(c.UserContext(), by(c), slug)
		if err != nil {
			return err
		}
		f.Values["category"] = shelf.Slug
		if template, _ := store.In(shelf.Templates, visitOf(c).lang.Tag()); draft.Source == "" {
			f.Values["source"] = template
		}
	}
	return s.showNewThread(c, nil, f, nil)
}

func (s *Server) showNewThread(c *fiber.Ctx, wrong error, f frontend.Form, preview *store.PostPreview) error {
	all, err := s.Store.Categories(c.UserContext(), by(c))
	if err != nil {
		return err
	}
	waiting, err := s.Store.MyPending(c.UserContext(), by(c))
	if err != nil {
		return err
	}
	v := pages.NewThreadPage{Form: f, Preview: preview, Pending: waiting}
	organiser := visitOf(c).member.May(store.Organise)
	for _, shelf := range all {
		if !shelf.Archived && (!shelf.Staff || organiser) {
			v.Categories = append(v.Categories, shelf)
		}
	}
	p := s.page(c, visitOf(c).lang.T("discussion.open"))
	p.Section = frontend.Discussions
	return s.renderStatus(c, statusOr200(wrong), p, pages.NewThread(p, v))
}

func threadFields() []string {
	return []string{"title", "category", "tags", "question", "source", "lang", "once"}
}

// postThread opens a thread, or shows what it would look like.
func (s *Server) postThread(c *fiber.Ctx) error {
	in := store.ThreadInput{Title: c.FormValue("title"), Category: c.FormValue("category"), Tags: c.FormValue("tags"),
		Question: c.FormValue("question") == "1", PostInput: postInput(c)}
	if c.FormValue("do") == "preview" {
		preview, err := s.Store.PreviewPost(c.UserContext(), by(c), in.PostInput)
		return s.previewed(c, err, threadFields(), func(wrong error, f frontend.Form) error { return s.showNewThread(c, wrong, f, &preview) })
	}
	opened, err := s.Store.OpenThread(c.UserContext(), by(c), in)
	if err != nil {
		return s.previewed(c, err, threadFields(), func(wrong error, f frontend.Form) error { return s.showNewThread(c, wrong, f, nil) })
	}
	if opened.Waits {
		s.say(c, frontend.Wait, "pending.waits")
		return s.to(c, "/discussions")
	}
	return s.to(c, threadPath(opened.Thread))
}

// previewed shows a form again: with its problems when the text cannot be kept as it is.
func (s *Server) previewed(c *fiber.Ctx, err error, fields []string, show func(error, frontend.Form) error) error {
	f := s.typed(c, nil, fields...)
	if err == nil {
		return show(nil, f)
	}
	if problems := s.markdownProblems(c, err); problems != nil {
		f.Problems = problems
		if store.KindOf(err) == store.Conflict { // the next try is a post of its own
			f.Values["once"] = onceID()
		}
		if !mayTypeAgain(err) {
			err = &store.Error{Kind: store.Invalid}
		}
		return show(err, f)
	}
	return err
}

func postInput(c *fiber.Ctx) store.PostInput {
	return store.PostInput{Source: c.FormValue("source"), Lang: c.FormValue("lang"), Once: c.FormValue("once")}
}

// saveDraft keeps what somebody is writing; the answer has no body.
func (s *Server) saveDraft(c *fiber.Ctx) error {
	err := s.Store.SaveDraft(c.UserContext(), by(c), store.Draft{Place: c.FormValue("place"), ID: c.FormValue("once"), Title: c.FormValue("title"),
		Category: c.FormValue("category"), Tags: c.FormValue("tags"), Question: c.FormValue("question") == "1", Source: c.FormValue("source"), Lang: c.FormValue("lang")})
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// previewPost answers a post's text with its HTML, for the live preview.
func (s *Server) previewPost(c *fiber.Ctx) error {
	preview, err := s.Store.PreviewPost(c.UserContext(), by(c), postInput(c))
	if problems := s.markdownProblems(c, err); problems != nil {
		c.Status(fiber.StatusUnprocessableEntity)
		return c.SendString(problems["source"])
	}
	if err != nil {
		return err
	}
	p := s.page(c, "")
	return s.renderStatus(c, fiber.StatusOK, p, pages.PostPreview(p, preview))
}

// categories is where stewards arrange the categories.
func (s *Server) categories(c *fiber.Ctx) error {
	if !visitOf(c).member.May(store.Steward) {
		return missing(nil)
	}
	all, err := s.Store.Categories(c.UserContext(), by(c))
	if err != nil {
		return err
	}
	p := s.page(c, visitOf(c).lang.T("category.manage"))
	p.Section = frontend.Discussions
	return s.render(c, p, pages.Categories(p, pages.CategoriesPage{Categories: all}))
}

// editCategory is the form of a category, or of a new one.
func (s *Server) editCategory(c *fiber.Ctx) error {
	if !visitOf(c).member.May(store.Steward) {
		return missing(nil)
	}
	f := frontend.Form{Values: map[string]string{}}
	shelf, err := s.shelfOf(c)
	if err != nil {
		return err
	}
	for field, texts := range map[string]map[string]string{"name": shelf.Names, "about": shelf.Abouts, "template": shelf.Templates} {
		for lang, text := range texts {
			f.Values[field+"_"+lang] = text
		}
	}
	for name, on := range map[string]bool{"question": shelf.Question, "members": shelf.Members, "staff": shelf.Staff, "archived": shelf.Archived} {
		if on {
			f.Values[name] = "1"
		}
	}
	f.Values["slug"] = shelf.Slug
	return s.showCategoryForm(c, nil, shelf, f)
}

// shelfOf is the category of the address, zero for a new one.
func (s *Server) shelfOf(c *fiber.Ctx) (store.Category, error) {
	if slug := c.Params("slug"); slug != "" && slug != "new" {
		shelf, _, err := s.Store.CategoryBySlug(c.UserContext(), by(c), slug)
		return shelf, err
	}
	return store.Category{}, nil
}

func (s *Server) showCategoryForm(c *fiber.Ctx, wrong error, shelf store.Category, f frontend.Form) error {
	title := visitOf(c).lang.T("category.make")
	if shelf.ID != "" {
		title, _ = store.In(shelf.Names, visitOf(c).lang.Tag())
	}
	p := s.page(c, title)
	p.Section = frontend.Discussions
	return s.renderStatus(c, statusOr200(wrong), p, pages.CategoryFormOf(p, pages.CategoryForm{Category: shelf, Form: f}))
}

// postCategory makes or changes a category.
func (s *Server) postCategory(c *fiber.Ctx) error {
	shelf, err := s.shelfOf(c)
	if err != nil {
		return err
	}
	in := store.CategoryInput{Slug: strings.TrimSpace(c.FormValue("slug")), Names: map[string]string{}, Abouts: map[string]string{}, Templates: map[string]string{},
		Question: c.FormValue("question") == "1", Members: c.FormValue("members") == "1", Staff: c.FormValue("staff") == "1", Archived: c.FormValue("archived") == "1"}
	fields := []string{"slug", "question", "members", "staff", "archived"}
	for _, lang := range store.Languages() {
		in.Names[lang], in.Abouts[lang], in.Templates[lang] = c.FormValue("name_"+lang), c.FormValue("about_"+lang), c.FormValue("template_"+lang)
		fields = append(fields, "name_"+lang, "about_"+lang, "template_"+lang)
	}
	if _, err = s.Store.SaveCategory(c.UserContext(), by(c), shelf.ID, in); mayTypeAgain(err) {
		return s.showCategoryForm(c, err, shelf, s.typed(c, err, fields...))
	}
	if err != nil {
		return err
	}
	return s.done(c, "/discussions/categories", "category.saved")
}

// moveCategory moves a category up or down.
func (s *Server) moveCategory(c *fiber.Ctx) error {
	shelf, err := s.shelfOf(c)
	if err != nil {
		return err
	}
	if err := s.Store.MoveCategory(c.UserContext(), by(c), shelf.ID, c.FormValue("do") == "up"); err != nil {
		return err
	}
	return s.to(c, "/discussions/categories")
}
