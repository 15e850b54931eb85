package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/storetest"
)

// offered is what a meeting's agenda could take over, in words.
func offered(t *testing.T, h *storetest.Hub, m store.Meeting) (string, []store.Offer) {
	t.Helper()
	all, err := h.Offers(ctx, store.System(), m.ID)
	ok(t, err)
	var words []string
	for _, o := range all {
		words = append(words, fmt.Sprint(o.Origin.Kind, ":", o.Title))
	}
	return strings.Join(words, " "), all
}

func agendaOf(t *testing.T, h *storetest.Hub, m store.Meeting) string {
	t.Helper()
	page, err := h.MeetingPage(ctx, store.System(), m.Slug)
	ok(t, err)
	var words []string
	for _, item := range page.Items {
		words = append(words, item.Item.Title)
	}
	for _, item := range page.Aside {
		words = append(words, "("+item.Item.Title+" "+string(item.Item.State)+")")
	}
	return strings.Join(words, " ")
}

func TestTheNextAgendaWritesItself(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		in := series()
		in.Template.Standing = []store.StandingItem{{Title: "Accueil", Kind: store.ToInform, Minutes: 10}}
		begun, err := h.StartSeries(ctx, store.System(), in)
		ok(t, err)
		lena := h.Join(t, "Lena Exemple", "BE-92094")
		_, all := ahead(t, h)
		first, second := all[0], all[1]
		ids := map[string]string{}
		for _, title := range []string{"A", "B", "C", "D"} {
			item, err := h.ProposeItem(ctx, store.System(), first.ID, point(title, 10))
			ok(t, err)
			ids[title] = item.ID
		}
		for range 2 {
			ok(t, h.SetAsideItem(ctx, store.System(), ids["B"], store.ItemParked, "plus tard"))
			ok(t, h.SetAsideItem(ctx, store.System(), ids["C"], store.ItemUnreached, ""))
			ok(t, h.SetAsideItem(ctx, store.System(), ids["D"], store.ItemWithdrawn, ""))
		}
		want(t, agendaOf(t, h, first), "Accueil A (B postponed) (C unreached) (D withdrawn)")
		parked, err := h.Backlog(ctx, store.System(), begun.ID)
		ok(t, err)
		want(t, len(parked), 1)
		h.Clock.Set(first.Start.Add(30 * time.Minute))
		_, err = publish(t, h, first, 0, "!A Tester\n   @"+lena.Handle)
		ok(t, err)
		words, offers := offered(t, h, second)
		want(t, words, "minutes:Réunion item:C item:B action:Tester")
		for range 2 {
			for _, o := range offers {
				ok(t, h.TakeOffer(ctx, store.System(), second.ID, o.Origin))
			}
		}
		want(t, agendaOf(t, h, second), "Accueil Réunion C B Tester")
		words, _ = offered(t, h, second)
		want(t, words, "")
		parked, err = h.Backlog(ctx, store.System(), begun.ID)
		ok(t, err)
		want(t, len(parked), 0)
		wantKind(t, h.TakeOffer(ctx, store.System(), second.ID, store.Origin{Kind: store.FromItem, ID: ids["A"]}), store.Conflict, "agenda.offer_gone")
		wantKind(t, h.TakeOffer(ctx, store.As(lena.ID), second.ID, offers[0].Origin), store.Denied, "error.not_allowed.organise")
		// taken off again, it is offered again: nothing is lost on the way
		page, err := h.MeetingPage(ctx, store.System(), second.Slug)
		ok(t, err)
		for _, item := range page.Items {
			if item.Item.Title == "C" {
				want(t, item.Item.Origin.ID, ids["C"])
				ok(t, h.RemoveItem(ctx, store.System(), item.Item.ID))
			}
		}
		words, _ = offered(t, h, second)
		want(t, words, "item:C")
		page, err = h.MeetingPage(ctx, store.As(lena.ID), second.Slug)
		ok(t, err)
		want(t, len(page.Actions), 1)
		sound(t, h)
	})
}

func TestArrangingAndDuplicating(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		from, to := h.Meeting(t, 1), h.Meeting(t, 2)
		var ids []string
		for _, title := range []string{"A", "B", "C"} {
			item, err := h.ProposeItem(ctx, store.System(), from.ID, point(title, 10))
			ok(t, err)
			ids = append(ids, item.ID)
		}
		ok(t, h.ArrangeItems(ctx, store.System(), from.ID, []string{ids[2], ids[0], ids[1]}))
		want(t, agendaOf(t, h, from), "C A B")
		for _, wrong := range [][]string{{ids[0], ids[1]}, {ids[0], ids[0], ids[1]}, {ids[0], ids[1], "x"}} {
			wantKind(t, h.ArrangeItems(ctx, store.System(), from.ID, wrong), store.Conflict, "agenda.changed_meanwhile")
		}
		want(t, agendaOf(t, h, from), "C A B")
		for _, wanted := range []int{3, 0} {
			added, err := h.DuplicateAgenda(ctx, store.System(), from.ID, to.ID)
			ok(t, err)
			want(t, added, wanted)
		}
		want(t, agendaOf(t, h, to), "C A B")
	})
}

func TestItemsForMembersOnly(t *testing.T) {
	h := storetest.Open(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	m := h.Meeting(t, 1)
	in := point("Entre nous", 10)
	in.Members = true
	item, err := h.ProposeItem(ctx, store.System(), m.ID, in)
	ok(t, err)
	ok(t, h.AddDocument(ctx, store.System(), m.ID, store.DocumentInput{Title: "Note", Lang: "fr", Item: item.ID, Link: "https://exemple.example/"}, nil))
	for by, wanted := range map[store.Actor]int{store.Visitor(): 0, store.As(lena.ID): 1} {
		page, err := h.MeetingPage(ctx, by, m.Slug)
		ok(t, err)
		want(t, len(page.Items), wanted)
		want(t, len(page.Meeting.Documents), wanted)
	}
}

func TestTheRoomFollowsTheAgenda(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		m := h.Meeting(t, 1)
		a, err := h.ProposeItem(ctx, store.System(), m.ID, point("A", 10))
		ok(t, err)
		b, err := h.ProposeItem(ctx, store.System(), m.ID, point("B", 20))
		ok(t, err)
		wantKind(t, h.SpeakOf(ctx, store.System(), m.ID, a.ID), store.Conflict, "room.not_now")
		h.Clock.Set(m.Start)
		lena := store.As(h.Join(t, "Lena Exemple", "BE-92094").ID)
		wantKind(t, h.SpeakOf(ctx, lena, m.ID, a.ID), store.Denied, "error.not_allowed.organise")
		for range 2 {
			ok(t, h.SpeakOf(ctx, store.System(), m.ID, a.ID))
		}
		h.Clock.Add(15 * time.Minute)
		room, err := h.Floor(ctx, store.Visitor(), m.Slug)
		ok(t, err)
		want(t, room.Current.Item.Title+" "+room.Next.Item.Title+" "+room.Over.String(), "A B 5m0s")
		ok(t, h.SpeakOf(ctx, store.System(), m.ID, b.ID))
		ok(t, h.SpeakOf(ctx, store.System(), m.ID, ""))
		room, err = h.Floor(ctx, store.Visitor(), m.Slug)
		ok(t, err)
		want(t, room.Current == nil && room.Next == nil, true)
		wantKind(t, h.SpeakOf(ctx, store.System(), m.ID, "x"), store.NotFound, "error.not_found")
		sound(t, h)
	})
}

func TestAParkedItemIsDroppedForGood(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		begun, err := h.StartSeries(ctx, store.System(), series())
		ok(t, err)
		_, all := ahead(t, h)
		item, err := h.ProposeItem(ctx, store.System(), all[0].ID, point("A", 10))
		ok(t, err)
		ok(t, h.SetAsideItem(ctx, store.System(), item.ID, store.ItemParked, ""))
		parked, err := h.Backlog(ctx, store.System(), begun.ID)
		ok(t, err)
		for range 2 {
			ok(t, h.SetAsideItem(ctx, store.System(), parked[0].ID, store.ItemWithdrawn, "plus utile"))
		}
		parked, err = h.Backlog(ctx, store.System(), begun.ID)
		ok(t, err)
		want(t, len(parked), 0)
		words, _ := offered(t, h, all[1])
		want(t, words, "")
		sound(t, h)
	})
}
