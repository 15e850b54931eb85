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
			var rows int
			var damaged []kv.DamagedError
			next := from
			again := func() { rows, damaged, next = 0, nil, from }
			err = db.View(ctx, func(r kv.Reader) error {
				queries := &pgx.Batch{}
				queries.Queue(t.scan[0][0], from, some).Query(func(found pgx.Rows) error {
					defer found.Close()
					for found.Next() {
						raw := found.RawValues()
						next = append(append(next[:0:0], raw[0]...), 0)
						rows++
						var damage *kv.DamagedError
						if _, err := t.pair(raw[0], raw[1], raw[2], raw[3]); errors.As(err, &damage) {
							damaged = append(damaged, *damage)
						}
					}
					return found.Err()
				})
				return r.(*snapshot).ask(queries, again) // a connection that breaks in the middle is replaced
			})
			if err != nil {
				break
			}
			for _, one := range damaged {
				report(one)
			}
			from, more, count = next, rows == some, count+rows
		}
	}
	return count, err
}
