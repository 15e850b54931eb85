package server

import (
	"strconv"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// offering reads a provider that the reader acts for, and with an id one of its offers.
func (s *Server) offering(c *fiber.Ctx) (store.Provider, store.HostingOffer, error) {
	row, err := s.Store.ProviderBySlug(c.UserContext(), by(c), c.Params("slug"))
	if err == nil && !row.May {
		err = fiber.ErrForbidden
	}
	if err != nil || c.Params("id") == "" {
		return row.Provider, store.HostingOffer{}, err
	}
	offer, err := s.Store.HostingByID(c.UserContext(), by(c), c.Params("id"))
	if err == nil && offer.Provider.ID != row.Provider.ID {
		err = fiber.ErrNotFound
	}
	return row.Provider, offer.Offer, err
}

// editHosting shows the form of an offer, new or not.
func (s *Server) editHosting(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return s.signInFirst(c)
	}
	provider, o, err := s.offering(c)
	if err != nil {
		return err
	}
	values := map[string]string{"lang": visitOf(c).lang.Tag(), "rule": string(store.PriceFlat)}
	if o.ID != "" {
		values = map[string]string{"title": o.Title, "lang": o.Lang, "places": strconv.Itoa(o.Places), "rule": string(o.Rule), "price": strconv.FormatFloat(float64(o.Cents)/100, 'f', 2, 64),
			"location": o.Location, "backup": o.Backup, "exit": o.Exit}
		for _, id := range o.Apps {
			values["app_"+id] = "1"
		}
		if o.Closed {
			values["closed"] = "1"
		}
	}
	return s.showHostingForm(c, nil, provider, o, frontend.Form{Values: values})
}

func (s *Server) showHostingForm(c *fiber.Ctx, err error, provider store.Provider, o store.HostingOffer, form frontend.Form) error {
	all, missing := s.Store.AppNames(c.UserContext())
	if missing != nil {
		return missing
	}
	title := "hosting.new"
	if o.ID != "" {
		title = "hosting.edit"
	}
	p := s.page(c, visitOf(c).lang.T(title))
	p.Section = frontend.Services
	return s.renderStatus(c, statusOr200(err), p, pages.EditHosting(p, pages.HostingForm{Provider: provider, Offer: o, Apps: all, Form: form}))
}

// postHosting makes an offer, or changes one.
func (s *Server) postHosting(c *fiber.Ctx) error {
	provider, o, err := s.offering(c)
	if err != nil {
		return err
	}
	chosen, names, err := s.chosenApps(c)
	if err != nil {
		return err
	}
	_, err = s.Store.SaveHosting(c.UserContext(), by(c), provider.ID, o.ID, store.HostingInput{Title: c.FormValue("title"), Lang: c.FormValue("lang"), Apps: chosen,
		Places: number(c, "places", 0), Cents: centsOf(c, "price"), Rule: store.PriceRule(c.FormValue("rule")), Location: c.FormValue("location"), Backup: c.FormValue("backup"),
		Exit: c.FormValue("exit"), Closed: c.FormValue("closed") == "1"})
	switch {
	case err == nil:
		return s.done(c, "/services/"+provider.Slug, "hosting.said.saved")
	case mayTypeAgain(err):
		return s.showHostingForm(c, err, provider, o, s.typed(c, err, append(names, "title", "lang", "places", "rule", "price", "location", "backup", "exit", "closed")...))
	}
	return err
}

// hostingOffer is the page of one offer, where a town asks for a place.
func (s *Server) hostingOffer(c *fiber.Ctx) error { return s.showHostingOffer(c, nil) }

func (s *Server) showHostingOffer(c *fiber.Ctx, err error) error {
	row, missing := s.Store.HostingByID(c.UserContext(), by(c), c.Params("id"))
	if missing != nil {
		return missing
	}
	v := pages.AskHostingForm{Row: row, Town: visitOf(c).town, Form: s.typed(c, err, "app", "note")}
	v.MayAsk = v.Town.ID != "" && visitOf(c).member.MayEditTown(v.Town.ID) && !row.Offer.Closed
	p := s.page(c, row.Offer.Title)
	p.Section = frontend.Services
	return s.renderStatus(c, statusOr200(err), p, pages.AskHosting(p, v))
}

// postAskHosting asks for a place for the reader's town.
func (s *Server) postAskHosting(c *fiber.Ctx) error {
	row, err := s.Store.HostingByID(c.UserContext(), by(c), c.Params("id"))
	if err != nil {
		return err
	}
	r, err := s.Store.AskHosting(c.UserContext(), by(c), row.Offer.ID, visitOf(c).member.TownID(), c.FormValue("app"), c.FormValue("note"))
	switch {
	case err == nil:
		return s.done(c, "/services/requests/"+r.ID, "hosting.said.asked")
	case mayTypeAgain(err):
		return s.showHostingOffer(c, err)
	}
	return err
}

// hostingRequest is the page of a request, for both its sides.
func (s *Server) hostingRequest(c *fiber.Ctx) error { return s.showHostingRequest(c, nil) }

func (s *Server) showHostingRequest(c *fiber.Ctx, err error) error {
	page, missing := s.Store.HostingRequestByID(c.UserContext(), by(c), c.Params("id"))
	if missing != nil {
		return missing
	}
	p := s.page(c, visitOf(c).lang.T("hosting.request"))
	p.Section = frontend.Services
	return s.renderStatus(c, statusOr200(err), p, pages.HostingOf(p, pages.HostingScreen{Page: page, Form: s.typed(c, err, "note")}))
}

// postHostingRequest brings a request one step further.
func (s *Server) postHostingRequest(c *fiber.Ctx) error {
	r, err := s.Store.MoveHosting(c.UserContext(), by(c), c.Params("id"), store.HostingState(c.FormValue("to")), c.FormValue("note"))
	switch {
	case err == nil:
		return s.done(c, "/services/requests/"+r.ID, "hosting.said.moved")
	case mayTypeAgain(err):
		return s.showHostingRequest(c, err)
	}
	return err
}
