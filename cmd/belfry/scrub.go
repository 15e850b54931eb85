package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"belfry/store"
	"belfry/store/kv"
)

// scrubber reads everything once a night, so that what the disk has lost is known while there are backups that have it.
// What is damaged is named in the log and in the metrics, and never served.
type scrubber struct {
	hub *store.Store
	db  engine
	log *slog.Logger

	mu   sync.Mutex // guards last
	last scrubbed
}

// scrubbed is what came of reading everything.
type scrubbed struct {
	At                time.Time // zero before the first time
	Values, Documents int
	Faults            int
}

// scrubHour is when it begins, by the server's clock: few write then, and writes wait while the pages of the file are
// examined, about a second for 100 megabytes.
const scrubHour = 3

// Run scrubs every night until ctx ends.
func (s *scrubber) Run(ctx context.Context) error {
	for {
		timer := time.NewTimer(time.Until(nextNight(time.Now())))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if err := s.scrub(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("the data was not read to its end", "error", err)
		}
	}
}

// nextNight is the next time it begins.
func nextNight(now time.Time) time.Time {
	next := time.Date(now.Year(), now.Month(), now.Day(), scrubHour, 17, 0, 0, now.Location())
	if !next.After(now) {
		next = time.Date(now.Year(), now.Month(), now.Day()+1, scrubHour, 17, 0, 0, now.Location())
	}
	return next
}

// named is how many faults of a night the log names.
const named = 20

// scrub reads every page, value and document.
func (s *scrubber) scrub(ctx context.Context) error {
	found := scrubbed{}
	say := func(what string) {
		if found.Faults++; found.Faults <= named {
			s.log.Error("the data is damaged; restore a backup that belfry check finds sound", "what", what)
		}
	}
	var err error
	if found.Values, err = s.db.Verify(ctx, func(d kv.DamagedError) { say(faultSentence(d)) }); err != nil {
		return err
	}
	if found.Documents, err = s.hub.VerifyDocuments(ctx, func(f store.Fault) { say(f.String()) }); err != nil && found.Faults == 0 {
		return err // else the records that name them cannot be read
	}
	found.At = time.Now()
	if found.Faults == 0 {
		s.log.Info("the data was read and is sound", "values", found.Values, "documents", found.Documents)
	} else {
		s.log.Error("the data was read and is damaged", "faults", found.Faults, "values", found.Values, "documents", found.Documents)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = found
	return nil
}

// result is what came of the last time.
func (s *scrubber) result() scrubbed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// faultSentence names what is damaged.
func faultSentence(d kv.DamagedError) string {
	if len(d.Key) == 0 {
		return "file: " + d.Reason
	}
	return fmt.Sprintf("value %q: %s", strings.ReplaceAll(string(d.Key), "\x00", "/"), d.Reason)
}
