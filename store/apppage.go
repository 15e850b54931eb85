package store

import (
	"context"
	"slices"
	"strings"
)

// AppQuery asks for applications. Empty fields ask for all; filters combine. Sort is "towns" (also ""), "name" or "new".
type AppQuery struct {
	Text    string // in its name or what it says about itself, in any language
	Domain  AppDomain
	Lang    string // the program speaks it
	License string
	Status  string
	Town    string // id of a town that runs or tries it
	Retired bool   // also those that are not looked after any more
	Sort    string
	Skip    int
	Limit   int
}

// AppRow is an application in a list.
type AppRow struct {
	App    App
	Keeper Town
}

// AppList is one page of the catalogue. Domains counts what fits all filters but the domain's; Licenses are those there are.
type AppList struct {
	Rows     []AppRow
	Total    int
	All      int // what fits all filters but the domain's
	Domains  map[AppDomain]int
	Licenses []string
}

// Apps is one page of the catalogue. It is public.
func (s *Store) Apps(ctx context.Context, q AppQuery) (AppList, error) {
	var list AppList
	err := s.view(ctx, func(t *tx) error {
		list = AppList{Domains: map[AppDomain]int{}}
		own := map[string]bool{}
		if q.Town != "" {
			uses, err := appUses().under(t, window{Under: []string{q.Town}, Limit: maxApps})
			if err != nil {
				return err
			}
			for _, use := range uses {
				own[use.App] = use.State != UseFormer
			}
		}
		var found []App
		wanted := fold(strings.TrimSpace(q.Text))
		err := apps().each(t, func(a App) error {
			if !slices.Contains(list.Licenses, a.Software.License) && a.Software.License != "" {
				list.Licenses = append(list.Licenses, a.Software.License)
			}
			if !q.fits(a, wanted) || q.Town != "" && !own[a.ID] {
				return nil
			}
			list.All++
			list.Domains[a.Domain]++
			if q.Domain == "" || a.Domain == q.Domain {
				found = append(found, a)
			}
			return nil
		})
		if err != nil {
			return err
		}
		slices.Sort(list.Licenses)
		slices.SortFunc(found, q.compare)
		list.Total = len(found)
		list.Rows, err = t.appRows(found[min(q.Skip, len(found)):min(q.Skip+q.Limit, len(found))])
		return err
	})
	return list, err
}

func (q AppQuery) fits(a App, wanted string) bool {
	if a.Retired && !q.Retired || q.License != "" && a.Software.License != q.License || q.Status != "" && a.Software.Status != q.Status ||
		q.Lang != "" && !slices.Contains(a.Software.Languages, q.Lang) {
		return false
	}
	if wanted == "" || strings.Contains(fold(a.Name()), wanted) {
		return true
	}
	for _, d := range a.Software.Description {
		for _, words := range append([]string{d.LocalName, d.GenericName, d.Short, d.Long}, d.Features...) {
			if strings.Contains(fold(words), wanted) {
				return true
			}
		}
	}
	return false
}

// compare orders the catalogue; equal ones by name, then by age.
func (q AppQuery) compare(a, b App) int {
	switch q.Sort {
	case "name":
	case "new":
		if order := b.Created.Compare(a.Created); order != 0 {
			return order
		}
	default:
		if order := b.Running - a.Running; order != 0 {
			return order
		}
	}
	if order := strings.Compare(sortName(a.Name()), sortName(b.Name())); order != 0 {
		return order
	}
	return strings.Compare(a.ID, b.ID)
}

func (t *tx) appRows(found []App) ([]AppRow, error) {
	var ids []string
	for _, a := range found {
		ids = append(ids, a.Keeper)
	}
	places, err := towns().many(t, ids)
	rows := make([]AppRow, len(found))
	for i, a := range found {
		rows[i] = AppRow{App: a, Keeper: places[a.Keeper]}
	}
	return rows, err
}

// AppBySlug finds an application by its address, current or former; moved says that it was a former one.
func (s *Store) AppBySlug(ctx context.Context, slug string) (app App, moved bool, err error) {
	err = s.view(ctx, func(t *tx) error {
		var err error
		app, err = apps().lookup(t, famAppSlug, slug)
		return err
	})
	return app, app.Slug != slug, err
}

// AppByID reads one application.
func (s *Store) AppByID(ctx context.Context, id string) (App, error) {
	var app App
	err := s.view(ctx, func(t *tx) error {
		var err error
		app, err = apps().get(t, id)
		return err
	})
	return app, err
}

// AppPage is what an application's page shows.
type AppPage struct {
	App         App
	Moved       bool // the address was an old one
	Keeper      Town
	Maintainers []Member
	Uses        []AppUseRow // running first, then testing, by name of the town
	Former      []AppUseRow
	Towns       int // member towns there are
	Decisions   []DecisionRow
	Actions     []ActionRow // open ones
	Threads     []ThreadRow
	Items       []AppItem // on an agenda that is not over
	Help        AppHelp
	MayKeep     bool
	MayUse      bool       // the reader may say that their town runs it
	Mine        *AppUse    // of the reader's town
	Colleagues  []Member   // of the reader's town, to choose experts from
	Hosts       []Provider // to choose from
	IsExpert    bool
}

// AppItem is an agenda item about an application, with its meeting.
type AppItem struct {
	Item    AgendaItem
	Meeting Meeting
}

// How much an application's page lists; the rest is in the registers.
const (
	listedDecisions = 8
	listedThreads   = 8
	listedItems     = 20
)

// AppPage reads an application's page by its address, current or former.
func (s *Store) AppPage(ctx context.Context, by Actor, slug string) (AppPage, error) {
	var p AppPage
	all, err := s.roll(ctx)
	if err != nil {
		return p, err
	}
	err = s.view(ctx, func(t *tx) error {
		app, err := apps().lookup(t, famAppSlug, slug)
		if err != nil {
			return err
		}
		p = AppPage{App: app, Moved: app.Slug != slug, Towns: all.members}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		for _, fill := range []func(*tx, Member) error{p.fillNames, func(t *tx, _ Member) error { return p.fillUses(t, all) }, func(t *tx, _ Member) error { return p.fillHelp(t, all) }, p.fillRegisters, p.fillThreads, p.fillItems, p.fillOwn} {
			if err := fill(t, reader); err != nil {
				return err
			}
		}
		return nil
	})
	return p, err
}

func (p *AppPage) fillNames(t *tx, reader Member) error {
	p.MayKeep = mayKeepApp(reader, p.App)
	var err error
	if p.Keeper, _, err = towns().find(t, p.App.Keeper); err != nil {
		return err
	}
	people, err := members().many(t, p.App.Maintainers)
	for _, id := range p.App.Maintainers {
		if m := people[id]; m.State == MemberActive {
			p.Maintainers = append(p.Maintainers, m)
		}
	}
	return err
}

func (p *AppPage) fillUses(t *tx, all *roll) error {
	uses, err := t.usesOf(p.App.ID, UseRunning, UseTesting, UseFormer)
	if err != nil {
		return err
	}
	rows, err := t.useRows(uses, all, nil)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b AppUseRow) int {
		if a.Use.State != b.Use.State {
			return strings.Compare(string(a.Use.State), string(b.Use.State)) // "running" before "testing"
		}
		return strings.Compare(sortName(a.Town.Name), sortName(b.Town.Name))
	})
	for _, row := range rows {
		if row.Use.State == UseFormer {
			p.Former = append(p.Former, row)
		} else {
			p.Uses = append(p.Uses, row)
		}
	}
	return nil
}

func (p *AppPage) fillRegisters(t *tx, reader Member) error {
	last, err := decisions().list(t, famDecisionApp, window{Under: []string{p.App.ID}, Reverse: true, Limit: 2 * listedDecisions})
	if err != nil {
		return err
	}
	last = slices.DeleteFunc(last, func(d Decision) bool { return !d.Withdrawn.IsZero() })
	if p.Decisions, err = t.decisionRows(last[:min(len(last), listedDecisions)]); err != nil {
		return err
	}
	list, err := t.actionList(reader, ActionQuery{App: p.App.ID, Limit: listedDecisions})
	p.Actions = list.Rows
	return err
}

func (p *AppPage) fillThreads(t *tx, reader Member) error {
	shelves, err := t.shelves()
	if err != nil {
		return err
	}
	all, err := t.appTags(p.App)
	if err != nil {
		return err
	}
	var found []Thread
	for _, tag := range all {
		using, err := threads().list(t, famThreadTag, window{Under: []string{tag}, Reverse: true, Limit: 10 * listedThreads})
		if err != nil {
			return err
		}
		for _, d := range using {
			if d.shown(reader, shelves) && !slices.ContainsFunc(found, func(had Thread) bool { return had.ID == d.ID }) {
				found = append(found, d)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Thread) int { return b.Active.Compare(a.Active) })
	p.Threads, err = t.threadRows(found[:min(len(found), listedThreads)], shelves)
	return err
}

func (p *AppPage) fillItems(t *tx, reader Member) error {
	last, err := items().list(t, famItemApp, window{Under: []string{p.App.ID}, Reverse: true, Limit: listedItems})
	if err != nil {
		return err
	}
	for _, item := range last {
		if item.Meeting == "" || item.State != ItemAccepted || item.Members && !may(reader, Take) {
			continue
		}
		m, err := meetings().get(t, item.Meeting)
		if err != nil {
			return err
		}
		if visible(m, reader) && m.Open(t.now) {
			p.Items = append(p.Items, AppItem{item, m})
		}
	}
	slices.SortStableFunc(p.Items, func(a, b AppItem) int { return a.Meeting.Start.Compare(b.Meeting.Start) })
	return nil
}

// fillOwn reads what the reader's own town has to do with the application.
func (p *AppPage) fillOwn(t *tx, reader Member) error {
	town := reader.TownID()
	if town == "" {
		return nil
	}
	p.MayUse = mayEditTown(reader, town)
	use, ok, err := appUses().find(t, town, p.App.ID)
	if err != nil {
		return err
	}
	if ok {
		p.Mine, p.IsExpert = &use, slices.Contains(use.Experts, reader.ID)
	}
	if !p.MayUse {
		return nil
	}
	if p.Hosts, err = t.hosts(use.Host); err != nil {
		return err
	}
	p.Colleagues, err = t.people(town)
	return err
}

// MayKeepApp says whether the reader may change an application, for forms; the intent asks again.
func (s *Store) MayKeepApp(ctx context.Context, by Actor, id string) bool {
	err := s.view(ctx, func(t *tx) error {
		_, err := t.keptApp(by, id)
		return err
	})
	return err == nil
}

// AppPeople finds the town and the people somebody typed as those who look after an application: a town by its exact name,
// people by their handles in a comma list.
func (s *Store) AppPeople(ctx context.Context, by Actor, town, handles string) (AppInput, error) {
	var in AppInput
	err := s.view(ctx, func(t *tx) error {
		in = AppInput{}
		if _, err := t.require(by, Take); err != nil {
			return err
		}
		marks := []Mark{{Place: strings.TrimSpace(town)}}
		for _, handle := range strings.Split(handles, ",") {
			if handle = strings.TrimPrefix(strings.TrimSpace(handle), "@"); handle != "" && len(marks) <= 2*maxMaintainers {
				marks = append(marks, Mark{Handle: handle})
			}
		}
		if err := t.resolve(Meeting{}, marks); err != nil {
			return err
		}
		var c check
		if len(marks[0].Problems) > 0 {
			c.add("keeper", "member.town_unknown")
		}
		in.Keeper = marks[0].Town.ID
		for _, mark := range marks[1:] {
			if len(mark.Problems) > 0 {
				c.add("maintainers", "rsvp.unknown_member")
			}
			in.Maintainers = append(in.Maintainers, mark.Person.ID)
		}
		return c.err()
	})
	return in, err
}

// Rendered renders a text that nobody of the community wrote, as Markdown.
func (s *Store) Rendered(ctx context.Context, source string) (string, error) {
	if source == "" {
		return "", nil
	}
	return s.renderer.Render(ctx, source)
}
