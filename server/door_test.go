package server_test

import (
	"net/url"
	"testing"
	"time"

	"belfry/store"
)

func TestTheDoor(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	nora := s.Join(t, "Nora Voorbeeld", "BE-34022")
	path := "/meetings/" + m.Slug + "/door"
	admin := s.as(organiser)
	if got := s.as(lena).get(path); got.StatusCode != 403 {
		t.Errorf("a member at the door: %d", got.StatusCode)
	}
	admin.post(path, url.Values{"do": {"came"}, "member": {lena.ID}})
	contains(t, "too early", admin.get(path).body, "deux heures")
	s.Clock.Set(m.Start.Add(time.Hour))
	for range 2 {
		if got := admin.post(path, url.Values{"do": {"came"}, "member": {lena.ID}, "guests": {"1"}}); got.StatusCode != 303 {
			t.Errorf("ticking: %d", got.StatusCode)
		}
	}
	contains(t, "late", admin.get(path).body, "Arrivée à", "2 personnes", "1 commune")
	got := admin.post(path, url.Values{"do": {"walk_in"}, "name": {"Personne d’ici"}})
	if got.StatusCode != 422 {
		t.Errorf("nobody of that name: %d", got.StatusCode)
	}
	contains(t, "nobody", got.body, `value="Personne d’ici"`)
	admin.post(path, url.Values{"do": {"walk_in"}, "name": {nora.Name}})
	contains(t, "both", admin.get(path).body, "Nora Voorbeeld", "2 communes")
	contains(t, "the skeleton", admin.get("/meetings/"+m.Slug+"/minutes/edit").body, "## Présences", "3 personnes, 2 communes", "Lena Exemple (+1), dès 10")
	contains(t, "the year", s.visitor().get("/meetings/attendance?year=2026").body, "Courtrai", "Namur", "<svg")
	admin.post(path, url.Values{"do": {"undo"}, "member": {nora.ID}})
	if got := s.visitor().get("/meetings/attendance?year=x"); got.StatusCode != 404 {
		t.Errorf("a year that is none: %d", got.StatusCode)
	}
	contains(t, "an empty year", s.visitor().get("/meetings/attendance?year=2019").body, "2019")
}

func TestASeatIsHandedOnInThePage(t *testing.T) {
	s, lena, _, m := furnished(t)
	jef := s.Join(t, "Jef Exemple", "BE-92094")
	path := "/meetings/" + m.Slug
	mine := s.as(lena)
	contains(t, "the card", mine.get(path).body, "Céder ma place")
	got := mine.post(path+"/rsvp/hand", url.Values{"to": {"nobody"}})
	if got.StatusCode != 422 {
		t.Errorf("nobody: %d", got.StatusCode)
	}
	contains(t, "nobody", got.body, `value="nobody"`)
	if got := mine.post(path+"/rsvp/hand", url.Values{"to": {"@" + jef.Handle}}); got.StatusCode != 303 {
		t.Errorf("handing on: %d", got.StatusCode)
	}
	page, err := s.MeetingPage(ctx, store.As(jef.ID), m.Slug)
	ok(t, err)
	if page.Mine == nil || !page.Mine.Seated() {
		t.Errorf("%+v", page.Mine)
	}
}
