//go:build !linux

package main

func spoilDisk() {}
