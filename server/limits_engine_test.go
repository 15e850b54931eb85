//go:build bench

package server_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// engineRows measures the engine by itself: a record of 600 bytes and an index entry, by so many at once.
func engineRows(t testing.TB, a *table) {
	for _, writers := range []int{1, 16, 64, 256} {
		target := "0.80"
		r := a.add(fmt.Sprintf("engine alone, %d writers", writers), target)
		path := filepath.Join(t.TempDir(), "engine.db")
		db, err := bolt.Open(path, bolt.Options{})
		ok(t, err)
		t.Cleanup(func() { _ = db.Close() })
		empty := filepath.Join(t.TempDir(), "empty.db")
		file, err := os.Create(empty)
		ok(t, err)
		_, err = db.Backup(ctx, file)
		ok(t, err)
		ok(t, file.Close())
		var ids atomic.Int64
		each := max(300, 150*writers)
		for range rounds() {
			before := db.Stats()
			r.ours = append(r.ours, measure(func() int {
				var wg sync.WaitGroup
				var left atomic.Int64
				left.Store(int64(each))
				for range writers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							id := ids.Add(1)
							err := db.Update(ctx, "", func(tx kv.Tx) error {
								tx.Put(fmt.Appendf(nil, "record/%016d", id), make([]byte, 600))
								tx.Put(fmt.Appendf(nil, "index/%016d", id), nil)
								return nil
							})
							if err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				return each
			}))
			s := db.Stats()
			trace := make([][]kv.Pair, each)
			for i := range trace {
				id := ids.Add(1)
				trace[i] = []kv.Pair{{Key: fmt.Appendf(nil, "record/%016d", id), Value: make([]byte, 604)}, {Key: fmt.Appendf(nil, "index/%016d", id), Value: make([]byte, 4)}}
			}
			r.limit = append(r.limit, replay(t, empty, trace, max(1, int(s.Updates-before.Updates)/int(max(1, s.Commits-before.Commits)))))
		}
	}
}

// startRows measures a real process: an empty hub to its first answer, and the demo at rest.
func startRows(t testing.TB, a *table) {
	binary := filepath.Join(t.TempDir(), "belfry")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "../cmd/belfry").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	serve := func(port int, args ...string) (*exec.Cmd, float64) {
		c := exec.CommandContext(ctx, binary, append([]string{"serve", "--listen", "127.0.0.1:" + strconv.Itoa(port)}, args...)...)
		start := time.Now()
		ok(t, c.Start())
		for time.Since(start) < time.Minute {
			res, err := http.Get("http://127.0.0.1:" + strconv.Itoa(port) + "/")
			if err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if res.StatusCode == http.StatusOK { // while it opens its data it answers that it does
					return c, time.Since(start).Seconds()
				}
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatal("no answer")
		return nil, 0
	}
	stop := func(c *exec.Cmd) { _ = c.Process.Signal(os.Interrupt); _ = c.Wait() }
	var took []float64
	for i := range rounds() {
		c, seconds := serve(38400+i, "--data", filepath.Join(t.TempDir(), "data"))
		stop(c)
		took = append(took, seconds*1000)
	}
	a.figure("empty hub to its first page", "150 ms", "ms", took...)
	c, built := serve(38390, "--demo")
	defer stop(c)
	a.figure("demo to its first page", "3 s", "s", built)
	resident := func() float64 {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
		ok(t, err)
		_, rest, _ := strings.Cut(string(status), "VmRSS:")
		kib, err := strconv.Atoi(strings.Fields(rest)[0])
		ok(t, err)
		return float64(kib) / 1024
	}
	time.Sleep(20 * time.Second)
	a.figure("demo, resident 20 s after it was built", "60 MiB", "MiB", resident())
}
