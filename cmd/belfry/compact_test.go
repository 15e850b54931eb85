package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv/bolt"
	"belfry/store/storetest"
)

const unforgettable = "mirabellequidoitdisparaitre"

// inFile says whether the file holds the word that is to be erased.
func inFile(t *testing.T, dir string) bool {
	t.Helper()
	all, err := os.ReadFile(filepath.Join(dir, "belfry.db"))
	ok(t, err)
	return bytes.Contains(all, []byte(unforgettable))
}

// TestErasingIsReal (P12): somebody says a word and deletes it. Thirty days later it is no longer kept for moderators; the
// file is compacted by itself once a week has gone by and it is quiet, or after three weeks in any case, while others
// read and write; and then no byte of it is left.
func TestErasingIsReal(t *testing.T) {
	c := newCommunity(t, 3, 0)
	clock := &storetest.Clock{}
	clock.Set(time.Now())
	hub, db, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true, Clock: clock.Now})
	ok(t, err)
	defer hub.Close()
	by := store.As(c.members[1].ID)
	said, err := hub.Send(t.Context(), by, store.LoungeID, store.MessageInput{Client: "a/1", Source: "Ceci est " + unforgettable})
	ok(t, err)
	_, err = hub.DeleteMessage(t.Context(), by, store.LoungeID, said.Number, "")
	ok(t, err)
	keeper := &compactor{file: db.(*bolt.DB), clock: clock.Now, log: slog.New(slog.DiscardHandler)}
	look := func(want bool) {
		t.Helper()
		if done, err := keeper.look(t.Context()); done != want || err != nil {
			t.Errorf("compacted: %v %v, want %v", done, err, want)
		}
	}
	look(false) // how much goes on is not known yet
	look(true)
	if !inFile(t, c.dir) {
		t.Error("it is not kept for moderators")
	}
	clock.Add(31 * 24 * time.Hour)
	ok(t, hub.Sweep(t.Context()))
	if !inFile(t, c.dir) {
		t.Error("deleting alone erases: the test shows nothing")
	}

	stop := make(chan struct{})
	var going sync.WaitGroup
	var reads, writes atomic.Int64
	going.Go(func() {
		for n := 2; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			clock.Add(2 * time.Second)
			_, err := hub.Send(t.Context(), store.As(c.members[0].ID), store.LoungeID, store.MessageInput{Client: fmt.Sprint("b/", n), Source: fmt.Sprint("Bonjour ", n)})
			ok(t, err)
			_, err = hub.RoomPage(t.Context(), by, store.LoungeID, store.MessageQuery{Limit: 20})
			ok(t, err)
			writes.Add(1)
			reads.Add(1)
		}
	})
	for writes.Load() < compactQuiet*2 {
		time.Sleep(time.Millisecond)
	}
	before := writes.Load()
	look(true) // not quiet, and more than three weeks
	for writes.Load() == before {
		time.Sleep(time.Millisecond)
	}
	close(stop)
	going.Wait()
	if inFile(t, c.dir) {
		t.Error("it is still in the file")
	}
	clock.Add(6 * 24 * time.Hour)
	look(false) // too soon, and not quiet
	look(false)
	clock.Add(24 * time.Hour)
	look(true)
	ok(t, hub.Close())
	sound(t, c.dir)
	t.Logf("%d messages written and pages read meanwhile", writes.Load())

	belfry(t, "compact", "--data", c.dir).ends(t, 0, "What was deleted is out of")
	h := serve(t, c.dir, "--demo")
	belfry(t, "compact", "--data", c.dir).ends(t, 0, "What was deleted is out of")
	if status, _, err := h.get("/chat/lounge", c.sessions[0]); status != 200 || err != nil {
		t.Errorf("%d %v", status, err)
	}
	belfry(t, "backup", "--data", c.dir, filepath.Join(t.TempDir(), "after.zip")).ends(t, 0, "Backup written")
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
	sound(t, c.dir)
	belfry(t, "compact", "--data", filepath.Join(t.TempDir(), "none")).refused(t, "there is no community at")
}
