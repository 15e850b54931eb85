package server

import (
	"io"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

const appsPerPage = 12

// apps is the catalogue of applications.
func (s *Server) apps(c *fiber.Ctx) error {
	v := pages.AppsPage{Form: queried(c, "q", "domain", "lang", "license", "status", "town", "sort")}
	if len(v.Form.Value("q")) > 200 {
		v.Form.Values["q"] = ""
	}
	f, err := s.filters(c, &v.Form)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(c.Query("page", "1"))
	n = min(max(1, n), 10_000)
	v.Town = f.town
	q := store.AppQuery{Text: v.Form.Value("q"), Domain: store.AppDomain(v.Form.Value("domain")), Lang: v.Form.Value("lang"), License: v.Form.Value("license"),
		Status: v.Form.Value("status"), Town: f.town.ID, Retired: v.Form.Value("status") == "obsolete", Sort: v.Form.Value("sort"), Skip: (n - 1) * appsPerPage, Limit: appsPerPage}
	if len(v.Form.Problems) == 0 {
		if v.List, err = s.Store.Apps(c.UserContext(), q); err != nil {
			return err
		}
	}
	p := s.page(c, visitOf(c).lang.T("app.title"))
	p.Section = frontend.Apps
	v.MayAdd = visitOf(c).member.MayAddApp()
	v.Pager = pager(p, n, len(v.List.Rows), appsPerPage, v.List.Total, func(page int) string { return pages.AppsHref(v.Form, v.Form.Value("domain"), page) })
	return s.render(c, p, pages.Apps(p, v))
}

// appPage is the page of one application.
func (s *Server) appPage(c *fiber.Ctx) error {
	page, err := s.Store.AppPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if page.Moved {
		return c.Redirect("/apps/"+page.App.Slug, fiber.StatusMovedPermanently)
	}
	said, _ := page.App.Software.In(visitOf(c).lang.Tag())
	v := pages.AppScreen{Page: page}
	if v.Notices, err = s.Store.AppNotices(c.UserContext(), by(c), page.App.ID); err != nil {
		return err
	}
	if v.Needs, _, err = s.Store.Needs(c.UserContext(), page.App.ID, 0, needsPerPage); err != nil {
		return err
	}
	at, lang := page.App.Software.At(visitOf(c).lang.Tag())
	v.LongLang, v.Features = lang, at.Features
	if v.Long, err = s.Store.Rendered(c.UserContext(), at.Long); err != nil {
		return err
	}
	v.File = s.Store.Writable(page.App)
	p := s.page(c, page.App.Name())
	p.Section, p.Description = frontend.Apps, said.Short
	return s.render(c, p, pages.App(p, v))
}

// appFile writes an application out as a publiccode.yml.
func (s *Server) appFile(c *fiber.Ctx) error {
	written, app, err := s.Store.WriteApp(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/yaml; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+app.Slug+`.publiccode.yml"`)
	return s.send(c, written)
}

// appNames are the fields of the form of an application.
func appNames() []string {
	names := []string{"name", "domain", "status", "license", "url", "landing", "documentation", "demo", "security", "version", "released", "keeper", "maintainers", "retired"}
	for _, lang := range store.Languages() {
		names = append(names, "short_"+lang, "long_"+lang, "features_"+lang, "speaks_"+lang)
	}
	return names
}

// newApp shows the form of a new application.
func (s *Server) newApp(c *fiber.Ctx) error {
	if !visitOf(c).member.MayAddApp() {
		return fiberDenied(c)
	}
	return s.showAppForm(c, nil, store.App{}, frontend.Form{Values: map[string]string{"status": "stable", "domain": string(store.DomainCounter)}})
}

func (s *Server) showAppForm(c *fiber.Ctx, err error, app store.App, form frontend.Form) error {
	v := pages.AppForm{App: app, Form: form}
	title := "app.add"
	if app.ID != "" {
		title = "app.edit"
		if _, _, missing := s.Store.WriteApp(c.UserContext(), app.Slug); store.KindOf(missing) == store.Invalid {
			v.Missing = s.sentences(visitOf(c), missing)
		}
	}
	p := s.page(c, visitOf(c).lang.T(title))
	p.Section = frontend.Apps
	return s.renderStatus(c, statusOr200(err), p, pages.EditApp(p, v))
}

// typedApp reads the form of an application. A town or person that nobody knows is a problem beside its field.
func (s *Server) typedApp(c *fiber.Ctx) (store.AppInput, error) {
	in := store.AppInput{Name: c.FormValue("name"), URL: c.FormValue("url"), License: c.FormValue("license"), Version: c.FormValue("version"), Released: c.FormValue("released"),
		Landing: c.FormValue("landing"), Status: c.FormValue("status"), Domain: store.AppDomain(c.FormValue("domain")), Documentation: c.FormValue("documentation"),
		Demo: c.FormValue("demo"), Security: c.FormValue("security"), Retired: c.FormValue("retired") == "1",
		Short: map[string]string{}, Long: map[string]string{}, Features: map[string]string{}}
	for _, lang := range store.Languages() {
		in.Short[lang], in.Long[lang], in.Features[lang] = c.FormValue("short_"+lang), c.FormValue("long_"+lang), c.FormValue("features_"+lang)
		if c.FormValue("speaks_"+lang) == "1" {
			in.Languages = append(in.Languages, lang)
		}
	}
	named, err := s.Store.AppPeople(c.UserContext(), by(c), c.FormValue("keeper"), c.FormValue("maintainers"))
	in.Keeper, in.Maintainers = named.Keeper, named.Maintainers
	return in, err
}

// postNewApp enters an application.
func (s *Server) postNewApp(c *fiber.Ctx) error {
	in, err := s.typedApp(c)
	var app store.App
	if err == nil {
		app, err = s.Store.AddApp(c.UserContext(), by(c), in)
	}
	switch {
	case err == nil:
		return s.done(c, "/apps/"+app.Slug, "app.said.added", "App", app.Name())
	case mayTypeAgain(err):
		return s.showAppForm(c, err, store.App{}, s.typed(c, err, appNames()...))
	}
	return err
}

// editApp shows the form of an application.
func (s *Server) editApp(c *fiber.Ctx) error {
	page, err := s.Store.AppPage(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if !page.MayKeep {
		return fiberDenied(c)
	}
	a := page.App
	values := map[string]string{"name": a.Name(), "domain": string(a.Domain), "status": a.Software.Status, "license": a.Software.License, "url": a.Software.URL,
		"landing": a.Software.LandingURL, "demo": a.Demo, "security": a.Security, "version": a.Software.Version, "released": a.Software.Released, "keeper": page.Keeper.Name}
	for _, lang := range store.Languages() {
		d := a.Software.Description[lang]
		values["short_"+lang], values["long_"+lang], values["features_"+lang] = d.Short, d.Long, strings.Join(d.Features, "\n")
		if d.Documentation != "" {
			values["documentation"] = d.Documentation
		}
	}
	for _, lang := range a.Software.Languages {
		values["speaks_"+lang] = "1"
	}
	if a.Retired {
		values["retired"] = "1"
	}
	var handles []string
	for _, m := range page.Maintainers {
		handles = append(handles, m.Handle)
	}
	values["maintainers"] = strings.Join(handles, ", ")
	return s.showAppForm(c, nil, a, frontend.Form{Values: values})
}

// postApp changes an application.
func (s *Server) postApp(c *fiber.Ctx) error {
	app, _, err := s.Store.AppBySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	in, err := s.typedApp(c)
	if err == nil {
		var changed store.App
		if changed, err = s.Store.EditApp(c.UserContext(), by(c), app.ID, in); err == nil {
			return s.done(c, "/apps/"+changed.Slug, "app.said.changed")
		}
	}
	if mayTypeAgain(err) && s.Store.MayKeepApp(c.UserContext(), by(c), app.ID) {
		return s.showAppForm(c, err, app, s.typed(c, err, appNames()...))
	}
	return err
}

// maxAppFile is one byte more than the largest publiccode.yml that is read.
const maxAppFile = 256 << 10

// readApp shows the form to read a publiccode.yml.
func (s *Server) readApp(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	app, err := s.appToRead(c, c.Query("app"))
	if err != nil {
		return err
	}
	return s.showReadApp(c, nil, pages.AppFileForm{App: app})
}

// appToRead is the application a file is for; a zero one is new. Who may read none is refused.
func (s *Server) appToRead(c *fiber.Ctx, slug string) (store.App, error) {
	if slug == "" {
		if !visitOf(c).member.MayAddApp() {
			return store.App{}, fiber.ErrForbidden
		}
		return store.App{}, nil
	}
	app, _, err := s.Store.AppBySlug(c.UserContext(), slug)
	if err == nil && !s.Store.MayKeepApp(c.UserContext(), by(c), app.ID) {
		err = fiber.ErrForbidden
	}
	return app, err
}

func (s *Server) showReadApp(c *fiber.Ctx, err error, v pages.AppFileForm) error {
	p := s.page(c, visitOf(c).lang.T("app.read"))
	p.Section = frontend.Apps
	return s.renderStatus(c, statusOr200(err), p, pages.ReadApp(p, v))
}

// postReadApp takes a publiccode.yml into the catalogue.
func (s *Server) postReadApp(c *fiber.Ctx) error {
	app, err := s.appToRead(c, c.FormValue("app"))
	if err != nil {
		return err
	}
	source := c.FormValue("source")
	file, end, err := upload(c, "file")
	if err != nil {
		return err
	}
	defer end()
	if file != nil {
		body, err := io.ReadAll(io.LimitReader(file.Body, maxAppFile))
		if err != nil {
			return err
		}
		source = string(body)
	}
	read, err := s.Store.ReadAppFile(c.UserContext(), by(c), store.AppFileInput{App: app.ID, Source: []byte(source), Partly: c.FormValue("partly") == "1"})
	switch {
	case store.KindOf(err) == store.Invalid:
		form := s.typed(c, nil, "partly")
		form.Values["source"] = strings.ToValidUTF8(source, "\uFFFD")
		return s.showReadApp(c, err, pages.AppFileForm{App: app, Form: form, Faults: s.sentences(visitOf(c), err), Partly: app.ID == ""})
	case err != nil:
		return err
	case !read.Changed:
		return s.done(c, "/apps/"+read.App.Slug, "app.said.same")
	case read.New:
		return s.done(c, "/apps/"+read.App.Slug, "app.said.added", "App", read.App.Name())
	}
	return s.done(c, "/apps/"+read.App.Slug, "app.said.changed")
}
