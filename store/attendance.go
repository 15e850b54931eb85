package store

import (
	"cmp"
	"maps"
	"slices"
)

// Attendance is who answered a meeting, by town.
type Attendance struct {
	Tally Tally
	Seats int // 0 without a limit
	Free  int // seats left, -1 without a limit
	Towns []TownAttendance
}

// TownAttendance is one town's answers; Town is empty for people without a town.
type TownAttendance struct {
	Town    Town
	OnSite  int
	Online  int
	Maybe   int
	Waiting int
	No      int
	People  []Attendee
}

// Coming is how many of the town take part.
func (a TownAttendance) Coming() int { return a.OnSite + a.Online }

// Attendee is one answer with the person who gave it.
type Attendee struct {
	Member   Member
	RSVP     RSVP
	Position int // on the waitlist, from 1; 0 when not waiting
}

// attendance reads all answers to a meeting. Towns come in the order of people coming, then by name; people by
// name. Notes are left out unless the reader may organise.
func (t *tx) attendance(m Meeting, notes bool) (Attendance, error) {
	tally, err := t.tally(m.ID)
	if err != nil {
		return Attendance{}, err
	}
	a := Attendance{Tally: tally, Seats: m.Seats, Free: tally.Free(m.Seats)}
	answers, err := t.answers(m.ID)
	if err != nil {
		return a, err
	}
	var memberIDs, townIDs []string
	var waiting []RSVP
	for _, r := range answers {
		memberIDs, townIDs = append(memberIDs, r.Member), append(townIDs, r.Town)
		if r.Waiting {
			waiting = append(waiting, r)
		}
	}
	slices.SortFunc(waiting, func(x, y RSVP) int { return cmp.Compare(x.Queue, y.Queue) })
	position := map[string]int{}
	for i, r := range waiting {
		position[r.Member] = i + 1
	}
	people, err := members().many(t, memberIDs)
	if err != nil {
		return a, err
	}
	places, err := towns().many(t, townIDs)
	if err != nil {
		return a, err
	}
	byTown := map[string]*TownAttendance{}
	for _, r := range answers {
		if !notes {
			r.Note = ""
		}
		town := byTown[r.Town]
		if town == nil {
			town = &TownAttendance{Town: places[r.Town]}
			byTown[r.Town] = town
		}
		town.add(Attendee{Member: people[r.Member], RSVP: r, Position: position[r.Member]})
	}
	for _, town := range byTown {
		slices.SortFunc(town.People, func(x, y Attendee) int {
			return cmp.Or(cmp.Compare(sortName(x.Member.Name), sortName(y.Member.Name)), cmp.Compare(x.Member.ID, y.Member.ID))
		})
		a.Towns = append(a.Towns, *town)
	}
	slices.SortFunc(a.Towns, func(x, y TownAttendance) int {
		return cmp.Or(cmp.Compare(y.Coming(), x.Coming()), cmp.Compare(y.Waiting, x.Waiting), cmp.Compare(y.Maybe, x.Maybe),
			cmp.Compare(sortName(x.Town.Name), sortName(y.Town.Name)), cmp.Compare(x.Town.ID, y.Town.ID))
	})
	return a, nil
}

func (a *TownAttendance) add(p Attendee) {
	a.People = append(a.People, p)
	n := p.RSVP.Party()
	switch {
	case p.RSVP.Waiting:
		a.Waiting += n
	case p.RSVP.Answer == OnSite:
		a.OnSite += n
	case p.RSVP.Answer == Online:
		a.Online += n
	case p.RSVP.Answer == Maybe:
		a.Maybe += n
	default:
		a.No++
	}
}

// answers reads every RSVP of a meeting.
func (t *tx) answers(meetingID string) ([]RSVP, error) {
	var all []RSVP
	w := window{Under: []string{meetingID}, Limit: scanBatch}
	for {
		batch, err := rsvps().under(t, w)
		if err != nil {
			return nil, err
		}
		all = append(all, batch...)
		if len(batch) < scanBatch {
			return all, nil
		}
		w.From = batch[len(batch)-1].Member + "\x01"
	}
}

// excused are the towns all of whose people answered that they do not come, and of which nobody was ticked, by name.
func (t *tx) excused(meetingID string) ([]Town, error) {
	answers, err := t.answers(meetingID)
	if err != nil {
		return nil, err
	}
	came, err := presences().under(t, window{Under: []string{meetingID}, Limit: MaxWaiting})
	if err != nil {
		return nil, err
	}
	there := map[string]bool{"": true}
	for _, p := range came {
		there[p.Town] = true
	}
	for _, r := range answers {
		if r.Answer != No {
			there[r.Town] = true
		}
	}
	var ids []string
	for _, r := range answers {
		if !there[r.Town] {
			there[r.Town] = true
			ids = append(ids, r.Town)
		}
	}
	named, err := towns().many(t, ids)
	all := slices.Collect(maps.Values(named))
	slices.SortFunc(all, func(a, b Town) int {
		return cmp.Or(cmp.Compare(sortName(a.Name), sortName(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return all, err
}
