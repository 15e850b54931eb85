package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"belfry/store/kv"
	"belfry/store/kv/postgres"
	"belfry/store/kv/postgres/pgtest"
)

// asCut makes the test binary be a node whose way to the database ends in the middle of a commit.
const asCut = "BELFRY_TEST_CUT_NODE"

func TestMain(m *testing.M) {
	if key, address, ok := strings.Cut(os.Getenv(asCut), " "); ok {
		os.Exit(cutNode(address, key))
	}
	os.Exit(m.Run())
}

// cutNode writes what others want too, and so much behind it that the commit does not get through any more.
func cutNode(address, key string) int {
	db, err := postgres.Open(ctx, address, postgres.Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	large := make([]byte, 400<<10)
	for i := range large {
		large[i] = byte(rand.Int())
	}
	err = db.Update(ctx, "x", func(tx kv.Tx) error {
		_, _, err := tx.Get([]byte("a/" + key))
		tx.Put([]byte("a/"+key), []byte("cut"))
		tx.Put([]byte("b/"+key), large)
		return err
	})
	fmt.Println(err)
	return 0
}

// held is how many have written to the table and not committed.
func held(t *testing.T, address string) (n int) {
	t.Helper()
	_, err := fmt.Sscan(query(t, address, `SELECT count(DISTINCT pid)::text FROM pg_locks WHERE relation = 'belfry.a'::regclass AND mode = 'RowExclusiveLock'`), &n)
	want(t, err, nil)
	return n
}

// TestT21ANodeCutInTheMiddleOfACommit: the server has half of what a node wants to write when the way between them is
// cut. What the node has locked is free for others within seconds, and nothing of the half is kept. A server that keeps
// waiting as long as it does by itself is the control. The short form lets it wait for less than a node asks it to.
func TestT21ANodeCutInTheMiddleOfACommit(t *testing.T) {
	network := pgtest.NewNetwork(t)
	if network == nil {
		t.SkipNow()
	}
	home := network.Machine(t)
	s := home.Start(t)
	address, patient := s.Address("postgres"), s.Address("postgres")+"&tcp_keepalives_idle=0&tcp_user_timeout=0"
	db := open(t, address)
	want(t, put(db, "a/1", "x", "a/2", "x", "b/1", "x", "b/2", "x"), nil)
	brief := ""
	if rounds(1) == 1 {
		brief = "&tcp_keepalives_idle=1&tcp_keepalives_interval=1&tcp_user_timeout=1000"
	}
	var heals []func() int
	hold := func(of string) bool {
		before := held(t, address)
		away := network.Machine(t)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asCut+"="+of)
		away.Enter(cmd)
		heals = append(heals, away.Break(t, pgtest.After(200<<10), home))
		want(t, cmd.Start(), nil)
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
			if held(t, address) > before {
				return true
			}
		}
		return false
	}
	if !hold("2 " + patient) {
		t.Fatal("the control holds nothing")
	}
	held := false
	for try := 0; try < 3 && !held; try++ { // for a second only, which this may sleep through
		held = hold("1 " + address + brief)
	}
	if !held {
		t.Fatal("the node holds nothing")
	}
	write := func(key string, within time.Duration) error {
		limit, cancel := withTimeout(within)
		defer cancel()
		return db.Update(limit, key, func(tx kv.Tx) error {
			value, _, err := tx.Get([]byte(key))
			want(t, string(value), "x")
			tx.Put([]byte(key), []byte("y"))
			return err
		})
	}
	began := time.Now()
	want(t, write("a/1", 10*time.Second), nil)
	free, packets := time.Since(began), 0
	if err := write("a/2", 500*time.Millisecond); err == nil {
		t.Error("the control holds nothing")
	}
	for _, heal := range heals {
		hit := heal()
		want(t, hit > 0, true)
		packets += hit
	}
	t.Logf("TORTURE: T21 a node cut off in the middle of a commit | 1 | %d packets lost, what it held was free after %v | 0", packets, free.Round(time.Millisecond))
	for key, value := range map[string]string{"a/1": "y", "b/1": "x"} {
		got, _ := get(t, db, key)
		want(t, got, value)
	}
}
