package store

import (
	"context"
	"time"
)

// Credential is a way to prove who one is, kept apart from the member.
type Credential struct {
	Member   string       `json:"member"`
	Password string       `json:"password,omitzero"` // argon2id, encoded with its parameters
	Change   *emailChange `json:"change,omitzero"`
	Changed  time.Time    `json:"changed"`
}

// emailChange waits until both addresses have confirmed it.
type emailChange struct {
	Email  string `json:"email"`
	OldYes bool   `json:"old_yes,omitzero"`
	NewYes bool   `json:"new_yes,omitzero"`
}

func credentials() *table[Credential] {
	return &table[Credential]{family: famCredential, key: func(c *Credential) []string { return []string{c.Member} }}
}

// HasPassword says whether the acting member has a password.
func (s *Store) HasPassword(ctx context.Context, by Actor) (bool, error) {
	c, err := s.credential(ctx, by)
	return c.Password != "", err
}

// PendingEmail is the address a change waits for, "" for none.
func (s *Store) PendingEmail(ctx context.Context, by Actor) (string, error) {
	c, err := s.credential(ctx, by)
	if c.Change == nil {
		return "", err
	}
	return c.Change.Email, err
}

func (s *Store) credential(ctx context.Context, by Actor) (Credential, error) {
	var c Credential
	err := s.view(ctx, func(t *tx) error {
		m, err := t.member(by)
		if err != nil {
			return err
		}
		c, _, err = credentials().find(t, m.ID)
		return err
	})
	return c, err
}

// prove asks for the password again before something that matters. A member without a password has proved who they
// are by the session's mailed link, if that was within the hour.
func (s *Store) prove(ctx context.Context, by Actor, password string, session Session) (Credential, error) {
	c, err := s.credential(ctx, by)
	if err != nil {
		return c, err
	}
	if c.Password == "" {
		if s.Now().Sub(session.Proved) < time.Hour && session.Member == by.MemberID {
			return c, nil
		}
		return c, denied("error.prove_again")
	}
	err = s.update(ctx, "account/"+by.MemberID, func(t *tx) error {
		t.lastRoom()
		perAccount, _, _, _, _ := limits()
		return t.spend(perAccount, by.MemberID)
	})
	if err != nil {
		return c, err
	}
	match, err := s.checkPassword(ctx, password, c.Password)
	if err == nil && !match {
		err = invalid("current", "error.wrong_current_password")
	}
	return c, err
}

// SetPassword sets or changes the acting member's password and ends all other sessions. A change gives their personal
// calendars new addresses, since whoever knew the old password could read the old ones: it says how many.
func (s *Store) SetPassword(ctx context.Context, by Actor, current, next string, session Session) (calendars int, err error) {
	m, err := s.MemberByID(ctx, by.MemberID)
	if err != nil {
		return 0, err
	}
	var c check
	c.password("password", next, m.Name, m.Email)
	if err := c.err(); err != nil {
		return 0, err
	}
	if _, err := s.prove(ctx, by, current, session); err != nil {
		return 0, err
	}
	hash, err := s.hashPassword(ctx, next)
	if err != nil {
		return 0, err
	}
	err = s.update(ctx, "account/"+by.MemberID, func(t *tx) error {
		m, err := t.member(by)
		if err != nil {
			return err
		}
		credential, _, err := credentials().find(t, m.ID)
		if err != nil {
			return err
		}
		calendars = 0
		if credential.Password != "" {
			if calendars, err = t.resetFeeds(m.ID); err != nil {
				return err
			}
		}
		credential.Member, credential.Password, credential.Changed = m.ID, hash, t.now
		if err := credentials().put(t, credential); err != nil {
			return err
		}
		if err := t.dropTickets(foldEmail(m.Email), TicketSignIn); err != nil {
			return err
		}
		perAccount, _, _, _, _ := limits()
		if err := t.forget(perAccount, m.ID); err != nil {
			return err
		}
		if err := t.endSessions(m.ID, func(one Session) bool { return one.Hash != session.Hash }); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventPassword, Member: m.ID})
	})
	return calendars, err
}

// ChangeEmail asks for another address. It is changed once both the old and the new one have confirmed by link. An
// address that somebody else has is not told apart: the letter to it says so.
func (s *Store) ChangeEmail(ctx context.Context, by Actor, email, password string, session Session) error {
	var c check
	email = c.email("email", email)
	if err := c.err(); err != nil {
		return err
	}
	if _, err := s.prove(ctx, by, password, session); err != nil {
		return err
	}
	return s.update(ctx, "account/"+by.MemberID, func(t *tx) error {
		m, err := t.member(by)
		if err != nil {
			return err
		}
		_, _, letter, _, _ := limits()
		if err := t.spend(letter, m.ID); err != nil {
			return err
		}
		if foldEmail(email) == foldEmail(m.Email) {
			return invalid("email", "member.email_same")
		}
		credential, _, err := credentials().find(t, m.ID)
		if err != nil {
			return err
		}
		credential.Member, credential.Change = m.ID, &emailChange{Email: email}
		if err := credentials().put(t, credential); err != nil {
			return err
		}
		old, _, err := t.issue(Ticket{Kind: TicketOld, Member: m.ID, Address: foldEmail(m.Email)}, emailLife, false)
		if err != nil {
			return err
		}
		err = t.emit(Event{Kind: EventEmailOld, Member: m.ID, Data: map[string]string{"address": m.Email, "new": email, "token": old}})
		if err != nil {
			return err
		}
		taken, err := t.knows(email)
		if err != nil || taken {
			return err
		}
		token, _, err := t.issue(Ticket{Kind: TicketNew, Member: m.ID, Address: foldEmail(email)}, emailLife, false)
		if err != nil {
			return err
		}
		return t.emit(Event{Kind: EventEmailNew, Member: m.ID, Data: map[string]string{"address": email, "token": token}})
	})
}

// confirmEmail notes one of the two confirmations; the second one changes the address.
func (t *tx) confirmEmail(k Ticket) error {
	credential, ok, err := credentials().find(t, k.Member)
	if err != nil {
		return err
	}
	if !ok || credential.Change == nil {
		return fail(NotFound, "error.ticket_used")
	}
	change := *credential.Change
	if k.Kind == TicketNew && foldEmail(change.Email) != k.Address {
		return fail(NotFound, "error.ticket_used")
	}
	change.OldYes, change.NewYes = change.OldYes || k.Kind == TicketOld, change.NewYes || k.Kind == TicketNew
	if credential.Change = &change; !change.OldYes || !change.NewYes {
		return credentials().put(t, credential)
	}
	m, err := members().get(t, k.Member)
	if err != nil {
		return err
	}
	before := m.Email
	m.Email, m.Changed, credential.Change = change.Email, t.now, nil
	if err := members().put(t, m); err != nil {
		return err
	}
	if err := credentials().put(t, credential); err != nil {
		return err
	}
	if err := t.dropTickets(foldEmail(before), TicketSignIn); err != nil {
		return err
	}
	return t.emit(Event{Kind: EventEmailChanged, Member: m.ID, Data: map[string]string{"address": before}})
}
