// Package kvtest is the conformance suite that every engine passes unchanged, and a decorator that finds
// transactions with side effects. It must not be imported outside tests.
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"belfry/store/kv"
)

// Run checks an engine against the contract of package kv. open gives an empty engine that the test's end closes. The
// cases assume nothing about the engine: functions may run any number of times, and in any order.
func Run(t *testing.T, open func(t *testing.T) kv.DB) {
	cases := []struct {
		name string
		run  func(t *testing.T, db kv.DB)
	}{
		{"missing and empty", missingAndEmpty},
		{"read your writes", readYourWrites},
		{"rollback", rollback},
		{"byte order", byteOrder},
		{"ranges", ranges},
		{"limits", limits},
		{"limits over writes", limitsOverWrites},
		{"nested reads", nestedReads},
		{"delete in scan", deleteInScan},
		{"get many", getMany},
		{"snapshot", snapshot},
		{"lost update", lostUpdate},
		{"write skew", writeSkew},
		{"transfers", transfers},
		{"run twice", ranTwice},
		{"cancelled context", cancelled},
		{"too large", tooLarge},
		{"panic in a function", panics},
		{"closed", closed},
		{"random model", randomModel},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// Twice runs every Update function once in a transaction that is rolled back, then for real: a function that
// changes anything outside its transaction shows itself.
func Twice(db kv.DB) kv.DB { return twice{db} }

type twice struct{ kv.DB }

var errFirst = errors.New("kvtest: first of two runs")

func (d twice) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	err := d.DB.Update(ctx, scope, func(tx kv.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errFirst
	})
	if !errors.Is(err, errFirst) {
		return err
	}
	return d.DB.Update(ctx, scope, fn)
}

func put(t *testing.T, db kv.DB, pairs ...string) {
	t.Helper()
	err := db.Update(context.Background(), "test", func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			tx.Put([]byte(pairs[i]), []byte(pairs[i+1]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// text writes pairs as "k=v k=v".
func text(pairs []kv.Pair) string {
	s := ""
	for i, p := range pairs {
		if i > 0 {
			s += " "
		}
		s += fmt.Sprintf("%s=%s", p.Key, p.Value)
	}
	return s
}

func scan(t *testing.T, db kv.DB, r kv.Range, limit int) string {
	t.Helper()
	got := ""
	err := db.View(context.Background(), func(rd kv.Reader) error {
		pairs, err := rd.Scan(r, limit)
		got = text(pairs)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func want(t *testing.T, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
