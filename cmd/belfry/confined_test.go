package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/server/live/client"
	"belfry/store"
)

// serveConfined starts a server under a limit that a shell sets.
func serveConfined(t *testing.T, confined, dir string, more ...string) *hub {
	t.Helper()
	h := newHub(t, nil, "127.0.0.1:0", append([]string{"--data", dir, "--demo", "--metrics", "127.0.0.1:0"}, more...)...)
	h.confined, h.settings = confined, []string{"GOMAXPROCS=1"}
	h.start()
	return h
}

// stay opens connections that ask one thing each and stay open, and says how many were answered.
func stay(address string, many int, within time.Duration, request []byte) (answered int, end func()) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []*caller
	for range many {
		all.Go(func() {
			c, err := call(address)
			if err != nil {
				return
			}
			late := time.AfterFunc(within, c.hangUp)
			refused, err := c.ask(request)
			late.Stop()
			mu.Lock()
			defer mu.Unlock()
			if err == nil && !refused {
				answered++
			}
			open = append(open, c)
		})
	}
	all.Wait()
	return answered, func() {
		for _, c := range open {
			c.hangUp()
		}
	}
}

// TestT28FewDescriptors opens more connections and live ones than a process of 256 descriptors can have. All are answered, since
// quiet ones make way; live ones stay, the rest of them is told to come back; and the data, a backup, the search and a paper find
// the descriptors they need.
func TestT28FewDescriptors(t *testing.T) {
	c := newCommunity(t, 20, 3)
	h := serveConfined(t, "ulimit -n 256", c.dir)
	address := strings.TrimPrefix(h.url, "http://")
	token := h.token(c.sessions[0])
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	one := client.New(client.Options{URL: "ws" + strings.TrimPrefix(h.url, "http") + "/live", Name: "first", Header: http.Header{"Cookie": {"belfry_session=" + c.sessions[0]}}})
	go func() { _ = one.Run(ctx) }()
	_, err := one.Send(ctx, store.LoungeID, "avant")
	ok(t, err)
	enter, lived, turned := liveDawdlers(address, c.sessions)[0].begin, 0, 0
	for range 200 {
		line, err := call(address)
		ok(t, err)
		defer line.hangUp()
		switch err := enter(line); {
		case err == nil:
			lived++
		case strings.Contains(err.Error(), "503"):
			turned++
		default:
			t.Fatal(err)
		}
	}
	if lived < 100 || turned == 0 {
		t.Errorf("%d live connections, %d refused", lived, turned)
	}
	many := 500
	answered, end := stay(address, many, patience, asked(h, "/meetings", c.sessions[1], nil))
	defer end()
	if answered != many {
		t.Errorf("%d of %d connections were answered", answered, many)
	}
	open, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", h.cmd.Process.Pid))
	if len(open) < 150 || len(open) > 250 {
		t.Errorf("%d descriptors of 256 are open", len(open))
	}
	if _, err := one.Send(ctx, store.LoungeID, "pendant"); err != nil {
		t.Errorf("a live connection: %v", err)
	}
	for n := range 10 {
		if code, page, err := h.post("/meetings/"+c.meetings[n%3].Slug+"/rsvp", c.sessions[0], url.Values{"csrf": {token}, "answer": {"online"}}); err != nil || code != 303 {
			t.Errorf("answer: %d %.100s %v", code, page, err)
		}
		if code, _, err := h.get("/search?q=bonjour", c.sessions[0]); err != nil || code != 200 {
			t.Errorf("search: %d %v", code, err)
		}
	}
	if code, page, err := h.upload("/meetings/"+c.meetings[0].Slug+"/documents", c.sessions[0], token, append([]byte("%PDF-1.7\n"), make([]byte, 1<<20)...)); err != nil || code != 303 {
		t.Errorf("paper: %d %.100s %v", code, page, err)
	}
	belfry(t, "backup", "--data", c.dir, filepath.Join(t.TempDir(), "copy.tar")).ends(t, 0)
	busy := h.metric("process_cpu_seconds_total")
	time.Sleep(300 * time.Millisecond)
	if busy = h.metric("process_cpu_seconds_total") - busy; busy > 0.25 {
		t.Errorf("%.2f s of processor in a third of a second in which nobody asked anything", busy)
	}
	full, made := h.metric("belfry_connections_full_total"), h.metric("belfry_connections_ended_total")
	if full == 0 || made == 0 {
		t.Errorf("the connections were never full: %v, %v made way", full, made)
	}
	end()
	if answered, end := stay(address, 50, patience, asked(h, "/", c.sessions[1], nil)); answered != 50 {
		t.Errorf("afterwards %d of 50 were answered", answered)
	} else {
		end()
	}
	cancel()
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	sound(t, c.dir)
	t.Logf("TORTURE: T28 256 descriptors, %d connections and 200 live ones | 1 | %d at most open, %v made way, %d live ones refused | %d", many, len(open), made, turned, many-answered)
}

// few is a listener that takes so many connections and lets nobody make way.
type few struct {
	net.Listener
	left int
}

func (f *few) Accept() (net.Conn, error) {
	if f.left--; f.left < 0 {
		select {}
	}
	return f.Listener.Accept()
}

// TestT28AServerWithoutPlaces is the negative control: where quiet connections stay, the others are never answered.
func TestT28AServerWithoutPlaces(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Listener = &few{s.Listener, 60}
	s.Start()
	defer s.CloseClientConnections()
	address := strings.TrimPrefix(s.URL, "http://")
	answered, end := stay(address, 100, 300*time.Millisecond, []byte("GET / HTTP/1.1\r\nHost: "+address+"\r\n\r\n"))
	defer end()
	if answered > 60 {
		t.Errorf("%d of 100 were answered over 60 connections", answered)
	}
}

// controlGroup makes a control group with limits, each a file and what is written to it, by version 1 or 2 of the system, whose
// controller for it is named; what it returns is the folder, "" where this machine allows none.
func controlGroup(t *testing.T, controller string, one, two [][2]string) string {
	t.Helper()
	for parent, limits := range map[string][][2]string{filepath.Join("/sys/fs/cgroup", controller): one, "/sys/fs/cgroup": two} {
		dir := filepath.Join(parent, fmt.Sprint("belfry-test-", controller, os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		var err error
		for _, limit := range limits { // the files are there, in a real one
			err = errors.Join(err, setLimit(filepath.Join(dir, limit[0]), limit[1]))
		}
		if err == nil {
			return dir
		}
	}
	return ""
}

func setLimit(path, limit string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(limit)
	return errors.Join(err, file.Close())
}

func memoryGroup(t *testing.T, limit int64) string {
	t.Helper()
	text := strconv.FormatInt(limit, 10)
	return controlGroup(t, "memory", [][2]string{{"memory.limit_in_bytes", text}}, [][2]string{{"memory.max", text}})
}

// processorGroup is a control group that may use so much of one processor, in small pieces.
func processorGroup(t *testing.T, share float64) string {
	t.Helper()
	const period = 20_000 // microseconds
	quota, each := strconv.Itoa(int(share*period)), strconv.Itoa(period)
	return controlGroup(t, "cpu", [][2]string{{"cpu.cfs_period_us", each}, {"cpu.cfs_quota_us", quota}}, [][2]string{{"cpu.max", quota + " " + each}})
}

// counted reads a number that a control group keeps.
func counted(group, file, name string) (n int) {
	text, _ := os.ReadFile(filepath.Join(group, file)) // none is zero
	for line := range strings.Lines(string(text)) {
		_, _ = fmt.Sscanf(line, name+" %d", &n)
	}
	return n
}

// killedIn is how many processes of a group were killed for taking too much.
func killedIn(group string) (n int) {
	return max(counted(group, "memory.oom_control", "oom_kill"), counted(group, "memory.events", "oom_kill"))
}

// TestT28LittleMemory is the storm, with bodies as large as there may be, in a control group of 256 MiB. The negative control is
// a program that keeps what it reads: in the same group it is killed.
func TestT28LittleMemory(t *testing.T) {
	plainly(t)
	const limit = 256 << 20
	group := memoryGroup(t, limit)
	if group == "" {
		t.Skip("NOT RUN: a hub in 256 MiB (needs a control group for memory that this user may make)")
	}
	hoard := exec.Command("sh", "-c", "echo $$ > "+group+"/cgroup.procs && head -c 600M /dev/zero | tail -c 500M >/dev/null")
	if err := hoard.Run(); err == nil {
		t.Error("half a gigabyte fits into a group of 256 MiB")
	}
	killed := killedIn(group)
	crowd, span := 600, time.Second
	if long() {
		crowd, span = 900, 20*time.Second
	}
	c := newCommunity(t, 40, 6)
	threads := c.threads(t, 5)
	h := serveConfined(t, "echo $$ > "+group+"/cgroup.procs", c.dir)
	address, request := strings.TrimPrefix(h.url, "http://"), mixture(h, c, threads)
	large := make([][]byte, 0, 40)
	for _, session := range c.sessions {
		large = append(large, asked(h, "/preview/post", session, url.Values{"source": {strings.Repeat("x", 3<<20)}}))
	}
	var all sync.WaitGroup
	bodies := &outcome{}
	all.Go(func() { // what they are answered does not matter: they are too long. But they are read, or refused
		var wave sync.WaitGroup
		for began := time.Now(); time.Since(began) < span; wave.Wait() {
			for _, one := range large {
				wave.Go(func() {
					line, err := call(address)
					if err != nil {
						return
					}
					defer line.hangUp()
					refused, err := line.ask(one)
					bodies.note(0, refused && err == nil, nil)
				})
			}
		}
	})
	o := storm(address, crowd, 5_000, span, request)
	all.Wait()
	if len(o.failed) > 0 || len(o.taken) == 0 || bodies.sent == 0 {
		t.Errorf("%d served, %d refused, %d large bodies, %d failed: %v", len(o.taken), o.refused, bodies.sent, len(o.failed), o.failed[:min(3, len(o.failed))])
	}
	after := storm(address, 16, 0, 300*time.Millisecond, request)
	if after.refused > 0 || len(after.failed) > 0 || len(after.taken) == 0 {
		t.Errorf("after the storm: %d served, %d refused, %v", len(after.taken), after.refused, after.failed[:min(3, len(after.failed))])
	}
	now, turned := h.memory(), h.metric("belfry_bodies_refused_total")
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	if more := killedIn(group) - killed; more > 0 || killed == 0 {
		t.Errorf("%d killed for memory, and the program that should be %d times", more, killed)
	}
	sound(t, c.dir)
	t.Logf("TORTURE: T28 overload in 256 MiB | 1 | %d served, %d told to come back, %d bodies of 3 MiB, %v of them refused, %.0f MiB at the end | %d", len(o.taken), o.refused, bodies.sent, turned, now, len(o.failed))
}
