// Package postgres is the engine for more than one machine: a PostgreSQL database that any number of processes share.
//
// Every key family (what stands before the first slash of a key) has a table of its own in one schema, with the rest of
// the key, the value, and a checksum of both. Values that are JSON lie in a json column, which keeps every byte and which
// an operator can query; all others lie in a bytea column. Keys of no family lie together in one more table.
//
// An Update is SERIALIZABLE. All functions that wait for the same scope share a transaction, each seeing what those
// before it wrote (commit.go). BEGIN travels with the first read, and all writes travel with COMMIT: an Update costs one
// round trip more than it has reads, a View as many as it has reads. A View reads one snapshot (REPEATABLE READ), which
// neither waits nor fails for an Update's sake.
//
// It knows nothing of records, and relies on no lock, clock or sequence of the database, so that other servers of the
// same wire protocol can take its place.
package postgres
