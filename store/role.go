package store

import (
	"context"
	"slices"
	"time"
)

// RoleChange is one line of the public history of duties.
type RoleChange struct {
	ID     string    `json:"id"`
	Member string    `json:"member"`
	Role   Role      `json:"role"`
	Town   string    `json:"town,omitzero"` // for coordinators
	Given  bool      `json:"given"`
	By     string    `json:"by,omitzero"` // "" for the command line
	At     time.Time `json:"at"`
}

func roleChanges() *table[RoleChange] {
	return &table[RoleChange]{
		family: famRoleChange,
		key:    func(c *RoleChange) []string { return []string{c.ID} },
		indexes: []index[RoleChange]{
			{family: famRoleMember, parts: func(c *RoleChange) [][]string { return [][]string{{c.Member}} }},
			{family: famRoleTown, parts: func(c *RoleChange) [][]string {
				if c.Town == "" {
					return nil
				}
				return [][]string{{c.Town}}
			}},
		},
	}
}

// noteRole writes the public history, the audit log, and tells the person.
func (t *tx) noteRole(by Actor, memberID string, role Role, townID string, given bool) error {
	if err := t.roleLine(by, memberID, role, townID, given); err != nil {
		return err
	}
	what, word := "audit.role_taken", "no"
	if given {
		what, word = "audit.role_given", "yes"
	}
	if err := t.audit(by, what, memberID, map[string]string{"role": string(role)}); err != nil {
		return err
	}
	if by.MemberID == memberID {
		return nil
	}
	return t.emit(Event{Kind: EventRole, Subject: townID, Member: memberID, By: by.MemberID,
		Data: map[string]string{"role": string(role), "given": word}})
}

// roleLine writes the public history alone.
func (t *tx) roleLine(by Actor, memberID string, role Role, townID string, given bool) error {
	id, err := t.newID()
	if err != nil {
		return err
	}
	return roleChanges().put(t, RoleChange{ID: id, Member: memberID, Role: role, Town: townID, Given: given, By: by.MemberID, At: t.now})
}

// mayGive: administrators give every role, stewards those below their own.
func mayGive(m Member, role Role) bool {
	switch role {
	case RoleOrganiser, RoleModerator:
		return may(m, Steward)
	case RoleSteward, RoleAdministrator:
		return may(m, Administer)
	}
	return false
}

// MayGive is mayGive for pages.
func (m Member) MayGive(role Role) bool { return mayGive(m, role) }

// SetRole gives or takes a community-wide role. The last administrator keeps theirs.
func (s *Store) SetRole(ctx context.Context, by Actor, memberID string, role Role, on bool) error {
	return s.update(ctx, "roles", func(t *tx) error {
		var c check
		if oneOf(&c, "role", role, RoleOrganiser, RoleModerator, RoleSteward, RoleAdministrator); c.err() != nil {
			return c.err()
		}
		if !by.system {
			giver, err := t.member(by)
			if err != nil {
				return err
			}
			if !mayGive(giver, role) {
				return denied("error.not_allowed.role")
			}
		}
		m, err := members().get(t, memberID)
		if err != nil {
			return err
		}
		if m.State != MemberActive {
			return notFound()
		}
		if m.Has(role) == on {
			return nil
		}
		if role == RoleAdministrator && !on {
			if err := t.keepsAdministrator(m); err != nil {
				return err
			}
		}
		m.Roles = slices.DeleteFunc(slices.Clone(m.Roles), func(r Role) bool { return r == role })
		if on {
			m.Roles = append(m.Roles, role)
			slices.Sort(m.Roles)
		}
		m.Changed = t.now
		if err := members().put(t, m); err != nil {
			return err
		}
		return t.noteRole(by, memberID, role, "", on)
	})
}

// keepsAdministrator refuses to lose the last administrator.
func (t *tx) keepsAdministrator(leaving Member) error {
	if !leaving.Has(RoleAdministrator) {
		return nil
	}
	others := 0
	err := members().each(t, func(m Member) error {
		if m.ID != leaving.ID && m.State == MemberActive && m.Has(RoleAdministrator) {
			others++
		}
		return nil
	})
	if err == nil && others == 0 {
		err = conflict("member.last_administrator")
	}
	return err
}

// SetCoordinator gives or takes the coordinator's duty in the member's town: by its coordinators or a steward. The last
// one of a town with other people is only taken by a steward.
func (s *Store) SetCoordinator(ctx context.Context, by Actor, memberID string, on bool) error {
	return s.update(ctx, "roles", func(t *tx) error {
		m, town, err := t.placed(memberID)
		if err != nil {
			return err
		}
		if err := t.requireTown(by, town.ID, mayEditTown); err != nil {
			return err
		}
		if _, err := t.require(by, Steward); err != nil && !on {
			if err := t.keepsCoordinator(m); err != nil {
				return err
			}
		}
		return t.setCoordinator(by, &m, on)
	})
}

// keepsCoordinator refuses that a town with other people loses its last coordinator.
func (t *tx) keepsCoordinator(leaving Member) error {
	town := leaving.TownID()
	if !leaving.Coordinates(town) {
		return nil
	}
	people, err := t.people(town)
	if err != nil {
		return err
	}
	others := 0
	for _, m := range people {
		switch place, _ := m.Place(); {
		case m.ID == leaving.ID || place.Welcomed.IsZero():
		case m.Coordinates(town):
			return nil
		default:
			others++
		}
	}
	if others > 0 {
		return conflict("town.hand_over_first")
	}
	return nil
}

func (t *tx) setCoordinator(by Actor, m *Member, on bool) error {
	n := len(m.Places)
	m.Places = slices.Clone(m.Places)
	place := &m.Places[n-1]
	if place.Coordinator == on {
		return nil
	}
	place.Coordinator, m.Changed = on, t.now
	if err := members().put(t, *m); err != nil {
		return err
	}
	return t.noteRole(by, m.ID, RoleCoordinator, place.Town, on)
}
