package store

import (
	"fmt"
	"time"
)

// ItemKind says what an agenda item asks of the meeting.
type ItemKind string

const (
	Information ItemKind = "information"
	Discussion  ItemKind = "discussion"
	Decision    ItemKind = "decision"
)

// ItemState is where a proposed item stands.
type ItemState string

const (
	ItemProposed ItemState = "proposed" // waits for an organiser
	ItemAccepted ItemState = "accepted"
)

// AgendaItem is one point of a meeting's agenda.
type AgendaItem struct {
	ID       string    `json:"id"`
	Meeting  string    `json:"meeting"`
	Order    int       `json:"order"`
	Title    string    `json:"title"`
	Text     string    `json:"text,omitzero"` // plain text
	Lang     string    `json:"lang"`
	Kind     ItemKind  `json:"kind"`
	Owner    string    `json:"owner,omitzero"` // member id
	Town     string    `json:"town,omitzero"`  // town id
	Minutes  int       `json:"minutes"`        // of time, 0 for none
	State    ItemState `json:"state"`
	Standing bool      `json:"standing,omitzero"`
	By       string    `json:"by,omitzero"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
}

func items() *table[AgendaItem] {
	return &table[AgendaItem]{
		family: famItem,
		key:    func(i *AgendaItem) []string { return []string{i.ID} },
		indexes: []index[AgendaItem]{
			{family: famItemMeeting, parts: func(i *AgendaItem) [][]string {
				return [][]string{{i.Meeting, fmt.Sprintf("%06d", i.Order)}}
			}},
		},
	}
}
