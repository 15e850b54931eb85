package postgres_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store/kv"
	"belfry/store/kv/bolt"
	"belfry/store/kv/postgres"
	"belfry/store/kv/postgres/pgtest"
)

// BenchmarkBesideBolt does the same on PostgreSQL, with one and with two processes' engines, and on the file, in one run
// on one machine: reads of one record, of fifty, and of a range; updates (one read, four writes) of things apart and of
// one thing that all want. The ratios are what to look at.
func BenchmarkBesideBolt(b *testing.B) {
	address := pgtest.Database(b)
	file, err := bolt.Open(filepath.Join(b.TempDir(), "belfry.db"), bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	one, two := open(b, address), open(b, address)
	engines := []struct {
		name string
		dbs  []kv.DB
	}{{"bolt", []kv.DB{file}}, {"postgres", []kv.DB{one}}, {"postgres-2", []kv.DB{one, two}}}
	const records = 20_000
	for _, e := range engines[:2] {
		for at := 0; at < records; at += 1000 {
			err := e.dbs[0].Update(context.Background(), "", func(tx kv.Tx) error {
				for n := range 1000 {
					tx.Put(record(at+n), document(at+n))
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	var ids atomic.Int64
	for _, work := range []struct {
		name    string
		writers int
		act     func(db kv.DB, n int) error
	}{
		{"get", 16, func(db kv.DB, n int) error {
			return db.View(ctx, func(r kv.Reader) error { _, _, err := r.Get(record(n * 7919 % records)); return err })
		}},
		{"get-50", 16, func(db kv.DB, n int) error {
			keys := make([][]byte, 50)
			for i := range keys {
				keys[i] = record((n*7919 + i*104729) % records)
			}
			return db.View(ctx, func(r kv.Reader) error { _, err := r.GetMany(keys); return err })
		}},
		{"scan-50", 16, func(db kv.DB, n int) error {
			return db.View(ctx, func(r kv.Reader) error {
				_, err := r.Scan(kv.Range{From: record(n * 7919 % records), To: []byte("record0")}, 50)
				return err
			})
		}},
		{"apart", 16, func(db kv.DB, n int) error { return change(db, fmt.Sprint("apart/", n%64), int(ids.Add(1))) }},
		{"hot", 64, func(db kv.DB, n int) error { return change(db, "hot/one", int(ids.Add(1))) }},
	} {
		for _, e := range engines {
			b.Run(work.name+"/"+e.name, func(b *testing.B) {
				var left, done atomic.Int64
				left.Store(int64(b.N))
				before, began := trips(e.dbs), time.Now()
				var wg sync.WaitGroup
				for w := range work.writers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							if err := work.act(e.dbs[w%len(e.dbs)], int(done.Add(1))); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "ops/s")
				b.ReportMetric(float64(trips(e.dbs)-before)/float64(b.N), "round-trips/op")
			})
		}
	}
}

func trips(dbs []kv.DB) (n uint64) {
	for _, db := range dbs {
		if p, ok := db.(*postgres.DB); ok {
			n += p.Stats().RoundTrips
		}
	}
	return n
}

func record(n int) []byte { return binary.BigEndian.AppendUint64([]byte("record/"), uint64(n)) }

func document(n int) []byte { return fmt.Appendf(nil, `{"n":%d,"text":"%0500d"}`, n, n) }

// change reads a counter and writes it, a record and two index entries.
func change(db kv.DB, counter string, id int) error {
	return db.Update(ctx, counter, func(tx kv.Tx) error {
		value, _, err := tx.Get([]byte(counter))
		n := 0
		_, _ = fmt.Sscan(string(value), &n)
		tx.Put([]byte(counter), []byte(fmt.Sprint(n+1)))
		tx.Put(record(1_000_000+id), document(id))
		tx.Put(fmt.Appendf(nil, "index.a/%010d", id), nil)
		tx.Put(fmt.Appendf(nil, "index.b/%010d", id), nil)
		return err
	})
}
