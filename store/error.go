package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"belfry/store/kv"
)

// Kind says what went wrong in a way the outside can act on. The set is closed: the server maps each kind to one status.
type Kind int

const (
	NotFound    Kind = iota + 1 // nothing there, or nothing the acting member may know of
	Denied                      // the acting member may not do this
	Invalid                     // the input breaks a rule; Problems names the fields
	Conflict                    // somebody else changed it meanwhile, or the state does not allow this step
	Full                        // no seat, no place, no room left
	Limited                     // too many tries; RetryAfter says when to come back
	Repeated                    // the same form was kept before; nothing was done again
	Unavailable                 // the store cannot write now (disk full, database away, others always first); nothing was changed, as far as is known
)

// Problem is one broken rule: the form field it belongs to ("" for the whole form), and the text key with its
// arguments as name, value pairs.
type Problem struct {
	Field string
	Key   string
	Args  []any
}

// Error is the only error the store returns on purpose. Any other error is a fault of the system and is never shown.
type Error struct {
	Kind       Kind
	Problems   []Problem     // at least one for Invalid; for other kinds the first one says why
	RetryAfter time.Duration // for Limited, and Unavailable when it passes by itself
	cause      error
}

// Error is for logs; people read the translated problems.
func (e *Error) Error() string {
	text := fmt.Sprintf("store: kind %d", e.Kind)
	for _, p := range e.Problems {
		text += fmt.Sprintf(" [%s %s]", p.Field, p.Key)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.cause }

// KindOf is the kind of a store error, 0 for nil and for foreign errors.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

// ProblemsOf lists what an error says about fields; empty for foreign errors.
func ProblemsOf(err error) []Problem {
	var e *Error
	if errors.As(err, &e) {
		return e.Problems
	}
	return nil
}

func fail(kind Kind, key string, args ...any) *Error {
	return &Error{Kind: kind, Problems: []Problem{{Key: key, Args: args}}}
}

func notFound() *Error { return fail(NotFound, "error.not_found") }

func denied(key string) *Error { return fail(Denied, key) }

func conflict(key string, args ...any) *Error { return fail(Conflict, key, args...) }

func invalid(field, key string, args ...any) *Error {
	return &Error{Kind: Invalid, Problems: []Problem{{Field: field, Key: key, Args: args}}}
}

// fromEngine turns the engine's own faults into kinds where a person can do something about them.
func fromEngine(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kv.ErrNoSpace):
		return &Error{Kind: Unavailable, Problems: []Problem{{Key: "error.disk_full"}}, cause: err}
	case errors.Is(err, kv.ErrUnknown):
		return unknownOutcome("error.unknown_outcome", err)
	case errors.Is(err, kv.ErrAway), errors.Is(err, kv.ErrClosed), errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: Unavailable, Problems: []Problem{{Key: "error.away"}}, RetryAfter: away, cause: err}
	case errors.Is(err, kv.ErrTooLarge):
		return &Error{Kind: Invalid, Problems: []Problem{{Key: "error.too_large"}}, cause: err}
	case errors.Is(err, kv.ErrConflict):
		return &Error{Kind: Unavailable, Problems: []Problem{{Key: "error.busy"}}, RetryAfter: soon, cause: err}
	}
	return err
}

// unknownOutcome is that nobody knows whether a change was kept; key says what to do about it.
func unknownOutcome(key string, cause error) *Error {
	return &Error{Kind: Unavailable, Problems: []Problem{{Key: key}}, RetryAfter: away, cause: cause}
}

// soon is after how long it is worth trying again when others kept getting in first.
const soon = time.Second

// away is after how long it is worth trying again when the database could not be reached.
const away = 5 * time.Second
