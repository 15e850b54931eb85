package store

import (
	"context"
	"time"
)

// FloorPage is what is spoken of in the room: what the projector shows, and the phone that drives it.
type FloorPage struct {
	Meeting  Meeting
	Items    []PlannedItem
	Current  *PlannedItem // nil before the first and after the last
	Next     *PlannedItem
	Spent    time.Duration // on the current item
	Over     time.Duration // by how much the current item takes longer than planned; 0 when it does not
	Organise bool
}

// Floor reads what a meeting speaks of: for everybody who may know of the meeting. Items for members only are left out for
// visitors.
func (s *Store) Floor(ctx context.Context, by Actor, slug string) (FloorPage, error) {
	page, err := s.MeetingPage(ctx, by, slug)
	if err != nil {
		return FloorPage{}, err
	}
	floor := FloorPage{Meeting: page.Meeting, Items: page.Items, Organise: page.Organise}
	now := s.Now()
	for i := range floor.Items {
		item := &floor.Items[i]
		switch {
		case item.Item.ID == page.Meeting.Current:
			floor.Current = item
			floor.Spent = now.Sub(item.Item.Began)
			floor.Over = max(0, floor.Spent-time.Duration(item.Item.Minutes)*time.Minute)
			if item.Item.Minutes == 0 {
				floor.Over = 0
			}
		case floor.Next == nil && item.Item.Began.IsZero() && item.Item.State == ItemAccepted:
			floor.Next = item
		}
	}
	return floor, nil
}

// SpeakOf says which item the meeting speaks of now; "" for none: by organisers, once the meeting is about to begin.
// The item before ends. Saying it again changes nothing. Began and Ended keep what really happened.
func (s *Store) SpeakOf(ctx context.Context, by Actor, meetingID, itemID string) error {
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		m, err := meetings().get(t, meetingID)
		if err != nil || m.Current == itemID {
			return err
		}
		if state := m.State; state != MeetingScheduled && state != MeetingFrozen || m.Start.After(t.now.Add(time.Hour)) {
			return conflict("room.not_now")
		}
		if before, ok, err := items().find(t, m.Current); err != nil {
			return err
		} else if ok {
			before.Ended = t.now
			if err := items().put(t, before); err != nil {
				return err
			}
		}
		if itemID != "" {
			item, err := items().get(t, itemID)
			if err != nil {
				return err
			}
			if item.Meeting != meetingID || item.State != ItemAccepted {
				return notFound()
			}
			if item.Began.IsZero() {
				item.Began = t.now
			}
			item.Ended = time.Time{}
			if err := items().put(t, item); err != nil {
				return err
			}
		}
		m.Current = itemID
		return meetings().put(t, m)
	})
}
