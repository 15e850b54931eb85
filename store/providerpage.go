package store

import (
	"context"
	"slices"
	"strings"

	"belfry/store/gazetteer"
)

// ProviderQuery asks for providers. Empty fields ask for all. Near is a town to sort by distance from; without it they are
// in alphabetical order. There is no other order.
type ProviderQuery struct {
	Text    string
	Service Service
	App     string // id
	Lang    string
	Kind    ProviderKind
	Near    string // town id
}

// ProviderRow is a provider with what it names.
type ProviderRow struct {
	Provider   Provider
	Town       Town
	Apps       []App          // with their names, see AppNames
	People     []Member       // who act for it, on its own page
	References []ReferenceRow // that are public
	Distance   float64        // km from Near, -1 when unknown
	Mine       *Reference     // of the reader's town
	May        bool
}

// ReferenceRow is a town's word with the town.
type ReferenceRow struct {
	Reference Reference
	Town      Town
}

// Providers lists the providers that fit. It is public; hidden ones are shown to those who may change them.
func (s *Store) Providers(ctx context.Context, by Actor, q ProviderQuery) ([]ProviderRow, error) {
	var rows []ProviderRow
	all, err := s.roll(ctx)
	if err != nil {
		return nil, err
	}
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
		near, _, err := towns().find(t, q.Near)
		if err != nil {
			return err
		}
		var found []Provider
		err = providers().each(t, func(p Provider) error {
			if q.fits(p) && (!p.Hidden || mayProvide(reader, p)) {
				found = append(found, p)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, p := range found {
			row, err := t.providerRow(reader, p, near, all, names)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		slices.SortStableFunc(rows, func(a, b ProviderRow) int {
			if near.ID != "" && a.Distance != b.Distance {
				switch {
				case a.Distance < 0:
					return 1
				case b.Distance < 0 || a.Distance < b.Distance:
					return -1
				}
				return 1
			}
			return strings.Compare(sortName(a.Provider.Name), sortName(b.Provider.Name))
		})
		return nil
	})
	return rows, err
}

func (q ProviderQuery) fits(p Provider) bool {
	wanted := fold(strings.TrimSpace(q.Text))
	return (q.Service == "" || slices.Contains(p.Services, q.Service)) && (q.App == "" || slices.Contains(p.Apps, q.App)) &&
		(q.Lang == "" || slices.Contains(p.Languages, q.Lang)) && (q.Kind == "" || p.Kind == q.Kind) &&
		(wanted == "" || strings.Contains(fold(p.Name+" "+p.About+" "+p.Regions), wanted))
}

func (t *tx) providerRow(reader Member, p Provider, near Town, known *roll, names *appNames) (ProviderRow, error) {
	row := ProviderRow{Provider: p, Apps: names.of(p.Apps), Distance: -1, May: mayProvide(reader, p)}
	all, err := references().under(t, window{Under: []string{p.ID}, Limit: maxPledges})
	if err != nil {
		return row, err
	}
	ids := []string{p.Town}
	for _, r := range all {
		ids = append(ids, r.Town)
	}
	places, err := t.townsOf(ids, known)
	if err != nil {
		return row, err
	}
	row.Town = places[p.Town]
	if near.ID != "" && near.Lat != 0 && row.Town.Lat != 0 {
		row.Distance = gazetteer.Distance(gazetteer.Town{Lat: near.Lat, Lon: near.Lon}, gazetteer.Town{Lat: row.Town.Lat, Lon: row.Town.Lon})
	}
	for _, r := range all {
		if own := reader.TownID(); own != "" && r.Town == own {
			mine := r
			row.Mine = &mine
		}
		if !r.Public {
			continue
		}
		r.Ends, r.Reminded = "", "" // the town's own business
		row.References = append(row.References, ReferenceRow{r, places[r.Town]})
	}
	slices.SortStableFunc(row.References, func(a, b ReferenceRow) int { return b.Reference.At.Compare(a.Reference.At) })
	return row, nil
}

// ProviderBySlug reads one provider's page. A hidden one is shown to those who may change it.
func (s *Store) ProviderBySlug(ctx context.Context, by Actor, slug string) (ProviderRow, error) {
	var row ProviderRow
	all, err := s.roll(ctx)
	if err != nil {
		return row, err
	}
	names, err := s.appNames(ctx)
	if err != nil {
		return row, err
	}
	err = s.view(ctx, func(t *tx) error {
		p, err := providers().lookup(t, famProviderSlug, slug)
		if err != nil {
			return err
		}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		if p.Hidden && !mayProvide(reader, p) {
			return notFound()
		}
		if row, err = t.providerRow(reader, p, Town{}, all, names); err != nil {
			return err
		}
		people, err := members().many(t, p.People)
		for _, id := range p.People {
			if m := people[id]; m.State == MemberActive {
				row.People = append(row.People, m)
			}
		}
		return err
	})
	return row, err
}

// ProviderByID reads one provider, for the letters about it.
func (s *Store) ProviderByID(ctx context.Context, id string) (Provider, error) {
	var p Provider
	err := s.view(ctx, func(t *tx) error {
		var err error
		p, err = providers().get(t, id)
		return err
	})
	return p, err
}
