package bolt

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/store/kv"

	bbolt "go.etcd.io/bbolt"
)

// BenchmarkWrites compares, in one run on one disk: this engine; bare bbolt with a commit for each write; and bare
// bbolt given the same bytes in groups as large as this engine formed. Each write is a record of 600 bytes and an
// index entry. The ratios are what to look at, disks differ.
func BenchmarkWrites(b *testing.B) {
	for _, writers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			db := open(b)
			var ids atomic.Uint64
			b.ResetTimer()
			ours := rate(writers, b.N, func() error {
				record, index, value := keys(ids.Add(1))
				return db.Update(context.Background(), "", func(tx kv.Tx) error {
					tx.Put(record, value)
					tx.Put(index, nil)
					return nil
				})
			})
			b.StopTimer()
			group := max(1, int(db.Stats().Updates/max(1, db.Stats().Commits)))
			bare := bareBolt(b)
			single := rate(writers, min(b.N, 1000), func() error { return putGroup(bare, &ids, 1) })
			grouped := rate(1, max(1, b.N/group), func() error { return putGroup(bare, &ids, group) }) * float64(group)
			b.ReportMetric(ours, "writes/s")
			b.ReportMetric(float64(group), "writes/commit")
			b.ReportMetric(ours/single, "of-bare-single")
			b.ReportMetric(ours/grouped, "of-bare-grouped")
		})
	}
}

// rate runs a write n times from many sides and returns how many there were in a second.
func rate(writers, n int, write func() error) float64 {
	var left atomic.Int64
	left.Store(int64(n))
	start := time.Now()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := write(); err != nil {
					panic(err)
				}
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds()
}

func keys(id uint64) (record, index, value []byte) {
	record = binary.BigEndian.AppendUint64([]byte("record/"), id)
	index = binary.BigEndian.AppendUint64([]byte("index/"), id)
	return record, index, make([]byte, 600)
}

func bareBolt(b *testing.B) *bbolt.DB {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, &bbolt.Options{
		FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(dataBucket); return err })
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func putGroup(db *bbolt.DB, ids *atomic.Uint64, group int) error {
	return db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(dataBucket)
		bucket.FillPercent = fillPercent
		for range group {
			record, index, value := keys(ids.Add(1))
			if err := bucket.Put(record, append(value, 0, 0, 0, 0)); err != nil {
				return err
			}
			if err := bucket.Put(index, make([]byte, sumSize)); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkReads shows what guarding a View against faults and verifying checksums costs beside bare bbolt.
func BenchmarkReads(b *testing.B) {
	const records = 10_000
	db, bare := open(b), bareBolt(b)
	var ids atomic.Uint64
	err := db.Update(context.Background(), "", func(tx kv.Tx) error {
		for id := range uint64(records) {
			record, _, value := keys(id + 1)
			tx.Put(record, value)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := putGroup(bare, &ids, records); err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			key, _, _ := keys(rand.Uint64N(records) + 1)
			err := db.View(context.Background(), func(r kv.Reader) error { _, _, err := r.Get(key); return err })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			key, _, _ := keys(rand.Uint64N(records) + 1)
			_ = bare.View(func(tx *bbolt.Tx) error { tx.Bucket(dataBucket).Get(key); return nil })
		}
	})
	b.Run("scan 50", func(b *testing.B) {
		for b.Loop() {
			from, _, _ := keys(rand.Uint64N(records-100) + 1)
			err := db.View(context.Background(), func(r kv.Reader) error { _, err := r.Scan(kv.Range{From: from}, 50); return err })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
