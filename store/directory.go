package store

import (
	"context"
	"slices"
)

// TownPage is what a town's page shows.
type TownPage struct {
	Town       Town
	Moved      bool // the address was an old one
	People     []Member
	Waiting    []Member // shown to those who may welcome
	Former     []Member
	Roles      []RoleChange
	Names      map[string]Member // people named in Roles
	Hosted     []Meeting         // by it, and by the towns merged into it
	Merged     []Town            // into this one
	Skills     map[string]Skill  // that the profile names
	Opened     []Thread          // by its people, newest first, what the reader may see
	Mentoring  TownMentoring
	MayMerge   bool
	OneContact bool // shown to stewards and the town's own people
	MayEdit    bool
	MayWelcome bool
	MayAdmit   bool // the town itself waits for its welcome, and the reader may give it
}

// TownPage reads a town's page by its address, current or former.
func (s *Store) TownPage(ctx context.Context, by Actor, slug string) (TownPage, error) {
	var p TownPage
	err := s.view(ctx, func(t *tx) error {
		town, err := towns().lookup(t, famTownSlug, slug)
		if err != nil {
			return err
		}
		if town, err = t.townNow(town); err != nil {
			return err
		}
		p = TownPage{Town: town, Moved: town.Slug != slug}
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		p.MayEdit, p.MayWelcome = mayEditTown(reader, town.ID), mayWelcome(reader, town.ID)
		p.MayMerge = may(reader, Steward)
		p.MayAdmit = town.State == TownJoining && may(reader, Organise)
		own := reader.TownID() == town.ID && reader.ID != ""
		if town.State == TownJoining && !own && !p.MayWelcome {
			return notFound()
		}
		if err := p.fillPeople(t, reader, own); err != nil {
			return err
		}
		if err := p.fillHosted(t); err != nil {
			return err
		}
		p.Hosted = slices.DeleteFunc(p.Hosted, func(m Meeting) bool { return m.State == MeetingDraft && !may(reader, Organise) })
		p.Roles, err = roleChanges().list(t, famRoleTown, window{Under: []string{town.ID}, Reverse: true, Limit: 30})
		if err != nil {
			return err
		}
		if p.Names, err = t.named(p.Roles); err != nil {
			return err
		}
		if p.Mentoring, err = t.townMentoring(town); err != nil {
			return err
		}
		if p.Skills, err = t.skillNames(slices.Concat(town.Profile.Teaches, town.Profile.Needs)); err != nil {
			return err
		}
		p.Opened, err = t.openedBy(p.People, reader)
		return err
	})
	return p, err
}

// fillHosted reads the newest meetings that the town hosted, and those of the towns merged into it.
func (p *TownPage) fillHosted(t *tx) error {
	var err error
	if p.Merged, err = t.mergedInto(p.Town.ID); err != nil {
		return err
	}
	for _, town := range append([]Town{p.Town}, p.Merged...) {
		some, err := meetings().list(t, famMeetingTown, window{Under: []string{town.ID}, Reverse: true, Limit: hostedShown})
		if err != nil {
			return err
		}
		p.Hosted = append(p.Hosted, some...)
	}
	slices.SortStableFunc(p.Hosted, func(a, b Meeting) int { return b.Start.Compare(a.Start) })
	p.Hosted = p.Hosted[:min(hostedShown, len(p.Hosted))]
	return nil
}

// hostedShown is how many hosted meetings a town's page lists.
const hostedShown = 20

// fillPeople sorts a town's people. Those who hide are in no list, but of those who look after their place.
func (p *TownPage) fillPeople(t *tx, reader Member, own bool) error {
	people, err := t.people(p.Town.ID)
	if err != nil {
		return err
	}
	welcomed := 0
	for _, m := range people {
		place, _ := m.Place()
		waits := place.Welcomed.IsZero()
		if !waits {
			welcomed++
		}
		switch seen := seesPerson(reader, m) || waits && p.MayWelcome; {
		case seen && waits:
			p.Waiting = append(p.Waiting, m)
		case seen:
			p.People = append(p.People, m)
		}
	}
	if p.OneContact = welcomed == 1 && p.Town.State == TownMember && (own || p.MayEdit); !p.MayWelcome && !own {
		p.Waiting = nil
	}
	return nil
}

// named reads the people a history of duties speaks of.
func (t *tx) named(history []RoleChange) (map[string]Member, error) {
	var ids []string
	for _, change := range history {
		ids = append(ids, change.Member, change.By)
	}
	return members().many(t, ids)
}

// Care is what waits for a steward's eye.
type Care struct {
	Joining    []TownRow    // towns that wait for a welcome
	People     []Member     // people who wait for a welcome in member towns
	OneContact []Town       // member towns with one single contact
	Silent     []Town       // member towns of which nobody wrote, answered or touched the profile for half a year
	Confirm    []Town       // member towns whose profile nobody confirmed for a year
	Overloaded []MentorLoad // that help more towns than they have places for, or do not answer
	OneExpert  []App        // applications that a town runs, with one single expert
	NewSkills  []Skill      // entries of the list that nobody has looked at
	Towns      map[string]Town
}

// Care lists what waits, for organisers and stewards.
func (s *Store) Care(ctx context.Context, by Actor) (Care, error) {
	var care Care
	err := s.view(ctx, func(t *tx) error {
		care = Care{Towns: map[string]Town{}}
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		joining, err := t.townsIn(TownJoining)
		if err != nil {
			return err
		}
		for _, town := range joining {
			people, err := t.people(town.ID)
			if err != nil {
				return err
			}
			care.Joining = append(care.Joining, TownRow{Town: town, People: len(people)})
		}
		full, err := t.townsIn(TownMember)
		if err != nil {
			return err
		}
		for _, town := range full {
			people, err := t.people(town.ID)
			if err != nil {
				return err
			}
			care.Towns[town.ID] = town
			welcomed := 0
			for _, m := range people {
				if place, _ := m.Place(); place.Welcomed.IsZero() {
					care.People = append(care.People, m)
				} else {
					welcomed++
				}
			}
			if welcomed == 1 {
				care.OneContact = append(care.OneContact, town)
			}
			if town.ProfileDue(t.now) {
				care.Confirm = append(care.Confirm, town)
			}
			if silent, err := t.silent(town, people); err != nil {
				return err
			} else if silent {
				care.Silent = append(care.Silent, town)
			}
		}
		if care.Overloaded, err = t.loads(full); err != nil {
			return err
		}
		return care.fill(t)
	})
	return care, err
}

// Numbers say how large the community is.
type Numbers struct{ Towns, People, Meetings, Minutes int }

// Numbers counts member towns, active people, meetings held and minutes published, from the records.
func (s *Store) Numbers(ctx context.Context) (Numbers, error) {
	var n Numbers
	err := s.view(ctx, func(t *tx) error {
		n = Numbers{}
		all, err := t.townsIn(TownMember)
		if err != nil {
			return err
		}
		n.Towns = len(all)
		err = members().each(t, func(m Member) error {
			if m.State == MemberActive {
				n.People++
			}
			return nil
		})
		if err != nil {
			return err
		}
		err = meetings().each(t, func(m Meeting) error {
			if m.Over(t.now) && m.State != MeetingCancelled && m.State != MeetingDraft {
				n.Meetings++
			}
			return nil
		})
		if err != nil {
			return err
		}
		return minutes().each(t, func(m Minutes) error {
			if m.Published > 0 {
				n.Minutes++
			}
			return nil
		})
	})
	return n, err
}
