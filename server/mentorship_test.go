package server_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// mentored is a mentorship, and the address of its page.
func (s *site) mentored(t testing.TB, mentor, learner store.Member) string {
	t.Helper()
	q, err := s.AskMentor(ctx, store.As(learner.ID), store.RequestInput{Need: store.MentorNeed{Speaks: []string{"fr"}}, Town: mentor.TownID(), Message: "Bonjour", Lang: "fr"})
	ok(t, err)
	m, err := s.AcceptRequest(ctx, store.As(mentor.ID), q.ID)
	ok(t, err)
	return "/mentorships/" + m.ID
}

// formOf is the HTML of the form whose button does something.
func formOf(t testing.TB, body, do string) string {
	t.Helper()
	for _, one := range regexp.MustCompile(`(?s)<details[^>]*>\s*<summary[^>]*>[^<]*</summary>\s*<form.*?</form>|<form.*?</form>`).FindAllString(body, -1) {
		if strings.Contains(one, `name="do" value="`+do+`"`) {
			return one
		}
	}
	t.Fatalf("no form that does %s", do)
	return ""
}

// TestAMistakeComesBackInItsOwnForm: the page of a mentorship has several, some with the same fields.
func TestAMistakeComesBackInItsOwnForm(t *testing.T) {
	s := newSite(t)
	lena, zoe := s.mentorTown(t, "Lena Exemple", "BE-92094", 1), s.Join(t, "Zoé Essai", "BE-56044")
	home := s.mentored(t, lena, zoe)
	b := s.as(zoe)
	b.post(home, url.Values{"do": {"plan"}, "date": {"2026-03-12"}, "clock": {"10:00"}, "minutes": {"60"}}).holds(t, 303)
	talk := regexp.MustCompile(`name="check_in" value="([^"]+)"`).FindStringSubmatch(b.get(home).body)[1]

	got := b.post(home, url.Values{"do": {"move"}, "check_in": {talk}, "date": {"2026-02-30"}, "clock": {"11:15"}, "minutes": {"45"}})
	got.holds(t, 422, `href="#date-`+talk)
	moves, plans := formOf(t, got.body, "move"), formOf(t, got.body, "plan")
	if !strings.Contains(moves, "<details class=\"more more--plain\" open") || !strings.Contains(moves, "field__error") || !strings.Contains(moves, `value="11:15"`) {
		t.Errorf("the talk’s own form does not show what is wrong: %s", moves)
	}
	if strings.Contains(plans, "field__error") || strings.Contains(plans, "11:15") {
		t.Errorf("the form for another talk shows it: %s", plans)
	}
	got = b.post(home, url.Values{"do": {"notes"}, "check_in": {talk}, "notes": {strings.Repeat("x", store.MaxText+1)}})
	got.holds(t, 422, `href="#notes-`+talk)
	if notes := formOf(t, got.body, "notes"); !strings.Contains(notes, " open") || !strings.Contains(notes, "xxxxxxxx") || !strings.Contains(notes, "field__error") {
		t.Error("the notes do not come back in their form")
	}
	got = b.post(home, url.Values{"do": {"close"}, "why": {"zonzi"}})
	got.holds(t, 422)
	if closes := formOf(t, got.body, "close"); !strings.Contains(closes, " open") || !strings.Contains(closes, "field__error") {
		t.Errorf("the reason does not come back in its form: %s", closes)
	}
}

// TestTheZoneOfATalkIsSaid in the letter, and on the page to who lives by another clock.
func TestTheZoneOfATalkIsSaid(t *testing.T) {
	s := newSite(t)
	lena, zoe := s.mentorTown(t, "Lena Exemple", "BE-92094", 1), s.Join(t, "Zoé Essai", "BE-56044")
	home := s.mentored(t, lena, zoe)
	s.as(zoe).post(home, url.Values{"do": {"plan"}, "date": {"2026-03-12"}, "clock": {"10:00"}, "minutes": {"60"}}).holds(t, 303)
	letter := subjected(t, s.letters(t, lena), "ez-vous")
	for _, words := range []string{"jeudi", "Fuseau horaire", "Europe/Brussels"} {
		if !strings.Contains(letter.Text, words) {
			t.Errorf("no %q in %s", words, letter.Text)
		}
	}
	mentor := s.as(lena)
	mentor.get(home).lacks(t, "Europe/Brussels")
	ok(t, s.ChangeProfile(ctx, store.As(lena.ID), store.ProfileInput{Name: lena.Name, Language: "fr", Zone: "Atlantic/Azores", Notices: true}))
	mentor.get(home).holds(t, 200, "Europe/Brussels", "Atlantic/Azores")
	talk := regexp.MustCompile(`name="check_in" value="([^"]+)"`).FindStringSubmatch(mentor.get(home).body)[1]
	mentor.post(home, url.Values{"do": {"move"}, "check_in": {talk}, "date": {"2026-03-12"}, "clock": {"11:15"}, "minutes": {"60"}}).holds(t, 303)
	mentor.get(home).holds(t, 200, "2026-03-12T11:15:00+01:00")
}

// TestALetterToATownThatFilledUpIsKept, and goes to another with one press.
func TestALetterToATownThatFilledUpIsKept(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 1)
	s.mentorTown(t, "Oscar Autre", "BE-25014", 1)
	zoe := s.Join(t, "Zoé Essai", "BE-56044")
	b := s.as(zoe)
	b.post("/mentors/find", url.Values{"step": {"2"}, "speaks": {"fr"}, "near": {"50"}}).holds(t, 303)
	b.get("/mentors/find/ask/namur").holds(t, 200, "Envoyer à Namur")
	s.mentored(t, lena, s.Join(t, "Yves Essai", "BE-84010")) // meanwhile
	got := b.post("/mentors/find/ask/namur", url.Values{"message": {"Nous débutons."}, "lang": {"fr"}})
	got.holds(t, 409, "Nous débutons.", "n’a plus de place libre", "Votre message est gardé", `formaction="/mentors/find/ask/braine`)
	got.lacks(t, `formaction="/mentors/find/ask/namur"`)
	to := regexp.MustCompile(`formaction="([^"]+)"`).FindStringSubmatch(got.body)[1]
	b.post(to, url.Values{"message": {"Nous débutons."}, "lang": {"fr"}}).holds(t, 303)
}

// TestAnAnswerThatComesTooLateIsKept: the other side was quicker, and what was written is still there.
func TestAnAnswerThatComesTooLateIsKept(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 1)
	zoe := s.Join(t, "Zoé Essai", "BE-56044")
	q, err := s.AskMentor(ctx, store.As(zoe.ID), store.RequestInput{Need: store.MentorNeed{Speaks: []string{"fr"}}, Town: lena.TownID(), Message: "Bonjour", Lang: "fr"})
	ok(t, err)
	_, err = s.WithdrawRequest(ctx, store.As(zoe.ID), q.ID)
	ok(t, err)
	path := "/mentors/requests/" + q.ID
	mentor := s.as(lena)
	mentor.post(path, url.Values{"do": {"ask"}, "text": {"Combien d’agents ?"}}).holds(t, 409, "Combien d’agents ?", "Votre texte n’est pas parti", "Cette demande est close")
	mentor.post(path, url.Values{"do": {"decline"}, "reason": {"Trop de travail."}}).holds(t, 409, "Trop de travail.", "Cette demande est close")
	mentor.post(path, url.Values{"do": {"accept"}}).holds(t, 303)
}

// TestAProfileIsConfirmedFromTheLetter: a year on, the letter says what the town offers; one click confirms, opening does not.
func TestAProfileIsConfirmedFromTheLetter(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 3)
	other := s.Join(t, "Jef Voorbeeld", "BE-92094")
	s.Clock.Add(366 * 24 * time.Hour)
	_, err := s.Advance(ctx)
	ok(t, err)
	letter := subjected(t, s.letters(t, lena), "Votre profil est-il encore exact")
	for _, words := range []string{"Namur", "Communes à la fois : 3", "Cartes et systèmes d’information géographique"} {
		if !strings.Contains(strings.ReplaceAll(letter.Text, "\u00a0", " "), words) {
			t.Errorf("no %q in %s", words, letter.Text)
		}
	}
	path := letterLink.FindStringSubmatch(letter.Text)[1]
	s.visitor().get(path).holds(t, 303)
	s.as(other).get(path).holds(t, 403)
	b := s.as(lena)
	for range 2 {
		b.get(path).holds(t, 200, "C’est toujours exact", "3 places")
	}
	got := b.post(path, nil)
	got.holds(t, 303)
	b.get(got.Header.Get("Location")).holds(t, 200, "le profil est confirmé")
	_, err = s.Advance(ctx)
	ok(t, err)
	for _, one := range s.letters(t, lena)[1:] {
		if strings.Contains(one.Subject, "encore exact") && one.ID != letter.ID {
			t.Error("asked again")
		}
	}
}

// TestTheStewardSeesOverloadedMentors on the page of what needs care.
func TestTheStewardSeesOverloadedMentors(t *testing.T) {
	s := newSite(t)
	lena := s.mentorTown(t, "Lena Exemple", "BE-92094", 2)
	stef := s.Join(t, "Stef Voorbeeld", "BE-34022")
	s.With(t, stef, store.RoleSteward)
	for _, code := range []string{"BE-56044", "BE-84010"} {
		s.mentored(t, lena, s.Join(t, "Zoé "+code, code))
	}
	b := s.as(stef)
	b.get("/admin").lacks(t, "Mentors débordés")
	ok(t, s.EditTown(ctx, store.As(lena.ID), lena.TownID(), store.TownInput{Speaks: []string{"fr"}, Offers: true, Places: 1}))
	b.get("/admin").holds(t, 200, "Mentors débordés", "2 communes accompagnées", "/towns/namur")
}
