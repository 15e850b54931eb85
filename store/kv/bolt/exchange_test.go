package bolt

import (
	"context"
	"testing"
	"time"

	"belfry/store/kv"
)

// TestNobodyWaitsForTheLastReaderOfAnExchangedFile compacts the file while two read it. The one that ends first ends at
// once, though the other stays, and so does whoever changes something that was begun before.
func TestNobodyWaitsForTheLastReaderOfAnExchangedFile(t *testing.T) {
	db := openAt(t, t.TempDir()+"/belfry.db")
	put(t, db, "key", "value")
	hold := func() (end func() <-chan error) {
		began, leave, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			left <- db.View(context.Background(), func(kv.Reader) error { close(began); <-leave; return nil })
		}()
		<-began
		return func() <-chan error { close(leave); return left }
	}
	for range 10 {
		stays, goes := hold(), hold()
		changing, goOn, changed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			changed <- db.Update(context.Background(), "", func(tx kv.Tx) error {
				close(changing)
				<-goOn
				tx.Put([]byte("key"), []byte("value"))
				return nil
			})
		}()
		<-changing
		want(t, db.Compact(t.Context(), time.Now()), nil)
		close(goOn)
		for what, ended := range map[string]<-chan error{"a change": changed, "a reader": goes()} {
			select {
			case err := <-ended:
				want(t, err, nil)
			case <-time.After(20 * time.Second):
				t.Fatalf("%s waits for another that reads the file as it was", what)
			}
		}
		want(t, <-stays(), nil)
	}
}
