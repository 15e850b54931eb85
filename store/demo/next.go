package demo

import (
	"fmt"
	"time"

	"belfry/store"
)

// waiting is how many people wait for a seat at the next meeting.
const waiting = 6

// nextMeeting is the one people come to see: full, with a waitlist, a long agenda and papers.
func (s *story) nextMeeting() error {
	s.reach(s.now.AddDate(0, 0, -5))
	m, err := s.nextMonthly()
	if err != nil {
		return err
	}
	m, err = s.hub.ChangeMeeting(s.ctx, s.lead, m.ID, store.MeetingInput{Title: m.Title, Lang: "fr", Date: m.Date, Clock: m.Clock, Zone: m.Zone,
		Minutes: m.Minutes, HostTown: s.townOf("BE-57081").ID, Venue: "Hôtel de ville, salle du Conseil", Address: "Rue de l’Exemple 52, 7500 Tournai",
		Online: true, Link: m.Link, Seats: m.Seats, TownSeats: m.TownSeats, Propose: m.Propose, Freeze: m.Freeze, Remind: m.Remind, About: "Tournai nous accueille. La matinée est consacrée à la **préparation des conseils** : " +
			"quatre communes montrent ce qu’elles ont changé.\n\nL’après-midi, nous choisissons nos prochains développements. " +
			"Chaque commune présente a trois voix, quelle que soit sa taille.\n\nPremière réunion ? Demandez la table « Premiers pas » à l’accueil."})
	if err != nil {
		return err
	}
	if err := s.nextAgenda(m); err != nil {
		return err
	}
	if err := s.comeBack(m, 0); err != nil {
		return err
	}
	for _, doc := range [][2]string{{"Bilan du pilote", "https://exemple.example/bilan-du-pilote.pdf"}, {"Note tarifaire", "https://exemple.example/note-tarifaire.odt"},
		{"Les demandes, une par page", "https://exemple.example/demandes.pdf"}} {
		if err := s.hub.AddDocument(s.ctx, s.lead, m.ID, store.DocumentInput{Title: doc[0], Lang: "fr", Link: doc[1]}, nil); err != nil {
			return err
		}
	}
	return s.nextAnswers(m)
}

// nextAgenda is four topics beside the standing ones, and one a member has proposed that waits for an organiser.
func (s *story) nextAgenda(m store.Meeting) error {
	for i, in := range []store.ItemInput{
		{Title: "Préparation des conseils : quatre communes montrent leur méthode", Text: "Dix minutes chacune, puis les questions.", Lang: "fr",
			Kind: store.ToDiscuss, Minutes: 90},
		{Title: "Hébergement mutualisé : tarif de l’an prochain", Text: "La note tarifaire est parmi les documents.", Lang: "fr", Kind: store.ToDecide, Minutes: 45},
		{Title: "Nederlandse woordenlijst: laatste vragen", Text: "Drie woorden waarover we nog niet akkoord zijn.", Lang: "nl",
			Kind: store.ToInform, Minutes: 20},
		{Title: "Choisir nos prochains développements", Text: "Trois voix par commune présente, sur place ou en visio.", Lang: "fr",
			Kind: store.ToDecide, Minutes: 60},
	} {
		item, err := s.hub.ProposeItem(s.ctx, store.As(s.speaker(in.Lang, 7*i+3).ID), m.ID, in)
		if err != nil {
			return err
		}
		if item.State != store.ItemProposed {
			continue
		}
		if err := s.hub.AcceptItem(s.ctx, s.lead, item.ID); err != nil {
			return err
		}
	}
	_, err := s.hub.ProposeItem(s.ctx, store.As(s.peopleOf("BE-25014")[1].ID), m.ID, store.ItemInput{Title: "Un modèle commun de convention", Lang: "fr",
		Text: "Nous avons un projet à partager, dix minutes suffisent.", Kind: store.ToInform, Minutes: 10})
	return err
}

// nextAnswers fills the room and the waitlist, then lets others answer in other ways. One who had a seat takes it
// back, so that somebody has just been promoted, and the organiser answers for one who telephoned. The member of the
// demo has not answered yet.
func (s *story) nextAnswers(m store.Meeting) error {
	rest := []store.Answer{store.Online, store.Online, store.Maybe, store.Online, store.No, store.Online, store.Online, store.No, store.Maybe,
		store.Online, store.No, store.Maybe, store.Online, store.Online}
	var tally store.Tally
	seated := ""
	for k, at := range s.rand.Perm(len(s.members)) {
		who := s.members[at]
		if who.Handle == Persons()[1].Handle {
			continue
		}
		in := store.AnswerInput{Answer: store.OnSite, Note: notes(k)}
		if k%8 == 3 && tally.OnSite < m.Seats-4 {
			in.Guests = guests(k / 8)
		}
		if tally.Waiting > waiting {
			if len(rest) == 0 {
				break
			}
			in.Answer, rest = rest[0], rest[1:]
		}
		s.clock.add(7 * time.Minute)
		answer := func() (store.Outcome, error) { return s.hub.AnswerMeeting(s.ctx, store.As(who.ID), m.ID, in) }
		if in.Answer == store.No && len(rest) < 5 {
			answer = func() (store.Outcome, error) { return s.hub.AnswerFor(s.ctx, s.lead, m.ID, who.ID, in) }
		}
		out, err := answer()
		if err != nil {
			return err
		}
		if tally = out.Tally; seated == "" && len(in.Guests) == 0 && k > 5 {
			seated = who.ID
		}
	}
	if tally.Waiting != waiting+1 {
		return fmt.Errorf("demo: %d people wait for a seat", tally.Waiting)
	}
	return s.hub.WithdrawAnswer(s.ctx, store.As(seated), m.ID)
}

// nextMonthly is the first monthly meeting that has not begun.
func (s *story) nextMonthly() (store.Meeting, error) {
	rows, err := s.hub.Upcoming(s.ctx, s.lead, 30)
	if err != nil {
		return store.Meeting{}, err
	}
	for _, row := range rows {
		if row.Meeting.Series == s.monthly.ID && row.Meeting.Start.After(s.now) {
			return row.Meeting, nil
		}
	}
	return store.Meeting{}, fmt.Errorf("demo: no meeting to come")
}
