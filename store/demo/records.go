package demo

import (
	"fmt"
	"strings"

	"belfry/store"
)

// promises are what towns say they will do, by language.
func promises(lang string) []string {
	return map[string][]string{
		"fr": {"Envoyer le relevé des points ouverts aux communes présentes", "Relire le modèle avec le secrétariat et noter ce qui manque", "Préparer une démonstration de dix minutes pour la prochaine réunion",
			"Tester la nouvelle version sur une copie des données", "Rédiger la fiche d’une page pour les nouvelles communes", "Demander l’avis de trois communes de moins de cinq mille habitants",
			"Mettre à jour la documentation et la publier", "Chiffrer la proposition et la joindre à la convocation"},
		"nl": {"De ontbrekende teksten nalezen en doorsturen", "De woordenlijst aanvullen met de besproken termen", "Een korte demonstratie voorbereiden", "De nieuwe versie op een kopie uitproberen"},
		"de": {"Die Formulare gegenlesen und Anmerkungen senden", "Die Übersetzung auf einer Kopie prüfen", "Eine kurze Vorführung vorbereiten"},
		"en": {"Write down the steps and share them", "Try the new version on a copy of the data", "Prepare a short demonstration"},
	}[lang]
}

// resolved says in one sentence that a proposal was taken.
func resolved(lang, title string) string {
	return fmt.Sprintf(map[string]string{"fr": "La proposition « %s » est adoptée.", "nl": "Het voorstel “%s” is aangenomen.",
		"de": "Der Vorschlag „%s“ ist angenommen.", "en": "The proposal “%s” is accepted."}[lang], title)
}

// goesOn says in one sentence that the community keeps working on something.
func goesOn(lang, title string) string {
	return fmt.Sprintf(map[string]string{"fr": "La communauté poursuit le travail : %s.", "nl": "De gemeenschap werkt verder aan: %s.",
		"de": "Die Gemeinschaft arbeitet weiter an: %s.", "en": "The community goes on with: %s."}[lang], strings.TrimSuffix(title, "?"))
}

// records are the blocks of the notation below a topic: what was decided, and what somebody promised.
func records(one topic, n, k int, due string) string {
	var b strings.Builder
	switch one.item.Kind {
	case store.ToDecide:
		fmt.Fprintf(&b, "\n\n!D %s\n   vote: %d / %d / %d\n!R adopté", resolved(one.item.Lang, one.item.Title), 17+(n*3+k)%9, (n+k)%3, (n+2*k)%4)
	case store.ToDiscuss:
		if (n+k)%2 == 0 {
			fmt.Fprintf(&b, "\n\n!D %s", goesOn(one.item.Lang, one.item.Title))
		}
	case store.ToInform:
		b.WriteString("\n\n!R pris acte")
	}
	if all := promises(one.item.Lang); (n+k)%3 != 2 {
		fmt.Fprintf(&b, "\n\n!A %s\n   @%s  pour: %s", all[(n*2+k)%len(all)], one.by.Handle, due)
	}
	return b.String()
}

// follow is what a meeting does with the one before: it approves its minutes, and most of what was promised is done.
func (s *story) follow(before, m store.Meeting, n int) error {
	if before.ID == "" {
		return nil
	}
	if _, err := s.hub.ApproveMinutes(s.ctx, s.lead, before.ID, m.ID); err != nil {
		return err
	}
	if err := s.amend(before, n); err != nil {
		return err
	}
	given, err := s.hub.Actions(s.ctx, s.lead, store.ActionQuery{Meeting: before.ID, Limit: 20})
	if err != nil {
		return err
	}
	for k, row := range given.Rows {
		if (n+k)%6 == 5 {
			continue // not everything is done in time
		}
		in := store.ActionInput{State: store.ActionDone, Town: row.Action.Town, Person: row.Action.Person, Due: row.Action.Due}
		if _, err := s.hub.ChangeAction(s.ctx, store.As(row.Action.Person), row.Action.ID, in); err != nil {
			return err
		}
	}
	return nil
}

// tickAtTheDoor notes who really came: most of those who said so.
func (s *story) tickAtTheDoor(m store.Meeting) error {
	s.reach(m.Start)
	page, err := s.hub.Door(s.ctx, s.lead, m.Slug)
	if err != nil {
		return err
	}
	for k, row := range page.Rows {
		if row.RSVP == nil || !row.RSVP.Seated() || k%9 == 8 {
			continue
		}
		if err := s.hub.TickPresence(s.ctx, s.lead, m.ID, row.Member.ID, true, len(row.RSVP.Guests)); err != nil {
			return err
		}
	}
	return nil
}
