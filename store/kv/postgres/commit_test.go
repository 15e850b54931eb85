package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store/kv"
	"belfry/store/kv/postgres"
	"belfry/store/kv/postgres/pgtest"

	"github.com/jackc/pgx/v5"
)

var ctx = context.Background()

func want(t testing.TB, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func put(db kv.DB, pairs ...string) error {
	return db.Update(ctx, "test", func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			tx.Put([]byte(pairs[i]), []byte(pairs[i+1]))
		}
		return nil
	})
}

func get(t testing.TB, db kv.DB, key string) (value string, ok bool) {
	t.Helper()
	err := db.View(ctx, func(r kv.Reader) error {
		b, there, err := r.Get([]byte(key))
		value, ok = string(b), there
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value, ok
}

// query asks the database itself.
func query(t testing.TB, address, statement string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, statement).Scan(&text); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return text
}

// TestDocumentsKeepEveryByte stores values of every kind in a table that an operator reads with SQL.
func TestDocumentsKeepEveryByte(t *testing.T) {
	address := pgtest.Database(t)
	db := open(t, address)
	values := []string{`{"title":"Réunion","n":1.50,"a":1,"a":2}`, "{ \"b\" : [1, 2 ,3],\n\t\"a\":null }", `{"zero":"\u0000","half":"\ud800"}`,
		`{"big":123456789012345678901234567890,"e":1e400}`, `{}`, `{`, `{"a":1`, "{\"a\":\"\xff\"}", "", "\x00", "[1]", "42", `"x"`, strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000)}
	for i, value := range values {
		if err := put(db, fmt.Sprint("record.kind/", i), value); err != nil {
			t.Fatalf("%.40q: %v", value, err)
		}
	}
	for i, value := range values {
		if have, ok := get(t, db, fmt.Sprint("record.kind/", i)); have != value || !ok {
			t.Errorf("%.60q came back as %.60q", value, have)
		}
	}
	want(t, query(t, address, "SELECT doc->>'title' FROM belfry.record_kind WHERE key = '0'"), "Réunion")
	want(t, query(t, address, "SELECT count(doc)::text FROM belfry.record_kind WHERE doc->>'n' IS NOT NULL OR key = '4'"), "2")
}

// TestUpdatesShareATransaction lets many wait for one scope: they see each other's writes, one that fails or panics
// leaves the others alone, and they take few transactions.
func TestUpdatesShareATransaction(t *testing.T) {
	db := open(t, pgtest.Database(t))
	if err := put(db, "counter/n", "0"); err != nil {
		t.Fatal(err)
	}
	before := db.Stats()
	mine := errors.New("mine")
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			defer func() {
				if p := recover(); (p != nil) != (i%50 == 7) {
					t.Errorf("%d: panic %v", i, p)
				}
			}()
			err := db.Update(ctx, "counter", func(tx kv.Tx) error {
				value, _, err := tx.Get([]byte("counter/n"))
				n := 0
				_, _ = fmt.Sscan(string(value), &n)
				tx.Put([]byte("counter/n"), []byte(fmt.Sprint(n+1)))
				switch {
				case i%50 == 7:
					panic("mine")
				case i%50 == 9:
					return mine
				}
				return err
			})
			if i%50 == 9 {
				want(t, errors.Is(err, mine), true)
			} else {
				want(t, err, nil)
			}
		})
	}
	wg.Wait()
	value, _ := get(t, db, "counter/n")
	want(t, value, "288")
	after := db.Stats()
	t.Logf("288 updates in %d transactions, %d round trips", after.Commits-before.Commits, after.RoundTrips-before.RoundTrips)
	want(t, after.Commits-before.Commits < 100, true)
}

// TestRoundTrips counts messages to the server that are waited for.
func TestRoundTrips(t *testing.T) {
	db := open(t, pgtest.Database(t))
	if err := put(db, "a/1", "x", "b/1", "y"); err != nil {
		t.Fatal(err)
	}
	cost := func(act func() error) uint64 {
		before := db.Stats().RoundTrips
		if err := act(); err != nil {
			t.Error(err)
		}
		return db.Stats().RoundTrips - before
	}
	want(t, cost(func() error { return put(db, "a/2", "x", "b/2", "y", "c/2", "z") }), uint64(1))
	want(t, cost(func() error {
		return db.View(ctx, func(r kv.Reader) error {
			_, err := r.GetMany([][]byte{[]byte("a/1"), []byte("b/1"), []byte("c/9")})
			return err
		})
	}), uint64(1))
	want(t, cost(func() error {
		return db.Update(ctx, "", func(tx kv.Tx) error {
			_, err := tx.Scan(kv.Prefix([]byte("a/")), 10)
			_, _, err2 := tx.Get([]byte("b/1"))
			_, _, err3 := tx.Get([]byte("b/1")) // kept
			tx.Put([]byte("a/3"), nil)
			tx.Delete([]byte("b/1"))
			return errors.Join(err, err2, err3)
		})
	}), uint64(3))
}

// TestTwoProcesses runs what must not go wrong between two engines on one database. The control shows that they meet.
func TestTwoProcesses(t *testing.T) {
	address := pgtest.Database(t)
	nodes := []*postgres.DB{open(t, address), open(t, address)}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for range 30 {
				err := nodes[w%2].Update(ctx, "counter", func(tx kv.Tx) error {
					value, _, err := tx.Get([]byte("counter/n"))
					n := 0
					_, _ = fmt.Sscan(string(value), &n)
					tx.Put([]byte("counter/n"), []byte(fmt.Sprint(n+1)))
					return err
				})
				want(t, err, nil)
			}
		})
	}
	for range 40 { // each leaves only while the other is there
		if err := put(nodes[0], "duty/a", "yes", "duty/b", "yes"); err != nil {
			t.Fatal(err)
		}
		var leaving sync.WaitGroup
		for i, me := range []string{"duty/a", "duty/b"} {
			leaving.Go(func() {
				_ = nodes[i].Update(ctx, me, func(tx kv.Tx) error {
					pairs, err := tx.Scan(kv.Prefix([]byte("duty/")), 10)
					if err == nil && len(pairs) == 2 {
						tx.Delete([]byte(me))
					}
					return err
				})
			})
		}
		leaving.Wait()
		_, a := get(t, nodes[0], "duty/a")
		_, b := get(t, nodes[1], "duty/b")
		want(t, a || b, true)
	}
	wg.Wait()
	value, _ := get(t, nodes[1], "counter/n")
	want(t, value, "240")
	redone := nodes[0].Stats().Redone + nodes[1].Stats().Redone
	t.Logf("%d batches were redone", redone)
	want(t, redone > 0, true)
}

// TestWordOfACommitLost cuts the connection at the commit, before and after it reached the server: it is never reported
// as made, and what was written is all there or not at all. Cut before that, nobody notices.
func TestWordOfACommitLost(t *testing.T) {
	s := pgtest.Start(t)
	p := s.Through(t)
	db := open(t, fmt.Sprintf("postgres://belfry@127.0.0.1:%d/postgres?sslmode=disable", p.Port()))
	if err := put(db, "a/0", "x", "b/0", "x"); err != nil {
		t.Fatal(err)
	}
	update := func(key string, arm func()) error {
		first := true
		return db.Update(ctx, "", func(tx kv.Tx) error {
			_, _, err := tx.Get([]byte("a/0"))
			tx.Put([]byte("a/"+key), []byte("1"))
			tx.Put([]byte("b/"+key), []byte("1"))
			if first {
				first = false
				arm()
			}
			return err
		})
	}
	var unknown *postgres.UnknownError
	for key, arm := range map[string]func(){"made": p.LoseAnswer, "not made": p.LoseRequest} {
		if err := update(key, arm); !errors.As(err, &unknown) {
			t.Errorf("%s: %v", key, err)
		}
		_, a := get(t, db, "a/"+key)
		_, b := get(t, db, "b/"+key)
		want(t, a, key == "made")
		want(t, a, b)
	}
	want(t, p.Swallowed.Load(), int64(2))
	for n := range 5 {
		p.Reset() // between transactions, while connections wait in the pool
		want(t, update(fmt.Sprint(n), func() {}), nil)
		p.Reset()
		get(t, db, "a/0")
	}
	want(t, p.Resets.Load() > 5, true)
	t.Logf("%d resets, %d connections given up", p.Resets.Load(), db.Stats().Reconnected)
}

// TestT19ACommitThatItsStandbyMayNotHave cancels the wait for a standby that is gone: PostgreSQL then answers that the
// commit is made, with a warning, though it could be lost with the machine. Where nobody cancels it the wait ends by itself,
// after the time that the address gives or five seconds, and is of unknown outcome too. Commits with nobody to wait for are the control.
func TestT19ACommitThatItsStandbyMayNotHave(t *testing.T) {
	s := pgtest.Start(t)
	db := open(t, s.Address("postgres"))
	if err := put(db, "a/0", "x"); err != nil {
		t.Fatal(err)
	}
	s.Run(t, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
	done, cancelled := make(chan error, 1), ""
	for n, going, began := 0, false, time.Now(); cancelled == "" && time.Since(began) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		if !going { // the server waits for a standby from some moment on
			going = true
			go func() { done <- put(db, fmt.Sprint("a/first", n), "x") }()
		}
		cancelled = query(t, s.Address("postgres"), "SELECT pg_cancel_backend(pid)::text FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
		if cancelled == "" && len(done) > 0 {
			want(t, <-done, nil)
			n, going = n+1, false
		}
	}
	want(t, cancelled, "true")
	var unknown *postgres.UnknownError
	if err := <-done; !errors.As(err, &unknown) {
		t.Errorf("a commit that its standby may not have was reported as %v", err)
	}
	limit, brief := 300*time.Millisecond, open(t, s.Address("postgres")+"&commit_timeout=300")
	if rounds(1) > 1 {
		limit, brief = 5*time.Second, db
	}
	longest := time.Duration(0)
	for n := range rounds(1) {
		for key, outcome := range map[string]error{fmt.Sprint("a/", n): kv.ErrUnknown, fmt.Sprintf("fresh%d/1", n): kv.ErrAway} { // the second needs a table of its own
			began := time.Now()
			err := put(brief, key, "x")
			took := time.Since(began)
			if !errors.Is(err, outcome) || took < limit-50*time.Millisecond || took > limit+3*time.Second {
				t.Errorf("%s: without its standby a commit is %v after %v", key, err, took)
			}
			longest = max(longest, took)
		}
	}
	t.Logf("TORTURE: T19 no standby answers, engine alone | %d | %d commits of unknown outcome after at most %v | 0", rounds(1), 1+2*rounds(1), longest.Round(time.Millisecond))
	s.Run(t, "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()")
	var alone error
	for began := time.Now(); ; { // it does not from some moment on
		if alone = put(brief, "a/control", "x"); alone == nil || time.Since(began) > 20*time.Second {
			break
		}
	}
	want(t, alone, nil)
	refused(t, s.Address("postgres")+"&commit_timeout=soon", postgres.Options{}, postgres.ErrAddress, "commit_timeout")
}

// TestDamageIsNamed changes a value behind the engine's back.
func TestDamageIsNamed(t *testing.T) {
	address := pgtest.Database(t)
	db := open(t, address)
	if err := put(db, "a/1", `{"seats":20}`, "a/2", "whole"); err != nil {
		t.Fatal(err)
	}
	query(t, address, `UPDATE belfry.a SET doc = '{"seats":99}' WHERE key = '1' RETURNING ''`)
	var damage *kv.DamagedError
	err := db.View(ctx, func(r kv.Reader) error { _, _, err := r.Get([]byte("a/1")); return err })
	want(t, errors.As(err, &damage) && string(damage.Key) == "a/1", true)
	err = db.Update(ctx, "", func(tx kv.Tx) error {
		_, _, err := tx.Get([]byte("a/1"))
		want(t, errors.As(err, &damage), true)
		value, _, err := tx.Get([]byte("a/2"))
		want(t, string(value), "whole")
		return err
	})
	want(t, err, nil)
	var found []string
	n, err := db.Verify(ctx, func(d kv.DamagedError) { found = append(found, string(d.Key)) })
	want(t, err, nil)
	want(t, fmt.Sprint(n, found), "2 [a/1]")
}
