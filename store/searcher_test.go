package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// TestOneSearchIndexTooManyIsTold: an index for which nothing would be marked is refused, and comes in when another has
// been gone for a week.
func TestOneSearchIndexTooManyIsTold(t *testing.T) {
	h := storetest.Open(t)
	ok(t, h.DB.Update(ctx, "", func(tx kv.Tx) error {
		for n := range 200 {
			seen := h.Now()
			if n == 0 {
				seen = seen.Add(-6 * 24 * time.Hour)
			}
			id := fmt.Sprintf("index-%03d", n)
			tx.Put([]byte("searcher/"+id), fmt.Appendf(nil, `{"id":%q,"seen":%q}`, id, seen.Format(time.RFC3339)))
		}
		return nil
	}))
	number := 0
	marked := func(id string) bool {
		number++
		h.Join(t, fmt.Sprint("Lena Exemple ", number), "BE-92094")
		found, err := h.StaleSearch(context.Background(), id, 10)
		ok(t, err)
		return len(found) > 0
	}
	if _, err := h.Follow(ctx, "late"); !errors.Is(err, store.ErrSearchers) || marked("late") {
		t.Fatalf("the 201st: %v", err)
	}
	h.Clock.Add(2 * 24 * time.Hour)
	known, err := h.Follow(ctx, "late")
	ok(t, err)
	if known || !marked("late") {
		t.Error("it follows and nothing is marked for it")
	}
	if _, err := h.Follow(ctx, "index-100"); err != nil {
		t.Error(err)
	}
}
