package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"belfry/store/kv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// maxFamily keeps names of tables within what PostgreSQL takes (63 bytes).
const maxFamily = 40

// loose is the table of keys without a family. No family has a name like this.
const loose = "_loose"

// table is where one family lies, with the statements for it.
type table struct {
	prefix string // what its keys lack: the family and a slash
	one    string
	many   string
	put    string
	drop   string
	scan   [2][2]string // [reverse][bounded above]
}

// split cuts a key into its family and the rest. A key without a family is all rest.
func split(key []byte) (family string, rest []byte) {
	at := bytes.IndexByte(key, '/')
	if at <= 0 || at > maxFamily || key[0] < 'a' || key[0] > 'z' {
		return "", key
	}
	for _, c := range key[:at] {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' {
			return "", key
		}
	}
	return string(key[:at]), key[at+1:]
}

// tableName is the name of a family's table; a point, which would need quoting in every query, is a low line there.
func tableName(family string) string {
	if family == "" {
		return loose
	}
	return strings.ReplaceAll(family, ".", "_")
}

func familyOf(tableName string) string {
	if tableName == loose {
		return ""
	}
	return strings.ReplaceAll(tableName, "_", ".")
}

func newTable(schema, family string) *table {
	name := pgx.Identifier{schema, tableName(family)}.Sanitize()
	t := &table{}
	if family != "" {
		t.prefix = family + "/"
	}
	const columns = "key, doc, raw, sum"
	t.one = "SELECT " + columns + " FROM " + name + " WHERE key = $1"
	t.many = "SELECT " + columns + " FROM " + name + " WHERE key = ANY($1)"
	t.put = "INSERT INTO " + name + " (" + columns + ") SELECT k, d::json, r, s FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::int4[]) AS u(k, d, r, s)" +
		" ON CONFLICT (key) DO UPDATE SET doc = excluded.doc, raw = excluded.raw, sum = excluded.sum"
	t.drop = "DELETE FROM " + name + " WHERE key = ANY($1)"
	for reverse, order := range []string{"", " DESC"} {
		t.scan[reverse][0] = "SELECT " + columns + " FROM " + name + " WHERE key >= $1 ORDER BY key" + order + " LIMIT $2"
		t.scan[reverse][1] = "SELECT " + columns + " FROM " + name + " WHERE key >= $1 AND key < $3 ORDER BY key" + order + " LIMIT $2"
	}
	return t
}

// part is what a range has in a table: from, inclusive, and to, exclusive unless it is open.
func (t *table) part(r kv.Range) (from, to []byte, open, some bool) {
	prefix := []byte(t.prefix)
	from = []byte{} // nil would be NULL, which compares with nothing
	switch {
	case len(r.From) > len(prefix) && bytes.HasPrefix(r.From, prefix):
		from = r.From[len(prefix):]
	case bytes.Equal(r.From, prefix):
	case bytes.Compare(r.From, prefix) > 0:
		return nil, nil, false, false
	}
	switch {
	case len(r.To) == 0:
		return from, nil, true, true
	case bytes.HasPrefix(r.To, prefix):
		to = r.To[len(prefix):]
		return from, to, false, len(to) > 0
	}
	return from, nil, true, bytes.Compare(r.To, prefix) > 0
}

// within says whether a range lies in one family.
func within(r kv.Range) (family string, ok bool) {
	family, _ = split(r.From)
	if family == "" || len(r.To) == 0 {
		return "", false
	}
	end := kv.Prefix([]byte(family + "/")).To
	return family, bytes.Compare(r.To, end) <= 0
}

// table finds the table of a family. An engine that may write makes one that is missing, outside every transaction:
// there is then nothing to read in it. For one opened for reading only, a missing table is nil.
func (db *DB) table(ctx context.Context, family string) (*table, error) {
	db.mu.Lock()
	t := db.tables[family]
	db.mu.Unlock()
	if t != nil || db.readOnly {
		return t, nil
	}
	db.making.Lock()
	defer db.making.Unlock()
	ctx, cancel := context.WithTimeout(ctx, statementLimit)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig) // not from the pool: who asks may hold its last one
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	name := pgx.Identifier{db.schema, tableName(family)}.Sanitize()
	waiting, enough := context.WithTimeout(ctx, db.limit) // it waits for a standby, too
	defer enough()
	for try := 1; ; try++ {
		_, err = conn.Exec(waiting, "CREATE TABLE IF NOT EXISTS "+name+" (key bytea PRIMARY KEY, doc json, raw bytea, sum integer NOT NULL, CHECK ((doc IS NULL) <> (raw IS NULL)))")
		if !clash(err) || try == 5 {
			break
		}
		time.Sleep(jitter(try)) // another process makes the same one
	}
	if err != nil && waiting.Err() != nil {
		return nil, fmt.Errorf("%w: make the table of %q: %v", kv.ErrAway, family, err) // in words: it is not tried again
	}
	if err != nil {
		return nil, fmt.Errorf("make the table of %q: %w", family, err)
	}
	t = newTable(db.schema, family)
	db.mu.Lock()
	defer db.mu.Unlock()
	db.tables[family] = t
	return t, nil
}

// clash says that two processes made the same thing at once.
func clash(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && slices.Contains([]string{"23505", "42P07", "42P06", "42710", "40001", "40P01", "XX000"}, refused.Code)
}

// listTables is the statement that names all tables of the schema.
const listTables = "SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = $1"

// know takes up the tables that are there, whoever made them.
func (db *DB) know(names []string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, name := range names {
		family := familyOf(name)
		if name != marker && db.tables[family] == nil {
			db.tables[family] = newTable(db.schema, family)
		}
	}
}

// all is every known table.
func (db *DB) all() []*table {
	db.mu.Lock()
	defer db.mu.Unlock()
	tables := make([]*table, 0, len(db.tables))
	for _, t := range db.tables {
		tables = append(tables, t)
	}
	return tables
}

// document says whether a value may lie in a json column. The column keeps its input as it is, byte for byte. Escapes that
// PostgreSQL cannot turn into text would make an operator's query fail for the whole table.
func document(value []byte) bool {
	return len(value) > 1 && value[0] == '{' && json.Valid(value) && utf8.Valid(value) &&
		!bytes.Contains(value, []byte(`\u0000`)) && !bytes.Contains(value, []byte(`\ud`)) && !bytes.Contains(value, []byte(`\uD`))
}

// checksum covers the whole key too, so that a value found under another key is noticed.
func checksum(key, value []byte) int32 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return int32(crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value))
}
