package store

import "belfry/store/kv"

// Space is how much room is left on the disk of the data.
type Space int

const (
	SpacePlenty Space = iota
	SpaceShort        // papers are not taken any more
	SpaceScarce       // nothing is written but what says that it may use the last room
)

// space asks how much room is left.
func (s *Store) space() Space {
	if s.left == nil {
		return SpacePlenty
	}
	return s.left()
}

// lastRoom lets a change use the last room on the disk: because it takes something away, lets somebody in or out, or
// keeps reading and the hub's own work going.
func (t *tx) lastRoom() { t.last = true }

// afford refuses as on a full disk what writes and may not use the last room.
func (t *tx) afford(left Space) error {
	if left == SpaceScarce && t.writes && !t.last {
		return kv.ErrNoSpace
	}
	return nil
}
