package store

import (
	"context"
	"slices"
)

// Missed is what somebody who was away did not get: new messages in order, and older ones that changed.
type Missed struct {
	Log     RoomLog
	Fresh   []MessageRow
	Changed []MessageRow
	More    bool // there is more than was asked for
	Access  Access
}

// Missed reads the messages of a room after a number, and the changes of messages up to that number after a change, at
// most limit of each. It is for those who were admitted: what is named in them is read as the room's humblest reader.
func (s *Store) Missed(ctx context.Context, roomID string, after, change, limit int) (Missed, error) {
	var found Missed
	err := s.view(ctx, func(t *tx) error {
		found = Missed{}
		r, err := t.room(roomID)
		if err != nil {
			return err
		}
		found.Access = r.Access
		if found.Log, err = t.roomLog(roomID); err != nil {
			return err
		}
		reader := Member{}
		if r.Access != AccessPublic {
			reader = Class("member").Anybody()
		}
		fresh, err := messages().under(t, window{Under: []string{roomID}, From: messageNumber(after + 1), Limit: limit + 1})
		if err != nil {
			return err
		}
		changed := []Message(nil)
		if found.Log.Changes > change {
			changed, err = messages().list(t, famMessageChange, window{Under: []string{roomID}, From: messageNumber(change + 1), Limit: limit + 1})
			if err != nil {
				return err
			}
		}
		found.More = len(fresh) > limit || len(changed) > limit
		changed = slices.DeleteFunc(changed, func(m Message) bool { return m.Number > after }) // it comes as it is now
		if found.Fresh, err = t.messageRows(fresh[:min(len(fresh), limit)], reader); err != nil {
			return err
		}
		found.Changed, err = t.messageRows(changed, reader)
		return err
	})
	return found, err
}
