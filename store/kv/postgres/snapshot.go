package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"belfry/store/kv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var errLimit = errors.New("kv: a scan needs a positive limit")

const (
	beginView   = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	beginUpdate = "BEGIN ISOLATION LEVEL SERIALIZABLE"
)

// snapshot is one transaction on one connection, both taken with the first read. For a batch of Updates what was read
// once is kept: it cannot change within a transaction, and its functions ask for much the same.
type snapshot struct {
	db    *DB
	ctx   context.Context
	begin string
	conn  *pgxpool.Conn // nil before the first read
	err   error         // after the first failure everything fails with it

	values map[string][]byte // what was read, nil for what is absent; a nil map keeps nothing
	scans  map[string][]kv.Pair
}

// keptReads bounds what an Update keeps of what it read.
const keptReads = 10_000

// ask sends statements in one round trip. The first one brings BEGIN along, and finds another connection when the one
// from the pool has died: nothing was read yet.
func (s *snapshot) ask(queries *pgx.Batch, reset func()) error {
	if s.err != nil {
		return s.err
	}
	if s.conn != nil {
		s.err = s.send(queries)
		return s.err
	}
	asked := queries.QueuedQueries
	for try := 1; ; try++ {
		first := &pgx.Batch{}
		first.Queue(s.begin)
		for _, one := range asked {
			first.Queue(one.SQL, one.Arguments...).Fn = one.Fn // anew: it remembers the connection it was sent on
		}
		var err error
		if s.conn, err = s.db.pool.Acquire(s.ctx); err == nil {
			err = s.send(first)
		}
		if err == nil || !lost(err) || s.ctx.Err() != nil || try >= reconnects && !(crowded(err) && try < waits) {
			s.err = err
			return err
		}
		s.drop()
		s.db.forget(err)
		reset()
		if pause(s.ctx, jitter(try)) != nil {
			s.err = err
			return err
		}
	}
}

func (s *snapshot) send(queries *pgx.Batch) error { return s.sendWithin(s.ctx, queries) }

func (s *snapshot) sendWithin(ctx context.Context, queries *pgx.Batch) error {
	s.db.meter.RoundTrips.Add(1)
	return s.conn.SendBatch(ctx, queries).Close()
}

// drop closes the connection.
func (s *snapshot) drop() {
	if s.conn != nil {
		_ = s.conn.Hijack().Close(s.ctx)
		s.conn = nil
	}
}

// end ends a transaction in which nothing was written, without letting anybody wait for it.
func (s *snapshot) end() {
	if s.conn == nil {
		return
	}
	conn := s.conn
	s.conn = nil
	if s.err != nil && conn.Conn().IsClosed() {
		conn.Release()
		return
	}
	s.db.working.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), statementLimit)
		defer cancel()
		if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
			_ = conn.Conn().Close(ctx)
		}
		conn.Release()
	})
}

func (s *snapshot) Get(key []byte) ([]byte, bool, error) {
	if value, had := s.values[string(key)]; had {
		return value, value != nil, nil
	}
	values, err := s.GetMany([][]byte{key})
	if err != nil {
		return nil, false, err
	}
	return values[0], values[0] != nil, nil
}

// GetMany asks every table concerned at once.
func (s *snapshot) GetMany(keys [][]byte) ([][]byte, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	wanted := map[string][][]byte{}
	for _, key := range keys {
		if _, had := s.values[string(key)]; !had {
			family, rest := split(key)
			wanted[family] = append(wanted[family], rest)
		}
	}
	found := map[string][]byte{}
	var damage error
	queries := &pgx.Batch{}
	for _, family := range slices.Sorted(maps.Keys(wanted)) {
		t, err := s.table(family)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		take := func(p kv.Pair) { found[string(p.Key)] = p.Value }
		if rests := wanted[family]; len(rests) == 1 {
			queries.Queue(t.one, rests[0]).Query(t.rows(take, &damage))
		} else {
			queries.Queue(t.many, rests).Query(t.rows(take, &damage))
		}
	}
	if queries.Len() > 0 {
		if err := s.ask(queries, func() { clear(found) }); err != nil {
			return nil, err
		}
	}
	if damage != nil {
		return nil, damage
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		value, had := s.values[string(key)]
		if !had {
			value = found[string(key)]
			if s.values != nil && len(s.values) < keptReads {
				s.values[string(key)] = value
			}
		}
		values[i] = value
	}
	return values, nil
}

// Scan asks the table a range lies in, or every table of which a part lies in it.
func (s *snapshot) Scan(r kv.Range, limit int) ([]kv.Pair, error) {
	if limit <= 0 {
		return nil, errLimit
	}
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%d %t %q %q", limit, r.Reverse, r.From, r.To)
	if pairs, had := s.scans[name]; had {
		return slices.Clone(pairs), nil
	}
	tables, err := s.tables(r)
	if err != nil {
		return nil, err
	}
	var found []kv.Pair
	// A range of many families is read from a growing number of tables at once, until there is enough of it.
	for many := 2; len(tables) > 0; many *= 2 {
		var some []kv.Pair
		if some, err = s.scan(tables[:min(many, len(tables))], r, limit); err != nil {
			return nil, err
		}
		found = append(found, some...)
		tables = tables[min(many, len(tables)):]
		if len(found) >= limit {
			break
		}
	}
	slices.SortFunc(found, func(a, b kv.Pair) int { return bytes.Compare(a.Key, b.Key) })
	if r.Reverse {
		slices.Reverse(found)
	}
	found = found[:min(limit, len(found))]
	if s.scans != nil && len(s.scans)*limit < keptReads {
		s.scans[name] = slices.Clone(found)
	}
	return found, nil
}

// scan reads what a range has in some tables, in one round trip.
func (s *snapshot) scan(tables []*table, r kv.Range, limit int) (found []kv.Pair, err error) {
	var damage error
	queries := &pgx.Batch{}
	reverse := 0
	if r.Reverse {
		reverse = 1
	}
	for _, t := range tables {
		from, to, open, some := t.part(r)
		if !some {
			continue
		}
		take := t.rows(func(p kv.Pair) { found = append(found, p) }, &damage)
		if open {
			queries.Queue(t.scan[reverse][0], from, limit).Query(take)
		} else {
			queries.Queue(t.scan[reverse][1], from, limit, to).Query(take)
		}
	}
	if queries.Len() > 0 {
		err = s.ask(queries, func() { found, damage = nil, nil })
	}
	return found, errors.Join(err, damage)
}

// tables are those a range may have a part in, in its order. Which there are is asked within the transaction: what its snapshot shows
// lies in tables that were made before.
func (s *snapshot) tables(r kv.Range) ([]*table, error) {
	if family, ok := within(r); ok {
		t, err := s.table(family)
		if err != nil || t == nil {
			return nil, err
		}
		return []*table{t}, nil
	}
	if err := s.listTables(); err != nil {
		return nil, err
	}
	var tables []*table
	for _, t := range s.db.all() {
		if _, _, _, some := t.part(r); some {
			tables = append(tables, t)
		}
	}
	slices.SortFunc(tables, func(a, b *table) int {
		switch order := strings.Compare(a.prefix, b.prefix); {
		case a.prefix == "" || b.prefix == "" || !r.Reverse: // keys of no family may stand anywhere: they are always read
			return order
		default:
			return -order
		}
	})
	return tables, nil
}

func (s *snapshot) listTables() error {
	var names []string
	queries := &pgx.Batch{}
	queries.Queue(listTables, s.db.schema).Query(func(rows pgx.Rows) (err error) {
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err := s.ask(queries, func() { names = nil }); err != nil {
		return err
	}
	s.db.know(names)
	return nil
}

// table finds a family's table. One that nobody knew of when the engine was opened for reading may have been made since.
func (s *snapshot) table(family string) (*table, error) {
	t, err := s.db.table(s.ctx, family)
	if t != nil || err != nil {
		return t, err
	}
	if err := s.listTables(); err != nil {
		return nil, err
	}
	return s.db.table(s.ctx, family)
}

// rows hands over what a statement of this table found, each value verified. The first that is damaged is told apart:
// it is no failure of the transaction.
func (t *table) rows(take func(kv.Pair), damage *error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			raw := rows.RawValues()
			p, err := t.pair(raw[0], raw[1], raw[2], raw[3])
			if err != nil && *damage == nil {
				*damage = err
			}
			take(p)
		}
		return rows.Err()
	}
}

// pair copies a row, whose memory belongs to the connection, and verifies it.
func (t *table) pair(rest, doc, raw, sum []byte) (kv.Pair, error) {
	value := doc
	if raw != nil {
		value = raw
	}
	room := make([]byte, 0, len(t.prefix)+len(rest)+len(value))
	room = append(append(append(room, t.prefix...), rest...), value...)
	at := len(t.prefix) + len(rest)
	p := kv.Pair{Key: room[:at:at], Value: room[at:]}
	if len(sum) != 4 || int32(binary.BigEndian.Uint32(sum)) != checksum(p.Key, p.Value) {
		return p, &kv.DamagedError{Key: p.Key, Reason: "checksum does not match"}
	}
	return p, nil
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
