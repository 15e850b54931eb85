package store

import (
	"context"
	"time"

	"belfry/store/kv"
)

// Waiting is what waits for the workers. Each number stops at maxWaiting.
type Waiting struct {
	Events  int           // what happened and has not become letters, reminders for later among them
	Letters int           // to be sent
	Oldest  time.Duration // how long the one that is due longest has been
	Search  int           // records that a search index has to read again
}

const maxWaiting = 10_000

// Waiting counts what waits, for stewards. searcher names a search index, "" for none.
func (s *Store) Waiting(ctx context.Context, by Actor, searcher string) (Waiting, error) {
	var b Waiting
	err := s.view(ctx, func(t *tx) error {
		b = Waiting{}
		if _, err := t.require(by, SeeAudit); err != nil {
			return err
		}
		for _, queue := range []struct {
			keys []byte
			n    *int
		}{{famEvent.prefix(), &b.Events}, {famStale.prefix(searcher), &b.Search}} {
			found, err := t.Scan(kv.Prefix(queue.keys), maxWaiting)
			if err != nil {
				return err
			}
			*queue.n = len(found)
		}
		due, err := t.Scan(kv.Prefix(famMailDue.prefix()), maxWaiting)
		if err != nil || len(due) == 0 {
			return err
		}
		b.Letters = len(due)
		if first, err := time.Parse("20060102T150405.000000000", splitKey(famMailDue, due[0].Key)[0]); err == nil {
			b.Oldest = max(0, t.now.Sub(first))
		}
		return nil
	})
	return b, err
}
