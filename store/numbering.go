package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// Numbering is the last permanent number given of one kind ("decision", "action") in one year.
type Numbering struct {
	Kind string `json:"kind"`
	Year int    `json:"year"`
	Last int    `json:"last"`
}

func numberings() *table[Numbering] {
	return &table[Numbering]{family: famNumbering, key: func(n *Numbering) []string { return []string{n.Kind, fmt.Sprintf("%04d", n.Year)} }}
}

// giveNumber takes the year's next number in the transaction that uses it, so that none is lost or given twice.
func (t *tx) giveNumber(kind string, year int) (int, error) {
	n, _, err := numberings().find(t, kind, fmt.Sprintf("%04d", year))
	if err != nil {
		return 0, err
	}
	n.Kind, n.Year = kind, year
	n.Last++
	return n.Last, numberings().put(t, n)
}

func numberingKey(kind string, year int) string { return fmt.Sprintf("%s %04d", kind, year) }

func (v *verification) decision(d *Decision) {
	v.number("decision", d.Year, d.Seq)
	v.lead(famDecision, d.ID, famMeeting, d.Meeting)
	v.lead(famDecision, d.ID, famItem, d.Item)
	v.lead(famDecision, d.ID, famTown, d.Town)
}

func (v *verification) action(a *Action) {
	v.number("action", a.Year, a.Seq)
	v.lead(famAction, a.ID, famMeeting, a.Meeting)
	v.lead(famAction, a.ID, famItem, a.Item)
	v.lead(famAction, a.ID, famTown, a.Town)
	v.lead(famAction, a.ID, famMember, a.Person)
}

func (v *verification) number(kind string, year, seq int) {
	key := numberingKey(kind, year)
	if v.given[key] == nil {
		v.given[key] = map[int]bool{}
	}
	v.given[key][seq] = true
}

// numbers looks for gaps: every number up to the last one given has its record, and no record has a later one.
func (v *verification) numbers() error {
	for _, key := range slices.Sorted(maps.Keys(v.last)) {
		for n := 1; n <= v.last[key]; n++ {
			if !v.given[key][n] {
				v.report(Fault{"count", string(famNumbering) + "/" + key, fmt.Sprintf("number %d was given, but has no record", n)})
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.given)) {
		if most := slices.Max(slices.Collect(maps.Keys(v.given[key]))); most > v.last[key] {
			v.report(Fault{"count", string(famNumbering) + "/" + key, fmt.Sprintf("a record has number %d, the last one given is %d", most, v.last[key])})
		}
	}
	return nil
}

// published compares the numbers in published minutes with the records, and approved minutes with their hash.
func (v *verification) published() error {
	return minutes().each(v.t, func(m Minutes) error {
		if m.Published == 0 {
			return nil
		}
		revision, ok, err := revisions().find(v.t, m.Meeting, fmt.Sprintf("%06d", m.Published))
		if err != nil || !ok { // reported as a reference already
			return nil
		}
		place := string(famMinutes) + "/" + m.Meeting
		if sum := sha256.Sum256([]byte(revision.Source)); m.Approval.SHA256 != "" && hex.EncodeToString(sum[:]) != m.Approval.SHA256 {
			v.report(Fault{"record", place, "the approved text is not the one that was approved: its SHA-256 differs"})
		}
		_, marks := Notation(revision.Source, "")
		inText := map[string]bool{}
		for _, mark := range marks {
			inText[mark.Number] = true
		}
		taken, err := decisions().list(v.t, famDecisionMeeting, window{Under: []string{m.Meeting}, Limit: scanBatch})
		if err != nil {
			return nil
		}
		given, err := actions().list(v.t, famActionMeeting, window{Under: []string{m.Meeting}, Limit: scanBatch})
		if err != nil {
			return nil
		}
		recorded := map[string]bool{"": true}
		for _, d := range taken {
			if recorded[d.Number()] = true; d.Withdrawn.IsZero() && !inText[d.Number()] {
				v.report(Fault{"reference", place, "decision " + d.Number() + " is not in the text"})
			}
		}
		for _, a := range given {
			if recorded[a.Number()] = true; a.State == ActionOpen && !inText[a.Number()] {
				v.report(Fault{"reference", place, "action " + a.Number() + " is not in the text"})
			}
		}
		for number := range inText {
			if !recorded[number] {
				v.report(Fault{"reference", place, "the text names " + number + ", which has no record"})
			}
		}
		return nil
	})
}
