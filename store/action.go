package store

import (
	"fmt"
	"time"
)

// ActionState is where an action stands.
type ActionState string

const (
	ActionOpen    ActionState = "open"
	ActionDone    ActionState = "done"
	ActionDropped ActionState = "dropped"
)

// Action is something a town promised at a meeting, a record since the minutes were published. It returns on every
// next agenda of its series until it is closed.
type Action struct {
	ID      string       `json:"id"`
	Year    int          `json:"year"` // of the meeting that gave it; with Seq its permanent number
	Seq     int          `json:"seq"`
	Meeting string       `json:"meeting"`
	Series  string       `json:"series,omitzero"`
	Item    string       `json:"item,omitzero"` // the agenda item it came from
	Title   string       `json:"title"`         // one paragraph of plain text
	Lang    string       `json:"lang"`
	Town    string       `json:"town,omitzero"`   // the town that promised it, or took it over
	Person  string       `json:"person,omitzero"` // member id; may have left
	Due     string       `json:"due,omitzero"`    // civil date
	State   ActionState  `json:"state"`
	Steps   []ActionStep `json:"steps,omitzero"` // its history, oldest first
	Created time.Time    `json:"created"`
	Changed time.Time    `json:"changed"`
}

// ActionStep is one change of an action: its state, or the town or person who carries it.
type ActionStep struct {
	At     time.Time   `json:"at"`
	By     string      `json:"by,omitzero"`
	State  ActionState `json:"state"`
	Town   string      `json:"town,omitzero"`
	Person string      `json:"person,omitzero"`
	Due    string      `json:"due,omitzero"`
	Note   string      `json:"note,omitzero"`
}

// Number is how people name the action: A-2026-031.
func (a Action) Number() string { return "A-" + number(a.Year, a.Seq) }

// Overdue says whether the action should have been done before this civil date.
func (a Action) Overdue(today string) bool {
	return a.State == ActionOpen && a.Due != "" && a.Due < today
}

// due sorts actions without a date behind all others.
func (a Action) due() string {
	if a.Due == "" {
		return "9999-12-31"
	}
	return a.Due
}

func actions() *table[Action] {
	under := func(family family, id func(*Action) string) index[Action] {
		return index[Action]{family: family, parts: func(a *Action) [][]string {
			if id(a) == "" {
				return nil
			}
			return [][]string{{id(a), string(a.State), a.due()}}
		}}
	}
	return &table[Action]{
		family: famAction,
		key:    func(a *Action) []string { return []string{a.ID} },
		indexes: []index[Action]{
			{family: famActionNumber, unique: true, parts: func(a *Action) [][]string {
				return [][]string{{fmt.Sprintf("%04d%06d", a.Year, a.Seq)}}
			}},
			{family: famActionState, parts: func(a *Action) [][]string { return [][]string{{string(a.State), a.due()}} }},
			under(famActionMeeting, func(a *Action) string { return a.Meeting }),
			under(famActionSeries, func(a *Action) string { return a.Series }),
			under(famActionTown, func(a *Action) string { return a.Town }),
			under(famActionPerson, func(a *Action) string { return a.Person }),
		},
	}
}
