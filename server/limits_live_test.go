//go:build bench

package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/live"
	"belfry/store"
	"belfry/store/storetest"

	"github.com/gorilla/websocket"
)

const listeners = 1000

// reading reads frames as they come and says when each arrived, with as little work of its own as can be.
type reading struct {
	conn  net.Conn
	buf   []byte
	have  []byte
	count *atomic.Int64
	at    func()
}

func (r *reading) run() {
	for {
		n, err := r.conn.Read(r.buf)
		if err != nil {
			return
		}
		r.have = append(r.have, r.buf[:n]...)
		for {
			size, ok := frameSize(r.have)
			if !ok || len(r.have) < size {
				break
			}
			text := r.have[0]&0x0f == 1
			r.have = r.have[size:]
			if text {
				if r.at != nil {
					r.at()
				}
				r.count.Add(1)
			}
		}
		if len(r.have) == 0 {
			r.have = r.have[:0:cap(r.have)]
		}
	}
}

// frameSize is the size of the frame that bytes of a server begin with.
func frameSize(b []byte) (int, bool) {
	if len(b) < 4 {
		return 0, false
	}
	switch n := int(b[1] & 0x7f); n {
	case 126:
		return 4 + int(b[2])<<8 + int(b[3]), true
	case 127:
		return 0, false // none is so long
	default:
		return 2 + n, true
	}
}

// bareRoom is a bare gorilla server: a loop that writes one prepared frame to each connection after the other.
type bareRoom struct {
	conns []*websocket.Conn
}

func newBareRoom(t testing.TB, count *atomic.Int64, at func()) *bareRoom {
	room := &bareRoom{}
	var mu sync.Mutex
	up := websocket.Upgrader{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	bare := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		mu.Lock()
		room.conns = append(room.conns, conn)
		mu.Unlock()
	})}
	go func() { _ = bare.Serve(listener) }()
	t.Cleanup(func() { _ = bare.Close() })
	for range listeners {
		conn, _, err := websocket.DefaultDialer.Dial("ws://"+listener.Addr().String()+"/", nil)
		ok(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		go (&reading{conn: conn.NetConn(), buf: make([]byte, 16<<10), count: count, at: at}).run()
	}
	for len(room.conns) < listeners {
		time.Sleep(time.Millisecond)
	}
	return room
}

func (b *bareRoom) say(t testing.TB, payload []byte) {
	frame, err := websocket.NewPreparedMessage(websocket.TextMessage, payload)
	ok(t, err)
	for _, conn := range b.conns {
		ok(t, conn.WritePreparedMessage(frame))
	}
}

// liveRows measure a room of a thousand beside the bare loop, and its writes beside bare bbolt.
func liveRows(t *testing.T, a *table) {
	if a.wants("chat") {
		deliveryRows(t, a)
	}
	hub, engine, rec, members := crowdHub(t)
	writeRows(t, a, "messages", hub, engine, rec, func(n int) error {
		if n%256 == 0 {
			hub.Clock.Add(3 * time.Second)
		}
		text := fmt.Sprintf("Qui teste la version de mars avant jeudi ? Numéro %d.", n)
		_, err := hub.Send(ctx, store.As(members[n%256].ID), store.LoungeID, store.MessageInput{Source: text, Client: strconv.Itoa(n)})
		if store.KindOf(err) == store.Limited {
			hub.Clock.Add(time.Minute)
			err = nil
		}
		return err
	})
	if a.wants("room") {
		roomRows(t, a)
	}
}

func deliveryRows(t *testing.T, a *table) {
	h := newHall(t)
	var members []store.Member
	for i := range 60 {
		members = append(members, h.Join(t, fmt.Sprintf("Voix Numéro%d", i), "BE-92094"))
	}
	var got, bare atomic.Int64
	var began atomic.Int64
	var mu sync.Mutex
	var late []time.Duration
	at := func() {
		d := time.Since(time.Unix(0, began.Load()))
		mu.Lock()
		late = append(late, d)
		mu.Unlock()
	}
	var watching atomic.Bool
	watch := func() {
		if watching.Load() {
			at()
		}
	}
	room := newBareRoom(t, &bare, watch)
	headers := make([]http.Header, len(members))
	for i, m := range members {
		headers[i] = h.session(t, m)
	}
	for i := range listeners {
		dialer := websocket.Dialer{Subprotocols: []string{live.Protocol}}
		conn, _, err := dialer.Dial(h.live(), headers[i%len(members)])
		ok(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, _, err = conn.ReadMessage()
		ok(t, err)
		ok(t, conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribe","room":"lounge"}`)))
		for {
			_, b, err := conn.ReadMessage()
			ok(t, err)
			if strings.Contains(string(b), `"subscribed"`) {
				break
			}
		}
		go (&reading{conn: conn.NetConn(), buf: make([]byte, 16<<10), count: &got, at: watch}).run()
	}
	time.Sleep(2 * time.Second) // presence has been told
	words := func(n int) string { return fmt.Sprintf("Qui teste la version de mars avant jeudi ? Numéro %d.", n) }
	sent := 0
	say := func() {
		sent++
		_, err := h.Send(ctx, store.As(members[sent%len(members)].ID), store.LoungeID, store.MessageInput{Source: words(sent)})
		ok(t, err)
		h.Clock.Add(time.Second)
	}
	page, err := h.MessageAt(ctx, store.As(members[0].ID), store.LoungeID, 1)
	if err != nil {
		say()
		page, err = h.MessageAt(ctx, store.As(members[0].ID), store.LoungeID, 1)
		ok(t, err)
	}
	frame := []byte(`{"type":"message","room":"lounge","message":{"number":119,"at":"2026-11-26T18:40:21Z","author":{"id":"` + page.Author.ID + `","handle":"` + page.Author.Handle + `","name":"` + page.Author.Name + `","town":"Namur","town_code":"BE-92094"},"lang":"fr","html":"` + page.Message.HTML + `","text":"` + page.Message.Source + `"}}`)
	wait := func(count *atomic.Int64, wanted int64) {
		for end := time.Now().Add(30 * time.Second); count.Load() < wanted && time.Now().Before(end); {
			time.Sleep(200 * time.Microsecond)
		}
		if count.Load() < wanted {
			t.Fatalf("%d of %d arrived", count.Load(), wanted)
		}
	}
	time.Sleep(time.Second)
	flood := a.add("chat: deliveries to a room of 1,000, saturated", "2.00")
	const burst = 200
	for range rounds() {
		flood.limit = append(flood.limit, measure(func() int {
			target := bare.Load() + burst*listeners
			for range burst {
				room.say(t, frame)
			}
			wait(&bare, target)
			return burst * listeners
		}))
		flood.ours = append(flood.ours, measure(func() int {
			target := got.Load() + burst*listeners
			var all sync.WaitGroup
			for w := range 50 {
				all.Go(func() {
					for k := range burst / 50 {
						_, err := h.Send(ctx, store.As(members[w].ID), store.LoungeID, store.MessageInput{Source: words(w*100 + k)})
						ok(t, err)
					}
				})
			}
			all.Wait()
			wait(&got, target)
			return burst * listeners
		}))
		h.Clock.Add(time.Hour)
		time.Sleep(time.Second)
	}
	paced := a.add("chat: 20 messages a second, 99 % within (1/s)", "0.67 (1.5 times)")
	p99 := func(say func()) float64 {
		mu.Lock()
		late = late[:0]
		mu.Unlock()
		watching.Store(true)
		for range 40 {
			began.Store(time.Now().UnixNano())
			say()
			time.Sleep(50 * time.Millisecond)
		}
		watching.Store(false)
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(late)
		return late[len(late)*99/100].Seconds()
	}
	for range rounds() {
		paced.limit = append(paced.limit, pace{rate: 1 / p99(func() { room.say(t, frame) })})
		paced.ours = append(paced.ours, pace{rate: 1 / p99(say)})
	}
}

// roomRows measure pages of a room with BELFRY_BENCH_MESSAGES messages, as many as there are posts unless told, beside
// those of a short one.
func roomRows(t *testing.T, a *table) {
	_, long := sizes()
	if n, err := strconv.Atoi(os.Getenv("BELFRY_BENCH_MESSAGES")); err == nil && n > 0 {
		long = n
	}
	h := hallOver(t, storetest.GrownRoom(t, long, server.Renderer()))
	h.Clock.Set(time.Now()) // cookies end by the browser's clock
	reader, err := h.MemberByHandle(ctx, storetest.GrownMember)
	ok(t, err)
	header := h.session(t, reader)
	h.Handled(t)
	ask := func(path string) float64 {
		var took []time.Duration
		for range 30 {
			req, err := http.NewRequest(http.MethodGet, h.address+path, nil)
			ok(t, err)
			req.Header = header.Clone()
			start := time.Now()
			got, err := http.DefaultClient.Do(req)
			ok(t, err)
			_, _ = io.Copy(io.Discard, got.Body)
			_ = got.Body.Close()
			if got.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s", path, got.Status)
			}
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		return took[len(took)/2].Seconds()
	}
	short := "/chat/courte"
	for _, page := range []struct{ name, short, long string }{
		{"last page", short, "/chat/lounge"},
		{"scrolled back to its middle", short + "?before=60", fmt.Sprint("/chat/lounge?before=", long/2)},
		{"its beginning", short + "?after=1", "/chat/lounge?after=1"},
	} {
		r := a.add(fmt.Sprintf("room of %d messages, beside 100: %s", long, page.name), "0.67 (1.5 times)")
		ask(page.short)
		ask(page.long)
		for range rounds() {
			r.limit = append(r.limit, pace{rate: 1 / ask(page.short)})
			r.ours = append(r.ours, pace{rate: 1 / ask(page.long)})
		}
	}
}
