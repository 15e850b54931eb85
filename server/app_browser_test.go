package server_test

import (
	"strings"
	"testing"

	"belfry/server/browsertest"
	"belfry/store"
	"belfry/store/demo"
)

// seat opens a tab of somebody.
func (v *village) seat(t *testing.T, handle string, scripts bool) *browsertest.Tab {
	tab := browsertest.New(t)
	tab.Language("fr")
	tab.Scripts(scripts)
	v.enter(t, tab, handle)
	return tab
}

// TestBrowserTownJoinsAnApplication: a town says that it runs an application, those who look after it write to the towns,
// the letter comes, and the town's answer is on the board; once with scripts and once without.
func TestBrowserTownJoinsAnApplication(t *testing.T) {
	for _, scripts := range []bool{true, false} {
		t.Run(map[bool]string{true: "with scripts", false: "without scripts"}[scripts], func(t *testing.T) {
			v := newVillage(t)
			town, keeper := v.seat(t, "elise-delvaux", scripts), v.seat(t, "anne-baudoux", scripts)
			town.Open(v.address + "/apps")
			town.Follow(`a[href="/apps/ia-cimetieres"]`)
			town.Follow(`a[href="/apps/ia-cimetieres/use"]`)
			town.Fill("#version", "1.4")
			town.Fill("#since", "l’an dernier")
			town.Click("#may_call")
			town.Follow(".form .btn--primary")
			town.WaitText("#problems", "2024-05") // what to write instead
			if got := town.Value("#version"); got != "1.4" {
				t.Errorf("what was typed became %q", got)
			}
			town.Fill("#since", "2025")
			town.Follow(".form .btn--primary")
			town.WaitText("table", "Seneffe")

			keeper.Open(v.address + "/apps/ia-cimetieres")
			keeper.Follow(`a[href$="/notices/new"]`)
			keeper.Fill("#title", "Mise à jour de sécurité 3.2.1")
			keeper.Fill("#text", "Dix minutes suffisent.")
			keeper.Click("#urgent")
			keeper.Follow(".form .btn--primary")
			keeper.WaitText("h1", "3.2.1")
			board := keeper.Path()
			_, err := v.post.Compose(ctx)
			ok(t, err)
			boss, err := v.MemberByHandle(ctx, "anne-baudoux")
			ok(t, err)
			mails, err := v.Mailbox(ctx, store.As(boss.ID), 200)
			ok(t, err)
			came := false
			for _, m := range mails {
				came = came || strings.HasPrefix(m.Name, "Élise") && strings.Contains(m.Subject, "Sécurité, iA.Cimetières") && strings.Contains(m.Text, v.address+board)
			}
			if !came {
				t.Error("no letter came to the town")
			}
			town.Open(v.address + "/apps/ia-cimetieres")
			town.Follow(`a[href="` + board + `"]`)
			town.Click(`input[name="state"][value="help"]`)
			town.Fill("#note", "Nous ne savons pas comment")
			town.Follow(".form .btn--primary")
			keeper.Open(v.address + board)
			keeper.WaitText(".rows", "Nous ne savons pas comment")
			stranger := browsertest.New(t)
			stranger.Allow("404")
			stranger.Open(v.address + board)
			if strings.Contains(stranger.HTML(), "3.2.1") {
				t.Error("a stranger reads which towns have an open door")
			}
		})
	}
}

// TestBrowserHostingToLive: a town asks for a place, is agreed with, prepared and live, and runs the application; once with
// scripts and once without.
func TestBrowserHostingToLive(t *testing.T) {
	for _, scripts := range []bool{true, false} {
		t.Run(map[bool]string{true: "with scripts", false: "without scripts"}[scripts], func(t *testing.T) {
			v := newVillage(t)
			town, host := v.seat(t, "elise-delvaux", scripts), v.seat(t, "anne-baudoux", scripts)
			town.Open(v.address + "/services")
			town.Follow(`.card__foot a[href^="/services/hosting/"]`)
			taxes, _, err := v.AppBySlug(ctx, "ia-taxes")
			ok(t, err)
			town.Fill("#app", taxes.ID)
			town.Fill("#note", "Pour le printemps.")
			town.Follow(".form .btn--primary")
			town.WaitText(".steps [aria-current]", "Demandé")
			path := town.Path()
			host.Open(v.address + path)
			for _, step := range []string{"agreed", "preparing", "live"} {
				host.Follow(`button[name="to"][value="` + step + `"]`)
			}
			town.Open(v.address + path)
			town.WaitText(".steps [aria-current]", "En service")
			town.Open(v.address + "/apps/ia-taxes")
			town.WaitText("table", "Seneffe")
			host.Open(v.address + "/services") // that was the last place
			host.WaitText("main", "Complet")
		})
	}
}

// TestBrowserAppsLook visits the pages of applications and services in both themes, two widths and two languages, and lets
// axe look.
func TestBrowserAppsLook(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	v := newVillage(t)
	boss, err := v.MemberByHandle(ctx, "anne-baudoux")
	ok(t, err)
	app, _, err := v.AppBySlug(ctx, "ia-delib")
	ok(t, err)
	told, err := v.AppNotices(ctx, store.As(boss.ID), app.ID)
	ok(t, err)
	mine, err := v.HostingRequests(ctx, store.As(boss.ID))
	ok(t, err)
	offers, err := v.Hostings(ctx, store.As(boss.ID), "")
	ok(t, err)
	ok(t, follow(v.Store, demo.SisterFiles(v.Now)))
	public := []string{"/sisters", "/meetings", "/apps", "/apps?q=rien-de-tel", "/apps/ia-delib", "/apps/needs", "/apps/needs/1", "/services", "/services/atelier-quatre-bras", "/services/hosting/" + offers[0].Offer.ID}
	all := []string{"/sisters", "/apps/ia-delib/edit", "/apps/new", "/apps/read", "/apps/ia-delib/use", "/apps/ia-delib/notices/new", "/apps/ia-delib/notices/" + told[0].ID, "/apps/needs/new", "/apps/needs/1",
		"/services", "/services/new", "/services/ask", "/services/intercommunale-exemple", "/services/intercommunale-exemple/hosting/" + offers[0].Offer.ID, "/services/requests/" + mine[0].Request.ID}
	for handle, paths := range map[string][]string{"": public, "anne-baudoux": all} {
		tab := browsertest.New(t)
		tab.Language("fr")
		if handle != "" {
			v.enter(t, tab, handle)
		} else {
			tab.Open(v.address + "/")
		}
		for _, tag := range []string{"fr", "de"} {
			lookAt(t, tab, tag, handle, looksIn(tag), paths...)
		}
	}
}
