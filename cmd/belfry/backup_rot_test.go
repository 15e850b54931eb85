package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// holdings is every record of a folder and the bytes of every paper.
func holdings(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	db, err := bolt.Open(filepath.Join(dir, "belfry.db"), bolt.Options{ReadOnly: true})
	ok(t, err)
	defer db.Close()
	ok(t, db.View(t.Context(), func(r kv.Reader) error {
		pairs, err := r.Scan(kv.Range{}, 1_000_000)
		for _, p := range pairs {
			all[string(p.Key)] = string(p.Value)
		}
		return err
	}))
	papers, _ := filepath.Glob(filepath.Join(dir, "documents", "*", "*"))
	for _, paper := range papers {
		content, err := os.ReadFile(paper)
		ok(t, err)
		all[strings.TrimPrefix(paper, dir)] = string(content)
	}
	return all
}

// restored puts bytes back as a backup: what came of it, or the sentence that refused them.
func restored(t *testing.T, content []byte) (all map[string]string, refusal string) {
	t.Helper()
	file, dir := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
	ok(t, os.WriteFile(file, content, 0o600))
	err := (&restoreCommand{dataFlags: dataFlags{Data: dir}, File: file}).Run(&terminal{ctx: t.Context(), out: io.Discard, err: io.Discard})
	if err == nil {
		return holdings(t, dir), ""
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("a refused backup left %v", left)
	}
	return nil, err.Error()
}

// TestT07BitRotInBackups flips one bit after the other in a backup, and in the data alone as older versions wrote it: it
// is refused in a sentence, or what was flipped means nothing and everything comes back as it was. The control is a record
// changed with its checksum: nothing can refuse it, and the comparison sees it.
func TestT07BitRotInBackups(t *testing.T) {
	c := newCommunity(t, 3, 2)
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{})
	ok(t, err)
	ok(t, hub.AddDocument(t.Context(), store.System(), c.meetings[0].ID, store.DocumentInput{Lang: "fr"},
		&store.Upload{Name: "note.pdf", Body: strings.NewReader("%PDF-1.7\n" + strings.Repeat("papier ", 5000))}))
	ok(t, hub.Close())
	file := filepath.Join(t.TempDir(), "backup.zip")
	belfry(t, "backup", "--data", c.dir, file).ends(t, 0)
	archive, err := os.ReadFile(file)
	ok(t, err)
	data := healthy(t)
	flips := rounds(1) * 10
	for what, whole := range map[string][]byte{"backups": archive, "the data alone": data} {
		sound, refusal := restored(t, whole)
		if refusal != "" || len(sound) < 50 {
			t.Fatalf("%s: unharmed: %d records, %s", what, len(sound), refusal)
		}
		refused, named := 0, 0
		for range max(20, flips) {
			bit := rand.IntN(8 * len(whole))
			rotten := bytes.Clone(whole)
			rotten[bit/8] ^= 1 << (bit % 8)
			all, refusal := restored(t, rotten)
			switch {
			case refusal == "" && !maps.Equal(all, sound):
				t.Errorf("%s: bit %d flipped, and what came back is another community", what, bit)
			case refusal != "":
				refused++
				if strings.Contains(refusal, "value \"") || strings.Contains(refusal, "document") || strings.Contains(refusal, "belfry.db") {
					named++
				}
				if strings.Contains(refusal, "goroutine") {
					t.Errorf("not a sentence: %s", refusal)
				}
			}
		}
		if refused == 0 {
			t.Errorf("%s: no flip was refused", what)
		}
		t.Logf("TORTURE: T07 bit rot in %s | %d | %d flips: %d refused (%d with what is damaged), the others meant nothing | 0", what, rounds(1), max(20, flips), refused, named)
	}
	var key string
	forged := edited(t, data, func(tx kv.Tx) error {
		pairs, err := tx.Scan(kv.Prefix([]byte("meeting/")), 1)
		key = string(pairs[0].Key)
		tx.Put(bytes.Clone(pairs[0].Key), bytes.Replace(pairs[0].Value, []byte("Hôtel de ville"), []byte("Hôtel du lac"), 1))
		return err
	})
	before, _ := restored(t, data)
	after, refusal := restored(t, forged)
	if refusal != "" || maps.Equal(after, before) || fmt.Sprint(after[key]) == before[key] {
		t.Errorf("the control: what was changed with its checksum is not seen: %s", refusal)
	}
}
