package postgres

import (
	"context"
	"errors"
	"slices"

	"belfry/store/kv"

	"github.com/jackc/pgx/v5"
)

// Verify reads every value, which also lets the server verify its pages where it has checksums, reports each one that is
// not what was written, and counts them. The error is for what stopped the examination itself.
func (db *DB) Verify(ctx context.Context, report func(problem kv.DamagedError)) (count int, err error) {
	const some = 1000
	var tables []*table
	err = db.View(ctx, func(r kv.Reader) error {
		s := r.(*snapshot)
		if err := s.listTables(); err != nil {
			return err
		}
		tables = db.all()
		return nil
	})
	slices.SortFunc(tables, func(a, b *table) int { return len(a.prefix) - len(b.prefix) })
	for _, t := range tables {
		from := []byte{}
		for more := true; more && err == nil; {
			err = db.View(ctx, func(r kv.Reader) error {
				rows := 0
				queries := &pgx.Batch{}
				queries.Queue(t.scan[0][0], from, some).Query(func(found pgx.Rows) error {
					defer found.Close()
					for found.Next() {
						raw := found.RawValues()
						from = append(append(from[:0:0], raw[0]...), 0)
						rows++
						var damage *kv.DamagedError
						if _, err := t.pair(raw[0], raw[1], raw[2], raw[3]); errors.As(err, &damage) {
							report(*damage)
						}
					}
					return found.Err()
				})
				err := r.(*snapshot).ask(queries, func() {})
				count += rows
				more = rows == some
				return err
			})
		}
	}
	return count, err
}
