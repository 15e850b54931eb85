package server

import (
	"context"
	"crypto/sha256"
	"sync"
	"sync/atomic"

	"belfry/frontend"
	"belfry/store"
)

// known is a session with all that is asked of it on every request. It does not change.
type known struct {
	identity uint64
	session  store.Session
	member   store.Member
	town     store.Town // zero without one
	class    store.Class
	forms    atomic.Pointer[forms]
	last     atomic.Pointer[joined] // the page looked at last
}

// forms is what the shared pages of a session have in common until a commit changes something public: their form token, by which
// what is sent from them is known when it comes again, and the parts around a page.
type forms struct {
	generation uint64
	token      string
	frame      frontend.Frame
}

// formsOf are the forms of pages as they are now.
func (s *Server) formsOf(v *visit) *forms {
	now := s.Store.Generation()
	f := v.forms.Load()
	if f == nil || f.generation != now {
		f = &forms{generation: now, token: s.token(v.session)}
		v.forms.Store(f)
	}
	return f
}

// readers keeps the sessions that were used lately, by the hash of their token. A commit that touches any session,
// member or town outdates them all, so a session that was ended is never answered from here.
type readers struct {
	mu   sync.RWMutex // guards kept
	kept map[[sha256.Size]byte]*known
}

// maxReaders bounds how many sessions are kept.
const maxReaders = 2000

func (k *readers) get(hash [sha256.Size]byte, identity uint64) *known {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if one := k.kept[hash]; one != nil && one.identity == identity {
		return one
	}
	return nil
}

func (k *readers) put(hash [sha256.Size]byte, one *known) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= maxReaders {
		k.kept = map[[sha256.Size]byte]*known{}
	}
	k.kept[hash] = one
}

// sweep lets go of the last pages that do not count any more.
func (k *readers) sweep(counts func(*made) bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, one := range k.kept {
		if last := one.last.Load(); last != nil && !counts(last.page) {
			one.last.CompareAndSwap(last, nil)
		}
	}
}

// known finds who holds a session cookie; NotFound when the session does not count.
func (s *Server) known(ctx context.Context, cookie string) (*known, error) {
	hash := sha256.Sum256([]byte(cookie))
	identity := s.Store.Identity() // before reading: what is read may only be newer
	if one := s.readers.get(hash, identity); one != nil && one.session.Live(s.Store.Now()) {
		return one, nil
	}
	session, member, err := s.Store.Session(ctx, cookie)
	if err != nil {
		return nil, err
	}
	one := &known{identity: identity, session: session, member: member, class: member.Class()}
	if id := member.TownID(); id != "" {
		if one.town, err = s.Store.TownByID(ctx, id); err != nil && store.KindOf(err) != store.NotFound {
			return nil, err
		}
	}
	s.readers.put(hash, one)
	return one, nil
}
