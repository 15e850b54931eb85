package store_test

import (
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// Who hosts an application of a town is known from its hosting, or said by the town; saying something else about the
// application does not lose it, and it ends when the town leaves.
func TestWhoHostsAnApplication(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		boss, lena := village(t, h, "BE-62063", "Olga Beispiel")[0], village(t, h, "BE-92094", "Lena Exemple")[0]
		app := h.AppCalled(t, "Délib d’essai")
		p, o := umbrella(t, h, store.As(boss.ID), app, 1)
		r, err := h.AskHosting(ctx, store.As(lena.ID), o.ID, lena.TownID(), app.ID, "")
		ok(t, err)
		move := func(to store.HostingState) {
			t.Helper()
			_, err := h.MoveHosting(ctx, store.As(boss.ID), r.ID, to, "")
			ok(t, err)
		}
		say := func(in store.AppUseInput) (store.AppUse, error) {
			in.State = store.UseRunning
			return h.RunApp(ctx, store.As(lena.ID), lena.TownID(), app.ID, in)
		}
		move(store.HostingAgreed)
		move(store.HostingLive)
		for _, in := range []store.AppUseInput{{Version: "2.1"}, {Hosting: store.HostingShared}, {Hosting: store.HostingShared, Host: p.ID}} {
			use, err := say(in)
			ok(t, err)
			want(t, use.Host, p.ID)
			want(t, use.Hosting, store.HostingShared)
		}
		_, err = say(store.AppUseInput{Hosting: store.HostingOwn})
		wantKind(t, err, store.Invalid, "app.host_live")
		page, err := h.AppPage(ctx, store.As(lena.ID), app.Slug)
		ok(t, err)
		want(t, page.Uses[0].Host.Name, p.Name)
		move(store.HostingLeft)
		page, err = h.AppPage(ctx, store.As(lena.ID), app.Slug)
		ok(t, err)
		want(t, page.Uses[0].Use.Host, "")
		want(t, page.Uses[0].Use.Hosting, store.HostingUnknown)
		want(t, page.Uses[0].Use.State, store.UseRunning)
		_, err = say(store.AppUseInput{Host: "nulle"})
		wantKind(t, err, store.Invalid, "invalid.choice")
		_, err = say(store.AppUseInput{Host: p.ID, Hosting: store.HostingOwn})
		wantKind(t, err, store.Invalid, "app.host_own")
		use, err := say(store.AppUseInput{Host: p.ID})
		ok(t, err)
		want(t, use.Hosting, store.HostingShared)
		sound(t, h)
	})
}

func TestNobodyAsksAHiddenProviderForHosting(t *testing.T) {
	h := storetest.Open(t)
	boss, lena := village(t, h, "BE-62063", "Olga Beispiel")[0], village(t, h, "BE-92094", "Lena Exemple")[0]
	app := h.AppCalled(t, "Délib d’essai")
	p, o := umbrella(t, h, store.As(boss.ID), app, 1)
	_, err := h.SaveProvider(ctx, store.As(boss.ID), p.ID, store.ProviderInput{Name: p.Name, Kind: p.Kind, Services: p.Services, Languages: p.Languages, Apps: p.Apps, Lang: "fr", Contact: p.Contact, Hidden: true})
	ok(t, err)
	_, err = h.AskHosting(ctx, store.As(lena.ID), o.ID, lena.TownID(), app.ID, "")
	wantKind(t, err, store.NotFound, "error.not_found")
	_, err = h.RunApp(ctx, store.As(lena.ID), lena.TownID(), app.ID, store.AppUseInput{State: store.UseRunning, Host: p.ID})
	wantKind(t, err, store.Invalid, "invalid.choice")
}
