package store_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/storetest"
)

// torn is an engine without the promise that publishing relies on: it makes the first so many writes of a
// transaction durable by themselves, and then the power goes. While left is negative it is an engine like any other.
type torn struct {
	kv.DB
	left int
}

var errPower = errors.New("the power is gone")

type write struct{ key, value []byte }

// recorder passes writes on and remembers them; a nil value is a deletion.
type recorder struct {
	kv.Tx
	writes *[]write
}

func (r recorder) Put(key, value []byte) {
	*r.writes = append(*r.writes, write{bytes.Clone(key), append([]byte{}, value...)})
	r.Tx.Put(key, value)
}

func (r recorder) Delete(key []byte) {
	*r.writes = append(*r.writes, write{bytes.Clone(key), nil})
	r.Tx.Delete(key)
}

func (d *torn) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if d.left < 0 {
		return d.DB.Update(ctx, scope, fn)
	}
	var writes []write
	err := d.DB.Update(ctx, scope, func(tx kv.Tx) error {
		writes = nil
		if err := fn(recorder{tx, &writes}); err != nil {
			return err
		}
		return errPower // as a whole it never comes to be
	})
	if !errors.Is(err, errPower) {
		return err
	}
	done := d.left >= len(writes)
	err = d.DB.Update(ctx, scope, func(tx kv.Tx) error {
		for _, w := range writes[:min(d.left, len(writes))] {
			if w.value == nil {
				tx.Delete(w.key)
			} else {
				tx.Put(w.key, w.value)
			}
		}
		return nil
	})
	if err == nil && !done {
		err = errPower
	}
	return err
}

// TestVerifySeesATornPublication is the negative control of the tests that kill while publishing: over an engine that
// keeps only a part of the transaction, check finds something wrong wherever it was cut, until text and records agree.
// What is written behind that, the log and the letters, leaves no trace to compare.
func TestVerifySeesATornPublication(t *testing.T) {
	renderer := store.Renderer{Version: 1, Render: func(_ context.Context, source string) (string, error) { return source, nil }}
	seen := 0
	for cut := 0; ; cut++ {
		h := storetest.Open(t)
		m, lena, otto := held(t, h)
		_, err := h.SaveMinutes(ctx, store.System(), m.ID, store.MinutesDraft{Lang: "fr", Source: pilot + "!D Une\n!A Deux\n   @" + lena.Handle + "\n!R adopté\n"})
		ok(t, err)
		before := digest(t, h)
		engine := &torn{DB: h.DB, left: -1}
		s := storetest.Over(t, engine, h.Clock.Now, renderer)
		engine.left = cut
		if _, err = s.PublishMinutes(ctx, store.System(), m.ID); err == nil {
			sound(t, h)
			break
		}
		faults := 0
		_, err = h.Verify(ctx, func(store.Fault) { faults++ })
		ok(t, err)
		page, err := h.MinutesPage(ctx, store.As(otto.ID), m.Slug)
		ok(t, err)
		switch changed := digest(t, h) != before; {
		case changed && faults == 0 && page.Minutes.Published == 0:
			t.Errorf("cut after %d writes: check finds nothing", cut)
		case !changed && faults > 0:
			t.Errorf("cut after %d writes: nothing was written, yet there are faults", cut)
		case faults > 0:
			seen++
		}
	}
	if seen < 15 {
		t.Errorf("only %d cuts were seen", seen)
	}
	t.Logf("%d torn publications seen", seen)
}
