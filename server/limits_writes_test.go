//go:build bench

package server_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/storetest"

	bbolt "go.etcd.io/bbolt"
)

// recorder notes what updates write, so that bare bbolt can be given the very same.
type recorder struct {
	kv.DB
	mu    sync.Mutex
	on    bool
	trace [][]kv.Pair // a value of nil deletes
}

type noted struct {
	kv.Tx
	writes []kv.Pair
}

func (n *noted) Put(key, value []byte) {
	n.writes = append(n.writes, kv.Pair{Key: append([]byte{}, key...), Value: append([]byte{0, 0, 0, 0}, value...)}) // a checksum is stored too
	n.Tx.Put(key, value)
}

func (n *noted) Delete(key []byte) {
	n.writes = append(n.writes, kv.Pair{Key: append([]byte{}, key...)})
	n.Tx.Delete(key)
}

func (r *recorder) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if !r.on {
		return r.DB.Update(ctx, scope, fn)
	}
	var last *noted
	err := r.DB.Update(ctx, scope, func(tx kv.Tx) error { last = &noted{Tx: tx}; return fn(last) })
	if err == nil && len(last.writes) > 0 {
		r.mu.Lock()
		r.trace = append(r.trace, last.writes)
		r.mu.Unlock()
	}
	return err
}

// writeRows measures an intent by 256 at once and alone, beside bare bbolt that puts the same keys and bytes into a
// copy of the same file, in groups as large as ours were.
func writeRows(t testing.TB, a *table, name string, hub *storetest.Hub, engine *bolt.DB, rec *recorder, act func(n int) error) {
	if !a.wants(name) {
		return
	}
	var next atomic.Int64
	many := func(writers, n int) int {
		var wg sync.WaitGroup
		var left atomic.Int64
		left.Store(int64(n))
		for range writers {
			wg.Go(func() {
				for left.Add(-1) >= 0 {
					if err := act(int(next.Add(1))); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		return n
	}
	const crowd, few = 8_000, 300
	many(256, crowd)
	before := filepath.Join(t.TempDir(), "before.db")
	file, err := os.Create(before)
	ok(t, err)
	_, err = engine.Backup(ctx, file)
	ok(t, err)
	ok(t, file.Close())
	rec.on = true
	many(256, crowd)
	rec.on = false
	keys := 0
	for _, writes := range rec.trace {
		keys += len(writes)
	}
	grouped := a.add(fmt.Sprintf("%s, 256 at once (%.1f keys each)", name, float64(keys)/float64(len(rec.trace))), "0.80")
	single := a.add(name+", 256 at once, beside one by one", "10")
	alone := a.add(name+", alone", "0.80")
	for range rounds() {
		s := engine.Stats()
		ours := measure(func() int { return many(256, crowd) })
		now := engine.Stats()
		group := max(1, int(float64(now.Updates-s.Updates)/float64(max(1, now.Commits-s.Commits))+0.5))
		grouped.ours = append(grouped.ours, ours)
		grouped.limit = append(grouped.limit, replay(t, before, rec.trace, group))
		alone.ours = append(alone.ours, measure(func() int { return many(1, few) }))
		one := replay(t, before, rec.trace[:few], 1)
		alone.limit = append(alone.limit, one)
		single.ours, single.limit = append(single.ours, ours), append(single.limit, one)
	}
}

// replay puts what was noted into a copy of the file, in groups.
func replay(t testing.TB, file string, trace [][]kv.Pair, group int) pace {
	copied := filepath.Join(t.TempDir(), fmt.Sprint("copy", time.Now().UnixNano()))
	bytes, err := os.ReadFile(file)
	ok(t, err)
	ok(t, os.WriteFile(copied, bytes, 0o600))
	defer os.Remove(copied)
	bare, err := bbolt.Open(copied, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30})
	ok(t, err)
	defer bare.Close()
	return measure(func() int {
		for at := 0; at < len(trace); at += group {
			err := bare.Update(func(tx *bbolt.Tx) error {
				bucket := tx.Bucket([]byte("belfry.kv.1"))
				bucket.FillPercent = 0.9
				for _, writes := range trace[at:min(at+group, len(trace))] {
					for _, w := range writes {
						var err error
						if w.Value == nil {
							err = bucket.Delete(w.Key)
						} else {
							err = bucket.Put(w.Key, w.Value)
						}
						if err != nil {
							return err
						}
					}
				}
				return nil
			})
			ok(t, err)
		}
		return len(trace)
	})
}

// crowdHub is a hub with 256 members over an engine that can be noted.
func crowdHub(t testing.TB) (*storetest.Hub, *bolt.DB, *recorder, []store.Member) {
	rec := &recorder{}
	var engine *bolt.DB
	hub := storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB {
		engine = db.(*bolt.DB)
		rec.DB = db
		return rec
	})
	return hub, engine, rec, hub.Crowd(t, "exemple", "BE-92094", 256)
}

func answerRows(t testing.TB, a *table) {
	hub, engine, rec, members := crowdHub(t)
	m := hub.Meeting(t, 0)
	writeRows(t, a, "answers", hub, engine, rec, func(n int) error {
		answer := store.OnSite
		if n/256%2 == 0 {
			answer = store.Online
		}
		_, err := hub.AnswerMeeting(ctx, store.As(members[n%256].ID), m.ID, store.AnswerInput{Answer: answer})
		return err
	})
}

func postRows(t testing.TB, a *table) {
	hub, engine, rec, members := crowdHub(t)
	shelf, err := hub.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	var threads []string
	for i := range 32 {
		opened, err := hub.OpenThread(ctx, store.As(members[i].ID), store.ThreadInput{Title: "Fil", Category: shelf.Slug, PostInput: store.PostInput{Source: "Bonjour"}})
		ok(t, err)
		threads = append(threads, opened.Thread.ID)
	}
	words := strings.Fields(paragraph)
	writeRows(t, a, "posts", hub, engine, rec, func(n int) error {
		if n%4000 == 0 {
			hub.Clock.Add(2 * time.Minute) // people may write twenty posts a minute
		}
		text := words[n%len(words)] + " " + paragraph + fmt.Sprint(n) // no two are the same
		_, err := hub.Reply(ctx, store.As(members[n%256].ID), threads[n/7%32], store.PostInput{Source: text, Once: fmt.Sprint(n)})
		if store.KindOf(err) == store.Limited {
			hub.Clock.Add(2 * time.Minute)
			err = nil
		}
		return err
	})
}

func TestLimits(t *testing.T) {
	if os.Getenv("BELFRY_BENCH_DATA") == "" {
		t.Setenv("BELFRY_BENCH_DATA", t.TempDir()) // what is grown is grown once
	}
	a := &table{only: os.Getenv("BELFRY_BENCH_ONLY")}
	defer a.print()
	if a.wants("answers") {
		answerRows(t, a)
	}
	if a.wants("posts") {
		postRows(t, a)
	}
	if a.wants("engine") {
		engineRows(t, a)
	}
	liveRows(t, a)
	for _, group := range []struct {
		names []string
		rows  func(*testing.T, *table)
	}{
		{[]string{"start", "memory"}, startRows},
		{[]string{"large", "memory"}, largeRows},
		{[]string{"live"}, idleRows},
		{[]string{"live", "storm"}, stormRows},
		{[]string{"size"}, sizeRows},
		{[]string{"search"}, searchRows},
		{[]string{"first visit"}, visitRows},
	} {
		t.Run(group.names[0], func(t *testing.T) { // each closes what it opened
			if slices.ContainsFunc(group.names, a.wants) {
				group.rows(t, a)
			}
		})
	}
	if a.wants("meeting page") || a.wants("minutes page") || a.wants("thread page") {
		v := newVillage(t)
		pageRows(t, a, v, "meeting page", "/meetings/"+v.next(t).Slug)
		minutes, err := v.LatestMinutes(ctx, 1)
		ok(t, err)
		pageRows(t, a, v, "minutes page", "/meetings/"+minutes[0].Meeting.Slug+"/minutes")
		pageRows(t, a, v, "thread page", threadOf50(t, v))
	}
}
