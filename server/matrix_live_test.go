package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/live"

	"github.com/gorilla/websocket"
)

// frames is what the names of rules about frames of the live connection begin with.
const frames = "LIVE "

// liveRules say who may ask for what by the live connection.
func liveRules(*world) map[string]rule {
	said := author | moderators
	return map[string]rule{
		"LIVE subscribe": pub("room"), "LIVE history": pub("room"), "LIVE watch": pub("subject"),
		"LIVE unsubscribe": pub("room").same(), "LIVE typing": pub("room").same(), "LIVE away": does(everyone, "", "away", "true").same(),
		"LIVE send":   does(signedIn, "room", "id", "m/1", "text", "Bonjour"),
		"LIVE read":   does(signedIn, "room", "number", "1"),
		"LIVE edit":   does(author, "message", "text", "Autrement", "revision", "1"),
		"LIVE delete": does(said, "message", "reason", "Hors charte").except("private", author).except("direct", author).except("left", author),
		"LIVE react":  does(signedIn, "message", "kind", "useful", "on", "true"),
		"LIVE mark":   does(signedIn, "message", "mark", "decision"),
	}
}

// subjects are what pages watch: those that some may not know of, and one's own.
func (w *world) subjects() {
	add := func(name, subject string, sees audience) { w.add("subject", name, sees, "subject", subject) }
	for _, one := range w.records["meeting"] {
		if page, err := w.MeetingPage(ctx, w.by(organiser), one.params[1]); err == nil {
			add("meeting "+one.name, "meeting/"+page.Meeting.ID, one.sees)
		}
	}
	for _, one := range w.records["thread"] {
		number, _ := strconv.Atoi(one.params[1])
		if page, err := w.ThreadPage(ctx, w.by(moderator), number, 1); err == nil {
			add("thread "+one.name, "thread/"+page.Thread.ID, one.sees)
		}
	}
	add("me", "me", signedIn)
	add("a room", "room/"+w.ids["public room"], nobody)
	add("somebody's choices", "choices/"+w.people[member].ID, nobody)
	add("missing", "meeting/00000000-0000-7000-8000-000000000000", nobody)
}

// serve lets connections come over the network too.
func (w *world) serve() (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(w.t, err)
	go func() { _ = w.Server.Serve(listener) }()
	w.t.Cleanup(func() { _ = w.Server.Shutdown(ctx) })
	return "ws://" + listener.Addr().String() + "/live"
}

// dial connects somebody. Who left is refused, as whoever has a cookie that counts no more.
func (w *world) dial(url string, who audience) *websocket.Conn {
	header := http.Header{"Host": {"hub.example"}}
	if p := w.people[who]; p.cookie != "" {
		header.Set("Cookie", "belfry_session="+p.cookie)
	}
	conn, answer, err := (&websocket.Dialer{Subprotocols: []string{live.Protocol}, HandshakeTimeout: 10 * time.Second}).Dial(url, header)
	if who == left {
		if answer == nil || answer.StatusCode != http.StatusUnauthorized {
			w.t.Errorf("who left is let in: %v %v", answer, err)
		}
		return nil
	}
	ok(w.t, err)
	return conn
}

// frameOf is a frame about a record, with the fields that its kind has.
func frameOf(kind string, r rule, one record) string {
	frame := map[string]any{"type": kind}
	put := func(name, value string) {
		switch name {
		case "number", "revision", "reply", "after", "changes", "before", "around":
			frame[name], _ = strconv.Atoi(value)
		case "on", "away":
			frame[name] = value == "true"
		default:
			frame[name] = value
		}
	}
	fields := live.Kinds()[kind]
	for i := 0; i+1 < len(one.params); i += 2 {
		if slices.Contains(fields, one.params[i]) {
			put(one.params[i], one.params[i+1])
		}
	}
	for name := range r.form {
		put(name, r.form.Get(name))
	}
	b, _ := json.Marshal(frame)
	return string(b)
}

// answersTo is what a frame was answered with: everything that came before the answer to a frame that does nothing.
func answersTo(t testing.TB, conn *websocket.Conn, frame string) (answers []map[string]any, raw string) {
	t.Helper()
	ok(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	for _, one := range []string{frame, `{"type":"unsubscribe","room":"that-was-all"}`} {
		ok(t, conn.WriteMessage(websocket.TextMessage, []byte(one)))
	}
	for {
		_, b, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("%s: %v", frame, err)
		}
		answer := map[string]any{}
		ok(t, json.Unmarshal(b, &answer))
		if answer["room"] == "that-was-all" {
			return answers, raw
		}
		raw += string(b) + "\n"
		if kind := answer["type"]; kind != "presence" && kind != "hello" {
			answers = append(answers, answer)
		}
	}
}

// checkFrame sends one kind of frame as everybody about every record of its kind, and says what is wrong with the answers.
func (w *world) checkFrame(url, kind string, r rule) (asked int, problems []string) {
	w.Clock.Add(10 * time.Second) // nobody talks faster than people do
	changed := r.form == nil || r.alike
	records := slices.Clone(w.records[r.on])
	slices.SortStableFunc(records, func(a, b record) int { return boolOrder(a.name == "missing", b.name == "missing") })
	for who, role := range roleNames() {
		conn := w.dial(url, who)
		if conn == nil {
			continue
		}
		missing := ""
		for _, one := range records {
			frame := frameOf(kind, r, one)
			w.rehearsal.Writes()
			answers, raw := answersTo(w.t, conn, frame)
			asked++
			writes := w.rehearsal.Writes()
			changed = changed || writes > 0
			if one.name == "missing" {
				missing = withoutRoom(answers)
			}
			for _, problem := range append(judgeFrame(r, one, who, answers, missing, writes), w.tells(raw, frame, who)...) {
				problems = append(problems, fmt.Sprintf("%s (%s) as %s: %s", frame, one.name, role, problem))
			}
		}
		_ = conn.Close()
	}
	if !changed {
		problems = append(problems, kind+": changes nothing for anybody, so the refusals prove nothing")
	}
	return asked, problems
}

// withoutRoom is an answer without the name of the room that was asked for.
func withoutRoom(answers []map[string]any) string {
	all := ""
	for _, one := range answers {
		bare := maps.Clone(one)
		delete(bare, "room")
		all += fmt.Sprint(bare)
	}
	return all
}

// judgeFrame says what is wrong with the answers to a frame.
func judgeFrame(r rule, one record, who audience, answers []map[string]any, missing string, writes int) (problems []string) {
	code := ""
	for _, answer := range answers {
		if answer["type"] == "error" {
			code = fmt.Sprint(answer["code"])
		}
	}
	refused := code == live.CodeNotFound || code == live.CodeDenied
	switch {
	case code == live.CodeInternal || code == live.CodeFrame || code == live.CodeLimited || code == live.CodeUnavailable || len(answers) > 1:
		problems = append(problems, fmt.Sprint("is answered with ", answers))
	case r.alike:
		if writes > 0 || code != "" || missing != "" && withoutRoom(answers) != missing {
			problems = append(problems, fmt.Sprintf("%d keys were written, answered with %v, and what is not there with %s", writes, answers, missing))
		}
	case who&r.may(one) != 0:
		if refused {
			problems = append(problems, "refused with "+code+", and should be answered")
		}
	case !refused && code != live.CodeConflict && code != live.CodeInvalid:
		problems = append(problems, fmt.Sprintf("answered with %.200s, and should be refused", fmt.Sprint(answers)))
	case writes > 0:
		problems = append(problems, fmt.Sprintf("refused with %s, but %d keys were written", code, writes))
	case who&one.sees == 0 && missing != "" && withoutRoom(answers) != missing:
		problems = append(problems, fmt.Sprintf("answered with %v, and what is not there with %s", answers, missing))
	}
	return problems
}

// tells looks for words in what was sent to somebody that they may not read.
func (w *world) tells(raw, asked string, who audience) (problems []string) {
	text := strings.ToLower(w.html.Replace(raw))
	for words, readers := range w.secrets {
		slug := strings.ReplaceAll(words, " ", "-")
		if who&readers == 0 && (strings.Contains(text, words) || !strings.Contains(asked, slug) && strings.Contains(text, slug)) {
			problems = append(problems, fmt.Sprintf("is told %q", words))
		}
	}
	return problems
}

// TestEveryFrameEveryRole sends every kind of frame as everybody, about rooms, messages and subjects in every state, and
// asks the same of the answers as of those of the addresses. A kind that a rule is missing for fails; so does a hub that
// lets one kind through. (A13, A16, A17)
func TestEveryFrameEveryRole(t *testing.T) {
	w := newWorld(t)
	w.subjects()
	careless := server.Careless(w.Server)
	url, rules, kinds := w.serve(), expected(w), live.Kinds()
	for name := range rules {
		if kind, is := strings.CutPrefix(name, frames); is && kinds[kind] == nil {
			t.Errorf("%s: no such frame", name)
		}
	}
	sent := 0
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		r, known := rules[frames+kind]
		if !known {
			t.Errorf("%s: nothing says who may send it", kind)
			continue
		}
		n, problems := w.checkFrame(url, kind, r)
		for _, problem := range problems {
			t.Error(problem)
		}
		sent += n
	}
	t.Logf("%d kinds, %d frames", len(kinds), sent)
	for _, kind := range []string{"history", "send", "delete"} { // control
		careless(kind, w.people[author].ID)
		if _, problems := w.checkFrame(url, kind, rules[frames+kind]); len(problems) == 0 {
			t.Errorf("a hub that lets every %s through is not seen", kind)
		}
	}
}

// TestFramesAreTakenAsDescribed: a field that a kind of frame does not have, one that is there twice or otherwise written, or
// a value of another sort is answered with an error, by the id of the frame, and nothing is done. (SAFETY 49, 50)
func TestFramesAreTakenAsDescribed(t *testing.T) {
	h := newHall(t)
	w := h.wire(t, h.session(t, h.Join(t, "Alma Testeuse", "BE-92094")))
	for n, frame := range []string{
		`{"type":"send","id":"x","room":"lounge","text":"a","by":"0190"}`, `{"type":"send","id":"x","room":"lounge","text":"a","number":1}`,
		`{"type":"send","id":"x","room":"lounge","text":"a","text":"b"}`, `{"type":"send","id":"x","room":"lounge","Text":"a"}`,
		`{"type":"send","id":"x","room":"lounge","text":["a"]}`, `{"type":"send","id":"x","room":"lounge","text":null}`, `{"type":"send","id":"x","room":"lounge","text":7}`,
		`{"type":"send","id":"x","room":"lounge","text":"a","reply":"1"}`, `{"type":"send","id":"x","room":"lounge","text":"a","reply":1.5}`,
		`{"type":"send","id":"x","type":"read","room":"lounge","text":"a"}`, `{"Type":"send","id":"x","room":"lounge","text":"a"}`,
		`{"type":"react","id":"x","room":"lounge","number":1,"kind":"thanks","on":"true"}`, `{"type":"send","id":"x","room":"lounge","text":"a"} {}`,
		`{"type":"subscribe","id":"x","room":"lounge","member":"0190"}`, `{"type":"read","id":"x","room":"lounge","number":true}`,
	} {
		w.say(frame)
		got := w.next("error")
		if got["code"] != "frame" {
			t.Errorf("%d: %s: %v", n, frame, got)
		}
		if n < 2 && got["id"] != "x" {
			t.Errorf("%s: the error does not say of what: %v", frame, got)
		}
	}
	w.say(`{"type":"send","id":"y","room":"lounge","text":"a"}`) // the control
	if ack := w.next("ack"); ack["number"] != 1.0 {
		t.Errorf("after refused frames the first message is %v", ack["number"])
	}
}
