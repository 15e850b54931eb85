package store

import (
	"context"
	"strings"
)

// Assign says who takes care of a thread: a member, a town, both, or with "" nobody: by the one it is given to,
// moderators, organisers, and whoever it is assigned to now. Who is given it by somebody else is told; of a town alone
// its coordinators are, else its people.
func (s *Store) Assign(ctx context.Context, by Actor, id, memberID, townID string) error {
	return s.changeThread(ctx, by, id, func(t *tx, who Member, shelf Category, d *Thread) error {
		own := (memberID == "" || memberID == who.ID) && (townID == "" || townID == who.TownID()) &&
			(d.Assigned == "" || d.Assigned == who.ID) && (d.AssignedTown == "" || d.AssignedTown == who.TownID())
		if !own && !mayAssign(who) {
			return denied("error.not_allowed.moderate")
		}
		if memberID != "" {
			m, ok, err := members().find(t, memberID)
			if err != nil {
				return err
			}
			if !ok || m.State != MemberActive || !sees(m, shelf) {
				return invalid("member", "rsvp.unknown_member")
			}
		}
		if townID != "" {
			if err := t.knownTown("town", townID); err != nil {
				return err
			}
		}
		if memberID == d.Assigned && townID == d.AssignedTown {
			return nil
		}
		was := *d
		d.Assigned, d.AssignedTown = memberID, townID
		return t.tellAssigned(who, was, *d)
	})
}

func mayAssign(who Member) bool { return may(who, Moderate) || may(who, Organise) }

// maxTownTold is how many people of a town are told that a thread was given to it.
const maxTownTold = 10

// tellAssigned tells those a thread was given to, except who gave it.
func (t *tx) tellAssigned(who Member, was, d Thread) error {
	var told []string
	data := map[string]string(nil)
	switch {
	case d.Assigned != "" && d.Assigned != was.Assigned:
		told = []string{d.Assigned}
	case d.Assigned == "" && d.AssignedTown != "" && (d.AssignedTown != was.AssignedTown || was.Assigned != ""):
		people, err := t.coordinators(d.AssignedTown)
		if err != nil {
			return err
		}
		if len(people) == 0 {
			if people, err = t.people(d.AssignedTown); err != nil {
				return err
			}
		}
		for _, m := range people[:min(len(people), maxTownTold)] {
			told = append(told, m.ID)
		}
		data = map[string]string{"town": d.AssignedTown}
	}
	for _, id := range told {
		if id == who.ID {
			continue
		}
		if err := t.emit(Event{Kind: EventAssigned, Subject: d.ID, Member: id, By: who.ID, Data: data}); err != nil {
			return err
		}
	}
	return nil
}

// AssignNamed gives a thread to whom somebody typed: a member by handle or name, or a member town by its address or
// name in any language. Invalid when that is nobody, or more than one.
func (s *Store) AssignNamed(ctx context.Context, by Actor, id, text string) (Callee, error) {
	var c check
	name := c.required("who", strings.TrimPrefix(strings.TrimSpace(text), "@"), MaxName)
	if err := c.err(); err != nil {
		return Callee{}, err
	}
	var found Callee
	err := s.view(ctx, func(t *tx) error {
		found = Callee{}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if _, _, err := t.thread(id, who); err != nil {
			return err
		}
		if !mayAssign(who) {
			return denied("error.not_allowed.moderate")
		}
		found, err = t.callee(name)
		return err
	})
	if err != nil {
		return found, err
	}
	townID := found.Town.ID
	if found.Member.ID != "" {
		townID = found.Member.TownID()
	}
	return found, s.Assign(ctx, by, id, found.Member.ID, townID)
}

// callee is the one member or town that a name means.
func (t *tx) callee(name string) (Callee, error) {
	m, err := t.personNamed(name)
	if err == nil {
		return Callee{Member: m}, nil
	}
	if KindOf(err) != Invalid {
		return Callee{}, err
	}
	town, err := t.townNamed(name)
	if KindOf(err) == NotFound || err == nil && town.State != TownMember {
		return Callee{}, invalid("who", "thread.assign_unknown")
	}
	return Callee{Town: town}, err
}
