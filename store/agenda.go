package store

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// ItemKind says what an agenda item asks of the meeting.
type ItemKind string

const (
	ToInform  ItemKind = "information"
	ToDiscuss ItemKind = "discussion"
	ToDecide  ItemKind = "decision"
)

// ItemState is where a proposed item stands.
type ItemState string

const (
	ItemProposed  ItemState = "proposed" // waits for an organiser
	ItemAccepted  ItemState = "accepted"
	ItemWithdrawn ItemState = "withdrawn" // by its proposer or owner, after it was accepted; stays to be seen
	ItemPostponed ItemState = "postponed" // to a later meeting, before or during this one
	ItemUnreached ItemState = "unreached" // the meeting ended first
	ItemParked    ItemState = "parked"    // in the backlog of its series, without a meeting
)

// OriginKind says where an item came from.
type OriginKind string

const (
	FromItem     OriginKind = "item"     // carried over from an earlier meeting: ID is that item
	FromAction   OriginKind = "action"   // an open action
	FromMinutes  OriginKind = "minutes"  // minutes to approve: ID is their meeting
	FromStanding OriginKind = "standing" // every meeting of the series has it
	FromCopy     OriginKind = "copy"     // a past agenda was duplicated: ID is that item
	FromThread   OriginKind = "thread"
)

// Origin is where an item came from.
type Origin struct {
	Kind OriginKind `json:"kind"`
	ID   string     `json:"id,omitzero"`
}

// AgendaItem is one point of a meeting's agenda.
type AgendaItem struct {
	ID       string      `json:"id"`
	Meeting  string      `json:"meeting,omitzero"` // "" while it is parked
	Series   string      `json:"series,omitzero"`  // of a parked item
	Order    int         `json:"order"`
	Title    string      `json:"title"`
	Text     string      `json:"text,omitzero"` // plain text
	Lang     string      `json:"lang"`
	Kind     ItemKind    `json:"kind"`
	Owner    string      `json:"owner,omitzero"` // member id
	Town     string      `json:"town,omitzero"`  // town id
	App      string      `json:"app,omitzero"`   // id of the application it is about
	Minutes  int         `json:"minutes"`        // of time, 0 for none
	State    ItemState   `json:"state"`
	Standing bool        `json:"standing,omitzero"`
	Group    string      `json:"group,omitzero"`   // heading it stands under
	Members  bool        `json:"members,omitzero"` // shown to signed-in members only
	Late     bool        `json:"late,omitzero"`    // proposed after the deadline or the freeze
	Origin   Origin      `json:"origin,omitzero"`
	Next     string      `json:"next,omitzero"`    // the copy that carries it on
	Outcome  ItemOutcome `json:"outcome,omitzero"` // since the minutes were published
	Began    time.Time   `json:"began,omitzero"`   // in the room
	Ended    time.Time   `json:"ended,omitzero"`
	Reason   string      `json:"reason,omitzero"` // why withdrawn or postponed
	By       string      `json:"by,omitzero"`
	Created  time.Time   `json:"created"`
	Changed  time.Time   `json:"changed"`
}

var items = sync.OnceValue(func() *table[AgendaItem] {
	return &table[AgendaItem]{
		kept:   true,
		family: famItem,
		key:    func(i *AgendaItem) []string { return []string{i.ID} },
		indexes: []index[AgendaItem]{
			{family: famItemMeeting, parts: func(i *AgendaItem) [][]string {
				if i.Meeting == "" {
					return nil
				}
				return [][]string{{i.Meeting, fmt.Sprintf("%06d", i.Order)}}
			}},
			{family: famItemBacklog, parts: func(i *AgendaItem) [][]string {
				if i.State != ItemParked {
					return nil
				}
				return [][]string{{i.Series}}
			}},
			{family: famItemApp, parts: func(i *AgendaItem) [][]string {
				if i.App == "" {
					return nil
				}
				return [][]string{{i.App, instant(i.Created)}}
			}},
		},
	}
})

// agenda reads a meeting's items in order.
func (t *tx) agenda(meetingID string) ([]AgendaItem, error) {
	return items().list(t, famItemMeeting, window{Under: []string{meetingID}, Limit: scanBatch})
}

// ItemInput is what somebody types about an agenda item. Owner and Town are ids, which organisers may choose; others
// propose for themselves and their town.
type ItemInput struct {
	Title, Text, Lang string
	Kind              ItemKind
	Minutes           int
	Group             string // heading it stands under
	Members           bool   // shown to signed-in members only
	Owner, Town       string
	Thread            string // id of the thread it is made of
	App               string // slug of the application it is about; with "" the one its thread is tagged with
}

func (in *ItemInput) check() error {
	var c check
	in.Title = c.required("item_title", in.Title, MaxTitle)
	in.Text = c.text("item_text", in.Text, MaxText)
	in.Lang = oneOf(&c, "item_lang", in.Lang, Languages()...)
	in.Kind = oneOf(&c, "item_kind", in.Kind, ToInform, ToDiscuss, ToDecide)
	in.Group = c.line("item_group", in.Group, MaxTitle)
	in.App = c.line("item_app", in.App, MaxTitle)
	c.between("item_minutes", in.Minutes, 0, 24*60)
	return c.err()
}

// ProposeItem adds an item to a meeting's agenda until the meeting ends: an organiser's is accepted at once, others
// wait for one. After the deadline, or once the agenda is closed, it is marked late. The same item proposed twice by
// the same person is one.
func (s *Store) ProposeItem(ctx context.Context, by Actor, meetingID string, in ItemInput) (AgendaItem, error) {
	if err := in.check(); err != nil {
		return AgendaItem{}, err
	}
	var item AgendaItem
	err := s.update(ctx, "meeting/"+meetingID, func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		m, err := meetings().get(t, meetingID)
		if err != nil {
			return err
		}
		organiser := by.system || may(who, Organise)
		if !visible(m, who) && !by.system {
			return notFound()
		}
		if !m.takesItems(organiser, t.now) {
			return conflict("agenda.closed")
		}
		all, err := t.agenda(meetingID)
		if err != nil {
			return err
		}
		for _, have := range all {
			if have.By == who.ID && have.Title == in.Title && have.Text == in.Text && have.State != ItemWithdrawn {
				item = have
				return nil
			}
		}
		item = AgendaItem{Title: in.Title, Text: in.Text, Lang: in.Lang, Kind: in.Kind, Group: in.Group, Members: in.Members,
			Owner: who.ID, Town: who.TownID(), Minutes: in.Minutes, State: ItemProposed, By: who.ID, Late: m.Late(t.now)}
		if in.Thread != "" {
			item.Origin = Origin{Kind: FromThread, ID: in.Thread}
		}
		if item.App, err = t.itemApp(in); err != nil {
			return err
		}
		if organiser {
			item.State = ItemAccepted
			if err := t.assign(&item, in); err != nil {
				return err
			}
		}
		if item, err = t.addItem(meetingID, all, item); err != nil || in.Thread == "" {
			return err
		}
		return t.linkItem(who, in.Thread, item)
	})
	return item, err
}

// linkItem notes on a thread which agenda item was made of it. A thread for members only makes an item for members only.
func (t *tx) linkItem(who Member, threadID string, item AgendaItem) error {
	d, shelf, err := t.thread(threadID, who)
	if err != nil {
		return err
	}
	if d.MergedInto != "" {
		return notFound()
	}
	if shelf.Members && !item.Members {
		return invalid("item_members", "agenda.thread_members")
	}
	d.Items = append(d.Items, item.ID)
	return threads().put(t, d)
}

// assign gives an item the owner and town an organiser chose.
func (t *tx) assign(item *AgendaItem, in ItemInput) error {
	if in.Owner != "" {
		m, ok, err := members().find(t, in.Owner)
		if err != nil {
			return err
		}
		if !ok || m.State != MemberActive {
			return invalid("item_owner", "rsvp.unknown_member")
		}
		item.Owner, item.Town = m.ID, m.TownID()
	}
	if in.Town != "" {
		if err := t.knownTown("item_town", in.Town); err != nil {
			return err
		}
		item.Town = in.Town
	}
	return nil
}

// addItem puts a new item at the end of a meeting's agenda.
func (t *tx) addItem(meetingID string, all []AgendaItem, item AgendaItem) (AgendaItem, error) {
	if len(all) >= MaxItems {
		return item, invalid("item_title", "agenda.too_many", "Max", MaxItems)
	}
	for _, have := range all {
		item.Order = max(item.Order, have.Order)
	}
	id, err := t.newID()
	if err != nil {
		return item, err
	}
	item.ID, item.Meeting, item.Order, item.Created, item.Changed = id, meetingID, item.Order+1, t.now, t.now
	return item, items().put(t, item)
}

// Item reads an item for those who may change it.
func (s *Store) Item(ctx context.Context, by Actor, id string) (AgendaItem, error) {
	var item AgendaItem
	err := s.view(ctx, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if item, err = items().get(t, id); err != nil {
			return err
		}
		if !may(who, Organise) && (item.State != ItemProposed || item.By != who.ID) {
			return denied("error.not_allowed.organise")
		}
		return nil
	})
	return item, err
}

// ItemByID reads an item, for the letters about it.
func (s *Store) ItemByID(ctx context.Context, id string) (AgendaItem, error) {
	var item AgendaItem
	err := s.view(ctx, func(t *tx) error {
		var err error
		item, err = items().get(t, id)
		return err
	})
	return item, err
}

// changeItem loads an item, asks for an organiser or, where its proposer may too, for them, and stores the change.
func (s *Store) changeItem(ctx context.Context, by Actor, id string, proposer bool, change func(*tx, *AgendaItem) error) error {
	return s.update(ctx, "agenda", func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		item, err := items().get(t, id)
		if err != nil {
			return err
		}
		if !by.system && !may(who, Organise) && !(proposer && item.ChangedBy(who)) {
			return denied("error.not_allowed.organise")
		}
		return change(t, &item)
	})
}

// ChangedBy says whether a member may change an item's text: organisers, and its proposer until it was accepted.
func (i AgendaItem) ChangedBy(who Member) bool {
	return may(who, Organise) || i.State == ItemProposed && i.By == who.ID
}

// AcceptItem puts a proposed item on the agenda: by organisers.
func (s *Store) AcceptItem(ctx context.Context, by Actor, id string) error {
	return s.changeItem(ctx, by, id, false, func(t *tx, item *AgendaItem) error {
		if item.State == ItemAccepted {
			return nil
		}
		if item.Meeting == "" {
			return conflict("agenda.parked")
		}
		item.State, item.Reason, item.Changed = ItemAccepted, "", t.now
		if err := items().put(t, *item); err != nil {
			return err
		}
		return t.tellItem(by, *item, "accepted")
	})
}

// tellItem tells an item's proposer what became of it.
func (t *tx) tellItem(by Actor, item AgendaItem, what string) error {
	if item.By == "" || item.By == by.MemberID {
		return nil
	}
	return t.emit(Event{Kind: EventItemDecided, Subject: item.ID, Member: item.By, By: by.MemberID, Data: map[string]string{"what": what, "reason": item.Reason}})
}

// ChangeItem changes an item's words: by organisers, and by its proposer while it waits.
func (s *Store) ChangeItem(ctx context.Context, by Actor, id string, in ItemInput) error {
	if err := in.check(); err != nil {
		return err
	}
	return s.changeItem(ctx, by, id, true, func(t *tx, item *AgendaItem) error {
		item.Title, item.Text, item.Lang, item.Kind, item.Minutes, item.Changed = in.Title, in.Text, in.Lang, in.Kind, in.Minutes, t.now
		item.Group, item.Members = in.Group, in.Members
		var err error
		if item.App, err = t.itemApp(in); err != nil {
			return err
		}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if by.system || may(who, Organise) {
			if err := t.assign(item, in); err != nil {
				return err
			}
		}
		return items().put(t, *item)
	})
}
