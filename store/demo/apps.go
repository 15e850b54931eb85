package demo

import (
	"fmt"

	"belfry/store"
)

// program is an application of the demo: invented, but for two that are what they are.
type program struct {
	name, keeper, license, version, status string // keeper: the code of a town
	domain                                 store.AppDomain
	languages                              []string
	short                                  map[string]string
	long, features                         string // in French
	url                                    string
	run                                    int // every so many-th town runs it
}

func programs() []program {
	return []program{
		{"iA.Délib", "BE-92094", "GPL-2.0-or-later", "4.1", "stable", store.DomainDemocracy, []string{"fr", "nl", "de"},
			map[string]string{"fr": "Préparer, tenir et publier les conseils communaux.", "nl": "Gemeenteraden voorbereiden, houden en publiceren.", "de": "Gemeinderäte vorbereiten, abhalten und veröffentlichen.", "en": "Prepare, hold and publish town councils."},
			"iA.Délib suit un point depuis la note d’un service jusqu’à la publication de la délibération. Les membres du conseil reçoivent l’ordre du jour et les annexes, les votes sont notés en séance et le procès-verbal se rédige à mesure.",
			"Circuit de validation par service\nOrdre du jour et convocations en un clic\nPublication au format ouvert", "https://code.exemple.example/ia/delib", 2},
		{"iA.Guichet", "BE-34022", "EUPL-1.2", "2.8", "stable", store.DomainCounter, []string{"fr", "nl", "de", "en"},
			map[string]string{"fr": "Demandes en ligne, paiement et suivi pour les habitants.", "nl": "Aanvragen, betalen en opvolgen voor inwoners.", "de": "Anträge, Zahlung und Verlauf für die Bürger.", "en": "Requests, payment and follow-up for inhabitants."},
			"Les habitants remplissent un formulaire, paient s’il le faut et voient où en est leur demande. Les agents ont une liste par service, des courriers types et un journal de ce qui a été fait.",
			"Formulaires sans programmation\nIdentité électronique\nCourriers types", "https://code.exemple.example/ia/guichet", 3},
		{"iA.Permis", "FR-62041", "EUPL-1.2", "0.9", "beta", store.DomainTerritory, []string{"fr", "nl"},
			map[string]string{"fr": "Dossiers d’urbanisme, de la demande à l’archivage.", "nl": "Omgevingsdossiers, van aanvraag tot archief."},
			"Le dossier d’urbanisme arrive au guichet, passe par les avis et les délais légaux, et finit aux archives avec ses plans. La carte montre ce qui est en cours rue par rue.", "Délais calculés\nCarte des dossiers", "https://code.exemple.example/ia/permis", 7},
		{"iA.Cimetières", "BE-58001", "GPL-2.0-or-later", "1.4", "stable", store.DomainTerritory, []string{"fr"},
			map[string]string{"fr": "Plan, concessions et reprises de sépultures."},
			"Le plan du cimetière, les concessions et leurs échéances, les courriers aux familles : tout ce que le service tient aujourd’hui dans un registre et deux armoires.", "Plan cliquable\nÉchéances des concessions", "https://code.exemple.example/ia/cimetieres", 4},
		{"iA.Taxes", "BE-56029", "GPL-2.0-or-later", "3.0", "stable", store.DomainFinance, []string{"fr"},
			map[string]string{"fr": "Rôles, avertissements-extraits et recours."},
			"Du règlement-taxe au rôle, de l’avertissement au recours : les montants se calculent, les courriers partent, et chaque décision garde son motif.", "Rôles et lots d’envoi\nRecours", "https://code.exemple.example/ia/taxes", 5},
		{"iA.Agenda", "BE-25014", "GPL-2.0-or-later", "2.2", "stable", store.DomainCulture, []string{"fr", "nl"},
			map[string]string{"fr": "Manifestations et salles, publiées sur le site de la commune.", "nl": "Evenementen en zalen, op de website van de gemeente."},
			"Les associations proposent, la commune valide, le site publie. Les salles libres se voient d’un coup d’œil et se réservent sans téléphoner.", "Réservation des salles\nFlux de calendrier", "https://code.exemple.example/ia/agenda", 4},
		{"Plone", "", "GPL-2.0-or-later", "6.1", "stable", store.DomainCulture, []string{"fr", "nl", "de", "en"},
			map[string]string{"fr": "Gestion de contenu web, libre, écrite en Python.", "en": "Free content management for the web, written in Python."}, "", "", "https://github.com/plone/Plone", 3},
		{"QGIS", "", "GPL-2.0-or-later", "", "stable", store.DomainTerritory, []string{"fr", "nl", "de", "en"},
			map[string]string{"fr": "Système d’information géographique libre.", "en": "Free geographic information system."}, "", "", "https://github.com/qgis/QGIS", 6},
	}
}

// aboutApp is the address of the application that a topic is about.
func aboutApp(file string) string {
	return map[string]string{"topic-01-pilote.fr.md": "ia-delib", "topic-03-vertaling.nl.md": "ia-guichet", "topic-05-guichet.fr.md": "ia-guichet", "topic-06-formulare.de.md": "ia-guichet",
		"topic-08-reprise.fr.md": "ia-taxes", "topic-12-modele-deliberation.fr.md": "ia-delib", "topic-13-agenda-salles.fr.md": "ia-agenda"}[file]
}

// catalogue enters the applications, before anybody speaks of them.
func (s *story) catalogue() error {
	for _, one := range programs() {
		by, in := s.steward, store.AppInput{Name: one.name, URL: one.url, License: one.license, Version: one.version, Status: one.status, Domain: one.domain, Languages: one.languages,
			Short: one.short, Long: map[string]string{"fr": one.long}, Features: map[string]string{"fr": one.features}}
		if one.keeper != "" {
			people := s.peopleOf(one.keeper)
			by, in.Keeper, in.Maintainers = store.As(people[0].ID), people[0].TownID(), []string{people[0].ID}
			in.Security = "securite@ia.exemple.example"
		}
		if _, err := s.hub.AddApp(s.ctx, by, in); err != nil {
			return fmt.Errorf("demo: %s: %w", one.name, err)
		}
	}
	return nil
}

// uses lets the towns say what they run, and those who look after it write to them; then come needs and services.
func (s *story) uses() error {
	for i, one := range programs() {
		app, _, err := s.hub.AppBySlug(s.ctx, plainSlug(one.name))
		if err != nil {
			return err
		}
		for n, town := range s.towns {
			people := s.peopleOf(town.Code)
			if (n+i)%one.run != 0 || len(people) == 0 || town.Code == one.keeper {
				continue
			}
			in := store.AppUseInput{State: store.UseRunning, Version: one.version, Since: fmt.Sprint(2019 + (n+i)%7), Hosting: []store.Hosting{store.HostingOwn, store.HostingShared, store.HostingOwn}[n%3], MayCall: n%3 == 0}
			if n%5 == 4 {
				in.State, in.Since = store.UseTesting, ""
			}
			if n%4 == 0 {
				in.Experts = []string{people[len(people)-1].ID}
			}
			if _, err := s.hub.RunApp(s.ctx, store.As(people[0].ID), town.ID, app.ID, in); err != nil {
				return fmt.Errorf("demo: %s runs %s: %w", town.Name, one.name, err)
			}
		}
		if one.name == "iA.Délib" {
			if err := s.warn(app); err != nil {
				return err
			}
		}
	}
	if err := s.wanted(); err != nil {
		return err
	}
	if err := s.sister(); err != nil {
		return err
	}
	return s.services()
}

func plainSlug(name string) string {
	return map[string]string{"iA.Délib": "ia-delib", "iA.Guichet": "ia-guichet", "iA.Permis": "ia-permis", "iA.Cimetières": "ia-cimetieres", "iA.Taxes": "ia-taxes", "iA.Agenda": "ia-agenda",
		"Plone": "plone", "QGIS": "qgis"}[name]
}

// warn sends a notice about security, which some towns have answered.
func (s *story) warn(app store.App) error {
	keeper := s.peopleOf("BE-92094")[0]
	n, err := s.hub.SendAppNotice(s.ctx, store.As(keeper.ID), app.ID, store.AppNoticeInput{Title: "Mise à jour de sécurité 4.1.1", Version: "4.1.1", Lang: "fr", Urgent: true,
		Text: "Une pièce jointe mal nommée pouvait être lue sans droit. La version 4.1.1 corrige cela ; comptez dix minutes, sans interruption pour les membres du conseil."})
	if err != nil {
		return err
	}
	board, err := s.hub.NoticePage(s.ctx, store.As(keeper.ID), n.ID)
	if err != nil {
		return err
	}
	states := []store.NoticeState{store.NoticePatched, store.NoticePatched, store.NoticePlanned, store.NoticeHelp}
	for i, row := range board.Rows {
		people := s.peopleOf(row.Use.Town.Code)
		if i%5 == 4 || len(people) == 0 {
			continue
		}
		if err := s.hub.AnswerNotice(s.ctx, store.As(people[0].ID), n.ID, row.Use.Town.ID, states[i%4], ""); err != nil {
			return err
		}
	}
	return nil
}

// wanted opens two needs; towns pledge, and one has all it takes.
func (s *story) wanted() error {
	for i, one := range []struct {
		app, town, title, text string
		unit                   store.NeedUnit
		threshold              int
	}{{"ia-delib", "BE-53053", "Signer les délibérations en ligne", "Aujourd’hui on imprime pour signer, puis on scanne. Compté sur une étude de trois communes.", store.UnitDays, 30},
		{"", "BE-55040", "Gérer les potagers communaux", "Des listes d’attente, des parcelles, un contrat par an : quatre communes le font dans un tableur.", store.UnitEuros, 6000}} {
		asker := s.peopleOf(one.town)[0]
		in := store.NeedInput{Title: one.title, Text: one.text, Lang: "fr", Unit: one.unit, Threshold: one.threshold, Deadline: s.now.AddDate(0, 2, 0).Format("2006-01-02")}
		if one.app != "" {
			app, _, err := s.hub.AppBySlug(s.ctx, one.app)
			if err != nil {
				return err
			}
			in.App = app.ID
		}
		n, err := s.hub.OpenNeed(s.ctx, store.As(asker.ID), in)
		if err != nil {
			return err
		}
		for k, code := range []string{one.town, "BE-92094", "BE-62063", "FR-59350", "BE-25112"}[:5-2*i] {
			m := s.peopleOf(code)[0]
			amount := 5 + 2*k
			if one.unit == store.UnitEuros {
				amount = 500 * (k + 1)
			}
			if n, err = s.hub.PledgeTo(s.ctx, store.As(m.ID), n.ID, m.TownID(), amount, ""); err != nil {
				return err
			}
		}
		if n.State == store.NeedReached {
			if _, err := s.hub.TendNeed(s.ctx, store.As(asker.ID), n.ID, "Le compte y est. Nous rédigeons ensemble le cahier des charges le mois prochain.", ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// services are an umbrella body that hosts, and two companies.
func (s *story) services() error {
	ids := map[string]string{}
	for _, slug := range []string{"ia-delib", "ia-guichet", "ia-taxes", "ia-permis"} {
		app, _, err := s.hub.AppBySlug(s.ctx, slug)
		if err != nil {
			return err
		}
		ids[slug] = app.ID
	}
	body, err := s.hub.SaveProvider(s.ctx, s.steward, "", store.ProviderInput{Name: "Intercommunale Exemple", Kind: store.ProviderPublic, Town: s.townOf("BE-92094").ID, People: []string{s.peopleOf("BE-92094")[0].ID}, Services: []store.Service{"hosting", "installation", "training"},
		Apps: []string{ids["ia-delib"], ids["ia-guichet"], ids["ia-taxes"]}, Languages: []string{"fr", "de"}, Lang: "fr", Regions: "Wallonie, Communauté germanophone", Price: "À prix coûtant, sans marché à passer pour ses membres",
		About: "Nous hébergeons les applications des communes sans service informatique, dans deux centres de données.", Contact: "hebergement@intercommunale.example"})
	if err != nil {
		return err
	}
	for _, one := range []store.ProviderInput{
		{Name: "Atelier Quatre-Bras", Kind: store.ProviderCompany, Town: s.townOf("BE-25112").ID, Services: []store.Service{"installation", "training", "migration"}, Apps: []string{ids["ia-delib"], ids["ia-taxes"]},
			Languages: []string{"fr", "nl"}, Lang: "fr", Regions: "Brabant wallon, Namur, Hainaut", Price: "650 € par jour, déplacement compris", Contact: "bonjour@quatre-bras.example"},
		{Name: "Zwin Software", Kind: store.ProviderCompany, Town: s.townOf("BE-34022").ID, Services: []store.Service{"development", "installation"}, Apps: []string{ids["ia-guichet"], ids["ia-permis"]},
			Languages: []string{"nl", "en", "fr"}, Lang: "nl", Regions: "West- en Oost-Vlaanderen", Price: "€ 700 per dag", Contact: "hallo@zwin.example"},
	} {
		p, err := s.hub.SaveProvider(s.ctx, s.steward, "", one)
		if err != nil {
			return err
		}
		for k, code := range []string{"BE-58001", "BE-53053", "BE-12025"}[:2] {
			m, words, lang := s.peopleOf(code)[0], "Formation claire, agents autonomes en deux jours.", "fr"
			if one.Lang == "nl" {
				words, lang = "Sterke kennis van de eID-keten.", "nl"
			}
			if k == 1 {
				words = ""
			}
			if err := s.hub.Refer(s.ctx, store.As(m.ID), p.ID, m.TownID(), true, words, lang, ""); err != nil {
				return err
			}
		}
	}
	offer, err := s.hub.SaveHosting(s.ctx, s.steward, body.ID, "", store.HostingInput{Title: "Hébergement mutualisé", Lang: "fr", Apps: []string{ids["ia-delib"], ids["ia-guichet"], ids["ia-taxes"]}, Places: 4, Rule: store.PriceInhabitant, Cents: 35,
		Location: "deux centres de données, en Belgique et en France", Backup: "chaque nuit, gardée 90 jours", Exit: "export complet à tout moment, un mois de préavis"})
	if err != nil {
		return err
	}
	way := []store.HostingState{store.HostingAgreed, store.HostingPreparing, store.HostingLive}
	for i, code := range []string{"BE-91034", "BE-84010", "BE-56044", "BE-53014"} {
		m := s.peopleOf(code)[0]
		r, err := s.hub.AskHosting(s.ctx, store.As(m.ID), offer.ID, m.TownID(), ids["ia-delib"], "Nous n’avons personne pour un serveur.")
		if err != nil {
			return err
		}
		for _, to := range way[:3-i] {
			if _, err := s.hub.MoveHosting(s.ctx, s.steward, r.ID, to, ""); err != nil {
				return err
			}
		}
	}
	return nil
}
