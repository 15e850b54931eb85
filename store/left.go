package store

import (
	"context"
	"encoding/json"
	"time"

	"belfry/store/kv"
)

// Left is the note in a place that its community has left.
type Left struct {
	To string    `json:"to"` // as an operator names it, without a password
	At time.Time `json:"at"`
}

// LeftError says that a place is not served because its community goes on elsewhere.
type LeftError struct{ Left }

func (e *LeftError) Error() string { return "the community has moved to " + e.To }

var leftKey = famMeta.key("left")

// Leave notes in the place a move comes from where the community is now. It can still be read, copied and checked there,
// and a move back replaces it; a store is opened over it only with Options.Back.
func Leave(ctx context.Context, db kv.DB, m Left) error {
	value, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return db.Update(ctx, "left", func(tx kv.Tx) error { tx.Put(leftKey, value); return nil })
}

// LeftFor is the note of Leave, nil where there is none.
func LeftFor(ctx context.Context, db kv.DB) (*Left, error) {
	var m *Left
	err := db.View(ctx, func(r kv.Reader) error {
		var err error
		m, err = leftIn(r)
		return err
	})
	return m, err
}

func leftIn(r kv.Reader) (*Left, error) {
	value, ok, err := r.Get(leftKey)
	if err != nil || !ok {
		return nil, err
	}
	m := &Left{}
	_ = json.Unmarshal(value, m) // that it is there says enough
	return m, nil
}

// living refuses a place that its community has left, unless it is back.
func (s *Store) living(t *tx) error {
	m, err := leftIn(t)
	if err != nil || m == nil {
		return err
	}
	if !s.back {
		return &LeftError{*m}
	}
	t.drop(famMeta, leftKey)
	return nil
}
