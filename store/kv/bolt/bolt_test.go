package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"belfry/store/kv"
	"belfry/store/kv/kvtest"
)

func open(t testing.TB) *DB { return openAt(t, filepath.Join(t.TempDir(), "belfry.db")) }

func openAt(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func want(t testing.TB, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func put(t testing.TB, db kv.DB, key, value string) {
	t.Helper()
	if err := tryPut(db, key, value); err != nil {
		t.Fatal(err)
	}
}

func tryPut(db kv.DB, key, value string) error {
	return db.Update(context.Background(), "", func(tx kv.Tx) error {
		tx.Put([]byte(key), []byte(value))
		return nil
	})
}

func get(db kv.DB, key string) (value string, err error) {
	err = db.View(context.Background(), func(r kv.Reader) error {
		b, _, err := r.Get([]byte(key))
		value = string(b)
		return err
	})
	return value, err
}

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB { return open(t) })
}

func TestConformanceTwice(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB { return kvtest.Twice(open(t)) })
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	db := openAt(t, path)
	put(t, db, "a", "1")
	want(t, db.Close(), nil)
	want(t, db.Close(), nil)

	readOnly, err := Open(path, Options{ReadOnly: true})
	want(t, err, nil)
	want(t, tryPut(readOnly, "a", "2"), kv.ErrReadOnly)
	value, err := get(readOnly, "a")
	want(t, err, nil)
	want(t, value, "1")
	records, err := readOnly.Verify(context.Background(), func(p kv.DamagedError) { t.Error(p) })
	want(t, err, nil)
	want(t, records, 1)
	want(t, readOnly.Close(), nil)

	files, _ := os.ReadDir(filepath.Dir(path))
	want(t, len(files), 1) // nothing of the making is left
}

// TestCreateAtOnce starts many hubs on a path that is not there: one gets it, the others are told so.
func TestCreateAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	var wg sync.WaitGroup
	var mu sync.Mutex
	var opened []*DB
	for range 4 {
		wg.Go(func() {
			db, err := Open(path, Options{})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				opened = append(opened, db)
			} else if !errors.Is(err, ErrHeld) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(opened) != 1 {
		t.Fatalf("%d have it open, want one", len(opened))
	}
	put(t, opened[0], "a", "1")
	want(t, opened[0].Close(), nil)
}

// TestBackup copies the file under load: the copy holds every write before some moment and none after.
func TestBackup(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				err := db.Update(context.Background(), "", func(tx kv.Tx) error {
					last, _, err := tx.Get([]byte("last"))
					n, _ := strconv.Atoi(string(last))
					tx.Put([]byte(fmt.Sprintf("n/%08d", n)), bytes.Repeat([]byte("v"), n%700))
					tx.Put([]byte("last"), []byte(strconv.Itoa(n+1)))
					return err
				})
				want(t, err, nil)
			}
		})
	}
	for db.Stats().Updates < 200 {
		_, _ = get(db, "last")
	}
	for i := range 5 {
		path := filepath.Join(t.TempDir(), fmt.Sprint("copy", i))
		file, err := os.Create(path)
		want(t, err, nil)
		n, err := db.Backup(context.Background(), file)
		want(t, err, nil)
		info, _ := file.Stat()
		want(t, n, info.Size())
		want(t, file.Close(), nil)
		checkPrefix(t, openAt(t, path))
	}
	cancel()
	wg.Wait()
	_, err := db.Backup(ctx, &bytes.Buffer{})
	want(t, errors.Is(err, context.Canceled), true)
	records, err := db.Verify(context.Background(), func(p kv.DamagedError) { t.Error(p) })
	want(t, err, nil)
	want(t, records > 200, true)
}

// checkPrefix wants exactly the numbers below the counter.
func checkPrefix(t *testing.T, db *DB) {
	t.Helper()
	records, err := db.Verify(context.Background(), func(p kv.DamagedError) { t.Error(p) })
	want(t, err, nil)
	last, err := get(db, "last")
	want(t, err, nil)
	n, _ := strconv.Atoi(last)
	want(t, records, n+1)
	err = db.View(context.Background(), func(r kv.Reader) error {
		pairs, err := r.Scan(kv.Prefix([]byte("n/")), n+1)
		want(t, len(pairs), n)
		for i, p := range pairs {
			want(t, string(p.Key), fmt.Sprintf("n/%08d", i))
		}
		return err
	})
	want(t, err, nil)
}

func TestWhatIsDoneIsCounted(t *testing.T) { kvtest.Metered(t, open(t)) }
