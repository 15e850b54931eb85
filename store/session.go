package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Session is one signed-in browser. Only the hash of its token is kept.
type Session struct {
	Hash    string    `json:"hash"` // hex SHA-256 of the token, see HashOf
	ID      string    `json:"id"`   // for the list in the settings
	Member  string    `json:"member"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`           // to the hour
	Proved  time.Time `json:"proved"`         // when the person last proved who they are
	Agent   string    `json:"agent,omitzero"` // browser and system, cut
	Expires time.Time `json:"expires"`        // absolute end
}

var sessions = sync.OnceValue(func() *table[Session] {
	return &table[Session]{
		kept:   true,
		family: famSession,
		key:    func(s *Session) []string { return []string{s.Hash} },
		indexes: []index[Session]{
			{family: famSessionOwner, parts: func(s *Session) [][]string { return [][]string{{s.Member}} }},
		},
	}
})

// HashOf is the Hash that the session of a token has, if there is one.
func HashOf(token string) string { return hashToken(token) }

// Live is live for those who keep a session they were given, as long as Store.Identity stays the same.
func (s Session) Live(now time.Time) bool { return s.live(now) }

// live says whether a session still counts at this instant.
func (s Session) live(now time.Time) bool {
	return s.Expires.After(now) && now.Sub(s.Seen) < sessionIdle
}

// Session finds the live session of a token and its member. NotFound when there is none. It writes nothing, but takes
// away a session that has ended, so that no clock that is put back makes it count again; call TouchSession when Stale
// says so.
func (s *Store) Session(ctx context.Context, token string) (Session, Member, error) {
	var session Session
	var m Member
	if len(token) != 32 {
		return session, m, notFound()
	}
	ended := false
	err := s.view(ctx, func(t *tx) error {
		var err error
		if session, err = sessions().get(t, hashToken(token)); err != nil {
			return err
		}
		if ended = !session.live(t.now); ended {
			return notFound()
		}
		if m, err = members().get(t, session.Member); err != nil {
			return err
		}
		if m.State != MemberActive {
			return notFound()
		}
		return nil
	})
	if ended { // one that cannot be taken away now, on a full disk perhaps, does not count all the same
		_ = s.SignOut(ctx, token)
	}
	return session, m, err
}

// Stale says whether the time a session was last seen should be written again.
func (s Session) Stale(now time.Time) bool { return now.Sub(s.Seen) >= seenEvery }

// TouchSession notes that a session is in use.
func (s *Store) TouchSession(ctx context.Context, hash string) error {
	return s.update(ctx, "session/"+hash, func(t *tx) error {
		t.lastRoom()
		session, ok, err := sessions().find(t, hash)
		if err != nil || !ok || !session.Stale(t.now) {
			return err
		}
		session.Seen = t.now
		return sessions().put(t, session)
	})
}

// SignOut ends the session of a token; an unknown token is no error.
func (s *Store) SignOut(ctx context.Context, token string) error {
	return s.update(ctx, "session", func(t *tx) error {
		t.lastRoom()
		return sessions().remove(t, hashToken(token))
	})
}

// Sessions lists the acting member's live sessions, last used first.
func (s *Store) Sessions(ctx context.Context, by Actor) ([]Session, error) {
	var found []Session
	err := s.view(ctx, func(t *tx) error {
		m, err := t.member(by)
		if err != nil {
			return err
		}
		all, err := t.sessionsOf(m.ID)
		found = slices.DeleteFunc(all, func(one Session) bool { return !one.live(t.now) })
		return err
	})
	slices.SortFunc(found, func(a, b Session) int { return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.ID, b.ID)) })
	return found, err
}

func (t *tx) sessionsOf(memberID string) ([]Session, error) {
	return sessions().list(t, famSessionOwner, window{Under: []string{memberID}, Limit: scanBatch})
}

// EndSession ends one of the acting member's sessions by its id.
func (s *Store) EndSession(ctx context.Context, by Actor, id string) error {
	return s.update(ctx, "session", func(t *tx) error {
		t.lastRoom()
		m, err := t.member(by)
		if err != nil {
			return err
		}
		return t.endSessions(m.ID, func(one Session) bool { return one.ID == id })
	})
}

// EndOtherSessions ends all of the acting member's sessions but the one with this hash.
func (s *Store) EndOtherSessions(ctx context.Context, by Actor, keepHash string) error {
	return s.update(ctx, "session", func(t *tx) error {
		t.lastRoom()
		m, err := t.member(by)
		if err != nil {
			return err
		}
		return t.endSessions(m.ID, func(one Session) bool { return one.Hash != keepHash })
	})
}

func (t *tx) endSessions(memberID string, which func(Session) bool) error {
	for {
		all, err := t.sessionsOf(memberID)
		if err != nil {
			return err
		}
		ended := 0
		for _, one := range all {
			if which(one) {
				if err := sessions().remove(t, one.Hash); err != nil {
					return err
				}
				ended++
			}
		}
		if ended == 0 || len(all) < scanBatch {
			return nil
		}
	}
}

// Sweep removes sessions, tickets and counted tries that have ended. It is run now and then.
func (s *Store) Sweep(ctx context.Context) error {
	return s.update(ctx, "sweep", func(t *tx) error {
		t.lastRoom()
		err := sessions().each(t, func(one Session) error {
			if one.live(t.now) {
				return nil
			}
			return sessions().remove(t, one.Hash)
		})
		if err != nil {
			return err
		}
		if err := t.sweepTickets(); err != nil {
			return err
		}
		if err := t.sweepMail(); err != nil {
			return err
		}
		if err := t.sweepMessages(); err != nil {
			return err
		}
		if err := t.sweepRooms(); err != nil {
			return err
		}
		if err := t.sweepForms(); err != nil {
			return err
		}
		return t.sweepAttempts()
	})
}

// cutAgent keeps what a person recognises of a User-Agent header: the words, cut, without control characters.
func cutAgent(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return -1
		}
		return r
	}, strings.ToValidUTF8(agent, ""))
	if runes := []rune(agent); len(runes) > 200 {
		agent = string(runes[:200])
	}
	return agent
}
