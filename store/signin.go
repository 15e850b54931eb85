package store

import (
	"context"
	"errors"
	"time"
)

// SignedIn is a new session. Token goes into the cookie and is kept nowhere else.
type SignedIn struct {
	Token   string
	Session Session
	Member  Member
	First   bool // the member was made by this very step
	Asks    bool // and looks for a mentor
}

// RequestSignIn mails a link and a code to an address; to an unknown one it mails that nobody here has it. The
// answer is the same.
func (s *Store) RequestSignIn(ctx context.Context, email, lang string, from Client) error {
	var c check
	email = c.email("email", email)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "account/"+foldEmail(email), func(t *tx) error {
		t.lastRoom()
		_, _, letter, wide, _ := limits()
		if err := t.spend(wide, from.Address); err != nil {
			return err
		}
		if err := t.spend(letter, foldEmail(email)); err != nil {
			return err
		}
		m, err := members().lookup(t, famMemberEmail, foldEmail(email))
		switch KindOf(err) {
		case 0:
			if err != nil {
				return err
			}
			return t.mailSignIn(m, EventSignInLink)
		case NotFound:
			return t.emit(Event{Kind: EventUnknownAddress, Data: map[string]string{"address": email, "lang": lang}})
		}
		return err
	})
}

func (t *tx) mailSignIn(m Member, kind EventKind) error {
	token, code, err := t.issue(Ticket{Kind: TicketSignIn, Member: m.ID, Address: foldEmail(m.Email)}, signInLife, true)
	if err != nil {
		return err
	}
	return t.emit(Event{Kind: kind, Member: m.ID, Data: map[string]string{
		"address": m.Email, "name": m.Name, "lang": m.Language, "token": token, "code": code}})
}

// SignIn checks a password. Unknown addresses and members without a password cost the same time and get the same
// answer: Invalid. Tries are limited per account and per network address.
func (s *Store) SignIn(ctx context.Context, email, password string, from Client) (SignedIn, error) {
	address := foldEmail(email)
	perAccount, perAddress, _, _, _ := limits()
	var m Member
	var hash string
	err := s.update(ctx, "account/"+address, func(t *tx) error {
		t.lastRoom()
		m, hash = Member{}, ""
		if err := t.spend(perAddress, from.Address); err != nil {
			return err
		}
		if err := t.spend(perAccount, address); err != nil {
			return err
		}
		found, err := members().lookup(t, famMemberEmail, address)
		if KindOf(err) == NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		credential, _, err := credentials().find(t, found.ID)
		m, hash = found, credential.Password
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	if len(password) > 4*MaxPassword {
		password = password[:4*MaxPassword]
	}
	match, err := s.checkPassword(ctx, password, hash)
	if err != nil {
		return SignedIn{}, err
	}
	if !match {
		return SignedIn{}, invalid("password", "error.wrong_password")
	}
	var in SignedIn
	err = s.update(ctx, "account/"+address, func(t *tx) error {
		t.lastRoom()
		now, err := members().get(t, m.ID)
		if err != nil {
			return err
		}
		credential, _, err := credentials().find(t, m.ID)
		if err != nil {
			return err
		}
		if now.State != MemberActive || credential.Password != hash {
			return invalid("password", "error.wrong_password")
		}
		if err := t.forget(perAccount, address); err != nil {
			return err
		}
		in, err = t.signIn(now, from)
		return err
	})
	return in, err
}

// TicketView is what the page behind a mailed link shows before anything is done.
type TicketView struct {
	Kind    TicketKind
	Name    string
	Address string
}

// TicketFor looks at a mailed link without using it: mail scanners follow links.
func (s *Store) TicketFor(ctx context.Context, token string) (TicketView, error) {
	var v TicketView
	err := s.view(ctx, func(t *tx) error {
		k, err := t.ticket(token)
		if err != nil {
			return err
		}
		v = TicketView{Kind: k.Kind, Address: k.Address}
		if k.Join != nil {
			v.Name = k.Join.Name
			return nil
		}
		m, _, err := members().find(t, k.Member)
		v.Name = m.Name
		return err
	})
	return v, err
}

// UseTicket does what a mailed link is for and signs in. The nonce is the joining browser's, "" elsewhere. Links
// for a change of address return no session.
func (s *Store) UseTicket(ctx context.Context, token, nonce string, from Client) (SignedIn, error) {
	var in SignedIn
	err := s.update(ctx, "ticket/"+hashToken(token), func(t *tx) error {
		t.lastRoom()
		k, err := t.ticket(token)
		if err != nil {
			return err
		}
		in, err = t.redeem(k, nonce, from)
		return err
	})
	return s.sent(ctx, in, err)
}

// sent sends what somebody who has just joined asks for; what stops it here is tried again every minute.
func (s *Store) sent(ctx context.Context, in SignedIn, err error) (SignedIn, error) {
	if err == nil && in.Asks {
		_, err = s.advanceRequests(ctx)
	}
	return in, err
}

var errWrongCode = errors.New("store: wrong code")

// UseCode signs in with the six digits of the newest letter to an address. Five wrong codes end a letter, and tries
// are limited per address.
func (s *Store) UseCode(ctx context.Context, email, code, nonce string, from Client) (SignedIn, error) {
	address := foldEmail(email)
	var in SignedIn
	matched := false
	err := s.update(ctx, "account/"+address, func(t *tx) error {
		t.lastRoom()
		matched = false
		_, perAddress, _, _, perAccount := limits()
		if err := t.spend(perAddress, from.Address); err != nil {
			return err
		}
		if err := t.spend(perAccount, address); err != nil {
			return err
		}
		k, ok, err := t.ticketByCode(address, code)
		if err != nil || !ok {
			return err // nil: the wrong try must be stored
		}
		matched = true
		if err := t.forget(perAccount, address); err != nil {
			return err
		}
		in, err = t.redeem(k, nonce, from)
		return err
	})
	if err == nil && !matched {
		err = &Error{Kind: Invalid, Problems: []Problem{{Field: "code", Key: "error.wrong_code"}}, cause: errWrongCode}
	}
	return s.sent(ctx, in, err)
}

// redeem uses a ticket up.
func (t *tx) redeem(k Ticket, nonce string, from Client) (SignedIn, error) {
	if err := tickets().remove(t, k.Hash); err != nil {
		return SignedIn{}, err
	}
	switch k.Kind {
	case TicketJoin:
		before, err := t.knows(k.Join.Email)
		if err != nil {
			return SignedIn{}, err
		}
		m, err := t.welcomeAboard(*k.Join, nonce)
		if err != nil {
			return SignedIn{}, err
		}
		in, err := t.signIn(m, from)
		in.First = !before
		in.Asks = in.First && k.Join.Mentor != nil
		return in, err
	case TicketSignIn:
		m, err := members().get(t, k.Member)
		if err != nil {
			return SignedIn{}, err
		}
		if m.State != MemberActive || foldEmail(m.Email) != k.Address {
			return SignedIn{}, fail(NotFound, "error.ticket_used")
		}
		return t.signIn(m, from)
	case TicketOld, TicketNew:
		return SignedIn{}, t.confirmEmail(k)
	}
	return SignedIn{}, fail(NotFound, "error.ticket_used")
}

func (t *tx) knows(email string) (bool, error) {
	_, ok, err := t.Get(famMemberEmail.key(foldEmail(email)))
	return ok, err
}

// signIn makes a session for a member. Its token is new: what the browser sent before is never adopted.
func (t *tx) signIn(m Member, from Client) (SignedIn, error) {
	token, err := t.newSecret()
	if err != nil {
		return SignedIn{}, err
	}
	id, err := t.newID()
	if err != nil {
		return SignedIn{}, err
	}
	session := Session{Hash: hashToken(token), ID: id, Member: m.ID, Created: t.now, Seen: t.now, Proved: t.now,
		Agent: cutAgent(from.Agent), Expires: t.now.Add(sessionLife)}
	return SignedIn{Token: token, Session: session, Member: m}, sessions().put(t, session)
}

// Lives of sessions: a member who comes to the monthly meeting stays signed in between two.
const (
	sessionIdle = 45 * 24 * time.Hour
	sessionLife = 180 * 24 * time.Hour
	seenEvery   = time.Hour
)
