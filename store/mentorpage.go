package store

import (
	"context"
	"slices"
	"time"
)

// RequestPage is a request as one reader may see it.
type RequestPage struct {
	Request MentorRequest // with the towns that were asked; for one of them only with itself
	Town    Town          // that asks
	Towns   map[string]Town
	Names   map[string]Member
	Apps    map[string]App
	Skills  map[string]Skill
	Answers bool // the reader answers for the town that is asked now
	Sends   bool // the reader acts for the town that asks
	Steward bool
	Free    int         // places of the asked town
	Others  []Candidate // who can be asked, for stewards
	Welcome []Member    // coordinators who can welcome who asks, as the reader may see them; while it is held
}

// RequestPage reads a request: for those who sent it, their town, the towns that were asked, and stewards.
func (s *Store) RequestPage(ctx context.Context, by Actor, id string) (RequestPage, error) {
	all, err := s.mentors(ctx)
	if err != nil {
		return RequestPage{}, err
	}
	var p RequestPage
	err = s.view(ctx, func(t *tx) error {
		reader, err := t.require(by, Take)
		if err != nil {
			return err
		}
		q, err := mentorRequests().get(t, id)
		if err != nil {
			return err
		}
		if !by.system && !q.concerns(reader) {
			return notFound()
		}
		p = RequestPage{Request: q, Answers: q.askedOf(reader), Sends: q.sentBy(reader), Steward: may(reader, Steward) || by.system}
		if !p.Sends && !p.Steward {
			p.Request.Tries = slices.DeleteFunc(slices.Clone(q.Tries), func(y Try) bool { return !reader.Coordinates(y.Town) })
		}
		if p.Towns, p.Names, err = t.namesOf(p.Request); err != nil {
			return err
		}
		p.Town = p.Towns[q.Town]
		if q.State == RequestHeld {
			people, err := t.contacts(q.Town)
			if err != nil {
				return err
			}
			p.Welcome = slices.DeleteFunc(people, func(m Member) bool { return !by.system && !seesPerson(reader, m) })
		}
		if try := p.Request.Asked(); try != nil {
			if p.Free, err = t.freePlaces(p.Towns[try.Town]); err != nil {
				return err
			}
		}
		if p.Apps, err = apps().many(t, q.Need.Apps); err != nil {
			return err
		}
		if p.Skills, err = t.skillNames(q.Need.Skills); err != nil || !p.Steward || !q.Open() {
			return err
		}
		p.Others, err = t.candidatesOf(q, all, 5)
		return err
	})
	return p, err
}

// candidatesOf ranks those who can be asked next.
func (t *tx) candidatesOf(q MentorRequest, all []Mentor, limit int) ([]Candidate, error) {
	wish, err := t.wishOf(q)
	if err != nil {
		return nil, err
	}
	weights, err := t.weights()
	if err != nil {
		return nil, err
	}
	best, _ := Match(wish, all, weights, t.now, limit)
	return best, nil
}

// namesOf reads the towns and people of a request.
func (t *tx) namesOf(q MentorRequest) (map[string]Town, map[string]Member, error) {
	places, people := []string{q.Town, q.First}, []string{q.By}
	for _, try := range q.Tries {
		places, people = append(places, try.Town), append(people, try.By)
		for _, said := range try.Talk {
			people = append(people, said.By)
		}
	}
	all, err := towns().many(t, places)
	if err != nil {
		return nil, nil, err
	}
	names, err := members().many(t, people)
	return all, names, err
}

// MentorshipPage is a mentorship as one reader may see it.
type MentorshipPage struct {
	Mentorship Mentorship
	Mentor     Town
	Learner    Town
	Names      map[string]Member
	Apps       map[string]App
	Skills     map[string]Skill
	CheckIns   []CheckIn // latest first; without place and notes for those who do not take part
	Steps      []StepRow
	People     map[string][]Member // coordinators and who asked, by town
	Room       string              // address of its room; "" for those who do not take part
	Takes      bool                // the reader takes part
	Leads      bool                // the reader may pause and close it
	Own        string              // the reader's town
}

// StepRow is a step of the first year: when it was reached, and whether the hub saw it itself.
type StepRow struct {
	Step FirstStep
	At   time.Time // zero: not yet
	Seen bool
}

// MentorshipPage reads a mentorship: for the people of both towns, and stewards.
func (s *Store) MentorshipPage(ctx context.Context, by Actor, id string) (MentorshipPage, error) {
	var p MentorshipPage
	err := s.view(ctx, func(t *tx) error {
		reader, err := t.require(by, Take)
		if err != nil {
			return err
		}
		m, err := mentorships().get(t, id)
		if err != nil {
			return err
		}
		p = MentorshipPage{Mentorship: m, Takes: m.of(reader), Leads: m.leads(reader) || by.system, Own: reader.TownID(), People: map[string][]Member{}}
		reads, err := t.readBy(m, reader)
		if err != nil {
			return err
		}
		if !p.Takes && !p.Leads && !reads {
			return notFound()
		}
		places, err := towns().many(t, []string{m.Mentor, m.Learner})
		if err != nil {
			return err
		}
		p.Mentor, p.Learner = places[m.Mentor], places[m.Learner]
		if p.CheckIns, err = t.checkInsOf(id, maxCheckIns); err != nil {
			return err
		}
		if err := p.fillNames(t); err != nil {
			return err
		}
		if p.Takes {
			p.Room = "mentorship-" + m.ID
		} else if !reads {
			for i := range p.CheckIns {
				p.CheckIns[i].Notes, p.CheckIns[i].NotesBy, p.CheckIns[i].Where = "", "", ""
			}
		}
		p.Steps, err = t.firstYear(m)
		return err
	})
	return p, err
}

func (p *MentorshipPage) fillNames(t *tx) error {
	people := []string{p.Mentorship.By}
	for _, k := range p.CheckIns {
		people = append(people, k.NotesBy, k.By)
	}
	for _, g := range p.Mentorship.Goals {
		people = append(people, g.By)
	}
	for _, said := range p.Mentorship.Thanks {
		people = append(people, said.By)
	}
	var err error
	if p.Names, err = members().many(t, people); err != nil {
		return err
	}
	for _, town := range []string{p.Mentor.ID, p.Learner.ID} {
		if p.People[town], err = t.contacts(town); err != nil {
			return err
		}
	}
	who := p.Names[p.Mentorship.By]
	known := slices.ContainsFunc(p.People[p.Learner.ID], func(m Member) bool { return m.ID == who.ID })
	if !known && who.State == MemberActive && who.TownID() == p.Learner.ID {
		p.People[p.Learner.ID] = append(p.People[p.Learner.ID], who)
	}
	if p.Apps, err = apps().many(t, p.Mentorship.Need.Apps); err != nil {
		return err
	}
	p.Skills, err = t.skillNames(p.Mentorship.Need.Skills)
	return err
}

// MentorshipRow is a mentorship in a list.
type MentorshipRow struct {
	Mentorship Mentorship
	Mentor     Town
	Learner    Town // zero while nobody has welcomed it and the reader is not of the two towns
	Next       CheckIn
}

// RequestRow is a request in a list.
type RequestRow struct {
	Request MentorRequest
	Town    Town
	Asked   Town // zero when none is
	Mine    bool // the reader's town sent it
}

// Mentoring is what the page about mentors shows.
type Mentoring struct {
	Numbers   MentorNumbers
	Offers    []MentorOffer   // member towns with a free place, most places first
	Elsewhere []SisterOffer   // of sister communities
	Own       []MentorshipRow // of the reader's town
	Requests  []RequestRow    // that the reader's town sent or is asked
	Waiting   []RequestRow    // all that are open, oldest first: for stewards
	Steward   bool
}

// How many towns with a place the page lists, of this community and of others.
const (
	maxOffers          = 24
	maxOffersElsewhere = 12
)

// Mentoring reads the page about mentors. What is the reader's own is left out for a class of readers.
func (s *Store) Mentoring(ctx context.Context, by Actor) (Mentoring, error) {
	all, err := s.mentors(ctx)
	if err != nil {
		return Mentoring{}, err
	}
	var p Mentoring
	err = s.view(ctx, func(t *tx) error {
		reader, err := t.reader(by)
		if err != nil {
			return err
		}
		p = Mentoring{Steward: may(reader, Steward)}
		if p.Numbers, err = t.mentorNumbers(); err != nil {
			return err
		}
		p.offer(all, t.now)
		if p.Elsewhere, err = t.sisterOffers(nil, maxOffersElsewhere); err != nil {
			return err
		}
		if err := p.fillOwn(t, reader); err != nil || !p.Steward {
			return err
		}
		waiting, err := t.waitingRequests()
		if err != nil {
			return err
		}
		p.Waiting, err = t.requestRows(waiting, reader)
		return err
	})
	return p, err
}

func (p *Mentoring) offer(all []Mentor, now time.Time) {
	open := openOffers(all, now)
	for _, one := range open {
		p.Numbers.Places += one.Free
	}
	p.Offers = open[:min(len(open), maxOffers)]
}

func (p *Mentoring) fillOwn(t *tx, reader Member) error {
	town := reader.TownID()
	if town == "" {
		return nil
	}
	var err error
	if p.Own, err = t.ownMentorships(reader); err != nil {
		return err
	}
	sent, err := mentorRequests().list(t, famMentorRequestTown, window{Under: []string{town}, Reverse: true, Limit: 5})
	if err != nil {
		return err
	}
	sent = slices.DeleteFunc(sent, func(q MentorRequest) bool { return !q.sentBy(reader) || !q.Open() })
	if reader.Coordinates(town) {
		asked, err := mentorRequests().list(t, famMentorRequestAsked, window{Under: []string{town, "open"}, Limit: scanBatch})
		if err != nil {
			return err
		}
		sent = append(sent, asked...)
	}
	p.Requests, err = t.requestRows(sent, reader)
	return err
}

// ownMentorships are those of a member's town, open ones first.
func (t *tx) ownMentorships(reader Member) ([]MentorshipRow, error) {
	found, err := t.everMentored(reader.TownID(), famMentorshipLearner, famMentorshipMentor)
	if err != nil {
		return nil, err
	}
	var own []Mentorship
	for _, m := range found {
		reads, err := t.readBy(m, reader)
		if err != nil {
			return nil, err
		}
		if reads {
			own = append(own, m)
		}
	}
	return t.mentorshipRows(own, true)
}

func (t *tx) mentorshipRows(found []Mentorship, concerned bool) ([]MentorshipRow, error) {
	var ids []string
	for _, m := range found {
		ids = append(ids, m.Mentor, m.Learner)
	}
	places, err := towns().many(t, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]MentorshipRow, len(found))
	for i, m := range found {
		rows[i] = MentorshipRow{Mentorship: m, Mentor: places[m.Mentor], Learner: places[m.Learner]}
		if !concerned {
			if rows[i].Learner.State == TownJoining {
				rows[i].Learner = Town{}
			}
			continue
		}
		talks, err := t.checkInsOf(m.ID, maxCheckIns)
		if err != nil {
			return nil, err
		}
		for _, k := range talks {
			if k.Cancelled.IsZero() && k.End().After(t.now) {
				rows[i].Next = k
			}
		}
	}
	return rows, nil
}

func (t *tx) requestRows(found []MentorRequest, reader Member) ([]RequestRow, error) {
	var ids []string
	for _, q := range found {
		ids = append(ids, q.Town, q.First)
		for _, try := range q.Tries {
			ids = append(ids, try.Town)
		}
	}
	places, err := towns().many(t, ids)
	rows := make([]RequestRow, len(found))
	for i, q := range found {
		rows[i] = RequestRow{Request: q, Town: places[q.Town], Mine: q.sentBy(reader)}
		if try := q.Asked(); try != nil {
			rows[i].Asked = places[try.Town]
		} else if q.State == RequestHeld {
			rows[i].Asked = places[q.First]
		}
	}
	return rows, err
}
