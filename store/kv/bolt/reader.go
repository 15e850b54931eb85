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
	mapped mapped
	root   uint64 // 0 when the records are so few that they lie within another page
}

func newReader(ctx context.Context, bucket *bbolt.Bucket) *reader {
	return &reader{ctx: ctx, bucket: bucket, mapped: mapOf(bucket.Tx()), root: uint64(bucket.Root())}
}

func (r *reader) Get(key []byte) (value []byte, ok bool, err error) {
	defer panicToError(&key, &err)
	var sealed []byte
	if r.root == 0 {
		sealed = r.bucket.Get(key)
	} else if sealed, err = r.mapped.find(r.root, key); err != nil {
		return nil, false, &kv.DamagedError{Key: bytes.Clone(key), Reason: err.Error()}
	}
	if sealed == nil {
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
	if err := r.passable(want); err != nil {
		return err
	}
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

// passable says whether the way to where a range begins comes to an end, see mapped.find.
func (r *reader) passable(want kv.Range) error {
	if r.root == 0 {
		return nil
	}
	begin := want.From
	if want.Reverse && len(want.To) > 0 {
		begin = want.To
	}
	if _, err := r.mapped.find(r.root, begin); err != nil {
		return &kv.DamagedError{Key: bytes.Clone(begin), Reason: err.Error()}
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
