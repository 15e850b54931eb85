package store

import (
	"context"
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
	App       string      `json:"app,omitzero"`  // the application it is about: as written, else the item's
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

// OutcomeWithdrawn asks the register for what was taken out of the minutes again; no item has it.
const OutcomeWithdrawn ItemOutcome = "withdrawn"

func (d *Decision) state() string {
	if !d.Withdrawn.IsZero() {
		return string(OutcomeWithdrawn)
	}
	return string(d.Outcome)
}

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
			under(famDecisionApp, func(d *Decision) string { return d.App }),
			under(famDecisionOutcome, (*Decision).state),
		},
	}
}

// DecisionQuery asks for decisions, the newest first. Empty fields ask for all. After is where the page before ended.
type DecisionQuery struct {
	Year         int
	Series, Town string      // ids
	App          string      // id
	Outcome      ItemOutcome // also OutcomeWithdrawn
	After        string
	Limit        int
}

// DecisionRow is a decision with what it names.
type DecisionRow struct {
	Decision Decision
	Meeting  Meeting
	Item     AgendaItem // zero when it stands under no item, or under one for members only
	Town     Town
	App      App
}

// DecisionList is one page of the register of decisions. Next is "" at its end.
type DecisionList struct {
	Rows []DecisionRow
	Next string
}

// Decisions is a page of the register of decisions. It is public.
func (s *Store) Decisions(ctx context.Context, q DecisionQuery) (DecisionList, error) {
	var list DecisionList
	err := s.view(ctx, func(t *tx) error {
		ix, w := famDecisionNumber, window{Reverse: true}
		switch {
		case q.App != "":
			ix, w.Under = famDecisionApp, []string{q.App}
		case q.Town != "":
			ix, w.Under = famDecisionTown, []string{q.Town}
		case q.Outcome != "":
			ix, w.Under = famDecisionOutcome, []string{string(q.Outcome)}
		case q.Series != "":
			ix, w.Under = famDecisionSeries, []string{q.Series}
		}
		if q.Year > 0 {
			w.From, w.To = fmt.Sprintf("%04d", q.Year), fmt.Sprintf("%04d", q.Year+1)
		}
		place := func(d Decision) string {
			at := fmt.Sprintf("%04d%06d", d.Year, d.Seq)
			if ix != famDecisionNumber {
				at += partEnd + d.ID
			}
			return at
		}
		fits := func(d Decision) bool {
			return (q.Series == "" || d.Series == q.Series) && (q.Town == "" || d.Town == q.Town) && (q.Outcome == "" || d.state() == string(q.Outcome))
		}
		found, next, err := walk(t, decisions(), ix, []window{w}, paging[Decision]{q.After, q.Limit, place, fits, 0})
		if err != nil {
			return err
		}
		list.Next = next
		list.Rows, err = t.decisionRows(found)
		return err
	})
	return list, err
}

func (t *tx) decisionRows(found []Decision) ([]DecisionRow, error) {
	var meetingIDs, itemIDs, townIDs, appIDs []string
	for _, d := range found {
		meetingIDs, itemIDs, townIDs, appIDs = append(meetingIDs, d.Meeting), append(itemIDs, d.Item), append(townIDs, d.Town), append(appIDs, d.App)
	}
	programs, err := apps().many(t, appIDs)
	if err != nil {
		return nil, err
	}
	held, err := meetings().many(t, meetingIDs)
	if err != nil {
		return nil, err
	}
	points, err := items().many(t, itemIDs)
	if err != nil {
		return nil, err
	}
	places, err := towns().many(t, townIDs)
	rows := make([]DecisionRow, len(found))
	for i, d := range found {
		rows[i] = DecisionRow{Decision: d, Meeting: held[d.Meeting], Item: shown(points[d.Item]), Town: places[d.Town], App: programs[d.App]}
	}
	return rows, err
}

// DecisionByNumber finds a decision by its permanent number, 2026-014.
func (s *Store) DecisionByNumber(ctx context.Context, number string) (DecisionRow, error) {
	var row DecisionRow
	err := s.view(ctx, func(t *tx) error {
		d, err := decisions().lookup(t, famDecisionNumber, sequenceOf(number))
		if err != nil {
			return err
		}
		rows, err := t.decisionRows([]Decision{d})
		if err == nil {
			row = rows[0]
		}
		return err
	})
	return row, err
}

// DecisionYears counts the decisions of each year that has some, the newest first.
func (s *Store) DecisionYears(ctx context.Context) ([]Numbering, error) {
	return s.years(ctx, "decision")
}

// ActionYears counts the actions of each year that has some, the newest first.
func (s *Store) ActionYears(ctx context.Context) ([]Numbering, error) { return s.years(ctx, "action") }

func (s *Store) years(ctx context.Context, kind string) (years []Numbering, err error) {
	err = s.view(ctx, func(t *tx) error {
		years, err = numberings().under(t, window{Under: []string{kind}, Reverse: true, Limit: scanBatch})
		return err
	})
	return years, err
}
