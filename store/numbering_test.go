package store_test

import (
	"bytes"
	"strings"
	"testing"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// TestVerifyComparesTextAndRecords does each damage behind the store's back, and wants it named.
func TestVerifyComparesTextAndRecords(t *testing.T) {
	text := func(old, new string) func(kv.Tx, kv.Pair) bool { return change("revision/", old, new) }
	for _, c := range []struct {
		damage func(kv.Tx, kv.Pair) bool
		want   string
	}{
		{text("!D 2026-002 Deux", "Deux"), "2026-002 is not in the text"},
		{text("!D 2026-002 Deux", "!D Deux"), "line 2 of the text has no number"},
		{text("!D 2026-002 Deux", "!D 2026-009 Deux"), "the text names 2026-009, which has no record"},
		{text("!D 2026-002 Deux", "!D 2026-001 Deux"), "the text names 2026-001 twice"},
		{text("!A A-2026-001 Trois", "Trois"), "A-2026-001 is not in the text"},
		{text("Quatre", "!D 2026-003 Quatre"), "2026-003 was taken out of the text, but is there"},
		{change("decision/", `"seq":2`, `"seq":1`), "two records have the number 2026-001"},
		{change("decision/", `"seq":2`, `"seq":7`), "number 2 was given, but has no record"},
		{change("decision/", `"seq":2`, `"seq":7`), "a record has number 7, the last one given is 3"},
		{change("numbering/action", `"last":1`, `"last":2`), "number 2 was given, but has no record"},
		{change("numbering/action", `"last":1`, `"last":0`), "a record has number 1, the last one given is 0"},
	} {
		h := storetest.Open(t)
		m, _, _ := held(t, h)
		_, err := publish(t, h, m, 0, "!D Une\n!D Deux\n!A Trois\n\nQuatre\n!D Cinq")
		ok(t, err)
		_, err = publish(t, h, m, 2, strings.Replace(newest(t, h, m), "!D 2026-003 Cinq", "Cinq", 1))
		ok(t, err)
		sound(t, h)
		ok(t, h.DB.Update(ctx, "", func(tx kv.Tx) error {
			pairs, err := tx.Scan(kv.Range{}, 100_000)
			for i := len(pairs) - 1; i >= 0; i-- { // the newest revision first
				if c.damage(tx, pairs[i]) {
					return err
				}
			}
			t.Errorf("%s: nothing to damage", c.want)
			return err
		}))
		var all []string
		_, err = h.Verify(ctx, func(f store.Fault) { all = append(all, f.Detail) })
		ok(t, err)
		if !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("wanted %q, found %q", c.want, all)
		}
	}
}

func change(prefix, old, new string) func(kv.Tx, kv.Pair) bool {
	return func(tx kv.Tx, pair kv.Pair) bool {
		if !bytes.HasPrefix(pair.Key, []byte(prefix)) || !bytes.Contains(pair.Value, []byte(old)) {
			return false
		}
		tx.Put(bytes.Clone(pair.Key), bytes.Replace(pair.Value, []byte(old), []byte(new), 1))
		return true
	}
}
