package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"belfry/store"
)

// sight is what a client shows of a room, message by message, as the frames say.
type sight struct {
	shown         map[int]string
	last, changes int
}

func (s *sight) message(t *testing.T, one any) {
	m := one.(map[string]any)
	b, err := json.Marshal(m)
	ok(t, err)
	n := int(m["number"].(float64))
	s.shown[n], s.last = string(b), max(s.last, n)
	if at, is := m["change"].(float64); is {
		s.changes = max(s.changes, int(at))
	}
}

// take applies a frame to what is shown.
func (s *sight) take(t *testing.T, frame map[string]any) {
	t.Helper()
	number := func(key string) int { n, _ := frame[key].(float64); return int(n) }
	list := func(key string) []any { all, _ := frame[key].([]any); return all }
	switch frame["type"] {
	case "resync":
		s.shown = map[int]string{}
		fallthrough
	case "subscribed":
		for _, m := range append(list("messages"), list("changed")...) {
			s.message(t, m)
		}
		s.last, s.changes = max(s.last, number("last")), max(s.changes, number("changes"))
	case "message", "changed":
		s.message(t, frame["message"])
		s.changes = max(s.changes, number("change"))
	}
}

// read takes the next frame of a connection.
func (w *wire) read() map[string]any {
	w.t.Helper()
	ok(w.t, w.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, b, err := w.ReadMessage()
	ok(w.t, err)
	frame := map[string]any{}
	ok(w.t, json.Unmarshal(b, &frame))
	return frame
}

// enter subscribes to a room from what is known of it, and takes frames until the answer came.
func (s *sight) enter(t *testing.T, w *wire, room string, after int) {
	t.Helper()
	w.say(fmt.Sprintf(`{"type":"subscribe","room":%q,"after":%d,"changes":%d}`, room, after, s.changes))
	for {
		frame := w.read()
		s.take(t, frame)
		if frame["type"] == "subscribed" || frame["type"] == "resync" {
			return
		}
	}
}

// TestT13SnapshotAndEventsAreOne lets one person change a room while another enters it, for every kind of change, again and
// again at random moments: what was fetched together with the events that follow is what somebody sees who enters
// afterwards. The control is a client that hears no events: now and then it must show something else.
func TestT13SnapshotAndEventsAreOne(t *testing.T) {
	h := newHall(t)
	lena, bert := h.Join(t, "Lena Exemple", "BE-92094"), h.Join(t, "Bert Voorbeeld", "BE-34022")
	ok(t, h.WelcomeTown(ctx, store.System(), lena.TownID()))
	shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	pen, eye, fresh := h.wire(t, h.session(t, lena)), h.wire(t, h.session(t, bert)), h.wire(t, h.session(t, bert))
	times := 6
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil {
		times = 10 * n
	}
	for kind, change := range map[string]string{
		"message": `{"type":"send","room":%q,"id":%q,"text":"Encore %d, %d"}`,
		"edit":    `{"type":"edit","room":%q,"id":%q,"number":%[4]d,"revision":0,"text":"Autrement %[3]d"}`,
		"delete":  `{"type":"delete","room":%q,"id":%q,"number":%[4]d}`,
		"react":   `{"type":"react","room":%q,"id":%q,"number":%[4]d,"kind":"thanks","on":true}`,
		"mark":    `{"type":"mark","room":%q,"id":%q,"number":%[4]d,"mark":"action"}`,
		"move":    "", // no frame: a form of the room's page
	} {
		t.Run("T13 "+kind, func(t *testing.T) {
			raced := 0
			for turn := range times {
				r := h.roomFor(t, lena, kind, turn)
				const first, changes = 6, 6
				author := lena
				if kind == "react" { // nobody reacts to their own words
					author = bert
				}
				for n := range first {
					h.Clock.Add(3 * time.Second)
					_, err := h.Send(ctx, store.As(author.ID), r.ID, store.MessageInput{Source: fmt.Sprint("Bonjour ", n)})
					ok(t, err)
				}
				h.Clock.Add(time.Minute)
				rnd := rand.New(rand.NewPCG(13, uint64(turn)))
				wait, spread := rnd.IntN(12_000), rnd.IntN(2_000)
				done := make(chan struct{})
				go func() {
					defer close(done)
					for k := range changes {
						if kind == "move" {
							if _, _, err := h.MoveMessages(ctx, store.As(lena.ID), r.ID, store.MoveInput{Numbers: []int{1 + k}, Title: fmt.Sprint("Fil ", k), Category: shelf.Slug}); err != nil {
								t.Error(err)
							}
						} else {
							pen.say(fmt.Sprintf(change, r.Slug, fmt.Sprintf("%s-%d-%d", kind, turn, k), k, 1+k))
							pen.next("ack")
						}
						time.Sleep(time.Duration(spread) * time.Microsecond)
					}
				}()
				time.Sleep(time.Duration(wait) * time.Microsecond)
				sees := &sight{shown: map[int]string{}}
				sees.enter(t, eye, r.Slug, -1)
				deaf := map[int]string{}
				for n, m := range sees.shown {
					deaf[n] = m
				}
				<-done
				now := &sight{shown: map[int]string{}}
				now.enter(t, fresh, r.Slug, -1)
				for sees.last < now.last || sees.changes < now.changes {
					sees.take(t, eye.read())
				}
				if wrong := differ(sees.shown, now.shown); wrong != "" {
					t.Errorf("turn %d: %s", turn, wrong)
				}
				if differ(deaf, now.shown) != "" {
					raced++
				}
				for _, w := range []*wire{eye, fresh} {
					w.say(fmt.Sprintf(`{"type":"unsubscribe","room":%q}`, r.Slug))
					for w.read()["type"] != "unsubscribed" {
					}
				}
				for _, m := range []store.Member{lena, bert} { // nobody is in many rooms at once
					ok(t, h.LeaveRoom(ctx, store.As(m.ID), r.ID))
				}
			}
			t.Logf("TORTURE: T13 a room entered while it changes: %s | %d | %d times something changed between the fetch and the end | 0", kind, times, raced)
			if raced == 0 {
				t.Error("the control: who hears no events misses nothing")
			}
		})
	}
}

// roomFor opens a room in which messages can be changed in this way: marks are for those of a meeting.
func (h *hall) roomFor(t *testing.T, lena store.Member, kind string, turn int) store.Room {
	t.Helper()
	if kind != "mark" {
		r, err := h.OpenRoom(ctx, store.As(lena.ID), store.RoomInput{Name: fmt.Sprintf("Salle %s %d", kind, turn), Access: store.AccessMembers})
		ok(t, err)
		return r
	}
	m, err := h.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: fmt.Sprint("Réunion ", turn), Lang: "fr", Date: h.Now().AddDate(0, 0, 3).Format(time.DateOnly),
		Clock: "12:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Salle", Online: true})
	ok(t, err)
	r, err := h.RoomBySlug(ctx, store.As(lena.ID), "meeting-"+m.Slug)
	ok(t, err)
	return r
}

// TestT13WhoIsThere lets people enter and leave rooms and look elsewhere while somebody else enters the same rooms: what is
// said of who is there comes to be what is so, and is what somebody sees who enters afterwards. The control is a client that
// takes only the first word.
func TestT13WhoIsThere(t *testing.T) {
	h := newHall(t)
	bert := h.Join(t, "Bert Voorbeeld", "BE-34022")
	session := h.session(t, bert)
	eye, fresh := h.wire(t, session), h.wire(t, session)
	turns := 1
	if n, err := strconv.Atoi(os.Getenv("BELFRY_TORTURE_ROUNDS")); err == nil {
		turns = max(1, n/2)
	}
	const roomCount, moves = 12, 60
	var rooms []string
	for n := range roomCount {
		r, err := h.OpenRoom(ctx, store.As(bert.ID), store.RoomInput{Name: fmt.Sprint("Salle ", n), Access: store.AccessMembers})
		ok(t, err)
		rooms = append(rooms, r.Slug)
	}
	people := []*walker{}
	for _, name := range []string{"Ada Exemple", "Carl Exemple", "Dora Exemple"} {
		w := &walker{wire: h.wire(t, h.session(t, h.Join(t, name, "BE-92094"))), name: name, in: map[string]bool{}}
		go func() { // what it is told is nobody's concern
			for {
				if _, _, err := w.ReadMessage(); err != nil {
					return
				}
			}
		}()
		people = append(people, w)
	}
	changed := 0
	for turn := range turns {
		var walking sync.WaitGroup
		for n, w := range people {
			walking.Go(func() { w.walk(rooms, moves, rand.New(rand.NewPCG(uint64(turn), uint64(n)))) })
		}
		first, last := map[string]string{}, map[string]string{}
		see := func(w *wire, into map[string]string) {
			if frame := w.read(); frame["type"] == "presence" {
				into[frame["room"].(string)] = said(frame)
				if w == eye && first[frame["room"].(string)] == "" {
					first[frame["room"].(string)] = said(frame)
				}
			}
		}
		for _, r := range rand.Perm(roomCount) {
			eye.say(fmt.Sprintf(`{"type":"subscribe","room":%q}`, rooms[r]))
		}
		walking.Wait()
		now := map[string]string{}
		for _, r := range rooms {
			now[r] = there("Bert Voorbeeld", r, people)
		}
		for end := time.Now().Add(20 * time.Second); !maps.Equal(last, now); see(eye, last) {
			if time.Now().After(end) {
				t.Fatalf("turn %d: said is %v, and it is %v", turn, last, now)
			}
		}
		for _, r := range rooms {
			if first[r] != last[r] {
				changed++
			}
			fresh.say(fmt.Sprintf(`{"type":"subscribe","room":%q}`, r))
		}
		later := map[string]string{}
		for len(later) < roomCount {
			see(fresh, later)
		}
		if !maps.Equal(later, now) {
			t.Errorf("turn %d: who enters afterwards is told %v, and it is %v", turn, later, now)
		}
		for _, w := range []*wire{eye, fresh} {
			for _, r := range rooms {
				w.say(fmt.Sprintf(`{"type":"unsubscribe","room":%q}`, r))
				for w.read()["type"] != "unsubscribed" {
				}
			}
		}
	}
	t.Logf("TORTURE: T13 a room entered while others come and go | %d | %d rooms, %d moves, %d times what was said first was not so in the end | 0", turns, roomCount*turns, len(people)*moves*turns, changed)
	if changed == 0 {
		t.Error("the control: who takes only the first word is never wrong")
	}
}

// walker is somebody who enters rooms, leaves them and looks elsewhere.
type walker struct {
	*wire
	name string
	in   map[string]bool
	away bool
}

func (w *walker) walk(rooms []string, moves int, rnd *rand.Rand) {
	for range moves {
		r := rooms[rnd.IntN(len(rooms))]
		switch n := rnd.IntN(5); {
		case n == 0:
			w.away = !w.away
			w.say(fmt.Sprintf(`{"type":"away","away":%v}`, w.away))
		case w.in[r]:
			w.in[r] = false
			w.say(fmt.Sprintf(`{"type":"unsubscribe","room":%q}`, r))
		default:
			w.in[r] = true
			w.say(fmt.Sprintf(`{"type":"subscribe","room":%q}`, r))
		}
		time.Sleep(time.Duration(rnd.IntN(30)) * time.Millisecond)
	}
}

// there says who is in a room besides somebody, as said does of a frame.
func there(me, room string, people []*walker) string {
	here, away := []string{me}, []string{}
	for _, w := range people {
		if w.in[room] && w.away {
			away = append(away, w.name)
		} else if w.in[room] {
			here = append(here, w.name)
		}
	}
	slices.Sort(here)
	slices.Sort(away)
	return fmt.Sprint(len(here)+len(away), here, away)
}

func said(frame map[string]any) string {
	names := map[string][]string{"here": {}, "away": {}}
	for kind := range names {
		all, _ := frame[kind].([]any)
		for _, one := range all {
			names[kind] = append(names[kind], one.(map[string]any)["name"].(string))
		}
	}
	return fmt.Sprint(frame["count"], names["here"], names["away"])
}

// differ says how two sights of a room differ.
func differ(a, b map[int]string) string {
	for n, m := range b {
		if a[n] != m {
			return fmt.Sprintf("message %d is shown as %s, and is %s", n, a[n], m)
		}
	}
	if len(a) != len(b) {
		return fmt.Sprintf("%d messages are shown, %d are there", len(a), len(b))
	}
	return ""
}
