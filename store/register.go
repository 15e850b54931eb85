package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// DecisionQuery asks for decisions, the newest first. Empty fields ask for all. After is where the page before ended.
type DecisionQuery struct {
	Year         int
	Series, Town string // ids
	After        string
	Limit        int
}

// DecisionRow is a decision with what it names.
type DecisionRow struct {
	Decision Decision
	Meeting  Meeting
	Item     AgendaItem // zero when it stands under no item
	Town     Town
}

// DecisionList is one page of the register of decisions. Next is "" at its end.
type DecisionList struct {
	Rows []DecisionRow
	Next string
}

// ActionQuery asks for actions, the most urgent first. State is "open" (also ""), "overdue", "done", "dropped" or
// "all".
type ActionQuery struct {
	State                string
	Series, Town, Person string // ids
	Meeting              string
	Unassigned           bool // only those that name no person
	Year                 int
	After                string
	Limit                int
}

// ActionRow is an action with what it names.
type ActionRow struct {
	Action  Action
	Meeting Meeting
	Town    Town
	Person  Member
	Overdue bool
	May     bool // the reader may change it
}

// ActionList is one page of the register of actions. Next is "" at its end.
type ActionList struct {
	Rows []ActionRow
	Next string
}

// walk reads records of an index from a cursor on until limit of them fit, and the cursor behind the last. What it
// costs grows with what does not fit, never with the length of the register before the cursor.
func walk[T any](t *tx, tb *table[T], ix family, w window, after string, limit int, place func(T) string, fits func(T) bool) (found []T, next string, err error) {
	if after != "" {
		raw, err := base64.RawURLEncoding.DecodeString(after)
		if err != nil {
			return nil, "", notFound()
		}
		w.start(string(raw))
	}
	w.Limit = max(2*limit, 100)
	for {
		batch, err := tb.list(t, ix, w)
		if err != nil {
			return nil, "", err
		}
		for _, one := range batch {
			if !fits(one) {
				continue
			}
			if len(found) == limit {
				return found, base64.RawURLEncoding.EncodeToString([]byte(place(found[limit-1]))), nil
			}
			found = append(found, one)
		}
		if len(batch) < w.Limit {
			return found, "", nil
		}
		w.start(place(batch[len(batch)-1]))
	}
}

// start lets a window begin behind an entry.
func (w *window) start(entry string) {
	if w.Reverse {
		w.To = entry
	} else {
		w.From = entry + partEnd
	}
}

// Decisions is a page of the register of decisions. It is public.
func (s *Store) Decisions(ctx context.Context, q DecisionQuery) (DecisionList, error) {
	var list DecisionList
	err := s.view(ctx, func(t *tx) error {
		ix, w := famDecisionNumber, window{Reverse: true}
		unique := true
		switch {
		case q.Town != "":
			ix, w.Under, unique = famDecisionTown, []string{q.Town}, false
		case q.Series != "":
			ix, w.Under, unique = famDecisionSeries, []string{q.Series}, false
		}
		if q.Year > 0 {
			w.From, w.To = fmt.Sprintf("%04d", q.Year), fmt.Sprintf("%04d", q.Year+1)
		}
		place := func(d Decision) string {
			at := fmt.Sprintf("%04d%06d", d.Year, d.Seq)
			if !unique {
				at += partEnd + d.ID
			}
			return at
		}
		fits := func(d Decision) bool { return q.Series == "" || d.Series == q.Series }
		found, next, err := walk(t, decisions(), ix, w, q.After, q.Limit, place, fits)
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
	var meetingIDs, itemIDs, townIDs []string
	for _, d := range found {
		meetingIDs, itemIDs, townIDs = append(meetingIDs, d.Meeting), append(itemIDs, d.Item), append(townIDs, d.Town)
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
		rows[i] = DecisionRow{Decision: d, Meeting: held[d.Meeting], Item: points[d.Item], Town: places[d.Town]}
	}
	return rows, err
}

var permanent = regexp.MustCompile(`^(\d{4})-(\d{3,6})$`)

// sequenceOf is the index part of a number as people write it; "" when it is none. Only one spelling is a number.
func sequenceOf(text string) string {
	parts := permanent.FindStringSubmatch(text)
	if parts == nil {
		return ""
	}
	year, _ := strconv.Atoi(parts[1])
	seq, _ := strconv.Atoi(parts[2])
	if number(year, seq) != text {
		return ""
	}
	return fmt.Sprintf("%04d%06d", year, seq)
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

// Actions is a page of the register of actions. It is public.
func (s *Store) Actions(ctx context.Context, by Actor, q ActionQuery) (ActionList, error) {
	var list ActionList
	err := s.view(ctx, func(t *tx) error {
		reader, _, err := members().find(t, by.MemberID)
		if err != nil {
			return err
		}
		list, err = t.actionList(reader, q)
		return err
	})
	return list, err
}

func (t *tx) actionList(reader Member, q ActionQuery) (ActionList, error) {
	today := t.now.Format(civilDate)
	state := map[string]string{"": string(ActionOpen), "open": string(ActionOpen), "overdue": string(ActionOpen), "done": string(ActionDone), "dropped": string(ActionDropped)}[q.State]
	ix, w := famActionState, window{}
	for _, by := range []struct {
		family family
		id     string
	}{{famActionPerson, q.Person}, {famActionMeeting, q.Meeting}, {famActionTown, q.Town}, {famActionSeries, q.Series}} {
		if by.id != "" {
			ix, w.Under = by.family, []string{by.id}
			break
		}
	}
	depth := len(w.Under)
	if state != "" {
		w.Under = append(w.Under, state)
	}
	if q.State == "overdue" {
		w.To = today
	}
	place := func(a Action) string {
		parts := []string{string(a.State), a.due(), a.ID}
		return strings.Join(parts[len(w.Under)-depth:], partEnd)
	}
	fits := func(a Action) bool {
		return (q.Series == "" || a.Series == q.Series) && (q.Town == "" || a.Town == q.Town) && (q.Year == 0 || a.Year == q.Year) && (!q.Unassigned || a.Person == "") &&
			(q.State != "overdue" || a.Overdue(today))
	}
	found, next, err := walk(t, actions(), ix, w, q.After, q.Limit, place, fits)
	if err != nil {
		return ActionList{}, err
	}
	rows, err := t.actionRows(found, reader)
	return ActionList{Rows: rows, Next: next}, err
}

func (t *tx) actionRows(found []Action, reader Member) ([]ActionRow, error) {
	var meetingIDs, townIDs, people []string
	for _, a := range found {
		meetingIDs, townIDs, people = append(meetingIDs, a.Meeting), append(townIDs, a.Town), append(people, a.Person)
	}
	held, err := meetings().many(t, meetingIDs)
	if err != nil {
		return nil, err
	}
	places, err := towns().many(t, townIDs)
	if err != nil {
		return nil, err
	}
	persons, err := members().many(t, people)
	rows := make([]ActionRow, len(found))
	for i, a := range found {
		rows[i] = ActionRow{Action: a, Meeting: held[a.Meeting], Town: places[a.Town], Person: persons[a.Person],
			Overdue: a.Overdue(t.now.Format(civilDate)), May: mayCarry(reader, a)}
	}
	return rows, err
}

// ActionPage is one action with the people and towns of its history.
type ActionPage struct {
	ActionRow
	Item       AgendaItem
	People     map[string]Member
	Towns      map[string]Town
	Colleagues []Member // people of its town, to choose from
}

// ActionByNumber finds an action by its permanent number, A-2026-031.
func (s *Store) ActionByNumber(ctx context.Context, by Actor, number string) (ActionPage, error) {
	var page ActionPage
	err := s.view(ctx, func(t *tx) error {
		bare, ok := strings.CutPrefix(number, "A-")
		if !ok {
			return notFound()
		}
		a, err := actions().lookup(t, famActionNumber, sequenceOf(bare))
		if err != nil {
			return err
		}
		reader, _, err := members().find(t, by.MemberID)
		if err != nil {
			return err
		}
		rows, err := t.actionRows([]Action{a}, reader)
		if err != nil {
			return err
		}
		page.ActionRow = rows[0]
		if page.Item, _, err = items().find(t, a.Item); err != nil {
			return err
		}
		var people, places []string
		for _, step := range a.Steps {
			people, places = append(people, step.By, step.Person), append(places, step.Town)
		}
		if page.People, err = members().many(t, people); err != nil {
			return err
		}
		if page.Towns, err = towns().many(t, places); err != nil || a.Town == "" {
			return err
		}
		page.Colleagues, err = t.people(a.Town)
		return err
	})
	return page, err
}

// DecisionYears counts the decisions of each year that has some, the newest first.
func (s *Store) DecisionYears(ctx context.Context) (years []Numbering, err error) {
	err = s.view(ctx, func(t *tx) error {
		years, err = numberings().under(t, window{Under: []string{"decision"}, Reverse: true, Limit: scanBatch})
		return err
	})
	return years, err
}
