package server_test

import (
	"encoding/xml"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"belfry/server"
	"belfry/server/sister"
	"belfry/store"
	"belfry/store/storetest"
)

// offeredElsewhere follows a sister with two offers: one for who speaks French or English, one for who speaks Dutch.
func (s *site) offeredElsewhere(t testing.TB, steward store.Member) {
	t.Helper()
	_, err := s.SaveSister(ctx, store.As(steward.ID), "", store.SisterInput{Name: "Councils Together", Home: "https://sister.example/", Offers: "https://sister.example/mentors.atom", Lang: "en"})
	ok(t, err)
	ok(t, follow(s.Store, map[string]func() []byte{"https://sister.example/mentors.atom": func() []byte {
		return []byte(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Exampleford</title><link href="https://sister.example/exampleford"/><summary>Two places</summary>` +
			`<category scheme="https://www.rfc-editor.org/info/bcp47" term="fr"/><category scheme="https://www.rfc-editor.org/info/bcp47" term="en"/></entry>` +
			`<entry><title>Voorbeeldbeke</title><category scheme="https://www.rfc-editor.org/info/bcp47" term="nl"/></entry></feed>`)
	}}))
}

// Two hubs follow each other by the address of their offers: each shows the other's town with its home and a link that
// leads there, until the place is taken.
func TestTwoHubsReadEachOthersOffers(t *testing.T) {
	north := siteAt(t, storetest.OpenRendering(t, server.Renderer()), "http://nord.example")
	south := siteAt(t, storetest.OpenRendering(t, server.Renderer()), "http://sud.example")
	namur := north.mentorTown(t, "Lena Exemple", "BE-92094", 1)
	ok(t, north.EditTown(ctx, store.As(namur.ID), namur.TownID(), store.TownInput{Speaks: []string{"fr"}, Teaches: []string{"gis"}, Offers: true, Places: 1, Way: "Une heure par semaine"}))
	away := north.mentorTown(t, "Nora Ailleurs", "BE-91034", 2)
	ok(t, north.EditTown(ctx, store.As(away.ID), away.TownID(), store.TownInput{Speaks: []string{"fr"}, Offers: true, Places: 2, PausedUntil: "2027-01-04"}))
	south.mentorTown(t, "Otto Beispiel", "BE-62063", 2)
	boss := map[*site]*browser{}
	for s, other := range map[*site]string{north: "sud", south: "nord"} {
		steward := s.Join(t, "Stef Voorbeeld", "BE-34022")
		s.With(t, steward, store.RoleSteward)
		b := s.as(steward)
		boss[s] = b
		b.get("/sisters").holds(t, 200, `name="offers"`)
		home := "http://" + other + ".example"
		b.post("/sisters", url.Values{"name": {"Communauté du " + other}, "home": {home + "/"}, "offers": {home + "/mentors.atom"}, "lang": {"fr"}}).holds(t, http.StatusSeeOther)
	}
	read := func(s, other *site) {
		t.Helper()
		ok(t, (&server.Followers{Store: s.Store, Client: &sister.Client{Resolver: elsewhere{}, Dialer: elsewhere{other.address(t)}}, Log: slog.New(slog.DiscardHandler)}).Follow(ctx))
	}
	north.visitor().get("/mentors").lacks(t, "d’autres communautés")
	read(north, south)
	read(south, north)
	north.visitor().get("/mentors").holds(t, 200, "aussi dans Communauté du sud", `href="http://sud.example/towns/liege"`, "2 places libres")
	south.visitor().get("/mentors").holds(t, 200, "aussi dans Communauté du nord", `href="http://nord.example/towns/namur"`, "1 place libre", "Une heure par semaine", "Aide en\u00a0: français")
	south.visitor().get("/sisters").holds(t, 200, "Places de mentorat", "Namur")
	for _, page := range []string{"/mentors", "/sisters"} {
		south.visitor().get(page).lacks(t, "Dinant", "Lena Exemple", "nord.example/mentors.atom") // it takes a break; nobody is named; addresses are for stewards
	}
	boss[south].get("/sisters").holds(t, 200, "nord.example/mentors.atom")

	learner := north.Join(t, "Zoé Essai", "BE-93022")
	ok(t, north.WelcomeTown(ctx, store.System(), learner.TownID()))
	north.mentored(t, namur, learner)
	north.visitor().get("/mentors.atom").lacks(t, "<entry>")
	south.Clock.Add(2 * 3600e9)
	read(south, north)
	south.visitor().get("/mentors").lacks(t, "aussi dans", "Une heure par semaine")
}

// The feed of offers is Atom that any reader understands, says what is offered in which languages, names nobody, and is
// not sent twice.
func TestOffersArePublishedAsAtom(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 2)
	got := s.visitor().get("/mentors.atom")
	got.holds(t, 200, "<title>Communes mentors qui ont une place libre</title>")
	got.lacks(t, "Lena", lena.Handle)
	var feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Updated string   `xml:"updated"`
	}
	ok(t, xml.Unmarshal([]byte(got.body), &feed))
	items, err := sister.Offers([]byte(got.body))
	ok(t, err)
	if len(items) != 1 || items[0].Title != "Namur" || items[0].Href != "http://hub.example/towns/namur" || items[0].Lang != "fr" || strings.Join(items[0].Speaks, " ") != "fr" ||
		!strings.HasPrefix(items[0].Summary, "2 places libres · Transmet") || items[0].Start.IsZero() || feed.Updated < "2000" {
		t.Errorf("%+v, %s", items, got.body)
	}
	again := s.visitor()
	again.header.Set("If-None-Match", got.Header.Get("ETag"))
	if got := again.get("/mentors.atom"); got.StatusCode != http.StatusNotModified || got.body != "" {
		t.Errorf("sent again: %d", got.StatusCode)
	}
	s.visitor().get("/mentors").holds(t, 200, `href="/mentors.atom"`, `rel="alternate"`)
}

// The wizard shows offers of sisters below its own result, for the languages of the search, also when nobody here can help.
func TestTheWizardShowsOffersElsewhere(t *testing.T) {
	s := newSite(t)
	boss := s.Join(t, "Stef Voorbeeld", "BE-34022")
	s.With(t, boss, store.RoleSteward)
	s.offeredElsewhere(t, boss)
	b := s.visitor()
	b.post("/mentors/find", url.Values{"step": {"1"}, "skills": {"gis"}}).holds(t, 303)
	b.post("/mentors/find", url.Values{"step": {"2"}, "speaks": {"fr"}, "near": {"50"}}).holds(t, 303)
	b.post("/mentors/find", url.Values{"step": {"3"}, "town_code": {"BE-93022"}, "town": {"Florennes"}}).holds(t, 303)
	found := b.get("/mentors/find?step=4")
	found.holds(t, 200, "aussi dans Councils Together", `href="https://sister.example/exampleford"`, "Two places")
	found.lacks(t, "Voorbeeldbeke")
	s.mentorTown(t, "Lena Exemple", "BE-92094", 2)
	body := b.get("/mentors/find?step=4").body
	if own, other := strings.Index(body, ">Namur<"), strings.Index(body, "Exampleford"); own < 0 || other < own {
		t.Error("the offers of others do not stand below our own")
	}
	s.Clock.Add(8 * 24 * 3600e9) // nobody has heard of them for a week
	b.get("/mentors/find?step=4").lacks(t, "Exampleford")
	s.visitor().get("/mentors").lacks(t, "Exampleford")
}

// What is wrong with a feed of offers is told to stewards, and what is no feed is not shown.
func TestOffersThatCannotBeRead(t *testing.T) {
	s := newSite(t)
	boss := s.Join(t, "Stef Voorbeeld", "BE-34022")
	s.With(t, boss, store.RoleSteward)
	b := s.as(boss)
	b.post("/sisters", url.Values{"name": {"Communauté sœur"}, "home": {"http://soeur.example/"}, "offers": {"javascript:alert(1)"}, "lang": {"fr"}}).holds(t, http.StatusUnprocessableEntity, "javascript:alert(1)")
	b.post("/sisters", url.Values{"name": {"Communauté sœur"}, "home": {"http://soeur.example/"}, "offers": {"http://soeur.example/mentors.atom"}, "lang": {"fr"}}).holds(t, http.StatusSeeOther)
	ok(t, follow(s.Store, map[string]func() []byte{"http://soeur.example/mentors.atom": func() []byte { return []byte(`{"offers":[]}`) }}))
	b.get("/sisters").holds(t, 200, "Places de mentorat", "le fichier ne se lit pas")
	s.visitor().get("/sisters").lacks(t, "le fichier ne se lit pas")
}

// address is where the site listens.
func (s *site) address(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Server.Shutdown(ctx) })
	return listener.Addr().String()
}
