package postgres_test

import (
	"context"
	"testing"

	"belfry/store/kv"
	"belfry/store/kv/kvtest"
	"belfry/store/kv/postgres"
	"belfry/store/kv/postgres/pgtest"
)

func open(t testing.TB, address string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(context.Background(), address, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB { return open(t, pgtest.Database(t)) })
}

func TestConformanceTwice(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB { return kvtest.Twice(open(t, pgtest.Database(t))) })
}

func TestWhatIsDoneIsCounted(t *testing.T) { kvtest.Metered(t, open(t, pgtest.Database(t))) }
