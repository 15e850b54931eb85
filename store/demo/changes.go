package demo

import (
	"strings"
	"time"

	"belfry/store"
)

// What goes on beside the plain course of things: an item that is put off and comes back, minutes that somebody
// corrects before they are approved and that get an erratum after, and a municipality that becomes part of another.

// comeBack takes what an earlier meeting put off onto the agenda, and puts an item of this one off now and then.
func (s *story) comeBack(m store.Meeting, n int) error {
	offers, err := s.hub.Offers(s.ctx, s.lead, m.ID)
	if err != nil {
		return err
	}
	for _, offer := range offers {
		if offer.Origin.Kind == store.FromItem {
			if err := s.hub.TakeOffer(s.ctx, s.lead, m.ID, offer.Origin); err != nil {
				return err
			}
		}
	}
	if n%6 != 5 {
		return nil
	}
	item, err := s.hub.ProposeItem(s.ctx, s.lead, m.ID, store.ItemInput{Title: typeset("Archives : numériser les registres d’avant 1950"), Lang: "fr", Kind: store.ToDiscuss, Minutes: 20,
		Text: "Trois communes ont demandé un prix. Comparons avant de commander."})
	if err != nil {
		return err
	}
	err = s.hub.AddDocument(s.ctx, s.lead, m.ID, store.DocumentInput{Title: "Les trois prix, côte à côte", Lang: "fr", Link: "https://exemple.example/trois-prix.ods", Item: item.ID}, nil)
	if err != nil {
		return err
	}
	return s.hub.SetAsideItem(s.ctx, s.lead, item.ID, store.ItemPostponed, "Un des trois prix manque encore.")
}

// correct lets a member propose a correction of minutes just published, which is taken.
func (s *story) correct(m store.Meeting, n int) error {
	if n%4 != 1 {
		return nil
	}
	page, err := s.hub.MinutesPage(s.ctx, s.lead, m.Slug)
	if err != nil {
		return err
	}
	who := s.speaker("fr", n)
	text := strings.Replace(page.Published.Source, "## Fin de la réunion\n", "## Fin de la réunion\n\nLe service d’accueil a été remercié pour le repas.\n", 1)
	one, err := s.hub.ProposeCorrection(s.ctx, store.As(who.ID), m.ID, store.CorrectionInput{Base: page.Published.Number, Source: text, Why: "Le remerciement manquait."})
	if err != nil {
		return err
	}
	if err := s.hub.DecideCorrection(s.ctx, s.lead, m.ID, one.ID, true, ""); err != nil {
		return err
	}
	_, err = s.hub.PublishMinutes(s.ctx, s.lead, m.ID)
	return err
}

// amend adds an erratum to minutes that were approved.
func (s *story) amend(m store.Meeting, n int) error {
	if n%5 != 3 {
		return nil
	}
	_, err := s.hub.AddErratum(s.ctx, s.lead, m.ID, "Dans l’ouverture, lire « neuf heures trente-cinq » : le train de Lille avait du retard.", "fr")
	return err
}

// merge lets Bertogne join by hand, take part once, and become part of Bastogne some months later.
func (s *story) merge(m store.Meeting, n int) error {
	const name = "Bertogne"
	switch n {
	case 3:
		err := s.hub.Join(s.ctx, store.JoinInput{OtherName: name, OtherLand: "BE", Name: "Odile Exemple", Email: "odile.exemple@bertogne.example", Language: "fr", Zone: zone,
			From: store.Client{Address: name, Agent: "demo"}})
		if err != nil {
			return err
		}
		odile, err := s.confirm("odile.exemple@bertogne.example")
		if err != nil {
			return err
		}
		if err := s.hub.WelcomeTown(s.ctx, s.steward, odile.TownID()); err != nil {
			return err
		}
		_, err = s.hub.AnswerMeeting(s.ctx, store.As(odile.ID), m.ID, store.AnswerInput{Answer: store.OnSite, Note: "Première réunion !"})
		return err
	case 8:
		odile, err := s.hub.MemberByHandle(s.ctx, "odile-exemple")
		if err != nil {
			return err
		}
		s.clock.add(time.Hour)
		_, err = s.hub.MergeTowns(s.ctx, s.steward, odile.TownID(), store.JoinInput{TownCode: "BE-82039"})
		return err
	}
	return nil
}
