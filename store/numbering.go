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
	v.number(famDecision, "decision", d.Year, d.Seq)
	v.lead(famDecision, d.ID, famMinutes, d.Meeting)
	v.lead(famDecision, d.ID, famItem, d.Item)
	v.lead(famDecision, d.ID, famTown, d.Town)
	v.lead(famDecision, d.ID, famApp, d.App)
}

func (v *verification) action(a *Action) {
	v.number(famAction, "action", a.Year, a.Seq)
	v.lead(famAction, a.ID, famMinutes, a.Meeting)
	v.lead(famAction, a.ID, famItem, a.Item)
	v.lead(famAction, a.ID, famTown, a.Town)
	v.lead(famAction, a.ID, famApp, a.App)
	v.lead(famAction, a.ID, famMember, a.Person)
}

func (v *verification) number(from family, kind string, year, seq int) {
	key := numberingKey(kind, year)
	if v.given[key] == nil {
		v.given[key] = map[int]bool{}
	}
	if v.given[key][seq] {
		v.report(Fault{"count", string(from), "two records have the number " + number(year, seq)})
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
		inText, place := map[string]int{}, string(famMinutes)+"/"+m.Meeting
		if m.Published > 0 {
			revision, ok, err := revisions().find(v.t, m.Meeting, fmt.Sprintf("%06d", m.Published))
			if err != nil || !ok { // reported as a record or a reference already
				return nil
			}
			sum := sha256.Sum256([]byte(revision.Source))
			if !m.Approval.At.IsZero() && (hex.EncodeToString(sum[:]) != m.Approval.SHA256 || m.Published != m.Approval.Revision) {
				v.report(Fault{"record", place, "the approved text is not the one that was approved: its SHA-256 differs"})
			}
			_, marks := Notation(revision.Source, "")
			for _, mark := range marks {
				if inText[mark.Number]++; mark.Number == "" && mark.Kind != MarkResult {
					v.report(Fault{"reference", place, fmt.Sprintf("line %d of the text has no number", mark.Line)})
				} else if mark.Number != "" && inText[mark.Number] == 2 {
					v.report(Fault{"reference", place, "the text names " + mark.Number + " twice"})
				}
			}
		}
		if id := v.results[m.Meeting]; id != "" && m.Published == 0 {
			v.report(Fault{"reference", string(famItem) + "/" + id, "has a result, but the minutes that say so are not published"})
		}
		recorded := map[string]bool{"": true}
		compare := func(number string, gone bool) {
			switch recorded[number] = true; {
			case gone && inText[number] > 0:
				v.report(Fault{"reference", place, number + " was taken out of the text, but is there"})
			case !gone && inText[number] == 0:
				v.report(Fault{"reference", place, number + " is not in the text"})
			}
		}
		// A record or an entry that cannot be read was reported before.
		_ = decisions().every(v.t, famDecisionMeeting, m.Meeting, func(d Decision) { compare(d.Number(), !d.Withdrawn.IsZero()) })
		_ = actions().every(v.t, famActionMeeting, m.Meeting, func(a Action) { compare(a.Number(), a.Vanished) })
		for _, number := range slices.Sorted(maps.Keys(inText)) {
			if !recorded[number] {
				v.report(Fault{"reference", place, "the text names " + number + ", which has no record"})
			}
		}
		return nil
	})
}
