package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
)

// outcome is what became of the requests of a storm.
type outcome struct {
	mu      sync.Mutex // guards what follows
	span    time.Duration
	taken   []time.Duration
	good    int // of those taken, while the storm lasted
	written int // of those taken
	refused int
	failed  []error
	sent    int
}

func (o *outcome) note(took time.Duration, refused bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	switch {
	case err != nil:
		o.failed = append(o.failed, err)
	case refused:
		o.refused++
	default:
		o.taken = append(o.taken, took)
	}
}

// within is in which time so many of a hundred were answered that were not refused.
func (o *outcome) within(percent int) time.Duration {
	if len(o.taken) == 0 {
		return 0
	}
	slices.Sort(o.taken)
	return o.taken[(len(o.taken)-1)*percent/100].Round(time.Millisecond)
}

// polite is the promise P11: whoever cannot be served is told so, and nobody is let down.
func (o *outcome) polite() error {
	switch {
	case len(o.failed) > 0:
		return fmt.Errorf("%d of %d requests failed, the first: %w", len(o.failed), o.sent, o.failed[0])
	case len(o.taken) == 0 || o.refused == 0:
		return fmt.Errorf("%d requests: %d were served, %d told to come back", o.sent, len(o.taken), o.refused)
	}
	return nil
}

// goodput is how many a second were served while the storm lasted.
func (o *outcome) goodput() float64 { return float64(o.good) / o.span.Seconds() }

// storm sends requests over so many connections at a pace, whether those before are answered or not as long as a connection is
// left; at a pace of 0 each connection sends the next when the last was answered.
func storm(address string, crowd int, pace float64, span time.Duration, request func(n int) []byte) *outcome {
	lines := make([]*caller, crowd)
	defer hangUp(lines)
	return (&squall{address: address, pace: pace, span: span, request: request}).blow(lines)
}

// squall is what a storm is made of.
type squall struct {
	address      string
	pace         float64       // a second, 0 for as fast as it is answered
	lead, span   time.Duration // how long it blows before what is served is counted, and then
	request      func(n int) []byte
	begins, ends func() // called when the counting does

	outcome
	began               time.Time
	next, served, wrote atomic.Int64
}

// blow takes open connections, or opens those that are nil when they are needed.
func (s *squall) blow(crowd []*caller) *outcome {
	var all sync.WaitGroup
	s.began, s.outcome.span = time.Now(), s.span
	for _, mark := range []struct {
		at   time.Duration
		call func()
	}{{s.lead, s.begins}, {s.lead + s.span, s.ends}} {
		if mark.call != nil {
			all.Go(func() { time.Sleep(mark.at); mark.call() })
		}
	}
	for i := range crowd {
		all.Go(func() {
			for s.ask(&crowd[i]) {
			}
		})
	}
	all.Wait()
	s.good, s.written = int(s.served.Load()), int(s.wrote.Load())
	return &s.outcome
}

// ask sends the next request over a connection; false when the storm is over.
func (s *squall) ask(line **caller) bool {
	n, end := int(s.next.Add(1))-1, s.began.Add(s.lead+s.span)
	if s.pace > 0 {
		due := s.began.Add(time.Duration(float64(n) / s.pace * float64(time.Second)))
		if time.Since(due) > time.Second { // what nobody could send any more is left out
			return true
		}
		if due.After(end) {
			return false
		}
		time.Sleep(time.Until(due))
	}
	sent := time.Now()
	if !sent.Before(end) {
		return false
	}
	request, refused, err := s.request(n), false, error(nil)
	if *line == nil {
		*line, err = call(s.address)
	}
	if err == nil {
		refused, err = (*line).ask(request)
	}
	now := time.Now()
	s.note(now.Sub(sent), refused, err)
	if err != nil {
		(*line).hangUp()
		*line = nil
	}
	if err != nil || refused {
		return true
	}
	if now.After(s.began.Add(s.lead)) && now.Before(end) {
		s.served.Add(1)
	}
	if request[0] == 'P' {
		s.wrote.Add(1)
	}
	return true
}

// caller is one connection of a storm; it does as little as can be, since both sides share a machine.
type caller struct {
	net.Conn
	in *bufio.Reader
}

func call(address string) (*caller, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return &caller{conn, bufio.NewReaderSize(conn, 16<<10)}, nil
}

func (c *caller) hangUp() {
	if c != nil {
		_ = c.Close()
	}
}

func hangUp(lines []*caller) {
	for _, line := range lines {
		line.hangUp()
	}
}

// ask sends a request and says whether it was politely refused.
func (c *caller) ask(request []byte) (refused bool, err error) {
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(request); err != nil {
		return false, err
	}
	status, length, later, err := c.head()
	if err != nil {
		return false, err
	}
	if status == 200 || status == 303 {
		_, err = c.in.Discard(length)
		return false, err
	}
	body, err := c.in.Peek(min(length, c.in.Size()))
	switch {
	case err != nil:
		return false, err
	case status != 503:
		return false, fmt.Errorf("%d: %.300s", status, body)
	case !later || !bytes.Contains(body, []byte("Veel volk tegelijk")) || length > 4<<10:
		return true, fmt.Errorf("refused rudely: %d bytes, %s", length, body)
	}
	_, err = c.in.Discard(length)
	return true, err
}

// head reads the head of an answer: its status, the length of what follows, and whether it says when to come back.
func (c *caller) head() (status, length int, later bool, err error) {
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, 0, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		name, value, _ := bytes.Cut(line, []byte(" "))
		switch {
		case len(line) == 0:
			return status, length, later, nil
		case first:
			status, err = strconv.Atoi(string(value[:min(3, len(value))]))
		case bytes.EqualFold(name, []byte("Content-Length:")):
			length, err = strconv.Atoi(string(value))
		case bytes.EqualFold(name, []byte("Retry-After:")):
			later = len(value) > 0
		case bytes.EqualFold(name, []byte("Transfer-Encoding:")):
			err = errors.New("an answer in pieces")
		}
		if err != nil {
			return 0, 0, false, fmt.Errorf("%q: %w", line, err)
		}
	}
}

// asked is a request of a member as bytes.
func asked(h *hub, path, session string, form url.Values) []byte {
	head := " " + path + " HTTP/1.1\r\nHost: " + strings.TrimPrefix(h.url, "http://") + "\r\nAccept-Language: nl\r\nCookie: belfry_session=" + session + "\r\n"
	if form == nil {
		return []byte("GET" + head + "\r\n")
	}
	body := form.Encode()
	return fmt.Appendf(nil, "POST%sSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

// lively fills a community: everybody has answered every meeting and written in every thread.
func (c *community) lively(t *testing.T, threads []int) {
	t.Helper()
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true})
	ok(t, err)
	defer hub.Close()
	var all sync.WaitGroup
	for i, m := range c.members {
		all.Go(func() {
			for _, number := range threads {
				page, err := hub.ThreadPage(t.Context(), store.As(m.ID), number, 1)
				if err == nil {
					_, err = hub.Reply(t.Context(), store.As(m.ID), page.Thread.ID, store.PostInput{Source: fmt.Sprintf("Chez nous, à %d, c'est **pareil** : [voir](https://exemple.example/%d).", i, number)})
				}
				if err != nil {
					t.Error(err)
				}
			}
			for _, meeting := range c.meetings {
				if _, err := hub.AnswerMeeting(t.Context(), store.As(m.ID), meeting.ID, store.AnswerInput{Answer: store.Online}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// mixture is what members ask for who are many at once: of ten requests, seven pages made for them alone, a search, two answers;
// and of two hundred a message and a post more, which nobody may send as fast.
func mixture(h *hub, c *community, threads []int) func(n int) []byte {
	var all [][]byte
	tokens := c.tokens(h)
	for i, session := range c.sessions {
		thread := fmt.Sprintf("/t/%d/fil-%d", threads[i%len(threads)], i%len(threads))
		for k, path := range []string{"/meetings", "/unread", thread, "/towns", "/", "/discussions", "/search?q=bonjour", "/apps", "", ""} {
			form := url.Values(nil)
			if path == "" {
				path = "/meetings/" + c.meetings[(i+k)%len(c.meetings)].Slug + "/rsvp"
				form = url.Values{"csrf": {tokens[i]}, "answer": {string([]store.Answer{store.OnSite, store.Online}[(i+k)%2])}}
			}
			all = append(all, asked(h, path, session, form))
		}
	}
	var words atomic.Int64
	say := func(n int, path string) []byte {
		who, text := n/200%len(c.sessions), fmt.Sprint("parole ", words.Add(1))
		return asked(h, path, c.sessions[who], url.Values{"csrf": {tokens[who]}, "source": {text}, "once": {text}})
	}
	return func(n int) []byte {
		switch n % 200 {
		case 33:
			return say(n, "/chat/"+store.LoungeID)
		case 66:
			return say(n, fmt.Sprintf("/t/%d/x/do/reply", threads[n/200%len(threads)]))
		}
		return all[(n*7+n/len(all))%len(all)]
	}
}
