package store

import (
	"context"
	"crypto/hmac"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
)

// FeedLink is one personal calendar address. Its token is derived from the server's key, the id and the generation
// (CALENDAR F42), so it can be shown again and is not stored.
type FeedLink struct {
	ID         string    `json:"id"`
	Member     string    `json:"member"`
	Label      string    `json:"label"` // "phone", "work"
	Generation int       `json:"generation"`
	Reset      time.Time `json:"reset,omitzero"` // when the address before this one stopped
	Removed    time.Time `json:"removed,omitzero"`
	Created    time.Time `json:"created"`
	Token      string    `json:"-"`
}

// MaxFeedLinks is how many personal addresses one member may have.
const MaxFeedLinks = 10

// goneAfter is how long an old address answers with an empty calendar before it is gone (CALENDAR F43).
const goneAfter = 30 * 24 * time.Hour

// formerAddresses is how many addresses before the current one are known again after resets in a row.
const formerAddresses = 20

func feeds() *table[FeedLink] {
	return &table[FeedLink]{
		family: famFeed,
		key:    func(f *FeedLink) []string { return []string{f.ID} },
		indexes: []index[FeedLink]{
			{family: famFeedOwner, parts: func(f *FeedLink) [][]string { return [][]string{{f.Member}} }},
		},
	}
}

// feedToken is the link's id without hyphens and a signature over id and generation: 128 bits as base32.
func feedToken(secret []byte, f FeedLink, generation int) string {
	sum := derive(derive(secret, "feed"), fmt.Sprintf("%s %d", f.ID, generation))
	return strings.ReplaceAll(f.ID, "-", "") + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// FeedLinks lists the acting member's personal addresses with their tokens.
func (s *Store) FeedLinks(ctx context.Context, by Actor) ([]FeedLink, error) {
	var live []FeedLink
	err := s.view(ctx, func(t *tx) error {
		live = nil
		m, err := t.member(by)
		if err != nil {
			return err
		}
		secret, err := t.secret()
		if err != nil {
			return err
		}
		all, err := feeds().list(t, famFeedOwner, window{Under: []string{m.ID}, Limit: scanBatch})
		for _, f := range all {
			if f.Removed.IsZero() {
				f.Token = feedToken(secret, f, f.Generation)
				live = append(live, f)
			}
		}
		return err
	})
	return live, err
}

// NewFeedLink makes a personal address.
func (s *Store) NewFeedLink(ctx context.Context, by Actor, label string) (FeedLink, error) {
	var c check
	label = c.line("label", label, MaxName)
	if err := c.err(); err != nil {
		return FeedLink{}, err
	}
	var f FeedLink
	err := s.update(ctx, "member/"+by.MemberID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		m, err := t.member(by)
		if err != nil {
			return err
		}
		all, err := feeds().list(t, famFeedOwner, window{Under: []string{m.ID}, Limit: scanBatch})
		if err != nil {
			return err
		}
		live := 0
		for _, have := range all {
			if have.Removed.IsZero() {
				live++
			}
		}
		if live >= MaxFeedLinks || len(all) >= scanBatch {
			return invalid("label", "feed.too_many", "Max", MaxFeedLinks)
		}
		secret, err := t.secret()
		if err != nil {
			return err
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		f = FeedLink{ID: id, Member: m.ID, Label: label, Created: t.now}
		f.Token = feedToken(secret, f, 0)
		return feeds().put(t, f)
	})
	return f, err
}

// ResetFeedLink gives a link a new address; the old ones say so for thirty days after the last reset and are gone then.
func (s *Store) ResetFeedLink(ctx context.Context, by Actor, id string) error {
	return s.changeFeed(ctx, by, id, func(t *tx, f *FeedLink) { f.Generation, f.Reset = f.Generation+1, t.now })
}

// RemoveFeedLink ends a link.
func (s *Store) RemoveFeedLink(ctx context.Context, by Actor, id string) error {
	return s.changeFeed(ctx, by, id, func(t *tx, f *FeedLink) {
		t.lastRoom()
		f.Removed, f.Reset = t.now, t.now
	})
}

func (s *Store) changeFeed(ctx context.Context, by Actor, id string, change func(*tx, *FeedLink)) error {
	return s.update(ctx, "member/"+by.MemberID, func(t *tx) error {
		f, err := feeds().get(t, id)
		if err != nil {
			return err
		}
		if f.Member != by.MemberID || !f.Removed.IsZero() {
			return notFound()
		}
		change(t, &f)
		return feeds().put(t, f)
	})
}

// dropFeeds ends all of a member's links.
func (t *tx) dropFeeds(memberID string) error {
	_, err := t.changeFeeds(memberID, func(f *FeedLink) { f.Removed, f.Reset = t.now, t.now })
	return err
}

// resetFeeds gives all of a member's links new addresses, and counts them.
func (t *tx) resetFeeds(memberID string) (int, error) {
	return t.changeFeeds(memberID, func(f *FeedLink) { f.Generation, f.Reset = f.Generation+1, t.now })
}

func (t *tx) changeFeeds(memberID string, change func(*FeedLink)) (n int, err error) {
	all, err := feeds().list(t, famFeedOwner, window{Under: []string{memberID}, Limit: scanBatch})
	if err != nil {
		return 0, err
	}
	for _, f := range all {
		if f.Removed.IsZero() {
			n++
			change(&f)
			if err := feeds().put(t, f); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// FeedState says what a personal address answers.
type FeedState int

const (
	FeedGone  FeedState = iota // never was, or stopped over thirty days ago
	FeedReset                  // stopped lately: an empty calendar that says so
	FeedLive
)

// FeedByToken finds whose calendar a token names.
func (s *Store) FeedByToken(ctx context.Context, token string) (Member, FeedState, error) {
	var m Member
	state := FeedGone
	if len(token) != 32+26 {
		return m, state, nil
	}
	h := token[:32]
	id := strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
	err := s.view(ctx, func(t *tx) error {
		m, state = Member{}, FeedGone
		f, ok, err := feeds().find(t, id)
		if err != nil || !ok {
			return err
		}
		secret, err := t.secret()
		if err != nil {
			return err
		}
		current := hmac.Equal([]byte(token), []byte(feedToken(secret, f, f.Generation)))
		former := false
		for g := f.Generation - 1; g >= 0 && g >= f.Generation-formerAddresses && !former; g-- {
			former = hmac.Equal([]byte(token), []byte(feedToken(secret, f, g)))
		}
		switch {
		case current && f.Removed.IsZero():
			state = FeedLive
		case (current || former) && t.now.Sub(f.Reset) < goneAfter:
			state = FeedReset
		}
		if m, err = members().get(t, f.Member); m.State != MemberActive && state == FeedLive {
			state = FeedReset
		}
		return err
	})
	return m, state, err
}

// CalendarScope names what a feed holds; one of the fields is set, none for all public meetings.
type CalendarScope struct{ Series, Town, Meeting, Member string }

// CalendarData is what a feed is made of.
type CalendarData struct {
	Series   []Series
	Meetings []Meeting
	Hosts    map[string]Town
	Answers  map[string]RSVP // by meeting id, for one member's feed
	CheckIns []CheckInRow    // talks of mentorships, in a town's and a member's feed
}

// CalendarData reads a feed's series and meetings that start in [from, to). Drafts are never in it.
func (s *Store) CalendarData(ctx context.Context, scope CalendarScope, from, to time.Time) (CalendarData, error) {
	var data CalendarData
	err := s.view(ctx, func(t *tx) error {
		data = CalendarData{Answers: map[string]RSVP{}}
		span := window{From: instant(from), To: instant(to), Limit: 2000}
		index := famMeetingStart
		if scope.Town != "" {
			index, span.Under = famMeetingTown, []string{scope.Town}
		}
		found, err := meetings().list(t, index, span)
		if err != nil {
			return err
		}
		if scope.Meeting != "" {
			one, err := meetings().get(t, scope.Meeting)
			if err != nil {
				return err
			}
			found = []Meeting{one}
		}
		var hosts []string
		for _, m := range found {
			if m.State == MeetingDraft || scope.Series != "" && m.Series != scope.Series {
				continue
			}
			data.Meetings = append(data.Meetings, m)
			hosts = append(hosts, m.HostTown)
			if scope.Member != "" {
				r, ok, err := rsvps().find(t, m.ID, scope.Member)
				if err != nil {
					return err
				}
				if ok {
					data.Answers[m.ID] = r
				}
			}
		}
		if data.CheckIns, err = t.checkInsFor(scope, from, to); err != nil {
			return err
		}
		if data.Hosts, err = towns().many(t, hosts); err != nil || scope.Town != "" || scope.Meeting != "" {
			return err
		}
		return serieses().each(t, func(series Series) error {
			if scope.Series == "" || scope.Series == series.ID {
				hosts = append(hosts, series.Template.HostTown)
				data.Series = append(data.Series, series)
			}
			return nil
		})
	})
	return data, err
}
