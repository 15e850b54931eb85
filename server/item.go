package server

import (
	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// item is an agenda item's page for those it belongs to.
func (s *Server) item(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	return s.showOwnItem(c, nil, frontend.Form{})
}

func (s *Server) showOwnItem(c *fiber.Ctx, err error, typed frontend.Form) error {
	page, missing := s.Store.ItemPage(c.UserContext(), by(c), c.Params("id"))
	if missing != nil {
		return missing
	}
	p := s.page(c, page.Item.Title)
	p.Section = frontend.Meetings
	p.Path = "/agenda/" + page.Item.ID
	return s.renderStatus(c, statusOr200(err), p, pages.Item(p, pages.ItemScreen{Page: page, Doc: typed}))
}

// postItemDocument adds a paper to an agenda item, puts a newer file in its place, or takes it away.
func (s *Server) postItemDocument(c *fiber.Ctx) error {
	page, err := s.Store.ItemPage(c.UserContext(), by(c), c.Params("id"))
	if err != nil {
		return err
	}
	key, err := s.changePapers(c, page.Meeting, page.Item.ID)
	switch {
	case err == nil:
		return s.done(c, "/agenda/"+page.Item.ID+"#documents", key)
	case mayTypeAgain(err):
		return s.showOwnItem(c, err, s.typed(c, err, documentNames()...))
	}
	return err
}

func documentNames() []string { return []string{"doc_title", "doc_link", "doc_lang", "doc_item"} }

// changePapers reads the forms about papers. item is what the paper belongs to, "" for what the form says.
func (s *Server) changePapers(c *fiber.Ctx, m store.Meeting, item string) (said string, err error) {
	file, end, err := upload(c, "doc_file")
	if err != nil {
		return "", err
	}
	defer end()
	ctx := c.UserContext()
	switch {
	case c.FormValue("remove") != "":
		return "document.said.removed", s.Store.RemoveDocument(ctx, by(c), m.ID, c.FormValue("remove"))
	case c.FormValue("replace") != "" && file != nil:
		return "document.said.replaced", s.Store.ReplaceDocument(ctx, by(c), m.ID, c.FormValue("replace"), *file)
	}
	if item == "" {
		item = c.FormValue("doc_item")
	}
	in := store.DocumentInput{Title: c.FormValue("doc_title"), Lang: c.FormValue("doc_lang"), Link: c.FormValue("doc_link"), Item: item}
	return "document.said.added", s.Store.AddDocument(ctx, by(c), m.ID, in, file)
}
