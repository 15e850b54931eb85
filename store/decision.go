package store

import (
	"fmt"
	"time"
)

// Vote is how the towns present voted; all zero when nobody counted.
type Vote struct {
	For     int `json:"for"`
	Against int `json:"against"`
	Abstain int `json:"abstain"`
}

// Decision is what a meeting decided, a record since its minutes were published. Year and Seq make its permanent
// number; numbers of a year have no gap and are never given twice.
type Decision struct {
	ID        string      `json:"id"`
	Year      int         `json:"year"` // of the meeting, in its zone
	Seq       int         `json:"seq"`  // from 1
	Meeting   string      `json:"meeting"`
	Series    string      `json:"series,omitzero"`
	Item      string      `json:"item,omitzero"` // the agenda item it was taken under
	Town      string      `json:"town,omitzero"` // the town that asked for it: the item's
	Title     string      `json:"title"`         // its words, one paragraph of plain text
	Lang      string      `json:"lang"`
	Vote      Vote        `json:"vote,omitzero"`
	Outcome   ItemOutcome `json:"outcome"`
	Date      string      `json:"date"`               // civil date of the meeting
	Withdrawn time.Time   `json:"withdrawn,omitzero"` // taken out of the minutes before they were approved; the number stays used
	Created   time.Time   `json:"created"`
	Changed   time.Time   `json:"changed"`
}

// Number is how people name the decision: 2026-014.
func (d Decision) Number() string { return number(d.Year, d.Seq) }

func number(year, seq int) string { return fmt.Sprintf("%04d-%03d", year, seq) }

// ItemOutcome is what became of an agenda item.
type ItemOutcome string

const (
	OutcomeAccepted  ItemOutcome = "accepted"
	OutcomeChanged   ItemOutcome = "changed" // accepted with changes
	OutcomeRefused   ItemOutcome = "refused"
	OutcomePostponed ItemOutcome = "postponed"
	OutcomeNoted     ItemOutcome = "noted"
)

func decisions() *table[Decision] {
	sequence := func(d *Decision) string { return fmt.Sprintf("%04d%06d", d.Year, d.Seq) }
	under := func(family family, id func(*Decision) string) index[Decision] {
		return index[Decision]{family: family, parts: func(d *Decision) [][]string {
			if id(d) == "" {
				return nil
			}
			return [][]string{{id(d), sequence(d)}}
		}}
	}
	return &table[Decision]{
		family: famDecision,
		key:    func(d *Decision) []string { return []string{d.ID} },
		indexes: []index[Decision]{
			{family: famDecisionNumber, unique: true, parts: func(d *Decision) [][]string { return [][]string{{sequence(d)}} }},
			under(famDecisionMeeting, func(d *Decision) string { return d.Meeting }),
			under(famDecisionSeries, func(d *Decision) string { return d.Series }),
			under(famDecisionTown, func(d *Decision) string { return d.Town }),
		},
	}
}
