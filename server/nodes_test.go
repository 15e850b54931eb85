package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
	"belfry/store/storetest"

	"github.com/gorilla/websocket"
)

// twoHalls are two servers on one PostgreSQL database, each with a listener of its own.
func twoHalls(t *testing.T) (halls []*hall, nodes []*storetest.Node) {
	t.Helper()
	nodes = storetest.OpenNodes(t, server.Renderer(), 2)
	for _, node := range nodes {
		node.Clock.Set(time.Now())
		h := hallOver(t, node.Hub)
		server.HastenLive(h.server, 250*time.Millisecond)
		halls = append(halls, h)
	}
	return halls, nodes
}

// until reads frames of a type until one is as it should be.
func (w *wire) until(kind string, is func(frame map[string]any) bool) map[string]any {
	w.t.Helper()
	ok(w.t, w.SetReadDeadline(time.Now().Add(15*time.Second)))
	var before []string
	for {
		_, b, err := w.ReadMessage()
		if err != nil {
			w.t.Fatalf("waiting for %s: %v after %v", kind, err, before)
		}
		before = append(before, string(b))
		frame := map[string]any{}
		ok(w.t, json.Unmarshal(b, &frame))
		if frame["type"] == kind && is(frame) {
			return frame
		}
	}
}

// here waits until just these people are said to be here.
func (w *wire) here(names ...string) {
	w.t.Helper()
	w.until("presence", func(frame map[string]any) bool {
		var told []string
		all, _ := frame["here"].([]any)
		for _, one := range all {
			told = append(told, fmt.Sprint(one.(map[string]any)["name"]))
		}
		return frame["count"] == float64(len(names)) && slices.Equal(told, names)
	})
}

func (h *hall) inRoom(t *testing.T, header http.Header, room string) *wire {
	t.Helper()
	w := h.wire(t, header)
	w.say(fmt.Sprintf(`{"type":"subscribe","room":%q}`, room))
	w.until("subscribed", func(map[string]any) bool { return true })
	return w
}

// TestLivePresenceAcrossNodes: who is here, who types and who has read is told to those on another node too, in few
// notifications and nothing of who hides; a node that falls silent has its people gone, and back when it speaks again.
func TestLivePresenceAcrossNodes(t *testing.T) {
	halls, nodes := twoHalls(t)
	one, two := halls[0], halls[1]
	alma, basile, hidden := one.Join(t, "Alma Testeuse", "BE-92094"), one.Join(t, "Basile Essai", "BE-52011"), one.Join(t, "Zoé Cachée", "BE-52011")
	ok(t, one.ChooseForRooms(ctx, store.As(hidden.ID), store.RoomChoices{HidePresence: true}))
	direct, err := one.OpenDirect(ctx, store.As(alma.ID), []string{basile.ID})
	ok(t, err)
	ofAlma, ofBasile := one.session(t, alma), two.session(t, basile)

	a := one.inRoom(t, ofAlma, "lounge")
	a.here(alma.Name)
	b := two.inRoom(t, ofBasile, "lounge")
	b.here(alma.Name, basile.Name)
	a.here(alma.Name, basile.Name)
	secret := two.inRoom(t, two.session(t, hidden), "lounge")
	secret.here(alma.Name, basile.Name)
	secret.say(`{"type":"typing","room":"lounge"}`)

	sent := func() int { _, n := nodes[1].Wire.Said(); return n }
	before := sent()
	for range 40 { // faster than any page would
		b.say(`{"type":"typing","room":"lounge"}`)
	}
	typed := a.until("typing", func(frame map[string]any) bool { return len(frame["members"].([]any)) > 0 })
	if fmt.Sprint(typed["names"], typed["members"]) != fmt.Sprintf("[%s] [%s]", basile.Name, basile.ID) {
		t.Errorf("typing: %v", typed)
	}
	b.say(`{"type":"away","away":true}`)
	a.until("presence", func(frame map[string]any) bool { return strings.Contains(fmt.Sprint(frame["away"]), basile.Name) })
	if n := sent() - before; n > 20 {
		t.Errorf("40 typing frames and one look away took %d notifications", n)
	}

	again := one.inRoom(t, ofBasile, "lounge") // a second window on the other node: one person, and here
	a.here(alma.Name, basile.Name)
	ok(t, again.Close())

	talk := one.inRoom(t, ofAlma, direct.Slug)
	other := two.inRoom(t, ofBasile, direct.Slug)
	talk.here(alma.Name, basile.Name)
	talk.say(fmt.Sprintf(`{"type":"send","room":%q,"id":"a/1","text":"Bonjour"}`, direct.Slug))
	other.until("message", func(map[string]any) bool { return true })
	other.say(fmt.Sprintf(`{"type":"read","room":%q,"number":1}`, direct.Slug))
	read := talk.until("read", func(map[string]any) bool { return true })
	if read["number"] != 1.0 || read["member"].(map[string]any)["name"] != basile.Name {
		t.Errorf("read: %v", read)
	}

	b.say(`{"type":"away","away":false}`)
	a.here(alma.Name, basile.Name)
	nodes[1].Wire.Lose(true) // as a node that was killed: not a word
	began := time.Now()
	a.here(alma.Name)
	t.Logf("gone %v after the last word, at most %v by default", time.Since(began).Round(time.Millisecond), 4*3*time.Second)
	if nodes[1].Wire.Lose(false) == 0 {
		t.Error("nothing was lost")
	}
	a.here(alma.Name, basile.Name)
	for _, w := range []*wire{b, other, secret} {
		go w.closed(10 * time.Second) // answers the end
	}
	ok(t, two.server.Shutdown(ctx)) // says so when it ends
	a.here(alma.Name)

	events, _ := nodes[1].Wire.Said()
	words := 0
	for _, e := range events {
		if e.Kind != store.EventWord {
			continue
		}
		words++
		if strings.Contains(fmt.Sprint(e.Data), hidden.ID) {
			t.Errorf("told of who hides: %v", e.Data)
		}
	}
	if words == 0 {
		t.Error("no word was said")
	}
	if server.TellsOthers(newHall(t).server) {
		t.Error("a hub on a file tells others")
	}
}

// TestLiveSessionsEndAcrossNodes: who signs out by one node hears nothing more by another, before anybody is looked through.
// (A28)
func TestLiveSessionsEndAcrossNodes(t *testing.T) {
	halls, _ := twoHalls(t)
	one, two := halls[0], halls[1]
	header := one.session(t, one.Join(t, "Alma Testeuse", "BE-92094"))
	w := two.inRoom(t, header, "lounge")
	began := time.Now()
	ok(t, one.SignOut(ctx, strings.TrimPrefix(header.Get("Cookie"), "belfry_session=")))
	if code := w.closed(5 * time.Second); code != websocket.ClosePolicyViolation {
		t.Errorf("closed with %d", code)
	}
	if took := time.Since(began); took > 1500*time.Millisecond { // what is looked through comes every two seconds
		t.Errorf("it took %s", took)
	}
}
