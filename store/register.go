package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// walk reads records of an index, window after window, from a cursor on until limit of them fit, and the cursor
// behind the last. What it costs grows with what does not fit, never with the length of the register before the cursor.
func walk[T any](t *tx, tb *table[T], ix family, windows []window, q paging[T]) (found []T, next string, err error) {
	looked, last := 0, ""
	at, err := q.begin(windows)
	if err != nil {
		return nil, "", err
	}
	for ; at < len(windows); at++ {
		w := windows[at]
		w.Limit = q.limit + 1 // mostly enough; where little fits, the next are larger
		for more := true; more; {
			batch, err := tb.list(t, ix, w)
			if err != nil {
				return nil, "", err
			}
			for _, one := range batch {
				if looked++; q.bound > 0 && looked > q.bound {
					return found, next, nil
				}
				if q.bound > 0 {
					next = cursor(at, q.place(one))
				}
				if !q.fits(one) {
					continue
				}
				if len(found) == q.limit {
					return found, last, nil
				}
				found = append(found, one)
				last = cursor(at, q.place(one))
				next = last
			}
			if more = len(batch) == w.Limit; more {
				w.Limit = max(2*q.limit, 100)
				w.start(q.place(batch[len(batch)-1]))
			}
		}
	}
	return found, "", nil
}

// paging is which records a page has: those behind a cursor that fit, so many; place is where an index has one.
type paging[T any] struct {
	after string
	limit int
	place func(T) string
	fits  func(T) bool
	bound int // look at no more than this many, 0 for all; the page may be short then and have a next one
}

// cursor names an entry of one of the windows.
func cursor(at int, entry string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(at) + ":" + entry))
}

// cursorPlace is the entry that a cursor of a single window names, "" without one.
func cursorPlace(after string) (string, error) {
	if after == "" {
		return "", nil
	}
	windows := make([]window, 1)
	windows[0].Reverse = true
	_, err := paging[struct{}]{after: after}.begin(windows)
	return windows[0].To, err
}

// begin lets the windows begin at the cursor, and says which is the first. A cursor that nobody gave is NotFound.
func (q paging[T]) begin(windows []window) (int, error) {
	if q.after == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.after)
	n, entry, ok := strings.Cut(string(raw), ":")
	at, bad := strconv.Atoi(n)
	if err != nil || bad != nil || !ok || at < 0 || at >= len(windows) {
		return 0, notFound()
	}
	windows[at].start(entry)
	return at, nil
}

// start lets a window begin behind an entry.
func (w *window) start(entry string) {
	if w.Reverse {
		w.To = entry
	} else {
		w.From = entry + partEnd
	}
}

// shown is an item as the registers name it: they are public, so what is for members only is not named.
func shown(item AgendaItem) AgendaItem {
	if item.Members {
		return AgendaItem{}
	}
	return item
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

// ActionQuery asks for actions: open ones by their date, the most urgent first, closed ones by their date, the latest
// first. State is "open" (also ""), "overdue", "done", "dropped" or "all", which is one after the other.
type ActionQuery struct {
	State                string
	Series, Town, Person string // ids
	Meeting              string
	App                  string // id
	Unassigned           bool   // only those that name no person
	Year                 int
	Newest               bool // by number instead, the newest first, and not farther back than newestReach
	After                string
	Limit                int
}

// newestReach bounds how many actions a look at the newest reads.
const newestReach = 1000

// ActionRow is an action with what it names.
type ActionRow struct {
	Action  Action
	Meeting Meeting
	Town    Town
	Person  Member
	App     App
	Overdue bool
	May     bool // the reader may change it
}

// ActionList is one page of the register of actions. Next is "" at its end.
type ActionList struct {
	Rows []ActionRow
	Next string
}

// Actions is a page of the register of actions. It is public.
func (s *Store) Actions(ctx context.Context, by Actor, q ActionQuery) (ActionList, error) {
	var list ActionList
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		list, err = t.actionList(reader, q)
		return err
	})
	return list, err
}

func (t *tx) actionList(reader Member, q ActionQuery) (ActionList, error) {
	if q.Newest {
		return t.newestActions(reader, q)
	}
	today := t.now.Format(civilDate)
	ix, under := famActionState, []string(nil)
	whose := cmp.Or(q.Person, q.Town, q.Series)
	switch {
	case q.Meeting != "":
		ix, under = famActionMeeting, []string{q.Meeting}
	case q.App != "":
		ix, under = famActionApp, []string{q.App}
	case q.Year != 0:
		ix, under = famActionYear, []string{yearKey(q.Year), whose}
	case q.Person != "":
		ix, under = famActionPerson, []string{q.Person}
	case q.Town != "":
		ix, under = famActionTown, []string{q.Town}
	case q.Series != "":
		ix, under = famActionSeries, []string{q.Series}
	}
	of := func(state ActionState) window {
		return window{Under: append(slices.Clone(under), string(state)), Reverse: state != ActionOpen}
	}
	windows := []window{of(ActionOpen)}
	switch q.State {
	case "overdue":
		windows[0].To = today
	case "done", "dropped":
		windows = []window{of(ActionState(q.State))}
	case "all":
		windows = append(windows, of(ActionDone), of(ActionDropped))
	}
	place := func(a Action) string { return a.due() + partEnd + a.ID }
	found, next, err := walk(t, actions(), ix, windows, paging[Action]{q.After, q.Limit, place, q.fits, 0})
	if err != nil {
		return ActionList{}, err
	}
	rows, err := t.actionRows(found, reader)
	return ActionList{Rows: rows, Next: next}, err
}

func yearKey(year int) string { return fmt.Sprintf("%04d", year) }

// fits says whether an action is asked for; its state and date are the index's matter.
func (q ActionQuery) fits(a Action) bool {
	return (q.Series == "" || a.Series == q.Series) && (q.Town == "" || a.Town == q.Town) && (q.Person == "" || a.Person == q.Person) &&
		(q.Meeting == "" || a.Meeting == q.Meeting) && (q.App == "" || a.App == q.App) && (q.Year == 0 || a.Year == q.Year) && (!q.Unassigned || a.Person == "")
}

// newestActions are the last that were given. They are not paged.
func (t *tx) newestActions(reader Member, q ActionQuery) (ActionList, error) {
	last, err := actions().list(t, famActionNumber, window{Reverse: true, Limit: newestReach})
	if err != nil {
		return ActionList{}, err
	}
	var found []Action
	for _, a := range last {
		state := q.State == "" || q.State == "all" || q.State == string(a.State) || q.State == "overdue" && a.Overdue(t.now.Format(civilDate))
		if state && q.fits(a) && len(found) < q.Limit {
			found = append(found, a)
		}
	}
	rows, err := t.actionRows(found, reader)
	return ActionList{Rows: rows}, err
}

func (t *tx) actionRows(found []Action, reader Member) ([]ActionRow, error) {
	var meetingIDs, townIDs, people, appIDs []string
	for _, a := range found {
		meetingIDs, townIDs, people, appIDs = append(meetingIDs, a.Meeting), append(townIDs, a.Town), append(people, a.Person), append(appIDs, a.App)
	}
	programs, err := apps().many(t, appIDs)
	if err != nil {
		return nil, err
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
		rows[i] = ActionRow{Action: a, Meeting: held[a.Meeting], Town: places[a.Town], Person: persons[a.Person], App: programs[a.App],
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
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		rows, err := t.actionRows([]Action{a}, reader)
		if err != nil {
			return err
		}
		page.ActionRow = rows[0]
		item, _, err := items().find(t, a.Item)
		if err != nil {
			return err
		}
		page.Item = shown(item)
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
