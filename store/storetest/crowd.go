package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"belfry/store"
	"belfry/store/kv"
)

// Crowd lets somebody join and copies them n times, record by record: thousands of members in a moment. All are of one
// town; the word, of small letters only, is how they are all called, with a number.
func (h *Hub) Crowd(t testing.TB, word, townCode string, n int) []store.Member {
	t.Helper()
	ctx, first := context.Background(), h.Join(t, word, townCode)
	var pairs []kv.Pair
	err := h.DB.View(ctx, func(r kv.Reader) error {
		for _, family := range []string{"member/", "member.email/", "member.handle/", "member.town/", "member.name/"} {
			found, err := r.Scan(kv.Prefix([]byte(family)), 1<<20)
			if err != nil {
				return err
			}
			for _, p := range found {
				if strings.Contains(string(p.Key)+string(p.Value), first.ID) {
					pairs = append(pairs, kv.Pair{Key: append([]byte{}, p.Key...), Value: append([]byte{}, p.Value...)})
				}
			}
		}
		return nil
	})
	if err != nil || len(pairs) != 5 {
		t.Fatalf("%d records of one member: %v", len(pairs), err)
	}
	all := []store.Member{first}
	err = h.DB.Update(ctx, "crowd", func(tx kv.Tx) error {
		all = all[:1]
		for i := 1; i < n; i++ {
			called := fmt.Sprintf("%s%05d", word, i)
			m := first
			m.ID, m.Name, m.Handle = fmt.Sprintf("%s%05d", first.ID[:len(first.ID)-5], i), called, called // crowds of one instant differ in what is before
			change := strings.NewReplacer(first.ID, m.ID, word, called)
			for _, p := range pairs {
				tx.Put([]byte(change.Replace(string(p.Key))), []byte(change.Replace(string(p.Value))))
			}
			all = append(all, m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
