package demo

import (
	"strings"
	"time"

	"belfry/store"
)

// profile is what a town of the demo says about its computing: skills by their ids, in words.
type profile struct {
	teaches, needs, speaks string
	hosting                store.Hosting
	places                 int // 0: does not help newcomers
	way                    string
}

// profiles are what the towns say, by code. Nobody of these towns said so: it is invented, as the people are.
func profiles() map[string]profile {
	return map[string]profile{
		"BE-58001": {"agendas-minutes deliberations hosting project-management free-software", "accessibility", "fr nl", store.HostingShared, 2, "Une visite, puis un appel toutes les deux semaines."},
		"BE-92094": {"agendas-minutes plone python document-templates staff-training", "gis user-research", "fr en", store.HostingOwn, 3, "Un atelier d’une demi-journée, chez vous ou chez nous."},
		"BE-55085": {"websites plain-language", "backup security", "fr", store.HostingShared, 1, "Par téléphone, le mardi matin."},
		"BE-57081": {"planning-permits gis participation", "data-protection", "fr nl", store.HostingMixed, 2, "Sur place le plus souvent : nous voyons les écrans ensemble."},
		"BE-62063": {"document-templates translation plone python software-testing linux", "artificial-intelligence", "fr de en", store.HostingOwn, 2, "Un salon de discussion, et un rendez-vous par mois."},
		"BE-53053": {"software-testing civil-registry taxes", "archives", "fr", store.HostingShared, 1, "Nous montrons notre installation de test."},
		"BE-25014": {"websites online-counter forms accessibility", "procurement", "fr en", store.HostingCompany, 1, "En ligne, à la demande."},
		"BE-34022": {"online-counter electronic-identity forms electronic-signature data-protection", "translation", "nl fr en", store.HostingOwn, 3, "Elke twee weken een uur, ter plaatse of via video."},
		"BE-12025": {"translation plain-language archives", "interfaces", "nl en", store.HostingCompany, 1, "We lezen mee in uw teksten."},
		"BE-63023": {"translation forms agendas-minutes", "hosting", "de fr", store.HostingShared, 1, "Auf Deutsch, gern auch am Telefon."},
		"BE-63067": {"online-counter civil-registry", "backup networks", "de fr", store.HostingShared, 1, "Wir zeigen unseren Schalter."},
		"FR-59350": {"deliberations publication-of-acts open-data procurement project-management", "translation", "fr en", store.HostingOwn, 2, "Un parcours de trois mois, avec un rendez-vous par quinzaine."},
		"FR-62041": {"deliberations mail-register", "digital-preservation", "fr", store.HostingCompany, 1, "Nous relisons vos premiers actes."},
		"BE-25112": {"plain-language websites", "electronic-signature", "fr", store.HostingShared, 0, ""},
		"BE-52012": {"online-counter", "staff-training", "fr", store.HostingShared, 0, ""},
		"BE-62096": {"publication-of-acts archives documentation", "monitoring", "fr", store.HostingOwn, 1, "Par écrit d’abord, puis un appel."},
		"BE-92003": {"workflows", "incident-response", "fr", store.HostingShared, 0, ""},
		"BE-84010": {"", "websites backup security e-mail", "fr", store.HostingShared, 0, ""},
		"BE-56044": {"", "websites forms hosting", "fr", store.HostingCompany, 0, ""},
		"BE-53014": {"", "document-management", "fr", store.HostingShared, 0, ""},
		"BE-25105": {"schools online-payment", "gis", "fr", store.HostingCompany, 0, ""},
		"BE-25124": {"schools", "networks workstations", "fr", store.HostingShared, 0, ""},
		"BE-57097": {"gis address-registers", "online-counter", "fr nl", store.HostingShared, 1, "Surtout pour les communes de la frontière."},
		"FR-59043": {"", "agendas-minutes electronic-signature", "fr", store.HostingUnknown, 0, ""},
		"FR-59599": {"", "open-data plone", "fr nl", store.HostingOwn, 0, ""},
		"BE-51004": {"room-booking participation", "cemeteries", "fr", store.HostingShared, 0, ""},
		"BE-61031": {"public-works", "data-exchange", "fr", store.HostingShared, 0, ""},
		"BE-63079": {"archives digital-preservation document-management", "python", "fr de", store.HostingOwn, 1, "Dans nos archives, avec du café."},
	}
}

// said is a town's profile in the demo.
func said(p place) store.TownInput {
	own := profiles()[p.code]
	return store.TownInput{About: p.about, Staff: store.Staff(p.staff), Teaches: strings.Fields(own.teaches), Needs: strings.Fields(own.needs),
		Speaks: strings.Fields(own.speaks), Hosting: own.hosting, Offers: own.places > 0, Places: own.places, Way: own.way}
}

// overload takes a place from a town that mentors as many as it had: a colleague has left, and stewards see it.
func (s *story) overload(code string) error {
	town := s.townOf(code)
	own := said(place{code: code})
	own.About, own.Staff, own.Places = town.About, town.Staff, own.Places-1
	return s.hub.EditTown(s.ctx, store.As(s.peopleOf(code)[0].ID), town.ID, own)
}

// skillsOf are what the n-th person of a town can do: some of what the town teaches.
func skillsOf(p place, n int) []string {
	var own []string
	for i, skill := range strings.Fields(profiles()[p.code].teaches) {
		if i%2 == n%2 {
			own = append(own, skill)
		}
	}
	return own
}

// renew lets towns say again what they are; those that stay silent are asked to confirm. One mentor takes a break, and
// somebody adds to the list of skills.
func (s *story) renew() error {
	for i, town := range s.towns {
		people := s.peopleOf(town.Code)
		if len(people) == 0 || i%5 == 4 {
			continue // nobody has looked at it for a year
		}
		if err := s.hub.ConfirmTown(s.ctx, store.As(people[0].ID), town.ID); err != nil && store.KindOf(err) != store.Denied {
			return err
		}
	}
	if err := s.hub.PauseTown(s.ctx, s.steward, s.townOf("BE-12025").ID, s.now.AddDate(0, 1, 0).Format(time.DateOnly)); err != nil {
		return err
	}
	if err := s.overload("BE-62063"); err != nil {
		return err
	}
	elise, err := s.hub.MemberByHandle(s.ctx, Persons()[1].Handle)
	if err != nil {
		return err
	}
	_, err = s.hub.AddSkill(s.ctx, store.As(elise.ID), store.SkillInput{Names: map[string]string{"fr": "Wallon au guichet"}, Group: "counter"})
	return err
}
