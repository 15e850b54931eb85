package store

import (
	"context"
	"slices"
)

// RemoveItem takes an item off as if it had never been proposed: by organisers, and by its proposer while it waits. One
// that minutes speak of, or that was carried on, stays: it can be withdrawn.
func (s *Store) RemoveItem(ctx context.Context, by Actor, id string) error {
	return s.changeItem(ctx, by, id, true, func(t *tx, item *AgendaItem) error {
		t.lastRoom()
		taken, err := decisions().list(t, famDecisionMeeting, window{Under: []string{item.Meeting}, Limit: scanBatch})
		if err != nil {
			return err
		}
		given, err := actions().list(t, famActionMeeting, window{Under: []string{item.Meeting}, Limit: scanBatch})
		if err != nil {
			return err
		}
		if item.Next != "" || item.Outcome != "" || slices.ContainsFunc(taken, func(d Decision) bool { return d.Item == item.ID }) ||
			slices.ContainsFunc(given, func(a Action) bool { return a.Item == item.ID }) {
			return conflict("agenda.recorded")
		}
		return t.takeOff(*item)
	})
}

// MoveItem swaps an item with the accepted one before (up) or after it: by organisers. At the end nothing happens.
func (s *Store) MoveItem(ctx context.Context, by Actor, id string, up bool) error {
	return s.changeItem(ctx, by, id, false, func(t *tx, item *AgendaItem) error {
		all, err := t.agenda(item.Meeting)
		if err != nil {
			return err
		}
		accepted := slices.DeleteFunc(all, func(other AgendaItem) bool { return other.State != ItemAccepted })
		at := slices.IndexFunc(accepted, func(other AgendaItem) bool { return other.ID == item.ID })
		next := at + 1
		if up {
			next = at - 1
		}
		if at < 0 || next < 0 || next >= len(accepted) {
			return nil
		}
		other := accepted[next]
		item.Order, other.Order = other.Order, item.Order
		if err := items().put(t, other); err != nil {
			return err
		}
		return items().put(t, *item)
	})
}

// moveItems gives a person's items of meetings to come to somebody else.
func (t *tx) moveItems(fromID, toID string) error {
	ahead, err := meetings().list(t, famMeetingStart, window{From: instant(t.now), Limit: scanBatch})
	if err != nil {
		return err
	}
	for _, m := range ahead {
		all, err := t.agenda(m.ID)
		if err != nil {
			return err
		}
		for _, item := range all {
			if item.Owner != fromID {
				continue
			}
			item.Owner, item.Changed = toID, t.now
			if err := items().put(t, item); err != nil {
				return err
			}
		}
	}
	return nil
}
