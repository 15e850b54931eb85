package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"belfry/store/kv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// UnknownError says that a commit was sent and no word of it came back: it may have been made, or not.
type UnknownError struct{ cause error }

func (e *UnknownError) Error() string {
	return "kv: the outcome of a commit is not known: " + e.cause.Error()
}

// Unwrap says that it is a kv.ErrUnknown, and why.
func (e *UnknownError) Unwrap() []error { return []error{kv.ErrUnknown, e.cause} }

// attempt runs a batch once and returns who is still in it. Results of functions are in the requests; an error is of the
// transaction, and unless it is an UnknownError nothing was written.
func (db *DB) attempt(batch []*request, bytewise bool) ([]*request, error) {
	ctx, cancel := context.WithDeadline(context.Background(), until(batch))
	defer cancel()
	s := &snapshot{db: db, ctx: ctx, begin: beginUpdate, values: map[string][]byte{}, scans: map[string][]kv.Pair{}}
	defer s.end()
	writes := newOverlay()
	var stay []*request
	for i, r := range batch {
		t := &transaction{ctx: r.ctx, stored: s, batch: writes, own: newOverlay()}
		if !r.offer(t) {
			continue
		}
		stay = append(stay, r)
		if s.err != nil { // whatever the function made of it
			return append(stay, batch[i+1:]...), s.err
		}
		if r.result == nil {
			writes.merge(t.own)
		}
	}
	began := db.meter.Now()
	err := s.commit(writes, bytewise)
	if err == nil && len(writes.values) > 0 {
		succeeded := 0
		for _, r := range stay {
			if r.result == nil {
				succeeded++
			}
		}
		db.meter.Committed(succeeded, db.meter.Now()-began)
	}
	return stay, err
}

// until is how long a batch may take: as long as the most patient of those in it wait. Whether what was sent then is made
// is not known; before, nothing was.
func until(batch []*request) time.Time {
	limit, last := time.Now().Add(2*statementLimit), time.Time{}
	for _, r := range batch {
		end, bounded := r.ctx.Deadline()
		if !bounded || end.After(limit) {
			return limit
		}
		if end.After(last) {
			last = end
		}
	}
	return last
}

// rowsAtOnce and bytesAtOnce bound one statement.
const (
	rowsAtOnce  = 2000
	bytesAtOnce = 16 << 20
)

// commit sends all writes, in the order of their keys so that two commits wait for each other instead of blocking each
// other, with COMMIT behind them, in one round trip. What only read is committed too: only then what it read is proven.
func (s *snapshot) commit(writes *overlay, bytewise bool) error {
	queries := &pgx.Batch{}
	if err := s.flush(queries, writes.keys(), writes.values, bytewise); err != nil {
		return err
	}
	if queries.Len() == 0 && s.conn == nil {
		return nil
	}
	if s.conn == nil {
		var err error
		if s.conn, err = s.db.pool.Acquire(s.ctx); err != nil {
			s.err = err
			return err
		}
		begin := &pgx.Batch{}
		begin.Queue(s.begin) // no read has brought it along
		queries.QueuedQueries = append(begin.QueuedQueries, queries.QueuedQueries...)
	}
	var outcome pgconn.CommandTag
	queries.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error { outcome = tag; return nil })
	known := s.conn.Conn().PgConn().CustomData()
	delete(known, warning)
	ctx, cancel := context.WithTimeout(s.ctx, s.db.within(writes))
	defer cancel()
	err := s.sendWithin(ctx, queries)
	var refused *pgconn.PgError
	switch warned := known[warning]; {
	case err == nil && warned != nil:
		// The server gave up waiting for its standby: the commit is made here and could be lost there.
		err = &UnknownError{fmt.Errorf("the server warns: %v", warned)}
		s.db.doubt()
	case err == nil && outcome.String() != "COMMIT":
		err = fmt.Errorf("the server answered COMMIT with %q", outcome)
	case err == nil:
		s.conn.Release()
		s.conn = nil
		return nil
	case errors.As(err, &refused) && !strings.HasPrefix(refused.Code, "57P") && !strings.HasPrefix(refused.Code, "08"): // taken back as a whole
	case pgconn.SafeToRetry(err):
	default:
		err = &UnknownError{err}
		s.db.doubt()
	}
	s.err = err
	return err
}

// within is how long a commit may take. What is large, which nobody waits for at a page, has time to be written.
func (db *DB) within(writes *overlay) time.Duration {
	size := 0
	for key, value := range writes.values {
		size += len(key) + len(value)
	}
	return db.limit + time.Duration(size>>20)*statementLimit/4
}

// flush queues the writes, family by family.
func (s *snapshot) flush(queries *pgx.Batch, keys []string, values map[string][]byte, bytewise bool) error {
	for len(keys) > 0 {
		family, _ := split([]byte(keys[0]))
		t, err := s.db.table(s.ctx, family)
		if err != nil {
			return err
		}
		var put, drop [][]byte
		var docs []*string
		var raws [][]byte
		var sums []int32
		size := 0
		for len(keys) > 0 && size < bytesAtOnce && len(put)+len(drop) < rowsAtOnce {
			name, rest := split([]byte(keys[0]))
			if name != family {
				break
			}
			value := values[keys[0]]
			size += len(keys[0]) + len(value)
			switch {
			case value == nil:
				drop = append(drop, rest)
			case !bytewise && document(value):
				text := string(value)
				put, docs, raws, sums = append(put, rest), append(docs, &text), append(raws, nil), append(sums, checksum([]byte(keys[0]), value))
			default:
				put, docs, raws, sums = append(put, rest), append(docs, nil), append(raws, value), append(sums, checksum([]byte(keys[0]), value))
			}
			keys = keys[1:]
		}
		if len(put) > 0 {
			queries.Queue(t.put, put, docs, raws, sums)
		}
		if len(drop) > 0 {
			queries.Queue(t.drop, drop)
		}
	}
	return nil
}

// conflict says that the transaction was taken back for another's sake and may run again.
func conflict(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && slices.Contains([]string{"40001", "40P01", "23505"}, refused.Code)
}

// unsuitable says that a value was refused as it was sent.
func unsuitable(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (strings.HasPrefix(refused.Code, "22") || refused.Code == "54001")
}

// lost says that no server was reached, or none that takes writes now, and that nothing was written.
func lost(err error) bool {
	var refused *pgconn.PgError
	var unknown *UnknownError
	switch {
	case errors.As(err, &unknown), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &refused):
		return strings.HasPrefix(refused.Code, "08") || slices.Contains([]string{
			"57P01", "57P02", "57P03", "57P05", // shutting down, crashed, starting, idle for too long
			"25006", // a standby, or a primary that was one
			"53300", // no connection left
		}, refused.Code)
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed")
}

// crowded says that the server has no connection left for us; those that we have are good.
func crowded(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "53300"
}

// forget drops connections that are as dead as the one that failed.
func (db *DB) forget(err error) {
	if !crowded(err) {
		db.meter.Reconnected.Add(1)
		db.pool.Reset()
		db.doubt()
	}
}

// plain names the errors that a caller can act on.
func plain(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && slices.Contains([]string{"53100", "53000"}, refused.Code) {
		return fmt.Errorf("%w: %w", kv.ErrNoSpace, err)
	}
	if refused != nil && refused.Code == "25006" {
		return fmt.Errorf("%w: %w: %w", kv.ErrAway, kv.ErrReadOnly, err)
	}
	if err != nil && lost(err) {
		return fmt.Errorf("%w: %w", kv.ErrAway, err)
	}
	return err
}

// jitter is a random pause that grows with the tries.
func jitter(try int) time.Duration {
	return time.Duration(1+rand.IntN(1<<min(try, 9))) * time.Millisecond // #nosec G404 -- a pause is no secret
}
