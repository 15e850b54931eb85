package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// SisterFeedKind is what is followed of a sister community.
type SisterFeedKind string

const (
	SisterMeetings SisterFeedKind = "meetings" // its calendar feed
	SisterNews     SisterFeedKind = "news"     // its Atom feed
	SisterOffers   SisterFeedKind = "offers"   // the Atom feed of its towns that have a mentor's place free
)

// SisterFeedKinds are the kinds there are.
func SisterFeedKinds() []SisterFeedKind {
	return []SisterFeedKind{SisterMeetings, SisterNews, SisterOffers}
}

// Sister is another community that this one follows by the feeds it publishes.
type Sister struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Home     string    `json:"home"`              // its web site
	Calendar string    `json:"calendar,omitzero"` // address of its iCalendar feed
	News     string    `json:"news,omitzero"`     // address of its Atom feed
	Offers   string    `json:"offers,omitzero"`   // address of the Atom feed of its mentor offers
	Lang     string    `json:"lang"`              // of what it writes
	By       string    `json:"by,omitzero"`
	Created  time.Time `json:"created"`
}

// address is where a feed of a kind is.
func (s Sister) address(kind SisterFeedKind) string {
	switch kind {
	case SisterNews:
		return s.News
	case SisterOffers:
		return s.Offers
	}
	return s.Calendar
}

// public is the sister without the addresses of its feeds: one may hold a secret.
func (s Sister) public() Sister {
	s.Calendar, s.News, s.Offers = "", "", ""
	return s
}

// SisterItem is a meeting, a piece of news or a mentor offer of a sister.
type SisterItem struct {
	ID     string    `json:"id"`
	Title  string    `json:"title"` // plain
	Href   string    `json:"href,omitzero"`
	Place  string    `json:"place,omitzero"`
	Start  time.Time `json:"start"`
	Zone   string    `json:"zone,omitzero"`
	End    time.Time `json:"end,omitzero"`
	AllDay bool      `json:"all_day,omitzero"`

	Summary string   `json:"summary,omitzero"` // of an offer, plain
	Lang    string   `json:"lang,omitzero"`    // of title and summary; "" for what the sister writes in
	Speaks  []string `json:"speaks,omitzero"`  // languages an offer is for; none when it does not say
}

// SisterFeed is what a feed said when it was read last, and how the last look went.
type SisterFeed struct {
	Sister   string         `json:"sister"`
	Kind     SisterFeedKind `json:"kind"`
	Address  string         `json:"address"` // that was read: another one starts anew
	ETag     string         `json:"etag,omitzero"`
	Modified string         `json:"modified,omitzero"`
	Tried    time.Time      `json:"tried"`
	Read     time.Time      `json:"read,omitzero"`    // last time it went well
	Problem  string         `json:"problem,omitzero"` // text key of what went wrong the last time
	Items    []SisterItem   `json:"items,omitzero"`
}

func sisters() *table[Sister] {
	return &table[Sister]{family: famSister, key: func(s *Sister) []string { return []string{s.ID} }}
}

func sisterFeeds() *table[SisterFeed] {
	return &table[SisterFeed]{family: famSisterFeed, key: func(f *SisterFeed) []string { return []string{f.Sister, string(f.Kind)} }}
}

// SisterInput is what a steward says about a sister.
type SisterInput struct{ Name, Home, Calendar, News, Offers, Lang string }

// Limits of sisters.
const (
	maxSisters     = 50
	maxSisterItems = 200
	sisterEvery    = time.Hour
)

// SaveSister follows a sister community, with id "", or changes how: by stewards.
func (s *Store) SaveSister(ctx context.Context, by Actor, id string, in SisterInput) (Sister, error) {
	var c check
	in.Name = c.required("name", in.Name, MaxName)
	for field, value := range map[string]*string{"home": &in.Home, "calendar": &in.Calendar, "news": &in.News, "offers": &in.Offers} {
		*value = c.link(field, strings.TrimSpace(*value))
	}
	if in.Home == "" {
		c.add("home", "invalid.required")
	}
	if in.Calendar == "" && in.News == "" && in.Offers == "" {
		c.add("calendar", "sister.feed_required")
	}
	in.Lang = oneOf(&c, "lang", in.Lang, Languages()...)
	var one Sister
	if err := c.err(); err != nil {
		return one, err
	}
	err := s.update(ctx, "sisters", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Steward)
		if err != nil {
			return err
		}
		if id != "" {
			if one, err = sisters().get(t, id); err != nil {
				return err
			}
		} else {
			all, err := sisters().under(t, window{Limit: maxSisters})
			if err != nil {
				return err
			}
			if len(all) >= maxSisters {
				return fail(Full, "sister.too_many", "Max", maxSisters)
			}
			one = Sister{By: who.ID, Created: t.now}
			if one.ID, err = t.newID(); err != nil {
				return err
			}
		}
		one.Name, one.Home, one.Calendar, one.News, one.Offers, one.Lang = in.Name, in.Home, in.Calendar, in.News, in.Offers, in.Lang
		for _, kind := range SisterFeedKinds() {
			feed, ok, err := sisterFeeds().find(t, one.ID, string(kind))
			if err != nil {
				return err
			}
			if ok && feed.Address != one.address(kind) { // what another address said is not its word
				if err := sisterFeeds().remove(t, one.ID, string(kind)); err != nil {
					return err
				}
			}
		}
		if err := sisters().put(t, one); err != nil {
			return err
		}
		return t.audit(by, "audit.sister", one.ID, map[string]string{"name": one.Name})
	})
	return one, err
}

// LeaveSister stops following a sister and forgets what it said: by stewards.
func (s *Store) LeaveSister(ctx context.Context, by Actor, id string) error {
	return s.update(ctx, "sisters", func(t *tx) error {
		t.lastRoom()
		if _, err := t.require(by, Steward); err != nil {
			return err
		}
		one, err := sisters().get(t, id)
		if err != nil {
			return err
		}
		for _, kind := range SisterFeedKinds() {
			if err := sisterFeeds().remove(t, id, string(kind)); err != nil {
				return err
			}
		}
		if err := sisters().remove(t, id); err != nil {
			return err
		}
		return t.audit(by, "audit.sister_left", id, map[string]string{"name": one.Name})
	})
}

// SistersDue lists the feeds to be read now: those not looked at for an hour.
func (s *Store) SistersDue(ctx context.Context) ([]SisterFeed, error) {
	var due []SisterFeed
	err := s.view(ctx, func(t *tx) error {
		due = nil
		all, err := sisters().under(t, window{Limit: maxSisters})
		if err != nil {
			return err
		}
		for _, one := range all {
			for _, kind := range SisterFeedKinds() {
				feed, ok, err := sisterFeeds().find(t, one.ID, string(kind))
				if err != nil {
					return err
				}
				if !ok {
					feed = SisterFeed{Sister: one.ID, Kind: kind, Address: one.address(kind)}
				}
				if feed.Address != "" && t.now.Sub(feed.Tried) >= sisterEvery {
					due = append(due, feed)
				}
			}
		}
		return nil
	})
	return due, err
}

// SisterRead stores how a look at a feed went: what it says when it went well, else what was wrong, and what it said
// before stays. A sister that is not followed any more, or has another address now, changes nothing.
func (s *Store) SisterRead(ctx context.Context, feed SisterFeed) error {
	return s.update(ctx, "sisters", func(t *tx) error {
		one, ok, err := sisters().find(t, feed.Sister)
		if err != nil || !ok || one.address(feed.Kind) != feed.Address {
			return err
		}
		had, _, err := sisterFeeds().find(t, feed.Sister, string(feed.Kind))
		if err != nil {
			return err
		}
		feed.Tried = t.now
		if feed.Problem != "" {
			had.Sister, had.Kind, had.Address, had.Tried, had.Problem = feed.Sister, feed.Kind, feed.Address, t.now, feed.Problem
			return sisterFeeds().put(t, had)
		}
		feed.Read = t.now
		feed.Items = feed.Items[:min(len(feed.Items), maxSisterItems)]
		return sisterFeeds().put(t, feed)
	})
}

// SisterRow is a sister with what it says.
type SisterRow struct {
	Sister Sister
	Feeds  map[SisterFeedKind]SisterFeed
}

// Silent says whether there is nothing of it to read.
func (r SisterRow) Silent() bool {
	for _, feed := range r.Feeds {
		if len(feed.Items) > 0 {
			return false
		}
	}
	return true
}

// Sisters lists the sisters by name, with meetings that are not over, news and mentor offers, at most so many of each. It
// is public; how the looks went is for stewards.
func (s *Store) Sisters(ctx context.Context, by Actor, most int) ([]SisterRow, error) {
	var rows []SisterRow
	err := s.view(ctx, func(t *tx) error {
		rows = nil
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		all, err := sisters().under(t, window{Limit: maxSisters})
		if err != nil {
			return err
		}
		for _, one := range all {
			row := SisterRow{Sister: one, Feeds: map[SisterFeedKind]SisterFeed{}}
			for _, kind := range SisterFeedKinds() {
				feed, _, err := sisterFeeds().find(t, one.ID, string(kind))
				if err != nil {
					return err
				}
				switch kind {
				case SisterMeetings:
					feed.Items = slices.DeleteFunc(feed.Items, func(i SisterItem) bool { return i.over(t.now) })
				case SisterOffers:
					feed.Items = feed.open(t.now)
				}
				feed.Items = feed.Items[:min(len(feed.Items), most)]
				if !may(reader, Steward) {
					feed.Problem, feed.Address, feed.ETag, feed.Modified = "", "", "", ""
				}
				row.Feeds[kind] = feed
			}
			if !may(reader, Steward) {
				row.Sister = one.public()
			}
			rows = append(rows, row)
		}
		slices.SortFunc(rows, func(a, b SisterRow) int {
			return strings.Compare(sortName(a.Sister.Name)+a.Sister.ID, sortName(b.Sister.Name)+b.Sister.ID)
		})
		return nil
	})
	return rows, err
}
