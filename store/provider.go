package store

import (
	"context"
	"slices"
	"time"
)

// ProviderKind is what a provider is.
type ProviderKind string

const (
	ProviderPublic  ProviderKind = "public" // an intercommunal, a union of towns, a province
	ProviderCompany ProviderKind = "company"
	ProviderTown    ProviderKind = "town"
)

// Service is something a provider offers.
type Service string

// ServicesOffered are the services there are, in the order of the page.
func ServicesOffered() []Service {
	return []Service{"hosting", "installation", "training", "coaching", "development", "migration"}
}

// Provider offers services to towns. Nobody pays for a place in the list.
type Provider struct {
	ID        string       `json:"id"`
	Slug      string       `json:"slug"`
	OldSlugs  []string     `json:"old_slugs,omitzero"`
	Name      string       `json:"name"`
	Kind      ProviderKind `json:"kind"`
	Town      string       `json:"town,omitzero"` // where it sits, or the town that it is
	Services  []Service    `json:"services"`
	Apps      []string     `json:"apps,omitzero"` // ids
	Regions   string       `json:"regions,omitzero"`
	Languages []string     `json:"languages"`
	About     string       `json:"about,omitzero"` // plain
	Lang      string       `json:"lang"`           // of about, regions and price
	Price     string       `json:"price,omitzero"` // the rule in words
	Website   string       `json:"website,omitzero"`
	Contact   string       `json:"contact"`         // an address or a telephone number, as it wants to be reached
	People    []string     `json:"people,omitzero"` // members who act for it
	Hidden    bool         `json:"hidden,omitzero"` // by a steward, or given up
	By        string       `json:"by,omitzero"`
	Created   time.Time    `json:"created"`
	Changed   time.Time    `json:"changed"`
}

func providers() *table[Provider] {
	return &table[Provider]{
		family: famProvider,
		key:    func(p *Provider) []string { return []string{p.ID} },
		indexes: []index[Provider]{
			{family: famProviderSlug, unique: true, field: "name", taken: "provider.taken", parts: func(p *Provider) [][]string { return slugs(p.Slug, p.OldSlugs) }},
		},
	}
}

// mayProvide: the people it names, the coordinators of a town that is a provider, and stewards. Whoever entered it keeps it
// only while nobody of it is here: it names nobody and is no town.
func mayProvide(m Member, p Provider) bool {
	if may(m, Steward) || !may(m, Take) {
		return may(m, Steward)
	}
	if p.Kind == ProviderTown {
		return m.Coordinates(p.Town) || slices.Contains(p.People, m.ID)
	}
	return slices.Contains(p.People, m.ID) || len(p.People) == 0 && p.By == m.ID
}

// Reference says that a town worked with a provider: signed, with a sentence. Ends is the day its contract ends, which
// nobody but the town sees.
type Reference struct {
	Provider string    `json:"provider"`
	Town     string    `json:"town"`
	Words    string    `json:"words,omitzero"`
	Lang     string    `json:"lang,omitzero"`
	Public   bool      `json:"public,omitzero"` // the town confirms; without it only the contract is noted
	Ends     string    `json:"ends,omitzero"`   // civil date
	Reminded string    `json:"reminded,omitzero"`
	By       string    `json:"by,omitzero"`
	At       time.Time `json:"at"`
}

func references() *table[Reference] {
	return &table[Reference]{
		family: famReference,
		key:    func(r *Reference) []string { return []string{r.Provider, r.Town} },
		indexes: []index[Reference]{
			{family: famReferenceTown, parts: func(r *Reference) [][]string { return [][]string{{r.Town}} }},
			{family: famReferenceEnds, parts: func(r *Reference) [][]string {
				if r.Ends == "" || r.Reminded == r.Ends {
					return nil
				}
				return [][]string{{r.Ends}}
			}},
		},
	}
}

// ProviderInput is what is said about a provider.
type ProviderInput struct {
	Name                                          string
	Kind                                          ProviderKind
	Town                                          string // id
	Services                                      []Service
	Apps                                          []string // ids
	People                                        []string // member ids
	Languages                                     []string
	Regions, About, Lang, Price, Website, Contact string
	Hidden                                        bool
}

const maxProviders = 2_000

func (in *ProviderInput) check() error {
	var c check
	in.Name = c.required("name", in.Name, MaxName)
	in.Kind = oneOf(&c, "kind", in.Kind, ProviderPublic, ProviderCompany, ProviderTown)
	in.Regions = c.line("regions", in.Regions, MaxLine)
	in.About = c.text("about", in.About, MaxText)
	in.Price = c.line("price", in.Price, MaxLine)
	in.Website = c.link("website", in.Website)
	in.Contact = c.required("contact", in.Contact, MaxLine)
	in.Lang = oneOf(&c, "lang", in.Lang, Languages()...)
	if len(in.Services) == 0 {
		c.add("services", "provider.services_required")
	}
	for _, one := range in.Services {
		oneOf(&c, "services", one, ServicesOffered()...)
	}
	if len(in.Languages) == 0 {
		c.add("languages", "invalid.required")
	}
	for _, one := range in.Languages {
		oneOf(&c, "languages", one, Languages()...)
	}
	if len(in.Apps) > maxMaintainers*5 {
		c.add("apps", "invalid.choice")
	}
	if len(in.People) > maxMaintainers {
		c.add("people", "app.too_many_maintainers", "Max", maxMaintainers)
	}
	return c.err()
}

// SaveProvider enters a provider, with id "", or changes one: entered by welcomed people and stewards, changed by those who
// act for it. A town that is a provider is entered by its coordinators.
func (s *Store) SaveProvider(ctx context.Context, by Actor, id string, in ProviderInput) (Provider, error) {
	if err := in.check(); err != nil {
		return Provider{}, err
	}
	var p Provider
	err := s.update(ctx, "providers", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.addsApp(by)
		if err != nil {
			return err
		}
		if id == "" {
			all, err := t.Scan(window{}.bounds(famProvider), maxProviders)
			if err != nil {
				return err
			}
			if len(all) >= maxProviders {
				return fail(Full, "provider.too_many", "Max", maxProviders)
			}
			p = Provider{By: who.ID, Created: t.now}
			if p.ID, err = t.newID(); err != nil {
				return err
			}
		} else if p, err = providers().get(t, id); err != nil {
			return err
		} else if !by.system && !mayProvide(who, p) {
			return denied("provider.not_yours")
		}
		if in.Kind == ProviderTown && !by.system && !may(who, Steward) && !who.Coordinates(in.Town) {
			return invalid("town", "provider.own_town")
		}
		if in.Kind == ProviderTown && in.Town == "" {
			return invalid("town", "invalid.required")
		}
		if err := t.knownTown("town", in.Town); err != nil {
			return err
		}
		programs, err := apps().many(t, in.Apps)
		if err != nil {
			return err
		}
		for _, one := range in.Apps {
			if programs[one].ID == "" {
				return invalid("apps", "app.unknown")
			}
		}
		people, err := members().many(t, in.People)
		if err != nil {
			return err
		}
		for _, one := range in.People {
			if people[one].State != MemberActive && !slices.Contains(p.People, one) {
				return invalid("people", "rsvp.unknown_member")
			}
		}
		if in.Name != p.Name {
			if p.Slug != "" {
				p.OldSlugs = append(slices.Clone(p.OldSlugs), p.Slug)
			}
			name := in.Name
			if slug := slugOf(name); slug == "new" || slug == "ask" || slug == "hosting" || slug == "requests" {
				name += " services"
			}
			if p.Slug, err = t.freeSlug(famProviderSlug, name, "prestataire"); err != nil {
				return err
			}
		}
		p.Name, p.Kind, p.Town, p.Services, p.Apps, p.Languages = in.Name, in.Kind, in.Town, in.Services, in.Apps, in.Languages
		p.People, p.Regions, p.About, p.Lang, p.Price, p.Website, p.Contact, p.Hidden, p.Changed = slices.Compact(slices.Sorted(slices.Values(in.People))), in.Regions, in.About, in.Lang, in.Price, in.Website, in.Contact, in.Hidden, t.now
		if err := providers().put(t, p); err != nil {
			return err
		}
		return t.audit(by, "audit.provider", p.ID, map[string]string{"provider": p.Name})
	})
	return p, err
}

// Refer says what a town has to do with a provider: whether it confirms having worked with it, in a sentence that is shown
// with its name, and when its contract ends, which only the town sees and is reminded of. By the town's coordinators and
// stewards; with neither the town takes it back.
func (s *Store) Refer(ctx context.Context, by Actor, providerID, townID string, public bool, words, lang, ends string) error {
	var c check
	words = c.line("words", words, MaxLine)
	ends = civil(&c, "ends", ends)
	if words != "" {
		oneOf(&c, "lang", lang, Languages()...)
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "provider/"+providerID, func(t *tx) error {
		if err := t.requireTown(by, townID, mayEditTown); err != nil {
			return err
		}
		p, err := providers().get(t, providerID)
		if err != nil {
			return err
		}
		town, err := towns().get(t, townID)
		if err != nil {
			return err
		}
		switch {
		case town.State != TownMember:
			return conflict("app.town_joining")
		case p.Town == townID && p.Kind == ProviderTown && public:
			return invalid("public", "provider.not_oneself")
		case !public && ends == "":
			return references().remove(t, providerID, townID)
		case !public:
			words = ""
		}
		had, _, err := references().find(t, providerID, townID)
		if err != nil {
			return err
		}
		return references().put(t, Reference{Provider: providerID, Town: townID, Words: words, Lang: lang, Public: public, Ends: ends, Reminded: had.Reminded, By: by.MemberID, At: t.now})
	})
}

// remindBefore is how long before a contract ends its town is reminded: long enough to ask others.
const remindBefore = 90

// RemindContracts tells towns of contracts that end soon, once each, and says how many. It is run every hour; running it
// again changes nothing.
func (s *Store) RemindContracts(ctx context.Context) (told int, err error) {
	err = s.update(ctx, "contracts", func(t *tx) error {
		told = 0
		soon, err := references().list(t, famReferenceEnds, window{To: t.now.AddDate(0, 0, remindBefore+1).Format(civilDate), Limit: scanBatch})
		if err != nil {
			return err
		}
		for _, r := range soon {
			over := r.Ends < t.now.Format(civilDate)
			r.Reminded = r.Ends
			if err := references().put(t, r); err != nil {
				return err
			}
			if over { // while the program did not run: too late to say
				continue
			}
			people, err := t.coordinators(r.Town)
			if err != nil {
				return err
			}
			for _, m := range people {
				if err := t.emit(Event{Kind: EventContractEnds, Subject: r.Provider, Member: m.ID, Data: map[string]string{"ends": r.Ends, "town": r.Town}}); err != nil {
					return err
				}
				told++
			}
		}
		return nil
	})
	return told, err
}
