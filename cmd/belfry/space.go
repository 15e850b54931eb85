package main

import (
	"belfry/store"
	"belfry/store/kv/bolt"
)

// space tells the store how much is left on the disk of its folder. A database that nodes share has a disk of its own.
// On a small file system less is kept than was asked for.
func (s *serveCommand) space(at home) func() store.Space {
	if at.shared() || s.KeepFree == 0 {
		return nil
	}
	return func() store.Space {
		free, size, known := bolt.Room(at.dir)
		keep := min(s.KeepFree<<20, size/16)
		switch {
		case !known || free >= 4*keep:
			return store.SpacePlenty
		case free >= keep:
			return store.SpaceShort
		}
		return store.SpaceScarce
	}
}
