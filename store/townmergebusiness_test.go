package store_test

import (
	"fmt"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// TestHostingGoesAlongWhenTownsMerge: a request becomes live for the town that remains, whose coordinators follow it.
func TestHostingGoesAlongWhenTownsMerge(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		boss := village(t, h, "BE-62063", "Olga Beispiel")[0]
		lena, jef := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-34022", "Jef Voorbeeld")[0]
		app := h.AppCalled(t, "Délib d’essai")
		_, o := umbrella(t, h, store.As(boss.ID), app, 1)
		r, err := h.AskHosting(ctx, store.As(lena.ID), o.ID, lena.TownID(), app.ID, "")
		ok(t, err)
		_, err = h.MoveHosting(ctx, store.As(boss.ID), r.ID, store.HostingAgreed, "")
		ok(t, err)
		merged(t, h, lena.TownID(), jef.TownID())
		_, err = h.HostingRequestByID(ctx, store.As(jef.ID), r.ID)
		ok(t, err)
		_, err = h.MoveHosting(ctx, store.As(boss.ID), r.ID, store.HostingLive, "")
		ok(t, err)
		runs, err := h.AppsOfTown(ctx, jef.TownID())
		ok(t, err)
		want(t, fmt.Sprint(len(runs), runs[0].Use.State), "1running")
		_, err = h.MoveHosting(ctx, store.As(lena.ID), r.ID, store.HostingLeft, "")
		ok(t, err)
		sound(t, h)
	})
}

// TestContractsAndPledgesGoAlongWhenTownsMerge: the public word and the nearer end of a contract are kept, pledges are
// added, and a town does not recommend itself.
func TestContractsAndPledgesGoAlongWhenTownsMerge(t *testing.T) {
	both(t, func(t *testing.T, h *storetest.Hub) {
		boss := village(t, h, "BE-62063", "Olga Beispiel")[0]
		lena, jef := village(t, h, "BE-92094", "Lena Exemple")[0], village(t, h, "BE-34022", "Jef Voorbeeld")[0]
		in := store.ProviderInput{Name: "Atelier d’essai", Kind: store.ProviderCompany, Town: lena.TownID(), Services: []store.Service{"training"}, Languages: []string{"fr"}, Lang: "fr", Contact: "par courriel"}
		firm, err := h.SaveProvider(ctx, store.As(boss.ID), "", in)
		ok(t, err)
		in.Name, in.Kind = "Service de Namur", store.ProviderTown
		own, err := h.SaveProvider(ctx, store.As(lena.ID), "", in)
		ok(t, err)
		ok(t, h.Refer(ctx, store.As(lena.ID), firm.ID, lena.TownID(), true, "Formation claire.", "fr", "2026-12-31"))
		ok(t, h.Refer(ctx, store.As(jef.ID), firm.ID, jef.TownID(), false, "", "", "2026-05-20"))
		ok(t, h.Refer(ctx, store.As(jef.ID), own.ID, jef.TownID(), true, "Très bien.", "fr", ""))
		need := func(title string) store.Need {
			n, err := h.OpenNeed(ctx, store.As(lena.ID), store.NeedInput{Title: title, Text: "Oui.", Lang: "fr", Unit: store.UnitDays, Threshold: 10, Deadline: "2026-06-20"})
			ok(t, err)
			return n
		}
		give := func(m store.Member, n store.Need, amount int) {
			_, err := h.PledgeTo(ctx, store.As(m.ID), n.ID, m.TownID(), amount, "")
			ok(t, err)
		}
		open, done := need("Signer en ligne"), need("Déjà là")
		give(lena, open, 4)
		give(jef, open, 3)
		give(lena, done, 2)
		_, err = h.TendNeed(ctx, store.As(lena.ID), done.ID, "C’est fait.", store.NeedDone)
		ok(t, err)

		merged(t, h, lena.TownID(), jef.TownID())
		row, err := h.ProviderBySlug(ctx, store.As(jef.ID), firm.Slug)
		ok(t, err)
		want(t, fmt.Sprint(len(row.References), row.References[0].Town.ID == jef.TownID(), row.Mine.Words, row.Mine.Ends, row.Provider.Town == jef.TownID()),
			"1 trueFormation claire.2026-05-20true")
		row, err = h.ProviderBySlug(ctx, store.As(jef.ID), own.Slug)
		ok(t, err)
		want(t, fmt.Sprint(row.May, len(row.References)), "true 0")
		told, err := h.RemindContracts(ctx)
		ok(t, err)
		want(t, told, 2) // both coordinate the town that remains
		page, err := h.NeedByNumber(ctx, store.Visitor(), open.Number)
		ok(t, err)
		want(t, fmt.Sprint(page.Need.Pledged, len(page.Pledges), page.Pledges[0].Town.ID == jef.TownID()), "7 1 true")
		give(today(t, h, lena), open, 5) // what was pledged can still be changed
		_, err = h.TendNeed(ctx, store.As(jef.ID), open.ID, "Un prestataire est choisi.", "")
		ok(t, err)
		page, err = h.NeedByNumber(ctx, store.Visitor(), done.Number)
		ok(t, err)
		want(t, page.Pledges[0].Town.ID, lena.TownID()) // the past keeps its name
		sound(t, h)
	})
}

// today is a member as they are now.
func today(t *testing.T, h *storetest.Hub, m store.Member) store.Member {
	t.Helper()
	now, err := h.MemberByHandle(ctx, m.Handle)
	ok(t, err)
	return now
}
