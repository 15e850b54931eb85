package store

import (
	"context"
	"errors"
	"time"

	"belfry/store/kv"
)

// Trouble says why a node cannot do its work now.
type Trouble string

const (
	TroubleJoining  Trouble = "joining"   // it has not yet said to the other nodes that it serves
	TroubleAway     Trouble = "away"      // the data does not answer
	TroubleReadOnly Trouble = "read_only" // nothing may be written where the data is
	TroubleFailed   Trouble = "failed"    // a commit failed: it has to be started again
	TroubleFull     Trouble = "full"      // there is no room to write
)

// readyWithin is how long the data may take to answer when it is asked whether it is there.
const readyWithin = 2 * time.Second

// Ready finds out whether the data can be read and written: "" and no error when it can. Nothing is written for it, but
// when the disk was full.
func (s *Store) Ready(ctx context.Context) (Trouble, error) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	err := s.db.Ready()
	if errors.Is(err, kv.ErrNoSpace) && !errors.Is(err, kv.ErrFailed) {
		err = s.probe(ctx) // perhaps there is room again, and nobody has written since
	}
	if err == nil {
		err = s.db.View(ctx, func(r kv.Reader) error { _, err := schemaIn(r); return err })
	}
	if err == nil && s.peers != nil {
		err = s.peers.pulse()
	}
	switch {
	case err == nil:
		return "", nil
	case errors.Is(err, errJoining):
		return TroubleJoining, err
	case errors.Is(err, kv.ErrFailed), errors.As(err, new(*kv.DamagedError)):
		return TroubleFailed, err
	case errors.Is(err, kv.ErrNoSpace):
		return TroubleFull, err
	case errors.Is(err, kv.ErrReadOnly):
		return TroubleReadOnly, err
	}
	return TroubleAway, err
}

var errJoining = errors.New("this node has not joined the others")

// probe writes something of no meaning, as large as an ordinary change.
func (s *Store) probe(ctx context.Context) error {
	return s.db.Update(ctx, "probe", func(w kv.Tx) error {
		w.Put(famMeta.key("probe"), make([]byte, 16<<10))
		return nil
	})
}

// pulse says why this node may not be there for the others: it makes itself heard every second, which is a write.
func (p *peers) pulse() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case time.Since(p.heard) <= peerSilent:
		return nil
	case p.ill != nil:
		return p.ill
	case p.heard.IsZero():
		return errJoining
	}
	return errors.New("this node cannot make itself heard")
}
