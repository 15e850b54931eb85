package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestT28SlowPapers lets one member send papers of 25 MB very slowly, and another large forms, to a hub of 256 MiB. Others go
// on: their answers of more than 16 KiB are taken, and their papers too, a small and a large one. Who sends more than a share is
// told to come back.
func TestT28SlowPapers(t *testing.T) {
	c := newCommunity(t, 5, 1)
	thread := fmt.Sprintf("/t/%d/fil-0/do/reply", c.threads(t, 1)[0])
	h := serveWith(t, []string{"GOMEMLIMIT=256MiB"}, c.dir, "--demo", "--metrics", "127.0.0.1:0")
	tokens, papers := c.tokens(h), "/meetings/"+c.meetings[0].Slug+"/documents"
	var turned atomic.Int64
	begin := func(path, session, kind string, size int) { // and no more of it
		line, err := call(strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(line.hangUp)
		_, _ = fmt.Fprintf(line, "POST %s HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\nCookie: belfry_session=%s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n--x\r\n",
			path, line.RemoteAddr(), session, kind, size)
		_ = line.SetReadDeadline(time.Now().Add(1500 * time.Millisecond)) // a second is waited for memory
		answer, err := http.ReadResponse(line.in, nil)
		if err != nil {
			return // nothing is said to what is still coming
		}
		if answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s of %d bytes: %s %v", path, size, answer.Status, answer.Header)
		}
		turned.Add(1)
	}
	others := func(when string) {
		t.Helper()
		for n := range 3 {
			form := url.Values{"csrf": {tokens[2]}, "source": {fmt.Sprint(when, n, strings.Repeat(" é", 3000))}, "lang": {"fr"}, "once": {fmt.Sprint(when, n)}}
			if code, page, err := h.post(thread, c.sessions[2], form); err != nil || code != 303 {
				t.Errorf("%s: somebody else's answer: %d %v %.200s", when, code, err, page)
			}
		}
		for size, name := range map[int]string{1 << 20: "small", 20 << 20: "large"} {
			if code, page, err := h.upload(papers, c.sessions[0], tokens[0], append([]byte("%PDF-1.7\n"+when), make([]byte, size)...)); err != nil || code != 303 {
				t.Errorf("%s: somebody else's %s paper: %d %v %.200s", when, name, code, err, page)
			}
		}
	}
	others("before")
	var slow sync.WaitGroup
	for range 2 {
		slow.Go(func() { begin(papers, c.sessions[1], "multipart/form-data; boundary=x", 25_000_000) })
		slow.Go(func() { begin(thread, c.sessions[3], "application/x-www-form-urlencoded", 4_000_000) })
	}
	slow.Wait()
	others("beside slow ones")
	if counted := h.metric("belfry_bodies_refused_total"); turned.Load() != 2 || int64(counted) != turned.Load() {
		t.Errorf("%d of the slow ones were told to come back, %v counted", turned.Load(), counted)
	}
}
