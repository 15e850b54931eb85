package store_test

import (
	"sync"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// TestTheLastAdministratorStays lets two administrators take each other's role, give up their own, and leave, all at
// once, again and again: one of them is always left, and whoever was refused is told why.
func TestTheLastAdministratorStays(t *testing.T) {
	h := storetest.Open(t)
	ada, bert := h.Join(t, "Ada Exemple", "BE-92094"), h.Join(t, "Bert Voorbeeld", "BE-62063")
	for round := range 60 {
		h.With(t, ada, store.RoleAdministrator)
		h.With(t, bert, store.RoleAdministrator)
		take := func(by, from store.Member) func() error {
			return func() error {
				return h.SetRole(ctx, store.As(by.ID), from.ID, store.RoleAdministrator, false)
			}
		}
		tries := []func() error{take(ada, bert), take(bert, ada)}
		if round%2 == 1 {
			tries = append(tries, take(ada, ada), take(bert, bert))
		}
		outcomes := make([]error, len(tries))
		var all sync.WaitGroup
		for i, try := range tries {
			all.Go(func() { outcomes[i] = try() })
		}
		all.Wait()
		left, won := 0, 0
		for _, m := range []store.Member{ada, bert} {
			now, err := h.MemberByID(ctx, m.ID)
			ok(t, err)
			if now.Has(store.RoleAdministrator) {
				left++
			}
		}
		for _, err := range outcomes {
			if err == nil {
				won++
			} else if kind := store.KindOf(err); kind != store.Denied && kind != store.Conflict {
				t.Errorf("round %d: %v", round, err)
			}
		}
		if left != 1 || won == 0 {
			t.Fatalf("round %d: %d administrators left after %d changes: %v", round, left, won, outcomes)
		}
	}
}
