package store

import (
	"context"
	"slices"
	"strings"
)

// HostingRow is an offer with what it names.
type HostingRow struct {
	Offer    HostingOffer
	Provider Provider
	Apps     []App // with their names, see AppNames
	Waiting  int   // requests that have no answer, counted when no place is left
	May      bool
}

// Hostings lists the offers of providers that are shown, by name of the provider, of one provider when its id is given.
// It is public.
func (s *Store) Hostings(ctx context.Context, by Actor, providerID string) ([]HostingRow, error) {
	var rows []HostingRow
	names, err := s.appNames(ctx)
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, func(t *tx) error {
		rows = nil
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		var found []HostingOffer
		if providerID != "" {
			found, err = hostingOffers().list(t, famHostingProvider, window{Under: []string{providerID}, Limit: maxHostings})
		} else {
			err = hostingOffers().each(t, func(o HostingOffer) error { found = append(found, o); return nil })
		}
		if err != nil {
			return err
		}
		var ids []string
		for _, o := range found {
			ids = append(ids, o.Provider)
		}
		known, err := providers().many(t, ids)
		if err != nil {
			return err
		}
		for _, o := range found {
			p := known[o.Provider]
			if (p.Hidden || o.Closed) && !mayProvide(reader, p) {
				continue
			}
			row, err := t.hostingRow(reader, o, p, names)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	slices.SortStableFunc(rows, func(a, b HostingRow) int {
		return strings.Compare(sortName(a.Provider.Name), sortName(b.Provider.Name))
	})
	return rows, err
}

func (t *tx) hostingRow(reader Member, o HostingOffer, p Provider, names *appNames) (HostingRow, error) {
	row := HostingRow{Offer: o, Provider: p, Apps: names.of(o.Apps), May: mayProvide(reader, p)}
	if o.Left() > 0 {
		return row, nil
	}
	all, err := hostingRequests().list(t, famHostingRequestOffer, window{Under: []string{o.ID}, Limit: maxPledges})
	for _, r := range all {
		if r.State == HostingAsked {
			row.Waiting++
		}
	}
	return row, err
}

// HostingByID reads one offer that is shown to the reader.
func (s *Store) HostingByID(ctx context.Context, by Actor, id string) (HostingRow, error) {
	var row HostingRow
	names, err := s.appNames(ctx)
	if err != nil {
		return row, err
	}
	err = s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		o, err := hostingOffers().get(t, id)
		if err != nil {
			return err
		}
		p, err := providers().get(t, o.Provider)
		if err != nil {
			return err
		}
		if row, err = t.hostingRow(reader, o, p, names); err == nil && (row.Provider.Hidden || o.Closed) && !row.May {
			err = notFound()
		}
		return err
	})
	return row, err
}

// HostingPage is a request with what it names, for both its sides.
type HostingPage struct {
	Request           HostingRequest
	Offer             HostingOffer
	Provider          Provider
	Town              Town
	App               App
	People            map[string]Member
	Providing, Asking bool
}

func (t *tx) hostingPage(by Actor, r HostingRequest) (HostingPage, error) {
	p := HostingPage{Request: r}
	var err error
	if p.Offer, err = hostingOffers().get(t, r.Offer); err != nil {
		return p, err
	}
	if p.Provider, err = providers().get(t, p.Offer.Provider); err != nil {
		return p, err
	}
	if p.Town, err = towns().get(t, r.Town); err != nil {
		return p, err
	}
	if p.App, err = apps().get(t, r.App); err != nil {
		return p, err
	}
	var people []string
	for _, step := range r.Steps {
		people = append(people, step.By)
	}
	if p.People, err = members().many(t, people); err != nil {
		return p, err
	}
	p.Providing, p.Asking, err = t.hostingSides(by, r, p.Offer)
	return p, err
}

// HostingRequestByID reads a request for those on its sides. NotFound for everybody else.
func (s *Store) HostingRequestByID(ctx context.Context, by Actor, id string) (HostingPage, error) {
	var p HostingPage
	err := s.view(ctx, func(t *tx) error {
		r, err := hostingRequests().get(t, id)
		if err != nil {
			return err
		}
		if p, err = t.hostingPage(by, r); err == nil && !p.Providing && !p.Asking {
			err = notFound()
		}
		return err
	})
	return p, err
}

// maxHostings bounds what is read of the offers of one provider.
const maxHostings = 1_000

// HostingRequests are the requests the reader has to do with: those of their town, and those to providers they act for; the
// newest first, at most as many as one reads.
func (s *Store) HostingRequests(ctx context.Context, by Actor) ([]HostingPage, error) {
	var found []HostingPage
	err := s.view(ctx, func(t *tx) error {
		found = nil
		reader, err := t.reader(by)
		if err != nil || reader.ID == "" || reader.ID == nobodysID {
			return err
		}
		mine, err := t.requestsOf(reader)
		if err != nil {
			return err
		}
		slices.SortFunc(mine, func(a, b HostingRequest) int { return strings.Compare(b.ID, a.ID) })
		mine = slices.CompactFunc(mine, func(a, b HostingRequest) bool { return a.ID == b.ID })
		for _, r := range mine[:min(len(mine), shownRequests)] {
			p, err := t.hostingPage(by, r)
			if err != nil {
				return err
			}
			found = append(found, p)
		}
		return nil
	})
	return found, err
}

// shownRequests is how many requests for hosting are listed.
const shownRequests = 100

// requestsOf are the requests that somebody has to do with, some perhaps twice: for stewards the newest of all.
func (t *tx) requestsOf(reader Member) ([]HostingRequest, error) {
	if may(reader, Steward) {
		return hostingRequests().under(t, window{Reverse: true, Limit: shownRequests})
	}
	var mine []HostingRequest
	if town := reader.TownID(); mayEditTown(reader, town) {
		own, err := hostingRequests().list(t, famHostingRequestTown, window{Under: []string{town}, Reverse: true, Limit: shownRequests})
		if err != nil {
			return nil, err
		}
		mine = own
	}
	var offers []HostingOffer
	err := hostingOffers().each(t, func(o HostingOffer) error { offers = append(offers, o); return nil })
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, o := range offers {
		ids = append(ids, o.Provider)
	}
	known, err := providers().many(t, ids)
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		if !mayProvide(reader, known[o.Provider]) {
			continue
		}
		asked, err := hostingRequests().list(t, famHostingRequestOffer, window{Under: []string{o.ID}, Reverse: true, Limit: shownRequests})
		if err != nil {
			return nil, err
		}
		mine = append(mine, asked...)
	}
	return mine, nil
}
