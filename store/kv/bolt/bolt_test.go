package bolt

import (
	"path/filepath"
	"testing"

	"belfry/store/kv"
	"belfry/store/kv/kvtest"
)

func open(t *testing.T) kv.DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "belfry.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestConformance(t *testing.T) { kvtest.Run(t, open) }

func TestConformanceTwice(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB { return kvtest.Twice(open(t)) })
}
