package store

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"
)

// TicketKind says what a mailed link is for.
type TicketKind string

const (
	TicketJoin   TicketKind = "join"    // confirms an address and makes the member
	TicketSignIn TicketKind = "sign_in" // signs in
	TicketOld    TicketKind = "email_old"
	TicketNew    TicketKind = "email_new"
	TicketFound  TicketKind = "found" // makes the first administrator of an empty hub
)

// Ticket is a mailed link, with a code beside it where a person types it. It is good once. Only hashes are kept.
type Ticket struct {
	Hash    string     `json:"hash"`
	Kind    TicketKind `json:"kind"`
	Member  string     `json:"member,omitzero"`
	Address string     `json:"address,omitzero"` // folded
	Code    string     `json:"code,omitzero"`    // hash of ticket hash and digits
	Tries   int        `json:"tries,omitzero"`   // wrong codes so far
	Join    *joining   `json:"join,omitzero"`
	Created time.Time  `json:"created"`
	Expires time.Time  `json:"expires"`
}

// Lives of tickets. A link that signs in is short; one that confirms an address may wait for a Monday.
const (
	signInLife = 30 * time.Minute
	joinLife   = 72 * time.Hour
	emailLife  = 48 * time.Hour
	foundLife  = 24 * time.Hour
	codeTries  = 5
)

func tickets() *table[Ticket] {
	return &table[Ticket]{
		family: famTicket,
		key:    func(k *Ticket) []string { return []string{k.Hash} },
		indexes: []index[Ticket]{
			{family: famTicketOwner, parts: func(k *Ticket) [][]string {
				if k.Address == "" {
					return nil
				}
				return [][]string{{k.Address, string(k.Kind), instant(k.Created)}}
			}},
		},
	}
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func hashCode(ticketHash, code string) string { return hashToken(ticketHash + partEnd + code) }

// issue makes a ticket and returns what is mailed: the token and, when it has one, the code. Older tickets of the
// same kind and address stop working: only the newest letter counts.
func (t *tx) issue(k Ticket, life time.Duration, withCode bool) (token, code string, err error) {
	if k.Address != "" {
		if err := t.dropTickets(k.Address, k.Kind); err != nil {
			return "", "", err
		}
	}
	if token, err = t.newSecret(); err != nil {
		return "", "", err
	}
	k.Hash, k.Created, k.Expires = hashToken(token), t.now, t.now.Add(life)
	if withCode {
		if code, err = t.newCode(); err != nil {
			return "", "", err
		}
		k.Code = hashCode(k.Hash, code)
	}
	return token, code, tickets().put(t, k)
}

// newCode draws six digits without bias.
func (t *tx) newCode() (string, error) {
	b, err := t.random(16)
	if err != nil {
		return "", err
	}
	n := new(big.Int).SetBytes(b)
	return fmt.Sprintf("%06d", n.Mod(n, big.NewInt(1_000_000)).Int64()), nil
}

func (t *tx) dropTickets(address string, kind TicketKind) error {
	old, err := tickets().list(t, famTicketOwner, window{Under: []string{address, string(kind)}, Limit: scanBatch})
	if err != nil {
		return err
	}
	for _, k := range old {
		if err := tickets().remove(t, k.Hash); err != nil {
			return err
		}
	}
	return nil
}

// ticket finds a live ticket by its token.
func (t *tx) ticket(token string) (Ticket, error) {
	k, ok, err := tickets().find(t, hashToken(token))
	if err != nil {
		return k, err
	}
	if !ok || !k.Expires.After(t.now) {
		return Ticket{}, fail(NotFound, "error.ticket_used")
	}
	return k, nil
}

// ticketByCode finds the newest sign-in or join ticket of an address and compares the code. A wrong code is counted,
// so the caller must let the transaction commit: the result says whether it matched.
func (t *tx) ticketByCode(address, code string) (Ticket, bool, error) {
	for _, kind := range []TicketKind{TicketSignIn, TicketJoin} {
		found, err := tickets().list(t, famTicketOwner, window{Under: []string{address, string(kind)}, Reverse: true, Limit: 1})
		if err != nil {
			return Ticket{}, false, err
		}
		if len(found) == 0 || found[0].Code == "" || !found[0].Expires.After(t.now) || found[0].Tries >= codeTries {
			continue
		}
		k := found[0]
		if subtle.ConstantTimeCompare([]byte(k.Code), []byte(hashCode(k.Hash, code))) == 1 {
			return k, true, nil
		}
		k.Tries++
		if err := tickets().put(t, k); err != nil {
			return Ticket{}, false, err
		}
	}
	return Ticket{}, false, nil
}

// sweepTickets removes what has expired.
func (t *tx) sweepTickets() error {
	return tickets().each(t, func(k Ticket) error {
		if k.Expires.After(t.now) {
			return nil
		}
		return tickets().remove(t, k.Hash)
	})
}
