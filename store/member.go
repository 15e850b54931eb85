package store

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"
)

// MemberState is where a membership stands.
type MemberState string

const (
	MemberActive      MemberState = "active"
	MemberPlaceholder MemberState = "placeholder" // wrote in an archive that was imported; has no account
	MemberLeft        MemberState = "left"        // the name stays on what was written, the address is gone
)

// Member is a person. Rights come from Roles and from the places held in towns.
type Member struct {
	ID       string      `json:"id"`
	Handle   string      `json:"handle"` // for the address /people/{handle}
	Name     string      `json:"name"`
	Email    string      `json:"email,omitzero"` // as typed; compared folded
	Language string      `json:"language"`       // fr, nl, de, en
	Zone     string      `json:"zone"`           // IANA
	Theme    string      `json:"theme,omitzero"` // "", light, dark
	About    string      `json:"about,omitzero"` // plain text
	State    MemberState `json:"state"`
	Roles    []Role      `json:"roles,omitzero"`  // community-wide ones, sorted
	Places   []Place     `json:"places,omitzero"` // newest last; one open place at most
	Joined   time.Time   `json:"joined"`
	Left     time.Time   `json:"left,omitzero"`
	Changed  time.Time   `json:"changed"`
	NoNotice bool        `json:"no_notice,omitzero"` // wants no letters but those about the account
	Skills   []string    `json:"skills,omitzero"`    // ids of skills, sorted
	Speaks   []string    `json:"speaks,omitzero"`    // languages one can write to them in, in the order of Languages
	Hidden   bool        `json:"hidden,omitzero"`    // in no list of people, no search and no feed; named where the record names them
}

// Place is a person's time in a town.
type Place struct {
	Town        string    `json:"town"` // town id
	Duty        string    `json:"duty,omitzero"`
	Coordinator bool      `json:"coordinator,omitzero"`
	Welcomed    time.Time `json:"welcomed,omitzero"` // zero while nobody has
	WelcomedBy  string    `json:"welcomed_by,omitzero"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to,omitzero"`
}

// Has says whether the member holds a community-wide role.
func (m Member) Has(r Role) bool { return slices.Contains(m.Roles, r) }

// Place is the open place, if any.
func (m Member) Place() (Place, bool) {
	if n := len(m.Places); n > 0 && m.Places[n-1].To.IsZero() {
		return m.Places[n-1], true
	}
	return Place{}, false
}

// TownID is the town the member acts for, "" for none.
func (m Member) TownID() string {
	p, _ := m.Place()
	return p.Town
}

// Coordinates says whether the member is a welcomed coordinator of the town now.
func (m Member) Coordinates(townID string) bool {
	p, ok := m.Place()
	return ok && p.Town == townID && p.Coordinator && !p.Welcomed.IsZero()
}

// foldEmail is the form in which addresses are compared: case is ignored everywhere, as mail servers do in practice.
func foldEmail(address string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(address)))
}

var members = sync.OnceValue(func() *table[Member] {
	return &table[Member]{
		kept:   true,
		family: famMember,
		key:    func(m *Member) []string { return []string{m.ID} },
		indexes: []index[Member]{
			{family: famMemberEmail, unique: true, field: "email", taken: "member.email_taken", parts: func(m *Member) [][]string {
				if m.Email == "" {
					return nil
				}
				return [][]string{{foldEmail(m.Email)}}
			}},
			{family: famMemberHandle, unique: true, field: "handle", taken: "member.handle_taken", parts: func(m *Member) [][]string {
				return [][]string{{m.Handle}}
			}},
			{family: famMemberTown, parts: func(m *Member) [][]string {
				if p, ok := m.Place(); ok && m.State == MemberActive {
					return [][]string{{p.Town, sortName(m.Name)}}
				}
				return nil
			}},
			{family: famMemberName, parts: func(m *Member) [][]string {
				if m.State == MemberPlaceholder {
					return nil
				}
				return [][]string{{sortName(m.Name)}}
			}},
		},
	}
})

// MemberByID reads one member; NotFound when there is none.
func (s *Store) MemberByID(ctx context.Context, id string) (Member, error) {
	var m Member
	err := s.view(ctx, func(t *tx) error {
		var err error
		m, err = members().get(t, id)
		return err
	})
	return m, err
}

// MemberByHandle finds a member by the name in their page's address.
func (s *Store) MemberByHandle(ctx context.Context, handle string) (Member, error) {
	var m Member
	err := s.view(ctx, func(t *tx) error {
		var err error
		m, err = members().lookup(t, famMemberHandle, handle)
		return err
	})
	return m, err
}

// MembersByID reads several members; ids that lead nowhere are left out.
func (s *Store) MembersByID(ctx context.Context, ids []string) (map[string]Member, error) {
	var found map[string]Member
	err := s.view(ctx, func(t *tx) error {
		var err error
		found, err = members().many(t, ids)
		return err
	})
	return found, err
}

// PersonNamed finds the one active member an organiser means by a handle or a name. Invalid when nobody, or more than
// one, has it.
func (s *Store) PersonNamed(ctx context.Context, by Actor, text string) (Member, error) {
	var found Member
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		var err error
		found, err = t.personNamed(text)
		return err
	})
	return found, err
}

// personNamed is the one active member somebody means by a handle or a name.
func (t *tx) personNamed(text string) (Member, error) {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "@"))
	m, err := members().lookup(t, famMemberHandle, strings.ToLower(text))
	if err == nil && m.State == MemberActive {
		return m, nil
	}
	if err != nil && KindOf(err) != NotFound {
		return Member{}, err
	}
	same, err := members().list(t, famMemberName, window{Under: []string{sortName(text)}, Limit: 20})
	if err != nil {
		return Member{}, err
	}
	same = slices.DeleteFunc(same, func(m Member) bool { return m.State != MemberActive })
	switch len(same) {
	case 0:
		return Member{}, invalid("member", "rsvp.unknown_member")
	case 1:
		return same[0], nil
	}
	return Member{}, invalid("member", "rsvp.several_members")
}
