package demo

import (
	"strings"

	"belfry/store"
)

// Person is somebody of the demo one can be with one click.
type Person struct {
	Key    string // newcomer, member, organiser, steward, administrator
	Handle string
}

// Persons are the five ways to look at the community, from the fewest rights to the most.
func Persons() []Person {
	return []Person{{"newcomer", "zoe-essai"}, {"member", "elise-delvaux"}, {"organiser", "hugo-servais"}, {"steward", "thomas-lecocq"},
		{"administrator", "anne-baudoux"}}
}

// names are invented: first and last names that are common in the region, put together by number. None is meant to be
// anybody.
func names(lang string) (first, last []string) {
	switch lang {
	case "nl":
		return strings.Fields("Jonas Lotte Marieke Pieter Anouk Wout Saskia Bram"), strings.Fields("Vermeersch Desmet Claes Vanhove Goossens Willems Mertens")
	case "de":
		return strings.Fields("Ute Matthias Svenja Rainer Katrin"), strings.Fields("Schröder Kessel Langer Heinen")
	}
	return strings.Fields("Agathe Bruno Inès Luc Karim Sophie Hélène Julien Fatima Quentin Nadia Olivier Marion Serge Clara Denis Yasmine Paul Céline Arnaud Rachel Michel Lucie Simon"),
		strings.Fields("Lemoine Petit Amrani Gilles Haddad Marchal Dufour Colin Renard Lambert Noël Fontaine Maes Hubert Leroy Pirard Rousseau Collard Dumont Mathy Gérard Lejeune Bodart")
}

// named are the people with a part of their own, by town.
func named() map[string][]string {
	return map[string][]string{"BE-55085": {"Élise Delvaux"}, "BE-92094": {"Hugo Servais"}, "BE-58001": {"Thomas Lecocq", "Anne Baudoux"}}
}

// nameFor is the n-th person's name in a town; no two people share one.
func (s *story) nameFor(p place, n int) string {
	if own := named()[p.code]; n < len(own) {
		return own[n]
	}
	first, last := names(p.lang)
	for k := len(s.names); ; k++ {
		name := first[k%len(first)] + " " + last[(k*3+n)%len(last)]
		if !s.names[name] {
			s.names[name] = true
			return name
		}
	}
}

// duties are what people of a town hall do.
func duties(lang string) []string {
	switch lang {
	case "nl":
		return []string{"informatica", "gemeentesecretariaat", "communicatie"}
	case "de":
		return []string{"IT", "Gemeindesekretariat", "Öffentlichkeitsarbeit"}
	}
	return []string{"informatique", "secrétariat communal", "communication", "urbanisme", "direction générale", "état civil"}
}

// plain is a name in the letters of a mail address.
func plain(name string) string {
	return strings.NewReplacer("é", "e", "è", "e", "ë", "e", "ê", "e", "ï", "i", "ö", "o", "ü", "u", "ç", "c", "'", "", "’", "", "â", "a", "ô", "o").
		Replace(strings.ToLower(name))
}

// guests are who a party brings along, now and then.
func guests(n int) []string {
	return [][]string{{"une collègue de l’accueil"}, {"notre stagiaire"}, {"la directrice de l’école", "un échevin"}, {"un voisin de bureau"}}[n%4]
}

// notes are what people add to an answer.
func notes(n int) string {
	return []string{"", "", "J’arrive par le train de 9 h 12.", "", "Je dois partir à 15 h.", "", "Repas végétarien, merci.", ""}[n%8]
}

// handOver lets somebody of Liège go, their work taken over by a colleague, and moves the only person of Froidchapelle
// to Thuin: the town they leave then rests.
func (s *story) handOver() error {
	people := s.peopleOf("BE-62063")
	if err := s.hub.HandOver(s.ctx, store.As(people[0].ID), people[0].ID, people[1].ID, true); err != nil {
		return err
	}
	alone := s.peopleOf("BE-56029")[0]
	if err := s.hub.MoveTo(s.ctx, store.As(alone.ID), store.JoinInput{TownID: s.townOf("BE-56078").ID}); err != nil {
		return err
	}
	if err := s.hub.WelcomePerson(s.ctx, s.steward, alone.ID); err != nil {
		return err
	}
	var still []store.Member
	for _, m := range s.members {
		if m.ID == people[0].ID {
			continue
		}
		now, err := s.hub.MemberByHandle(s.ctx, m.Handle)
		if err != nil {
			return err
		}
		still = append(still, now)
	}
	s.members = still
	return nil
}
