package store

import (
	"context"
	"slices"
)

// openTown finds the town a newcomer named, or makes its record: it is then joining. A resting town wakes up.
func (t *tx) openTown(j joining) (Town, error) {
	switch {
	case j.TownID != "":
		town, err := towns().get(t, j.TownID)
		if err == nil {
			town, err = t.townNow(town)
		}
		if err != nil {
			return town, err
		}
		return town, t.wake(&town)
	case j.TownCode != "":
		town, err := towns().lookup(t, famTownCode, j.TownCode)
		if err == nil {
			if town, err = t.townNow(town); err != nil {
				return town, err
			}
			return town, t.wake(&town)
		}
		if KindOf(err) != NotFound {
			return town, err
		}
		real, ok := t.store.gazetteer.Town(j.TownCode)
		if !ok {
			return town, invalid("town", "member.town_unknown")
		}
		names := map[string]string{}
		for tag, name := range map[string]string{"fr": real.NameFR, "nl": real.NameNL, "de": real.NameDE} {
			if name != "" && name != real.Name {
				names[tag] = name
			}
		}
		return t.addTown(Town{Code: real.Code, Name: real.Name, Names: names, Country: real.Country, Area: real.Area,
			Languages: real.Languages, Population: real.Population, Lat: real.Lat, Lon: real.Lon})
	}
	return t.addTown(Town{Name: j.OtherName, Country: j.OtherLand})
}

func (t *tx) addTown(town Town) (Town, error) {
	var err error
	if town.ID, err = t.newID(); err != nil {
		return town, err
	}
	if town.Slug, err = t.freeSlug(famTownSlug, town.Name, "commune"); err != nil {
		return town, err
	}
	town.State, town.Created, town.Changed = TownJoining, t.now, t.now
	return town, towns().put(t, town)
}

// wake brings a resting town back: it was welcomed before, so it is a member again.
func (t *tx) wake(town *Town) error {
	if town.State != TownResting {
		return nil
	}
	town.State, town.Changed = TownMember, t.now
	if town.Welcomed.IsZero() {
		town.State = TownJoining
	}
	return towns().put(t, *town)
}

// enter opens a place in a town for a member, closing the one before. The member is not stored here.
func (t *tx) enter(m *Member, town Town, coordinator bool) {
	t.closePlace(m)
	m.Places = append(m.Places, Place{Town: town.ID, Coordinator: coordinator, From: t.now})
	m.Changed = t.now
}

// closePlace ends the open place, if there is one. The member is not stored here.
func (t *tx) closePlace(m *Member) {
	if n := len(m.Places); n > 0 && m.Places[n-1].To.IsZero() {
		m.Places = slices.Clone(m.Places)
		m.Places[n-1].To = t.now
	}
}

// people are the active members with an open place in a town, by name.
func (t *tx) people(townID string) ([]Member, error) {
	if townID == "" {
		return nil, nil
	}
	var all []Member
	w := window{Under: []string{townID}, Limit: scanBatch}
	for {
		batch, err := members().list(t, famMemberTown, w)
		if err != nil {
			return nil, err
		}
		all = append(all, batch...)
		if len(batch) < scanBatch {
			return all, nil
		}
		last := batch[len(batch)-1]
		w.From = sortName(last.Name) + partEnd + last.ID + "\x01"
	}
}

// restIfEmpty lets a town rest when nobody acts for it any more.
func (t *tx) restIfEmpty(townID string) error {
	left, err := t.people(townID)
	if err != nil || len(left) > 0 || townID == "" {
		return err
	}
	town, err := towns().get(t, townID)
	if err != nil {
		return err
	}
	town.State, town.Changed = TownResting, t.now
	return towns().put(t, town)
}

// WelcomeTown makes a joining town a member, by a steward or organiser. Its people are welcomed with it, and the
// first of them becomes its coordinator.
func (s *Store) WelcomeTown(ctx context.Context, by Actor, townID string) error {
	return s.update(ctx, "town/"+townID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		town, err := towns().get(t, townID)
		if err != nil {
			return err
		}
		if town.State != TownJoining {
			return conflict("town.not_joining")
		}
		town.State, town.Welcomed, town.WelcomedBy, town.Changed = TownMember, t.now, by.MemberID, t.now
		if err := towns().put(t, town); err != nil {
			return err
		}
		people, err := t.people(townID)
		if err != nil {
			return err
		}
		slices.SortFunc(people, func(a, b Member) int { return a.Joined.Compare(b.Joined) })
		for i, m := range people {
			if err := t.welcome(by, m, i == 0); err != nil {
				return err
			}
		}
		return t.audit(by, "audit.town_welcomed", townID, map[string]string{"town": town.Name})
	})
}

// welcome marks a member's open place as welcomed and tells them.
func (t *tx) welcome(by Actor, m Member, coordinator bool) error {
	n := len(m.Places)
	m.Places = slices.Clone(m.Places)
	place := &m.Places[n-1]
	if place.Welcomed.IsZero() {
		place.Welcomed, place.WelcomedBy = t.now, by.MemberID
	}
	if coordinator && !place.Coordinator {
		place.Coordinator = true
		if err := t.noteRole(by, m.ID, RoleCoordinator, place.Town, true); err != nil {
			return err
		}
	}
	m.Changed = t.now
	if err := members().put(t, m); err != nil {
		return err
	}
	return t.emit(Event{Kind: EventWelcomed, Subject: place.Town, Member: m.ID, By: by.MemberID})
}

// mayWelcome: coordinators of the town, organisers and stewards.
func mayWelcome(m Member, townID string) bool { return may(m, Organise) || m.Coordinates(townID) }

// WelcomePerson lets a newcomer act for a town that is a member.
func (s *Store) WelcomePerson(ctx context.Context, by Actor, memberID string) error {
	return s.update(ctx, "member/"+memberID, func(t *tx) error {
		m, town, err := t.placed(memberID)
		if err != nil {
			return err
		}
		if err := t.requireTown(by, town.ID, mayWelcome); err != nil {
			return err
		}
		if town.State != TownMember {
			return conflict("town.welcome_town_first")
		}
		if place, _ := m.Place(); !place.Welcomed.IsZero() {
			return nil
		}
		if err := t.audit(by, "audit.person_welcomed", memberID, map[string]string{"name": m.Name, "town": town.Name}); err != nil {
			return err
		}
		return t.welcome(by, m, false)
	})
}

// placed loads a member who has a place, with the town.
func (t *tx) placed(memberID string) (Member, Town, error) {
	m, err := members().get(t, memberID)
	if err != nil {
		return m, Town{}, err
	}
	place, ok := m.Place()
	if !ok || m.State != MemberActive {
		return m, Town{}, notFound()
	}
	town, err := towns().get(t, place.Town)
	return m, town, err
}

// requireTown asks a question about one town.
func (t *tx) requireTown(by Actor, townID string, question func(Member, string) bool) error {
	if by.system {
		return nil
	}
	m, err := t.member(by)
	if err != nil {
		return err
	}
	if !question(m, townID) {
		return denied("error.not_allowed.town")
	}
	return nil
}

// RefusePerson ends the place of somebody who says they work for a town and does not.
func (s *Store) RefusePerson(ctx context.Context, by Actor, memberID string) error {
	return s.update(ctx, "member/"+memberID, func(t *tx) error {
		m, town, err := t.placed(memberID)
		if err != nil {
			return err
		}
		if err := t.requireTown(by, town.ID, mayWelcome); err != nil {
			return err
		}
		if place, _ := m.Place(); !place.Welcomed.IsZero() {
			return conflict("town.already_welcomed")
		}
		t.closePlace(&m)
		if err := members().put(t, m); err != nil {
			return err
		}
		if err := t.audit(by, "audit.person_refused", memberID, map[string]string{"name": m.Name, "town": town.Name}); err != nil {
			return err
		}
		return t.restIfEmpty(town.ID)
	})
}

// MoveTo ends the acting member's place and opens one in another town, which waits for its welcome there. The last
// coordinator of a town with other people hands over first.
func (s *Store) MoveTo(ctx context.Context, by Actor, in JoinInput) error {
	var c check
	to := joining{TownCode: in.TownCode, TownID: in.TownID}
	s.checkTown(&c, in, &to)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "member/"+by.MemberID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		m, err := t.member(by)
		if err != nil {
			return err
		}
		if err := t.knownTown("town", to.TownID); err != nil {
			return err
		}
		town, err := t.openTown(to)
		if err != nil {
			return err
		}
		before := m.TownID()
		if before == town.ID {
			return invalid("town", "member.town_same")
		}
		if err := t.keepsCoordinator(m); err != nil {
			return err
		}
		t.enter(&m, town, false)
		if err := members().put(t, m); err != nil {
			return err
		}
		if err := t.restIfEmpty(before); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventPersonWaits, Subject: town.ID, By: m.ID})
	})
}

// HandOver moves what one person does for a town to a colleague there: the coordinator's duty and the agenda items
// of meetings to come. With leaving, the place of the first person ends. By the person, a coordinator of the town,
// or a steward.
func (s *Store) HandOver(ctx context.Context, by Actor, fromID, toID string, leaving bool) error {
	return s.update(ctx, "roles", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		from, town, err := t.placed(fromID)
		if err != nil {
			return err
		}
		if by.MemberID != fromID {
			if err := t.requireTown(by, town.ID, mayEditTown); err != nil {
				return err
			}
		}
		to, other, err := t.placed(toID)
		if err != nil || other.ID != town.ID || toID == fromID {
			return invalid("to", "town.hand_over_unknown")
		}
		if place, _ := to.Place(); place.Welcomed.IsZero() {
			if err := t.welcome(by, to, false); err != nil {
				return err
			}
			if to, err = members().get(t, toID); err != nil {
				return err
			}
		}
		if place, _ := from.Place(); place.Coordinator {
			if err := t.setCoordinator(by, &to, true); err != nil {
				return err
			}
			if err := t.setCoordinator(by, &from, false); err != nil {
				return err
			}
		}
		if err := t.moveItems(fromID, toID); err != nil {
			return err
		}
		if leaving {
			if from, err = members().get(t, fromID); err != nil {
				return err
			}
			t.closePlace(&from)
			if err := members().put(t, from); err != nil {
				return err
			}
		}
		err = t.audit(by, "audit.hand_over", town.ID, map[string]string{"from": from.Name, "to": to.Name, "town": town.Name})
		if err != nil {
			return err
		}
		return t.emit(Event{Kind: EventHandOver, Subject: town.ID, Member: toID, By: fromID})
	})
}
