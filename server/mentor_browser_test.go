package server_test

import (
	"strconv"
	"strings"
	"testing"

	"belfry/server/browsertest"
	"belfry/store"
	"belfry/store/demo"
)

// TestBrowserMentorJourney: a newcomer without an account sends a request, with scripts and without; the mentor answers by the
// link of the letter.
func TestBrowserMentorJourney(t *testing.T) {
	v := newVillage(t)
	for i, scripts := range []bool{true, false} {
		t.Run("scripts "+strconv.FormatBool(scripts), func(t *testing.T) {
			tab := browsertest.New(t)
			tab.Language("fr")
			tab.Scripts(scripts)
			tab.Open(v.address + "/")
			tab.Follow(`.door a[href="/mentors/find"]`)
			tab.Follow(`main form .btn--primary`)
			tab.WaitText("main", "Langues de travail")
			tab.Follow(`main form .btn--primary`)
			town := []string{"Bouvignies", "Beernem"}[i]
			tab.Fill("#town", strings.ToLower(town))
			if scripts {
				tab.WaitFor("[role=option]")
				tab.Click("[role=option]")
				tab.Until(`document.querySelector('[name=town_code]').value !== ''`)
			}
			tab.Follow(`main form .btn--primary`)
			if tab.Exists("[name=town_pick]") {
				tab.Follow(`main form .btn--primary`)
			}
			tab.WaitText("#found", town)
			tab.Follow(`.match .btn--primary`)
			tab.Fill("#message", "Bonjour, nous débutons.")
			tab.Fill("#name", "Noé Essai")
			address := "noe." + strconv.Itoa(i) + "@exemple.example"
			tab.Fill("#email", address)
			tab.Follow(`main form .btn--primary`)
			tab.WaitText("h1", "Confirmez votre adresse")
			due, err := v.DueEvents(ctx, 1000)
			ok(t, err)
			for _, e := range due {
				if e.Data["address"] == address {
					tab.Fill("#code", e.Data["code"])
				}
			}
			tab.Follow(`form[action="/sign-in/code"] .btn--primary`)
			tab.WaitText("h1", "Mentorat")
			tab.WaitText("main", town+" s’adresse à")
			tab.Follow(`#requests ~ ul a, section[aria-labelledby="requests"] .rows a`)
			path := tab.Path()
			tab.WaitText("#state", "La demande est chez")
			p, err := v.RequestPage(ctx, store.System(), strings.TrimPrefix(path, "/mentors/requests/"))
			ok(t, err)
			asked := p.Request.Asked()
			people, err := v.Welcomers(ctx, asked.Town)
			ok(t, err)
			mentor := browsertest.New(t)
			mentor.Language("fr")
			mentor.Scripts(scripts)
			v.signIn(t, mentor, people[0])
			mentor.Open(v.address + path)
			mentor.Follow(`button[value="accept"]`)
			mentor.WaitText("h1", "accompagne "+town)
			tab.Open(path)
			tab.WaitText("#state", "est la commune mentor")
		})
	}
}

// signIn signs a tab in as a member of the demo.
func (v *village) signIn(t testing.TB, tab *browsertest.Tab, m store.Member) {
	t.Helper()
	ok(t, v.RequestSignIn(ctx, m.Email, "fr", store.Client{Address: m.ID}))
	due, err := v.DueEvents(ctx, 10_000)
	ok(t, err)
	token := ""
	for _, e := range due {
		if e.Kind == store.EventSignInLink && e.Data["address"] == m.Email {
			token = e.Data["token"]
		}
	}
	tab.Open(v.address + "/link/" + token)
	tab.Follow("main form .btn--primary")
}

// TestBrowserMentorPages lets axe look at every page about mentoring, in both themes and widths, in two languages.
func TestBrowserMentorPages(t *testing.T) {
	v := newVillage(t)
	tab := browsertest.New(t)
	tab.Language("fr")
	v.enter(t, tab, "thomas-lecocq")
	steward, err := v.MemberByHandle(ctx, "thomas-lecocq")
	ok(t, err)
	ok(t, follow(v.Store, demo.SisterFiles(v.Now)))
	own, err := v.Mentoring(ctx, store.As(steward.ID))
	ok(t, err)
	if len(own.Waiting) < 3 || len(own.Own) == 0 {
		t.Fatalf("%d wait, %d of their own", len(own.Waiting), len(own.Own))
	}
	if own.Numbers.Learners < 4 || own.Numbers.Answered < 6 {
		t.Errorf("the demo shows little: %+v", own.Numbers)
	}
	paths := []string{"/mentors", "/mentors/find?step=1", "/mentors/find?step=2", "/mentors/weights", "/mentors/plan",
		"/mentors/requests/" + own.Waiting[0].Request.ID, "/mentors/requests/" + own.Waiting[1].Request.ID, "/mentorships/" + own.Own[0].Mentorship.ID, "/towns/namur", "/towns/namur/confirm"}
	look := func(tab *browsertest.Tab, name string, paths []string) { // in two languages
		for _, tag := range []string{"fr", "de"} {
			lookAt(t, tab, tag, name, looksIn(tag), paths...)
		}
	}
	look(tab, "steward", paths)
	visitor := browsertest.New(t)
	visitor.Language("fr")
	visitor.Open(v.address + "/mentors/find")
	visitor.Until(`document.querySelector('input[value="gis"]').checked = true`)
	visitor.Follow(`main form .btn--primary`)
	visitor.Follow(`main form .btn--primary`)
	visitor.Fill("#town", "dinant")
	visitor.WaitFor("[role=option]")
	visitor.Click("[role=option]")
	visitor.Until(`document.querySelector('[name=town_code]').value !== ''`)
	visitor.Follow(`main form .btn--primary`)
	visitor.WaitText("section[aria-labelledby=elsewhere]", "Exampleford Council")
	look(visitor, "visitor", []string{"/mentors/find?step=3", "/mentors/find?step=4", strings.TrimPrefix(visitor.Attr(".match .btn--primary", "href"), v.address)})
}
