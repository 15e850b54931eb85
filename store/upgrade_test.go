package store_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/storetest"
)

// The files in testdata were written by the programs of their time: schema-1 by the last one that wrote schema 1,
// schema-2 by the first that wrote schema 2, schema-2-later when actions were listed by year otherwise. Each has six
// people of two towns, a meeting whose minutes are published, and one with three seats for more people.

// earlier reads such a file.
func earlier(t testing.TB, path string) []byte {
	t.Helper()
	packed, err := os.Open(path)
	ok(t, err)
	defer packed.Close()
	in, err := gzip.NewReader(packed)
	ok(t, err)
	content, err := io.ReadAll(in)
	ok(t, err)
	return content
}

// opened opens a file as the engine does, with little reserve.
func opened(t testing.TB, path string) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{InitialMmapSize: 1 << 20})
	ok(t, err)
	return db
}

// everything is all that an engine holds.
func everything(t testing.TB, db kv.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	ok(t, db.View(ctx, func(r kv.Reader) error {
		pairs, err := r.Scan(kv.Range{}, 1<<20)
		for _, p := range pairs {
			all[string(p.Key)] = string(p.Value)
		}
		return err
	}))
	return all
}

// cutOff is an engine whose power goes at a step: at the n-th thing that transactions ask of it, or at the commit. A
// broken one makes each write durable by itself.
type cutOff struct {
	kv.DB
	left   int
	broken bool
	kept   []kv.Pair // what a broken one had made durable
}

var errCut = errors.New("the power is gone")

func (c *cutOff) step() {
	if c.left--; c.left == 0 {
		panic(errCut)
	}
}

func (c *cutOff) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	err := c.DB.Update(ctx, scope, func(tx kv.Tx) error {
		err := fn(&cutTx{Tx: tx, engine: c})
		c.step() // everything is written, nothing is durable
		return err
	})
	c.step() // it is durable, and nobody was told
	return err
}

type cutTx struct {
	kv.Tx
	engine *cutOff
}

func (t *cutTx) Get(key []byte) ([]byte, bool, error) { t.engine.step(); return t.Tx.Get(key) }
func (t *cutTx) Scan(r kv.Range, limit int) ([]kv.Pair, error) {
	t.engine.step()
	return t.Tx.Scan(r, limit)
}
func (t *cutTx) Delete(key []byte) { t.engine.step(); t.Tx.Delete(key) }
func (t *cutTx) Put(key, value []byte) {
	t.engine.step()
	if !t.engine.broken {
		t.Tx.Put(key, value)
		return
	}
	t.engine.kept = append(t.engine.kept, kv.Pair{Key: bytes.Clone(key), Value: bytes.Clone(value)})
}

// upgrade opens a file with a power cut at a step, and gives what the file holds then and whether it was cut.
func upgrade(t *testing.T, content []byte, step int, broken bool) (holds map[string]string, cut bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "belfry.db")
	ok(t, os.WriteFile(path, content, 0o600))
	db := opened(t, path)
	defer db.Close()
	engine := &cutOff{DB: db, left: step, broken: broken}
	func() {
		defer func() {
			if fault := recover(); fault != nil {
				if err, is := fault.(error); !is || !errors.Is(err, errCut) {
					panic(fault)
				}
				cut = true
			}
		}()
		_, err := store.Open(ctx, engine, store.Options{Clock: fixed})
		ok(t, err)
	}()
	ok(t, db.Update(ctx, "", func(tx kv.Tx) error {
		for _, p := range engine.kept {
			tx.Put(p.Key, p.Value)
		}
		return nil
	}))
	if cut { // what is on disk, not in memory
		ok(t, db.Close())
		db = opened(t, path)
		defer db.Close()
	}
	return everything(t, db), cut
}

func fixed() time.Time { return time.Date(2026, 10, 7, 9, 0, 0, 0, time.UTC) }

// TestT26EveryEarlierSchemaOpens brings the files of every earlier schema up to date, with a power cut at every step: a
// file is as it was or wholly new, never between. What people had entered is there, and the check finds nothing wrong.
func TestT26EveryEarlierSchemaOpens(t *testing.T) {
	for schema := 1; schema < store.Schema; schema++ {
		if files, err := filepath.Glob(fmt.Sprintf("testdata/schema-%d*.db.gz", schema)); err != nil || len(files) == 0 {
			t.Errorf("no file of schema %d is kept in testdata", schema)
		}
	}
	files, err := filepath.Glob("testdata/schema-*.db.gz")
	ok(t, err)
	for _, file := range files {
		t.Run("T26 "+filepath.Base(file), func(t *testing.T) {
			content := earlier(t, file)
			before := holdings(t, content)
			after, _ := upgrade(t, content, -1, false)
			if maps.Equal(before, after) {
				t.Fatal("nothing had to be changed: this file tests nothing")
			}
			old, fresh := 0, 0
			for step := 1; ; step++ {
				holds, cut := upgrade(t, content, step, false)
				switch {
				case maps.Equal(holds, before):
					old++
				case maps.Equal(holds, after):
					fresh++
				default:
					t.Fatalf("a power cut at step %d leaves a mixture", step)
				}
				if !cut {
					break
				}
			}
			t.Logf("TORTURE: T26 power cut at every step of an upgrade, %s | 1 | %d power cuts left the old version, %d the new one | 0", filepath.Base(file), old, fresh-1) // the last was not cut
			if old < 50 || fresh < 2 {
				t.Error("the power was not cut everywhere")
			}
			if holds, _ := upgrade(t, content, 20, true); maps.Equal(holds, before) || maps.Equal(holds, after) {
				t.Error("the control: writes that are durable one by one leave no mixture")
			}
			entered(t, content)
		})
	}
}

func holdings(t *testing.T, content []byte) map[string]string {
	path := filepath.Join(t.TempDir(), "belfry.db")
	ok(t, os.WriteFile(path, content, 0o600))
	db := opened(t, path)
	defer db.Close()
	return everything(t, db)
}

// entered looks at what people had entered when the file was written.
func entered(t *testing.T, content []byte) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	ok(t, os.WriteFile(path, content, 0o600))
	s := storetest.Over(t, opened(t, path), fixed, store.Renderer{Version: 1, Render: func(_ context.Context, s string) (string, error) { return s, nil }})
	defer s.Close()
	coming, err := s.Upcoming(ctx, store.Visitor(), 10)
	ok(t, err)
	want(t, len(coming), 1)
	page, err := s.MeetingPage(ctx, store.System(), coming[0].Meeting.Slug)
	ok(t, err)
	tally := page.Attendance.Tally
	want(t, fmt.Sprint(tally.OnSite, tally.Online, tally.No, tally.Waiting), "3 1 1 3")
	if wrong := judge(page.Attendance, 3, 0, false); wrong != "" {
		t.Error(wrong)
	}
	inside := 0
	for _, town := range tally.Inside {
		inside += town.N
	}
	want(t, inside, 3)
	given, err := s.Actions(ctx, store.Visitor(), store.ActionQuery{State: "all", Year: 2026, Limit: 10})
	ok(t, err)
	want(t, len(given.Rows), 1)
	decided, err := s.Decisions(ctx, store.DecisionQuery{Outcome: "accepted", Limit: 10})
	ok(t, err)
	want(t, len(decided.Rows), 1)
	letters, err := s.Mailbox(ctx, store.System(), 100)
	ok(t, err)
	want(t, len(letters), 6)
	_, err = s.Verify(ctx, func(f store.Fault) { t.Error(f) })
	ok(t, err)
}
