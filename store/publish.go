package store

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// PublishMinutes shows the newest revision to everybody and turns its notation into records, with their numbers written
// into the text as a revision of its own: by organisers, until the minutes are approved. A block that says what a
// published one said keeps its number though the text lost it. Those who took part are told the first time. What is wrong with the notation is Invalid, with its line, and publishes nothing. Publishing what is
// published changes nothing.
func (s *Store) PublishMinutes(ctx context.Context, by Actor, meetingID string) (Minutes, error) {
	meeting, revision, err := s.newestMinutes(ctx, by, meetingID)
	if err != nil {
		return Minutes{}, err
	}
	text, _ := Notation(revision.Source, meeting.Date)
	html, err := s.renderer.Render(ctx, text)
	if err != nil {
		return Minutes{}, err
	}
	var kept Minutes
	err = s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		have, err := minutes().get(t, meetingID)
		if err != nil {
			return err
		}
		if have.Revision != revision.Number {
			return conflict("minutes.saved_meanwhile")
		}
		if kept = have; have.Published == have.Revision {
			return nil
		}
		m, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		if m.State == MeetingCancelled { // while it ran, after its minutes were begun
			return conflict("minutes.not_begun")
		}
		kept, err = t.publish(by, m, have, revision, html)
		return err
	})
	return kept, err
}

// publish makes the records of a revision and shows it.
func (t *tx) publish(by Actor, m Meeting, have Minutes, revision MinutesRevision, html string) (Minutes, error) {
	source, err := t.record(by, m, have, revision.Source)
	if err != nil {
		return have, err
	}
	if source != revision.Source { // the numbers that were given
		have.Revision++
		next := MinutesRevision{Meeting: m.ID, Number: have.Revision, Source: source, By: revision.By, At: t.now, Numbered: true}
		if err := revisions().put(t, next); err != nil {
			return have, err
		}
	}
	first := have.Published == 0
	if have.Published, have.HTML, have.Renderer = have.Revision, html, t.store.renderer.Version; first {
		have.At = t.now
	}
	if err := minutes().put(t, have); err != nil {
		return have, err
	}
	if err := t.audit(by, "audit.minutes_published", m.ID, map[string]string{"revision": fmt.Sprint(have.Revision)}); err != nil {
		return have, err
	}
	if !first {
		return have, nil
	}
	m.State = MeetingMinuted
	if err := meetings().put(t, m); err != nil {
		return have, err
	}
	return have, t.emit(Event{Kind: EventMinutes, Subject: m.ID, By: by.MemberID})
}

func (s *Store) newestMinutes(ctx context.Context, by Actor, meetingID string) (Meeting, MinutesRevision, error) {
	var m Meeting
	var revision MinutesRevision
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		have, err := minutes().get(t, meetingID)
		if err != nil {
			return err
		}
		if m, err = meetings().get(t, meetingID); err != nil {
			return err
		}
		revision, err = revisions().get(t, meetingID, fmt.Sprintf("%06d", have.Revision))
		return err
	})
	return m, revision, err
}

// publication is one publishing of minutes in its transaction.
type publication struct {
	*tx
	by        Actor
	meeting   Meeting
	lang      string
	agenda    map[string]AgendaItem
	published []Mark                 // the blocks that were published last
	before    map[string]Mark        // the same, by number
	said      map[string]ItemOutcome // the results that were published last, by item
	decisions map[string]Decision    // of this meeting, by number; taken out when met in the text
	actions   map[string]Action
	numbers   map[int]string // given now, by mark
	told      map[string]int // new actions, by the member to tell
}

// record turns the marks of a text into records and outcomes, and returns the text with their numbers. Everything
// that is wrong is one Invalid error, and then nothing is written.
func (t *tx) record(by Actor, m Meeting, have Minutes, source string) (string, error) {
	_, marks := Notation(source, m.Date)
	p := publication{tx: t, by: by, meeting: m, lang: have.Lang}
	if err := p.load(have); err != nil {
		return "", err
	}
	p.numbers = p.keep(marks)
	if err := p.examine(marks); err != nil {
		return "", err
	}
	var problems []Problem
	for _, mark := range marks {
		problems = append(problems, mark.Problems...)
	}
	if len(problems) > 0 {
		return "", &Error{Kind: Invalid, Problems: problems}
	}
	if err := p.outcomes(marks); err != nil {
		return "", err
	}
	agenda := slices.Collect(maps.Values(p.agenda))
	for i, mark := range marks {
		item := underItem(mark.Section, agenda)
		var err error
		switch mark.Kind {
		case MarkDecision:
			err = p.decision(i, mark, item)
		case MarkAction:
			err = p.action(i, mark, item)
		}
		if err != nil {
			return "", err
		}
	}
	if err := p.vanished(); err != nil {
		return "", err
	}
	for _, member := range slices.Sorted(maps.Keys(p.told)) {
		if err := t.emit(Event{Kind: EventActions, Subject: m.ID, Member: member, By: by.MemberID, Data: map[string]string{"count": fmt.Sprint(p.told[member])}}); err != nil {
			return "", err
		}
	}
	return numbered(source, marks, p.numbers), nil
}

// load reads what the meeting has: its agenda, its records, and the blocks of the text that is published.
func (p *publication) load(have Minutes) error {
	p.agenda, p.before, p.said = map[string]AgendaItem{}, map[string]Mark{}, map[string]ItemOutcome{}
	p.decisions, p.actions, p.numbers, p.told = map[string]Decision{}, map[string]Action{}, map[int]string{}, map[string]int{}
	all, err := p.tx.agenda(p.meeting.ID)
	if err != nil {
		return err
	}
	for _, item := range all {
		p.agenda[item.ID] = item
	}
	if have.Published > 0 {
		published, err := revisions().get(p.tx, p.meeting.ID, fmt.Sprintf("%06d", have.Published))
		if err != nil {
			return err
		}
		_, p.published = Notation(published.Source, p.meeting.Date)
		for _, mark := range p.published {
			p.before[mark.Number] = mark
			if item := underItem(mark.Section, all); mark.Kind == MarkResult && item != "" {
				p.said[item] = mark.Outcome
			}
		}
	}
	err = decisions().every(p.tx, famDecisionMeeting, p.meeting.ID, func(d Decision) { p.decisions[d.Number()] = d })
	if err != nil {
		return err
	}
	return actions().every(p.tx, famActionMeeting, p.meeting.ID, func(a Action) { p.actions[a.Number()] = a })
}

// examine finds who and what the marks name, and everything that stops them from being published.
func (p *publication) examine(marks []Mark) error {
	if err := p.resolve(p.meeting, marks); err != nil {
		return err
	}
	agenda, results := slices.Collect(maps.Values(p.agenda)), map[string]bool{}
	for i := range marks {
		mark := &marks[i]
		if mark.Number != "" && !p.known(*mark) {
			mark.problem("notation.number_foreign", "Number", mark.Number)
		}
		if p.asPublished(*mark) {
			mark.Problems = slices.DeleteFunc(mark.Problems, func(one Problem) bool {
				return slices.Contains([]string{"notation.person", "notation.town", "notation.town_twice", "notation.due_before", "notation.app"}, one.Key)
			})
		}
		if mark.Kind != MarkResult {
			continue
		}
		item := underItem(mark.Section, agenda)
		if item == "" {
			mark.problem("notation.no_item")
		} else if results[item] {
			mark.problem("notation.result_twice")
		}
		results[item] = true
	}
	return nil
}

func (p *publication) known(m Mark) bool {
	_, decided := p.decisions[m.Number]
	_, given := p.actions[m.Number]
	return m.Kind == MarkDecision && decided || m.Kind == MarkAction && given
}

// asPublished says that a block names whom it named when it was published last: that somebody left since, or a town
// has another name, does not make the text wrong.
func (p *publication) asPublished(m Mark) bool {
	old, ok := p.before[m.Number]
	return ok && m.Number != "" && p.known(m) && old.Handle == m.Handle && old.Place == m.Place && old.Due == m.Due && old.AppSlug == m.AppSlug
}

// outcomes sets what became of the items, before the decisions that stand under them. A result that is not in the
// text any more is taken back.
func (p *publication) outcomes(marks []Mark) error {
	agenda, now := slices.Collect(maps.Values(p.agenda)), map[string]ItemOutcome{}
	for id, outcome := range p.said {
		if p.agenda[id].Outcome == outcome {
			now[id] = ""
		}
	}
	for _, mark := range marks {
		if mark.Kind == MarkResult {
			now[underItem(mark.Section, agenda)] = mark.Outcome
		}
	}
	for _, id := range slices.Sorted(maps.Keys(now)) {
		item, outcome := p.agenda[id], now[id]
		if item.Outcome == outcome {
			continue
		}
		switch {
		case outcome == OutcomePostponed && item.State == ItemAccepted:
			item.State = ItemPostponed
		case item.Outcome == OutcomePostponed && item.State == ItemPostponed && item.Next == "": // not carried over yet
			item.State = ItemAccepted
		}
		item.Outcome, item.Changed = outcome, p.now
		p.agenda[id] = item
		if err := items().put(p.tx, item); err != nil {
			return err
		}
	}
	return nil
}

func (p *publication) decision(i int, mark Mark, itemID string) error {
	d, old := p.decisions[mark.Number]
	if !old {
		year := p.meeting.Local().Year()
		seq, err := p.giveNumber("decision", year)
		if err != nil {
			return err
		}
		id, err := p.newID()
		if err != nil {
			return err
		}
		d = Decision{ID: id, Year: year, Seq: seq, Meeting: p.meeting.ID, Series: p.meeting.Series, Created: p.now}
		p.numbers[i] = d.Number()
	}
	delete(p.decisions, mark.Number)
	was := d
	d.Title, d.Lang, d.Vote, d.Date, d.Item = mark.Title, p.lang, mark.Vote, p.meeting.Date, itemID
	d.Town, d.App, d.Withdrawn = p.agenda[itemID].Town, p.about(mark, d.App, itemID), time.Time{}
	if d.Outcome = p.agenda[itemID].Outcome; d.Outcome == "" {
		d.Outcome = OutcomeAccepted
	}
	if d == was {
		return nil
	}
	d.Changed = p.now
	return decisions().put(p.tx, d)
}

// about is the application a block is about: the one it names, else that of its item. A name that stopped leading there
// since the last publication changes nothing.
func (p *publication) about(mark Mark, had, itemID string) string {
	switch {
	case mark.App.ID != "":
		return mark.App.ID
	case mark.AppSlug != "":
		return had
	}
	return p.agenda[itemID].App
}

func (p *publication) action(i int, mark Mark, itemID string) error {
	a, old := p.actions[mark.Number]
	if !old {
		year := p.meeting.Local().Year()
		seq, err := p.giveNumber("action", year)
		if err != nil {
			return err
		}
		id, err := p.newID()
		if err != nil {
			return err
		}
		a = Action{ID: id, Year: year, Seq: seq, Meeting: p.meeting.ID, Series: p.meeting.Series, State: ActionOpen, Created: p.now,
			Town: mark.Town.ID, Person: mark.Person.ID, Due: mark.Due}
		p.numbers[i] = a.Number()
		if err := p.tell(a); err != nil {
			return err
		}
	}
	same := p.asPublished(mark)
	delete(p.actions, mark.Number)
	was := a
	a.Title, a.Lang, a.Item, a.App, a.Vanished = mark.Title, p.lang, itemID, p.about(mark, a.App, itemID), false
	if len(a.Steps) == 0 && !same { // later on the register says who carries it and until when
		a.Town, a.Person, a.Due = mark.Town.ID, mark.Person.ID, mark.Due
	}
	if n := len(a.Steps); was.Vanished && n > 0 && a.Steps[n-1].Minutes {
		a.step(p.tx, p.by, ActionStep{State: ActionOpen, Town: a.Town, Person: a.Person, Due: a.Due, Minutes: true})
	}
	if reflect.DeepEqual(a, was) && old {
		return nil
	}
	a.Changed = p.now
	return actions().put(p.tx, a)
}

// tell notes who is to hear of a new action: its person, else those who coordinate its town.
func (p *publication) tell(a Action) error {
	if a.Person != "" {
		p.told[a.Person]++
		return nil
	}
	people, err := p.coordinators(a.Town)
	for _, m := range people {
		p.told[m.ID]++
	}
	return err
}

// vanished closes what was published before and is not in the text any more. Its numbers stay used.
func (p *publication) vanished() error {
	for _, number := range slices.Sorted(maps.Keys(p.decisions)) {
		d := p.decisions[number]
		if d.Withdrawn.IsZero() {
			d.Withdrawn, d.Changed = p.now, p.now
			if err := decisions().put(p.tx, d); err != nil {
				return err
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(p.actions)) {
		a := p.actions[number]
		if a.Vanished {
			continue
		}
		if a.Vanished = true; a.State == ActionOpen {
			a.step(p.tx, p.by, ActionStep{State: ActionDropped, Town: a.Town, Person: a.Person, Due: a.Due, Minutes: true})
		}
		if err := actions().put(p.tx, a); err != nil {
			return err
		}
	}
	return nil
}
