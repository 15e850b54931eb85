package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"belfry/store"
)

// story is the community while it is being built.
type story struct {
	ctx     context.Context
	hub     *store.Store
	clock   *Clock
	rand    *rand.Rand
	now     time.Time // of the end
	members []store.Member
	towns   []store.Town
	names   map[string]bool
	boss    store.Actor // the administrator
	lead    store.Actor // the organiser
}

const years = 2

// Build makes the community in an empty store whose clock is the one given, and leaves the clock on the real time.
func Build(ctx context.Context, hub *store.Store, clock *Clock) error {
	now := clock.Now()
	s := &story{ctx: ctx, hub: hub, clock: clock, now: now, rand: rand.New(rand.NewPCG(uint64(now.Unix()/86400), 7)), names: map[string]bool{}}
	for _, chapter := range []func() error{s.towns1, s.duties, s.meetingsOfTwoYears, s.otherMeetings, s.nextMeeting, s.newcomers, s.tidyPost} {
		if err := chapter(); err != nil {
			return err
		}
	}
	clock.Live()
	return nil
}

// join lets somebody join a town and confirm; the token is taken from the outbox, as their mailbox would show it.
func (s *story) join(name, code, lang, domain string) (store.Member, error) {
	s.clock.add(37 * time.Minute)
	address := strings.ReplaceAll(plain(name), " ", ".") + "@" + domain + ".example"
	err := s.hub.Join(s.ctx, store.JoinInput{TownCode: code, Name: name, Email: address, Language: lang, Zone: "Europe/Brussels",
		From: store.Client{Address: name, Agent: "demo"}})
	if err != nil {
		return store.Member{}, fmt.Errorf("demo: %s joins: %w", name, err)
	}
	due, err := s.hub.DueEvents(s.ctx, 1000)
	if err != nil {
		return store.Member{}, err
	}
	for _, event := range due {
		if event.Kind != store.EventConfirmAddress || event.Data["address"] != address {
			continue
		}
		in, err := s.hub.UseTicket(s.ctx, event.Data["token"], "", store.Client{Agent: "demo"})
		if err != nil {
			return store.Member{}, err
		}
		return in.Member, s.hub.Posted(s.ctx, event, nil)
	}
	return store.Member{}, fmt.Errorf("demo: no letter for %s", address)
}

// plain is a name in the letters of a mail address.
func plain(name string) string {
	return strings.NewReplacer("é", "e", "è", "e", "ë", "e", "ê", "e", "É", "e", "ï", "i", "ö", "o", "ü", "u", "ç", "c", "'", "", "’", "", "â", "a", "ô", "o").Replace(strings.ToLower(name))
}

// towns1 brings the towns in over the first months: the first person joins, the town is welcomed, colleagues follow.
func (s *story) towns1() error {
	s.clock.set(s.now.AddDate(-years, -2, 0))
	for i, p := range places() {
		real, ok := s.hub.Gazetteer().Town(p.code)
		if !ok {
			return fmt.Errorf("demo: town %s is unknown", p.code)
		}
		domain := strings.Trim(plain(strings.ReplaceAll(strings.ReplaceAll(real.Name, " ", "-"), "'", "-")), "-")
		for n := range p.people {
			m, err := s.join(s.nameFor(p, i, n), p.code, p.lang, domain)
			if err != nil {
				return err
			}
			s.members = append(s.members, m)
			duty := duties(p.lang)
			err = s.hub.ChangeProfile(s.ctx, store.As(m.ID), store.ProfileInput{Name: m.Name, Duty: duty[(i+n)%len(duty)], Language: p.lang,
				Zone: "Europe/Brussels", Notices: true})
			if err != nil {
				return err
			}
			if n > 0 {
				if err := s.hub.WelcomePerson(s.ctx, store.System(), m.ID); err != nil {
					return err
				}
				continue
			}
			if err := s.hub.WelcomeTown(s.ctx, store.System(), m.TownID()); err != nil {
				return err
			}
			err = s.hub.EditTown(s.ctx, store.System(), m.TownID(), store.TownInput{About: p.about, Staff: store.Staff(p.staff)})
			if err != nil {
				return err
			}
			town, err := s.hub.TownByID(s.ctx, m.TownID())
			if err != nil {
				return err
			}
			s.towns = append(s.towns, town)
		}
	}
	return nil
}

// nameFor is the n-th person's name in a town; no two people share one.
func (s *story) nameFor(p place, i, n int) string {
	if own := named()[p.code]; n < len(own) {
		return own[n]
	}
	first, last := names(p.lang)
	for k := 0; ; k++ {
		name := first[(i*5+n*7+k)%len(first)] + " " + last[(i*3+n*11+k)%len(last)]
		if !s.names[name] {
			s.names[name] = true
			return name
		}
	}
}

// duties are given by the operator first, then by the administrator. One hand-over and one departure are history.
func (s *story) duties() error {
	find := func(handle string) (store.Member, error) { return s.hub.MemberByHandle(s.ctx, handle) }
	persons := Persons()
	admin, err := find(persons[4].Handle)
	if err != nil {
		return err
	}
	if err := s.hub.SetRole(s.ctx, store.System(), admin.ID, store.RoleAdministrator, true); err != nil {
		return err
	}
	s.boss = store.As(admin.ID)
	steward, err := find(persons[3].Handle)
	if err != nil {
		return err
	}
	organiser, err := find(persons[2].Handle)
	if err != nil {
		return err
	}
	for _, give := range []struct {
		id   string
		role store.Role
	}{{steward.ID, store.RoleSteward}, {organiser.ID, store.RoleOrganiser}, {s.members[10].ID, store.RoleOrganiser}, {s.members[20].ID, store.RoleModerator}} {
		if err := s.hub.SetRole(s.ctx, s.boss, give.id, give.role, true); err != nil {
			return err
		}
	}
	s.lead = store.As(organiser.ID)
	people := s.peopleOf("BE-62063")
	if len(people) < 2 {
		return fmt.Errorf("demo: nobody to hand over to")
	}
	return s.hub.HandOver(s.ctx, store.System(), people[0].ID, people[1].ID, false)
}

func (s *story) townOf(code string) store.Town {
	for _, t := range s.towns {
		if t.Code == code {
			return t
		}
	}
	return store.Town{}
}

func (s *story) peopleOf(code string) []store.Member {
	var people []store.Member
	for _, m := range s.members {
		if m.TownID() == s.townOf(code).ID {
			people = append(people, m)
		}
	}
	return people
}

// newcomers have just joined; nobody has welcomed them yet.
func (s *story) newcomers() error {
	s.clock.set(s.now.Add(-26 * time.Hour))
	for _, n := range []struct{ name, code, lang, domain string }{
		{"Zoé Essai", "FR-59067", "fr", "bergues"}, {"Camille Modèle", "FR-59135", "fr", "cassel"}, {"Greet Voorbeeld", "BE-34022", "nl", "kortrijk"},
	} {
		if _, err := s.join(n.name, n.code, n.lang, n.domain); err != nil {
			return err
		}
	}
	return nil
}

// tidyPost takes away the letters of two years, and leaves the newest few to look at.
func (s *story) tidyPost() error {
	s.clock.set(s.now)
	const keep = 12
	for {
		due, err := s.hub.DueEvents(s.ctx, 1000)
		if err != nil || len(due) <= keep {
			return err
		}
		for _, event := range due[:len(due)-keep] {
			if err := s.hub.Posted(s.ctx, event, nil); err != nil {
				return err
			}
		}
	}
}
