package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Presence says that a member really came to a meeting, ticked at the door.
type Presence struct {
	Meeting string    `json:"meeting"`
	Member  string    `json:"member"`
	Town    string    `json:"town,omitzero"` // the town they came for
	Guests  int       `json:"guests,omitzero"`
	At      time.Time `json:"at"`
	By      string    `json:"by,omitzero"`
}

func presences() *table[Presence] {
	return &table[Presence]{
		family: famPresence,
		key:    func(p *Presence) []string { return []string{p.Meeting, p.Member} },
	}
}

// doorOpens is how long before the start people may be ticked.
const doorOpens = 2 * time.Hour

// TickPresence notes at the door that a member came, with how many guests, or takes the tick back: by organisers, from
// two hours before the start until the minutes are approved. Somebody who never answered can be ticked too. Ticking
// again keeps the time of the first tick.
func (s *Store) TickPresence(ctx context.Context, by Actor, meetingID, memberID string, came bool, guests int) error {
	var c check
	c.between("guests", guests, 0, MaxGuests)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		m, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		if m.State == MeetingDraft || m.State == MeetingCancelled || m.State == MeetingApproved || m.Start.After(t.now.Add(doorOpens)) {
			return conflict("door.closed")
		}
		if !came {
			return presences().remove(t, meetingID, memberID)
		}
		who, ok, err := members().find(t, memberID)
		if err != nil {
			return err
		}
		if !ok || who.State != MemberActive {
			return invalid("member", "rsvp.unknown_member")
		}
		have, had, err := presences().find(t, meetingID, memberID)
		if err != nil {
			return err
		}
		if !had {
			have = Presence{Meeting: meetingID, Member: memberID, Town: who.TownID(), At: t.now}
		}
		have.Guests, have.By = guests, by.MemberID
		return presences().put(t, have)
	})
}

// DoorRow is one person at the door: expected, come, or both.
type DoorRow struct {
	Member   Member
	Town     Town
	RSVP     *RSVP // nil for somebody who never answered
	Presence *Presence
	Late     bool // came more than ten minutes after the start
}

// DoorPage is the list at the door.
type DoorPage struct {
	Meeting Meeting
	Rows    []DoorRow // by name
	Came    int       // people, guests included
	Towns   int       // of how many towns
}

// lateAfter is how long after the start somebody counts as late.
const lateAfter = 10 * time.Minute

// Door reads the list at the door: for organisers.
func (s *Store) Door(ctx context.Context, by Actor, slug string) (DoorPage, error) {
	var page DoorPage
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		m, err := meetings().lookup(t, famMeetingSlug, slug)
		if err != nil {
			return err
		}
		page, err = t.door(m)
		return err
	})
	return page, err
}

func (t *tx) door(m Meeting) (DoorPage, error) {
	page := DoorPage{Meeting: m}
	answers, err := t.answers(m.ID)
	if err != nil {
		return page, err
	}
	came, err := presences().under(t, window{Under: []string{m.ID}, Limit: MaxWaiting})
	if err != nil {
		return page, err
	}
	rows, ids, places := map[string]*DoorRow{}, []string{}, []string{}
	row := func(member, town string) *DoorRow {
		if rows[member] == nil {
			rows[member] = &DoorRow{Town: Town{ID: town}}
			ids, places = append(ids, member), append(places, town)
		}
		return rows[member]
	}
	for _, r := range answers {
		if r.Answer != No {
			row(r.Member, r.Town).RSVP = &r
		}
	}
	towned := map[string]bool{}
	for _, p := range came {
		one := row(p.Member, p.Town)
		one.Presence, one.Late = &p, p.At.After(m.Start.Add(lateAfter))
		page.Came += 1 + p.Guests
		towned[p.Town] = true
	}
	delete(towned, "")
	page.Towns = len(towned)
	people, err := members().many(t, ids)
	if err != nil {
		return page, err
	}
	named, err := towns().many(t, places)
	for id, one := range rows {
		one.Member, one.Town = people[id], named[one.Town.ID]
		page.Rows = append(page.Rows, *one)
	}
	slices.SortFunc(page.Rows, func(a, b DoorRow) int {
		return cmp.Or(cmp.Compare(sortName(a.Member.Name), sortName(b.Member.Name)), cmp.Compare(a.Member.ID, b.Member.ID))
	})
	return page, err
}

// TownYear is how often a town really came in a year.
type TownYear struct {
	Town     Town
	Meetings int // at which somebody of the town was ticked
	People   int // guests included, over all meetings
}

// AttendanceOfYear counts who really came by town over a civil year, those who came most often first, then by name. It
// is public: it names towns, never people. held is at how many meetings somebody was ticked.
func (s *Store) AttendanceOfYear(ctx context.Context, year int) (all []TownYear, held int, err error) {
	from := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	err = s.view(ctx, func(t *tx) error {
		all, held = nil, 0
		of, err := meetings().list(t, famMeetingStart, window{From: instant(from), To: instant(from.AddDate(1, 0, 0)), Limit: scanBatch})
		if err != nil {
			return err
		}
		count := map[string]*TownYear{}
		for _, m := range of {
			came, err := presences().under(t, window{Under: []string{m.ID}, Limit: MaxWaiting})
			if err != nil {
				return err
			}
			if len(came) > 0 {
				held++
			}
			here := map[string]bool{}
			for _, p := range came {
				if p.Town == "" {
					continue
				}
				if count[p.Town] == nil {
					count[p.Town] = &TownYear{}
				}
				if count[p.Town].People += 1 + p.Guests; !here[p.Town] {
					here[p.Town] = true
					count[p.Town].Meetings++
				}
			}
		}
		var ids []string
		for id := range count {
			ids = append(ids, id)
		}
		named, err := towns().many(t, ids)
		for id, one := range count {
			one.Town = named[id]
			all = append(all, *one)
		}
		slices.SortFunc(all, func(a, b TownYear) int {
			return cmp.Or(-cmp.Compare(a.Meetings, b.Meetings), -cmp.Compare(a.People, b.People), cmp.Compare(sortName(a.Town.Name), sortName(b.Town.Name)))
		})
		return err
	})
	return all, held, err
}

// presence checks a tick's references.
func (v *verification) presence(p *Presence) {
	key := fmt.Sprintf("%s/%s", p.Meeting, p.Member)
	v.lead(famPresence, key, famMeeting, p.Meeting)
	v.lead(famPresence, key, famMember, p.Member)
	v.lead(famPresence, key, famTown, p.Town)
}
