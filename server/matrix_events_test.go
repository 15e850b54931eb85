package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"

	"github.com/gorilla/websocket"
)

// listener is somebody's live connection, of which all is kept that comes.
type listener struct {
	*world
	conn *websocket.Conn
	who  audience
	asks int

	mu   sync.Mutex // guards what follows
	came []string
	over bool
	code int // of the close frame
}

// listen connects somebody and lets them follow what rooms and subjects there are, as far as they may.
func (w *world) listen(url string, who audience) *listener {
	l := &listener{world: w, conn: w.dial(url, who), who: who}
	go func() {
		for {
			_, b, err := l.conn.ReadMessage()
			l.mu.Lock()
			if err != nil {
				l.over = true
				if closed, is := err.(*websocket.CloseError); is {
					l.code = closed.Code
				}
				l.mu.Unlock()
				return
			}
			l.came = append(l.came, string(b))
			l.mu.Unlock()
		}
	}()
	w.t.Cleanup(func() { _ = l.conn.Close() })
	for _, one := range w.records["room"] {
		l.say(fmt.Sprintf(`{"type":"subscribe","room":%q}`, one.params[1]))
	}
	for _, one := range w.records["subject"] {
		l.say(fmt.Sprintf(`{"type":"watch","subject":%q}`, one.params[1]))
	}
	l.settled()
	return l
}

func (l *listener) say(frame string) { _ = l.conn.WriteMessage(websocket.TextMessage, []byte(frame)) }

// settled waits until everything said before was answered, or the connection is over.
func (l *listener) settled() {
	l.t.Helper()
	l.asks++
	mark := fmt.Sprint("settled-", l.asks)
	l.say(fmt.Sprintf(`{"type":"unsubscribe","room":%q}`, mark))
	if !l.hears(mark) && !l.ended() {
		l.t.Fatalf("%s is not answered", roleNames()[l.who])
	}
}

func (l *listener) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

// heard says whether a frame came that holds all these words.
func (l *listener) heard(words ...string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.came, func(frame string) bool {
		return !slices.ContainsFunc(words, func(one string) bool { return !strings.Contains(frame, one) })
	})
}

// hears waits for such a frame.
func (l *listener) hears(words ...string) bool {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if l.heard(words...) {
			return true
		}
		if l.ended() {
			return l.heard(words...)
		}
	}
	return false
}

// problems says what came that should not have: of rooms and subjects that one may not know of, with words that one may
// not read, or with fields that one may not see.
func (l *listener) problems() (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sees := map[any]audience{}
	for _, one := range append(slices.Clone(l.records["room"]), l.records["subject"]...) {
		sees[one.params[1]] = one.sees
	}
	for _, raw := range l.came {
		frame := map[string]any{}
		ok(l.t, json.Unmarshal([]byte(raw), &frame))
		kind := frame["type"]
		if kind == "error" || kind == "unsubscribed" { // names what was asked for, and nothing else
			continue
		}
		wrong := l.tells(raw, "", l.who)
		for _, name := range []string{"room", "subject"} {
			if about, known := frame[name]; known && l.who&sees[about] == 0 {
				wrong = append(wrong, "is told of what they may not know of")
			}
		}
		wrong = append(wrong, l.fields(frame)...)
		for _, one := range wrong {
			found = append(found, fmt.Sprintf("%s %s: %s", roleNames()[l.who], one, raw))
		}
	}
	return found
}

// fields says which fields of a frame are too many for its reader.
func (l *listener) fields(frame map[string]any) (wrong []string) {
	allowed := map[any]string{
		"hello": "version server heartbeat page limits member", "subscribed": "room last changes read messages changed", "resync": "room last changes read messages changed",
		"message": "room message", "changed": "room change message", "presence": "room count here away", "typing": "room names members", "read": "room member number",
		"touched": "subject unread", "ack": "id room number",
	}[frame["type"]]
	if l.who == visitor {
		allowed = strings.NewReplacer(" here away", "", "names members", "", " member", "").Replace(allowed)
	}
	within := func(what string, object map[string]any, names string) {
		for name := range object {
			if !slices.Contains(strings.Fields(names), name) {
				wrong = append(wrong, fmt.Sprintf("is sent %s with %s", what, name))
			}
		}
	}
	within("a frame", frame, "type "+allowed)
	if frame["type"] == "typing" && l.who == visitor {
		wrong = append(wrong, "is told who types")
	}
	all, _ := frame["messages"].([]any)
	changed, _ := frame["changed"].([]any)
	for _, one := range append(append(slices.Clone(all), changed...), frame["message"]) {
		m, _ := one.(map[string]any)
		names := "number id at lang author html text reply revision edited change mark moved reactions reacted"
		if m["deleted"] != nil {
			names = "number at author change deleted"
		} else if m["moved"] != nil {
			names = "number id at lang author reply revision edited change mark moved reactions reacted"
		}
		within("a message", m, names)
		author, _ := m["author"].(map[string]any)
		within("an author", author, "id handle name town town_code")
	}
	return wrong
}

// says lets somebody say something in a room, in words that only its readers may read.
func (w *world) says(who audience, roomID, word string, sees audience) store.Message {
	w.t.Helper()
	w.Clock.Add(10 * time.Second) // nobody talks faster than people do
	m, err := w.Send(ctx, w.by(who), roomID, store.MessageInput{Source: w.secret(word, sees)})
	ok(w.t, err)
	return m
}

// TestEveryEventEveryRole lets everybody follow every room and watch every subject, as far as they may, and lets things happen
// in each: whoever may read it is told, and nobody else anything. Then access is taken away from those who follow, and from
// that moment on nothing reaches them. (A17, A28, A31)
func TestEveryEventEveryRole(t *testing.T) {
	w := newWorld(t)
	w.subjects()
	w.rehearsal.End()
	forget := server.Hospitable(w.Server)
	url := w.serve()
	all := map[audience]*listener{}
	for who := range roleNames() {
		if who != left {
			all[who] = w.listen(url, who)
		}
	}
	told := func(sees audience, words ...string) {
		t.Helper()
		for who, l := range all {
			if who&sees != 0 && !l.hears(words...) {
				t.Errorf("%s is not told of %q", roleNames()[who], words)
			}
		}
	}
	happened := 0
	for _, one := range w.records["room"] {
		all[author].say(fmt.Sprintf(`{"type":"typing","room":%q}`, one.params[1]))
	}
	for i, one := range w.records["room"] {
		r, err := w.RoomBySlug(ctx, w.by(author), one.params[1])
		if err == nil && r.Writable(w.Now()) {
			w.happens(one, r, fmt.Sprint("bruit", i), all, told)
			happened++
		}
	}
	for _, one := range w.records["subject"] {
		kind, id, _ := strings.Cut(one.params[1], "/")
		var err error
		switch {
		case one.sees == nobody || kind == "me":
			continue
		case kind == "thread":
			_, err = w.Reply(ctx, w.by(moderator), id, store.PostInput{Source: "Encore.", Lang: "fr"})
		default:
			_, err = w.ProposeItem(ctx, w.by(organiser), id, store.ItemInput{Title: "Un point", Lang: "fr", Kind: store.ToInform})
		}
		ok(t, err)
		happened++
	}
	for _, one := range w.records["subject"] {
		if kind, _, _ := strings.Cut(one.params[1], "/"); kind == "thread" || kind == "meeting" {
			told(one.sees, `"touched"`, one.params[1])
		}
	}
	for _, l := range all {
		l.settled()
		for _, problem := range l.problems() {
			t.Error(problem)
		}
	}
	t.Logf("%d rooms and subjects, %d listeners", happened, len(all))
	for i, one := range w.endings() {
		if problem := w.takenAway(url, one); problem != "" {
			t.Errorf("%s: %s", one.name, problem)
		}
		if i > 0 {
			continue
		}
		forget.Store(true) // control
		ok(t, w.Invite(ctx, w.by(author), one.room, w.people[one.who].ID))
		if w.takenAway(url, one) == "" {
			t.Error("a hub that forgets who was taken out of a room is not seen")
		}
		forget.Store(false)
		w.watchedNoMore(url)
	}
}

// happens lets all that can happen in a room happen.
func (w *world) happens(one record, r store.Room, word string, all map[audience]*listener, told func(sees audience, words ...string)) {
	w.t.Helper()
	slug := fmt.Sprintf("%q", one.params[1])
	told(one.sees&^visitor, `"typing"`, slug, `["Alma Testeuse"]`)
	told(one.sees, `"presence"`, slug)
	m := w.says(author, r.ID, word, one.sees)
	told(one.sees, `"message"`, slug, word)
	_, err := w.EditMessage(ctx, w.by(author), r.ID, m.Number, 0, store.MessageInput{Source: w.secret(word+"change", one.sees)})
	ok(w.t, err)
	told(one.sees, `"changed"`, slug, word+"change")
	for _, who := range []audience{member, steward} {
		if who&one.sees != 0 {
			_, err = w.ReactMessage(ctx, w.by(who), r.ID, m.Number, store.Thanks, true)
			ok(w.t, err)
			told(one.sees, `"changed"`, slug, "thanks")
			break
		}
	}
	if one.name == "direct" {
		all[member].say(fmt.Sprintf(`{"type":"read","room":%s,"number":%d}`, slug, m.Number))
		told(author, `"read"`, slug)
	}
	_, err = w.DeleteMessage(ctx, w.by(author), r.ID, m.Number, "")
	ok(w.t, err)
	told(one.sees, `"changed"`, slug, fmt.Sprintf(`"number":%d,`, m.Number), `"deleted":true`)
}

// watchedNoMore hides a thread from those who watch it, and takes the duty from one who may see hidden ones: what happens there
// then is told to neither.
func (w *world) watchedNoMore(url string) {
	goes, former, stays := w.listen(url, member), w.listen(url, moderator), w.listen(url, steward)
	ok(w.t, w.SetRole(ctx, store.System(), w.people[moderator].ID, store.RoleModerator, false))
	ok(w.t, w.ModerateThread(ctx, w.by(steward), w.ids["open"], store.ActHideThread, "", true))
	former.say(fmt.Sprintf(`{"type":"delete","id":"sans-droit","room":%q,"number":1,"reason":"Hors charte"}`, w.ids["public room slug"]))
	if touched := `"thread/` + w.ids["open"]; !stays.hears(`"touched"`, touched) {
		w.t.Error("a steward is not told of a thread that was hidden")
	}
	for _, l := range []*listener{goes, former} {
		l.settled()
		if l.heard(`"touched"`, w.ids["open"]) {
			w.t.Errorf("A31 %s is told of a thread that was hidden from them", roleNames()[l.who])
		}
	}
	if !former.heard(`"sans-droit"`, `"denied"`) {
		w.t.Error("A31 whose duty was taken away deletes what others said")
	}
	ok(w.t, w.ModerateThread(ctx, w.by(steward), w.ids["open"], store.ActHideThread, "", false))
	ok(w.t, w.SetRole(ctx, store.System(), w.people[moderator].ID, store.RoleModerator, true))
}

// ending is a way to lose what one follows.
type ending struct {
	name   string
	who    audience
	room   string // id of the room that is followed
	closes bool   // the connection ends, and nothing is done for it any more
	end    func(token string)
}

func (w *world) endings() []ending {
	id := func(name string) string {
		at := slices.IndexFunc(w.records["room"], func(r record) bool { return r.name == name })
		r, err := w.RoomBySlug(ctx, w.by(author), w.records["room"][at].params[1])
		ok(w.t, err)
		return r.ID
	}
	done := func(err error) { w.t.Helper(); ok(w.t, err) }
	return []ending{
		{"A31 taken out of a room", member, id("private"), false, func(string) { done(w.RemoveFromRoom(ctx, w.by(author), id("private"), w.people[member].ID)) }},
		{"A31 a room that is public no more", visitor, id("public"), false, func(string) {
			_, err := w.ChangeRoom(ctx, w.by(author), id("public"), store.RoomInput{Name: "Salon public", Access: store.AccessMembers})
			done(err)
		}},
		{"A31 of another town now", steward, id("mentorship"), false, func(string) { done(w.MoveTo(ctx, w.by(steward), store.JoinInput{TownCode: "BE-62063"})) }},
		{"A28 signed out", member, store.LoungeID, true, func(token string) { done(w.SignOut(ctx, token)) }},
		{"A28 signed out elsewhere", moderator, store.LoungeID, true, func(string) { done(w.EndOtherSessions(ctx, w.by(moderator), "")) }},
		{"A28 left the community", newcomer, store.LoungeID, true, func(string) {
			done(w.Leave(ctx, w.by(newcomer), "", store.Session{Member: w.people[newcomer].ID, Proved: w.Now()}))
		}},
	}
}

// takenAway lets somebody follow a room until they may no more, and says what reaches them then, or is still done for them.
func (w *world) takenAway(url string, e ending) string {
	r, err := w.RoomBySlug(ctx, w.by(author), w.slugOf(e.room))
	ok(w.t, err)
	stays, goes := w.listen(url, author), w.listen(url, e.who)
	first, last := fmt.Sprint("avant-", w.Now().UnixNano()), fmt.Sprint("ensuite-", w.Now().UnixNano())
	before := w.says(author, r.ID, first, everyone)
	if !goes.hears(first) {
		return "does not hear what is said before"
	}
	e.end(w.people[e.who].cookie)
	if e.closes {
		goes.say(fmt.Sprintf(`{"type":"send","room":%q,"id":"trop-tard","text":"Encore moi"}`, r.Slug))
	}
	said := w.says(author, r.ID, last, everyone)
	if !stays.hears(last) {
		return "who stays does not hear what is said"
	}
	goes.settled()
	switch {
	case goes.heard(last):
		return "still hears what is said"
	case said.Number != before.Number+1:
		return "what they said after it is stored"
	case e.closes && (!goes.ended() || goes.code != websocket.ClosePolicyViolation):
		return fmt.Sprintf("the connection is not closed: %v, %d", goes.ended(), goes.code)
	case !e.closes && !goes.hears(`"unsubscribed"`, `"denied"`, fmt.Sprintf("%q", r.Slug)):
		return "is not told that it is over"
	}
	return ""
}

func (w *world) slugOf(roomID string) string {
	for _, one := range w.records["room"] {
		if r, err := w.RoomBySlug(ctx, w.by(author), one.params[1]); err == nil && r.ID == roomID {
			return r.Slug
		}
	}
	return ""
}
