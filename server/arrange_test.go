package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

func TestAnAgendaIsArranged(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	admin, mine := s.as(organiser), s.as(lena)
	path := "/meetings/" + m.Slug + "/agenda"
	if got := mine.get(path); got.StatusCode != 403 {
		t.Errorf("a member arranges: %d", got.StatusCode)
	}
	page := admin.get(path).body
	contains(t, "arranging", page, "Accueil", "Un point", "À reprendre", "Mettre de côté")
	id := page[strings.Index(page, `action="/agenda/`)+len(`action="/agenda/`):] // Accueil comes first
	first := id[:strings.IndexByte(id, '"')]
	page2, err := s.MeetingPage(ctx, store.As(organiser.ID), m.Slug)
	ok(t, err)
	proposed := page2.Proposed[0].Item.ID
	for _, do := range []url.Values{{"do": {"accept"}}, {"do": {"up"}}} {
		do.Set("back", path)
		if got := admin.post("/agenda/"+proposed, do); got.StatusCode != 303 || got.Header.Get("Location") != path {
			t.Errorf("%v: %d %s", do, got.StatusCode, got.Header.Get("Location"))
		}
	}
	if got := admin.post(path+"/order", url.Values{"item": {first}}); got.StatusCode != 303 {
		t.Errorf("a stale order: %d", got.StatusCode)
	}
	contains(t, "a stale order", admin.get(path).body, "entre-temps")
	admin.post(path+"/order", url.Values{"item": {first, proposed}})
	if page := admin.get(path).body; strings.Index(page, "Accueil") > strings.Index(page, "Un point") {
		t.Error("the order was not kept")
	}
	admin.post("/agenda/"+proposed, url.Values{"do": {"aside"}, "state": {"parked"}, "reason": {"plus tard"}, "back": {path}})
	contains(t, "set aside", s.visitor().get("/meetings/"+m.Slug).body, "Mis de côté", "plus tard")
	rows, err := s.Upcoming(ctx, store.Visitor(), 10)
	ok(t, err)
	next := "/meetings/" + rows[1].Meeting.Slug + "/agenda"
	page = admin.get(next).body
	contains(t, "the next agenda", page, "En réserve de la série", "Un point")
	at := page[strings.Index(page, `name="kind" value="item"`):]
	offer := at[strings.Index(at, `value="0`)+len(`value="`):]
	offer = offer[:strings.IndexByte(offer, '"')]
	for range 2 {
		if got := admin.post(next+"/take", url.Values{"kind": {"item"}, "id": {offer}}); got.StatusCode != 303 {
			t.Errorf("taking it over: %d", got.StatusCode)
		}
	}
	if page := s.visitor().get("/meetings/" + rows[1].Meeting.Slug).body; strings.Count(page, ">Un point<") != 1 {
		t.Errorf("%d times on the next agenda", strings.Count(page, ">Un point<"))
	}
	admin.post(next+"/copy", url.Values{"from": {m.Slug}})
	if got := admin.post(next+"/copy", url.Values{"from": {"nowhere"}}); got.StatusCode != 404 {
		t.Errorf("copying from nowhere: %d", got.StatusCode)
	}
}

func TestAMeetingIsLed(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	path := "/meetings/" + m.Slug
	admin := s.as(organiser)
	if got := s.as(lena).post(path+"/step", url.Values{"to": {"frozen"}}); got.StatusCode != 403 {
		t.Errorf("a member closes the agenda: %d", got.StatusCode)
	}
	contains(t, "the states", admin.get(path).body, "Prévue, ordre du jour ouvert", "Clore l’ordre du jour")
	admin.post(path+"/step", url.Values{"to": {"frozen"}})
	contains(t, "closed", admin.get(path).body, "Ordre du jour clos", "Rouvrir")
	admin.post(path+"/step", url.Values{"to": {"approved"}})
	contains(t, "no step", admin.get(path).body, "Cette étape n’est pas possible")
	admin.post(path+"/step", url.Values{"to": {"nudge"}})
	contains(t, "room before", s.visitor().get(path+"/room").body, "La séance va commencer", "<noscript>")
	s.Clock.Set(m.Start.Add(time.Minute))
	page, err := s.MeetingPage(ctx, store.As(organiser.ID), m.Slug)
	ok(t, err)
	if got := admin.post(path+"/room", url.Values{"item": {page.Items[0].Item.ID}}); got.StatusCode != 303 {
		t.Errorf("speaking of an item: %d", got.StatusCode)
	}
	s.Clock.Add(45 * time.Minute)
	contains(t, "the room", s.visitor().get(path+"/room").body, "Maintenant", "Accueil", "Dépassement")
	contains(t, "the phone", admin.get(path+"/room/lead").body, "Terminer", "Accueil")
	if got := s.visitor().post(path+"/room", url.Values{"item": {""}}); got.StatusCode != 403 {
		t.Errorf("a visitor leads: %d", got.StatusCode)
	}
}

func TestDeadlinesAreTyped(t *testing.T) {
	s, _, organiser, m := furnished(t)
	admin := s.as(organiser)
	form := url.Values{"title": {"Réunion"}, "lang": {"fr"}, "date": {m.Date}, "clock": {m.Clock}, "zone": {m.Zone}, "minutes": {"60"}, "seats": {"2"},
		"venue": {"Salle"}, "propose": {"2"}, "freeze": {"7"}, "remind": {"7, x"}}
	got := admin.post("/meetings/"+m.Slug+"/edit", form)
	if got.StatusCode != 422 {
		t.Errorf("status %d", got.StatusCode)
	}
	contains(t, "refused", got.body, `value="7, x"`, "ne peut pas être clos avant")
	form.Set("propose", "7")
	form.Set("freeze", "2")
	form.Set("remind", "7, 1")
	if got := admin.post("/meetings/"+m.Slug+"/edit", form); got.StatusCode != 303 {
		t.Errorf("status %d: %.300s", got.StatusCode, got.body)
	}
	contains(t, "kept", admin.get("/meetings/"+m.Slug+"/edit").body, `value="7, 1"`)
}
