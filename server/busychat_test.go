package server_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	talker "belfry/server/live/client"
	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// contended is an engine in which others always get in first, as often as it is told, in changes of a room.
type contended struct {
	kv.DB
	left, refused atomic.Int64
}

func (c *contended) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if strings.HasPrefix(scope, "room/") && c.left.Add(-1) >= 0 {
		c.refused.Add(1)
		return kv.ErrConflict
	}
	return c.DB.Update(ctx, scope, fn)
}

// TestWhatOthersGotInFirstOfIsSentAgain: what a database that is busy with others could not take is unavailable for a moment,
// so that clients send it again; the program's does so by itself. The same id with other words stays a conflict.
func TestWhatOthersGotInFirstOfIsSentAgain(t *testing.T) {
	engine := &contended{}
	h := hallOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { engine.DB = db; return engine }))
	header := h.session(t, h.Join(t, "Alma Testeuse", "BE-92094"))
	w := h.wire(t, header)
	engine.left.Store(1)
	const send = `{"type":"send","room":"lounge","id":"un/1","text":"%s"}`
	w.say(fmt.Sprintf(send, "Bonjour"))
	if got := w.next("error"); got["code"] != "unavailable" || got["retry"] != 1.0 {
		t.Errorf("while others get in first: %v", got)
	}
	w.say(fmt.Sprintf(send, "Bonjour"))
	w.next("ack")
	w.say(fmt.Sprintf(send, "Autre chose"))
	if got := w.next("error"); got["code"] != "conflict" {
		t.Errorf("the same id with other words: %v", got)
	}

	engine.left.Store(2)
	program := talker.New(talker.Options{URL: h.live(), Header: header, Name: "program"})
	running, stop := context.WithTimeout(t.Context(), time.Minute)
	done := make(chan struct{})
	go func() { defer close(done); _ = program.Run(running) }()
	n, err := program.Send(running, store.LoungeID, "Du programme")
	ok(t, err)
	if log, err := h.RoomLog(ctx, store.LoungeID); err != nil || n != 2 || log.Last != 2 || engine.refused.Load() != 3 {
		t.Errorf("number %d of %d, %d changes were refused: %v", n, log.Last, engine.refused.Load(), err)
	}
	stop()
	<-done
}
