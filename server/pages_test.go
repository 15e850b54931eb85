package server_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"belfry/store"
)

// furnished is a site with one of everything.
func furnished(t testing.TB) (s *site, lena store.Member, organiser store.Member, m store.Meeting) {
	s = newSite(t)
	lena, organiser, m = furnish(t, s)
	return s, lena, organiser, m
}

func furnish(t testing.TB, s *site) (lena store.Member, organiser store.Member, m store.Meeting) {
	lena = s.Join(t, "Lena Exemple", "BE-92094")
	organiser = s.Join(t, "Otto Beispiel", "BE-62063")
	s.With(t, organiser, store.RoleAdministrator)
	page, err := s.TownPage(ctx, store.As(lena.ID), "namur")
	ok(t, err)
	ok(t, s.WelcomeTown(ctx, store.As(organiser.ID), page.Town.ID))
	_, err = s.StartSeries(ctx, store.As(organiser.ID), store.SeriesInput{Title: "Réunion mensuelle", Lang: "fr", About: "Chaque mois.",
		Rule: store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: 3, Weekday: 4, SkipMonths: nil},
		Zone: "Europe/Brussels", Start: "2026-03-01", Clock: "09:30", NextNumber: 128,
		Template: store.Template{Minutes: 390, HostTown: page.Town.ID, Venue: "Hôtel de ville", Online: true, Seats: 2,
			Standing: []store.StandingItem{{Title: "Accueil", Kind: store.ToInform, Minutes: 30}}}})
	ok(t, err)
	rows, err := s.Upcoming(ctx, store.Visitor(), 10)
	ok(t, err)
	m = rows[0].Meeting
	_, err = s.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.OnSite, Guests: []string{"Gast Un"}})
	ok(t, err)
	_, err = s.ProposeItem(ctx, store.As(lena.ID), m.ID, store.ItemInput{Title: "Un point", Lang: "fr", Kind: store.ToDecide, Minutes: 20})
	ok(t, err)
	ok(t, s.AddDocument(ctx, store.As(organiser.ID), m.ID, store.DocumentInput{Title: "Note", Lang: "fr", Link: "https://exemple.example/note.pdf"}, nil))
	return lena, organiser, m
}

func TestEveryPageInEveryLanguage(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	slug := "/meetings/" + m.Slug
	s.offeredElsewhere(t, organiser)
	ok(t, s.EditTown(ctx, store.As(lena.ID), lena.TownID(), store.TownInput{About: "Une ville", Staff: store.StaffFew, Hosting: store.HostingShared, Teaches: []string{"plone", "gis"},
		Needs: []string{"php"}, Speaks: []string{"fr", "de"}, Offers: true, Places: 2, PausedUntil: "2027-01-04", Way: "Une heure par semaine"}))
	s.Clock.Set(m.Start.Add(1))
	_, err := s.SaveMinutes(ctx, store.As(organiser.ID), m.ID, store.MinutesDraft{Source: "## Un\n\nTexte\n\n## Deux", Lang: "fr"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, store.As(organiser.ID), m.ID)
	ok(t, err)
	visitor, member, admin := s.visitor(), s.as(lena), s.as(organiser)
	public := []string{"/", "/about", "/meetings", "/meetings/past", "/meetings/years", "/meetings/attendance", slug, slug + "/minutes", "/series/reunion-mensuelle", "/subscribe",
		"/towns", "/towns/namur", "/towns/namur/history", "/skills", "/mentors", "/mentors/find", "/mentors/weights", "/sisters", "/people/" + lena.Handle, "/join", "/join?other=1", "/sign-in", "/sign-in/code", "/nowhere"}
	own := []string{"/", "/mentors", slug, "/settings", "/settings/leave", "/towns/namur", "/towns/namur/edit", "/towns/namur/confirm", "/towns/namur/hand-over", "/people/" + lena.Handle}
	all := []string{"/", "/sisters", slug, "/meetings/new", "/series/new", "/series/reunion-mensuelle/edit", slug + "/edit", slug + "/cancel", slug + "/minutes/edit",
		"/skills", "/mentors", "/mentors/plan", "/mentors/weights", "/skills/php", "/people/" + lena.Handle + "/write", "/admin", "/admin/mail", "/admin/log", "/admin/diagnostics", "/people/" + lena.Handle, "/meetings"}
	for _, tag := range []string{"fr", "nl", "de", "en"} {
		for _, who := range []struct {
			b     *browser
			paths []string
		}{{visitor, public}, {member, own}, {admin, all}} {
			who.b.header.Set("Accept-Language", tag)
			who.b.post("/language", url.Values{"to": {tag}, "back": {"/"}})
			for _, path := range who.paths {
				got := who.b.get(path)
				if got.StatusCode != 200 && path != "/nowhere" {
					t.Errorf("%s %s: status %d", tag, path, got.StatusCode)
					continue
				}
				checkPage(t, tag, path, got)
			}
		}
	}
}

var (
	missingText = regexp.MustCompile(`⟦[^⟧]*⟧`)
	inline      = regexp.MustCompile(`(?i)<[^>]+ (style|on[a-z]+)=|<script(?: [^>]*)?>[^<]|javascript:`)
	unfilled    = regexp.MustCompile(`<no value>|\{\{|%!`)
)

func checkPage(t *testing.T, tag, path string, got answer) {
	t.Helper()
	for name, wrong := range map[string]*regexp.Regexp{"missing text": missingText, "inline code": inline, "unfilled text": unfilled} {
		if found := wrong.FindString(got.body); found != "" {
			t.Errorf("%s %s: %s: %s", tag, path, name, found)
		}
	}
	if !strings.Contains(got.body, `<html lang="`+tag+`"`) {
		t.Errorf("%s %s: the page is in another language", tag, path)
	}
	if strings.Count(got.body, "<h1") != 1 {
		t.Errorf("%s %s: %d headings of the first level", tag, path, strings.Count(got.body, "<h1"))
	}
	if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s %s: content security policy %q", tag, path, csp)
	}
}
