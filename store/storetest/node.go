package storetest

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/postgres/pgtest"
	"belfry/store/shelf"
)

// Node is a store that lives among others on one database.
type Node struct {
	*Hub
	Wire *Wire
}

// Wire is a wire that notes what is sent, and loses it when it is told to.
type Wire struct {
	kv.Wire
	mu     sync.Mutex // guards what follows
	losing bool
	lost   int
	sent   []string
}

// Send sends a message, or loses it as a network does: without a word.
func (w *Wire) Send(ctx context.Context, message []byte) error {
	w.mu.Lock()
	losing := w.losing
	if losing {
		w.lost++
	}
	w.sent = append(w.sent, string(message))
	w.mu.Unlock()
	if losing {
		return nil
	}
	return w.Wire.Send(ctx, message)
}

// Lose begins or ends losing, and says how many messages were lost so far.
func (w *Wire) Lose(on bool) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.losing = on
	return w.lost
}

// Said is every event that was sent, and in how many messages.
func (w *Wire) Said() (events []struct {
	Kind store.EventKind   `json:"k"`
	Data map[string]string `json:"d"`
}, messages int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, message := range w.sent {
		var hint struct {
			Events []struct {
				Kind store.EventKind   `json:"k"`
				Data map[string]string `json:"d"`
			} `json:"e"`
		}
		if json.Unmarshal([]byte(message), &hint) == nil {
			events = append(events, hint.Events...)
		}
	}
	return events, len(w.sent)
}

// OpenNodes opens stores that share a new PostgreSQL database and a clock, and lets them live.
func OpenNodes(t testing.TB, renderer store.Renderer, n int) []*Node {
	t.Helper()
	address, clock := pgtest.Database(t), &Clock{now: start}
	nodes := make([]*Node, n)
	g, err := places()
	if err != nil {
		t.Fatal(err)
	}
	for i := range nodes {
		db := Database(t, address)
		node := &Node{Hub: &Hub{DB: db, Clock: clock}, Wire: &Wire{Wire: db}}
		node.Store, err = store.Open(context.Background(), db, store.Options{Clock: clock.Now, Gazetteer: g, Renderer: renderer,
			Wire: node.Wire, Shelf: shelf.Before(t.TempDir(), store.Papers(db))})
		if err != nil {
			t.Fatal(err)
		}
		nodes[i] = node
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = node.Run(ctx) }()
		t.Cleanup(func() { stop(); <-ended })
	}
	return nodes
}
