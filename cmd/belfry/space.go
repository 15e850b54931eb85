package main

import (
	"belfry/server"
	"belfry/store/kv/bolt"
)

// space tells the server how much is left on the disk of the data. A database that nodes share has a disk of its own.
// On a small file system less is kept than was asked for.
func (s *serveCommand) space(db engine) func() server.Space {
	file, ok := db.(*bolt.DB)
	if !ok || s.KeepFree == 0 {
		return nil
	}
	return func() server.Space {
		free, size, known := file.Room()
		keep := min(s.KeepFree<<20, size/16)
		switch {
		case !known || free >= 4*keep:
			return server.SpacePlenty
		case free >= keep:
			return server.SpaceShort
		}
		return server.SpaceScarce
	}
}
