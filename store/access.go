package store

import (
	"slices"
	"strings"
)

// Actor says on whose behalf an intent runs. It is an argument of every intent, so that none can forget to ask.
type Actor struct {
	MemberID string // "" for a visitor
	class    Class
	system   bool
}

// Visitor is somebody who is not signed in.
func Visitor() Actor { return Actor{} }

// As acts for a member; whether the member still may is read in each transaction.
func As(memberID string) Actor { return Actor{MemberID: memberID} }

// Anybody reads what everybody of a class may see, and nothing that is one person's own. It may write nothing.
func Anybody(class Class) Actor { return Actor{class: class} }

// Class says what readers may, without who they are. Visitors are "".
type Class string

// Class is the class a member reads with.
func (m Member) Class() Class {
	if m.State != MemberActive {
		return ""
	}
	roles := []string{"member"}
	for _, role := range slices.Sorted(slices.Values(m.Roles)) {
		roles = append(roles, string(role))
	}
	return Class(strings.Join(roles, " "))
}

// nobodysID is no record's id, so that whatever is one person's own is not found for it.
const nobodysID = "anybody"

// Anybody is a member who has the rights of the class, and no name and no records of their own.
func (c Class) Anybody() Member {
	if c == "" {
		return Member{}
	}
	m := Member{ID: nobodysID, State: MemberActive}
	for _, role := range strings.Fields(string(c))[1:] {
		m.Roles = append(m.Roles, Role(role))
	}
	return m
}

// System acts for the operator at the command line, for imports and for the clock. It may do everything.
func System() Actor { return Actor{system: true} }

// Role is a duty in the community. Who holds one, since when and from whom is public.
type Role string

const (
	RoleCoordinator   Role = "coordinator" // of one town; kept in the member's place there
	RoleOrganiser     Role = "organiser"
	RoleModerator     Role = "moderator"
	RoleSteward       Role = "steward"
	RoleAdministrator Role = "administrator"
)

// Question is something a member may or may not do to the community as a whole. Questions about one record have
// functions of their own beside that record's rules.
type Question string

const (
	Take       Question = "take"       // take part at all: answer, propose, write
	Organise   Question = "organise"   // series, meetings, minutes
	Steward    Question = "steward"    // welcome towns, give roles below steward
	Moderate   Question = "moderate"   // other people's words
	Administer Question = "administer" // the server's own settings, mail, every role
	SeeAudit   Question = "audit"
)

// may answers a question for a member. A member who left, or who has not confirmed an address, may nothing.
func may(m Member, q Question) bool {
	if m.State != MemberActive {
		return false
	}
	switch q {
	case Take:
		return true
	case Organise:
		return m.Has(RoleOrganiser) || m.Has(RoleSteward) || m.Has(RoleAdministrator)
	case Steward, SeeAudit:
		return m.Has(RoleSteward) || m.Has(RoleAdministrator)
	case Moderate:
		return m.Has(RoleModerator) || m.Has(RoleSteward) || m.Has(RoleAdministrator)
	case Administer:
		return m.Has(RoleAdministrator)
	}
	return false
}

// May is may for pages that show or hide a control; the intent asks again.
func (m Member) May(q Question) bool { return may(m, q) }

// reader is who a page is read for: a member, anybody of a class, or the zero Member for a visitor.
func (t *tx) reader(by Actor) (Member, error) {
	if by.class != "" {
		return by.class.Anybody(), nil
	}
	m, _, err := members().find(t, by.MemberID)
	return m, err
}

// member loads the acting member; a visitor is told to sign in.
func (t *tx) member(by Actor) (Member, error) {
	if by.MemberID == "" {
		return Member{}, denied("error.sign_in_first")
	}
	m, ok, err := members().find(t, by.MemberID)
	if err != nil {
		return Member{}, err
	}
	if !ok || m.State != MemberActive {
		return Member{}, denied("error.sign_in_first")
	}
	return m, nil
}

// require loads the acting member and asks one question; the system may everything and is an empty member.
func (t *tx) require(by Actor, q Question) (Member, error) {
	if by.system {
		return Member{}, nil
	}
	m, err := t.member(by)
	if err != nil {
		return m, err
	}
	if !may(m, q) {
		return m, denied("error.not_allowed." + string(q))
	}
	return m, nil
}
