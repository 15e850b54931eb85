package store

import (
	"context"
	"slices"
	"time"
)

// SisterMeeting is a meeting of a sister community, with whose it is.
type SisterMeeting struct {
	Sister Sister
	Item   SisterItem
}

// SisterMeetings lists the meetings of all sisters that are not over and begin before an instant, the first first, at most
// so many. It is public.
func (s *Store) SisterMeetings(ctx context.Context, before time.Time, most int) ([]SisterMeeting, error) {
	var found []SisterMeeting
	err := s.view(ctx, func(t *tx) error {
		found = nil
		all, err := sisters().under(t, window{Limit: maxSisters})
		if err != nil {
			return err
		}
		for _, one := range all {
			feed, _, err := sisterFeeds().find(t, one.ID, string(SisterMeetings))
			if err != nil {
				return err
			}
			one = one.public()
			for _, item := range feed.Items {
				if !item.over(t.now) && item.Start.Before(before) {
					found = append(found, SisterMeeting{one, item})
				}
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b SisterMeeting) int { return a.Item.Start.Compare(b.Item.Start) })
	return found[:min(len(found), most)], err
}

// over says whether a meeting has ended; one without an end, when it has begun.
func (i SisterItem) over(now time.Time) bool { return i.End.Before(now) && i.Start.Before(now) }
