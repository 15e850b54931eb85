package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"belfry/store/publiccode"
)

// Software is what an application's publiccode.yml says, or what somebody typed in its place.
type Software = publiccode.Software

// AppDomain is what part of a town's work an application serves.
type AppDomain string

const (
	DomainDemocracy AppDomain = "democracy"
	DomainCounter   AppDomain = "counter"
	DomainTerritory AppDomain = "territory"
	DomainFinance   AppDomain = "finance"
	DomainCulture   AppDomain = "culture"
	DomainInternal  AppDomain = "internal"
)

// AppDomains are the domains, in the order of the catalogue.
func AppDomains() []AppDomain {
	return []AppDomain{DomainDemocracy, DomainCounter, DomainTerritory, DomainFinance, DomainCulture, DomainInternal}
}

// App is an application that towns share. What it says about itself comes from its publiccode.yml, or was typed.
type App struct {
	ID          string    `json:"id"`
	Slug        string    `json:"slug"`
	OldSlugs    []string  `json:"old_slugs,omitzero"`
	Software    Software  `json:"software"`
	Domain      AppDomain `json:"domain"`
	Demo        string    `json:"demo,omitzero"`        // where one can try it
	Security    string    `json:"security,omitzero"`    // where a flaw is told in private
	Keeper      string    `json:"keeper,omitzero"`      // town that looks after it
	Maintainers []string  `json:"maintainers,omitzero"` // member ids
	Retired     bool      `json:"retired,omitzero"`     // kept, and shown to those who look for it
	File        int       `json:"file,omitzero"`        // number of the last good publiccode.yml, 0 for none
	Partly      bool      `json:"partly,omitzero"`      // read from a file with faults, as far as it could be
	Running     int       `json:"running,omitzero"`     // towns that run it
	Testing     int       `json:"testing,omitzero"`     // towns that try it
	By          string    `json:"by,omitzero"`
	Created     time.Time `json:"created"`
	Changed     time.Time `json:"changed"`
}

// Name is how the application is called.
func (a App) Name() string { return a.Software.Name }

// Code is the short code by which texts name the application.
func (a App) Code() string { return "[[app/" + a.Slug + "]]" }

func apps() *table[App] {
	return &table[App]{
		family: famApp,
		key:    func(a *App) []string { return []string{a.ID} },
		indexes: []index[App]{
			{family: famAppSlug, unique: true, field: "name", taken: "app.taken", parts: func(a *App) [][]string { return slugs(a.Slug, a.OldSlugs) }},
			{family: famAppName, parts: func(a *App) [][]string { return [][]string{{sortName(a.Name())}} }},
			{family: famAppKeeper, parts: func(a *App) [][]string {
				if a.Keeper == "" {
					return nil
				}
				return [][]string{{a.Keeper}}
			}},
		},
	}
}

// mayKeepApp: its maintainers, the coordinators of the town that looks after it, and stewards. Whoever entered it keeps it
// only until somebody looks after it.
func mayKeepApp(m Member, a App) bool {
	return may(m, Steward) || may(m, Take) && (slices.Contains(a.Maintainers, m.ID) || a.Keeper == "" && len(a.Maintainers) == 0 && a.By == m.ID || a.Keeper != "" && m.Coordinates(a.Keeper))
}

// welcomed says whether a member acts for a town that welcomed them.
func welcomed(m Member) bool {
	place, ok := m.Place()
	return may(m, Take) && ok && !place.Welcomed.IsZero()
}

// Welcomed is welcomed for pages.
func (m Member) Welcomed() bool { return welcomed(m) }

// mayAddApp: people of a town that welcomed them, and stewards.
func mayAddApp(m Member) bool { return may(m, Steward) || welcomed(m) }

// MayAddApp is mayAddApp for pages.
func (m Member) MayAddApp() bool { return mayAddApp(m) }

// AppInput is what a person types about an application. What a publiccode.yml can say besides stays as it is.
type AppInput struct {
	Name, URL, License, Version, Released, Landing string
	Status                                         string
	Domain                                         AppDomain
	Languages                                      []string
	Short, Long, Features                          map[string]string // by language; features one a line
	Documentation                                  string
	Demo, Security                                 string
	Keeper                                         string   // town id
	Maintainers                                    []string // member ids
	Retired                                        bool
}

// AppStatuses are how far an application is, in the words of publiccode.yml.
func AppStatuses() []string { return publiccode.Statuses() }

// Limits of an application.
const (
	maxShort       = 150 // the standard's
	maxLong        = 10_000
	maxFeatures    = 4_000
	maxMaintainers = 20
)

func (in *AppInput) check() error {
	var c check
	in.Name = c.required("name", in.Name, MaxName)
	in.URL = c.link("url", in.URL)
	in.Landing = c.link("landing", in.Landing)
	in.Documentation = c.link("documentation", in.Documentation)
	in.Demo = c.link("demo", in.Demo)
	if in.Security = c.line("security", in.Security, MaxLink); strings.Contains(in.Security, "://") {
		in.Security = c.link("security", in.Security)
	}
	in.License = c.required("license", in.License, 80)
	in.Version = c.line("version", in.Version, 40)
	in.Released = civil(&c, "released", in.Released)
	in.Status = oneOf(&c, "status", in.Status, publiccode.Statuses()...)
	in.Domain = oneOf(&c, "domain", in.Domain, AppDomains()...)
	said := false
	for _, lang := range Languages() {
		in.Short[lang] = c.line("short_"+lang, in.Short[lang], maxShort)
		in.Long[lang] = c.text("long_"+lang, in.Long[lang], maxLong)
		in.Features[lang] = c.text("features_"+lang, in.Features[lang], maxFeatures)
		said = said || in.Short[lang] != ""
		if in.Long[lang]+in.Features[lang] != "" && in.Short[lang] == "" {
			c.add("short_"+lang, "invalid.required")
		}
	}
	if !said {
		c.add("short_fr", "app.short_required")
	}
	for _, lang := range in.Languages {
		oneOf(&c, "languages", lang, Languages()...)
	}
	if len(in.Maintainers) > maxMaintainers {
		c.add("maintainers", "app.too_many_maintainers", "Max", maxMaintainers)
	}
	return c.err()
}

// civil accepts a day, or nothing.
func civil(c *check, field, value string) string {
	value = strings.TrimSpace(value)
	if value == "" {
		return ""
	}
	if day, err := time.Parse(civilDate, value); err != nil || day.Year() < 1990 || day.Year() > 2200 {
		c.add(field, "when.date")
	}
	return value
}

// AddApp enters an application by hand: by people of a welcomed town and by stewards. Whoever enters it may
// change it until it names who looks after it.
func (s *Store) AddApp(ctx context.Context, by Actor, in AppInput) (App, error) {
	in.fill()
	if err := in.check(); err != nil {
		return App{}, err
	}
	var app App
	err := s.update(ctx, "apps", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.addsApp(by)
		if err != nil {
			return err
		}
		app = App{By: who.ID}
		app.take(in)
		app, err = t.addApp(by, app)
		return err
	})
	return app, err
}

// fill gives an input the maps it is checked in.
func (in *AppInput) fill() {
	short, long, features := map[string]string{}, map[string]string{}, map[string]string{}
	for _, lang := range Languages() {
		short[lang], long[lang], features[lang] = in.Short[lang], in.Long[lang], in.Features[lang]
	}
	in.Short, in.Long, in.Features = short, long, features
}

// addsApp loads the acting member, who must be allowed to enter an application.
func (t *tx) addsApp(by Actor) (Member, error) {
	if by.system {
		return Member{}, nil
	}
	who, err := t.member(by)
	if err == nil && !mayAddApp(who) {
		err = denied("app.not_welcomed")
	}
	return who, err
}

// maxApps bounds the catalogue: lists read it whole.
const maxApps = 5_000

// addApp stores a new application.
func (t *tx) addApp(by Actor, app App) (App, error) {
	have, err := t.Scan(window{}.bounds(famApp), maxApps)
	if err != nil {
		return app, err
	}
	if len(have) >= maxApps {
		return app, fail(Full, "app.too_many", "Max", maxApps)
	}
	if app.ID, err = t.newID(); err != nil {
		return app, err
	}
	if app.Slug, err = t.appSlug(app.Name()); err != nil {
		return app, err
	}
	app.Created, app.Changed = t.now, t.now
	if err := t.appNames(app); err != nil {
		return app, err
	}
	if err := apps().put(t, app); err != nil {
		return app, err
	}
	return app, t.audit(by, "audit.app_added", app.ID, map[string]string{"app": app.Name()})
}

// appSlug is a free address for a name. One of digits only would be read as an item of a meeting called "app", and some
// words are addresses of other pages.
func (t *tx) appSlug(name string) (string, error) {
	if slug := slugOf(name); strings.Trim(slug, "0123456789") == "" && slug != "" || slug == "new" || slug == "read" || slug == "needs" {
		name = "app " + name
	}
	return t.freeSlug(famAppSlug, name, "application")
}

// appNames checks that the town and the people an application names are there.
func (t *tx) appNames(app App) error {
	if err := t.knownTown("keeper", app.Keeper); err != nil {
		return err
	}
	people, err := members().many(t, app.Maintainers)
	if err != nil {
		return err
	}
	for _, id := range app.Maintainers {
		if people[id].State != MemberActive {
			return invalid("maintainers", "rsvp.unknown_member")
		}
	}
	return nil
}

// take writes what was typed into an application.
func (a *App) take(in AppInput) {
	s := a.Software
	s.Name, s.URL, s.LandingURL, s.License, s.Version, s.Released, s.Status = in.Name, in.URL, in.Landing, in.License, in.Version, in.Released, in.Status
	s.Languages = foreign(s.Languages, in.Languages)
	if a.File == 0 { // what a form does not ask for, and every publiccode.yml has to say
		s.Platforms, s.Type, s.LocalisationSet, s.Localisation = []string{"web"}, "standalone/web", true, len(s.Languages) > 1
		if s.MaintenanceType == "" {
			s.MaintenanceType = "none"
		}
	}
	described := map[string]publiccode.Description{}
	for tag, d := range s.Description {
		if !slices.Contains(Languages(), tag) {
			described[tag] = d
		}
	}
	for _, lang := range Languages() {
		d := s.Description[lang]
		if d.Short, d.Long = in.Short[lang], in.Long[lang]; d.Short == "" {
			continue
		}
		d.Documentation, d.Features = in.Documentation, nil
		for _, words := range strings.Split(in.Features[lang], "\n") {
			if words = strings.Join(strings.Fields(words), " "); words != "" {
				d.Features = append(d.Features, words)
			}
		}
		described[lang] = d
	}
	s.Description = described
	a.Software, a.Domain, a.Demo, a.Security, a.Keeper, a.Maintainers, a.Retired = s, in.Domain, in.Demo, in.Security, in.Keeper, in.Maintainers, in.Retired
}

// foreign keeps the languages that the form does not offer, before those that were ticked.
func foreign(had, ticked []string) []string {
	kept := slices.Clone(ticked)
	for _, tag := range had {
		if !slices.Contains(Languages(), tag) {
			kept = append(kept, tag)
		}
	}
	return kept
}

// EditApp changes an application: by those who look after it and stewards. A new name gives a new address; the old one
// leads on.
func (s *Store) EditApp(ctx context.Context, by Actor, id string, in AppInput) (App, error) {
	in.fill()
	if err := in.check(); err != nil {
		return App{}, err
	}
	var app App
	err := s.changeApp(ctx, by, id, func(t *tx, a *App) error {
		was := a.Name()
		a.take(in)
		if err := t.appNames(*a); err != nil {
			return err
		}
		return t.renameApp(a, was)
	}, &app)
	return app, err
}

// renameApp gives an application the address of its new name.
func (t *tx) renameApp(a *App, was string) error {
	if a.Name() == was {
		return nil
	}
	slug, err := t.appSlug(a.Name())
	if err != nil {
		return err
	}
	a.OldSlugs, a.Slug = append(slices.Clone(a.OldSlugs), a.Slug), slug
	return nil
}

// changeApp runs one change of an application by those who look after it.
func (s *Store) changeApp(ctx context.Context, by Actor, id string, change func(*tx, *App) error, kept *App) error {
	return s.update(ctx, "app/"+id, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		app, err := t.keptApp(by, id)
		if err != nil {
			return err
		}
		if err := change(t, &app); err != nil {
			return err
		}
		app.Changed = t.now
		*kept = app
		if err := apps().put(t, app); err != nil {
			return err
		}
		return t.audit(by, "audit.app_changed", app.ID, map[string]string{"app": app.Name()})
	})
}

// keptApp reads an application that the acting member may change.
func (t *tx) keptApp(by Actor, id string) (App, error) {
	var who Member
	if !by.system {
		var err error
		if who, err = t.member(by); err != nil {
			return App{}, err
		}
	}
	app, err := apps().get(t, id)
	if err == nil && !by.system && !mayKeepApp(who, app) {
		err = denied("app.not_yours")
	}
	return app, err
}
