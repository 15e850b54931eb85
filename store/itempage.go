package store

import (
	"context"
	"slices"
)

// of says whether an item is somebody's own: they proposed it, or own it.
func (i AgendaItem) of(m Member) bool { return m.ID != "" && (i.By == m.ID || i.Owner == m.ID) }

// ItemPage is what the people an agenda item belongs to can do with it, and organisers.
type ItemPage struct {
	PlannedItem
	Meeting  Meeting
	Papers   []Document
	Names    map[string]Member
	Towns    map[string]Town
	Change   bool // its words
	Attach   bool // papers
	Withdraw bool
}

// ItemPage reads an item for its proposer, its owner and organisers. To others it is not there; nor is a parked one,
// which has no meeting.
func (s *Store) ItemPage(ctx context.Context, by Actor, id string) (ItemPage, error) {
	var p ItemPage
	err := s.view(ctx, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		item, err := items().get(t, id)
		if err != nil {
			return err
		}
		organiser := by.system || may(who, Organise)
		if !organiser && !item.of(who) {
			return notFound()
		}
		m, err := meetings().get(t, item.Meeting)
		if err != nil {
			return err
		}
		if !organiser && !visible(m, who) {
			return notFound()
		}
		p = ItemPage{Meeting: m}
		p.Item = item
		if err := t.chain(&p.PlannedItem, who); err != nil {
			return err
		}
		var people, places []string
		for _, d := range m.Documents {
			if d.Item == id {
				p.Papers = append(p.Papers, d)
				people, places = append(people, d.By), append(places, d.Town)
			}
		}
		if p.Names, err = members().many(t, append(people, item.Owner)); err != nil {
			return err
		}
		if p.Towns, err = towns().many(t, append(places, item.Town)); err != nil {
			return err
		}
		p.Owner, p.Town = p.Names[item.Owner], p.Towns[item.Town]
		on := item.State == ItemProposed || item.State == ItemAccepted
		p.Change = organiser || item.State == ItemProposed && item.By == who.ID
		p.Attach = organiser || m.Open(t.now)
		p.Withdraw = on && m.State != MeetingMinuted && m.State != MeetingApproved
		return nil
	})
	return p, err
}

// chain finds the meetings that an item was carried over from and on to, as far as the reader sees them.
func (t *tx) chain(planned *PlannedItem, reader Member) error {
	before := func(i AgendaItem) string {
		if i.Origin.Kind != FromItem {
			return ""
		}
		return i.Origin.ID
	}
	var err error
	if planned.From, err = t.along(planned.Item, reader, before); err != nil {
		return err
	}
	planned.To, err = t.along(planned.Item, reader, func(i AgendaItem) string { return i.Next })
	return err
}

// along goes from an item to the meeting of the next one that has a meeting: a parked one in between has none.
func (t *tx) along(item AgendaItem, reader Member, step func(AgendaItem) string) (Meeting, error) {
	for range lookBack {
		next, ok, err := items().find(t, step(item))
		if err != nil || !ok {
			return Meeting{}, err
		}
		if next.Meeting == "" {
			item = next
			continue
		}
		m, _, err := meetings().find(t, next.Meeting)
		if err != nil || !visible(m, reader) {
			return Meeting{}, err
		}
		return m, nil
	}
	return Meeting{}, nil
}

// takeOff removes an item and what points to it.
func (t *tx) takeOff(item AgendaItem) error {
	if item.Origin.Kind == FromItem {
		before, ok, err := items().find(t, item.Origin.ID)
		if err != nil {
			return err
		}
		if ok && before.Next == item.ID { // it may be carried on again
			before.Next = ""
			if before.Meeting == "" {
				before.State = ItemParked // back in the backlog
			}
			if err := items().put(t, before); err != nil {
				return err
			}
		}
	}
	if item.Origin.Kind == FromThread {
		d, ok, err := threads().find(t, item.Origin.ID)
		if err != nil {
			return err
		}
		if ok {
			d.Items = slices.DeleteFunc(slices.Clone(d.Items), func(id string) bool { return id == item.ID })
			if err := threads().put(t, d); err != nil {
				return err
			}
		}
	}
	m, ok, err := meetings().find(t, item.Meeting)
	if err != nil {
		return err
	}
	of := func(d Document) bool { return d.Item == item.ID }
	if ok && (m.Current == item.ID || slices.ContainsFunc(m.Documents, of)) {
		m.Documents = slices.DeleteFunc(slices.Clone(m.Documents), of) // they were shown to whom the item was
		if m.Current == item.ID {
			m.Current = ""
		}
		if err := meetings().put(t, m); err != nil {
			return err
		}
	}
	return items().remove(t, item.ID)
}
