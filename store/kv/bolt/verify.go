package bolt

import (
	"bytes"
	"context"
	"errors"
	"runtime/debug"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
)

// Verify examines the pages of the file, then the checksum of every record, reports each fault and counts records; a
// problem without a key concerns the file's structure. The error is for what stopped the examination itself. Reads go
// on meanwhile; Updates wait while the pages are examined.
func (db *DB) Verify(ctx context.Context, report func(problem kv.DamagedError)) (count int, err error) {
	passable, err := db.verifyPages(report)
	var after []byte
	for more := passable; more && err == nil; {
		var some int
		some, after, err = db.verifySome(ctx, after, report)
		count += some
		after = append(after, 0) // the smallest key behind it
		more = some > 0
	}
	var damage *kv.DamagedError
	if errors.As(err, &damage) { // there is no way past this place
		report(*damage)
		return count, nil
	}
	return count, err
}

// verifyPages looks at the file without trusting it; only when nothing is wrong bbolt's own check may run too, since
// it trusts what it reads. Where a page is met twice there may be a way that leads back, which bbolt would follow for ever.
func (db *DB) verifyPages(report func(kv.DamagedError)) (passable bool, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := db.begin(!db.readOnly) // a write transaction that writes nothing keeps writers away
	if err != nil {
		return false, err
	}
	defer db.rollback(tx)
	defer panicToError(nil, &err)
	sound := true
	found := func(reason string) {
		sound = false
		report(kv.DamagedError{Reason: reason})
	}
	p, err := openPages(db.at.Load().file)
	if err == nil {
		err = p.checkFreelist()
	}
	if err != nil {
		found(err.Error())
		return true, nil
	}
	p.checkTree(found)
	if !p.whole {
		found("one of its two first pages is damaged, so that the last change may be missing; the next two changes write it anew")
	}
	if sound {
		for fault := range tx.Check() {
			found(fault.Error())
		}
	}
	return !p.twice, nil
}

// verifySome checks some records from a key on, in a transaction of its own: a long one would make the file grow.
func (db *DB) verifySome(ctx context.Context, from []byte, report func(kv.DamagedError)) (count int, last []byte, err error) {
	const some = 1000
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	err = db.read(func(tx *bbolt.Tx) (err error) {
		defer panicToError(&last, &err)
		bucket, err := records(tx)
		if err != nil {
			return err
		}
		c := bucket.Cursor()
		for key, sealed := c.Seek(from); key != nil && count < some; key, sealed = c.Next() {
			if bytes.Compare(key, from) < 0 { // whoever went on behind it would be led back here for ever
				return &kv.DamagedError{Key: bytes.Clone(key), Reason: "the key is out of order, and those behind it cannot be examined"}
			}
			count++
			last = append(last[:0], key...)
			var damage *kv.DamagedError
			if _, err := unseal(key, sealed); errors.As(err, &damage) {
				report(*damage)
			}
		}
		return nil
	})
	return count, last, err
}
