package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// edited is a community's file after something was changed in it behind the store's back.
func edited(t *testing.T, content []byte, change func(kv.Tx) error) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edited.db")
	ok(t, os.WriteFile(path, content, 0o600))
	db, err := bolt.Open(path, bolt.Options{})
	ok(t, err)
	ok(t, db.Update(context.Background(), "edit", change))
	ok(t, db.Close())
	content, err = os.ReadFile(path)
	ok(t, err)
	return content
}

// healthy is the whole file of a small community, without what the file has in reserve.
func healthy(t *testing.T) []byte {
	t.Helper()
	file, dir := filepath.Join(t.TempDir(), "healthy.zip"), t.TempDir()
	belfry(t, "backup", "--data", newCommunity(t, 3, 1).dir, file).ends(t, 0)
	ok(t, unpack(t.Context(), file, dir))
	content, err := os.ReadFile(filepath.Join(dir, archivedData))
	ok(t, err)
	return content
}

type wrong struct {
	name    string
	content []byte
	says    string
}

const (
	saysForeign = "is not a Belfry community"
	saysDamaged = "is damaged and was not touched"
	saysEither  = "and was not touched|is not a Belfry community"
)

// wrongFiles are what may lie in the place of a community.
func wrongFiles(t *testing.T) []wrong {
	whole, random := healthy(t), rand.New(rand.NewPCG(8, 8))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	set := func(key, value string) func(kv.Tx) error {
		return func(tx kv.Tx) error { tx.Put([]byte(key), []byte(value)); return nil }
	}
	strange := func(tx kv.Tx) error { tx.Delete([]byte("meta/schema")); return nil }
	all := []wrong{
		{"empty", nil, "is empty though it is not new"},
		{"text", []byte(strings.Repeat("Bonjour.\n", 2000)), saysForeign},
		{"sqlite", append([]byte("SQLite format 3\x00"), make([]byte, 8176)...), saysForeign},
		{"archive", append([]byte("PK\x03\x04"), noise(5000)...), saysForeign},
		{"no schema", edited(t, whole, strange), saysForeign},
		{"schema that is no number", edited(t, whole, set("meta/schema", "tomorrow")), saysForeign},
		{"schema zero", edited(t, whole, set("meta/schema", "0")), saysForeign},
		{"both beginnings gone", append(make([]byte, 8192), whole[8192:]...), saysDamaged},
	}
	for _, newer := range []int{store.Schema + 1, 99, 1 << 40} {
		all = append(all, wrong{fmt.Sprint("schema ", newer), edited(t, whole, set("meta/schema", fmt.Sprint(newer))), "was written by a newer version"})
	}
	for i := range rounds(11) { // 500 files in make torture
		n, page := 1+random.IntN(len(whole)-1), 4096*(1+random.IntN(len(whole)/4096-1))
		all = append(all, wrong{fmt.Sprint("cut to ", n), whole[:n], saysEither}, wrong{fmt.Sprint("cut to a page ", page), whole[:page], saysEither},
			wrong{fmt.Sprint("zeros ", i), make([]byte, 1+random.IntN(100_000)), saysEither},
			wrong{fmt.Sprint("noise ", i), noise(1 + random.IntN(100_000)), saysEither})
	}
	for i := range rounds(11) { // one bit in each of the two beginnings
		b := bytes.Clone(whole)
		b[16+random.IntN(64)] ^= 1 << random.IntN(8)
		b[4096+16+random.IntN(64)] ^= 1 << random.IntN(8)
		all = append(all, wrong{fmt.Sprint("bits ", i), b, saysEither})
	}
	return all
}

// TestT08WrongFilesAreRefused starts the program over files that are no community of its version: a sentence at once, and
// the file stays as it was. The whole file, which is the control, is not refused.
func TestT08WrongFilesAreRefused(t *testing.T) {
	all := wrongFiles(t)
	var took []time.Duration
	good := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(good, "belfry.db"), healthy(t), 0o600))
	sound(t, good)
	start := belfry(t, "version").took
	for i, file := range all {
		dir := t.TempDir()
		path := filepath.Join(dir, "belfry.db")
		ok(t, os.WriteFile(path, file.content, 0o600))
		commands := [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"check"}, {"backup", filepath.Join(t.TempDir(), "copy.db")},
			{"member", "create-admin", "--email", "a@exemple.example", "--name", "A"}, {"serve", "--demo", "--listen", "127.0.0.1:0"}}
		for _, command := range [][]string{commands[0], commands[1+i%4]} {
			got := belfry(t, append(command, "--data", dir)...)
			took = append(took, got.took)
			got.refused(t, path)
			spoken := false
			for _, sentence := range strings.Split(file.says, "|") {
				spoken = spoken || strings.Contains(got.err, sentence)
			}
			after, err := os.ReadFile(path)
			if !spoken || err != nil || !bytes.Equal(after, file.content) {
				t.Errorf("%s, %v: %q, file changed: %v", file.name, command, got.err, !bytes.Equal(after, file.content))
			}
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
			t.Errorf("%s: left behind %v", file.name, left)
		}
	}
	slices.Sort(took)
	t.Logf("TORTURE: T08 files that are no community | %d | %d files, each refused by two commands after %v, at most %v; %v to do nothing | 0", rounds(11), len(all), took[len(took)/2], took[len(took)-1], start)
	if took[len(took)/2] > time.Second+start {
		t.Error("that is not at once")
	}
}

// TestCheckSaysWhatIsWrong damages a community in ways that a start does not see.
func TestCheckSaysWhatIsWrong(t *testing.T) {
	whole := healthy(t)
	lost := func(prefix string) []byte {
		return edited(t, whole, func(tx kv.Tx) error {
			pairs, err := tx.Scan(kv.Prefix([]byte(prefix)), 1)
			tx.Delete(bytes.Clone(pairs[0].Key))
			return err
		})
	}
	// everywhere, since pages that are not in use any more hold the words too
	flipped := bytes.ReplaceAll(whole, []byte("tel de ville"), []byte("tel de vilme"))
	people := bytes.ReplaceAll(whole, []byte("Personne Inv"), []byte("Personnf Inv"))
	for name, file := range map[string]wrong{
		"bits":            {content: flipped, says: "checksum does not match"},
		"a member":        {content: lost("member/"), says: "is not there"},
		"an index entry":  {content: lost("member.email/"), says: "is missing"},
		"an unread value": {content: edited(t, whole, func(tx kv.Tx) error { tx.Put([]byte("member/x"), []byte("?")); return nil }), says: "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "belfry.db")
			ok(t, os.WriteFile(path, file.content, 0o600))
			belfry(t, "check", "--data", dir).ends(t, 1, file.says, "faults")
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, file.content) {
				t.Error("check changed the file")
			}
			h := serve(t, dir) // the rest of the community goes on, and is checked while it does
			belfry(t, "check", "--data", dir).ends(t, 1, file.says)
			h.stop()
		})
	}
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, "belfry.db"), people, 0o600))
	belfry(t, "check", "--data", dir).ends(t, 1, `value "member/`, "checksum does not match")
	belfry(t, "serve", "--listen", "127.0.0.1:0", "--data", dir).refused(t, saysDamaged) // who is a member cannot be told
}
