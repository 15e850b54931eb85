package store

import (
	"context"
	"slices"
)

// HostingRow is an offer with what it names.
type HostingRow struct {
	Offer    HostingOffer
	Provider Provider
	Apps     []App
	Waiting  int // requests that have no answer
	May      bool
}

// Hostings lists the offers of providers that are shown, by name of the provider, of one provider when its id is given.
// It is public.
func (s *Store) Hostings(ctx context.Context, by Actor, providerID string) ([]HostingRow, error) {
	var rows []HostingRow
	err := s.view(ctx, func(t *tx) error {
		rows = nil
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		return hostingOffers().each(t, func(o HostingOffer) error {
			if providerID != "" && o.Provider != providerID {
				return nil
			}
			row, err := t.hostingRow(reader, o)
			if err == nil && (!row.Provider.Hidden && !o.Closed || row.May) {
				rows = append(rows, row)
			}
			return err
		})
	})
	slices.SortStableFunc(rows, func(a, b HostingRow) int {
		if sortName(a.Provider.Name) < sortName(b.Provider.Name) {
			return -1
		}
		return 1
	})
	return rows, err
}

func (t *tx) hostingRow(reader Member, o HostingOffer) (HostingRow, error) {
	row := HostingRow{Offer: o}
	var err error
	if row.Provider, err = providers().get(t, o.Provider); err != nil {
		return row, err
	}
	row.May = mayProvide(reader, row.Provider)
	programs, err := apps().many(t, o.Apps)
	if err != nil {
		return row, err
	}
	for _, id := range o.Apps {
		if a := programs[id]; a.ID != "" {
			row.Apps = append(row.Apps, a)
		}
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
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		o, err := hostingOffers().get(t, id)
		if err != nil {
			return err
		}
		if row, err = t.hostingRow(reader, o); err == nil && (row.Provider.Hidden || o.Closed) && !row.May {
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

// HostingRequests are the requests the reader has to do with: those of their town, and those to providers they act for; the
// newest first.
func (s *Store) HostingRequests(ctx context.Context, by Actor) ([]HostingPage, error) {
	var found []HostingPage
	err := s.view(ctx, func(t *tx) error {
		found = nil
		reader, err := t.reader(by)
		if err != nil || reader.ID == "" || reader.ID == nobodysID {
			return err
		}
		all, err := hostingRequests().under(t, window{Reverse: true, Limit: maxPledges})
		if err != nil {
			return err
		}
		for _, r := range all {
			p, err := t.hostingPage(by, r)
			if err != nil {
				return err
			}
			if (p.Providing || p.Asking) && len(found) < scanBatch {
				found = append(found, p)
			}
		}
		return nil
	})
	return found, err
}
