// Package storetest opens a Store for tests on a real file, and has short builders for what tests start from.
// It must not be imported outside tests.
package storetest
