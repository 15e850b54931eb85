// Package kv is the seam between the store and the engines that keep its bytes: an ordered set of keys with
// serializable transactions. It knows nothing of records. Engines live in sub-packages and pass kvtest.
//
// The contract, for every engine:
//
//  1. Update is serializable. Its function may run again from the start, so it changes nothing outside the
//     transaction and reads no clock of its own.
//  2. Keys sort by byte, shorter first when one is the start of the other.
//  3. Reads of a transaction see its own writes. Writes are buffered and cannot fail; what is too large makes the
//     Update fail with ErrTooLarge and stores nothing.
//  4. Slices returned are valid until the transaction ends and must not be modified. Slices handed to Put are modified by
//     nobody from then on; those handed to other methods are not kept.
//  5. An Update must not be started or awaited inside a View or an Update; nothing is rendered and nothing is sent
//     inside either.
//  6. Deleting what is absent is no error. An empty value is not an absent one.
//  7. A context that ends before the function was taken up means that nothing was written; later the outcome is
//     whatever Update returns.
//  8. A panic of a function reaches the caller of View or Update, and nothing is written.
package kv

import (
	"context"
	"errors"
	"fmt"
)

// Limits that every engine accepts, in bytes. Beyond them, and with an empty key, an Update fails with ErrTooLarge.
const (
	MaxKey   = 2 << 10
	MaxValue = 8 << 20
)

// Pair is one key with its value.
type Pair struct{ Key, Value []byte }

// Range is half-open, [From, To). An empty To is the end of all keys. Reverse reads from the end of the range.
type Range struct {
	From, To []byte
	Reverse  bool
}

// Prefix is the range of all keys that start with p.
func Prefix(p []byte) Range {
	r := Range{From: p}
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] < 0xff {
			r.To = append(append([]byte{}, p[:i]...), p[i]+1)
			break
		}
	}
	return r
}

// Reader reads one consistent snapshot.
type Reader interface {
	// Get returns the value of a key and whether it is there.
	Get(key []byte) (value []byte, ok bool, err error)
	// GetMany returns values in the order of the keys, nil for what is absent, never nil for what is empty.
	GetMany(keys [][]byte) ([][]byte, error)
	// Scan returns at most limit pairs of the range in its order. The limit must be positive.
	Scan(r Range, limit int) ([]Pair, error)
}

// Tx reads like Reader, its own writes included, and buffers writes.
type Tx interface {
	Reader
	Put(key, value []byte)
	Delete(key []byte)
}

// DB is an engine with its data opened.
type DB interface {
	// View runs fn on a snapshot. It never waits for an Update.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn in a transaction and makes its writes durable before it returns nil. An error of fn is returned
	// as it is, and nothing is written; so it is with the errors below. After any other error the outcome is unknown:
	// what was written is read again, never assumed. Scope names what is contended for; it is a hint for engines that
	// combine transactions and never a matter of correctness.
	Update(ctx context.Context, scope string, fn func(Tx) error) error
	// Ready says why no Update can succeed now, as far as the engine knows without trying: ErrFailed, ErrReadOnly,
	// ErrNoSpace when the last one failed for it, ErrClosed.
	Ready() error
	// Meter counts what the engine does.
	Meter() *Meter
	// Close waits for what is under way. Later calls return ErrClosed.
	Close() error
}

// MaxMessage is how large a message on a Wire may be, in bytes.
const MaxMessage = 7000

// Wire carries messages between the processes that share an engine's data: wake-ups, never truth. A message reaches every
// process that listens soon, out of order perhaps, or not at all.
type Wire interface {
	// Send hands a message of UTF-8 without zero bytes to all others, and perhaps to this process too.
	Send(ctx context.Context, message []byte) error
	// Receive calls fn with each message until ctx ends, and with nil when messages may have been missed: at its start
	// and whenever it had to begin anew.
	Receive(ctx context.Context, fn func(message []byte))
}

// ErrUnknown is of an Update whose commit was sent and of which no word came back: it was made, or not.
var ErrUnknown = errors.New("kv: the outcome of a commit is not known")

// What engines return besides the function's own errors.
var (
	ErrConflict = errors.New("kv: conflicts used up all retries")
	ErrTooLarge = errors.New("kv: key or value too large")
	ErrNoSpace  = errors.New("kv: no space left on the device")
	ErrClosed   = errors.New("kv: closed")
	ErrAway     = errors.New("kv: the data cannot be reached now; nothing was written")
	ErrReadOnly = errors.New("kv: the data can only be read")
	ErrFailed   = errors.New("kv: an earlier commit failed, open the data again to write")
)

// DamagedError says that what is stored under a key is not what was written, or, without a key, that a part of the
// data cannot be read at all. A damaged value is never returned. As an error it is always a pointer.
type DamagedError struct {
	Key    []byte
	Reason string
}

func (e *DamagedError) Error() string {
	if len(e.Key) == 0 {
		return "kv: the file is damaged: " + e.Reason
	}
	return fmt.Sprintf("kv: damaged record %q: %s", e.Key, e.Reason)
}
