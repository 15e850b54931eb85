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
	before  store.Meeting // the last monthly meeting whose minutes were published
	ctx     context.Context
	hub     *store.Store
	clock   *Clock
	rand    *rand.Rand
	now     time.Time // of the end
	members []store.Member
	towns   []store.Town
	names   map[string]bool
	topics  []topic
	steward store.Actor
	lead    store.Actor // the organiser
	monthly store.Series
	coming  []place // towns that have not joined yet
	shelf   map[string]store.Category
	talks   []conversation

	tutorings []tutoring
}

const (
	years   = 2
	zone    = "Europe/Brussels"
	letters = 12 // events left for the post to turn into letters
)

// Build makes the community in an empty store whose clock is the one given, and leaves the clock on the real time.
func Build(ctx context.Context, hub *store.Store, clock *Clock) error {
	now := clock.Now()
	// #nosec G404 -- the demo is the same all day
	s := &story{ctx: ctx, hub: hub, clock: clock, now: now, rand: rand.New(rand.NewPCG(uint64(now.Unix()/86400), 7)), names: map[string]bool{},
		coming: arrivals(), tutorings: tutorings()}
	var err error
	if s.topics, err = topics(); err != nil {
		return err
	}
	remind := func() error { _, err := hub.Advance(ctx); return err }
	for _, chapter := range []func() error{s.found, s.shelves, s.catalogue, s.startSeries, s.twoYears, s.sideMeetings, s.renew, s.seekers, s.lateTalk, s.chatter, s.nextMeeting, s.uses, s.newcomers, remind, s.tidyPost} {
		if err := chapter(); err != nil {
			return err
		}
	}
	clock.Live()
	return nil
}

// reach lets time go on until t; it never goes back, and it stops before the end: a notice of an edit falls due ten
// minutes after it, and must be due when the story ends to be taken away.
func (s *story) reach(t time.Time) {
	if last := s.now.Add(-40 * time.Minute); t.After(last) {
		t = last
	}
	if t.After(s.clock.Now()) {
		s.clock.set(t)
	}
}

// join lets somebody join a town and confirm; the token is taken from the outbox, as their mailbox would show it.
func (s *story) join(name, code, lang string) (store.Member, error) {
	real, ok := s.hub.Gazetteer().Town(code)
	if !ok {
		return store.Member{}, fmt.Errorf("demo: town %s is unknown", code)
	}
	s.clock.add(37 * time.Minute)
	domain := strings.Trim(plain(strings.NewReplacer(" ", "-", "'", "-").Replace(real.Name)), "-")
	address := strings.ReplaceAll(plain(name), " ", ".") + "@" + domain + ".example"
	err := s.hub.Join(s.ctx, store.JoinInput{TownCode: code, Name: name, Email: address, Language: lang, Zone: zone,
		From: store.Client{Address: name, Agent: "demo"}})
	if err != nil {
		return store.Member{}, fmt.Errorf("demo: %s joins: %w", name, err)
	}
	return s.confirm(address)
}

// confirm uses the token that was mailed to somebody who joins.
func (s *story) confirm(address string) (store.Member, error) {
	due, err := s.hub.DueEvents(s.ctx, 1000)
	if err != nil {
		return store.Member{}, err
	}
	for _, event := range due {
		if event.Kind == store.EventConfirmAddress && event.Data["address"] == address {
			in, err := s.hub.UseTicket(s.ctx, event.Data["token"], "", store.Client{Agent: "demo"})
			return in.Member, err
		}
	}
	return store.Member{}, fmt.Errorf("demo: no letter for %s", address)
}

// found brings the first towns in. The first of all is welcomed by the operator, and its people care for the others.
func (s *story) found() error {
	s.clock.set(s.now.AddDate(-years, -2, 0))
	s.steward = store.System()
	for i, p := range founders() {
		if err := s.admit(p); err != nil {
			return err
		}
		if i == 0 {
			if err := s.firstDuties(); err != nil {
				return err
			}
		}
	}
	give := func(by store.Actor, who string, role store.Role) error {
		return s.hub.SetRole(s.ctx, by, who, role, true)
	}
	organiser, err := s.hub.MemberByHandle(s.ctx, Persons()[2].Handle)
	if err != nil {
		return err
	}
	s.lead = store.As(organiser.ID)
	boss, err := s.hub.MemberByHandle(s.ctx, Persons()[4].Handle)
	if err != nil {
		return err
	}
	for _, id := range []string{organiser.ID, s.peopleOf("FR-59350")[0].ID, s.peopleOf("BE-53053")[0].ID} {
		if err := give(s.steward, id, store.RoleOrganiser); err != nil {
			return err
		}
	}
	if err := give(s.steward, s.peopleOf("BE-25014")[0].ID, store.RoleModerator); err != nil {
		return err
	}
	return give(store.As(boss.ID), s.peopleOf("BE-62063")[1].ID, store.RoleSteward)
}

// firstDuties makes the first administrator and, by them, the first steward.
func (s *story) firstDuties() error {
	steward, boss := s.members[0], s.members[1]
	if err := s.hub.SetRole(s.ctx, store.System(), boss.ID, store.RoleAdministrator, true); err != nil {
		return err
	}
	s.steward = store.As(steward.ID)
	return s.hub.SetRole(s.ctx, store.As(boss.ID), steward.ID, store.RoleSteward, true)
}

// admit lets a town's people join: the first is welcomed with the town and welcomes the colleagues who follow.
func (s *story) admit(p place) error {
	duty := duties(p.lang)
	var coordinator store.Actor
	for n := range p.people {
		m, err := s.join(s.nameFor(p, n), p.code, p.lang)
		if err != nil {
			return err
		}
		s.members = append(s.members, m)
		err = s.hub.ChangeProfile(s.ctx, store.As(m.ID), store.ProfileInput{Name: m.Name, Duty: duty[(len(s.towns)+n)%len(duty)],
			Language: p.lang, Zone: zone, Notices: true, Skills: skillsOf(p, n), Speaks: []string{p.lang}})
		if err != nil {
			return err
		}
		if n > 0 {
			if err := s.hub.WelcomePerson(s.ctx, coordinator, m.ID); err != nil {
				return err
			}
			continue
		}
		coordinator = store.As(m.ID)
		if err := s.hub.WelcomeTown(s.ctx, s.steward, m.TownID()); err != nil {
			return err
		}
		if err := s.hub.EditTown(s.ctx, coordinator, m.TownID(), said(p)); err != nil {
			return err
		}
		town, err := s.hub.TownByID(s.ctx, m.TownID())
		if err != nil {
			return err
		}
		s.towns = append(s.towns, town)
	}
	return s.post(0)
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

// newcomers have just joined; nobody has welcomed them yet. Kortrijk is a member already, the other towns are not.
func (s *story) newcomers() error {
	s.reach(s.now.Add(-26 * time.Hour))
	for _, n := range []struct{ name, code, lang string }{
		{"Zoé Essai", "FR-59067", "fr"}, {"Camille Modèle", "FR-59135", "fr"}, {"Basile Exemple", "BE-61080", "fr"}, {"Greet Voorbeeld", "BE-34022", "nl"},
	} {
		m, err := s.join(n.name, n.code, n.lang)
		if err != nil {
			return err
		}
		if n.code == "FR-59067" {
			if _, err := s.hub.AskMentor(s.ctx, store.As(m.ID), ask("planning-permits gis", s.townOf("BE-57081").ID, "Bonjour, nous sommes une petite commune près de la frontière et nous débutons.")); err != nil {
				return err
			}
		}
	}
	return nil
}

// post takes the due events away as if their letters had been written, but for the newest few that go to few people.
func (s *story) post(keep int) error {
	due, err := s.hub.DueEvents(s.ctx, 5000)
	if err != nil {
		return err
	}
	kept := 0
	for i := len(due) - 1; i >= 0; i-- {
		switch due[i].Kind {
		case store.EventMeetingChanged, store.EventCancelled, store.EventMinutes, store.EventSaid: // for many people
		default:
			if kept < keep {
				kept++
				continue
			}
		}
		if err := s.hub.Posted(s.ctx, due[i], nil); err != nil {
			return err
		}
	}
	return nil
}

// tidyPost brings the clock to the end and leaves the newest letters to look at.
func (s *story) tidyPost() error {
	s.clock.set(s.now)
	return s.post(letters)
}
