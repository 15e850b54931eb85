package server_test

import (
	"strings"

	"belfry/store"
)

// hosts adds a provider of the author's with an offer, and a request of their town.
func (w *world) hosts() {
	app, _, err := w.AppBySlug(ctx, w.ids["app"])
	ok(w.t, err)
	p, err := w.SaveProvider(ctx, w.by(author), "", store.ProviderInput{Name: "Atelier d’essai", Kind: store.ProviderCompany, Services: []store.Service{"hosting"}, Languages: []string{"fr"},
		Apps: []string{app.ID}, Lang: "fr", Contact: "atelier@exemple.example"})
	ok(w.t, err)
	hidden, err := w.SaveProvider(ctx, w.by(author), "", store.ProviderInput{Name: w.secret("atelier", author|stewards), Kind: store.ProviderCompany, Services: []store.Service{"hosting"},
		Languages: []string{"fr"}, Lang: "fr", Contact: "x@exemple.example", Hidden: true})
	ok(w.t, err)
	w.add("provider", "shown", everyone, "slug", p.Slug)
	w.add("provider", "hidden", author|stewards, "slug", hidden.Slug)
	w.add("provider", "missing", nobody, "slug", "nulle")
	o, err := w.SaveHosting(ctx, w.by(author), p.ID, "", store.HostingInput{Title: "Hébergement", Lang: "fr", Apps: []string{app.ID}, Places: 2, Rule: store.PriceFlat, Cents: 1800,
		Location: "Belgique", Backup: "chaque nuit", Exit: "export"})
	ok(w.t, err)
	r, err := w.AskHosting(ctx, w.by(author), o.ID, w.people[author].TownID(), app.ID, w.secret("demande", author|stewards))
	ok(w.t, err)
	ok(w.t, w.Refer(ctx, w.by(author), p.ID, w.people[author].TownID(), true, "Bien.", "fr", "2026-12-31"))
	w.add("offer", "of the provider", everyone, "slug", p.Slug, "id", o.ID)
	w.add("offer", "missing", nobody, "slug", p.Slug, "id", "00000000-0000-7000-8000-000000000000")
	w.add("request", "of the author's town", author|stewards, "id", r.ID)
	w.add("request", "missing", nobody, "id", "00000000-0000-7000-8000-000000000000")
	_, err = w.SaveSister(ctx, w.by(steward), "", store.SisterInput{Name: "Communauté sœur", Home: "https://soeur.example/", Lang: "fr",
		Calendar: "https://soeur.example/" + strings.ReplaceAll(strings.ToLower(w.secret("flux", stewards)), " ", "-") + ".ics",
		Offers:   "https://soeur.example/" + strings.ReplaceAll(strings.ToLower(w.secret("fluxplaces", stewards)), " ", "-") + ".atom"})
	ok(w.t, err)
	w.ids["provider"], w.ids["app id"] = p.ID, app.ID
}

func serviceRules(w *world) map[string]rule {
	provider := []string{"name", "Autre atelier", "kind", "company", "service_training", "1", "speaks_fr", "1", "lang", "fr", "contact", "par courriel"}
	offer := []string{"title", "Autre offre", "lang", "fr", "app_" + w.ids["app id"], "1", "places", "3", "rule", "flat", "price", "18,50", "location", "Belgique", "backup", "oui", "exit", "export"}
	sister := []string{"name", "Autre communauté", "home", "https://autre.example/", "calendar", "https://autre.example/meetings.ics", "offers", "https://autre.example/mentors.atom", "lang", "fr"}
	return map[string]rule{
		"GET /sisters": pub(""), "POST /sisters": does(stewards, "", sister...),
		"GET /services": pub("", "?q=atelier", "?service=hosting", "?near=1", "?app="+w.ids["app"]), "GET /services/:slug": pub("provider"),
		"GET /services/new": only(welcomed, ""), "POST /services/new": does(welcomed, "", provider...), "GET /services/:slug/edit": only(author|stewards, "provider"),
		"POST /services/:slug/edit": does(author|stewards, "provider", provider...), "POST /services/:slug/reference": does(author|stewards, "provider", "public", "1", "words", "Très bien.", "lang", "fr"),
		"GET /services/ask": only(author, ""), "POST /services/ask": does(author, "", "provider_"+w.ids["provider"], "1", "subject", "Former", "text", "En mai."),
		"GET /services/hosting/:id": pub("offer"), "POST /services/hosting/:id": does(author, "offer", "app", w.ids["app id"]).silent(),
		"GET /services/requests/:id": pub("request"), "POST /services/requests/:id": does(author|stewards, "request", "to", "agreed"),
		"GET /services/:slug/hosting/new": only(author|stewards, "provider"), "POST /services/:slug/hosting/new": does(author|stewards, "provider", offer...),
		"GET /services/:slug/hosting/:id": only(author|stewards, "offer"), "POST /services/:slug/hosting/:id": does(author|stewards, "offer", offer...),
	}
}
