package server_test

import (
	"net/url"
	"strings"
	"testing"

	"belfry/store"
)

// TestAMeetingHasItsRoomBesideTheAgenda: its page leads there, one talks beside the agenda, and what was marked is
// offered to whoever writes the minutes.
func TestAMeetingHasItsRoomBesideTheAgenda(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	s.Clock.Set(m.Start.AddDate(0, 0, -8))
	s.as(lena).get("/meetings/"+m.Slug).lacks(t, "/chat/meeting-")
	s.Clock.Set(m.Start.Add(1))
	member, boss, path := s.as(lena), s.as(organiser), "/chat/meeting-"+m.Slug
	member.get("/meetings/"+m.Slug).holds(t, 200, path, "/meetings/"+m.Slug+"/live")
	live := member.get("/meetings/" + m.Slug + "/live")
	live.holds(t, 200, "Accueil", `id="say"`, `id="floor"`)
	checkPage(t, "fr", "live", live)
	form := url.Values{"source": {"Adopter le\nformat"}, "once": {"l1"}, "beside": {"agenda"}}
	if got := member.post(path, form); got.Header.Get("Location") != "/meetings/"+m.Slug+"/live#m1" {
		t.Errorf("posting beside the agenda leads to %q", got.Header.Get("Location"))
	}
	member.post(path+"/1/mark", url.Values{"mark": {"decision"}}).holds(t, 303)
	member.post(path, url.Values{"source": {"Écrire le guide"}, "once": {"l2"}}).holds(t, 303)
	member.post(path+"/2/mark", url.Values{"mark": {"action"}}).holds(t, 303)
	member.get(path).holds(t, 200, "Décision", "Action")
	boss.get("/meetings/"+m.Slug+"/minutes/edit").holds(t, 200, "!D Adopter le format", "!A Écrire le guide\n   @lena-exemple", "2 messages marqués")
	member.post(path+"/2/mark", url.Values{"mark": {"none"}}).holds(t, 303)
	boss.get("/meetings/"+m.Slug+"/minutes/edit").lacks(t, "Écrire le guide")
	if got := s.visitor().get("/meetings/" + m.Slug + "/live"); !strings.HasPrefix(got.Header.Get("Location"), "/sign-in") {
		t.Errorf("a visitor is led to %q", got.Header.Get("Location"))
	}
	page, err := s.MeetingPage(ctx, store.As(organiser.ID), m.Slug)
	ok(t, err)
	boss.post(path+"/move", url.Values{"n": {"2"}, "to": {"item"}, "item": {page.Items[0].Item.ID}}).holds(t, 303)
	member.get(path).holds(t, 200, "déplacé vers l’ordre du jour")
	boss.get("/meetings/"+m.Slug).holds(t, 200, "Écrire le guide")
}
