package store_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// umbrella is a public body that hosts an application, with so many places; its people are the organiser's.
func umbrella(t *testing.T, h *storetest.Hub, boss store.Actor, app store.App, places int) (store.Provider, store.HostingOffer) {
	t.Helper()
	p, err := h.SaveProvider(ctx, boss, "", store.ProviderInput{Name: "Intercommunale d’essai", Kind: store.ProviderPublic, Services: []store.Service{"hosting"}, Languages: []string{"fr"},
		Apps: []string{app.ID}, Lang: "fr", Contact: "contact@intercommunale.example"})
	ok(t, err)
	o, err := h.SaveHosting(ctx, boss, p.ID, "", store.HostingInput{Title: "Hébergement", Lang: "fr", Apps: []string{app.ID}, Places: places, Rule: store.PriceInhabitant, Cents: 12,
		Location: "Belgique", Backup: "chaque nuit, gardée 90 jours", Exit: "export complet"})
	ok(t, err)
	return p, o
}

func TestARequestGoesFromAskedToLive(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		boss := village(t, h, "BE-62063", "Olga Beispiel")[0]
		lena, jef := village(t, h, "BE-92094", "Lena Exemple", "Zoé Essai"), village(t, h, "BE-34022", "Jef Voorbeeld")[0]
		app := h.AppCalled(t, "Délib d’essai")
		_, o := umbrella(t, h, store.As(boss.ID), app, 1)
		want(t, o.CentsAYear(10_000), 120_000)
		_, err := h.AskHosting(ctx, store.As(lena[1].ID), o.ID, lena[0].TownID(), app.ID, "")
		wantKind(t, err, store.Denied, "error.not_allowed.town")
		r, err := h.AskHosting(ctx, store.As(lena[0].ID), o.ID, lena[0].TownID(), app.ID, "Pour le printemps.")
		ok(t, err)
		again, err := h.AskHosting(ctx, store.As(lena[0].ID), o.ID, lena[0].TownID(), app.ID, "Encore.")
		ok(t, err)
		want(t, again.ID, r.ID)
		second, err := h.AskHosting(ctx, store.As(jef.ID), o.ID, jef.TownID(), app.ID, "")
		ok(t, err)
		move := func(who store.Member, id string, to store.HostingState) error {
			_, err := h.MoveHosting(ctx, store.As(who.ID), id, to, "")
			return err
		}
		wantKind(t, move(lena[0], r.ID, store.HostingAgreed), store.Denied, "provider.not_yours")
		wantKind(t, move(jef, r.ID, store.HostingWithdrawn), store.NotFound, "error.not_found")
		ok(t, move(boss, r.ID, store.HostingAgreed))
		wantKind(t, move(boss, second.ID, store.HostingAgreed), store.Full, "hosting.full")
		wantKind(t, move(boss, r.ID, store.HostingRefused), store.Conflict, "hosting.not_now")
		ok(t, move(boss, r.ID, store.HostingPreparing))
		ok(t, move(boss, r.ID, store.HostingLive))
		page, err := h.AppPage(ctx, store.Visitor(), app.Slug)
		ok(t, err)
		want(t, page.App.Running, 1)
		want(t, page.Uses[0].Use.Hosting, store.HostingShared)
		_, err = h.SaveHosting(ctx, store.As(boss.ID), o.Provider, o.ID, store.HostingInput{Title: "Hébergement", Lang: "fr", Apps: []string{app.ID}, Places: 1, Rule: store.PriceFlat, Cents: 1800,
			Location: "Belgique", Backup: "oui", Exit: "export"})
		ok(t, err)
		ok(t, move(lena[0], r.ID, store.HostingLeft)) // a place is free again
		ok(t, move(boss, second.ID, store.HostingAgreed))
		_, err = h.HostingRequestByID(ctx, store.As(lena[0].ID), second.ID)
		wantKind(t, err, store.NotFound, "error.not_found")
		sound(t, h)
	})
}

// Whatever the order in which towns ask, are agreed with, withdraw and leave, and however many do so at once, no place is
// ever given twice.
func TestHostingPlacesAreNeverOversold(t *testing.T) {
	h := storetest.Open(t)
	boss := village(t, h, "BE-62063", "Olga Beispiel")[0]
	app := h.AppCalled(t, "Délib d’essai")
	_, o := umbrella(t, h, store.As(boss.ID), app, 3)
	var requests []store.HostingRequest
	for i, code := range []string{"BE-92094", "BE-34022", "BE-63023", "BE-52011", "BE-53053", "BE-25014", "BE-21004", "FR-59350"} {
		m := village(t, h, code, fmt.Sprintf("Personne Inventée %d", i))[0]
		r, err := h.AskHosting(ctx, store.As(m.ID), o.ID, m.TownID(), app.ID, "")
		ok(t, err)
		requests = append(requests, r)
	}
	check := func() {
		row, err := h.HostingByID(ctx, store.As(boss.ID), o.ID)
		ok(t, err)
		if row.Offer.Taken > row.Offer.Places || row.Offer.Taken < 0 {
			t.Errorf("%d of %d places are taken", row.Offer.Taken, row.Offer.Places)
		}
	}
	move := func(id string, to store.HostingState) store.Kind {
		_, err := h.MoveHosting(ctx, store.As(boss.ID), id, to, "")
		kind := store.KindOf(err)
		if err != nil && kind != store.Full && kind != store.Conflict && kind != store.Denied && kind != store.NotFound {
			t.Error(err)
		}
		check()
		return kind
	}
	var all sync.WaitGroup
	var full atomic.Int32
	for _, one := range requests {
		all.Go(func() {
			if move(one.ID, store.HostingAgreed) == store.Full {
				full.Add(1)
			}
		})
	}
	all.Wait()
	if full.Load() != 5 {
		t.Errorf("8 towns ask for 3 places at once: %d were refused", full.Load())
	}
	for worker := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 3))
			states := []store.HostingState{store.HostingAgreed, store.HostingAgreed, store.HostingPreparing, store.HostingLive, store.HostingLeft, store.HostingWithdrawn}
			for range 30 {
				move(requests[r.IntN(len(requests))].ID, states[r.IntN(len(states))])
			}
		})
	}
	all.Wait()
	sound(t, h)
}

func TestTownsConfirmProviders(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, jef := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-34022", "Jef Voorbeeld")[0]
		stranger := h.Join(t, "Nora Nouvelle", "BE-52011")
		in := store.ProviderInput{Name: "Atelier d’essai", Kind: store.ProviderCompany, Town: jef.TownID(), People: []string{jef.ID}, Services: []store.Service{"training"}, Languages: []string{"fr", "nl"}, Lang: "fr", Contact: "par courriel"}
		_, err := h.SaveProvider(ctx, store.As(stranger.ID), "", in)
		wantKind(t, err, store.Denied, "app.not_welcomed")
		near, err := h.SaveProvider(ctx, store.As(jef.ID), "", in)
		ok(t, err)
		in.Name, in.Town = "Zwin d’essai", lena.TownID()
		_, err = h.SaveProvider(ctx, store.As(jef.ID), "", in)
		ok(t, err)
		rows, err := h.Providers(ctx, store.Visitor(), store.ProviderQuery{})
		ok(t, err)
		want(t, rows[0].Provider.Name, "Atelier d’essai")
		rows, err = h.Providers(ctx, store.Visitor(), store.ProviderQuery{Near: lena.TownID()})
		ok(t, err)
		want(t, rows[0].Provider.Name, "Zwin d’essai") // in Namur itself
		ok(t, h.Refer(ctx, store.As(lena.ID), near.ID, lena.TownID(), true, "Formation claire.", "fr", "2026-05-20"))
		wantKind(t, h.Refer(ctx, store.As(stranger.ID), near.ID, lena.TownID(), true, "Moi aussi.", "fr", ""), store.Denied, "error.not_allowed.town")
		row, err := h.ProviderBySlug(ctx, store.As(jef.ID), near.Slug)
		ok(t, err)
		want(t, row.References[0].Reference.Words, "Formation claire.")
		want(t, row.References[0].Reference.Ends, "") // the town's own business
		row, err = h.ProviderBySlug(ctx, store.As(lena.ID), near.Slug)
		ok(t, err)
		want(t, row.Mine.Ends, "2026-05-20")
		for range 2 { // once, however often it is run
			told, err := h.RemindContracts(ctx)
			ok(t, err)
			if told > 1 {
				t.Error(told)
			}
		}
		reminded := 0
		due, err := h.DueEvents(ctx, 1000)
		ok(t, err)
		for _, e := range due {
			if e.Kind == store.EventContractEnds {
				reminded++
				want(t, e.Member, lena.ID)
			}
		}
		want(t, reminded, 1)
		reached, unreached, err := h.AskOffers(ctx, store.As(lena.ID), []string{near.ID}, "Former trois agents", "En mai.")
		ok(t, err)
		want(t, len(reached)+10*len(unreached), 1)
		_, _, err = h.AskOffers(ctx, store.As(lena.ID), nil, "Former", "En mai.")
		wantKind(t, err, store.Invalid, "provider.choose")
		sound(t, h)
	})
}
