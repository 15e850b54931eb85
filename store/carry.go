package store

import (
	"context"
	"slices"
)

// SetAsideItem takes an accepted item off the agenda without forgetting it: withdrawn by its owner, its proposer or an
// organiser; postponed, not reached, or parked in the backlog of the series by organisers. It stays where it was, with
// the reason, and its proposer is told. What is parked can be withdrawn for good. Parking without a series is a Conflict.
func (s *Store) SetAsideItem(ctx context.Context, by Actor, id string, state ItemState, reason string) error {
	var c check
	state = oneOf(&c, "state", state, ItemWithdrawn, ItemPostponed, ItemUnreached, ItemParked)
	reason = c.line("reason", reason, MaxLine)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "agenda", func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		item, err := items().get(t, id)
		if err != nil {
			return err
		}
		if state == ItemWithdrawn {
			t.lastRoom()
		}
		own := state == ItemWithdrawn && item.of(who)
		if !by.system && !own && !may(who, Organise) {
			return denied("error.not_allowed.organise")
		}
		if item.State == state || state == ItemParked && item.Next != "" {
			return nil
		}
		if item.State == ItemParked && state == ItemWithdrawn { // out of the backlog for good
			item.State, item.Reason, item.Changed = state, reason, t.now
			if err := items().put(t, item); err != nil {
				return err
			}
			return t.tellItem(by, item, string(state))
		}
		if item.State != ItemAccepted && item.State != ItemProposed {
			return conflict("agenda.set_aside")
		}
		m, err := meetings().get(t, item.Meeting)
		if err != nil {
			return err
		}
		if m.State == MeetingMinuted || m.State == MeetingApproved {
			return conflict("agenda.closed")
		}
		item.State, item.Reason, item.Changed = state, reason, t.now
		if state == ItemParked {
			if m.Series == "" {
				return conflict("agenda.no_series")
			}
			if item, err = t.park(item, m.Series); err != nil {
				return err
			}
		}
		if err := items().put(t, item); err != nil {
			return err
		}
		if m.Current == item.ID {
			m.Current = ""
			if err := meetings().put(t, m); err != nil {
				return err
			}
		}
		return t.tellItem(by, item, string(state))
	})
}

// park copies an item into the backlog of a series and links it.
func (t *tx) park(item AgendaItem, series string) (AgendaItem, error) {
	id, err := t.newID()
	if err != nil {
		return item, err
	}
	parked := AgendaItem{ID: id, Series: series, Title: item.Title, Text: item.Text, Lang: item.Lang, Kind: item.Kind, Owner: item.Owner, Town: item.Town, App: item.App,
		Minutes: item.Minutes, State: ItemParked, Group: item.Group, Members: item.Members, Origin: Origin{FromItem, item.ID}, By: item.By, Created: t.now, Changed: t.now}
	if err := items().put(t, parked); err != nil {
		return item, err
	}
	item.State, item.Next = ItemPostponed, id
	return item, nil
}

// RestoreItem puts an item that was set aside back on its agenda: by organisers, while it was not carried on and the
// minutes are not published.
func (s *Store) RestoreItem(ctx context.Context, by Actor, id string) error {
	return s.changeItem(ctx, by, id, false, func(t *tx, item *AgendaItem) error {
		if item.State == ItemAccepted {
			return nil
		}
		m, err := meetings().get(t, item.Meeting)
		if err != nil {
			return err
		}
		if item.Next != "" || item.State == ItemProposed || m.State == MeetingMinuted || m.State == MeetingApproved {
			return conflict("agenda.carried")
		}
		item.State, item.Reason, item.Changed = ItemAccepted, "", t.now
		return items().put(t, *item)
	})
}

// ArrangeItems puts the accepted items of a meeting in this order: by organisers. The ids must be exactly those that
// are accepted now; when somebody changed the agenda meanwhile it is a Conflict and nothing moves.
func (s *Store) ArrangeItems(ctx context.Context, by Actor, meetingID string, ids []string) error {
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		all, err := t.agenda(meetingID)
		if err != nil {
			return err
		}
		var orders []int
		byID := map[string]AgendaItem{}
		for _, item := range all {
			if item.State == ItemAccepted {
				orders, byID[item.ID] = append(orders, item.Order), item
			}
		}
		if len(ids) != len(byID) {
			return conflict("agenda.changed_meanwhile")
		}
		for i, id := range ids {
			item, ok := byID[id]
			if !ok {
				return conflict("agenda.changed_meanwhile")
			}
			delete(byID, id)
			if item.Order == orders[i] {
				continue
			}
			item.Order = orders[i]
			if err := items().put(t, item); err != nil {
				return err
			}
		}
		return nil
	})
}

// Offer is something that could stand on a meeting's agenda: one click adds it.
type Offer struct {
	Origin  Origin
	Title   string
	Lang    string
	Kind    ItemKind
	Minutes int
	From    Meeting // where it comes from; zero for standing and parked items
	Number  string  // of an action
	item    AgendaItem
}

// lookBack is how many earlier meetings of a series are searched for what was left over.
const lookBack = 12

// Offers are what a meeting's agenda could take over, for organisers: minutes to approve, standing items that are
// missing, what earlier meetings postponed, did not reach or left without an answer, the backlog, open actions of the
// series.
func (s *Store) Offers(ctx context.Context, by Actor, meetingID string) ([]Offer, error) {
	var all []Offer
	err := s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		m, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		all, err = t.offers(m)
		return err
	})
	return all, err
}

func (t *tx) offers(m Meeting) ([]Offer, error) {
	if m.Series == "" {
		return nil, nil
	}
	have, err := t.agenda(m.ID)
	if err != nil {
		return nil, err
	}
	series, err := serieses().get(t, m.Series)
	if err != nil {
		return nil, err
	}
	var all []Offer
	offer := func(o Offer) {
		if !slices.ContainsFunc(have, func(i AgendaItem) bool { return i.Origin == o.Origin && i.State != ItemWithdrawn }) {
			all = append(all, o)
		}
	}
	before, err := meetings().list(t, famMeetingSeries, window{Under: []string{m.Series}, To: m.Slot, Reverse: true, Limit: lookBack})
	if err != nil {
		return nil, err
	}
	for _, earlier := range before {
		text, ok, err := minutes().find(t, earlier.ID)
		if err != nil {
			return nil, err
		}
		if ok && text.Published > 0 && text.Approval.At.IsZero() {
			offer(Offer{Origin: Origin{FromMinutes, earlier.ID}, Title: earlier.Title, Lang: earlier.Lang, Kind: ToDecide, Minutes: 5, From: earlier})
		}
	}
	for _, standing := range series.Template.Standing {
		if !slices.ContainsFunc(have, func(i AgendaItem) bool { return i.Title == standing.Title }) {
			offer(Offer{Origin: Origin{FromStanding, standing.Title}, Title: standing.Title, Lang: series.Lang, Kind: standing.Kind, Minutes: standing.Minutes})
		}
	}
	for _, earlier := range before {
		left, err := t.agenda(earlier.ID)
		if err != nil {
			return nil, err
		}
		for _, item := range left {
			left := item.State == ItemPostponed || item.State == ItemUnreached || item.State == ItemProposed && earlier.Over(t.now)
			if left && item.Next == "" {
				offer(itemOffer(item, earlier))
			}
		}
	}
	parked, err := items().list(t, famItemBacklog, window{Under: []string{m.Series}, Limit: scanBatch})
	if err != nil {
		return nil, err
	}
	for _, item := range parked {
		if item.Next == "" {
			offer(itemOffer(item, Meeting{}))
		}
	}
	open, err := actions().list(t, famActionSeries, window{Under: []string{m.Series, string(ActionOpen)}, Limit: scanBatch})
	if err != nil {
		return nil, err
	}
	for _, a := range open {
		offer(Offer{Origin: Origin{FromAction, a.ID}, Title: a.Title, Lang: a.Lang, Kind: ToDiscuss, Minutes: 5, Number: a.Number(),
			item: AgendaItem{Owner: a.Person, Town: a.Town, App: a.App}})
	}
	return all, nil
}

func itemOffer(item AgendaItem, from Meeting) Offer {
	return Offer{Origin: Origin{FromItem, item.ID}, Title: item.Title, Lang: item.Lang, Kind: item.Kind, Minutes: item.Minutes, From: from, item: item}
}

// TakeOffer puts an offer on the agenda: by organisers. What it carries on is linked both ways. Taking it twice adds it
// once; one that is not offered any more is a Conflict.
func (s *Store) TakeOffer(ctx context.Context, by Actor, meetingID string, origin Origin) error {
	return s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		who, err := t.require(by, Organise)
		if err != nil {
			return err
		}
		m, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		have, err := t.agenda(meetingID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(i AgendaItem) bool { return i.Origin == origin && i.State != ItemWithdrawn }) {
			return nil
		}
		if m.State == MeetingCancelled || m.State == MeetingMinuted || m.State == MeetingApproved {
			return conflict("agenda.closed")
		}
		all, err := t.offers(m)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(o Offer) bool { return o.Origin == origin })
		if at < 0 {
			return conflict("agenda.offer_gone")
		}
		return t.takeOver(who, m, have, all[at])
	})
}

func (t *tx) takeOver(who Member, m Meeting, have []AgendaItem, o Offer) error {
	item := AgendaItem{Title: o.Title, Text: o.item.Text, Lang: o.Lang, Kind: o.Kind, Minutes: o.Minutes, Owner: o.item.Owner, Town: o.item.Town, App: o.item.App,
		Group: o.item.Group, Members: o.item.Members, State: ItemAccepted, Standing: o.Origin.Kind == FromStanding, Origin: o.Origin, By: who.ID}
	var err error
	if item.Town, err = t.townIDNow(item.Town); err != nil {
		return err
	}
	made, err := t.addItem(m.ID, have, item)
	if err != nil || o.Origin.Kind != FromItem {
		return err
	}
	before := o.item
	before.Next, before.Changed = made.ID, t.now
	if before.State == ItemParked || before.State == ItemProposed {
		before.State = ItemPostponed // out of the backlog, or never answered; it still says where it went
	}
	return items().put(t, before)
}

// DuplicateAgenda copies the accepted items of another meeting to the end of an agenda: by organisers. What was copied
// from there already is not copied again. It says how many were added.
func (s *Store) DuplicateAgenda(ctx context.Context, by Actor, fromID, toID string) (added int, err error) {
	err = s.update(ctx, "meeting/"+toID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		added = 0
		who, err := t.require(by, Organise)
		if err != nil {
			return err
		}
		m, err := meetings().get(t, toID)
		if err != nil {
			return err
		}
		if m.State == MeetingCancelled || m.State == MeetingMinuted || m.State == MeetingApproved || fromID == toID {
			return conflict("agenda.closed")
		}
		past, err := t.agenda(fromID)
		if err != nil {
			return err
		}
		for _, one := range past {
			if one.State != ItemAccepted && one.Outcome == "" {
				continue
			}
			have, err := t.agenda(toID)
			if err != nil {
				return err
			}
			origin := Origin{FromCopy, one.ID}
			if slices.ContainsFunc(have, func(i AgendaItem) bool { return i.Origin == origin || i.Title == one.Title }) {
				continue
			}
			item := AgendaItem{Title: one.Title, Text: one.Text, Lang: one.Lang, Kind: one.Kind, Minutes: one.Minutes, Owner: one.Owner, Town: one.Town, App: one.App,
				Group: one.Group, Members: one.Members, Standing: one.Standing, State: ItemAccepted, Origin: origin, By: who.ID}
			if item.Town, err = t.townIDNow(item.Town); err != nil {
				return err
			}
			if _, err := t.addItem(toID, have, item); err != nil {
				return err
			}
			added++
		}
		return nil
	})
	return added, err
}

// Backlog lists the parked items of a series, the oldest first.
func (s *Store) Backlog(ctx context.Context, by Actor, seriesID string) (parked []AgendaItem, err error) {
	err = s.view(ctx, func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		parked, err = items().list(t, famItemBacklog, window{Under: []string{seriesID}, Limit: scanBatch})
		return err
	})
	return parked, err
}
