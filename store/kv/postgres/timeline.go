package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A server that was the primary until its standby was promoted takes writes again when somebody starts it: on its own
// timeline, which ended with the promotion. The engine knows the highest timeline it has met, on any server of its
// address, and uses none that is on an older one.

// askTimeline gives the timeline of a server that takes writes, in the first eight digits; "" of one that follows.
const askTimeline = "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_walfile_name(pg_current_wal_insert_lsn()) END"

// timelineKey is where a connection keeps the timeline of its server.
const timelineKey = "belfry.timeline"

// surveyLimit is how long a server may take to say what timeline it is on, when all are asked.
const surveyLimit = 2 * time.Second

// errOlder is of a server that was the primary once.
var errOlder = errors.New("the server is on an older timeline than one met before: its standby was promoted")

// timelineOf asks a server for its timeline, 0 when it has none or does not say: not everything that speaks the protocol does.
func timelineOf(ctx context.Context, conn *pgconn.PgConn) (uint32, error) {
	result := conn.ExecParams(ctx, askTimeline, nil, nil, nil, nil).Read()
	var refused *pgconn.PgError
	switch {
	case errors.As(result.Err, &refused):
		return 0, nil
	case result.Err != nil:
		return 0, result.Err
	case len(result.Rows) != 1 || len(result.Rows[0][0]) < 8:
		return 0, nil
	}
	n, err := strconv.ParseUint(string(result.Rows[0][0][:8]), 16, 32)
	if err != nil {
		return 0, nil
	}
	return uint32(n), nil
}

// validate looks at every new connection before it is used, after what the address demands of it.
func (db *DB) validate(demanded pgconn.ValidateConnectFunc) pgconn.ValidateConnectFunc {
	return func(ctx context.Context, conn *pgconn.PgConn) error {
		if demanded != nil {
			if err := demanded(ctx, conn); err != nil {
				return err
			}
		}
		n, err := timelineOf(ctx, conn)
		if err != nil {
			return err
		}
		conn.CustomData()[timelineKey] = n
		if db.meet(n); db.older(conn) {
			return fmt.Errorf("%w (%d, now %d)", errOlder, n, db.timeline.Load())
		}
		return nil
	}
}

// older says whether a connection leads to a server that was the primary once.
func (db *DB) older(conn *pgconn.PgConn) bool {
	n, _ := conn.CustomData()[timelineKey].(uint32)
	return n > 0 && n < db.timeline.Load()
}

// meet notes a timeline, and drops the connections to older ones when it is new.
func (db *DB) meet(n uint32) {
	for old := db.timeline.Load(); n > old; old = db.timeline.Load() {
		if db.timeline.CompareAndSwap(old, n) {
			if old > 0 {
				db.pool.Reset()
			}
			return
		}
	}
}

// survey asks every server of the address for its timeline. One survey at a time is enough.
func (db *DB) survey(ctx context.Context) {
	if len(db.servers) < 2 || !db.surveying.CompareAndSwap(false, true) {
		return
	}
	defer db.surveying.Store(false)
	limit, cancel := context.WithTimeout(ctx, surveyLimit)
	defer cancel()
	var all sync.WaitGroup
	for _, server := range db.servers {
		all.Go(func() {
			conn, err := pgx.ConnectConfig(limit, server.Copy())
			if err != nil {
				return
			}
			defer func() { _ = conn.Close(limit) }()
			if n, err := timelineOf(limit, conn.PgConn()); err == nil {
				db.meet(n)
			}
		})
	}
	all.Wait()
}

// doubt asks, beside what goes on, whether another server has become the primary.
func (db *DB) doubt() {
	if len(db.servers) > 1 && db.begin() {
		go func() {
			defer db.working.Done()
			db.survey(db.closing)
		}()
	}
}

// apart are the servers of an address, each by itself.
func apart(config *pgx.ConnConfig) (servers []*pgx.ConnConfig) {
	met := map[string]bool{}
	for _, one := range append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...) {
		if name := fmt.Sprint(one.Host, " ", one.Port); !met[name] {
			met[name] = true
			server := config.Copy()
			server.Host, server.Port, server.TLSConfig, server.Fallbacks, server.ValidateConnect = one.Host, one.Port, one.TLSConfig, nil, nil
			servers = append(servers, server)
		}
	}
	return servers
}
