package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"belfry/store/kv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Why a database is refused.
var (
	ErrForeign  = errors.New("the schema holds tables of something else")
	ErrEncoding = errors.New("the database is not in UTF-8")
	ErrAddress  = errors.New("the address of the database cannot be read")
)

// Limits of one process. The address may set others: pool_max_conns, and statement_timeout and commit_timeout in milliseconds.
const (
	connections    = 16
	statementLimit = 30 * time.Second // of one statement; a transaction may take as long
	commitLimit    = 5 * time.Second  // of a commit, with its writes: a standby that does not answer within it is taken for lost
	connectLimit   = 5 * time.Second
	idleLimit      = 10 * time.Minute // between two statements of a transaction
	reconnects     = 6                // tries to find a living server for a transaction that has not begun
	waits          = 30               // and when it has no connection left, some three seconds
	deafLimit      = 8 * time.Second  // a server that has not taken what was sent to it is taken for dead
)

// marker is the table that marks a schema as ours.
const marker = "_belfry"

// Options of an engine. Zero values are for production.
type Options struct {
	ReadOnly bool   // for examining: no Updates; what is not there is an error
	Existing bool   // what is not there is an error
	Schema   string // "belfry" unless the address names one as search_path
}

// DB is an open database. Its methods may be called by many at once.
type DB struct {
	pool     *pgxpool.Pool
	schema   string
	readOnly bool
	limit    time.Duration // of a commit

	making sync.Mutex        // one table is made at a time
	mu     sync.Mutex        // guards what follows
	tables map[string]*table // by family
	queues map[string]*queue // by scope
	closed bool

	working sync.WaitGroup // Views, batches, and transactions being ended

	servers   []*pgx.ConnConfig // of the address, each by itself
	timeline  atomic.Uint32     // the highest met
	closing   context.Context   // ends with Close
	end       context.CancelFunc
	surveying atomic.Bool

	meter *kv.Meter
}

// Open connects to a PostgreSQL database: postgres://user@host1,host2/name?sslmode=verify-full. Of several hosts the one
// that takes writes is used. An empty schema is made ours; one with tables of something else is ErrForeign. Passwords may
// also stand in a password file or in PGPASSWORD.
func Open(ctx context.Context, address string, opt Options) (*DB, error) {
	config, err := configure(address)
	if err != nil {
		return nil, err
	}
	limit, err := commitTimeout(config.ConnConfig)
	if err != nil {
		return nil, err
	}
	db := &DB{limit: limit, schema: opt.Schema, readOnly: opt.ReadOnly, meter: kv.NewMeter(1), tables: map[string]*table{}, queues: map[string]*queue{}}
	if path := config.ConnConfig.RuntimeParams["search_path"]; db.schema == "" && path != "" {
		db.schema, _, _ = strings.Cut(path, ",")
		db.schema = strings.Trim(db.schema, `" `)
	}
	if db.schema == "" {
		db.schema = "belfry"
	}
	db.servers = apart(config.ConnConfig)
	db.closing, db.end = context.WithCancel(context.WithoutCancel(ctx))
	config.ConnConfig.ValidateConnect = db.validate(config.ConnConfig.ValidateConnect)
	if db.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config); err != nil {
		return nil, err
	}
	db.survey(ctx)
	if err := db.prepare(ctx, opt.Existing); err != nil {
		db.end()
		db.pool.Close()
		return nil, err
	}
	return db, nil
}

// configure reads the address and adds what the engine relies on.
func configure(address string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrAddress, Mask(err.Error(), address))
	}
	conn := config.ConnConfig
	if !strings.Contains(address, "pool_max_conns") {
		config.MaxConns = connections
	}
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false } // a dead one is noticed and replaced
	config.MaxConnIdleTime = 5 * time.Minute
	conn.StatementCacheCapacity = 2048 // some for every table
	if conn.ConnectTimeout == 0 || conn.ConnectTimeout > time.Minute {
		conn.ConnectTimeout = connectLimit
	}
	if len(conn.Fallbacks) > 0 && !strings.Contains(address, "target_session_attrs") {
		conn.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	conn.DialFunc = dialer(conn.ConnectTimeout).DialContext
	if !encrypted(address) && !local(conn.Config) {
		return nil, fmt.Errorf("%w: say how the connection is protected, with sslmode=verify-full or, in a network you trust, sslmode=disable", ErrAddress)
	}
	for name, value := range map[string]string{
		"application_name": "belfry", "client_encoding": "UTF8", "statement_timeout": fmt.Sprint(statementLimit.Milliseconds()),
		"idle_in_transaction_session_timeout": fmt.Sprint(idleLimit.Milliseconds()), "default_transaction_isolation": "serializable",
		// Keys are always found by their index: a table read whole would conflict with every writer of it.
		"enable_seqscan": "off", "enable_bitmapscan": "off", "plan_cache_mode": "force_generic_plan", "jit": "off",
		// What a node holds that is gone without a word is free for others within seconds; by default it is after two hours.
		"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": fmt.Sprint(deafLimit.Milliseconds()),
	} {
		if _, told := conn.RuntimeParams[name]; !told {
			conn.RuntimeParams[name] = value
		}
	}
	conn.OnNotice = func(c *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.Severity == "WARNING" {
			c.CustomData()[warning] = notice.Message
		}
	}
	return config, nil
}

// commitTimeout takes what the address says of commits out of what is sent to the server, which does not know it: its own
// statement_timeout ends before it waits for a standby.
func commitTimeout(conn *pgx.ConnConfig) (time.Duration, error) {
	said, told := conn.RuntimeParams["commit_timeout"]
	delete(conn.RuntimeParams, "commit_timeout")
	if !told {
		return commitLimit, nil
	}
	n, err := strconv.Atoi(said)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%w: commit_timeout is in milliseconds, not %q", ErrAddress, said)
	}
	return time.Duration(n) * time.Millisecond, nil
}

// dialer makes connections that notice within seconds when the other side is gone without a word.
func dialer(limit time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: limit, Control: giveUp,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}}
}

// warning is where a connection keeps what the server warned of, see commit.
const warning = "belfry.warning"

func encrypted(address string) bool { return strings.Contains(address, "sslmode=") }

// local says whether all servers are on this machine.
func local(conn pgconn.Config) bool {
	hosts := []string{conn.Host}
	for _, other := range conn.Fallbacks {
		hosts = append(hosts, other.Host)
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); host != "localhost" && !strings.HasPrefix(host, "/") && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// Valid says whether an address can be read, without calling it: ErrAddress when not.
func Valid(address string) error {
	config, err := configure(address)
	if err == nil {
		_, err = commitTimeout(config.ConnConfig)
	}
	return err
}

// prepare makes sure that the schema is ours, and makes an empty one so.
func (db *DB) prepare(ctx context.Context, existing bool) error {
	var encoding string
	var names []string
	err := db.try(ctx, func(conn *pgxpool.Conn) error {
		if err := conn.QueryRow(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
			return err
		}
		rows, err := conn.Query(ctx, listTables, db.schema)
		if err != nil {
			return err
		}
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return err
	}
	ours := false
	for _, name := range names {
		ours = ours || name == marker
	}
	switch {
	case encoding != "UTF8":
		return fmt.Errorf("%w: it is in %s", ErrEncoding, encoding)
	case !ours && len(names) > 0:
		return fmt.Errorf("%w: schema %s", ErrForeign, db.schema)
	case !ours && (db.readOnly || existing):
		return fmt.Errorf("schema %s: %w", db.schema, fs.ErrNotExist)
	case !ours:
		if err := db.mark(ctx); err != nil {
			return err
		}
	}
	db.know(names)
	return nil
}

// try runs fn on a connection until a living one is found.
func (db *DB) try(ctx context.Context, fn func(*pgxpool.Conn) error) error {
	for try := 1; ; try++ {
		err := db.pool.AcquireFunc(ctx, fn)
		if err == nil || !lost(err) || try == 3 || pause(ctx, jitter(try)) != nil {
			return err
		}
		db.forget(err)
	}
}

// mark makes the schema ours; two processes may do so at once.
func (db *DB) mark(ctx context.Context) error {
	for try := 1; ; try++ {
		_, err := db.pool.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{db.schema}.Sanitize())
		if err == nil {
			_, err = db.pool.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+pgx.Identifier{db.schema, marker}.Sanitize()+" (version integer)")
		}
		if !clash(err) || try == 5 {
			return err
		}
		time.Sleep(jitter(try))
	}
}

// Close waits for what is under way.
func (db *DB) Close() error {
	db.mu.Lock()
	closed := db.closed
	db.closed = true
	db.mu.Unlock()
	if !closed {
		db.end()
		db.working.Wait()
		db.pool.Close()
	}
	return nil
}

// begin counts something as under way, unless the engine is closed.
func (db *DB) begin() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	if !db.closed {
		db.working.Add(1)
	}
	return !db.closed
}

// Stats count what was done since the database was opened.
type Stats struct {
	RoundTrips  uint64 // messages to the server that were waited for
	Commits     uint64 // transactions that wrote something
	Updates     uint64 // updates that these made durable
	Redone      uint64 // batches run again after a conflict
	Reconnected uint64 // connections found dead
}

// Stats returns the counters.
func (db *DB) Stats() Stats {
	return Stats{RoundTrips: db.meter.RoundTrips.Load(), Commits: db.meter.Commits.Read().Count(), Updates: uint64(db.meter.Groups.Read().Sum), Redone: db.meter.Redone.Load(),
		Reconnected: db.meter.Reconnected.Load()}
}

// Meter counts what the engine does.
func (db *DB) Meter() *kv.Meter { return db.meter }

// Ready says why no Update can succeed now. Whether the server answers is known only by asking it.
func (db *DB) Ready() error {
	db.mu.Lock()
	closed := db.closed
	db.mu.Unlock()
	switch {
	case closed:
		return kv.ErrClosed
	case db.readOnly:
		return kv.ErrReadOnly
	case db.meter.Full():
		return kv.ErrNoSpace
	}
	return nil
}
