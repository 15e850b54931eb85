package store

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// PublishMinutes shows the newest revision to everybody and turns its notation into records, with their numbers written
// into the text as a revision of its own: by organisers, until the minutes are approved. Those who took part are told
// the first time. What is wrong with the notation is Invalid, with its line, and publishes nothing. Publishing what is
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
	source, err := t.record(by, m, have.Lang, revision.Source)
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

// ReadMarks reads the notation of a text as it would be published for a meeting: what each block becomes, who and
// which town it names, and what is wrong with it.
func (s *Store) ReadMarks(ctx context.Context, meetingID, source string) (text string, marks []Mark, err error) {
	err = s.view(ctx, func(t *tx) error {
		m, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		if text, marks = Notation(source, m.Date); len(marks) == 0 {
			return nil
		}
		return t.resolve(m, marks)
	})
	return text, marks, err
}

// resolve finds the people and towns that marks name, exactly: what is unknown or could be two is a problem.
func (t *tx) resolve(m Meeting, marks []Mark) error {
	places := map[string][]Town{}
	err := towns().each(t, func(town Town) error {
		for _, name := range slices.Compact(slices.Sorted(maps.Values(town.folded()))) {
			places[name] = append(places[name], town)
		}
		return nil
	})
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for i := range marks {
		mark := &marks[i]
		if mark.Number != "" && used[mark.Number] {
			mark.problem("notation.number_twice", "Number", mark.Number)
		}
		used[mark.Number] = true
		if mark.Handle != "" {
			mark.Person, err = members().lookup(t, famMemberHandle, strings.ToLower(mark.Handle))
			if err != nil && KindOf(err) != NotFound {
				return err
			}
			if err != nil || mark.Person.State != MemberActive {
				mark.problem("notation.person", "Words", cut(mark.Handle))
			}
		}
		switch found := places[placeKey(mark.Place)]; {
		case mark.Place == "" && mark.Person.TownID() != "":
			if mark.Town, _, err = towns().find(t, mark.Person.TownID()); err != nil {
				return err
			}
		case mark.Place == "":
		case len(found) == 1:
			mark.Town = found[0]
		case len(found) == 0:
			mark.problem("notation.town", "Words", cut(mark.Place))
		default:
			mark.problem("notation.town_twice", "Words", cut(mark.Place))
		}
		if mark.Due != "" && mark.Due < m.Date {
			mark.problem("notation.due_before", "Words", mark.Due)
		}
	}
	return nil
}

// folded are the names a town may be called by, as they are compared.
func (t Town) folded() map[string]string {
	all := map[string]string{"": placeKey(t.Name)}
	for lang, name := range t.Names {
		all[lang] = placeKey(name)
	}
	return all
}

func placeKey(name string) string {
	return strings.Join(strings.FieldsFunc(fold(name), func(r rune) bool { return r == ' ' || r == '-' || r == '\'' || r == '’' }), " ")
}

var headingNumber = regexp.MustCompile(`^\d+[.)]\s+`)

// underItem is the agenda item whose title is a section's heading; "" when none is, or two are.
func underItem(section string, agenda []AgendaItem) string {
	wanted, id := placeKey(headingNumber.ReplaceAllString(section, "")), ""
	for _, item := range agenda {
		if wanted == "" || placeKey(item.Title) != wanted {
			continue
		}
		if id != "" {
			return ""
		}
		id = item.ID
	}
	return id
}

// publication is one publishing of minutes in its transaction.
type publication struct {
	*tx
	by        Actor
	meeting   Meeting
	lang      string
	agenda    map[string]AgendaItem
	decisions map[string]Decision // of this meeting, by number; taken out when met in the text
	actions   map[string]Action
	numbers   map[int]string // given now, by mark
	told      map[string]int // new actions, by the member to tell
	problems  []Problem
}

// record turns the marks of a text into records and outcomes, and returns the text with their numbers. Everything
// that is wrong is one Invalid error, and then nothing is written.
func (t *tx) record(by Actor, m Meeting, lang, source string) (string, error) {
	_, marks := Notation(source, m.Date)
	if err := t.resolve(m, marks); err != nil {
		return "", err
	}
	p := publication{tx: t, by: by, meeting: m, lang: lang, agenda: map[string]AgendaItem{}, decisions: map[string]Decision{},
		actions: map[string]Action{}, numbers: map[int]string{}, told: map[string]int{}}
	if err := p.load(); err != nil {
		return "", err
	}
	agenda := slices.Collect(maps.Values(p.agenda))
	for i := range marks {
		mark := &marks[i]
		if mark.Number != "" && !p.known(*mark) {
			mark.problem("notation.number_foreign", "Number", mark.Number)
		}
		if mark.Kind == MarkResult && underItem(mark.Section, agenda) == "" {
			mark.problem("notation.no_item")
		}
		p.problems = append(p.problems, mark.Problems...)
	}
	if len(p.problems) > 0 {
		return "", &Error{Kind: Invalid, Problems: p.problems}
	}
	for i, mark := range marks {
		item := underItem(mark.Section, agenda)
		var err error
		switch mark.Kind {
		case MarkResult:
			err = p.outcome(item, mark.Outcome)
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
	for member, n := range p.told {
		if err := t.emit(Event{Kind: EventActions, Subject: m.ID, Member: member, By: by.MemberID, Data: map[string]string{"count": fmt.Sprint(n)}}); err != nil {
			return "", err
		}
	}
	return numbered(source, marks, p.numbers), nil
}

func (p *publication) load() error {
	all, err := p.tx.agenda(p.meeting.ID)
	if err != nil {
		return err
	}
	for _, item := range all {
		p.agenda[item.ID] = item
	}
	taken, err := decisions().list(p.tx, famDecisionMeeting, window{Under: []string{p.meeting.ID}, Limit: scanBatch})
	if err != nil {
		return err
	}
	for _, d := range taken {
		p.decisions[d.Number()] = d
	}
	given, err := actions().list(p.tx, famActionMeeting, window{Under: []string{p.meeting.ID}, Limit: scanBatch})
	for _, a := range given {
		p.actions[a.Number()] = a
	}
	return err
}

func (p *publication) known(m Mark) bool {
	_, decided := p.decisions[m.Number]
	_, given := p.actions[m.Number]
	return m.Kind == MarkDecision && decided || m.Kind == MarkAction && given
}

func (p *publication) outcome(itemID string, outcome ItemOutcome) error {
	item := p.agenda[itemID]
	if item.Outcome == outcome {
		return nil
	}
	item.Outcome, item.Changed = outcome, p.now
	if outcome == OutcomePostponed && item.State == ItemAccepted {
		item.State = ItemPostponed
	}
	p.agenda[itemID] = item
	return items().put(p.tx, item)
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
	d.Title, d.Lang, d.Vote, d.Date, d.Item, d.Changed = mark.Title, p.lang, mark.Vote, p.meeting.Date, itemID, p.now
	d.Town, d.Withdrawn = p.agenda[itemID].Town, time.Time{}
	if d.Outcome = p.agenda[itemID].Outcome; d.Outcome == "" {
		d.Outcome = OutcomeAccepted
	}
	return decisions().put(p.tx, d)
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
	delete(p.actions, mark.Number)
	a.Title, a.Lang, a.Item, a.Changed = mark.Title, p.lang, itemID, p.now
	if len(a.Steps) == 0 { // later on the register says who carries it and until when
		a.Town, a.Person, a.Due = mark.Town.ID, mark.Person.ID, mark.Due
	}
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
		if a.State == ActionOpen {
			a.step(p.tx, p.by, ActionStep{State: ActionDropped, Town: a.Town, Person: a.Person, Due: a.Due})
			if err := actions().put(p.tx, a); err != nil {
				return err
			}
		}
	}
	return nil
}
