//go:build !race

package store

const proving = false

func proves(uint32) bool { return true }
