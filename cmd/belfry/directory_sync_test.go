//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv/bolt"
	"belfry/store/kv/disktest"
)

// TestTortureT04NewFilesAreKept takes the power away the moment something is said to be there under a new name: a community that
// was begun, a paper, a backup, the copy made before a migration, a compacted file. The name is there afterwards. A file that
// was synced and given its name without syncing the folder is not, which is the control.
func TestTortureT04NewFilesAreKept(t *testing.T) {
	paper := "%PDF-1.7\n" + strings.Repeat("papier ", 5000)
	begin := func(t *testing.T, dir string) *store.Store {
		hub, _, err := openStore(t.Context(), dir, found, store.Options{Demo: true})
		ok(t, err)
		return hub
	}
	cases := map[string]func(t *testing.T, dir string, cut func()) (there func() bool){
		"first start": func(t *testing.T, dir string, cut func()) func() bool {
			hub := begin(t, dir)
			cut()
			_ = hub.Close()
			return func() bool { _, err := os.Stat(filepath.Join(dir, "belfry.db")); return err == nil && whole(t, dir) }
		},
		"paper": func(t *testing.T, dir string, cut func()) func() bool {
			hub := begin(t, dir)
			m, err := hub.ScheduleMeeting(t.Context(), store.System(), store.MeetingInput{Title: "Réunion", Lang: "fr",
				Date: time.Now().AddDate(0, 1, 0).Format(time.DateOnly), Clock: "12:30", Zone: "Europe/Brussels", Minutes: 60, Online: true})
			ok(t, err)
			ok(t, hub.AddDocument(t.Context(), store.System(), m.ID, store.DocumentInput{Lang: "fr"}, &store.Upload{Name: "note.pdf", Body: strings.NewReader(paper)}))
			cut()
			_ = hub.Close()
			return func() bool {
				kept, _ := filepath.Glob(filepath.Join(dir, "documents", "*", "*"))
				return len(kept) == 1 && whole(t, dir)
			}
		},
		"backup": func(t *testing.T, dir string, cut func()) func() bool {
			ok(t, begin(t, dir).Close())
			file := filepath.Join(filepath.Dir(dir), "backup.zip")
			belfry(t, "backup", "--data", dir, file).ends(t, 0)
			cut()
			return func() bool {
				_, err := os.Stat(file)
				return err == nil && unpack(t.Context(), file, t.TempDir()) == nil
			}
		},
		"copy before a migration": func(t *testing.T, dir string, cut func()) func() bool {
			hub, db, err := openStore(t.Context(), dir, found, store.Options{Demo: true})
			ok(t, err)
			ok(t, copyAside(t.Context(), db, filepath.Join(dir, "belfry.db.schema-1")))
			cut()
			_ = hub.Close()
			return func() bool {
				copied, err := bolt.Open(filepath.Join(dir, "belfry.db.schema-1.bak"), bolt.Options{ReadOnly: true})
				return err == nil && copied.Close() == nil
			}
		},
		"compaction": func(t *testing.T, dir string, cut func()) func() bool {
			hub, db, err := openStore(t.Context(), dir, found, store.Options{Demo: true})
			ok(t, err)
			ok(t, db.(*bolt.DB).Compact(t.Context(), time.Now()))
			cut()
			_ = hub.Close()
			return func() bool {
				file, err := bolt.Open(filepath.Join(dir, "belfry.db"), bolt.Options{ReadOnly: true})
				if err != nil {
					return false
				}
				at, err := file.Compacted()
				return err == nil && file.Close() == nil && !at.IsZero() && whole(t, dir)
			}
		},
		"control": func(t *testing.T, dir string, cut func()) func() bool {
			ok(t, os.WriteFile(dir+".new", []byte("x"), 0o600))
			f, err := os.OpenFile(dir+".new", os.O_RDWR, 0)
			ok(t, err)
			ok(t, f.Sync())
			ok(t, f.Close())
			ok(t, os.Rename(dir+".new", dir+".named"))
			cut()
			return func() bool { _, err := os.Stat(dir + ".named"); return err == nil }
		},
	}
	for _, kind := range disktest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			d, cuts, forgotten := disktest.New(t, kind, ""), 0, 0
			for range rounds(1) {
				for name, run := range cases {
					dir := filepath.Join(d.Path, "data")
					there := run(t, dir, func() {
						if err := d.Cut(); err != nil {
							t.Skipf("NOT RUN: a power cut: %v", err)
						}
						cuts++
					})
					d.Back()
					switch is := there(); {
					case name == "control" && !is:
						forgotten++
					case name != "control" && !is:
						t.Errorf("%s: it was there, and is not after the power was cut", name)
					}
					left, _ := filepath.Glob(filepath.Join(d.Path, "*"))
					for _, path := range left {
						ok(t, os.RemoveAll(path))
					}
				}
			}
			t.Logf("TORTURE: T04 power cut after a new name, %s | %d | %d cuts | 0", kind, rounds(1), cuts)
			if forgotten < rounds(1) {
				t.Errorf("without syncing the folder the name was forgotten %d times of %d: the test shows nothing", forgotten, rounds(1))
			}
		})
	}
}

// whole says whether a community on disk is in order.
func whole(t *testing.T, dir string) bool {
	t.Helper()
	hub, db, err := openStore(t.Context(), dir, examine, store.Options{})
	if err != nil {
		t.Log(err)
		return false
	}
	defer hub.Close()
	report, err := checkAll(t.Context(), hub, db)
	return err == nil && report.Found == 0
}
