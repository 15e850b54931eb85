package store

import "time"

// Session is one signed-in browser. Only the hash of its token is kept.
type Session struct {
	Hash    string    `json:"hash"` // hex SHA-256 of the token
	ID      string    `json:"id"`   // for the list in the settings
	Member  string    `json:"member"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`           // to the hour
	Proved  time.Time `json:"proved"`         // when the person last proved who they are
	Agent   string    `json:"agent,omitzero"` // browser and system in words, cut
	Expires time.Time `json:"expires"`        // absolute end
}

func sessions() *table[Session] {
	return &table[Session]{
		family: famSession,
		key:    func(s *Session) []string { return []string{s.Hash} },
		indexes: []index[Session]{
			{family: famSessionOwner, parts: func(s *Session) [][]string { return [][]string{{s.Member}} }},
		},
	}
}

// Credential is a way to prove who one is, kept apart from the member.
type Credential struct {
	Member   string    `json:"member"`
	Password string    `json:"password,omitzero"` // argon2id, encoded with its parameters
	Changed  time.Time `json:"changed"`
}

func credentials() *table[Credential] {
	return &table[Credential]{family: famCredential, key: func(c *Credential) []string { return []string{c.Member} }}
}
