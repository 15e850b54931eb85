package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// earlier is a file that a program of an earlier schema wrote, see store/upgrade_test.go.
func earlier(t *testing.T, name string) []byte {
	t.Helper()
	packed, err := os.Open(filepath.Join(root, "store", "testdata", name+".db.gz"))
	ok(t, err)
	defer packed.Close()
	in, err := gzip.NewReader(packed)
	ok(t, err)
	content, err := io.ReadAll(in)
	ok(t, err)
	return content
}

// schemaAt reads the schema of a file.
func schemaAt(t *testing.T, path string) int {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	ok(t, err)
	defer db.Close()
	schema, err := store.SchemaOf(context.Background(), db)
	ok(t, err)
	return schema
}

// upgraded is what became of an upgrade that was killed.
type upgraded struct{ nothing, copying, copied, done int }

// TestT26KilledWhileUpgrading kills the program while it copies a file of the first schema aside and brings it up to date.
// The next start goes on: the file is old or new, never between, a whole copy of the old one is kept, and the program of
// the older schema, which is this one before a file of a newer, says in a sentence that it cannot read the file.
func TestT26KilledWhileUpgrading(t *testing.T) {
	content := earlier(t, "schema-1")
	var was upgraded
	for round := range rounds(4) {
		dir := t.TempDir()
		path := filepath.Join(dir, "belfry.db")
		ok(t, os.WriteFile(path, content, 0o600))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := program(ctx, "member", "create-admin", "--data", dir, "--email", "z@exemple.example", "--name", "Zoé Exemple")
		ok(t, cmd.Start())
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		await(dir, []string{".belfry-*", "*.bak"}[round%2], ended)
		time.Sleep(time.Duration(rand.IntN(6_000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		<-ended
		cancel()
		was.count(t, dir, content)
		belfry(t, "member", "create-admin", "--data", dir, "--email", "y@exemple.example", "--name", "Yves Exemple").ends(t, 0, "/link/")
		sound(t, dir)
		kept, _ := filepath.Glob(path + ".schema-1*.bak")
		whole := 0
		for _, one := range kept {
			if holds, err := os.ReadFile(one); err == nil && len(holds) == len(content) && schemaAt(t, one) == 1 {
				whole++
			}
		}
		if whole != len(kept) || whole == 0 {
			t.Errorf("round %d: of the copies %v %d are whole", round, kept, whole)
		}
	}
	t.Logf("TORTURE: T26 kill while upgrading | %d | killed before anything was written %d times, while copying %d, with the copy kept and the file old %d, with the file new %d | 0", rounds(4), was.nothing, was.copying, was.copied, was.done)
	if was.copying+was.copied == 0 {
		t.Error("no kill hit the upgrade")
	}
	newer := edited(t, content, func(tx kv.Tx) error {
		tx.Put([]byte("meta/schema"), []byte(fmt.Sprint(store.Schema+1)))
		return nil
	})
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, "belfry.db"), newer, 0o600))
	belfry(t, "serve", "--listen", "127.0.0.1:0", "--data", dir).refused(t, "was written by a newer version of Belfry; use that version")
	if after, err := os.ReadFile(filepath.Join(dir, "belfry.db")); err != nil || !bytes.Equal(after, newer) {
		t.Error("the newer file was touched")
	}
}

// await looks for a file of a folder until it is there, or the process has ended.
func await(dir, pattern string, ended chan struct{}) {
	for {
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		select {
		case <-ended:
			return
		default:
		}
		if len(found) > 0 {
			return
		}
	}
}

func (u *upgraded) count(t *testing.T, dir string, content []byte) {
	copies, _ := filepath.Glob(filepath.Join(dir, "*.bak"))
	begun, _ := filepath.Glob(filepath.Join(dir, ".belfry-*"))
	switch schema := schemaAt(t, filepath.Join(dir, "belfry.db")); {
	case schema == store.Schema && len(copies) > 0:
		u.done++
	case schema != 1:
		t.Errorf("schema %d, copies %v", schema, copies)
	case len(copies) > 0:
		u.copied++
	case len(begun) > 0:
		u.copying++
	default:
		u.nothing++
	}
}
