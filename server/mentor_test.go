package server_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// mentorTown is a welcomed town that offers help, with its coordinator.
func (s *site) mentorTown(t testing.TB, name, code string, places int) store.Member {
	t.Helper()
	m := s.Join(t, name, code)
	ok(t, s.WelcomeTown(ctx, store.System(), m.TownID()))
	ok(t, s.SetCoordinator(ctx, store.System(), m.ID, true))
	ok(t, s.EditTown(ctx, store.As(m.ID), m.TownID(), store.TownInput{Staff: store.StaffFew, Speaks: []string{"fr"}, Teaches: []string{"gis"}, Offers: true, Places: places}))
	return m
}

var letterLink = regexp.MustCompile(`https?://hub\.example(/[^"\s]+)`)

// letters writes the letters that are due and returns those to a member, the newest first.
func (s *site) letters(t testing.TB, to store.Member) []store.Mail {
	t.Helper()
	_, err := office(t, s.Hub, nil).Compose(ctx)
	ok(t, err)
	due, err := s.DueMail(ctx, s.Now().Add(time.Hour), 1000)
	ok(t, err)
	var found []store.Mail
	for i := len(due) - 1; i >= 0; i-- {
		if due[i].Member == to.ID {
			found = append(found, due[i])
		}
	}
	return found
}

// TestANewcomerFindsAMentorWithoutAnAccount: four steps, a letter, and the request is sent; the mentor answers from the mail.
func TestANewcomerFindsAMentorWithoutAnAccount(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 1)
	s.mentorTown(t, "Oscar Autre", "BE-25014", 2)
	b := s.visitor()
	b.get("/mentors").holds(t, 200, "Trouver une commune mentor", "Namur")
	b.get("/mentors/find").holds(t, 200, "Qu’aimeriez-vous apprendre", `value="gis"`)
	step := func(form url.Values, to string) {
		t.Helper()
		got := b.post("/mentors/find", form)
		got.holds(t, 303)
		if at := got.Header.Get("Location"); at != to {
			t.Fatalf("leads to %s", at)
		}
	}
	step(url.Values{"step": {"1"}, "skills": {"gis", "php"}, "hosting": {"shared"}}, "/mentors/find?step=2")
	b.post("/mentors/find", url.Values{"step": {"2"}, "staff": {"one"}, "near": {"25"}}).holds(t, 422, "Choisissez au moins une langue de travail.", `value="one" checked`)
	step(url.Values{"step": {"2"}, "staff": {"one"}, "near": {"25"}, "speaks": {"fr"}, "budget": {"small"}}, "/mentors/find?step=3")
	b.get("/mentors/find").holds(t, 200, "Sa taille et sa situation") // left and resumed
	b.post("/mentors/find", url.Values{"step": {"3"}, "town": {"saint nicolas"}}).holds(t, 422, `name="town_pick"`)
	step(url.Values{"step": {"3"}, "town_pick": {"BE-56044"}}, "/mentors/find?step=4")
	b.get("/mentors/find").holds(t, 200, "2 communes peuvent accompagner", "Peut apprendre", "N’enseigne pas", "Aide en français", "plus loin que les 25", "/mentors/find/ask/namur", `class="map`)
	ask := "/mentors/find/ask/namur"
	b.get(ask).holds(t, 200, "Écrire à Namur", "field__hint")
	b.post(ask, url.Values{"message": {""}, "lang": {"fr"}, "name": {"Zoé Essai"}, "email": {"zoe"}}).holds(t, 422, "Zoé Essai", `role="alert"`)
	got := b.post(ask, url.Values{"message": {"Nous débutons."}, "lang": {"fr"}, "name": {"Zoé Essai"}, "email": {"zoe@exemple.example"}})
	got.holds(t, 303)
	for _, one := range s.letters(t, lena) {
		if strings.Contains(one.Subject, "accompagner") {
			t.Error("the town is asked before the address is confirmed")
		}
	}
	code := s.Mail(t, "zoe@exemple.example")
	b.get(got.Header.Get("Location")).holds(t, 200)
	got = b.post("/link/"+code, nil)
	got.holds(t, 303)
	b.get(got.Header.Get("Location")).holds(t, 200, "Votre demande est en route", "s’adresse à Namur")

	// The mentor opens the letter; opening changes nothing, a form does.
	letter := subjected(t, s.letters(t, lena), "vous demande de l’accompagner")
	if !strings.Contains(letter.Text, "Nous débutons.") {
		t.Fatal(letter.Text)
	}
	path := letterLink.FindStringSubmatch(letter.Text)[1]
	mentor := s.as(lena)
	for range 2 {
		mentor.get(path).holds(t, 200, "Accepter et commencer", "Nous débutons.", "Il vous reste 1 place")
	}
	s.visitor().get(path).holds(t, 303)
	b.get(path).holds(t, 200, "La demande est chez Namur", "mercredi 11")
	mentor.post(path, url.Values{"do": {"ask"}, "text": {"Combien d’agents ?"}}).holds(t, 303)
	b.get(path).holds(t, 200, "Combien d’agents ?", "le délai de sept jours est suspendu")
	b.post(path, url.Values{"do": {"ask"}, "text": {"Un seul."}}).holds(t, 303)
	mentor.post(path, url.Values{"do": {"decline"}, "reason": {""}}).holds(t, 422, "Donnez une raison")
	got = mentor.post(path, url.Values{"do": {"accept"}})
	got.holds(t, 303)
	home := got.Header.Get("Location")
	mentor.get(home).holds(t, 200, "Namur accompagne", "La première année", "Rencontre avec le mentor")
	b.get(path).holds(t, 200, "est la commune mentor", home)
	b.get("/mentors").holds(t, 200, home)
	s.visitor().get("/mentors").lacks(t, home)

	// A talk is in both towns' calendars; where it is, and what was said, only in those of their people.
	b.post(home, url.Values{"do": {"plan"}, "date": {"2026-02-30"}, "clock": {"10:00"}, "minutes": {"60"}}).holds(t, 422, "2026-02-30")
	b.post(home, url.Values{"do": {"plan"}, "date": {"2026-03-12"}, "clock": {"10:00"}, "minutes": {"60"}, "where": {"https://visio.exemple.example/salon"}}).holds(t, 303)
	b.post(home, url.Values{"do": {"goal"}, "goal": {"Un site à jour"}}).holds(t, 303)
	mentor.get(home).holds(t, 200, "visio.exemple.example", "Un site à jour", "/chat/mentorship-")
	mentor.get("/chat/mentorship-"+strings.TrimPrefix(home, "/mentorships/")).holds(t, 200)
	zoe, err := s.MemberByHandle(ctx, "zoe-essai")
	ok(t, err)
	link, err := s.NewFeedLink(ctx, store.As(zoe.ID), "téléphone")
	ok(t, err)
	s.visitor().get("/calendar/"+link.Token+".ics").holds(t, 200, "DTSTART;TZID=Europe/Brussels:20260312T100000", "visio.exemple.example")
	public := s.visitor().get("/towns/namur/meetings.ics")
	public.holds(t, 200, "20260312T100000", "une commune nouvelle")
	public.lacks(t, "visio.exemple.example", "Nivelles")

	// It ends with thanks, which everybody reads, and the place is free again.
	b.post(home, url.Values{"do": {"close"}, "why": {"done"}}).holds(t, 303)
	b.post(home, url.Values{"do": {"thank"}, "thanks": {"Merci pour tout."}}).holds(t, 303)
	mentor.get(home).holds(t, 200, "Merci pour tout.", "Terminé")
	s.visitor().get("/towns/namur").lacks(t, "Merci pour tout.") // nobody has welcomed the town yet
	ok(t, s.WelcomeTown(ctx, store.System(), zoe.TownID()))
	s.visitor().get("/towns/namur").holds(t, 200, "Merci pour tout.", "1 place libre")
}

// Mail is the token of the newest letter that confirms an address.
func (s *site) Mail(t testing.TB, address string) string {
	t.Helper()
	_, err := office(t, s.Hub, nil).Compose(ctx)
	ok(t, err)
	due, err := s.DueMail(ctx, s.Now().Add(time.Hour), 1000)
	ok(t, err)
	for i := len(due) - 1; i >= 0; i-- {
		if due[i].Address == address {
			if found := regexp.MustCompile(`/link/([a-z0-9]+)`).FindStringSubmatch(due[i].Text); found != nil {
				return found[1]
			}
		}
	}
	t.Fatal("no letter with a link")
	return ""
}

// TestASilentWeekTellsTheNewcomerAndTheSteward by letters, and asks the next town.
func TestASilentWeekTellsTheNewcomerAndTheSteward(t *testing.T) {
	s := newSite(t)
	lena, oscar := s.mentorTown(t, "Lena Exemple", "BE-92094", 1), s.mentorTown(t, "Oscar Autre", "BE-25014", 1)
	stef := s.Join(t, "Stef Voorbeeld", "BE-34022")
	s.With(t, stef, store.RoleSteward)
	zoe := s.Join(t, "Zoé Essai", "BE-56044")
	b := s.as(zoe)
	b.post("/mentors/find", url.Values{"step": {"2"}, "speaks": {"fr"}, "near": {"50"}}).holds(t, 303)
	b.post("/mentors/find/ask/namur", url.Values{"message": {"Bonjour"}, "lang": {"fr"}}).holds(t, 303)
	s.letters(t, lena)
	s.Clock.Add(7*24*time.Hour + time.Minute)
	_, err := s.Advance(ctx)
	ok(t, err)
	for who, subject := range map[*store.Member]string{&zoe: "n’a pas répondu", &stef: "n’a pas répondu à", &oscar: "vous demande de l’accompagner"} {
		subjected(t, s.letters(t, *who), subject)
	}
	b.get("/mentors").holds(t, 200, "s’adresse à Braine")
	s.as(stef).get("/mentors/plan").holds(t, 200, "est déjà sollicitée")
}

// subjected is the letter whose subject holds some words.
func subjected(t testing.TB, letters []store.Mail, words string) store.Mail {
	t.Helper()
	var subjects []string
	for _, one := range letters {
		if strings.Contains(one.Subject, words) {
			return one
		}
		subjects = append(subjects, one.Subject)
	}
	t.Fatalf("no letter %q among %q", words, subjects)
	return store.Mail{}
}
