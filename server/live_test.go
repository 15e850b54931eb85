package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"belfry/server/live"
	"belfry/store"

	"github.com/gorilla/websocket"
)

// session signs a member in and gives the header that says so.
func (h *hall) session(t testing.TB, m store.Member) http.Header {
	t.Helper()
	h.Clock.Add(time.Second) // the newest link is the one that counts
	ok(t, h.RequestSignIn(ctx, m.Email, "fr", store.Client{Address: m.ID}))
	in, err := h.UseTicket(ctx, h.Token(t, store.EventSignInLink, m.Email), "", store.Client{})
	ok(t, err)
	return http.Header{"Cookie": {"belfry_session=" + in.Token}}
}

func (h *hall) live() string { return "ws" + strings.TrimPrefix(h.address, "http") + "/live" }

// wire is a connection that a test writes and reads frame by frame.
type wire struct {
	*websocket.Conn
	t testing.TB
}

func (h *hall) wire(t testing.TB, header http.Header) *wire {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{live.Protocol}, HandshakeTimeout: 10 * time.Second}
	conn, _, err := dialer.Dial(h.live(), header)
	ok(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	w := &wire{conn, t}
	if hello := w.next("hello"); hello["version"] != 1.0 {
		t.Fatalf("hello: %v", hello)
	}
	return w
}

func (w *wire) say(frame string) {
	w.t.Helper()
	ok(w.t, w.WriteMessage(websocket.TextMessage, []byte(frame)))
}

// next reads frames until one of a type comes; what else comes is left out, but presence and typing are all that may.
func (w *wire) next(kind string) map[string]any {
	w.t.Helper()
	ok(w.t, w.SetReadDeadline(time.Now().Add(10*time.Second)))
	for {
		_, b, err := w.ReadMessage()
		if err != nil {
			w.t.Fatalf("waiting for %s: %v", kind, err)
		}
		frame := map[string]any{}
		ok(w.t, json.Unmarshal(b, &frame))
		if frame["type"] == kind {
			return frame
		}
		switch frame["type"] {
		case "presence", "typing", "message", "ack", "touched", "changed":
		default:
			w.t.Fatalf("waiting for %s came %s", kind, b)
		}
	}
}

// closed waits for the end of the connection and gives its code, 0 without one.
func (w *wire) closed(within time.Duration) int {
	w.t.Helper()
	ok(w.t, w.SetReadDeadline(time.Now().Add(within)))
	for {
		_, _, err := w.ReadMessage()
		if closed, is := err.(*websocket.CloseError); is {
			return closed.Code
		}
		if err != nil {
			if strings.Contains(err.Error(), "timeout") {
				w.t.Fatal("the connection is still open")
			}
			return 0
		}
	}
}

func text(frame map[string]any) string { return fmt.Sprint(frame["message"].(map[string]any)["text"]) }

func TestA12LiveHandshake(t *testing.T) {
	h := newHall(t)
	m := h.Join(t, "Alma Testeuse", "BE-92094")
	in := h.session(t, m)
	for _, c := range []struct {
		name, origin, cookie, protocol string
		want                           int
	}{
		{"a program without origin", "", in.Get("Cookie"), live.Protocol, 101},
		{"a page of ours", h.address, in.Get("Cookie"), live.Protocol, 101},
		{"a visitor", h.address, "", live.Protocol, 101},
		{"A12: another site with the cookie", "http://evil.example", in.Get("Cookie"), live.Protocol, 403},
		{"the same host by another scheme", strings.Replace(h.address, "http:", "https:", 1), in.Get("Cookie"), live.Protocol, 403},
		{"an origin that hides its host", "null", in.Get("Cookie"), live.Protocol, 403},
		{"a session that never was", h.address, "belfry_session=" + strings.Repeat("a", 32), live.Protocol, 401},
		{"no subprotocol", h.address, in.Get("Cookie"), "", 400},
		{"a version of the future", h.address, in.Get("Cookie"), "belfry.live.v9", 400},
	} {
		header := http.Header{}
		if c.origin != "" {
			header.Set("Origin", c.origin)
		}
		if c.cookie != "" {
			header.Set("Cookie", c.cookie)
		}
		dialer := websocket.Dialer{}
		if c.protocol != "" {
			dialer.Subprotocols = []string{c.protocol}
		}
		conn, answer, err := dialer.Dial(h.live(), header)
		if answer == nil || answer.StatusCode != c.want {
			t.Errorf("%s: %v, %v; want %d", c.name, answer, err, c.want)
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
	got, err := http.Get(h.address + "/live")
	ok(t, err)
	_ = got.Body.Close()
	if got.StatusCode != http.StatusBadRequest {
		t.Errorf("a plain GET: %d", got.StatusCode)
	}
}

func TestLiveTalk(t *testing.T) {
	h := newHall(t)
	alma, basile := h.Join(t, "Alma Testeuse", "BE-92094"), h.Join(t, "Basile Essai", "BE-52011")
	a, b := h.wire(t, h.session(t, alma)), h.wire(t, h.session(t, basile))
	for _, w := range []*wire{a, b} {
		w.say(`{"type":"subscribe","room":"lounge"}`)
		if got := w.next("subscribed"); got["last"] != 0.0 {
			t.Errorf("subscribed: %v", got)
		}
	}
	a.say(`{"type":"send","room":"lounge","id":"a/1","text":"Bonjour **Basile**"}`)
	if ack := a.next("ack"); ack["number"] != 1.0 || ack["id"] != "a/1" {
		t.Errorf("ack: %v", ack)
	}
	if got := b.next("message"); text(got) != "Bonjour **Basile**" || !strings.Contains(fmt.Sprint(got), "<strong>Basile</strong>") {
		t.Errorf("message: %v", got)
	}
	a.say(`{"type":"send","room":"lounge","id":"a/1","text":"Bonjour **Basile**"}`)
	if ack := a.next("ack"); ack["number"] != 1.0 {
		t.Errorf("sent again: %v", ack)
	}
	a.say(`{"type":"send","room":"lounge","id":"a/1","text":"Autre chose"}`)
	if got := a.next("error"); got["code"] != "conflict" || got["id"] != "a/1" || got["text"] == "" {
		t.Errorf("the same id with another text: %v", got)
	}
	b.say(`{"type":"react","room":"lounge","id":"b/1","number":1,"kind":"thanks","on":true}`)
	b.next("changed")
	if got := a.next("changed"); got["change"] != 1.0 || !strings.Contains(fmt.Sprint(got), "Basile Essai") {
		t.Errorf("changed: %v", got)
	}
	b.say(`{"type":"send","room":"lounge","id":"b/2","text":"Merci","reply":1}`)
	if got := fmt.Sprint(a.next("message")); !strings.Contains(got, "number:2") || !strings.Contains(got, "Bonjour Basile") {
		t.Errorf("a reply does not show what it answers: %s", got)
	}
	for _, c := range []struct{ frame, code string }{
		{`{"type":"send","room":"lounge","id":"x1","text":""}`, "invalid"},
		{`{"type":"send","room":"lounge","id":"x2","text":"` + strings.Repeat("a", 4001) + `"}`, "invalid"},
		{`{"type":"send","room":"nowhere","id":"x3","text":"Bonjour"}`, "not_found"},
		{`{"type":"subscribe","room":"nowhere"}`, "not_found"},
		{`{"type":"edit","room":"lounge","id":"x4","number":2,"text":"Pas de moi"}`, "denied"},
		{`{"type":"delete","room":"lounge","id":"x5","number":2}`, "denied"},
		{`{"type":"react","room":"lounge","id":"x6","number":99,"kind":"thanks","on":true}`, "not_found"},
		{`{"type":"watch","subject":"meeting/nothing"}`, "not_found"},
		{`{"type":"dance"}`, "frame"}, {`{"type":"send","room":"lounge","text":"sans id"}`, "frame"},
		{`not JSON`, "frame"}, {`[]`, "frame"}, {`{"type":7}`, "frame"}, {`{"type":"read","room":"lounge","number":-1}`, "frame"},
	} {
		a.say(c.frame)
		if got := a.next("error"); got["code"] != c.code || got["text"] == "" {
			t.Errorf("%.60s: %v, want %s", c.frame, got, c.code)
		}
	}
	a.say(`{"type":"delete","room":"lounge","id":"a/9","number":1}`)
	if got := fmt.Sprint(b.next("changed")["message"]); !strings.Contains(got, "deleted:true") || strings.Contains(got, "Bonjour") {
		t.Errorf("deleted: %s", got)
	}
	a.next("ack")
	// away, and back with what was missed
	_ = b.Close()
	a.say(`{"type":"send","room":"lounge","id":"a/10","text":"Tu es là ?"}`)
	a.next("ack")
	b = h.wire(t, h.session(t, basile))
	b.say(`{"type":"subscribe","room":"lounge","after":2,"changes":1}`)
	back := b.next("subscribed")
	if missed, changed := back["messages"].([]any), back["changed"].([]any); len(missed) != 1 || len(changed) != 1 {
		t.Errorf("back: %v", back)
	}
	b.say(`{"type":"subscribe","room":"lounge","after":999,"changes":0}`) // a backup was put back
	if got := b.next("resync"); got["last"] != 3.0 || len(got["messages"].([]any)) != 3 {
		t.Errorf("resync: %v", got)
	}
	b.say(`{"type":"history","room":"lounge","before":3,"ref":"h"}`)
	if got := b.next("history"); got["ref"] != "h" || len(got["messages"].([]any)) != 2 || got["later"] != true {
		t.Errorf("history: %v", got)
	}
	visitor := h.wire(t, nil)
	visitor.say(`{"type":"subscribe","room":"lounge"}`)
	if got := visitor.next("error"); got["code"] != "not_found" {
		t.Errorf("a visitor enters the lounge: %v", got)
	}
}

func TestLiveResyncAfterALongAbsence(t *testing.T) {
	h := newHall(t)
	alma := h.Join(t, "Alma Testeuse", "BE-92094")
	for n := range 70 {
		_, err := h.Send(ctx, store.As(alma.ID), store.LoungeID, store.MessageInput{Source: fmt.Sprint(n + 1)})
		ok(t, err)
		h.Clock.Add(3 * time.Second)
	}
	w := h.wire(t, h.session(t, alma))
	w.say(`{"type":"subscribe","room":"lounge","after":5,"changes":0}`)
	got := w.next("resync")
	if all := got["messages"].([]any); len(all) != 50 || all[0].(map[string]any)["number"] != 21.0 || got["last"] != 70.0 {
		t.Errorf("resync with %d messages, last %v", len(all), got["last"])
	}
	w.say(`{"type":"subscribe","room":"lounge","after":20,"changes":0}`)
	if all := w.next("subscribed")["messages"].([]any); len(all) != 50 {
		t.Errorf("a page that was missed comes as %d messages", len(all))
	}
}

func TestLiveRightsEndWithinSeconds(t *testing.T) {
	h := newHall(t)
	alma, basile := h.Join(t, "Alma Testeuse", "BE-92094"), h.Join(t, "Basile Essai", "BE-52011")
	asAlma := store.As(alma.ID)
	private, err := h.OpenRoom(ctx, asAlma, store.RoomInput{Name: "Réservé", Access: store.AccessPrivate})
	ok(t, err)
	outsider := h.wire(t, h.session(t, basile))
	outsider.say(`{"type":"subscribe","room":"` + private.Slug + `"}`)
	if got := outsider.next("error"); got["code"] != "not_found" {
		t.Errorf("a stranger enters: %v", got)
	}
	ok(t, h.Invite(ctx, asAlma, private.ID, basile.ID))
	outsider.say(`{"type":"subscribe","room":"` + private.Slug + `"}`)
	outsider.next("subscribed")
	ok(t, h.RemoveFromRoom(ctx, asAlma, private.ID, basile.ID))
	_, err = h.Send(ctx, asAlma, private.ID, store.MessageInput{Source: "Il est parti"})
	ok(t, err)
	for done := false; !done; {
		_, b, err := outsider.ReadMessage()
		ok(t, err)
		if strings.Contains(string(b), "Il est parti") {
			t.Fatal("who was taken out of the room still hears it")
		}
		done = strings.Contains(string(b), `"unsubscribed"`) && strings.Contains(string(b), "denied")
	}
	outsider.say(`{"type":"send","room":"` + private.Slug + `","id":"o/1","text":"Et moi ?"}`)
	if got := outsider.next("error"); got["code"] != "not_found" {
		t.Errorf("who was taken out still writes: %v", got)
	}
	for _, c := range []struct {
		name string
		end  func(header http.Header)
	}{
		{"A28: signing out", func(header http.Header) {
			ok(t, h.SignOut(ctx, strings.TrimPrefix(header.Get("Cookie"), "belfry_session=")))
		}},
		{"A28: all sessions ended", func(http.Header) {
			all, err := h.Sessions(ctx, store.As(basile.ID))
			ok(t, err)
			for _, one := range all {
				ok(t, h.EndSession(ctx, store.As(basile.ID), one.ID))
			}
		}},
		{"A28: leaving the community", func(http.Header) {
			ok(t, h.Leave(ctx, store.As(basile.ID), "", store.Session{Member: basile.ID, Proved: h.Now()}))
		}},
	} {
		header := h.session(t, basile)
		w := h.wire(t, header)
		w.say(`{"type":"subscribe","room":"lounge"}`)
		w.next("subscribed")
		c.end(header)
		if code := w.closed(5 * time.Second); code != websocket.ClosePolicyViolation {
			t.Errorf("%s: the connection ended with %d", c.name, code)
		}
	}
}

// A page of very long messages is not too much for a connection.
func TestLiveLongMessages(t *testing.T) {
	h := newHall(t)
	m := h.Join(t, "Alma Testeuse", "BE-92094")
	for n := range 40 {
		_, err := h.Send(ctx, store.As(m.ID), store.LoungeID, store.MessageInput{Source: strings.Repeat("🔔", 3990) + fmt.Sprint(n)})
		ok(t, err)
		h.Clock.Add(3 * time.Second)
	}
	w := h.wire(t, h.session(t, m))
	w.say(`{"type":"subscribe","room":"lounge"}`)
	first := w.next("subscribed")["messages"].([]any)
	if last := first[len(first)-1].(map[string]any)["number"]; last != 40.0 {
		t.Errorf("the last message is %v", last)
	}
	w.say(fmt.Sprintf(`{"type":"history","room":"lounge","ref":"h","before":%v}`, first[0].(map[string]any)["number"]))
	before := w.next("history")
	if rows := before["messages"].([]any); len(rows) == 0 || rows[len(rows)-1].(map[string]any)["number"] != first[0].(map[string]any)["number"].(float64)-1 || before["earlier"] != true {
		t.Errorf("what is before: %d messages, earlier %v", len(rows), before["earlier"])
	}
	w.say(`{"type":"subscribe","room":"lounge","after":0,"changes":0}`)
	if got := w.next("resync"); got["last"] != 40.0 {
		t.Errorf("too much at once: %v", got["last"])
	}
}

// Who is here is told to a second window too, and no more once somebody hides.
func TestLivePresence(t *testing.T) {
	h := newHall(t)
	alma, basile := h.Join(t, "Alma Testeuse", "BE-92094"), h.Join(t, "Basile Essai", "BE-52011")
	header := h.session(t, alma)
	enter := func(header http.Header) *wire {
		w := h.wire(t, header)
		w.say(`{"type":"subscribe","room":"lounge"}`)
		w.next("subscribed")
		return w
	}
	first := enter(header)
	if got := first.next("presence"); got["count"] != 1.0 {
		t.Errorf("one is here: %v", got)
	}
	if got := enter(header).next("presence"); got["count"] != 1.0 {
		t.Errorf("a second window: %v", got)
	}
	other := enter(h.session(t, basile))
	for other.next("presence")["count"] != 2.0 {
		continue
	}
	ok(t, h.ChooseForRooms(ctx, store.As(alma.ID), store.RoomChoices{HidePresence: true}))
	if code := first.closed(5 * time.Second); code != 1012 {
		t.Errorf("who hides is greeted anew: closed with %d", code)
	}
	enter(header) // hidden
	for got := other.next("presence"); got["count"] != 1.0 || strings.Contains(fmt.Sprint(got), "Alma"); got = other.next("presence") {
		continue
	}
}

// Whoever said what they wrote writes no more, and is seen when they begin again.
func TestLiveTypingEndsWithTheMessage(t *testing.T) {
	h := newHall(t)
	alma, basile := h.Join(t, "Alma Testeuse", "BE-92094"), h.Join(t, "Basile Essai", "BE-52011")
	a, b := h.wire(t, h.session(t, alma)), h.wire(t, h.session(t, basile))
	for _, w := range []*wire{a, b} {
		w.say(`{"type":"subscribe","room":"lounge"}`)
		w.next("subscribed")
	}
	for n, want := range []int{1, 0, 1, 0} {
		if want == 1 {
			a.say(`{"type":"typing","room":"lounge"}`)
		} else {
			a.say(fmt.Sprintf(`{"type":"send","room":"lounge","id":"a/%d","text":"Bonjour"}`, n))
		}
		began := time.Now()
		if got := b.next("typing"); len(got["members"].([]any)) != want || time.Since(began) > 4*time.Second {
			t.Errorf("step %d, after %v: %v", n, time.Since(began), got)
		}
	}
}
