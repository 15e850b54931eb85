package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
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
	} {
		t.Run("T13 "+kind, func(t *testing.T) {
			raced := 0
			for turn := range times {
				r, err := h.OpenRoom(ctx, store.As(lena.ID), store.RoomInput{Name: fmt.Sprintf("Salle %s %d", kind, turn), Access: store.AccessMembers})
				ok(t, err)
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
						pen.say(fmt.Sprintf(change, r.Slug, fmt.Sprintf("%s-%d-%d", kind, turn, k), k, 1+k))
						pen.next("ack")
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
			}
			t.Logf("TORTURE: T13 a room entered while it changes: %s | %d | %d times something changed between the fetch and the end | 0", kind, times, raced)
			if raced == 0 {
				t.Error("the control: who hears no events misses nothing")
			}
		})
	}
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
