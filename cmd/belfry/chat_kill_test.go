package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server/live/client"
	"belfry/store"
)

// TestKilledWhileTalking kills the server while 12 people talk in a room over connections that come back by themselves:
// what was acknowledged is there once under its number, and everybody heard every message once, in order.
func TestKilledWhileTalking(t *testing.T) {
	const people, each = 12, 26
	c := newCommunity(t, people, 0)
	for round := range rounds(2) {
		h := serve(t, c.dir, "--demo")
		address := strings.TrimPrefix(h.url, "http://")
		first := c.lastMessage(t, h)
		var heard [people][]int
		var mu sync.Mutex // guards heard
		clients := make([]*client.Client, people)
		running, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range clients {
			clients[i] = client.New(client.Options{URL: "ws://" + address + "/live", Name: fmt.Sprintf("r%d-%d", round, i), MaxWait: 40 * time.Millisecond,
				Header: http.Header{"Cookie": {"belfry_session=" + c.sessions[i]}}})
			clients[i].Follow(store.LoungeID, first, 0, client.Handlers{
				Message: func(m client.Message) { mu.Lock(); heard[i] = append(heard[i], m.Number); mu.Unlock() },
				Reset:   func([]client.Message) { t.Errorf("client %d had to begin anew", i) }})
			all.Go(func() { _ = clients[i].Run(running) })
		}
		var acknowledged atomic.Int64
		var sending sync.WaitGroup
		numbers := make(map[string]int)
		for i := range clients {
			sending.Go(func() {
				for k := range each {
					text := fmt.Sprintf("parole %d de %d, tour %d", k, i, round)
					n, err := clients[i].Send(running, store.LoungeID, text)
					if err != nil {
						t.Errorf("%s: %v", text, err)
						return
					}
					mu.Lock()
					numbers[text] = n
					mu.Unlock()
					acknowledged.Add(1)
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		kills := 0
		for target := int64(60); target < people*each; target += 120 {
			for end := time.Now().Add(patience); acknowledged.Load() < target && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
			h.kill()
			kills++
			h = serve(t, c.dir, "--demo", "--listen", address)
		}
		sending.Wait()
		last := c.lastMessage(t, h)
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			behind := 0
			for _, one := range clients {
				if at, _ := one.Place(store.LoungeID); at < last {
					behind++
				}
			}
			if behind == 0 {
				break
			}
		}
		stop()
		all.Wait()
		if code := h.stop(); code != 0 {
			t.Errorf("exit code %d: %s", code, h.log)
		}
		mu.Lock()
		for i := range heard {
			for k, n := range heard[i] {
				if n != first+1+k {
					t.Fatalf("client %d heard message %d at place %d", i, n, k+1)
				}
			}
			if len(heard[i]) != last-first {
				t.Errorf("client %d heard %d of %d", i, len(heard[i]), last-first)
			}
		}
		mu.Unlock()
		sound(t, c.dir)
		c.spoken(t, first, numbers)
		t.Logf("TORTURE: T01 kill while members talk, round %d | 1 | %d messages, %d kills | 0", round, last-first, kills)
	}
}

// lastMessage is how far the lounge has come, as the protocol says it.
func (c *community) lastMessage(t *testing.T, h *hub) int {
	t.Helper()
	lines := balance(h)
	one := client.New(client.Options{URL: "ws://" + lines.host + "/live", Header: http.Header{"Cookie": {"belfry_session=" + c.sessions[0]}},
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return lines.dial(ctx, 0) }})
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	entered := make(chan struct{})
	one.Follow(store.LoungeID, -1, 0, client.Handlers{Reset: func([]client.Message) { close(entered) }})
	go func() { _ = one.Run(ctx) }()
	select {
	case <-entered:
	case <-ctx.Done():
		t.Fatal("the room is not entered")
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) { // what follows the frame
		if last, _ := one.Place(store.LoungeID); last >= 0 {
			return last
		}
	}
	t.Fatal("the room says no number")
	return 0
}

// spoken compares what is on disk with what was acknowledged.
func (c *community) spoken(t *testing.T, first int, numbers map[string]int) {
	t.Helper()
	hub, _, err := openStore(context.Background(), c.dir, examine, store.Options{})
	ok(t, err)
	defer hub.Close()
	c.stored(t, hub, first, numbers)
}

// stored compares what is in an opened store with what was acknowledged.
func (c *community) stored(t *testing.T, hub *store.Store, first int, numbers map[string]int) {
	t.Helper()
	for _, wrong := range c.unspoken(t, hub, first, numbers) {
		t.Error(wrong)
	}
}

// unspoken says what of an opened store is not as it was acknowledged.
func (c *community) unspoken(t *testing.T, hub *store.Store, first int, numbers map[string]int) (wrong []string) {
	t.Helper()
	page, err := hub.RoomPage(context.Background(), store.As(c.members[0].ID), store.LoungeID, store.MessageQuery{After: first, Limit: 10_000})
	if first == 0 {
		page, err = hub.RoomPage(context.Background(), store.As(c.members[0].ID), store.LoungeID, store.MessageQuery{Limit: 10_000})
	}
	ok(t, err)
	if len(page.Rows) != len(numbers) {
		wrong = append(wrong, fmt.Sprintf("%d messages are stored, %d were acknowledged", len(page.Rows), len(numbers)))
	}
	for _, row := range page.Rows {
		if numbers[row.Message.Source] != row.Message.Number {
			wrong = append(wrong, fmt.Sprintf("%q is stored as %d, and was acknowledged as %d", row.Message.Source, row.Message.Number, numbers[row.Message.Source]))
		}
	}
	return wrong
}
