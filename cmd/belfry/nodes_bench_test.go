//go:build bench

package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestMoreNodes prints what a second and a third node bring behind HAProxy, with the database on the same machine: pages
// that are kept, pages of members, answers, and messages said without scripts, a second, the middle of some rounds in
// each of which one, two and three nodes take turns, and the spread.
// BELFRY_BENCH_ROUNDS=5 go test -tags bench -run TestMoreNodes -v ./cmd/belfry
func TestMoreNodes(t *testing.T) {
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("NOT RUN: nodes behind HAProxy (apt-get install haproxy)")
	}
	times := 3
	if n, err := strconv.Atoi(os.Getenv("BELFRY_BENCH_ROUNDS")); err == nil && n > 0 {
		times = n
	}
	c := newCommunity(t, 300, 6) // each says thirty things at most at once
	address := c.share(t)
	public := "http://" + strings.Replace(freePort(t), "127.0.0.1", "localhost", 1)
	var nodes []*hub
	for range 3 {
		nodes = append(nodes, serve(t, filepath.Join(t.TempDir(), "node"), "--demo", "--store", address, "--public-url", public, "--proxies", "127.0.0.1"))
	}
	config := "global\n    maxconn 2000\ndefaults\n    mode http\n    timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n    timeout tunnel 1h\n"
	fronts := make([]*hub, 3)
	for n := range fronts {
		fronts[n] = newHub(t, nil, "")
		front := freePort(t)
		fronts[n].url, fronts[n].host = "http://"+front, strings.TrimPrefix(public, "http://")
		config += fmt.Sprintf("frontend f%d\n    bind %s\n    default_backend b%d\nbackend b%d\n    balance leastconn\n    option redispatch\n", n, front, n, n)
		for i, h := range nodes[:n+1] {
			config += fmt.Sprintf("    server s%d %s\n", i, strings.TrimPrefix(h.url, "http://"))
		}
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	ok(t, os.WriteFile(file, []byte(config), 0o600))
	proxy := exec.Command("haproxy", "-f", file, "-db")
	ok(t, proxy.Start())
	t.Cleanup(func() { _ = proxy.Process.Kill(); _ = proxy.Wait() })
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if status, _, err := fronts[2].get("/readyz", ""); err == nil && status == 200 {
			break
		} else if time.Since(began) > patience {
			t.Fatal(status, err)
		}
	}
	tokens := c.tokens(nodes[0])
	meeting := func(n int) string { return "/meetings/" + c.meetings[n%len(c.meetings)].Slug }
	works := []struct {
		name string
		do   func(h *hub, n int) (int, string, error)
		want int
	}{
		{"pages that are kept", func(h *hub, n int) (int, string, error) { return h.get(meeting(n), "") }, 200},
		{"pages of members", func(h *hub, n int) (int, string, error) { return h.get(meeting(n), c.sessions[n%len(c.sessions)]) }, 200},
		{"answers", func(h *hub, n int) (int, string, error) {
			who := n % len(c.sessions)
			return h.post(meeting(n/len(c.sessions))+"/rsvp", c.sessions[who], url.Values{"csrf": {tokens[who]}, "answer": {"online"}, "note": {fmt.Sprint("try ", n)}})
		}, 303},
		{"messages", func(h *hub, n int) (int, string, error) {
			who := n % len(c.sessions)
			return h.post("/chat/lounge", c.sessions[who], url.Values{"csrf": {tokens[who]}, "source": {fmt.Sprint("parole ", n)}, "once": {fmt.Sprint("bench-", n)}})
		}, 303},
	}
	var serial atomic.Int64
	for _, work := range works {
		var took [3][]float64
		for range times {
			for n := range fronts {
				var done, other atomic.Int64
				var all sync.WaitGroup
				began := time.Now()
				for range 32 {
					all.Go(func() {
						for time.Since(began) < 1500*time.Millisecond {
							if status, _, err := work.do(fronts[n], int(serial.Add(1))); err == nil && status == work.want {
								done.Add(1)
							} else {
								other.Add(1)
							}
						}
					})
				}
				all.Wait()
				took[n] = append(took[n], float64(done.Load())/time.Since(began).Seconds())
				if other.Load() > done.Load()/50 {
					t.Errorf("%s: %d done, %d not", work.name, done.Load(), other.Load())
				}
			}
		}
		line := work.name
		for n := range took {
			slices.Sort(took[n])
			line += fmt.Sprintf(" | %.0f (%.0f–%.0f)", took[n][len(took[n])/2], took[n][0], took[n][len(took[n])-1])
		}
		fmt.Println(line)
	}
}
