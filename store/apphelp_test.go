package store_test

import (
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

func TestThePageOfAnApplicationSaysWhoHelps(t *testing.T) {
	h := storetest.Open(t)
	lena, jef, olga := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-34022", "Jef Voorbeeld")[0], village(t, h, "BE-62063", "Olga Beispiel")[0]
	app, other := h.AppCalled(t, "Délib d’essai"), h.AppCalled(t, "Taxes d’essai")
	for _, m := range []store.Member{lena, jef, olga} {
		_, err := h.RunApp(ctx, store.As(m.ID), m.TownID(), app.ID, store.AppUseInput{State: store.UseRunning})
		ok(t, err)
	}
	ok(t, h.EditTown(ctx, store.As(lena.ID), lena.TownID(), store.TownInput{Staff: store.StaffFew, Speaks: []string{"fr"}, Teaches: []string{"gis"}, Offers: true, Places: 1}))
	ok(t, h.EditTown(ctx, store.As(jef.ID), jef.TownID(), store.TownInput{Staff: store.StaffFew, Speaks: []string{"nl"}, Teaches: []string{"gis"}})) // offers nothing
	in := store.ProviderInput{Kind: store.ProviderCompany, Services: []store.Service{"training"}, Languages: []string{"fr"}, Lang: "fr", Contact: "par courriel"}
	for _, one := range []struct {
		name   string
		app    string
		hidden bool
	}{{"Zwin d’essai", app.ID, false}, {"Atelier d’essai", app.ID, false}, {"Autre d’essai", other.ID, false}, {"Caché d’essai", app.ID, true}} {
		in.Name, in.Apps, in.Hidden = one.name, []string{one.app}, one.hidden
		_, err := h.SaveProvider(ctx, store.As(jef.ID), "", in)
		ok(t, err)
	}
	page, err := h.AppPage(ctx, store.Visitor(), app.Slug)
	ok(t, err)
	want(t, len(page.Help.Providers), 2)
	want(t, page.Help.Providers[0].Name, "Atelier d’essai")
	want(t, len(page.Help.Mentors), 1)
	want(t, page.Help.Mentors[0].ID, lena.TownID())
}
