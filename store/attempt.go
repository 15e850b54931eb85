package store

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Attempt counts tries at something that is limited, in a fixed window from the first try. The window ends by
// itself, so nobody is locked out for good.
type Attempt struct {
	Key   string    `json:"key"` // a hash: no address is kept in clear
	Count int       `json:"count"`
	Since time.Time `json:"since"`
}

// limit is how often something may be tried in a window.
type limit struct {
	name   string
	max    int
	window time.Duration
}

// A town hall often has one public address for everybody in it: limits by network address are wider.
func limits() (password, passwordFrom, letter, letterFrom, code limit) {
	return limit{"password", 10, 15 * time.Minute}, limit{"password.from", 60, 15 * time.Minute},
		limit{"letter", 5, time.Hour}, limit{"letter.from", 40, time.Hour}, limit{"code", 10, 15 * time.Minute}
}

func attempts() *table[Attempt] {
	return &table[Attempt]{family: famAttempt, key: func(a *Attempt) []string { return []string{a.Key} }}
}

func (l limit) key(subject string) string {
	sum := sha256.Sum256([]byte(l.name + partEnd + subject))
	return hex.EncodeToString(sum[:16])
}

// spend counts one try; over the limit it is a Limited error that says when to come back.
func (t *tx) spend(l limit, subject string) error {
	a, had, err := attempts().find(t, l.key(subject))
	if err != nil {
		return err
	}
	if !had || t.now.Sub(a.Since) >= l.window || a.Since.After(t.now) {
		a = Attempt{Key: l.key(subject), Since: t.now}
	}
	if a.Count >= l.max {
		wait := l.window - t.now.Sub(a.Since)
		minutes := int(wait/time.Minute) + 1
		return &Error{Kind: Limited, RetryAfter: wait, Problems: []Problem{{Key: "error.too_many_tries", Args: []any{"Minutes", minutes}}}}
	}
	a.Count++
	return attempts().put(t, a)
}

// forget clears the tries after a success.
func (t *tx) forget(l limit, subject string) error { return attempts().remove(t, l.key(subject)) }

// sweepAttempts removes windows that have ended.
func (t *tx) sweepAttempts() error {
	return attempts().each(t, func(a Attempt) error {
		if t.now.Sub(a.Since) < 25*time.Hour { // the longest window is a day
			return nil
		}
		return attempts().remove(t, a.Key)
	})
}
