package server_test

import (
	"fmt"
	"net/url"
	"testing"

	"belfry/server"
	"belfry/store"
	"belfry/store/storetest"
)

// TestRoundTripsToTheDatabase prints what each page costs in messages to PostgreSQL that are waited for, as on a node
// that has just started and once more: between machines each is half a millisecond or more. Most lookups of a page go
// one after the other only where one leads to the next.
func TestRoundTripsToTheDatabase(t *testing.T) {
	hub, db := storetest.OpenShared(t, server.Renderer())
	s := siteOver(t, hub)
	lena, organiser, m := furnish(t, s)
	category, err := s.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	d, err := s.OpenThread(ctx, store.As(lena.ID), store.ThreadInput{Title: "Un fil", Category: category.Slug, PostInput: store.PostInput{Lang: "fr", Source: "Bonjour"}})
	ok(t, err)
	thread := fmt.Sprintf("/t/%d/%s", d.Thread.Number, d.Thread.Slug)
	visitor, member, admin := s.visitor(), s.as(lena), s.as(organiser)
	cost := func(act func()) uint64 {
		before := db.Stats().RoundTrips
		act()
		return db.Stats().RoundTrips - before
	}
	touch := func() { // drops every page that is kept
		ok(t, s.EditTown(ctx, store.As(lena.ID), lena.TownID(), store.TownInput{About: fmt.Sprint("Une ville ", db.Stats().RoundTrips), Staff: store.StaffFew, Hosting: store.HostingShared}))
	}
	t.Logf("%-44s %8s %8s", "round trips", "changed", "again")
	for _, page := range []struct {
		who   string
		b     *browser
		path  string
		limit uint64 // of the first look
	}{
		{"visitor", visitor, "/", 40}, {"member", member, "/", 60}, {"visitor", visitor, "/meetings/" + m.Slug, 30}, {"member", member, "/meetings/" + m.Slug, 50},
		{"visitor", visitor, "/meetings", 40}, {"visitor", visitor, thread, 40}, {"member", member, thread, 60}, {"visitor", visitor, "/discussions", 40},
		{"member", member, "/unread", 60}, {"visitor", visitor, "/towns", 40}, {"visitor", visitor, "/towns/namur", 60}, {"visitor", visitor, "/decisions", 40},
		{"admin", admin, "/admin", 60}, {"visitor", visitor, "/meetings.ics", 40},
	} {
		touch()
		look := func() {
			if got := page.b.get(page.path); got.StatusCode != 200 {
				t.Errorf("%s: status %d", page.path, got.StatusCode)
			}
		}
		first, again := cost(look), cost(look)
		t.Logf("%-44s %8d %8d", page.who+" "+page.path, first, again)
		if first > page.limit || again > first {
			t.Errorf("%s %s costs %d, then %d, more than %d", page.who, page.path, first, again, page.limit)
		}
	}
	t.Logf("%-44s %8d", "answering a meeting", cost(func() {
		got := member.post("/meetings/"+m.Slug+"/rsvp", url.Values{"answer": {"online"}})
		if got.StatusCode != 303 {
			t.Errorf("status %d", got.StatusCode)
		}
	}))
	t.Logf("%-44s %8d", "posting in a thread", cost(func() {
		_, err := s.Reply(ctx, store.As(lena.ID), d.Thread.ID, store.PostInput{Lang: "fr", Source: "Encore"})
		ok(t, err)
	}))
}
