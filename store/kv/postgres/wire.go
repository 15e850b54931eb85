package postgres

import (
	"context"
	"time"

	"belfry/store/kv"

	"github.com/jackc/pgx/v5"
)

// Send hands a message to every process that listens, through the server's own NOTIFY, in a transaction of its own: a
// notifying commit waits for every other, which no commit that stores something should.
func (db *DB) Send(ctx context.Context, message []byte) error {
	if len(message) > kv.MaxMessage {
		return kv.ErrTooLarge
	}
	if !db.begin() {
		return kv.ErrClosed
	}
	defer db.working.Done()
	db.meter.RoundTrips.Add(1)
	_, err := db.pool.Exec(ctx, "SELECT pg_notify($1, $2)", db.channel(), string(message))
	return err
}

// channel keeps communities in one database apart.
func (db *DB) channel() string { return "belfry." + db.schema }

// listenAgain is how long it waits before it listens on a new connection.
const listenAgain = 500 * time.Millisecond

// Receive listens on a connection of its own.
func (db *DB) Receive(ctx context.Context, fn func(message []byte)) {
	for ctx.Err() == nil {
		db.listen(ctx, fn)
		_ = pause(ctx, listenAgain)
	}
}

func (db *DB) listen(ctx context.Context, fn func(message []byte)) {
	config := db.pool.Config().ConnConfig
	config.RuntimeParams["idle_session_timeout"] = "0"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(end)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{db.channel()}.Sanitize()); err != nil {
		return
	}
	fn(nil) // what came before was not heard
	for {
		// A connection that is dead without a word is noticed: nothing came for a while, and it does not answer.
		quiet, cancel := context.WithTimeout(ctx, listenQuiet)
		notification, err := conn.WaitForNotification(quiet)
		cancel()
		switch {
		case err == nil:
			fn([]byte(notification.Payload))
		case ctx.Err() != nil || quiet.Err() == nil || conn.IsClosed() || db.older(conn.PgConn()):
			return
		}
		if err != nil {
			alive, cancel := context.WithTimeout(ctx, connectLimit)
			_, err := conn.Exec(alive, "SELECT 1")
			cancel()
			if err != nil {
				return
			}
		}
	}
}

// listenQuiet is how long nothing may come before the connection is asked whether it lives.
const listenQuiet = 15 * time.Second
