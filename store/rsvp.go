package store

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"belfry/store/codec"
)

// Answer is what a member says to a meeting.
type Answer string

const (
	OnSite Answer = "on_site"
	Online Answer = "online"
	Maybe  Answer = "maybe"
	No     Answer = "no"
)

// RSVP is one member's answer to one meeting.
type RSVP struct {
	Meeting  string    `json:"meeting"`
	Member   string    `json:"member"`
	Town     string    `json:"town,omitzero"` // the town acted for when answering
	Answer   Answer    `json:"answer"`
	Guests   []string  `json:"guests,omitzero"`
	Note     string    `json:"note,omitzero"`    // seen by organisers only
	Waiting  bool      `json:"waiting,omitzero"` // on site wished, no seat yet
	Queue    int64     `json:"queue,omitzero"`   // place in the order of asking, unique in the meeting
	Promoted time.Time `json:"promoted,omitzero"`
	By       string    `json:"by,omitzero"` // the organiser who answered for the member
	First    time.Time `json:"first"`
	Changed  time.Time `json:"changed"`
}

// Party is how many people the answer brings, guests included.
func (r RSVP) Party() int { return 1 + len(r.Guests) }

// Seated says whether the answer holds seats in the room.
func (r RSVP) Seated() bool { return r.Answer == OnSite && !r.Waiting }

// says is the part of an answer a person chose, to see whether a repeated post changes anything.
func (r RSVP) says(other *RSVP) bool {
	return r.Answer == other.Answer && r.Note == other.Note && slices.Equal(r.Guests, other.Guests)
}

// Tally counts a meeting's answers in people. It is written with every answer and always equals the records.
type Tally struct {
	Meeting string       `json:"meeting"`
	OnSite  int          `json:"on_site"` // people with a seat, guests included
	Online  int          `json:"online"`
	Maybe   int          `json:"maybe"`
	No      int          `json:"no"`
	Waiting int          `json:"waiting"`          // people on the waitlist, guests included
	Towns   codec.Counts `json:"towns,omitempty"`  // people on site or online, by town id
	Inside  codec.Counts `json:"inside,omitempty"` // people with a seat, by town id
	Asked   int64        `json:"asked"`            // last place given in the queue
}

// fits says whether an answer's party finds seats now, in the room and within its town's share.
func (t Tally) fits(m *Meeting, r RSVP) bool {
	return (m.Seats == 0 || t.OnSite+r.Party() <= m.Seats) && (m.TownSeats == 0 || r.Town == "" || t.Inside.Of(r.Town)+r.Party() <= m.TownSeats)
}

// Coming is how many people take part, on site or online.
func (t Tally) Coming() int { return t.OnSite + t.Online }

// Free is how many seats are left, -1 without a limit; never below -1 even when seats were taken away.
func (t Tally) Free(seats int) int {
	if seats == 0 {
		return -1
	}
	return max(0, seats-t.OnSite)
}

// count adds an answer (sign 1) or takes it away (sign -1).
func (t *Tally) count(r RSVP, sign int) {
	people := sign * r.Party()
	switch {
	case r.Answer == OnSite && r.Waiting:
		t.Waiting += people
		return
	case r.Answer == OnSite:
		t.OnSite += people
	case r.Answer == Online:
		t.Online += people
	case r.Answer == Maybe:
		t.Maybe += people
		return
	default:
		t.No += sign
		return
	}
	if r.Town == "" {
		return
	}
	t.Towns.Add(r.Town, people)
	if r.Answer == OnSite {
		t.Inside.Add(r.Town, people)
	}
}

// equal compares what people see of two tallies.
func (t Tally) equal(o Tally) bool {
	return t.OnSite == o.OnSite && t.Online == o.Online && t.Maybe == o.Maybe && t.No == o.No && t.Waiting == o.Waiting &&
		slices.Equal(t.Towns, o.Towns) && slices.Equal(t.Inside, o.Inside)
}

var rsvps = sync.OnceValue(func() *table[RSVP] {
	return &table[RSVP]{
		hot:    true,
		family: famRSVP,
		key:    func(r *RSVP) []string { return []string{r.Meeting, r.Member} },
		indexes: []index[RSVP]{
			{family: famRSVPMember, fixed: true, parts: func(r *RSVP) [][]string { return [][]string{{r.Member}} }},
			{family: famRSVPWaiting, parts: func(r *RSVP) [][]string {
				if !r.Waiting {
					return nil
				}
				return [][]string{{r.Meeting, fmt.Sprintf("%012d", r.Queue)}}
			}},
		},
	}
})

var tallies = sync.OnceValue(func() *table[Tally] {
	return &table[Tally]{hot: true, family: famRSVPTally, key: func(t *Tally) []string { return []string{t.Meeting} }}
})

// tally reads a meeting's counts, to be counted on; a meeting nobody has answered has an empty one.
func (t *tx) tally(meetingID string) (Tally, error) {
	tally, _, err := tallies().find(t, meetingID)
	tally.Meeting, tally.Towns, tally.Inside = meetingID, slices.Clone(tally.Towns), slices.Clone(tally.Inside)
	return tally, err
}
