package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server/live/client"
	"belfry/store"
)

// metric reads a number of the hub, which serves with --metrics.
func (h *hub) metric(name string) float64 {
	where := regexp.MustCompile(`msg=metrics address=(\S+)`).FindStringSubmatch(h.log.String())
	if where == nil {
		h.t.Error("no metrics")
		return -1
	}
	res, err := http.Get("http://" + where[1] + "/metrics")
	if err != nil {
		h.t.Error(err)
		return -1
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)`).FindSubmatch(text)
	if found == nil {
		h.t.Errorf("%s is not measured", name)
		return -1
	}
	value, _ := strconv.ParseFloat(string(found[1]), 64)
	return value
}

// memory is what the process holds for itself, in MiB.
func (h *hub) memory() float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	found := regexp.MustCompile(`RssAnon:\s+(\d+)`).FindSubmatch(status)
	if found == nil {
		return 0
	}
	kib, _ := strconv.ParseFloat(string(found[1]), 64)
	return kib / 1024
}

// bystander is somebody to whom a storm is nothing: they talk over a live connection, a balancer asks whether the hub is
// ready, and the memory and the requests at work are looked at.
type bystander struct {
	said, heard, ready atomic.Int64
	memory, underway   float64 // at most
}

// watchOver does so until the end is called.
func watchOver(h *hub, c *community) (b *bystander, end func()) {
	b = &bystander{}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	one := client.New(client.Options{URL: "ws" + strings.TrimPrefix(h.url, "http") + "/live", Name: "bystander", Header: http.Header{"Cookie": {"belfry_session=" + c.sessions[0]}}})
	one.Follow(store.LoungeID, -1, 0, client.Handlers{Message: func(client.Message) { b.heard.Add(1) }})
	all.Go(func() { _ = one.Run(ctx) })
	if _, err := one.Send(ctx, store.LoungeID, "avant"); err != nil { // connected before the storm
		h.t.Error(err)
	}
	all.Go(func() {
		for ctx.Err() == nil {
			if _, err := one.Send(ctx, store.LoungeID, fmt.Sprint("pendant ", b.said.Load())); err == nil {
				b.said.Add(1)
			} else if ctx.Err() == nil {
				h.t.Errorf("a message failed: %v", err)
			}
			time.Sleep(250 * time.Millisecond)
		}
	})
	all.Go(func() {
		for ctx.Err() == nil {
			if code, body, err := h.get("/readyz", ""); err != nil || code != 200 {
				h.t.Errorf("/readyz: %d %s %v", code, body, err)
			} else {
				b.ready.Add(1)
			}
			b.memory, b.underway = max(b.memory, h.memory()), max(b.underway, h.metric("belfry_requests_underway"))
			time.Sleep(200 * time.Millisecond)
		}
	})
	return b, func() { cancel(); all.Wait() }
}

// long says whether the long form of a test is run.
func long() bool { return os.Getenv("BELFRY_TORTURE_ROUNDS") != "" }

// plainly leaves a storm to a run without the race detector, which takes several times the memory and the processor.
func plainly(t *testing.T) {
	if detecting {
		t.Skip("make torture runs this without the race detector")
	}
}

// confine moves a hub that runs into a control group.
func (h *hub) confine(group string) {
	h.t.Helper()
	if group != "" {
		ok(h.t, setLimit(filepath.Join(group, "cgroup.procs"), strconv.Itoa(h.cmd.Process.Pid)))
	}
}

// spent is for how long the process was at work, in hundredths of a second.
func (h *hub) spent() time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	all := int64(0)
	for _, field := range strings.Fields(rest)[11:13] { // for itself and in the system
		n, _ := strconv.ParseInt(field, 10, 64)
		all += n
	}
	return time.Duration(all) * time.Second / 100
}

// burden is a storm on a hub, of whose work is noted how much it took.
type burden struct {
	*outcome
	spent time.Duration // while what was served was counted
}

func (h *hub) under(crowd []*caller, pace float64, lead, span time.Duration, request func(n int) []byte) (b burden) {
	s := squall{address: strings.TrimPrefix(h.url, "http://"), pace: pace, lead: lead, span: span, request: request,
		begins: func() { b.spent -= h.spent() }, ends: func() { b.spent += h.spent() }}
	b.outcome = s.blow(crowd)
	return b
}

// yield is how many were served for each second of a processor: what others do on the machine does not change it.
func (l burden) yield() float64 { return float64(l.good) / l.spent.Seconds() }

// fivefold finds what the hub does at most at rising load, and offers it five times as much over connections that are open.
func (h *hub) fivefold(lines []*caller, span time.Duration, request func(n int) []byte) (best, five burden) {
	h.t.Helper()
	for _, crowd := range []int{16, 64} {
		b := h.under(lines[:crowd], 0, span/8, span/3, request)
		if len(b.failed) > 0 || b.refused > 0 {
			h.t.Fatalf("%d at once: %d refused, %d failed: %v", crowd, b.refused, len(b.failed), b.failed[:min(3, len(b.failed))])
		}
		if best.outcome == nil || b.goodput() > best.goodput() {
			best = b
		}
	}
	return best, h.under(lines, 5*best.goodput(), span/2, span, request)
}

// calm is how long it takes until a few requests, one after the other, are answered in about the usual time again.
func (h *hub) calm(usual time.Duration, request func(n int) []byte) (after, slowest time.Duration) {
	h.t.Helper()
	for began := time.Now(); ; {
		slowest = h.alone(request)
		if after = time.Since(began); slowest <= 2*usual+100*time.Millisecond || after > 10*time.Second {
			return after, slowest
		}
	}
}

// alone sends a few requests, one after the other, and is how long the slowest took.
func (h *hub) alone(request func(n int) []byte) time.Duration {
	h.t.Helper()
	o := storm(strings.TrimPrefix(h.url, "http://"), 1, 0, 150*time.Millisecond, request)
	if o.refused > 0 || len(o.failed) > 0 || len(o.taken) == 0 {
		h.t.Fatalf("one after the other: %d served, %d refused, %v", len(o.taken), o.refused, o.failed[:min(3, len(o.failed))])
	}
	return o.within(100)
}

// open is so many connections over which something was answered.
func (h *hub) open(many int) []*caller {
	h.t.Helper()
	lines, address := make([]*caller, many), strings.TrimPrefix(h.url, "http://")
	for i := range lines {
		line, err := call(address)
		ok(h.t, err)
		_, err = line.ask([]byte("GET /healthz HTTP/1.1\r\nHost: " + address + "\r\n\r\n"))
		ok(h.t, err)
		lines[i] = line
	}
	return lines
}

// TestT28Overload offers five times what the hub can do, over many more connections than it lets in. Whoever is not served is
// told to come back, live connections and /readyz go on, and afterwards all is as before. The hub has a part of a processor, so
// that the storm has more of one: P11 is shown where this machine allows that.
func TestT28Overload(t *testing.T) {
	plainly(t)
	crowd, span, atLeast := 2200, 1200*time.Millisecond, 0.5 // the promise is 0.8; beside other tests the machine is not even enough to tell
	if long() {
		crowd, span, atLeast = 2200, 5*time.Second, 0.8
	}
	group := processorGroup(t, 0.3)
	c := newCommunity(t, 40, 6)
	threads := c.threads(t, 5)
	c.lively(t, threads)
	var settings []string
	if group == "" {
		settings = []string{"GOMAXPROCS=1"} // the storm needs a processor too
	}
	h := serveWith(t, settings, c.dir, "--demo", "--metrics", "127.0.0.1:0")
	request := mixture(h, c, threads)
	storm(strings.TrimPrefix(h.url, "http://"), 16, 0, 200*time.Millisecond, request)
	before, lines := h.memory(), h.open(crowd)
	defer hangUp(lines)
	h.confine(group)
	usual := h.alone(request)
	b, end := watchOver(h, c)
	best, five := h.fivefold(lines, span, request)
	refused := five.refused
	share := func() float64 { return five.goodput() / best.goodput() }
	offered := func() float64 { return float64(five.sent) / (span + span/2).Seconds() / best.goodput() }
	for tries := 1; group != "" && (share() < atLeast || offered() < 4) && tries < 3; tries++ { // somebody else was busy
		t.Logf("%.0f %% of the peak, once more", 100*share())
		best, five = h.fivefold(lines, span, request)
		refused += five.refused
	}
	end()
	after, slowest := h.calm(usual, request)
	if err := five.polite(); err != nil {
		t.Error(err)
	}
	if counted := h.metric("belfry_requests_refused_total"); int(counted) != refused {
		t.Errorf("%d were told to come back, %v counted", refused, counted)
	}
	if b.underway > 2*256+10 || b.underway == 0 {
		t.Errorf("up to %v requests were worked on", b.underway)
	}
	if b.memory > before+300 {
		t.Errorf("%.0f MiB before, up to %.0f under the storm", before, b.memory)
	}
	if b.said.Load() == 0 || b.heard.Load() < b.said.Load() || b.ready.Load() == 0 {
		t.Errorf("%d messages said, %d heard, %d times ready", b.said.Load(), b.heard.Load(), b.ready.Load())
	}
	if five.written == 0 || five.written == len(five.taken) {
		t.Errorf("%d of %d served were written: one kind shuts the other out", five.written, len(five.taken))
	}
	if after > 10*time.Second {
		t.Errorf("%v after the storm a request took %v, before it %v", after, slowest, usual)
	}
	t.Logf("at most %.0f a second; offered %.1f times as much: %.0f served (%.0f %%), 95 %% within %v; %.0f for a second of a processor, at the peak %.0f; calm after %v; memory %.0f MiB, then at most %.0f",
		best.goodput(), offered(), five.goodput(), 100*share(), five.within(95), five.yield(), best.yield(), after, before, b.memory)
	t.Run("P11 five times", func(t *testing.T) {
		if group == "" {
			t.Skip("NOT RUN: five times what a hub can do (needs a control group for the processor that this user may make)")
		}
		if offered() < 4 || counted(group, "cpu.stat", "nr_throttled") == 0 {
			t.Errorf("only %.1f times the peak was offered, or nothing held the hub back", offered())
		}
		if share() < atLeast {
			t.Errorf("%.0f a second are served under overload, %.0f without", five.goodput(), best.goodput())
		}
	})
	t.Logf("TORTURE: T28 overload, %.1f times what is possible | 1 | %d served (%.0f %% of the peak), %d told to come back, %d messages meanwhile | %d", offered(), len(five.taken), 100*share(), five.refused, b.said.Load(), len(five.failed))
}

// TestT28AServerThatLetsEverybodyIn is the negative control: without a bound nobody is told to come back, and what is worked on
// grows with the crowd.
func TestT28AServerThatLetsEverybodyIn(t *testing.T) {
	var inside, most atomic.Int64
	var one sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := inside.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer inside.Add(-1)
		one.Lock()
		defer one.Unlock()
		time.Sleep(time.Millisecond)
	}))
	defer s.Close()
	address := strings.TrimPrefix(s.URL, "http://")
	o := storm(address, 560, 5_000, 200*time.Millisecond, func(int) []byte { return []byte("GET / HTTP/1.1\r\nHost: " + address + "\r\n\r\n") })
	if err := o.polite(); err == nil {
		t.Error("the storm finds a server without a bound polite")
	}
	if most.Load() <= 2*256 {
		t.Errorf("only %d requests were inside at once: the storm is none", most.Load())
	}
}
