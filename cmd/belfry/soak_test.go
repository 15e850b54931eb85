package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
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

// TestT27Soak serves for as long as BELFRY_SOAK says at 30 % of what the same visitors could get out of it: pages, searches,
// feeds, answers, posts, messages, and connections that come and go. What the program holds, the process's own memory, its
// goroutines and its descriptors are read from outside and must stay flat, and no answer may fail. BELFRY_SOAK_PACE names a
// pace instead. The long form begins with much that was written before, and at full speed for an eighth of the time: what is
// kept of records up to a bound, and what the allocator has by the side because so much was once in flight, grows with requests
// and not with time, and would pass for a leak in the first ten minutes.
// Without BELFRY_SOAK it runs for seconds, which shows that it works and that what visitors leave behind is given back.
func TestT27Soak(t *testing.T) {
	span, err := time.ParseDuration(cmp.Or(os.Getenv("BELFRY_SOAK"), "4s"))
	ok(t, err)
	s := newSoak(t, span >= 10*time.Minute)
	s.warmUp(span)
	full := s.visitAtOnce(min(span/8+time.Second, 2*time.Minute))
	pace := 0.3 * full
	if n, err := strconv.ParseFloat(os.Getenv("BELFRY_SOAK_PACE"), 64); err == nil { // measured before, on a quiet machine
		pace = n
	}
	t.Logf("as fast as it goes: %.0f requests a second; from now on %.0f", full, pace)
	fresh := s.errors.Load()
	series, said := s.run(span, pace)
	if got := s.errors.Load() - fresh; got > 0 {
		for line := range strings.Lines(s.h.log.String()) {
			if strings.Contains(line, "level=ERROR") {
				t.Log(line)
			}
		}
		t.Errorf("%d of %d requests failed, the last: %v", got, s.requests.Load(), s.last.Load())
	}
	if said == 0 || s.reconnects.Load() == 0 || s.requests.Load() == 0 {
		t.Errorf("nobody talked or came back: %d messages, %d connections", said, s.reconnects.Load())
	}
	t.Logf("TORTURE: T27 soak | 1 | %v: %d requests, %d messages, %d connections made anew | 0", span, s.requests.Load(), said, s.reconnects.Load())
	for _, name := range soakNames {
		t.Log(name, series.summary(name))
	}
	if span < 10*time.Minute {
		s.givesBack()
		return
	}
	for _, name := range soakNames {
		if grows := series.grows(name); grows != "" {
			t.Errorf("%s %s", name, grows)
		}
	}
	before := fileSize(t, s.c.dir)
	if code := s.h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.h.log)
	}
	sound(t, s.c.dir)
	belfry(t, "compact", "--data", s.c.dir).ends(t, 0)
	t.Logf("the file: %d MiB, compacted %d MiB", before>>20, fileSize(t, s.c.dir)>>20)
}

// soak is a hub under a steady mixture of visits.
type soak struct {
	t          *testing.T
	c          *community
	h          *hub
	metrics    string
	tokens     []string
	threads    []int
	past       []int // threads that nobody writes in any more
	requests   atomic.Int64
	errors     atomic.Int64
	reconnects atomic.Int64
	last       atomic.Value // why the last of the errors
	turn       atomic.Int64
	quiet      reading // before the first visit
}

func newSoak(t *testing.T, long bool) *soak {
	c := newCommunity(t, 120, 10)
	s := &soak{t: t, c: c, threads: c.threads(t, 15)}
	if long {
		s.past = c.past(t, 250, 50)
	}
	s.h = serve(t, c.dir, "--demo", "--metrics", "127.0.0.1:0")
	s.tokens = c.tokens(s.h)
	where := regexp.MustCompile(`msg=metrics address=(\S+)`).FindStringSubmatch(s.h.log.String())
	if where == nil {
		t.Fatal("no metrics")
	}
	s.metrics = "http://" + where[1] + "/metrics"
	s.h.client.CloseIdleConnections()
	s.read()
	s.quiet = s.read()
	return s
}

// past are threads of so many posts each, written in the month before.
func (c *community) past(t *testing.T, threads, posts int) []int {
	t.Helper()
	now := time.Now().AddDate(0, -1, 0)
	clock := func() time.Time { return now }
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true, Clock: clock})
	ok(t, err)
	defer hub.Close()
	var numbers []int
	for range threads {
		opened, err := hub.OpenThread(t.Context(), c.organiser, store.ThreadInput{Title: "Déjà dit", Category: "entraide", PostInput: store.PostInput{Source: "Bonjour"}})
		ok(t, err)
		numbers = append(numbers, opened.Thread.Number)
		var all sync.WaitGroup
		for i := range posts - 1 {
			all.Go(func() {
				_, err := hub.Reply(t.Context(), store.As(c.members[i%len(c.members)].ID), opened.Thread.ID, store.PostInput{Source: fmt.Sprintf("Une réponse d’autrefois, la %d, avec `du code`.\n\n- un point\n- **un autre**", i)})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		now = now.Add(2 * time.Minute)
	}
	return numbers
}

// visit is one request of the mixture: of 100, 62 pages of visitors, 27 of members, 6 answers, 2 posts, 3 searches.
func (s *soak) visit() {
	n := int(s.turn.Add(1))
	who := n % len(s.c.members)
	meeting := s.c.meetings[n/7%len(s.c.meetings)].Slug
	thread := s.threads[n/11%len(s.threads)]
	read := thread
	if len(s.past) > 0 && n%2 == 0 {
		read = s.past[rand.IntN(len(s.past))]
	}
	pages := []string{"/", "/meetings", "/meetings/" + meeting, fmt.Sprintf("/t/%d/x", read), "/discussions", "/towns", "/decisions", "/meetings.ics", "/apps", "/mentors", "/discussions.atom", "/unread", "/chat/" + store.LoungeID}
	var status int
	var body string
	var err error
	switch part := n % 100; {
	case part < 62:
		status, body, err = s.h.get(pages[n/3%(len(pages)-2)], "")
	case part < 89:
		status, body, err = s.h.get(pages[n/3%len(pages)], s.c.sessions[who])
	case part < 95:
		answer := string([]store.Answer{store.OnSite, store.Online, store.No, store.Maybe}[rand.IntN(4)])
		status, body, err = s.h.post("/meetings/"+meeting+"/rsvp", s.c.sessions[who], url.Values{"csrf": {s.tokens[who]}, "answer": {answer}, "note": {fmt.Sprint("essai ", n)}})
	case part < 97:
		text := fmt.Sprintf("Une réponse, la %d, avec `du code`.\n\n- un point\n- **un autre**", n)
		status, body, err = s.h.post(fmt.Sprintf("/t/%d/x/do/reply", thread), s.c.sessions[who], url.Values{"csrf": {s.tokens[who]}, "source": {text}, "once": {fmt.Sprint("o", n)}})
		if status == http.StatusTooManyRequests { // the same person again within a minute: the rule, not a fault
			status = http.StatusOK
		}
	default:
		status, body, err = s.h.get("/search?q="+[]string{"serveur", "urbanisme", "bonjour", "réponse"}[n%4], "")
	}
	s.requests.Add(1)
	if err == nil && status >= 400 {
		err = fmt.Errorf("status %d: %s", status, alerts.FindAllString(body, 3))
	}
	if err != nil {
		s.errors.Add(1)
		s.last.Store(err)
	}
}

var alerts = regexp.MustCompile(`(?s)role="alert".{0,300}`)

// warmUp lets everything happen once that is kept afterwards.
func (s *soak) warmUp(span time.Duration) {
	for range min(2_000, 200+int(span/time.Second)) {
		s.visit()
	}
}

// visitAtOnce visits with 16 at once, as fast as it goes, and returns requests a second.
func (s *soak) visitAtOnce(span time.Duration) float64 {
	before, began := s.requests.Load(), time.Now()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for time.Since(began) < span {
				s.visit()
			}
		})
	}
	all.Wait()
	return float64(s.requests.Load()-before) / time.Since(began).Seconds()
}

// run visits at a pace, talks in the lounge over 40 connections of which one is made anew every two seconds, and reads the
// process from outside all along.
func (s *soak) run(span time.Duration, pace float64) (series *samples, said int64) {
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	var all sync.WaitGroup
	due := make(chan struct{}, 64)
	for range 16 {
		all.Go(func() {
			for range due {
				s.visit()
			}
		})
	}
	const connections = 40
	var messages atomic.Int64
	people := make([]*client.Client, connections)
	leave := make([]context.CancelFunc, connections)
	enter := func(i int) {
		var mine context.Context
		mine, leave[i] = context.WithCancel(ctx)
		people[i] = client.New(client.Options{URL: "ws" + strings.TrimPrefix(s.h.url, "http") + "/live", Name: fmt.Sprintf("soak%d-%d", i, s.reconnects.Load()),
			Header: http.Header{"Cookie": {"belfry_session=" + s.c.sessions[i]}}})
		people[i].Follow(store.LoungeID, -1, 0, client.Handlers{Message: func(client.Message) { messages.Add(1) }})
		one := people[i]
		all.Go(func() { _ = one.Run(mine) })
	}
	for i := range connections {
		enter(i)
	}
	series = &samples{}
	began := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	every := max(span/400, 250*time.Millisecond)
	visits, talks, comings, reads := 0.0, 0.0, 0.0, 0
	for now := range tick.C {
		at := now.Sub(began)
		if at > span {
			break
		}
		for ; visits < pace*at.Seconds(); visits++ {
			select {
			case due <- struct{}{}:
			default: // all are busy: the machine is, too
			}
		}
		for ; talks < 2*at.Seconds(); talks++ {
			one, text := people[int(talks)%connections], fmt.Sprintf("parole %.0f", talks)
			all.Go(func() {
				mine, cancel := context.WithTimeout(ctx, 30*time.Second)
				defer cancel()
				if _, err := one.Send(mine, store.LoungeID, text); err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
					s.errors.Add(1)
					s.last.Store(err)
				}
			})
		}
		for ; comings < at.Seconds()/2-1; comings++ {
			i := (int(comings)*7 + 3) % connections
			leave[i]()
			s.reconnects.Add(1)
			enter(i)
		}
		if int(at/every) > reads {
			reads = int(at / every)
			series.add(at, s.read())
		}
	}
	close(due)
	stop()
	all.Wait()
	return series, messages.Load()
}

// givesBack waits until what the visitors held is given back: no connection is left.
func (s *soak) givesBack() {
	s.t.Helper()
	s.h.client.CloseIdleConnections()
	var got reading
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got = s.read(); got["sockets"] == 0 && got["descriptors"] <= s.quiet["descriptors"] {
			return
		}
	}
	s.t.Errorf("all have left, and there are still %v; before they came it was %v", got, s.quiet)
}

// reading is what is seen of the process at one moment.
type reading map[string]float64

var soakNames = []string{liveMemory, ownMemory, "goroutines", "descriptors"}

func (s *soak) read() reading {
	pid := s.h.cmd.Process.Pid
	got := reading{"descriptors": 0, "connections": 0, "requests": float64(s.requests.Load())}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		got["descriptors"]++
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:") {
			got["connections"]++
		}
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if found := regexp.MustCompile(`RssAnon:\s+(\d+)`).FindSubmatch(status); found != nil {
		kib, _ := strconv.ParseFloat(string(found[1]), 64)
		got[ownMemory] = kib / 1024
	}
	res, err := http.Get(s.metrics)
	if err != nil {
		s.t.Error(err)
		return got
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	for name, metric := range map[string]string{"goroutines": "go_goroutines", "sockets": "belfry_sockets", liveMemory: "go_heap_live_bytes"} {
		if found := regexp.MustCompile(`(?m)^` + metric + ` (\S+)`).FindSubmatch(text); found != nil {
			got[name], _ = strconv.ParseFloat(string(found[1]), 64)
		}
	}
	got[liveMemory] /= 1 << 20
	return got
}

func fileSize(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "belfry.db"))
	ok(t, err)
	return info.Size()
}
