package bolt

import (
	"bytes"
	"context"
	"errors"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
)

var errLimit = errors.New("kv: a scan needs a positive limit")

// reader reads one bbolt transaction. It holds the context of the View or Update it lives in, since the methods of
// kv.Reader have none. What it returns is memory of the mapped file.
type reader struct {
	ctx    context.Context
	bucket *bbolt.Bucket
	finder *bbolt.Cursor // finds single keys, again and again without new memory
}

func newReader(ctx context.Context, bucket *bbolt.Bucket) *reader {
	return &reader{ctx: ctx, bucket: bucket, finder: bucket.Cursor()}
}

func (r *reader) Get(key []byte) (value []byte, ok bool, err error) {
	defer panicToError(&key, &err)
	found, sealed := r.finder.Seek(key)
	if !bytes.Equal(found, key) || sealed == nil {
		return nil, false, nil
	}
	value, err = unseal(key, sealed)
	return value, err == nil, err
}

func (r *reader) GetMany(keys [][]byte) ([][]byte, error) { return getMany(r.ctx, r, keys) }

// getMany looks up one key after the other: in a mapped file there is no round trip to save.
func getMany(ctx context.Context, from kv.Reader, keys [][]byte) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		value, ok, err := from.Get(key)
		if err != nil {
			return nil, err
		}
		if ok {
			values[i] = value
		}
	}
	return values, nil
}

func (r *reader) Scan(want kv.Range, limit int) (pairs []kv.Pair, err error) {
	if limit <= 0 {
		return nil, errLimit
	}
	err = r.each(want, func(p kv.Pair) bool {
		pairs = append(pairs, p)
		return len(pairs) < limit
	})
	if err != nil {
		return nil, err
	}
	return pairs, nil
}

// each calls visit with the pairs of a range in its order until visit returns false. visit must be quick and must
// not touch the transaction: the cursor is alive meanwhile.
func (r *reader) each(want kv.Range, visit func(kv.Pair) bool) (err error) {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	var key, sealed []byte
	defer panicToError(&key, &err)
	next, key, sealed := start(r.bucket.Cursor(), want)
	for ; key != nil && within(want, key); key, sealed = next() {
		value, err := unseal(key, sealed)
		if err != nil {
			return err
		}
		if !visit(kv.Pair{Key: key, Value: value}) {
			return nil
		}
	}
	return nil
}

// start puts a cursor on the first pair of a range and says how to go on.
func start(c *bbolt.Cursor, want kv.Range) (next func() ([]byte, []byte), key, value []byte) {
	if !want.Reverse {
		key, value = c.Seek(want.From)
		return c.Next, key, value
	}
	if len(want.To) > 0 {
		key, _ = c.Seek(want.To)
	}
	if key == nil {
		key, value = c.Last()
	} else {
		key, value = c.Prev()
	}
	return c.Prev, key, value
}

func within(want kv.Range, key []byte) bool {
	if bytes.Compare(key, want.From) < 0 {
		return false
	}
	return len(want.To) == 0 || bytes.Compare(key, want.To) < 0
}
