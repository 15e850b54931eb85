package server_test

import (
	"net/url"
	"strings"
	"testing"

	"belfry/store"
)

// TestTheFirstStepCountsWhoRunsAnApplication as the catalogue does.
func TestTheFirstStepCountsWhoRunsAnApplication(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 1)
	s.AppCalled(t, "Agenda d’essai")
	app := s.AppCalled(t, "Guichet d’essai")
	_, err := s.RunApp(ctx, store.As(lena.ID), lena.TownID(), app.ID, store.AppUseInput{State: store.UseRunning})
	ok(t, err)
	s.visitor().get("/mentors/find?step=1").holds(t, 200, "Guichet d’essai", "1 commune l’utilise")
}

// TestALetterOpenedDirectlyClaimsNoAnswers: only steps that were answered are shown as done.
func TestALetterOpenedDirectlyClaimsNoAnswers(t *testing.T) {
	s := newSite(t)
	s.mentorTown(t, "Lena Exemple", "BE-92094", 1)
	zoe := s.Join(t, "Zoé Essai", "BE-25014")
	b := s.as(zoe)
	b.get("/mentors/find/ask/namur").holds(t, 200, "Écrire à Namur", "Vous n’avez pas encore dit ce que vous cherchez")
	if got := b.get("/mentors/find/ask/namur").body; strings.Count(got, ">Terminé") != 1 {
		t.Errorf("%d steps are shown as done before any answer; the town alone is known", strings.Count(got, ">Terminé"))
	}
	b.post("/mentors/find", url.Values{"step": {"1"}, "skills": {"gis"}}).holds(t, 303)
	b.post("/mentors/find", url.Values{"step": {"2"}, "speaks": {"fr"}, "near": {"50"}}).holds(t, 303)
	b.get("/mentors/find/ask/namur").lacks(t, "Vous n’avez pas encore dit ce que vous cherchez")
}

// TestSinceIsNeitherTheFutureNorBeforeThereWereSuchPrograms: refused beside its field, with what was typed.
func TestSinceIsNeitherTheFutureNorBeforeThereWereSuchPrograms(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 1)
	app := s.AppCalled(t, "Guichet d’essai")
	b := s.as(lena)
	at := "/apps/" + app.Slug + "/use"
	for _, since := range []string{"2099", "2099-01", "1989", "1875-12-31"} {
		b.post(at, url.Values{"state": {"running"}, "since": {since}}).holds(t, 422, `id="since-error"`, "entre 1990 et aujourd’hui", `value="`+since+`"`)
	}
	b.post(at, url.Values{"state": {"running"}, "since": {"2026"}}).holds(t, 303)
}

// TestAHeldRequestSaysWhereItGoesAndWhoWelcomes to who sent it; the stewards' list names the chosen town.
func TestAHeldRequestSaysWhereItGoesAndWhoWelcomes(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 1)
	s.mentorTown(t, "Oscar Autre", "BE-25014", 1)
	in := store.RequestInput{Need: store.MentorNeed{Speaks: []string{"fr"}, Near: 50}, Town: lena.TownID(), Message: "Bonjour", Lang: "fr"}
	ok(t, s.Store.Join(ctx, store.JoinInput{Name: "Karl Essai", Email: "karl@exemple.example", TownCode: "BE-25014", Language: "fr", Mentor: &in}))
	karl, err := s.UseTicket(ctx, s.Token(t, store.EventConfirmAddress, "karl@exemple.example"), "", store.Client{})
	ok(t, err)
	mine, err := s.Mentoring(ctx, store.As(karl.Member.ID))
	ok(t, err)
	s.as(karl.Member).get("/mentors/requests/"+mine.Requests[0].Request.ID).holds(t, 200, "elle va à Namur", "Oscar Autre", "Envoyée", "sept jours de silence")
	stef := s.Join(t, "Stef Voorbeeld", "BE-34022")
	s.With(t, stef, store.RoleSteward)
	s.as(stef).get("/mentors").holds(t, 200, "s’adresse à Namur")
}
