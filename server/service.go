package server

import (
	"math"
	"strconv"
	"strings"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// services lists hosting offers and providers.
func (s *Server) services(c *fiber.Ctx) error {
	ctx, v := c.UserContext(), pages.ServicesPage{Form: queried(c, "q", "service", "app", "lang", "near"), Town: visitOf(c).town}
	f, err := s.filters(c, &v.Form)
	if err != nil {
		return err
	}
	q := store.ProviderQuery{Text: v.Form.Value("q"), Service: store.Service(v.Form.Value("service")), App: f.app, Lang: v.Form.Value("lang")}
	if v.Form.Value("near") != "" {
		q.Near = v.Town.ID
	}
	if v.Providers, err = s.Store.Providers(ctx, by(c), q); err != nil {
		return err
	}
	if v.Hostings, err = s.Store.Hostings(ctx, by(c), ""); err != nil {
		return err
	}
	if v.Mine, err = s.Store.HostingRequests(ctx, by(c)); err != nil {
		return err
	}
	if v.Apps, err = s.Store.AppNames(ctx); err != nil {
		return err
	}
	m := visitOf(c).member
	v.MayAdd, v.MayAsk = m.MayAddApp(), m.Welcomed()
	p := s.page(c, visitOf(c).lang.T("service.title"))
	p.Section = frontend.Services
	return s.render(c, p, pages.Services(p, v))
}

// provider is the page of one provider.
func (s *Server) provider(c *fiber.Ctx) error { return s.showProvider(c, nil) }

func (s *Server) showProvider(c *fiber.Ctx, err error) error {
	row, missing := s.Store.ProviderBySlug(c.UserContext(), by(c), c.Params("slug"))
	if missing != nil {
		return missing
	}
	if row.Provider.Slug != c.Params("slug") {
		return c.Redirect("/services/"+row.Provider.Slug, fiber.StatusMovedPermanently)
	}
	v := pages.ProviderScreen{Row: row, Refer: frontend.Form{Values: map[string]string{"lang": visitOf(c).lang.Tag()}}}
	if v.Hostings, missing = s.Store.Hostings(c.UserContext(), by(c), row.Provider.ID); missing != nil {
		return missing
	}
	if town := visitOf(c).town; town.ID != "" && visitOf(c).member.MayEditTown(town.ID) {
		v.Town = town
	}
	if mine := row.Mine; mine != nil {
		v.Refer.Values = map[string]string{"words": mine.Words, "lang": mine.Lang, "ends": mine.Ends}
		if mine.Public {
			v.Refer.Values["public"] = "1"
		}
	}
	p := s.page(c, row.Provider.Name)
	p.Section = frontend.Services
	if err == nil {
		return s.render(c, p, pages.Provider(p, v))
	}
	v.Refer = s.typed(c, err, "public", "words", "lang", "ends")
	return s.renderStatus(c, statusOf(err), p, pages.Provider(p, v))
}

// postReference says what the reader's town has to do with a provider.
func (s *Server) postReference(c *fiber.Ctx) error {
	row, err := s.Store.ProviderBySlug(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	err = s.Store.Refer(c.UserContext(), by(c), row.Provider.ID, visitOf(c).member.TownID(), c.FormValue("public") == "1", c.FormValue("words"), c.FormValue("lang"), c.FormValue("ends"))
	switch {
	case err == nil:
		return s.done(c, "/services/"+row.Provider.Slug, "service.said.reference")
	case mayTypeAgain(err):
		return s.showProvider(c, err)
	}
	return err
}

// newProvider shows the form of a new provider.
func (s *Server) newProvider(c *fiber.Ctx) error {
	if !visitOf(c).member.MayAddApp() {
		return fiberDenied(c)
	}
	return s.showProviderForm(c, nil, store.Provider{}, frontend.Form{Values: map[string]string{"kind": string(store.ProviderCompany), "lang": visitOf(c).lang.Tag()}})
}

func (s *Server) showProviderForm(c *fiber.Ctx, err error, provider store.Provider, form frontend.Form) error {
	all, missing := s.Store.AppNames(c.UserContext())
	if missing != nil {
		return missing
	}
	title := "service.add"
	if provider.ID != "" {
		title = "service.edit"
	}
	p := s.page(c, visitOf(c).lang.T(title))
	p.Section = frontend.Services
	return s.renderStatus(c, statusOr200(err), p, pages.EditProvider(p, pages.ProviderForm{Provider: provider, Apps: all, Form: form}))
}

// editProvider shows the form of a provider.
func (s *Server) editProvider(c *fiber.Ctx) error {
	row, err := s.Store.ProviderBySlug(c.UserContext(), by(c), c.Params("slug"))
	if err != nil {
		return err
	}
	if !row.May {
		return fiberDenied(c)
	}
	one := row.Provider
	values := map[string]string{"name": one.Name, "kind": string(one.Kind), "town": row.Town.Name, "lang": one.Lang, "about": one.About, "regions": one.Regions,
		"price": one.Price, "contact": one.Contact, "website": one.Website}
	for _, service := range one.Services {
		values["service_"+string(service)] = "1"
	}
	for _, lang := range one.Languages {
		values["speaks_"+lang] = "1"
	}
	for _, id := range one.Apps {
		values["app_"+id] = "1"
	}
	if one.Hidden {
		values["hidden"] = "1"
	}
	var handles []string
	for _, m := range row.People {
		handles = append(handles, m.Handle)
	}
	values["people"] = strings.Join(handles, ", ")
	return s.showProviderForm(c, nil, one, frontend.Form{Values: values})
}

// postProvider enters a provider, or changes one.
func (s *Server) postProvider(c *fiber.Ctx) error {
	var had store.Provider
	if c.Params("slug") != "" {
		row, err := s.Store.ProviderBySlug(c.UserContext(), by(c), c.Params("slug"))
		if err == nil && !row.May {
			err = fiber.ErrForbidden
		}
		if err != nil {
			return err
		}
		had = row.Provider
	} else if !visitOf(c).member.MayAddApp() {
		return fiber.ErrForbidden
	}
	in := store.ProviderInput{Name: c.FormValue("name"), Kind: store.ProviderKind(c.FormValue("kind")), Lang: c.FormValue("lang"), About: c.FormValue("about"),
		Regions: c.FormValue("regions"), Price: c.FormValue("price"), Contact: c.FormValue("contact"), Website: c.FormValue("website"), Hidden: c.FormValue("hidden") == "1"}
	names := []string{"name", "kind", "town", "people", "lang", "about", "regions", "price", "contact", "website", "hidden"}
	for _, one := range store.ServicesOffered() {
		names = append(names, "service_"+string(one))
		if c.FormValue("service_"+string(one)) == "1" {
			in.Services = append(in.Services, one)
		}
	}
	for _, lang := range store.Languages() {
		names = append(names, "speaks_"+lang)
		if c.FormValue("speaks_"+lang) == "1" {
			in.Languages = append(in.Languages, lang)
		}
	}
	chosen, fields, err := s.chosenApps(c)
	names = append(names, fields...)
	if in.Apps = chosen; err != nil {
		return err
	}
	var saved store.Provider
	named, err := s.Store.AppPeople(c.UserContext(), by(c), c.FormValue("town"), c.FormValue("people"))
	in.Town, in.People = named.Keeper, named.Maintainers
	if err == nil {
		saved, err = s.Store.SaveProvider(c.UserContext(), by(c), had.ID, in)
	}
	switch {
	case err == nil:
		return s.done(c, "/services/"+saved.Slug, "service.said.saved", "Name", saved.Name)
	case mayTypeAgain(err):
		form := s.typed(c, err, names...)
		for asked, own := range map[string]string{"keeper": "town", "maintainers": "people"} {
			if said := form.Problems[asked]; said != "" {
				form.Problems[own] = said
				delete(form.Problems, asked)
			}
		}
		return s.showProviderForm(c, err, had, form)
	}
	return err
}

// chosenApps are the applications that were ticked, and the names of all boxes there are.
func (s *Server) chosenApps(c *fiber.Ctx) (ids, names []string, err error) {
	all, err := s.Store.AppNames(c.UserContext())
	for _, a := range all {
		names = append(names, "app_"+a.ID)
		if c.FormValue("app_"+a.ID) == "1" {
			ids = append(ids, a.ID)
		}
	}
	return ids, names, err
}

// askOffers shows the form to ask several providers at once.
func (s *Server) askOffers(c *fiber.Ctx) error {
	if !visitOf(c).member.Welcomed() {
		return fiberDenied(c)
	}
	return s.showAskOffers(c, nil)
}

func (s *Server) showAskOffers(c *fiber.Ctx, err error) error {
	rows, missing := s.Store.Providers(c.UserContext(), by(c), store.ProviderQuery{})
	if missing != nil {
		return missing
	}
	names := []string{"subject", "text"}
	for _, row := range rows {
		names = append(names, "provider_"+row.Provider.ID)
	}
	p := s.page(c, visitOf(c).lang.T("service.ask"))
	p.Section = frontend.Services
	return s.renderStatus(c, statusOr200(err), p, pages.AskOffers(p, pages.AskForm{Providers: rows, Form: s.typed(c, err, names...)}))
}

// postAskOffers asks several providers for an offer.
func (s *Server) postAskOffers(c *fiber.Ctx) error {
	if !visitOf(c).member.Welcomed() {
		return fiber.ErrForbidden
	}
	rows, err := s.Store.Providers(c.UserContext(), by(c), store.ProviderQuery{})
	if err != nil {
		return err
	}
	var ids []string
	for _, row := range rows {
		if c.FormValue("provider_"+row.Provider.ID) == "1" {
			ids = append(ids, row.Provider.ID)
		}
	}
	reached, unreached, err := s.Store.AskOffers(c.UserContext(), by(c), ids, c.FormValue("subject"), c.FormValue("text"))
	switch {
	case err == nil && len(unreached) > 0:
		var names []string
		for _, one := range unreached {
			names = append(names, one.Name)
		}
		return s.done(c, "/services", "service.said.asked_some", "Names", strings.Join(names, ", "))
	case err == nil:
		return s.done(c, "/services", "service.said.asked", "Count", strconv.Itoa(len(reached)))
	case mayTypeAgain(err):
		return s.showAskOffers(c, err)
	}
	return err
}

// centsOf reads a price in euros, with a comma or a point.
func centsOf(c *fiber.Ctx, name string) int {
	price, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(c.FormValue(name)), ",", ".", 1), 64)
	if err != nil || math.IsNaN(price) || price < 0 || price > 1e9 {
		return -1
	}
	return int(math.Round(price * 100))
}
