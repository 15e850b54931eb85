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

// Living refuses a place that its community has left with a LeftError, unless it is back.
func Living(ctx context.Context, db kv.DB, back bool) error {
	return db.View(ctx, func(r kv.Reader) error {
		_, err := living(r, back)
		return err
	})
}

// living is Living; left says whether there is a note that counts no more.
func living(r kv.Reader, back bool) (left bool, err error) {
	m, err := leftIn(r)
	if err == nil && m != nil && !back {
		err = &LeftError{*m}
	}
	return m != nil, err
}

// comeBack makes sure that a community lives here, and takes away the note of one that is back.
func (s *Store) comeBack(t *tx) error {
	left, err := living(t, s.back)
	if err == nil && left {
		t.drop(famMeta, leftKey)
	}
	return err
}
