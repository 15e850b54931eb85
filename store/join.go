package store

import (
	"context"
	"crypto/subtle"
	"net/mail"
	"strings"
	"time"
)

// JoinInput is what a newcomer types. One of TownCode (gazetteer), TownID or OtherName names the town.
type JoinInput struct {
	TownCode  string
	TownID    string
	OtherName string // a body that is not in the gazetteer
	OtherLand string // its country, ISO 3166-1 alpha-2
	Name      string
	Email     string
	Password  string // may be empty: sign-in by mailed link
	Language  string
	Zone      string
	Nonce     string // of the joining browser; the password counts only when the same browser confirms
	From      Client
	Mentor    *RequestInput // sent to a mentor town once the address is confirmed
}

// Client is where a request comes from.
type Client struct {
	Address string // of the socket, or given by a trusted proxy
	Agent   string // User-Agent header
}

// joining is a join that waits for its address to be confirmed. Nothing of it is public before.
type joining struct {
	TownCode  string `json:"town_code,omitzero"`
	TownID    string `json:"town_id,omitzero"`
	OtherName string `json:"other_name,omitzero"`
	OtherLand string `json:"other_land,omitzero"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	Password  string `json:"password,omitzero"` // hashed
	Language  string `json:"language"`
	Zone      string `json:"zone"`
	Nonce     string `json:"nonce,omitzero"` // hashed

	Mentor *RequestInput `json:"mentor,omitzero"`
}

// Join starts a membership: it checks the input and mails a link and a code to the address. Known and unknown
// addresses get the same answer after the same work; a known one is mailed a sign-in link instead.
func (s *Store) Join(ctx context.Context, in JoinInput) error {
	j, err := s.checkJoin(in)
	if err != nil {
		return err
	}
	if in.Password != "" {
		if j.Password, err = s.hashPassword(ctx, in.Password); err != nil {
			return err
		}
	}
	return s.update(ctx, "account/"+foldEmail(j.Email), func(t *tx) error {
		_, _, letter, from, _ := limits()
		if err := t.spend(from, in.From.Address); err != nil {
			return err
		}
		if err := t.spend(letter, foldEmail(j.Email)); err != nil {
			return err
		}
		if j.TownID != "" {
			if _, err := towns().get(t, j.TownID); err != nil {
				return invalid("town", "member.town_unknown")
			}
		}
		known, err := members().lookup(t, famMemberEmail, foldEmail(j.Email))
		if err == nil {
			return t.mailSignIn(known, EventAlreadyMember)
		}
		if KindOf(err) != NotFound {
			return err
		}
		token, code, err := t.issue(Ticket{Kind: TicketJoin, Address: foldEmail(j.Email), Join: &j}, joinLife, true)
		if err != nil {
			return err
		}
		return t.emit(Event{Kind: EventConfirmAddress, Data: map[string]string{
			"address": j.Email, "name": j.Name, "lang": j.Language, "token": token, "code": code}})
	})
}

func (s *Store) checkJoin(in JoinInput) (joining, error) {
	var c check
	j := joining{TownCode: in.TownCode, TownID: in.TownID}
	j.Name = c.required("name", in.Name, MaxName)
	j.Email = c.email("email", in.Email)
	j.Language = oneOf(&c, "language", in.Language, Languages()...)
	j.Zone = c.zone("zone", in.Zone)
	if in.Password != "" {
		c.password("password", in.Password, in.Name, in.Email)
	}
	s.checkTown(&c, in, &j)
	if in.Mentor != nil {
		asked := *in.Mentor
		if err := asked.check(); err != nil {
			c.problems = append(c.problems, ProblemsOf(err)...)
		}
		j.Mentor = &asked
	}
	if in.Nonce != "" {
		j.Nonce = hashToken(in.Nonce)
	}
	return j, c.err()
}

// checkTown checks how a town was named: one of the gazetteer, one that is here already, or another body.
func (s *Store) checkTown(c *check, in JoinInput, j *joining) {
	switch {
	case in.TownCode != "":
		if _, ok := s.gazetteer.Town(in.TownCode); !ok {
			c.add("town", "member.town_unknown")
		}
	case in.TownID != "":
	case strings.TrimSpace(in.OtherName) != "":
		j.OtherName = c.required("other_name", in.OtherName, MaxName)
		j.OtherLand = c.country("other_land", in.OtherLand)
	default:
		c.add("town", "member.town_missing")
	}
}

// email checks the shape of an address; whether it works only a letter can tell.
func (c *check) email(field, value string) string {
	value = c.required(field, value, MaxEmail)
	if value == "" {
		return value
	}
	local, domain, cut := strings.Cut(value, "@")
	switch parsed, err := mail.ParseAddress(value); {
	case !cut || local == "":
		c.add(field, "invalid.email_no_at")
	case domain == "" || !strings.Contains(domain, ".") || strings.HasSuffix(domain, "."):
		c.add(field, "invalid.email_no_domain")
	case err != nil || parsed.Address != value || strings.ContainsAny(value, "\"(),:;<>[\\] "):
		c.add(field, "invalid.email")
	}
	return value
}

// zone checks an IANA time zone name; empty means Brussels.
func (c *check) zone(field, value string) string {
	if value == "" {
		return "Europe/Brussels"
	}
	if _, err := time.LoadLocation(value); err != nil || value == "Local" || len(value) > 64 {
		c.add(field, "invalid.zone")
	}
	return value
}

// country checks the form of a two-letter code.
func (c *check) country(field, value string) string {
	value = strings.ToUpper(strings.TrimSpace(value))
	if len(value) != 2 || value[0] < 'A' || value[0] > 'Z' || value[1] < 'A' || value[1] > 'Z' {
		c.add(field, "invalid.country")
	}
	return value
}

// welcomeAboard turns a confirmed join into a member with a place in the town. If the address has become a member's
// meanwhile, that member is returned.
func (t *tx) welcomeAboard(j joining, nonce string) (Member, error) {
	known, err := members().lookup(t, famMemberEmail, foldEmail(j.Email))
	if err == nil || KindOf(err) != NotFound {
		return known, err
	}
	m, err := t.newMember(j.Name, j.Email, j.Language, j.Zone)
	if err != nil {
		return m, err
	}
	town, err := t.openTown(j)
	if err != nil {
		return m, err
	}
	t.enter(&m, town, false)
	if err := members().put(t, m); err != nil {
		return m, err
	}
	sameBrowser := subtle.ConstantTimeCompare([]byte(hashToken(nonce)), []byte(j.Nonce)) == 1
	if j.Password != "" && sameBrowser {
		if err := credentials().put(t, Credential{Member: m.ID, Password: j.Password, Changed: t.now}); err != nil {
			return m, err
		}
	}
	if j.Mentor != nil {
		if err := t.holdRequest(m, town.ID, *j.Mentor); err != nil {
			return m, err
		}
	}
	return m, t.emit(Event{Kind: EventPersonWaits, Subject: town.ID, By: m.ID})
}

// holdRequest keeps the request of somebody who has just joined. When the town has asked already, or has a mentor, there is none:
// the newcomer finds that on the page about mentors.
func (t *tx) holdRequest(m Member, townID string, in RequestInput) error {
	q, err := t.request(m, townID, in)
	switch KindOf(err) {
	case Conflict, Invalid: // a skill that was taken away meanwhile is no reason to refuse the member
		return nil
	}
	if err != nil {
		return err
	}
	return mentorRequests().put(t, q)
}

// newMember fills in a member with a free handle; it is not stored yet.
func (t *tx) newMember(name, email, lang, zone string) (Member, error) {
	id, err := t.newID()
	if err != nil {
		return Member{}, err
	}
	handle, err := t.freeSlug(famMemberHandle, name, "membre")
	return Member{ID: id, Handle: handle, Name: name, Email: email, Language: lang, Zone: zone, State: MemberActive,
		Joined: t.now, Changed: t.now}, err
}
