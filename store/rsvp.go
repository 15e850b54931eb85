package store

import (
	"fmt"
	"time"
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

// Tally counts a meeting's answers in people. It is written with every answer and always equals the records.
type Tally struct {
	Meeting string `json:"meeting"`
	OnSite  int    `json:"on_site"` // people with a seat, guests included
	Online  int    `json:"online"`
	Maybe   int    `json:"maybe"`
	No      int    `json:"no"`
	Waiting int    `json:"waiting"` // people on the waitlist, guests included
	Towns   int    `json:"towns"`   // towns with somebody on site or online
	Asked   int64  `json:"asked"`   // last place given in the queue
}

// Coming is how many people take part, on site or online.
func (t Tally) Coming() int { return t.OnSite + t.Online }

func rsvps() *table[RSVP] {
	return &table[RSVP]{
		family: famRSVP,
		key:    func(r *RSVP) []string { return []string{r.Meeting, r.Member} },
		indexes: []index[RSVP]{
			{family: famRSVPMember, parts: func(r *RSVP) [][]string { return [][]string{{r.Member}} }},
			{family: famRSVPWaiting, parts: func(r *RSVP) [][]string {
				if !r.Waiting {
					return nil
				}
				return [][]string{{r.Meeting, fmt.Sprintf("%012d", r.Queue)}}
			}},
		},
	}
}

func tallies() *table[Tally] {
	return &table[Tally]{family: famRSVPTally, key: func(t *Tally) []string { return []string{t.Meeting} }}
}
