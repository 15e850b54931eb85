package store

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// UseState is how a town uses an application.
type UseState string

const (
	UseRunning UseState = "running"
	UseTesting UseState = "testing"
	UseFormer  UseState = "former" // it did once; the past stays
)

// Hosting is where an application of a town runs.
type Hosting string

const (
	HostingUnknown Hosting = ""
	HostingOwn     Hosting = "own"    // on the town's own machines
	HostingShared  Hosting = "shared" // by another public body
	HostingCompany Hosting = "company"
)

// AppUse says that a town runs an application.
type AppUse struct {
	Town    string    `json:"town"`
	App     string    `json:"app"`
	State   UseState  `json:"state"`
	Version string    `json:"version,omitzero"`
	Since   string    `json:"since,omitzero"` // a year, a month or a day: 2024, 2024-05, 2024-05-17
	Hosting Hosting   `json:"hosting,omitzero"`
	Host    string    `json:"host,omitzero"` // provider id, when a provider of the hub hosts it
	MayCall bool      `json:"may_call,omitzero"`
	Experts []string  `json:"experts,omitzero"` // member ids; those who left the town do not count
	Note    string    `json:"note,omitzero"`
	Began   time.Time `json:"began"` // said first
	Changed time.Time `json:"changed"`
	By      string    `json:"by,omitzero"`
}

func appUses() *table[AppUse] {
	return &table[AppUse]{
		family: famAppUse,
		key:    func(u *AppUse) []string { return []string{u.Town, u.App} },
		indexes: []index[AppUse]{
			{family: famAppUseApp, parts: func(u *AppUse) [][]string { return [][]string{{u.App, string(u.State)}} }},
			{family: famAppUseExpert, parts: func(u *AppUse) [][]string {
				var parts [][]string
				for _, id := range u.Experts {
					parts = append(parts, []string{id})
				}
				return parts
			}},
		},
	}
}

// AppUseInput is what a town says about an application that it runs.
type AppUseInput struct {
	State          UseState
	Version, Since string
	Hosting        Hosting
	Host           string // provider id
	MayCall        bool
	Experts        []string // member ids
	Note           string
}

var sincePattern = regexp.MustCompile(`^\d{4}(-\d{2}(-\d{2})?)?$`)

// firstUseYear is the earliest year in which a town can have begun to run an application.
const firstUseYear = 1990

func (in *AppUseInput) check(now time.Time) error {
	var c check
	in.State = oneOf(&c, "state", in.State, UseRunning, UseTesting, UseFormer)
	in.Version = c.line("version", in.Version, 40)
	in.Hosting = oneOf(&c, "hosting", in.Hosting, HostingUnknown, HostingOwn, HostingShared, HostingCompany)
	in.Note = c.line("note", in.Note, MaxLine)
	if in.Since = strings.TrimSpace(in.Since); in.Since != "" {
		if day, err := time.Parse("2006-01-02"[:min(len(in.Since), 10)], in.Since); err != nil || !sincePattern.MatchString(in.Since) {
			c.add("since", "app.since_form")
		} else if day.Year() < firstUseYear || in.Since > now.Add(14 * time.Hour).Format("2006-01-02")[:len(in.Since)] { // the day that has begun somewhere
			c.add("since", "app.since_when", "Year", strconv.Itoa(firstUseYear))
		}
	}
	return c.err()
}

// RunApp says that a town runs an application, tries it, or did once: by the town's coordinators and stewards. Saying it
// again changes what was said.
func (s *Store) RunApp(ctx context.Context, by Actor, townID, appID string, in AppUseInput) (AppUse, error) {
	var use AppUse
	err := s.update(ctx, "app/"+appID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if err := in.check(t.now); err != nil {
			return err
		}
		if err := t.requireTown(by, townID, mayEditTown); err != nil {
			return err
		}
		app, err := apps().get(t, appID)
		if err != nil {
			return err
		}
		town, err := towns().get(t, townID)
		if err != nil {
			return err
		}
		if town.State == TownJoining { // nobody but those concerned knows of it yet
			return conflict("app.town_joining")
		}
		had, was, err := appUses().find(t, townID, appID)
		if err != nil {
			return err
		}
		use = AppUse{Town: townID, App: appID, State: in.State, Version: in.Version, Since: in.Since, Hosting: in.Hosting, Host: in.Host, MayCall: in.MayCall,
			Experts: in.Experts, Note: in.Note, Began: t.now, Changed: t.now, By: by.MemberID}
		if was {
			use.Began = had.Began
		}
		if err := t.experts(use); err != nil {
			return err
		}
		if err := t.host(&use, had); err != nil {
			return err
		}
		if err := t.countUse(app, had.State, use.State); err != nil {
			return err
		}
		if err := appUses().put(t, use); err != nil {
			return err
		}
		return t.audit(by, "audit.app_use", townID, map[string]string{"town": town.Name, "app": app.Name()})
	})
	return use, err
}

// experts checks that the experts of a use are people of the town.
func (t *tx) experts(use AppUse) error {
	people, err := members().many(t, use.Experts)
	if err != nil {
		return err
	}
	for _, id := range use.Experts {
		if people[id].State != MemberActive || people[id].TownID() != use.Town {
			return invalid("experts", "app.expert_elsewhere")
		}
	}
	return nil
}

// countUse keeps how many towns run and try an application.
func (t *tx) countUse(app App, before, after UseState) error {
	if before == after {
		return nil
	}
	for state, by := range map[UseState]int{before: -1, after: 1} {
		switch state {
		case UseRunning:
			app.Running += by
		case UseTesting:
			app.Testing += by
		}
	}
	return apps().put(t, app)
}

// ForgetUse takes back that a town runs an application, when it was said by mistake: by the town's coordinators and stewards.
func (s *Store) ForgetUse(ctx context.Context, by Actor, townID, appID string) error {
	return s.update(ctx, "app/"+appID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		t.lastRoom()
		if err := t.requireTown(by, townID, mayEditTown); err != nil {
			return err
		}
		use, err := appUses().get(t, townID, appID)
		if err != nil {
			return err
		}
		app, err := apps().get(t, appID)
		if err != nil {
			return err
		}
		town, err := towns().get(t, townID)
		if err != nil {
			return err
		}
		if err := t.countUse(app, use.State, ""); err != nil {
			return err
		}
		if err := appUses().remove(t, townID, appID); err != nil {
			return err
		}
		return t.audit(by, "audit.app_use_forgotten", townID, map[string]string{"town": town.Name, "app": app.Name()})
	})
}

// BeExpert lets a member say that they know an application that their town runs, or take it back.
func (s *Store) BeExpert(ctx context.Context, by Actor, appID string, on bool) error {
	return s.update(ctx, "app/"+appID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if !welcomed(who) {
			return denied("app.not_welcomed")
		}
		use, ok, err := appUses().find(t, who.TownID(), appID)
		if err != nil {
			return err
		}
		if !ok {
			if _, err := apps().get(t, appID); err != nil {
				return err
			}
			return conflict("app.not_run")
		}
		use.Experts = slices.DeleteFunc(slices.Clone(use.Experts), func(id string) bool { return id == who.ID })
		if on {
			use.Experts = append(use.Experts, who.ID)
		}
		return appUses().put(t, use)
	})
}

// AppUseRow is a use with what it names. Experts are only those who still are of the town.
type AppUseRow struct {
	Use     AppUse
	App     App
	Town    Town
	Host    Provider // one that is shown
	Experts []Member
}

// useRows completes uses with what they name: their towns from the roll and of their applications only the names, when these
// are given.
func (t *tx) useRows(uses []AppUse, all *roll, names *appNames) ([]AppUseRow, error) {
	var appIDs, townIDs, hosts, people []string
	for _, use := range uses {
		appIDs, townIDs, hosts, people = append(appIDs, use.App), append(townIDs, use.Town), append(hosts, use.Host), append(people, use.Experts...)
	}
	var programs map[string]App
	if names != nil {
		programs = names.byID
	} else {
		var err error
		if programs, err = apps().many(t, appIDs); err != nil {
			return nil, err
		}
	}
	places, err := t.townsOf(townIDs, all)
	if err != nil {
		return nil, err
	}
	hosting, err := providers().many(t, hosts)
	if err != nil {
		return nil, err
	}
	persons, err := members().many(t, people)
	rows := make([]AppUseRow, len(uses))
	for i, use := range uses {
		rows[i] = AppUseRow{Use: use, App: programs[use.App], Town: places[use.Town]}
		if p := hosting[use.Host]; !p.Hidden {
			rows[i].Host = p
		}
		for _, id := range use.Experts {
			if m := persons[id]; m.State == MemberActive && m.TownID() == use.Town {
				rows[i].Experts = append(rows[i].Experts, m)
			}
		}
	}
	return rows, err
}

// usesOfTown are the applications of one town, by name.
func (t *tx) usesOfTown(townID string, names *appNames) ([]AppUseRow, error) {
	uses, err := appUses().under(t, window{Under: []string{townID}, Limit: maxApps})
	if err != nil {
		return nil, err
	}
	rows, err := t.useRows(uses, nil, names)
	slices.SortStableFunc(rows, func(a, b AppUseRow) int { return strings.Compare(sortName(a.App.Name()), sortName(b.App.Name())) })
	return rows, err
}

// AppsOfTown lists what a town runs, tries or ran, by name. Of the applications it knows
// the names only. It is public.
func (s *Store) AppsOfTown(ctx context.Context, townID string) ([]AppUseRow, error) {
	var rows []AppUseRow
	names, err := s.appNames(ctx)
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, func(t *tx) error {
		var err error
		rows, err = t.usesOfTown(townID, names)
		return err
	})
	return rows, err
}

// usesOf are the towns that use an application in one of these ways.
func (t *tx) usesOf(appID string, states ...UseState) ([]AppUse, error) {
	var all []AppUse
	for _, state := range states {
		w := window{Under: []string{appID, string(state)}, Limit: scanBatch}
		for {
			batch, err := appUses().list(t, famAppUseApp, w)
			if err != nil {
				return nil, err
			}
			all = append(all, batch...)
			if len(batch) < w.Limit {
				break
			}
			last := batch[len(batch)-1]
			w.start(last.Town + partEnd + last.App)
		}
	}
	return all, nil
}
