package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"

	"github.com/gorilla/websocket"
)

// line is one connection of a browser, kept from request to request. Nothing is sent a second time, so that each failure
// is seen.
type line struct {
	address, host string
	conn          net.Conn
	read          *bufio.Reader
}

// do sends one request. fresh makes it the first and the last of a connection. node is which one answered, -1 for none.
func (l *line) do(fresh bool, path, session string, form url.Values) (status, node int, err error) {
	defer func() {
		if err != nil || fresh {
			l.close()
		}
	}()
	if l.conn == nil {
		if l.conn, err = net.DialTimeout("tcp", l.address, patience); err != nil {
			return 0, -1, err
		}
		l.read = bufio.NewReader(l.conn)
	}
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, "http://"+l.host+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, -1, err
	}
	req.Close = fresh
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if session != "" {
		req.AddCookie(&http.Cookie{Name: "belfry_session", Value: session})
	}
	_ = l.conn.SetDeadline(time.Now().Add(patience))
	if err := req.Write(l.conn); err != nil {
		return 0, -1, err
	}
	res, err := http.ReadResponse(l.read, req)
	if err != nil {
		return 0, -1, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0, -1, err
	}
	if res.Close {
		l.close()
	}
	if node, err = strconv.Atoi(res.Header.Get("X-Node")); err != nil {
		node = -1
	}
	return res.StatusCode, node, nil
}

func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// traffic is people who read, answer, post and talk through one address, at a steady pace, and what they were told is kept.
type traffic struct {
	*chatter
	front   *hub
	threads []int
	tokens  []string
	restart []atomic.Bool // by node: it was told to stop

	begun   time.Time
	start   time.Duration // the longest of a node
	quit    chan struct{} // ends those who send
	senders sync.WaitGroup
	hang    func() // ends those who listen
	hearers sync.WaitGroup

	asked, failed atomic.Int64
	late          atomic.Int64   // answered by a node that was told to stop
	answered      []atomic.Int64 // by node
	told, cut     atomic.Int64   // connections closed with 1012, and those lost otherwise
	said          []atomic.Int64 // by member: the note acknowledged last
	last, silent  atomic.Int64   // when there was a good answer, and the longest time without one
	slowest       atomic.Int64   // of the good answers

	mu    sync.Mutex // guards what follows
	posts map[string]bool
	wrong []string // of what failed, the first
}

// newTraffic prepares everybody of a community; front is what they reach, the nodes are behind it.
func newTraffic(t *testing.T, c *community, threads []int, front *hub, nodes ...*hub) *traffic {
	t.Helper()
	w := &traffic{chatter: &chatter{community: c, t: t, nodes: nodes, lines: balance(front), numbers: map[string]int{}}, front: front, threads: threads,
		tokens: c.tokens(front), restart: make([]atomic.Bool, len(nodes)), answered: make([]atomic.Int64, len(nodes)), said: make([]atomic.Int64, len(c.members)), posts: map[string]bool{}}
	w.first = w.lastMessage(t, front)
	return w
}

// begin lets each member send one request every so often, post as often as members may, and talk.
func (w *traffic) begin(every time.Duration) {
	w.begun, w.quit = time.Now(), make(chan struct{})
	running, hang := context.WithCancel(w.t.Context())
	w.hang = hang
	for member := range w.members {
		w.senders.Go(func() { w.browse(member, every) })
		l := &listener{after: w.first}
		w.listeners = append(w.listeners, l)
		w.connect(member, 0, l, w.first).OnError = w.ended
		w.hearers.Go(func() { _ = l.Run(running) })
		w.senders.Go(func() { w.speak(running, member, l) })
	}
}

// ended counts why a connection was lost.
func (w *traffic) ended(err error) {
	if end := (*websocket.CloseError)(nil); errors.As(err, &end) && end.Code == websocket.CloseServiceRestart {
		w.told.Add(1)
		return
	}
	w.cut.Add(1)
	w.note(fmt.Sprint("a live connection: ", err))
}

// request is one of a member; kept notes that it was acknowledged.
type request struct {
	path, session string
	form          url.Values
	kept          func()
}

// next is the n-th thing a member asks for, a post when there may be one.
func (w *traffic) next(member, n int, post bool) request {
	meeting := "/meetings/" + w.meetings[member%len(w.meetings)].Slug
	r := request{path: []string{"/", "/meetings", meeting, "/discussions"}[n%4]}
	switch {
	case post:
		text := fmt.Sprintf("parole%dx%d", member, n)
		r.path, r.form = fmt.Sprintf("/t/%d/x/do/reply", w.threads[0]), url.Values{"source": {text}, "once": {text}}
		r.kept = func() { w.mu.Lock(); w.posts[text] = true; w.mu.Unlock() }
	case n%10 == 9:
		r.path, r.form = meeting+"/rsvp", url.Values{"answer": {"online"}, "note": {fmt.Sprint("try ", n)}}
		r.kept = func() { w.said[member].Store(int64(n)) }
	case n%10 == 4:
		r.session = w.sessions[member]
	}
	if r.form != nil {
		r.session = w.sessions[member]
		r.form.Set("csrf", w.tokens[member])
	}
	return r
}

// browse is what one member does, on one connection; every eighth has a browser that keeps none. What failed is asked for
// again at the next turn.
func (w *traffic) browse(member int, every time.Duration) {
	l := w.line()
	defer l.close()
	turn := time.Now().Add(every * time.Duration(member) / time.Duration(len(w.members)))
	var posted time.Time
	failed := false
	var r request
	for n := 0; w.wait(time.Until(turn)) || failed && w.t.Context().Err() == nil; n++ {
		if turn = turn.Add(every); time.Since(turn) > time.Second {
			turn = time.Now()
		}
		if !failed {
			due := time.Since(posted) > 3200*time.Millisecond // people may write twenty posts a minute
			if due {
				posted = time.Now()
			}
			r = w.next(member, n, due)
		}
		want := http.StatusOK
		if r.form != nil {
			want = http.StatusSeeOther
		}
		began := time.Now()
		status, node, err := l.do(member%8 == 7, r.path, r.session, r.form)
		w.asked.Add(1)
		if failed = err != nil || status != want; failed {
			w.failed.Add(1)
			w.note(fmt.Sprintf("%s after %v: node %d says %d: %v", r.path, time.Since(began).Round(time.Millisecond), node, status, err))
			continue
		}
		w.good(node)
		highest(&w.slowest, time.Since(began))
		if r.kept != nil {
			r.kept()
		}
	}
}

func (w *traffic) line() *line {
	return &line{address: strings.TrimPrefix(w.front.url, "http://"), host: w.lines.host}
}

// good notes an answer as it should be, and how long there was none.
func (w *traffic) good(node int) {
	now := time.Since(w.begun)
	highest(&w.silent, now-time.Duration(w.last.Swap(int64(now))))
	node = max(node, 0) // one alone does not say its number
	w.answered[node].Add(1)
	if w.restart[node].Load() {
		w.late.Add(1)
	}
}

// highest keeps the longest of several durations.
func highest(of *atomic.Int64, d time.Duration) {
	for so := of.Load(); int64(d) > so && !of.CompareAndSwap(so, int64(d)); so = of.Load() {
	}
}

// speak lets a member say something twice a second. What was begun is acknowledged before that ends.
func (w *traffic) speak(running context.Context, member int, l *listener) {
	for n := 0; w.wait(500 * time.Millisecond); n++ {
		text := fmt.Sprintf("parole %d de %d", n, member)
		number, err := l.Send(running, store.LoungeID, text)
		if err != nil {
			w.t.Errorf("%s: %v", text, err)
			return
		}
		w.chatter.mu.Lock()
		w.numbers[text] = number
		w.chatter.mu.Unlock()
		w.acknowledged.Add(1)
	}
}

// wait says whether one goes on after so long.
func (w *traffic) wait(d time.Duration) bool {
	select {
	case <-w.quit:
		return false
	case <-w.t.Context().Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (w *traffic) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wrong) < 10 {
		w.wrong = append(w.wrong, what)
	}
}

// end stops everybody once each was answered and heard the last message. It gives how many requests a second there were.
func (w *traffic) end() (pace float64) {
	w.t.Helper()
	close(w.quit)
	w.senders.Wait()
	pace = float64(w.asked.Load()) / time.Since(w.begun).Seconds()
	last := 0
	for _, n := range w.numbers {
		last = max(last, n)
	}
	w.settle(last)
	w.hang()
	w.hearers.Wait()
	for i, l := range w.listeners {
		if wrong := l.wrong(last); wrong != "" {
			w.t.Errorf("client %d heard %s", i, wrong)
		}
	}
	return pace
}

// check compares what is kept with what was acknowledged, which is all that was said when nothing failed.
func (w *traffic) check(at home) {
	w.t.Helper()
	kept, _, err := at.open(w.t.Context(), examine, store.Options{})
	ok(w.t, err)
	defer kept.Close()
	w.stored(w.t, kept, w.first, w.numbers)
	answers := w.read(w.t, kept)
	for member := range w.said {
		if n, said := answers[chair{member, member % len(w.meetings)}].Note, w.said[member].Load(); int64(serial(n)) != said {
			w.t.Errorf("member %d: %q is there, %d was acknowledged last", member, n, said)
		}
	}
	there := posted(w.t, kept, w.threads)
	for text := range w.posts {
		if there[text] != 1 {
			w.t.Errorf("%s was acknowledged, and is there %d times", text, there[text])
		}
	}
	for text, n := range there {
		if strings.HasPrefix(text, "parole") && (n > 1 || !w.posts[text]) {
			w.t.Errorf("%s is there %d times, acknowledged: %v", text, n, w.posts[text])
		}
	}
}
