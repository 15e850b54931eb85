package store

import (
	"context"
	"time"
)

// Year is what a civil year brought, in numbers.
type Year struct {
	Year      int
	Meetings  int // at which somebody was ticked
	People    int // ticked, guests included, over all meetings
	Towns     int // of which somebody was ticked
	Minutes   int // meetings whose minutes are published
	Decisions int // numbers given
	Actions   int // numbers given
}

// yearsShown is how many years back are counted.
const yearsShown = 20

// OverTheYears counts who came, what was decided and what was promised in each of the last twenty civil years, from the
// first in which there was anything, the oldest first. It is public: it names nobody.
func (s *Store) OverTheYears(ctx context.Context) ([]Year, error) {
	var all []Year
	err := s.view(ctx, func(t *tx) error {
		last := t.now.Year()
		years := make([]Year, yearsShown)
		for i := range years {
			years[i].Year = last - yearsShown + 1 + i
			if err := years[i].attendance(t); err != nil {
				return err
			}
		}
		for kind, count := range map[string]func(*Year) *int{"decision": func(y *Year) *int { return &y.Decisions }, "action": func(y *Year) *int { return &y.Actions }} {
			given, err := numberings().under(t, window{Under: []string{kind}, Reverse: true, Limit: scanBatch})
			if err != nil {
				return err
			}
			for _, one := range given {
				if i := one.Year - years[0].Year; i >= 0 && i < len(years) {
					*count(&years[i]) = one.Last
				}
			}
		}
		for len(years) > 0 && years[0] == (Year{Year: years[0].Year}) {
			years = years[1:]
		}
		all = years
		return nil
	})
	return all, err
}

// attendance counts who was ticked at the meetings that began in the year.
func (y *Year) attendance(t *tx) error {
	from := time.Date(y.Year, 1, 1, 0, 0, 0, 0, time.UTC)
	of, err := meetings().list(t, famMeetingStart, window{From: instant(from), To: instant(from.AddDate(1, 0, 0)), Limit: scanBatch})
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, m := range of {
		came, err := presences().under(t, window{Under: []string{m.ID}, Limit: MaxWaiting})
		if err != nil {
			return err
		}
		if len(came) > 0 {
			y.Meetings++
		}
		if m.State == MeetingMinuted || m.State == MeetingApproved {
			y.Minutes++
		}
		for _, p := range came {
			y.People += 1 + p.Guests
			if p.Town != "" {
				seen[p.Town] = true
			}
		}
	}
	y.Towns = len(seen)
	return nil
}
