//go:build !race

package store

const proving = false
