package server

import (
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// useApp shows the form in which the reader's town says that it runs an application.
func (s *Server) useApp(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	page, err := s.usable(c)
	if err != nil {
		return err
	}
	form := frontend.Form{Values: map[string]string{"state": string(store.UseRunning), "version": page.App.Software.Version}}
	if use := page.Mine; use != nil {
		form.Values = map[string]string{"state": string(use.State), "version": use.Version, "since": use.Since, "hosting": string(use.Hosting), "host": use.Host, "note": use.Note}
		if use.MayCall {
			form.Values["may_call"] = "1"
		}
		for _, id := range use.Experts {
			form.Values["expert_"+id] = "1"
		}
	}
	return s.showUseApp(c, nil, page, form)
}

// usable reads an application that the reader's town may say to run.
func (s *Server) usable(c *fiber.Ctx) (store.AppPage, error) {
	page, err := s.Store.AppPage(c.UserContext(), by(c), c.Params("slug"))
	if err == nil && !page.MayUse {
		err = fiber.ErrForbidden
	}
	return page, err
}

func (s *Server) showUseApp(c *fiber.Ctx, err error, page store.AppPage, form frontend.Form) error {
	p := s.page(c, visitOf(c).lang.T("app.use"))
	p.Section = frontend.Apps
	return s.renderStatus(c, statusOr200(err), p, pages.UseApp(p, pages.AppUseForm{Page: page, Town: visitOf(c).town, Form: form}))
}

// postUseApp says that the reader's town runs an application, or takes it back.
func (s *Server) postUseApp(c *fiber.Ctx) error {
	page, err := s.usable(c)
	if err != nil {
		return err
	}
	town := visitOf(c).town
	if c.FormValue("do") == "forget" {
		if err := s.Store.ForgetUse(c.UserContext(), by(c), town.ID, page.App.ID); err != nil {
			return err
		}
		return s.done(c, "/apps/"+page.App.Slug, "app.said.forgotten")
	}
	in := store.AppUseInput{State: store.UseState(c.FormValue("state")), Version: c.FormValue("version"), Since: strings.TrimSpace(c.FormValue("since")),
		Hosting: store.Hosting(c.FormValue("hosting")), Host: c.FormValue("host"), MayCall: c.FormValue("may_call") == "1", Note: c.FormValue("note")}
	names := []string{"state", "version", "since", "hosting", "host", "may_call", "note"}
	for _, m := range page.Colleagues {
		names = append(names, "expert_"+m.ID)
		if c.FormValue("expert_"+m.ID) == "1" {
			in.Experts = append(in.Experts, m.ID)
		}
	}
	_, err = s.Store.RunApp(c.UserContext(), by(c), town.ID, page.App.ID, in)
	switch {
	case err == nil:
		return s.done(c, "/apps/"+page.App.Slug, "app.said.use", "Town", town.NameIn(visitOf(c).lang.Tag()))
	case mayTypeAgain(err):
		return s.showUseApp(c, err, page, s.typed(c, err, names...))
	}
	return err
}

// postExpert lets a member say that they know an application.
func (s *Server) postExpert(c *fiber.Ctx) error {
	app, _, err := s.Store.AppBySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	if err := s.Store.BeExpert(c.UserContext(), by(c), app.ID, c.FormValue("do") != "no"); err != nil {
		return err
	}
	return s.done(c, "/apps/"+app.Slug, "app.said.expert")
}
