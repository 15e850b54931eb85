//go:build race

package main

const detecting = true // by the race detector, which takes several times the memory
