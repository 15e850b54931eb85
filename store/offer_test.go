package store_test

import (
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// Whoever typed the entry of a provider is a stranger to it: what towns ask goes to the people it names, and to the stewards
// while it names nobody.
func TestOffersGoToThoseWhoActForAProvider(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		lena, jef := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-34022", "Jef Voorbeeld")[0]
		anna, boss := h.Join(t, "Anna Agit", "BE-52011"), h.Join(t, "Sam Soigne", "BE-63023")
		h.With(t, boss, store.RoleSteward)
		in := store.ProviderInput{Name: "Atelier d’essai", Kind: store.ProviderCompany, Services: []store.Service{"training"}, Languages: []string{"fr"}, Lang: "fr", Contact: "par courriel"}
		quiet, err := h.SaveProvider(ctx, store.As(jef.ID), "", in)
		ok(t, err)
		in.Name = "Seconde d’essai"
		second, err := h.SaveProvider(ctx, store.As(jef.ID), "", in)
		ok(t, err)
		in.Name, in.People = "Zwin d’essai", []string{anna.ID, anna.ID}
		named, err := h.SaveProvider(ctx, store.As(jef.ID), "", in)
		ok(t, err)
		want(t, len(named.People), 1)
		reached, unreached, err := h.AskOffers(ctx, store.As(lena.ID), []string{quiet.ID, second.ID, named.ID}, "Former trois agents", "En mai.")
		ok(t, err)
		want(t, len(reached), 1)
		want(t, len(unreached), 2)
		due, err := h.DueEvents(ctx, 1000)
		ok(t, err)
		heard := map[string]string{}
		for _, e := range due {
			if e.Kind == store.EventOfferAsked {
				heard[e.Member] += e.Data["names"] + "|" + e.Data["nobody"] + ";"
			}
		}
		want(t, heard[jef.ID], "")
		want(t, heard[anna.ID], "Zwin d’essai|;")
		for id, said := range heard {
			if id != anna.ID && said != "|Atelier d’essai, Seconde d’essai;" && said != "|Seconde d’essai, Atelier d’essai;" {
				t.Errorf("%s heard %q", id, said)
			}
		}
		if heard[boss.ID] == "" {
			t.Error("the steward heard nothing")
		}
		in.About = "Je reprends la fiche." // it has its own people now
		_, err = h.SaveProvider(ctx, store.As(jef.ID), named.ID, in)
		wantKind(t, err, store.Denied, "provider.not_yours")
		in.People = []string{"nobody"}
		_, err = h.SaveProvider(ctx, store.As(boss.ID), named.ID, in)
		wantKind(t, err, store.Invalid, "rsvp.unknown_member")
		sound(t, h)
	})
}
