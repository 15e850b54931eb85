package server_test

import (
	"belfry/store"
)

// programs adds an application of the author's, which their town runs.
func (w *world) programs() {
	app, err := w.AddApp(ctx, w.by(author), store.AppInput{Name: "Délib d’essai", License: "EUPL-1.2", Status: "stable", Domain: store.DomainDemocracy,
		Languages: []string{"fr"}, Short: map[string]string{"fr": "Les conseils."}, URL: "https://code.exemple.example/delib",
		Long:     map[string]string{"fr": "Une description assez longue pour un fichier. Elle dit à quoi sert l’application, qui s’en sert et comment on l’obtient, en plus de cent cinquante caractères."},
		Features: map[string]string{"fr": "Convoquer\nPublier"}})
	ok(w.t, err)
	_, err = w.RunApp(ctx, w.by(author), w.people[author].TownID(), app.ID, store.AppUseInput{State: store.UseRunning, Version: "4.0"})
	ok(w.t, err)
	w.add("app", "the author's", everyone, "slug", app.Slug)
	w.add("app", "missing", nobody, "slug", "nulle")
	w.ids["app"] = app.Slug
	n, err := w.SendAppNotice(ctx, w.by(author), app.ID, store.AppNoticeInput{Title: w.secret("faille", author|stewards), Text: w.secret("failletexte", author|stewards), Lang: "fr", Urgent: true})
	ok(w.t, err)
	w.add("notice", "to those concerned", author|stewards, "slug", app.Slug, "id", n.ID)
	w.add("notice", "missing", nobody, "slug", app.Slug, "id", "00000000-0000-7000-8000-000000000000")
	need, err := w.OpenNeed(ctx, w.by(author), store.NeedInput{App: app.ID, Title: "Signer en ligne", Text: "Pour tous.", Lang: "fr", Unit: store.UnitDays, Threshold: 5, Deadline: "2026-06-01"})
	ok(w.t, err)
	w.add("need", "the author's", everyone, "number", "1")
	w.add("need", "missing", nobody, "number", "99")
	w.ids["need"] = need.ID
}

// welcomed are those whose town has welcomed them, and the stewards.
const welcomed = author | stewards

func appRules(w *world) map[string]rule {
	fields := []string{"name", "Guichet d’essai", "license", "EUPL-1.2", "status", "stable", "domain", "counter", "short_fr", "Demander en ligne."}
	file := `publiccodeYmlVersion: "0.5"
name: Registre d’essai
url: https://code.exemple.example/registre
platforms: [web]
developmentStatus: stable
softwareType: standalone/web
description:
  fr:
    shortDescription: Un registre.
    longDescription: Une description assez longue pour un fichier. Elle dit à quoi sert l’application, qui s’en sert et comment on l’obtient, en plus de cent cinquante caractères.
    features: [Inscrire]
legal: {license: EUPL-1.2}
maintenance: {type: none}
localisation: {localisationReady: false, availableLanguages: [fr]}
`
	return map[string]rule{
		"GET /apps": pub("", "?q=delib", "?domain=democracy", "?town=namur", "?town=charleroi", "?sort=new"), "GET /apps/:slug": pub("app"), "GET /apps/:slug/publiccode.yml": pub("app"),
		"GET /apps/new": only(welcomed, ""), "POST /apps/new": does(welcomed, "", fields...), "GET /apps/read": only(welcomed, "", "?app="+w.ids["app"]), "POST /apps/read": does(welcomed, "", "source", file),
		"GET /apps/:slug/edit": only(author|stewards, "app"), "POST /apps/:slug/edit": does(author|stewards, "app", fields...),
		"GET /apps/:slug/use": only(author|stewards, "app"), "POST /apps/:slug/use": does(author|stewards, "app", "state", "testing"),
		"POST /apps/:slug/expert":     does(author, "app", "do", "yes"),
		"GET /apps/:slug/notices/new": only(author|stewards, "app"), "POST /apps/:slug/notices/new": does(author|stewards, "app", "title", "Version 4.1", "lang", "fr"),
		"GET /apps/:slug/notices/:id": pub("notice"), "POST /apps/:slug/notices/:id": does(author|stewards, "notice", "do", "close"),
		"GET /apps/needs": pub(""), "GET /apps/needs/new": only(welcomed, "", "?app="+w.ids["app"]), "GET /apps/needs/:number": pub("need"),
		"POST /apps/needs/new":     does(welcomed, "", "title", "Autre besoin", "text", "Pour tous.", "lang", "fr", "unit", "euros", "threshold", "500", "deadline", "2026-06-01"),
		"POST /apps/needs/:number": does(author|stewards, "need", "do", "news", "news", "Cela avance."),
	}
}
