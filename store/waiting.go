package store

import (
	"context"
	"time"
)

// Waiting is what waits for the workers.
type Waiting struct {
	Events    Backlog // what happened and is to become letters at once
	Reminders Backlog // the same at a later time: reminders, and notices that wait for more of their kind
	Letters   Backlog // to be sent
	Search    Backlog // records that a search index has to read again
}

// Backlog is how many wait, at most maxWaiting, and for how long the one of them has that is due longest.
type Backlog struct {
	Count  int
	Oldest time.Duration
}

const maxWaiting = 10_000

func (q *Backlog) add(now, due time.Time) {
	q.Count++
	q.Oldest = max(q.Oldest, now.Sub(due))
}

// Waiting counts what waits, for stewards. searcher names a search index, "" for none.
func (s *Store) Waiting(ctx context.Context, by Actor, searcher string) (Waiting, error) {
	var w Waiting
	err := s.view(ctx, func(t *tx) error {
		w = Waiting{}
		if _, err := t.require(by, SeeAudit); err != nil {
			return err
		}
		happened, err := events().under(t, window{Limit: maxWaiting})
		if err != nil {
			return err
		}
		for _, e := range happened {
			if e.Due.After(e.At) {
				w.Reminders.add(t.now, e.Due)
			} else {
				w.Events.add(t.now, e.Due)
			}
		}
		marked, err := stales().under(t, window{Under: []string{searcher}, Limit: maxWaiting})
		if err != nil {
			return err
		}
		for _, one := range marked {
			w.Search.add(t.now, one.At)
		}
		due, err := t.Scan(window{Limit: maxWaiting}.bounds(famMailDue), maxWaiting)
		if err != nil || len(due) == 0 {
			return err
		}
		w.Letters.Count = len(due)
		if first, err := time.Parse("20060102T150405.000000000", splitKey(famMailDue, due[0].Key)[0]); err == nil {
			w.Letters.Oldest = max(0, t.now.Sub(first))
		}
		return nil
	})
	return w, err
}
