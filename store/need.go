package store

import (
	"context"
	"slices"
	"time"
)

// NeedUnit is what towns pledge to a need.
type NeedUnit string

const (
	UnitDays  NeedUnit = "days"
	UnitEuros NeedUnit = "euros"
)

// NeedState is where a need stands.
type NeedState string

const (
	NeedOpen    NeedState = "open"
	NeedReached NeedState = "reached" // enough was pledged in time
	NeedMissed  NeedState = "missed"  // the deadline passed before; never stored
	NeedDone    NeedState = "done"    // what was wanted is there
	NeedDropped NeedState = "dropped"
)

// Need is a feature, or a whole application, that towns want together. They pledge days or euros until a day; when enough is
// there, the pledges hold, and what becomes of them is told to everybody.
type Need struct {
	ID        string     `json:"id"`
	Number    int        `json:"number"`
	App       string     `json:"app,omitzero"` // "" when there is no application yet
	Title     string     `json:"title"`
	Text      string     `json:"text"` // plain
	Lang      string     `json:"lang"`
	Unit      NeedUnit   `json:"unit"`
	Threshold int        `json:"threshold"`
	Pledged   int        `json:"pledged"`  // the sum of the pledges
	Deadline  string     `json:"deadline"` // last day, civil
	State     NeedState  `json:"state"`
	Town      string     `json:"town,omitzero"`
	By        string     `json:"by,omitzero"`
	At        time.Time  `json:"at"`
	Reached   time.Time  `json:"reached,omitzero"`
	Steps     []NeedStep `json:"steps,omitzero"` // what became of it, oldest first
}

// NeedStep is one piece of news about a need.
type NeedStep struct {
	At    time.Time `json:"at"`
	By    string    `json:"by,omitzero"`
	Text  string    `json:"text"`
	State NeedState `json:"state"`
}

// Pledge is what a town gives to a need.
type Pledge struct {
	Need   string    `json:"need"`
	Town   string    `json:"town"`
	Amount int       `json:"amount"`
	Note   string    `json:"note,omitzero"`
	By     string    `json:"by,omitzero"`
	At     time.Time `json:"at"`
}

// StateOn is where the need stands on a civil day.
func (n Need) StateOn(today string) NeedState {
	if n.State == NeedOpen && today > n.Deadline {
		return NeedMissed
	}
	return n.State
}

func needs() *table[Need] {
	return &table[Need]{
		family: famNeed,
		key:    func(n *Need) []string { return []string{n.ID} },
		indexes: []index[Need]{
			{family: famNeedNumber, unique: true, parts: func(n *Need) [][]string { return [][]string{{threadNumber(n.Number)}} }},
			{family: famNeedApp, parts: func(n *Need) [][]string {
				if n.App == "" {
					return nil
				}
				return [][]string{{n.App, instant(n.At)}}
			}},
		},
	}
}

func pledges() *table[Pledge] {
	return &table[Pledge]{
		family: famPledge,
		key:    func(p *Pledge) []string { return []string{p.Need, p.Town} },
		indexes: []index[Pledge]{
			{family: famPledgeTown, parts: func(p *Pledge) [][]string { return [][]string{{p.Town}} }},
		},
	}
}

// NeedInput is what a member types about a need.
type NeedInput struct {
	App               string // id
	Title, Text, Lang string
	Unit              NeedUnit
	Threshold         int
	Deadline          string
}

// Limits of needs and pledges.
const (
	maxDays     = 10_000
	maxEuros    = 10_000_000
	maxNeedDays = 2 * 366 // from its opening to its deadline
	maxSteps    = 100
)

// OpenNeed says what is wanted, and how much it takes: by the welcomed people of a town and stewards.
func (s *Store) OpenNeed(ctx context.Context, by Actor, in NeedInput) (Need, error) {
	var c check
	n := Need{App: in.App, Unit: in.Unit, Threshold: in.Threshold, State: NeedOpen}
	n.Title = c.required("title", in.Title, MaxTitle)
	if n.Text = c.text("text", in.Text, MaxText); n.Text == "" {
		c.add("text", "invalid.required")
	}
	n.Lang = oneOf(&c, "lang", in.Lang, Languages()...)
	oneOf(&c, "unit", in.Unit, UnitDays, UnitEuros)
	c.between("threshold", in.Threshold, 1, most(in.Unit))
	if n.Deadline = civil(&c, "deadline", in.Deadline); n.Deadline == "" {
		c.add("deadline", "invalid.required")
	}
	if err := c.err(); err != nil {
		return n, err
	}
	err := s.update(ctx, "needs", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.addsApp(by)
		if err != nil {
			return err
		}
		if today := t.now.Format(civilDate); n.Deadline < today || n.Deadline > t.now.AddDate(0, 0, maxNeedDays).Format(civilDate) {
			return invalid("deadline", "need.deadline_far")
		}
		if in.App != "" {
			if _, ok, err := apps().find(t, in.App); err != nil || !ok {
				return invalid("app", "app.unknown")
			}
		}
		if n.Number, err = t.giveNumber("need", 0); err != nil {
			return err
		}
		if n.ID, err = t.newID(); err != nil {
			return err
		}
		n.Town, n.By, n.At = who.TownID(), who.ID, t.now
		return needs().put(t, n)
	})
	return n, err
}

func most(unit NeedUnit) int {
	if unit == UnitEuros {
		return maxEuros
	}
	return maxDays
}

// PledgeTo promises days or euros of a town to a need, or with 0 takes the promise back: by the town's coordinators and
// stewards, until the deadline. Once enough is there, no pledge may take the sum below it again.
func (s *Store) PledgeTo(ctx context.Context, by Actor, needID, townID string, amount int, note string) (Need, error) {
	var c check
	note = c.line("note", note, MaxLine)
	if err := c.err(); err != nil {
		return Need{}, err
	}
	var n Need
	err := s.update(ctx, "need/"+needID, func(t *tx) error {
		if err := t.requireTown(by, townID, mayEditTown); err != nil {
			return err
		}
		town, err := towns().get(t, townID)
		if err != nil {
			return err
		}
		if n, err = needs().get(t, needID); err != nil {
			return err
		}
		if amount < 0 || amount > most(n.Unit) {
			return invalid("amount", "invalid.range", "Low", 0, "High", most(n.Unit))
		}
		if state := n.StateOn(t.now.Format(civilDate)); town.State != TownMember || state != NeedOpen && state != NeedReached || t.now.Format(civilDate) > n.Deadline {
			return conflict("need.over")
		}
		had, _, err := pledges().find(t, needID, townID)
		if err != nil {
			return err
		}
		n.Pledged += amount - had.Amount
		if n.State == NeedReached && n.Pledged < n.Threshold {
			return invalid("amount", "need.holds")
		}
		if amount == 0 {
			err = pledges().remove(t, needID, townID)
		} else {
			err = pledges().put(t, Pledge{Need: needID, Town: townID, Amount: amount, Note: note, By: by.MemberID, At: t.now})
		}
		if err != nil {
			return err
		}
		if n.State == NeedOpen && n.Pledged >= n.Threshold {
			n.State, n.Reached = NeedReached, t.now
			if err := t.emit(Event{Kind: EventNeedReached, Subject: n.ID}); err != nil {
				return err
			}
		}
		return needs().put(t, n)
	})
	return n, err
}

// mayTend says who may tell what becomes of a need: who asked, the coordinators of their town, those who look after the
// application, and stewards.
func (t *tx) mayTend(m Member, n Need) (bool, error) {
	if may(m, Steward) || may(m, Take) && (m.ID == n.By || n.Town != "" && m.Coordinates(n.Town)) {
		return true, nil
	}
	app, ok, err := apps().find(t, n.App)
	return ok && mayKeepApp(m, app), err
}

// TendNeed tells what becomes of a need, and with a state that it is done, dropped or, after that, open to news again. Those
// whose towns pledged hear of it.
func (s *Store) TendNeed(ctx context.Context, by Actor, needID, text string, state NeedState) (Need, error) {
	var c check
	text = c.text("news", text, MaxText)
	if text == "" {
		c.add("news", "invalid.required")
	}
	oneOf(&c, "state", state, "", NeedDone, NeedDropped)
	if err := c.err(); err != nil {
		return Need{}, err
	}
	var n Need
	err := s.update(ctx, "need/"+needID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if n, err = needs().get(t, needID); err != nil {
			return err
		}
		if ok, err := t.mayTend(who, n); err != nil || !ok && !by.system {
			if err == nil {
				err = denied("need.not_yours")
			}
			return err
		}
		if len(n.Steps) >= maxSteps {
			return fail(Full, "need.too_many_steps", "Max", maxSteps)
		}
		if err := t.spendNews(by); err != nil {
			return err
		}
		if state != "" {
			n.State = state
		}
		n.Steps = append(slices.Clone(n.Steps), NeedStep{At: t.now, By: who.ID, Text: text, State: n.StateOn(t.now.Format(civilDate))})
		if err := needs().put(t, n); err != nil {
			return err
		}
		return t.emit(Event{Kind: EventNeedNews, Subject: n.ID, By: by.MemberID, Data: map[string]string{"text": text}})
	})
	return n, err
}
