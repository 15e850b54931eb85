package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// SisterOffer is a mentor's place in a sister community, with whose it is.
type SisterOffer struct {
	Sister Sister
	Item   SisterItem
}

// offersLast is how long offers count that could not be read again: a place may be taken meanwhile.
const offersLast = 7 * 24 * time.Hour

// open are the offers of a feed that still count.
func (f SisterFeed) open(now time.Time) []SisterItem {
	if now.Sub(f.Read) > offersLast {
		return nil
	}
	return f.Items
}

// suits says whether an offer is for one of these languages. Who names none wants all; an offer that names none may be
// for any.
func (i SisterItem) suits(speaks []string) bool {
	return len(speaks) == 0 || len(i.Speaks) == 0 || slices.ContainsFunc(i.Speaks, func(one string) bool { return slices.Contains(speaks, one) })
}

// SisterOffers lists the mentor offers of all sisters for somebody who speaks some languages, at most so many: the first of
// each sister, then the second, and so on, so that none fills the list alone. It is public.
func (s *Store) SisterOffers(ctx context.Context, speaks []string, most int) ([]SisterOffer, error) {
	var found []SisterOffer
	err := s.view(ctx, func(t *tx) error {
		var err error
		found, err = t.sisterOffers(speaks, most)
		return err
	})
	return found, err
}

func (t *tx) sisterOffers(speaks []string, most int) ([]SisterOffer, error) {
	all, err := sisters().under(t, window{Limit: maxSisters})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b Sister) int {
		return cmp.Or(strings.Compare(sortName(a.Name), sortName(b.Name)), strings.Compare(a.ID, b.ID))
	})
	type placed struct {
		SisterOffer
		at int
	}
	var found []placed
	for _, one := range all {
		if one.Offers == "" {
			continue
		}
		feed, _, err := sisterFeeds().find(t, one.ID, string(SisterOffers))
		if err != nil {
			return nil, err
		}
		at := 0
		for _, item := range feed.open(t.now) {
			if item.suits(speaks) {
				found = append(found, placed{SisterOffer{one.public(), item}, at})
				at++
			}
		}
	}
	slices.SortStableFunc(found, func(a, b placed) int { return a.at - b.at })
	var offers []SisterOffer
	for _, one := range found[:min(len(found), most)] {
		offers = append(offers, one.SisterOffer)
	}
	return offers, nil
}
