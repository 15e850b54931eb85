package demo

import (
	"fmt"
	"strings"
	"time"

	"belfry/store"
)

// tutoring is one mentorship of the story: in which month of it the learner asks and, when it ends, closes it.
type tutoring struct {
	ask, close       int // months of the story; close 0: it goes on
	learner, mentor  string
	skills, message  string
	goals            []string
	thanks, thanksBy string
	id               string
}

func tutorings() []tutoring {
	return []tutoring{
		{ask: 2, close: 11, learner: "BE-84010", mentor: "BE-92094", skills: "websites plone", message: "Nous n’avons personne pour l’informatique et un site de 2009. Par où commencer ?",
			goals: []string{"Un site que la secrétaire sait tenir", "Publier l’ordre du jour du conseil"}, thanks: "Merci pour les mardis matin, la patience et le café.", thanksBy: "Ce fut un plaisir : la commune marche toute seule."},
		{ask: 4, close: 17, learner: "BE-56044", mentor: "BE-58001", skills: "hosting", message: "Notre serveur vieillit. Nous aimerions être hébergés avec d’autres.",
			goals: []string{"Quitter l’ancien serveur", "Une sauvegarde qui a été essayée"}, thanks: "Sans vous, nous aurions encore peur des lundis.", thanksBy: "À bientôt à la réunion."},
		{ask: 7, learner: "BE-53014", mentor: "BE-62063", skills: "document-templates", message: "Nos modèles de lettres datent d’avant la fusion des services. Pouvez-vous nous montrer les vôtres ?",
			goals: []string{"Dix modèles repris", "Une personne formée dans chaque service"}},
		{ask: 9, learner: "BE-25124", mentor: "BE-34022", skills: "forms", message: "L’école et la commune veulent un formulaire pour les repas.", goals: []string{"Le formulaire des repas en ligne"}},
		{ask: 13, learner: "BE-93022", mentor: "BE-57081", skills: "gis", message: "Nos cartes sont sur papier. Une visite chez vous serait-elle possible ?", goals: []string{"Le réseau d’eau sur une carte"}},
		{ask: 15, learner: "BE-81013", mentor: "BE-55085", skills: "plain-language", message: "Nous voulons écrire plus simplement aux habitants.", goals: []string{"Récrire cinq lettres"}},
		{ask: 18, learner: "BE-51004", mentor: "BE-62063", skills: "linux", message: "Nos deux serveurs tournent sans nous. Nous aimerions les comprendre.", goals: []string{"Une mise à jour faite ensemble"}},
	}
}

func ask(skills, mentor, message string) store.RequestInput {
	return store.RequestInput{Need: store.MentorNeed{Skills: strings.Fields(skills), Speaks: []string{"fr"}, Staff: store.StaffNone, Near: 50, Hosting: store.HostingShared, Budget: store.BudgetSmall},
		Town: mentor, Message: message, Lang: "fr"}
}

// tutor lets the mentorships of a month of the story begin, go on and end.
func (s *story) tutor(month int) error {
	for i := range s.tutorings {
		one := &s.tutorings[i]
		var err error
		switch {
		case one.ask == month:
			err = s.beginTutoring(one)
		case one.id == "" || one.close > 0 && month > one.close:
		case one.close == month:
			err = s.endTutoring(one)
		default:
			err = s.talkTutoring(one, month)
		}
		if err != nil {
			return fmt.Errorf("demo: %s learns from %s: %w", one.learner, one.mentor, err)
		}
	}
	return nil
}

func (s *story) sides(one *tutoring) (learner, mentor store.Actor) {
	return store.As(s.peopleOf(one.learner)[0].ID), store.As(s.peopleOf(one.mentor)[0].ID)
}

func (s *story) beginTutoring(one *tutoring) error {
	learner, mentor := s.sides(one)
	q, err := s.hub.AskMentor(s.ctx, learner, ask(one.skills, s.townOf(one.mentor).ID, one.message))
	if err != nil {
		return err
	}
	s.clock.add(time.Duration(9+5*one.ask) * time.Hour)
	m, err := s.hub.AcceptRequest(s.ctx, mentor, q.ID)
	if err != nil {
		return err
	}
	one.id = m.ID
	for _, goal := range one.goals {
		if _, err := s.hub.AddGoal(s.ctx, learner, m.ID, goal); err != nil {
			return err
		}
	}
	return s.planTutoring(one, mentor, "Premier appel, par téléphone")
}

func (s *story) planTutoring(one *tutoring, by store.Actor, where string) error {
	day := s.clock.Now().AddDate(0, 0, 6)
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	_, err := s.hub.PlanCheckIn(s.ctx, by, one.id, store.CheckInInput{Date: day.Format(time.DateOnly), Clock: "10:00", Zone: zone, Minutes: 60, Where: where})
	return err
}

// talkTutoring keeps the notes of the last talk and agrees on the next.
func (s *story) talkTutoring(one *tutoring, month int) error {
	learner, mentor := s.sides(one)
	page, err := s.hub.MentorshipPage(s.ctx, mentor, one.id)
	if err != nil {
		return err
	}
	notes := []string{"Tout marche. Reste à former une collègue.", "Trois questions réglées, une mise de côté pour la réunion.", "Nous avons regardé ensemble, écran partagé. La suite est claire.", "Un contretemps : le fournisseur tarde. On avance quand même."}
	if len(page.CheckIns) > 0 && page.CheckIns[0].Over(s.clock.Now()) {
		if _, err := s.hub.NoteCheckIn(s.ctx, learner, one.id, page.CheckIns[0].ID, notes[month%len(notes)]); err != nil {
			return err
		}
	}
	if done := month - one.ask; done%4 == 3 && done/4 < len(page.Mentorship.Goals) {
		if _, err := s.hub.ReachGoal(s.ctx, learner, one.id, page.Mentorship.Goals[done/4].ID, true); err != nil {
			return err
		}
	}
	return s.planTutoring(one, mentor, "En visio")
}

func (s *story) endTutoring(one *tutoring) error {
	learner, mentor := s.sides(one)
	if _, err := s.hub.CloseMentorship(s.ctx, learner, one.id, store.ClosedDone); err != nil {
		return err
	}
	if _, err := s.hub.Thank(s.ctx, learner, one.id, one.thanks); err != nil {
		return err
	}
	_, err := s.hub.Thank(s.ctx, mentor, one.id, one.thanksBy)
	return err
}

// seekers are the towns that wait for a mentor when the story ends: one whose first choice is silent, one that was asked a
// question. Those that have a mentor agree on their next talk.
func (s *story) seekers() error {
	s.reach(s.now.AddDate(0, 0, -9))
	send := func(learner, skills, mentor, message string) (store.MentorRequest, error) {
		return s.hub.AskMentor(s.ctx, store.As(s.peopleOf(learner)[0].ID), ask(skills, s.townOf(mentor).ID, message))
	}
	if _, err := send("BE-83031", "deliberations", "FR-62041", "Le conseil nous demande de publier nos délibérations avant l’été."); err != nil {
		return err
	}
	s.reach(s.now.AddDate(0, 0, -4))
	q, err := send("BE-85007", "open-data publication-of-acts", "FR-59350", "Deux agents, beaucoup de bonne volonté, et des actes à publier.")
	if err != nil {
		return err
	}
	if _, err := s.hub.AskBack(s.ctx, store.As(s.peopleOf("FR-59350")[0].ID), q.ID, "Avec plaisir. Qui, chez vous, tient le registre des actes ?"); err != nil {
		return err
	}
	for i := range s.tutorings {
		if one := &s.tutorings[i]; one.id != "" && one.close == 0 {
			_, mentor := s.sides(one)
			if err := s.planTutoring(one, mentor, "En visio"); err != nil {
				return err
			}
		}
	}
	return nil
}
