package storetest_test

import (
	"context"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// TestGrownHubIsSound: what is made many to a commit is what the intents make one by one.
func TestGrownHubIsSound(t *testing.T) {
	t.Setenv("BELFRY_BENCH_DATA", t.TempDir())
	renderer := store.Renderer{Version: 1, Render: func(_ context.Context, s string) (string, error) { return s, nil }}
	for range 2 { // made, then found again
		h := storetest.Grown(t, 400, renderer)
		if _, err := h.Verify(t.Context(), func(f store.Fault) { t.Error(f) }); err != nil {
			t.Fatal(err)
		}
		list, err := h.Threads(t.Context(), store.Visitor(), store.ThreadQuery{Limit: 50})
		if err != nil || len(list.Rows) != 20 || list.Rows[0].Thread.Posts != storetest.PostsPerThread {
			t.Fatalf("%d threads: %v", len(list.Rows), err)
		}
		if meetings, err := h.Upcoming(t.Context(), store.Visitor(), 50); err != nil || len(meetings) == 0 {
			t.Fatalf("%d meetings: %v", len(meetings), err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		room := storetest.GrownRoom(t, 300, renderer)
		if _, err := room.Verify(t.Context(), func(f store.Fault) { t.Error(f) }); err != nil {
			t.Fatal(err)
		}
		who, err := room.MemberByHandle(t.Context(), storetest.GrownMember)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := room.MessageAt(t.Context(), store.As(who.ID), store.LoungeID, 300); err != nil || m.Message.Number != 300 {
			t.Fatalf("message %d: %v", m.Message.Number, err)
		}
		if err := room.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
