package kvtest

import (
	"context"
	"errors"
	"sync"

	"belfry/store/kv"
)

// Rehearsal is an engine whose Updates can be rehearsed: after Begin they run and answer as if they were durable, but
// what they wrote is thrown away and only counted. So a test asks for every act there is in one unchanging world.
type Rehearsal struct {
	kv.DB

	mu     sync.Mutex // guards what follows
	on     bool
	writes int
	reads  int
}

var errRehearsed = errors.New("kvtest: rehearsed")

// Begin starts the rehearsal.
func (r *Rehearsal) Begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = true
}

// End ends the rehearsal: from here on what is written stays.
func (r *Rehearsal) End() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
}

// Writes is how many keys were written or deleted by Updates that succeeded, since the last call.
func (r *Rehearsal) Writes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.writes
	r.writes = 0
	return n
}

// Reads is how many values Views were handed since the last call.
func (r *Rehearsal) Reads() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.reads
	r.reads = 0
	return n
}

// View runs fn and counts what it reads.
func (r *Rehearsal) View(ctx context.Context, fn func(kv.Reader) error) error {
	counted := &countedReader{}
	err := r.DB.View(ctx, func(reader kv.Reader) error {
		counted.Reader = reader
		return fn(counted)
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads += counted.reads
	return err
}

type countedReader struct {
	kv.Reader
	reads int
}

func (c *countedReader) Get(key []byte) ([]byte, bool, error) {
	c.reads++
	return c.Reader.Get(key)
}

func (c *countedReader) GetMany(keys [][]byte) ([][]byte, error) {
	c.reads += len(keys)
	return c.Reader.GetMany(keys)
}

func (c *countedReader) Scan(r kv.Range, limit int) ([]kv.Pair, error) {
	pairs, err := c.Reader.Scan(r, limit)
	c.reads += len(pairs)
	return pairs, err
}

// Update runs fn, for real or rehearsed.
func (r *Rehearsal) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	r.mu.Lock()
	on := r.on
	r.mu.Unlock()
	if !on {
		return r.DB.Update(ctx, scope, fn)
	}
	writes := 0
	err := r.DB.Update(ctx, scope, func(tx kv.Tx) error {
		counted := &countedTx{Tx: tx}
		if err := fn(counted); err != nil {
			return err
		}
		writes = counted.writes
		return errRehearsed
	})
	if !errors.Is(err, errRehearsed) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes += writes
	return nil
}

type countedTx struct {
	kv.Tx
	writes int
}

func (t *countedTx) Put(key, value []byte) { t.writes++; t.Tx.Put(key, value) }
func (t *countedTx) Delete(key []byte)     { t.writes++; t.Tx.Delete(key) }
