//go:build !linux

package postgres

import "syscall"

// giveUp leaves to the system for how long it tries.
func giveUp(string, string, syscall.RawConn) error { return nil }
