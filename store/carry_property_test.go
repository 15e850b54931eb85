package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// carrier is a plain model of what is carried over: each matter that somebody proposed is in exactly one place.
type carrier struct {
	matters map[string]*matter // by title
}

type matter struct {
	where int    // meeting it stands at, -1 in the backlog, -2 removed
	state string // proposed, accepted, withdrawn, postponed, unreached, parked
	hops  []int  // meetings it stood at, and -1 for the backlog, in order
}

// TestPropertyNothingIsLostOnTheWay proposes, accepts, withdraws, postpones, does not reach, parks, restores, removes,
// takes over and copies at random over several meetings, twice each as impatient people do, and compares every agenda,
// backlog and offer with a plain model: no matter is lost or doubled, and copies are linked both ways.
func TestPropertyNothingIsLostOnTheWay(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { carryAtRandom(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

// walk is one run over the meetings of a series.
type walk struct {
	*storetest.Hub
	t        *testing.T
	r        *rand.Rand
	series   string
	meetings []store.Meeting
	at       int // the meeting that comes next
	lena     store.Member
	boss     store.Actor
	carrier
}

func carryAtRandom(t *testing.T, r *rand.Rand) {
	h := storetest.Open(t)
	begun, err := h.StartSeries(ctx, store.System(), series())
	ok(t, err)
	_, all := ahead(t, h)
	otto := h.Join(t, "Otto Beispiel", "BE-62063")
	h.With(t, otto, store.RoleOrganiser)
	w := &walk{boss: store.As(otto.ID), Hub: h, t: t, r: r, series: begun.ID, meetings: all, lena: h.Join(t, "Lena Exemple", "BE-92094"), carrier: carrier{map[string]*matter{}}}
	for w.at < 4 {
		for range 12 {
			w.step()
		}
		w.compare(0)
		w.Clock.Set(w.meetings[w.at].End.Add(time.Minute))
		w.compare(1)
		w.at++
	}
	sound(t, h)
}

// items reads what is on a meeting's agenda, or in the backlog, by title.
func (w *walk) items(n int) []store.AgendaItem {
	if n < 0 {
		parked, err := w.Backlog(ctx, w.boss, w.series)
		ok(w.t, err)
		return parked
	}
	page, err := w.MeetingPage(ctx, w.boss, w.meetings[n].Slug)
	ok(w.t, err)
	var all []store.AgendaItem
	for _, group := range [][]store.PlannedItem{page.Items, page.Proposed, page.Aside} {
		for _, one := range group {
			all = append(all, one.Item)
		}
	}
	return all
}

// one picks a matter in one of these states at a meeting that is not written up.
func (w *walk) one(states ...string) (string, *matter, store.AgendaItem) {
	var titles []string
	for title, m := range w.matters {
		if slices.Contains(states, m.state) {
			titles = append(titles, title)
		}
	}
	if len(titles) == 0 {
		return "", nil, store.AgendaItem{}
	}
	sort.Strings(titles)
	title := titles[w.r.IntN(len(titles))]
	m := w.matters[title]
	for _, item := range w.items(m.where) {
		if item.Title == title && (m.where < 0 || item.Next == "") {
			return title, m, item
		}
	}
	w.t.Fatalf("%q is lost: the model has it %s at %d", title, m.state, m.where)
	return "", nil, store.AgendaItem{}
}

func (w *walk) step() {
	twice := func(do func() error) {
		for range 1 + w.r.IntN(2) {
			ok(w.t, do())
		}
	}
	switch w.r.IntN(9) {
	case 0, 1:
		title, by := fmt.Sprintf("Sujet %d", len(w.matters)+1), []store.Actor{w.boss, store.As(w.lena.ID)}[w.r.IntN(2)]
		var item store.AgendaItem
		twice(func() (err error) {
			item, err = w.ProposeItem(ctx, by, w.meetings[w.at].ID, point(title, 5))
			return err
		})
		w.matters[title] = &matter{where: w.at, state: string(item.State), hops: []int{w.at}}
	case 2:
		if _, m, item := w.one("proposed"); m != nil {
			twice(func() error { return w.AcceptItem(ctx, w.boss, item.ID) })
			m.state = "accepted"
		}
	case 3, 4:
		if _, m, item := w.one("accepted", "proposed"); m != nil {
			state := []store.ItemState{store.ItemWithdrawn, store.ItemPostponed, store.ItemUnreached}[w.r.IntN(3)]
			twice(func() error { return w.SetAsideItem(ctx, w.boss, item.ID, state, "") })
			m.state = string(state)
		}
	case 5:
		if _, m, item := w.one("accepted", "proposed"); m != nil {
			twice(func() error { return w.SetAsideItem(ctx, w.boss, item.ID, store.ItemParked, "") })
			m.where, m.state, m.hops = -1, "parked", append(m.hops, -1)
		}
	case 6:
		if _, m, item := w.one("withdrawn", "postponed", "unreached"); m != nil {
			twice(func() error { return w.RestoreItem(ctx, w.boss, item.ID) })
			m.state = "accepted"
		}
	case 7:
		w.takeAnOffer()
	case 8:
		w.remove()
	}
}

// takeAnOffer takes over what an earlier meeting left, or what is in the backlog.
func (w *walk) takeAnOffer() {
	offers, err := w.Offers(ctx, w.boss, w.meetings[w.at].ID)
	ok(w.t, err)
	if len(offers) == 0 {
		return
	}
	o := offers[w.r.IntN(len(offers))]
	for range 1 + w.r.IntN(2) {
		ok(w.t, w.TakeOffer(ctx, w.boss, w.meetings[w.at].ID, o.Origin))
	}
	m := w.matters[o.Title]
	m.where, m.state, m.hops = w.at, "accepted", append(m.hops, w.at)
}

// remove takes a matter off: if it was carried there, it is again where it was before.
func (w *walk) remove() {
	_, m, item := w.one("accepted", "parked")
	if m == nil {
		return
	}
	ok(w.t, w.RemoveItem(ctx, w.boss, item.ID))
	if m.hops = m.hops[:len(m.hops)-1]; len(m.hops) == 0 {
		m.where, m.state = -2, "removed"
		return
	}
	m.where = m.hops[len(m.hops)-1]
	for _, before := range w.items(m.where) {
		if before.Title == item.Title && before.Next == "" {
			m.state = string(before.State)
			if m.state == "postponed" || m.state == "unreached" || m.state == "parked" {
				return
			}
		}
	}
	w.t.Fatalf("%q was taken off again and is nowhere: %+v", item.Title, m)
}

// compare looks for every matter: once where it stands, once at each place it went through, linked both ways, and
// offered to the next meeting exactly when it was left over. over is 1 when the meeting has just ended.
func (w *walk) compare(over int) {
	found := map[string][]string{}
	byID := map[string]store.AgendaItem{}
	for n := -1; n < len(w.meetings); n++ {
		for _, item := range w.items(n) {
			byID[item.ID] = item
			if n >= 0 || item.State == store.ItemParked {
				found[item.Title] = append(found[item.Title], fmt.Sprint(n))
			}
		}
	}
	for title, m := range w.matters {
		have, should := found[title], []string{}
		for i, hop := range m.hops {
			if hop >= 0 || m.state == "parked" && i == len(m.hops)-1 {
				should = append(should, fmt.Sprint(hop))
			}
		}
		sort.Strings(have)
		sort.Strings(should)
		if strings.Join(have, " ") != strings.Join(should, " ") {
			w.t.Errorf("%q stands at %v and should at %v (%s)", title, have, should, m.state)
		}
	}
	for _, item := range byID {
		if next, ok := byID[item.Next]; item.Next != "" && ok && next.Origin != (store.Origin{Kind: store.FromItem, ID: item.ID}) {
			w.t.Errorf("%q is carried on by a copy that does not link back", item.Title)
		}
		if before, ok := byID[item.Origin.ID]; item.Origin.Kind == store.FromItem && ok && before.Next != item.ID {
			w.t.Errorf("%q was carried over from an item that does not link to it", item.Title)
		}
	}
	offers, err := w.Offers(ctx, w.boss, w.meetings[w.at+1].ID)
	ok(w.t, err)
	offered := map[string]int{}
	for _, o := range offers {
		offered[o.Title]++
	}
	for title, m := range w.matters {
		left := 0
		if m.state == "postponed" || m.state == "unreached" || m.state == "parked" || m.state == "proposed" && m.where < w.at+over {
			left = 1
		}
		want(w.t, fmt.Sprint(title, " ", m.state, " ", offered[title]), fmt.Sprint(title, " ", m.state, " ", left))
	}
}
