package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// MentorshipState is where a mentorship stands.
type MentorshipState string

const (
	MentorshipRunning MentorshipState = "running"
	MentorshipPaused  MentorshipState = "paused" // its place stays taken
	MentorshipClosed  MentorshipState = "closed"
)

// Closing is why a mentorship ended.
type Closing string

const (
	ClosedDone    Closing = "done"
	ClosedChanged Closing = "changed" // for another mentor
	ClosedStopped Closing = "stopped"
)

// Closings are the reasons one can give, in order.
func Closings() []Closing { return []Closing{ClosedDone, ClosedStopped, ClosedChanged} }

// Mentorship is one town helping another in its first year.
type Mentorship struct {
	ID      string                  `json:"id"`
	Request string                  `json:"request"`
	Mentor  string                  `json:"mentor"`  // town id
	Learner string                  `json:"learner"` // town id
	By      string                  `json:"by"`      // who asked for it
	State   MentorshipState         `json:"state"`
	Need    MentorNeed              `json:"need"`
	Goals   []Goal                  `json:"goals,omitzero"`
	Steps   map[FirstStep]time.Time `json:"steps,omitzero"` // ticked by hand
	Thanks  map[string]Thanked      `json:"thanks,omitzero"`
	Began   time.Time               `json:"began"`
	Paused  time.Time               `json:"paused,omitzero"`
	Closed  time.Time               `json:"closed,omitzero"`
	Why     Closing                 `json:"why,omitzero"`
	Changed time.Time               `json:"changed"`
}

// Open says whether it takes a place of its mentor.
func (m Mentorship) Open() bool { return m.State != MentorshipClosed }

// Goal is something the two towns want to reach.
type Goal struct {
	ID   string    `json:"id"`
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Done time.Time `json:"done,omitzero"`
}

// Thanked are a town's public words at the end.
type Thanked struct {
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// FirstStep is a step of a newcomer's first year.
type FirstStep string

const (
	StepMet     FirstStep = "met"     // the mentor: a check-in has taken place
	StepMeeting FirstStep = "meeting" // somebody of the town came to a meeting
	StepApp     FirstStep = "app"     // an application runs
	StepItem    FirstStep = "item"    // a point of theirs was on an agenda
	StepAdvice  FirstStep = "advice"  // they answered somebody of another town
)

// FirstSteps are the steps, in order.
func FirstSteps() []FirstStep {
	return []FirstStep{StepMet, StepMeeting, StepApp, StepItem, StepAdvice}
}

// MaxGoals bounds the goals of one mentorship.
const MaxGoals = 30

func mentorships() *table[Mentorship] {
	open := func(m *Mentorship) string {
		if m.Open() {
			return "open"
		}
		return "past"
	}
	return &table[Mentorship]{
		family: famMentorship,
		key:    func(m *Mentorship) []string { return []string{m.ID} },
		indexes: []index[Mentorship]{
			{family: famMentorshipMentor, parts: func(m *Mentorship) [][]string { return [][]string{{m.Mentor, open(m)}} }},
			{family: famMentorshipLearner, parts: func(m *Mentorship) [][]string { return [][]string{{m.Learner, open(m)}} }},
		},
	}
}

// mentorshipsOf are a town's mentorships on one side, oldest first.
func (t *tx) mentorshipsOf(side family, townID string, open bool) ([]Mentorship, error) {
	state := "past"
	if open {
		state = "open"
	}
	return mentorships().list(t, side, window{Under: []string{townID, state}, Limit: scanBatch})
}

// begin makes the mentorship of a request, with its room.
func (t *tx) begin(q *MentorRequest, mentorID string) (Mentorship, error) {
	id, err := t.newID()
	if err != nil {
		return Mentorship{}, err
	}
	m := Mentorship{ID: id, Request: q.ID, Mentor: mentorID, Learner: q.Town, By: q.By, State: MentorshipRunning, Need: q.Need, Began: t.now, Changed: t.now}
	if err := mentorships().put(t, m); err != nil {
		return m, err
	}
	room, err := t.room(MentorshipRoomID(id))
	if err != nil {
		return m, err
	}
	first := map[string]bool{q.By: true}
	for _, town := range []string{m.Mentor, m.Learner} {
		people, err := t.coordinators(town)
		if err != nil {
			return m, err
		}
		for _, one := range people {
			first[one.ID] = true
		}
	}
	for _, one := range sortedKeys(first) {
		if err := t.joinRoom(room, one, Watch, true); err != nil {
			return m, err
		}
	}
	return m, nil
}

// MentorshipRoomID names the private room of a mentorship.
func MentorshipRoomID(id string) string { return string(RoomMentorship) + ":" + id }

// mentorshipRoom is the room of a mentorship: it closes a month after the end, and stays to be read.
func (t *tx) mentorshipRoom(id string) (Room, error) {
	m, err := mentorships().get(t, id)
	if err != nil {
		return Room{}, err
	}
	places, err := towns().many(t, []string{m.Mentor, m.Learner})
	r := Room{ID: MentorshipRoomID(id), Slug: "mentorship-" + id, Kind: RoomMentorship, Subject: id, Access: AccessPrivate, Created: m.Began,
		Name: places[m.Mentor].Name + " – " + places[m.Learner].Name}
	if !m.Closed.IsZero() {
		r.Closes = m.Closed.Add(roomClosesAfter)
	}
	return r, err
}

// of says who takes part: welcomed people of both towns, and who asked while they are of theirs.
func (m Mentorship) of(who Member) bool {
	town := who.TownID()
	return may(who, Take) && town != "" && (welcomed(who) && (town == m.Mentor || town == m.Learner) || who.ID == m.By && town == m.Learner)
}

// leads says who may pause and close it: the coordinators of both towns, who asked, and stewards.
func (m Mentorship) leads(who Member) bool {
	return may(who, Steward) || who.Coordinates(m.Mentor) || who.Coordinates(m.Learner) || m.of(who) && who.ID == m.By
}

// tending runs one change of an open mentorship by who takes part, or by who leads it.
func (s *Store) tending(ctx context.Context, by Actor, id string, who func(Mentorship, Member) bool, change func(*tx, *Mentorship, Member) error) (Mentorship, error) {
	var m Mentorship
	err := s.update(ctx, "mentoring", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		reader, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if m, err = mentorships().get(t, id); err != nil {
			return err
		}
		if !by.system && !m.of(reader) && !m.leads(reader) {
			return notFound()
		}
		if !by.system && !who(m, reader) {
			return denied("mentor.not_yours")
		}
		if err := change(t, &m, reader); err != nil {
			return err
		}
		m.Changed = t.now
		return mentorships().put(t, m)
	})
	return m, err
}

// stillOpen refuses changes of what has ended.
func (m Mentorship) stillOpen() error {
	if m.Open() {
		return nil
	}
	return conflict("mentorship.over")
}

// AddGoal adds something that the two towns want to reach: by who takes part.
func (s *Store) AddGoal(ctx context.Context, by Actor, id, text string) (Mentorship, error) {
	var c check
	text = c.required("goal", text, MaxLine)
	if err := c.err(); err != nil {
		return Mentorship{}, err
	}
	return s.tending(ctx, by, id, Mentorship.of, func(t *tx, m *Mentorship, who Member) error {
		if err := m.stillOpen(); err != nil {
			return err
		}
		if len(m.Goals) >= MaxGoals {
			return invalid("goal", "mentorship.too_many_goals", "Max", MaxGoals)
		}
		goal, err := t.newID()
		m.Goals = append(slices.Clone(m.Goals), Goal{ID: goal, Text: text, By: who.ID, At: t.now})
		return err
	})
}

// ReachGoal ticks a goal, or takes the tick back; DropGoal takes it away: by who takes part.
func (s *Store) ReachGoal(ctx context.Context, by Actor, id, goal string, done bool) (Mentorship, error) {
	return s.tending(ctx, by, id, Mentorship.of, func(t *tx, m *Mentorship, _ Member) error {
		at := slices.IndexFunc(m.Goals, func(g Goal) bool { return g.ID == goal })
		if at < 0 {
			return notFound()
		}
		m.Goals = slices.Clone(m.Goals)
		if m.Goals[at].Done = (time.Time{}); done {
			m.Goals[at].Done = t.now
		}
		return m.stillOpen()
	})
}

// DropGoal takes a goal away: by who takes part.
func (s *Store) DropGoal(ctx context.Context, by Actor, id, goal string) (Mentorship, error) {
	return s.tending(ctx, by, id, Mentorship.of, func(t *tx, m *Mentorship, _ Member) error {
		m.Goals = slices.DeleteFunc(slices.Clone(m.Goals), func(g Goal) bool { return g.ID == goal })
		return m.stillOpen()
	})
}

// TickStep ticks a step of the first year that the hub cannot see, or takes the tick back: by who takes part.
func (s *Store) TickStep(ctx context.Context, by Actor, id string, step FirstStep, on bool) (Mentorship, error) {
	if !slices.Contains(FirstSteps(), step) {
		return Mentorship{}, notFound()
	}
	return s.tending(ctx, by, id, Mentorship.of, func(t *tx, m *Mentorship, _ Member) error {
		ticked := map[FirstStep]time.Time{}
		for one, at := range m.Steps {
			ticked[one] = at
		}
		delete(ticked, step)
		if on {
			ticked[step] = t.now
		}
		m.Steps = ticked
		return nil
	})
}

// PauseMentorship lets a mentorship rest, or go on: by the coordinators of both towns, who asked, and stewards.
func (s *Store) PauseMentorship(ctx context.Context, by Actor, id string, on bool) (Mentorship, error) {
	return s.tending(ctx, by, id, Mentorship.leads, func(t *tx, m *Mentorship, who Member) error {
		if err := m.stillOpen(); err != nil {
			return err
		}
		what := "resumed"
		if m.State, m.Paused = MentorshipRunning, (time.Time{}); on {
			m.State, m.Paused, what = MentorshipPaused, t.now, "paused"
		}
		return t.tellMentorship(*m, who, what)
	})
}

func (t *tx) tellMentorship(m Mentorship, who Member, what string) error {
	return t.emit(Event{Kind: EventMentorship, Subject: m.ID, By: who.ID, Data: map[string]string{"what": what}})
}

// CloseMentorship ends a mentorship: by the coordinators of both towns, who asked, and stewards. The place is free from now
// on. With ClosedChanged a new request with the same needs goes to the next town that can help.
func (s *Store) CloseMentorship(ctx context.Context, by Actor, id string, why Closing) (Mentorship, error) {
	var c check
	oneOf(&c, "why", why, Closings()...)
	if err := c.err(); err != nil {
		return Mentorship{}, err
	}
	all, err := s.mentors(ctx)
	if err != nil {
		return Mentorship{}, err
	}
	return s.tending(ctx, by, id, Mentorship.leads, func(t *tx, m *Mentorship, who Member) error {
		if err := m.stillOpen(); err != nil {
			return err
		}
		m.State, m.Closed, m.Why, m.Paused, m.Changed = MentorshipClosed, t.now, why, time.Time{}, t.now
		if err := mentorships().put(t, *m); err != nil {
			return err
		}
		if err := t.dropCheckIns(*m); err != nil {
			return err
		}
		if err := t.tellMentorship(*m, who, "closed_"+string(why)); err != nil || why != ClosedChanged {
			return err
		}
		before, err := mentorRequests().get(t, m.Request)
		if err != nil {
			return err
		}
		if err := t.waitsForNobody(m.Learner); err != nil {
			return err
		}
		next, err := t.newID()
		if err != nil {
			return err
		}
		q := MentorRequest{ID: next, Town: m.Learner, By: m.By, Lang: before.Lang, Need: m.Need, Message: before.Message, Former: m.Mentor, State: RequestHeld, Created: t.now}
		return t.askNext(&q, all)
	})
}

// Thank keeps a town's words at the end of a mentorship; everybody reads them. By the people of both towns, each for theirs;
// saying it again changes it, and saying nothing takes it back.
func (s *Store) Thank(ctx context.Context, by Actor, id, text string) (Mentorship, error) {
	var c check
	text = strings.TrimSpace(c.text("thanks", text, maxNeedNote))
	if err := c.err(); err != nil {
		return Mentorship{}, err
	}
	return s.tending(ctx, by, id, Mentorship.of, func(t *tx, m *Mentorship, who Member) error {
		if m.Open() {
			return conflict("mentorship.thanks_later")
		}
		said := map[string]Thanked{}
		for town, words := range m.Thanks {
			said[town] = words
		}
		_, again := said[who.TownID()]
		if delete(said, who.TownID()); text != "" {
			said[who.TownID()] = Thanked{Text: text, By: who.ID, At: t.now}
		}
		if m.Thanks = said; again || text == "" {
			return nil
		}
		return t.tellMentorship(*m, who, "thanked")
	})
}
