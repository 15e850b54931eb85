package postgres_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store/kv"
	"belfry/store/kv/postgres"
	"belfry/store/kv/postgres/pgtest"
)

// rounds is how often a torture is repeated: few times in the ordinary tests.
func rounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil && n > 0 {
		return max(few, n/10)
	}
	return few
}

// load writes from many sides to several engines on one database: each update counts in a shared counter and adds a key.
type load struct {
	t     *testing.T
	stop  chan struct{}
	wg    sync.WaitGroup
	mu    sync.Mutex // guards acked
	acked []string
	done  atomic.Int64

	unknown, refused atomic.Int64
}

func startLoad(t *testing.T, nodes ...*postgres.DB) *load {
	l := &load{t: t, stop: make(chan struct{})}
	for w := range 4 * len(nodes) {
		l.wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-l.stop:
					return
				default:
				}
				l.write(nodes[w%len(nodes)], fmt.Sprintf("entry/%d/%d", w, n))
			}
		})
	}
	return l
}

func (l *load) write(db *postgres.DB, key string) {
	err := db.Update(ctx, "counter", func(tx kv.Tx) error {
		value, _, err := tx.Get([]byte("counter/n"))
		n := 0
		_, _ = fmt.Sscan(string(value), &n)
		tx.Put([]byte("counter/n"), []byte(fmt.Sprint(n+1)))
		tx.Put([]byte(key), []byte(`{"here":true}`))
		return err
	})
	var unknown *postgres.UnknownError
	switch {
	case err == nil:
		l.mu.Lock()
		l.acked = append(l.acked, key)
		l.mu.Unlock()
		l.done.Add(1)
	case errors.As(err, &unknown):
		l.unknown.Add(1)
	default:
		l.refused.Add(1)
		time.Sleep(10 * time.Millisecond)
	}
}

// more waits until so many more were acknowledged.
func (l *load) more(n int64) {
	l.t.Helper()
	for from, began := l.done.Load(), time.Now(); l.done.Load() < from+n; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 90*time.Second {
			l.t.Fatalf("only %d more writes: %d unknown, %d refused", l.done.Load()-from, l.unknown.Load(), l.refused.Load())
		}
	}
}

// end stops the load and compares what is there with what was acknowledged: nothing is lost, and what was written is
// whole. It returns how many acknowledged keys are missing.
func (l *load) end(db *postgres.DB) (missing int) {
	l.t.Helper()
	close(l.stop)
	l.wg.Wait()
	there, counter := map[string]bool{}, 0
	for from := kv.Prefix([]byte("entry/")); ; {
		var some []kv.Pair
		err := db.View(ctx, func(r kv.Reader) error {
			var err error
			some, err = r.Scan(from, 5000)
			value, _, err2 := r.Get([]byte("counter/n"))
			_, _ = fmt.Sscan(string(value), &counter)
			return errors.Join(err, err2)
		})
		if err != nil {
			l.t.Fatal(err)
		}
		for _, p := range some {
			there[string(p.Key)] = true
		}
		if len(some) < 5000 {
			break
		}
		from.From = append(append([]byte{}, some[len(some)-1].Key...), 0)
	}
	for _, key := range l.acked {
		if !there[key] {
			missing++
		}
	}
	if counter != len(there) {
		l.t.Errorf("the counter says %d, there are %d", counter, len(there))
	}
	l.t.Logf("%d acknowledged, %d there, %d with unknown outcome, %d refused, %d missing", len(l.acked), len(there), l.unknown.Load(), l.refused.Load(), missing)
	return missing
}

func openBoth(t *testing.T, primary, standby *pgtest.Server) *postgres.DB {
	return open(t, fmt.Sprintf("postgres://belfry@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write", primary.Port, standby.Port))
}

// TestT18PrimaryKilled kills the primary under the load of two nodes and promotes its synchronous standby: writing
// goes on by itself, and nothing that was acknowledged is lost.
func TestT18PrimaryKilled(t *testing.T) {
	kept, doubtful, slowest := int64(0), int64(0), time.Duration(0)
	for range rounds(1) {
		primary := pgtest.Start(t)
		standby := primary.Standby(t)
		one, two := openBoth(t, primary, standby), openBoth(t, primary, standby)
		l := startLoad(t, one, two)
		l.more(200)
		primary.Kill(t)
		killed := time.Now()
		standby.Promote(t)
		l.more(200)
		slowest = max(slowest, time.Since(killed))
		if l.end(one) > 0 {
			t.Error("acknowledged writes are lost")
		}
		want(t, one.Stats().Reconnected+two.Stats().Reconnected > 0, true)
		kept, doubtful = kept+l.done.Load(), doubtful+l.unknown.Load()
		standby.Stop()
	}
	t.Logf("TORTURE: T18 primary killed and standby promoted, engine alone | %d | %d writes acknowledged, %d of unknown outcome; 200 more at most %v later | 0", rounds(1), kept, doubtful, slowest.Round(time.Millisecond))
}

// TestT18TheHarnessSeesLostWrites is the control of the test above: with a standby that is not waited for, and has stopped,
// writes are lost, and it is seen.
func TestT18TheHarnessSeesLostWrites(t *testing.T) {
	primary := pgtest.Start(t)
	standby := primary.Standby(t)
	primary.Run(t, "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()")
	one := openBoth(t, primary, standby)
	l := startLoad(t, one)
	l.more(50)
	standby.Kill(t)
	l.more(50)
	primary.Kill(t)
	standby.Restart(t)
	standby.Promote(t)
	l.more(20)
	if l.end(one) == 0 {
		t.Error("the primary is gone with its last writes, and none is missed")
	}
}

// TestT21ConnectionsReset breaks all connections of two nodes again and again, and lets the answers of commits be
// lost, under load.
func TestT21ConnectionsReset(t *testing.T) {
	s := pgtest.Start(t)
	p := s.Through(t)
	address := fmt.Sprintf("postgres://belfry@127.0.0.1:%d/postgres?sslmode=disable", p.Port())
	one, two := open(t, address), open(t, address)
	l := startLoad(t, one, two)
	for range rounds(20) {
		l.more(20)
		p.Reset()
		l.more(5)
		p.LoseAnswer()
	}
	l.more(20)
	if l.end(one) > 0 {
		t.Error("acknowledged writes are lost")
	}
	t.Logf("TORTURE: T21 connections to the database reset | %d | %d writes acknowledged, %d connections reset, %d answers of commits lost | 0", rounds(20), l.done.Load(), p.Resets.Load(), p.Swallowed.Load())
	want(t, p.Resets.Load() >= 20 && p.Swallowed.Load() > 0, true)
}

// TestT21OneNodeWithoutItsDatabase silences one node's way to the database: its callers are told, within the time they
// gave, the other node goes on, and the first comes back by itself.
func TestT21OneNodeWithoutItsDatabase(t *testing.T) {
	s := pgtest.Start(t)
	p := s.Through(t)
	cut, whole := open(t, fmt.Sprintf("postgres://belfry@127.0.0.1:%d/postgres?sslmode=disable", p.Port())), open(t, s.Address("postgres"))
	want(t, put(cut, "a/1", "x"), nil)
	p.Silence(true)
	for try := 0; try == 0 || p.Silenced.Load() == 0 && try < 20; try++ { // the time may be over before anything was asked
		short, cancel := withTimeout(300 * time.Millisecond)
		began := time.Now()
		err := cut.View(short, func(r kv.Reader) error { _, _, err := r.Get([]byte("a/1")); return err })
		want(t, err != nil && time.Since(began) < 5*time.Second, true)
		cancel()
	}
	want(t, put(whole, "a/2", "x"), nil)
	want(t, p.Silenced.Load() > 0, true)
	p.Silence(false)
	p.Reset() // as the kernel does when it gives up
	want(t, put(cut, "a/3", "x"), nil)
	_, ok := get(t, cut, "a/2")
	want(t, ok, true)
}

// TestNobodyWaitsLongerThanTheyGave silences the way to the database in the middle of an Update: its caller is told within
// the time they gave that the outcome is not known, or that nothing was written.
func TestNobodyWaitsLongerThanTheyGave(t *testing.T) {
	s := pgtest.Start(t)
	p := s.Through(t)
	db := open(t, fmt.Sprintf("postgres://belfry@127.0.0.1:%d/postgres?sslmode=disable", p.Port()))
	want(t, put(db, "a/1", "x"), nil)
	for _, kind := range []error{kv.ErrAway, kv.ErrUnknown} {
		var err error
		var began time.Time
		for try, silenced := 0, p.Silenced.Load(); try == 0 || !errors.Is(err, kind) && p.Silenced.Load() == silenced && try < 20; try++ {
			p.Silence(false) // the time was over before anything could be lost
			short, cancel := withTimeout(300 * time.Millisecond)
			began = time.Now()
			err = db.Update(short, "x", func(tx kv.Tx) error {
				if kind == kv.ErrAway {
					p.Silence(true)
				}
				_, _, err := tx.Get([]byte("a/1"))
				p.Silence(true)
				tx.Put([]byte("a/2"), []byte("x"))
				return err
			})
			cancel()
		}
		want(t, errors.Is(err, kind), true)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%v: after %v", err, took)
		}
		p.Silence(false)
		p.Reset()
		want(t, put(db, "a/3", "x"), nil)
	}
}

// TestVerifyCountsOnceWhatIsReadTwice breaks the connection under an examination.
func TestVerifyCountsOnceWhatIsReadTwice(t *testing.T) {
	s := pgtest.Start(t)
	p := s.Through(t)
	db := open(t, fmt.Sprintf("postgres://belfry@127.0.0.1:%d/postgres?sslmode=disable", p.Port()))
	want(t, db.Update(ctx, "", func(tx kv.Tx) error {
		for n := range 900 {
			tx.Put(fmt.Appendf(nil, "a/%04d", n), []byte(strings.Repeat("x", 400)))
		}
		return nil
	}), nil)
	query(t, s.Address("postgres"), "UPDATE belfry.a SET sum = sum + 1 WHERE key = '0007'")
	p.CutAnswer(200 << 10)
	damaged := 0
	count, err := db.Verify(ctx, func(kv.DamagedError) { damaged++ })
	want(t, err, nil)
	want(t, damaged, 1)
	want(t, count, 900)
	want(t, p.Swallowed.Load(), int64(1))
}

// TestT18TheOldPrimaryIsRefused starts a primary again whose standby was promoted, and breaks every connection to the new
// one: both take writes, and the old one is named first. Nodes that know better and nodes that have just started write to
// the new one; one that is told of the old one alone is the control.
func TestT18TheOldPrimaryIsRefused(t *testing.T) {
	primary := pgtest.Start(t)
	standby := primary.Standby(t)
	db, first := openBoth(t, primary, standby), openBoth(t, standby, primary) // one meets the standby before the primary
	want(t, put(db, "a/1", "x"), nil)
	want(t, put(first, "a/2", "x"), nil)
	primary.Kill(t)
	standby.Promote(t)
	for put(db, "a/3", "new") != nil { // the first may be told that a commit is in doubt
	}
	for put(first, "a/4", "new") != nil {
	}
	primary.Restart(t)
	primary.Run(t, "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()") // so that it would even acknowledge
	slowest := time.Duration(0)
	for n := range rounds(1) {
		standby.Run(t, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'belfry'")
		for put(db, fmt.Sprint("b/", n), "new") != nil {
		}
		began := time.Now()
		fresh := openBoth(t, primary, standby)
		want(t, put(fresh, fmt.Sprint("c/", n), "new"), nil)
		slowest = max(slowest, time.Since(began))
		for _, key := range []string{"a/3", "a/4", fmt.Sprint("b/", n), fmt.Sprint("c/", n)} {
			_, there := get(t, fresh, key)
			want(t, there, true)
		}
	}
	t.Logf("TORTURE: T18 the old primary comes back | %d | %d times all connections broken, the new one found after at most %v | 0", rounds(1), rounds(1), slowest.Round(time.Millisecond))
	control := open(t, primary.Address("postgres"))
	want(t, put(control, "d/1", "old"), nil)
	for key, there := range map[string]bool{"a/1": true, "a/2": true, "a/3": false, "a/4": false, "b/0": false, "c/0": false} {
		_, found := get(t, control, key)
		want(t, found, there)
	}
}
