package store_test

import (
	"fmt"
	"strings"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

// BenchmarkApplications reads the pages about applications and services of a hub with 300 towns, 100 applications that each
// a third of the towns runs, 40 providers with as many offers, and 200 requests for hosting.
func BenchmarkApplications(b *testing.B) {
	h := storetest.Open(b)
	var people []store.Member
	codes := h.Gazetteer().Codes()
	for i := range 300 {
		m := h.Join(b, fmt.Sprint("Personne ", i), codes[i*60])
		ok(b, h.WelcomeTown(ctx, store.System(), m.TownID()))
		ok(b, h.SetCoordinator(ctx, store.System(), m.ID, true))
		people = append(people, m)
	}
	long := strings.Repeat("Ce que fait l’application, en une phrase de plus. ", 40)
	var programs []store.App
	for i := range 100 {
		in := aboutDelib()
		in.Name = fmt.Sprint("Application ", i)
		in.Long = map[string]string{"fr": long, "nl": long, "de": long, "en": long}
		in.Short = map[string]string{"fr": "Délibérer", "nl": "Beraadslagen", "de": "Beraten", "en": "Deliberate"}
		app, err := h.AddApp(ctx, store.System(), in)
		ok(b, err)
		programs = append(programs, app)
		for k := i % 3; k < 300; k += 3 {
			_, err := h.RunApp(ctx, store.System(), people[k].TownID(), app.ID, store.AppUseInput{State: store.UseRunning, Version: "2.1", Experts: []string{people[k].ID}})
			ok(b, err)
		}
	}
	var offer store.HostingOffer
	for i := range 40 {
		p, err := h.SaveProvider(ctx, store.System(), "", store.ProviderInput{Name: fmt.Sprint("Prestataire ", i), Kind: store.ProviderCompany, Town: people[i].TownID(),
			Services: []store.Service{"hosting"}, Languages: []string{"fr"}, Lang: "fr", Contact: "par courriel", Apps: []string{programs[i].ID, programs[i+1].ID, programs[i+2].ID}})
		ok(b, err)
		for k := range 8 {
			ok(b, h.Refer(ctx, store.System(), p.ID, people[i*7%290+k].TownID(), true, "Bien.", "fr", ""))
		}
		offer, err = h.SaveHosting(ctx, store.System(), p.ID, "", store.HostingInput{Title: "Hébergement", Lang: "fr", Apps: []string{programs[i].ID, programs[i+1].ID, programs[i+2].ID}, Places: 20,
			Rule: store.PriceFlat, Cents: 1800, Location: "Belgique", Backup: "oui", Exit: "export"})
		ok(b, err)
		for k := range 5 {
			_, err = h.AskHosting(ctx, store.System(), offer.ID, people[(i*5+k)%300].TownID(), programs[i].ID, "")
			ok(b, err)
		}
	}
	reader := store.As(people[7].ID)
	for _, c := range []struct {
		name string
		read func() error
	}{
		{"AppPage", func() error { _, err := h.AppPage(ctx, reader, programs[50].Slug); return err }},
		{"AppNames", func() error { _, err := h.AppNames(ctx); return err }},
		{"Apps", func() error { _, err := h.Apps(ctx, store.AppQuery{Limit: 12}); return err }},
		{"Writable", func() error { h.Writable(programs[50]); return nil }},
		{"Towns", func() error { _, err := h.Towns(ctx, store.TownQuery{Limit: 30}); return err }},
		{"Providers", func() error { _, err := h.Providers(ctx, reader, store.ProviderQuery{}); return err }},
		{"Hostings", func() error { _, err := h.Hostings(ctx, reader, ""); return err }},
		{"HostingsOfOne", func() error { _, err := h.Hostings(ctx, reader, offer.Provider); return err }},
		{"HostingRequests", func() error { _, err := h.HostingRequests(ctx, reader); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				ok(b, c.read())
			}
		})
	}
}
