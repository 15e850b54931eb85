package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ProfileInput is what members say about themselves.
type ProfileInput struct {
	Name, Duty, About, Language, Zone string
	Notices                           bool
	Skills                            []string // ids
	Speaks                            []string
	Hidden                            bool
}

// MaxSkillsOfOne is how many skills a person may name.
const MaxSkillsOfOne = 30

// ChangeProfile changes the acting member's own words and preferences.
func (s *Store) ChangeProfile(ctx context.Context, by Actor, in ProfileInput) error {
	var c check
	in.Name = c.required("name", in.Name, MaxName)
	in.Duty = c.line("duty", in.Duty, MaxName)
	in.About = c.text("about", in.About, MaxText)
	in.Language = oneOf(&c, "language", in.Language, Languages()...)
	in.Zone = c.zone("zone", in.Zone)
	in.Speaks = c.languages("speaks", in.Speaks)
	if err := c.err(); err != nil {
		return err
	}
	return s.changeSelf(ctx, by, func(t *tx, m *Member) error {
		var c check
		skills, err := t.useSkills(&c, "skills", in.Skills, MaxSkillsOfOne)
		if err == nil {
			err = c.err()
		}
		if err != nil {
			return err
		}
		m.Name, m.About, m.Language, m.Zone, m.NoNotice = in.Name, in.About, in.Language, in.Zone, !in.Notices
		m.Skills, m.Speaks, m.Hidden = skills, in.Speaks, in.Hidden
		if n := len(m.Places); n > 0 && m.Places[n-1].To.IsZero() {
			m.Places = slices.Clone(m.Places)
			m.Places[n-1].Duty = in.Duty
		}
		return nil
	})
}

// SetLanguage keeps the language the acting member reads in.
func (s *Store) SetLanguage(ctx context.Context, by Actor, tag string) error {
	var c check
	if oneOf(&c, "language", tag, Languages()...); c.err() != nil {
		return c.err()
	}
	return s.changeSelf(ctx, by, func(_ *tx, m *Member) error { m.Language = tag; return nil })
}

// SetTheme keeps the acting member's theme: light, dark or "" for the system's.
func (s *Store) SetTheme(ctx context.Context, by Actor, theme string) error {
	var c check
	if oneOf(&c, "theme", theme, "", "light", "dark"); c.err() != nil {
		return c.err()
	}
	return s.changeSelf(ctx, by, func(_ *tx, m *Member) error { m.Theme = theme; return nil })
}

func (s *Store) changeSelf(ctx context.Context, by Actor, change func(*tx, *Member) error) error {
	return s.update(ctx, "member/"+by.MemberID, func(t *tx) error {
		m, err := t.member(by)
		if err != nil {
			return err
		}
		m.Places = slices.Clone(m.Places)
		if err := change(t, &m); err != nil {
			return err
		}
		m.Changed = t.now
		return members().put(t, m)
	})
}

// Leave ends the acting member's membership: address and password are erased, sessions and links end, the place in
// the town and all duties are closed, answers to meetings to come are withdrawn. The name stays on what was written.
// The last administrator cannot leave.
func (s *Store) Leave(ctx context.Context, by Actor, password string, session Session) error {
	if _, err := s.prove(ctx, by, password, session); err != nil {
		return err
	}
	return s.update(ctx, "roles", func(t *tx) error {
		t.lastRoom()
		m, err := t.member(by)
		if err != nil {
			return err
		}
		if err := t.keepsAdministrator(m); err != nil {
			return err
		}
		if err := t.withdrawAll(m.ID); err != nil {
			return err
		}
		for _, role := range m.Roles {
			if err := t.noteRole(by, m.ID, role, "", false); err != nil {
				return err
			}
		}
		town := m.TownID()
		t.closePlace(&m)
		for _, kind := range []TicketKind{TicketSignIn, TicketOld, TicketNew} {
			if err := t.dropTickets(foldEmail(m.Email), kind); err != nil {
				return err
			}
		}
		m.Email, m.About, m.Roles, m.Skills, m.Speaks, m.State, m.Left, m.Changed = "", "", nil, nil, nil, MemberLeft, t.now, t.now
		if err := credentials().remove(t, m.ID); err != nil {
			return err
		}
		if err := t.endSessions(m.ID, func(Session) bool { return true }); err != nil {
			return err
		}
		if err := t.dropFeeds(m.ID); err != nil {
			return err
		}
		if err := t.forgetRooms(m.ID); err != nil {
			return err
		}
		if err := members().put(t, m); err != nil {
			return err
		}
		return t.restIfEmpty(town)
	})
}

// Empty says whether nobody has joined yet.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	empty := false
	err := s.view(ctx, func(t *tx) error {
		some, err := members().under(t, window{Limit: 1})
		empty = len(some) == 0
		return err
	})
	return empty, err
}

// FoundingTicket makes a one-time link for the first administrator of an empty hub.
func (s *Store) FoundingTicket(ctx context.Context) (token string, err error) {
	err = s.update(ctx, "roles", func(t *tx) error {
		t.lastRoom()
		token, _, err = t.issue(Ticket{Kind: TicketFound, Address: "found"}, foundLife, false)
		return err
	})
	return token, err
}

// Found makes the first administrator from a founding link, and signs in.
func (s *Store) Found(ctx context.Context, token string, in JoinInput) (SignedIn, error) {
	var c check
	name, email := c.required("name", in.Name, MaxName), c.email("email", in.Email)
	lang, zone := oneOf(&c, "language", in.Language, Languages()...), c.zone("zone", in.Zone)
	c.password("password", in.Password, in.Name, in.Email)
	if err := c.err(); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hashPassword(ctx, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	var signed SignedIn
	err = s.update(ctx, "roles", func(t *tx) error {
		k, err := t.ticket(token)
		if err != nil {
			return err
		}
		some, err := members().under(t, window{Limit: 1})
		if err != nil {
			return err
		}
		if k.Kind != TicketFound || len(some) > 0 { // the hub has people: its administrators give the roles
			return fail(NotFound, "error.ticket_used")
		}
		if err := tickets().remove(t, k.Hash); err != nil {
			return err
		}
		m, err := t.newMember(name, email, lang, zone)
		if err != nil {
			return err
		}
		m.Roles = []Role{RoleAdministrator}
		if err := members().put(t, m); err != nil {
			return err
		}
		if err := t.noteRole(System(), m.ID, RoleAdministrator, "", true); err != nil {
			return err
		}
		if err := credentials().put(t, Credential{Member: m.ID, Password: hash, Changed: t.now}); err != nil {
			return err
		}
		signed, err = t.signIn(m, in.From)
		signed.First = true
		return err
	})
	return signed, err
}

// MakeAdministrator makes a member an administrator from the command line, creating the member when the address is
// new, and returns a one-time sign-in link for them.
func (s *Store) MakeAdministrator(ctx context.Context, email, name, lang string) (token string, err error) {
	var c check
	email, name = c.email("email", email), c.required("name", name, MaxName)
	lang = oneOf(&c, "language", lang, Languages()...)
	if err := c.err(); err != nil {
		return "", err
	}
	err = s.update(ctx, "roles", func(t *tx) error {
		m, err := members().lookup(t, famMemberEmail, foldEmail(email))
		if KindOf(err) == NotFound {
			m, err = t.newMember(name, email, lang, "Europe/Brussels")
		}
		if err != nil {
			return err
		}
		if !m.Has(RoleAdministrator) {
			m.Roles = append(slices.Clone(m.Roles), RoleAdministrator)
			slices.Sort(m.Roles)
			if err := t.noteRole(System(), m.ID, RoleAdministrator, "", true); err != nil {
				return err
			}
		}
		if err := members().put(t, m); err != nil {
			return err
		}
		token, _, err = t.issue(Ticket{Kind: TicketSignIn, Member: m.ID, Address: foldEmail(email)}, foundLife, false)
		return err
	})
	return token, err
}

// ResetPassword takes a member's password away from the command line, ends all sessions and personal calendar addresses,
// since whoever was in the account may have read those, and returns a one-time sign-in link.
func (s *Store) ResetPassword(ctx context.Context, email string) (token string, err error) {
	err = s.update(ctx, "account/"+foldEmail(email), func(t *tx) error {
		m, err := members().lookup(t, famMemberEmail, foldEmail(email))
		if err != nil {
			return err
		}
		if err := credentials().remove(t, m.ID); err != nil {
			return err
		}
		if err := t.endSessions(m.ID, func(Session) bool { return true }); err != nil {
			return err
		}
		if err := t.dropFeeds(m.ID); err != nil {
			return err
		}
		if err := t.audit(System(), "audit.password_reset", m.ID, nil); err != nil {
			return err
		}
		token, _, err = t.issue(Ticket{Kind: TicketSignIn, Member: m.ID, Address: foldEmail(email)}, foundLife, false)
		return err
	})
	return token, err
}

// DemoSignIn makes a session for a member of the demo community without any proof. It refuses outside a demo.
func (s *Store) DemoSignIn(ctx context.Context, handle string, from Client) (SignedIn, error) {
	if !s.demo {
		return SignedIn{}, errors.New("sign-in without proof is for the demo only")
	}
	var in SignedIn
	err := s.update(ctx, "session", func(t *tx) error {
		t.lastRoom()
		m, err := members().lookup(t, famMemberHandle, handle)
		if err != nil {
			return err
		}
		if m.State != MemberActive {
			return notFound()
		}
		in, err = t.signIn(m, from)
		return err
	})
	return in, err
}

// sweepMail removes letters a month after they were written, and those given up.
func (t *tx) sweepMail() error {
	return mails().each(t, func(m Mail) error {
		if t.now.Sub(m.Written) < 31*24*time.Hour {
			return nil
		}
		if err := mails().remove(t, m.ID); err != nil {
			return fmt.Errorf("sweep mail: %w", err)
		}
		return nil
	})
}
