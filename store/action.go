package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	App     string       `json:"app,omitzero"`    // the application it is about: as written, else the item's
	Due     string       `json:"due,omitzero"`    // civil date
	State   ActionState  `json:"state"`
	Steps   []ActionStep `json:"steps,omitzero"` // its history, oldest first
	// Vanished says that the minutes that gave it do not hold it any more; the number stays used.
	Vanished bool      `json:"vanished,omitzero"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
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
	// Minutes says that publishing the minutes made the step: the action left their text, or came back.
	Minutes bool `json:"minutes,omitzero"`
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
			{family: famActionYear, parts: func(a *Action) [][]string {
				var all [][]string
				for i, whose := range []string{"", a.Series, a.Town, a.Person} {
					if i == 0 || whose != "" {
						all = append(all, []string{yearKey(a.Year), whose, string(a.State), a.due()})
					}
				}
				return all
			}},
			under(famActionMeeting, func(a *Action) string { return a.Meeting }),
			under(famActionSeries, func(a *Action) string { return a.Series }),
			under(famActionTown, func(a *Action) string { return a.Town }),
			under(famActionPerson, func(a *Action) string { return a.Person }),
			under(famActionApp, func(a *Action) string { return a.App }),
		},
	}
}

// step writes a change into an action and its history.
func (a *Action) step(t *tx, by Actor, s ActionStep) {
	s.At, s.By = t.now, by.MemberID
	a.Steps = append(slices.Clone(a.Steps), s)
	a.State, a.Town, a.Person, a.Due, a.Changed = s.State, s.Town, s.Person, s.Due, t.now
}

// mayCarry says whether a member may change an action: organisers, its person, and the people of its town.
func mayCarry(m Member, a Action) bool {
	place, ok := m.Place()
	return may(m, Organise) || may(m, Take) && (m.ID == a.Person || ok && place.Town == a.Town && !place.Welcomed.IsZero())
}

// MayCarry is mayCarry for pages.
func (m Member) MayCarry(a Action) bool { return mayCarry(m, a) }

// ActionInput is a change of an action. Empty fields of Town and Person mean nobody; Note says why, for the history.
type ActionInput struct {
	State        ActionState
	Town, Person string // ids
	Due, Note    string
}

// ChangeAction closes an action, opens it again, hands it to another town or person, or moves its date: by the people
// of its town, its person and organisers. Whoever it is handed to is told. The same again changes nothing.
func (s *Store) ChangeAction(ctx context.Context, by Actor, id string, in ActionInput) (Action, error) {
	var c check
	in.State = oneOf(&c, "state", in.State, ActionOpen, ActionDone, ActionDropped)
	in.Note = c.line("note", in.Note, MaxLine)
	if in.Due != "" {
		if day, err := time.Parse(civilDate, in.Due); err != nil || day.Year() < 1990 || day.Year() > 2200 {
			c.add("due", "when.date")
		}
	}
	if err := c.err(); err != nil {
		return Action{}, err
	}
	var a Action
	err := s.update(ctx, "action/"+id, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if a, err = actions().get(t, id); err != nil {
			return err
		}
		if !by.system && !mayCarry(who, a) {
			return denied("actions.not_yours")
		}
		if in.State == ActionOpen { // a town that was merged promises nothing more
			if in.Town, err = t.townIDNow(in.Town); err != nil {
				return err
			}
		}
		if err := t.knownTown("town", in.Town); err != nil {
			return err
		}
		if in.Person != "" {
			m, ok, err := members().find(t, in.Person)
			if err != nil {
				return err
			}
			if !ok || m.State != MemberActive {
				return invalid("person", "rsvp.unknown_member")
			}
		}
		if a.State == in.State && a.Town == in.Town && a.Person == in.Person && a.Due == in.Due && in.Note == "" {
			return nil
		}
		handed := in.State == ActionOpen && (a.Town != in.Town || a.Person != in.Person)
		a.step(t, by, ActionStep{State: in.State, Town: in.Town, Person: in.Person, Due: in.Due, Note: in.Note})
		if err := actions().put(t, a); err != nil || !handed {
			return err
		}
		return t.tellHanded(by, a)
	})
	return a, err
}

// tellHanded tells whoever an action was handed to: its person, else its town's coordinators.
func (t *tx) tellHanded(by Actor, a Action) error {
	people := []Member{{ID: a.Person}}
	if a.Person == "" {
		var err error
		if people, err = t.coordinators(a.Town); err != nil {
			return err
		}
	}
	for _, m := range people {
		if m.ID == by.MemberID {
			continue
		}
		if err := t.emit(Event{Kind: EventActionMoved, Subject: a.ID, Member: m.ID, By: by.MemberID}); err != nil {
			return err
		}
	}
	return nil
}

// ActionNamed finds the town and the person somebody typed: a town by its exact name in any language, a person by
// their handle. Nothing typed is nobody.
func (s *Store) ActionNamed(ctx context.Context, by Actor, town, person string) (ActionInput, error) {
	mark := Mark{Place: strings.TrimSpace(town), Handle: strings.TrimPrefix(strings.TrimSpace(person), "@")}
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Take); err != nil {
			return err
		}
		marks := []Mark{mark}
		if err := t.resolve(Meeting{}, marks); err != nil {
			return err
		}
		mark = marks[0]
		return nil
	})
	if err != nil {
		return ActionInput{}, err
	}
	var c check
	c.line("town", town, MaxTitle)
	c.line("person", person, MaxTitle)
	for _, p := range mark.Problems {
		switch p.Key {
		case "notation.person":
			c.add("person", "rsvp.unknown_member")
		case "notation.town_merged":
			c.add("town", "town.merged_name", p.Args...)
		default:
			c.add("town", "member.town_unknown")
		}
	}
	return ActionInput{Town: mark.Town.ID, Person: mark.Person.ID}, c.err()
}

// ActionByID reads one action.
func (s *Store) ActionByID(ctx context.Context, id string) (Action, error) {
	var a Action
	err := s.view(ctx, func(t *tx) error {
		var err error
		a, err = actions().get(t, id)
		return err
	})
	return a, err
}
