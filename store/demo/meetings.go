package demo

import (
	"embed"
	"fmt"
	"strings"
	"time"

	"belfry/store"
)

//go:embed minutes/*.md
var minutes embed.FS

// hosts take turns with the monthly meeting.
func hosts() []string {
	return []string{"BE-58001", "BE-92094", "BE-57081", "FR-59350", "BE-53053", "BE-62063", "BE-34022", "FR-62041", "BE-25014", "BE-12025"}
}

// meetingsOfTwoYears lets the monthly series run: meetings open ahead, people answer, the meeting is held, its minutes
// are published.
func (s *story) meetingsOfTwoYears() error {
	start := s.now.AddDate(-years, 0, 0)
	s.clock.set(start)
	series, err := s.hub.StartSeries(s.ctx, s.lead, store.SeriesInput{Title: "Réunion mensuelle", Lang: "fr",
		About: "Une réunion ouverte à toutes les communes, chaque fois chez une autre. On y montre ce qui marche, on y décide de la suite.",
		Rule:  store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: 3, Weekday: time.Thursday, SkipMonths: []time.Month{7, 8}},
		Zone:  "Europe/Brussels", Start: start.Format("2006-01-02"), Clock: "09:30", NextNumber: 108,
		Template: store.Template{Minutes: 390, HostTown: s.townOf("BE-58001").ID, Venue: "Hôtel de ville", Online: true,
			Link: "https://visio.exemple.example/mensuelle", Seats: 48, Standing: []store.StandingItem{
				{Title: "Accueil et tour de table", Kind: store.ToInform, Minutes: 30},
				{Title: "Approbation du procès-verbal précédent", Kind: store.ToDecide, Minutes: 10}}}})
	if err != nil {
		return fmt.Errorf("demo: start series: %w", err)
	}
	for n := 0; ; n++ {
		rows, err := s.hub.Upcoming(s.ctx, s.lead, 1)
		if err != nil {
			return err
		}
		if len(rows) == 0 || rows[0].Meeting.End.After(s.now) {
			return nil
		}
		if err := s.holdMonthly(rows[0].Meeting, n); err != nil {
			return fmt.Errorf("demo: meeting %s of %s: %w", rows[0].Meeting.Date, series.Title, err)
		}
	}
}

// holdMonthly is the life of one meeting of the past.
func (s *story) holdMonthly(m store.Meeting, n int) error {
	if soon := m.Start.AddDate(0, 0, -20); soon.After(s.clock.Now()) {
		s.clock.set(soon)
	}
	if err := s.atHost(m, hosts()[n%len(hosts())]); err != nil {
		return err
	}
	if err := s.agenda(m, n); err != nil {
		return err
	}
	if err := s.answers(m, 18+(n*7)%15, n); err != nil {
		return err
	}
	s.clock.set(m.End.Add(2 * time.Hour))
	if err := s.writeMinutes(m, n); err != nil {
		return err
	}
	s.clock.add(20 * time.Hour)
	_, err := s.hub.OpenAhead(s.ctx)
	return err
}

// atHost gives a meeting its host town and room.
func (s *story) atHost(m store.Meeting, code string) error {
	town := s.townOf(code)
	venue := map[string]string{"nl": "Stadhuis, raadzaal", "de": "Rathaus, Sitzungssaal"}[townLang(code)]
	if venue == "" {
		venue = "Hôtel de ville, salle du Conseil"
	}
	_, err := s.hub.ChangeMeeting(s.ctx, s.lead, m.ID, store.MeetingInput{Title: m.Title, Lang: m.Lang, About: m.About, Date: m.Date, Clock: m.Clock,
		Zone: m.Zone, Minutes: m.Minutes, HostTown: town.ID, Venue: venue, Address: "Grand-Place 1, " + town.Name, Online: m.Online, Link: m.Link, Seats: m.Seats})
	return err
}

func townLang(code string) string {
	for _, p := range places() {
		if p.code == code {
			return p.lang
		}
	}
	return "fr"
}

// topics are agenda items that come back over the years.
func topics() []store.ItemInput {
	return []store.ItemInput{
		{Title: "Préparation des conseils : retours des communes pilotes", Text: "Trois communes racontent trois mois d’usage réel.", Lang: "fr", Kind: store.ToDiscuss, Minutes: 60},
		{Title: "Hébergement mutualisé : tarif de l’an prochain", Text: "Deux formules selon la taille de la commune.", Lang: "fr", Kind: store.ToDecide, Minutes: 45},
		{Title: "Nederlandse vertaling: stand van zaken", Text: "Welke teksten ontbreken nog, en wie leest na?", Lang: "nl", Kind: store.ToInform, Minutes: 20},
		{Title: "Guichet : signature électronique", Text: "Démonstration et questions.", Lang: "fr", Kind: store.ToDiscuss, Minutes: 40},
		{Title: "Accueil des nouvelles communes", Text: "Qui accompagne qui dans les prochains mois ?", Lang: "fr", Kind: store.ToDiscuss, Minutes: 30},
		{Title: "Deutsche Fassung der Formulare", Text: "Was fehlt, und wer prüft?", Lang: "de", Kind: store.ToInform, Minutes: 20},
		{Title: "Accessibilité des procès-verbaux publiés", Text: "Ce que nous changeons dans les gabarits.", Lang: "fr", Kind: store.ToDecide, Minutes: 30},
		{Title: "Reprise des délibérations anciennes", Text: "Méthode, outils, pièges.", Lang: "fr", Kind: store.ToDiscuss, Minutes: 45},
	}
}

func (s *story) agenda(m store.Meeting, n int) error {
	all := topics()
	for k := range 3 + n%2 {
		who := s.members[(n*5+k*3)%len(s.members)]
		item, err := s.hub.ProposeItem(s.ctx, store.As(who.ID), m.ID, all[(n+k*3)%len(all)])
		if err != nil {
			return err
		}
		if item.State == store.ItemProposed {
			if err := s.hub.AcceptItem(s.ctx, s.lead, item.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// answers lets so many members answer, each in their own way.
func (s *story) answers(m store.Meeting, count, n int) error {
	for k := range count {
		who := s.members[(n*11+k*3)%len(s.members)]
		in := store.AnswerInput{Answer: store.OnSite}
		switch s.rand.IntN(10) {
		case 0, 1, 2:
			in.Answer = store.Online
		case 3:
			in.Answer = store.Maybe
		case 4:
			in.Answer = store.No
		case 5:
			in.Guests = []string{"une collègue"}
		}
		if _, err := s.hub.AnswerMeeting(s.ctx, store.As(who.ID), m.ID, in); err != nil {
			return err
		}
	}
	return nil
}

// writeMinutes publishes minutes put together from written pieces, one for each item.
func (s *story) writeMinutes(m store.Meeting, n int) error {
	entries, err := minutes.ReadDir("minutes")
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "Séance ouverte à 9 h 35. Le procès-verbal précédent est approuvé sans modification.\n\n")
	for k := range 4 {
		piece, err := minutes.ReadFile("minutes/" + entries[(n*3+k*2)%len(entries)].Name())
		if err != nil {
			return err
		}
		head, body, _ := strings.Cut(string(piece), "\n")
		fmt.Fprintf(&text, "## %d. %s\n%s\n", k+1, strings.TrimPrefix(head, "# "), body)
	}
	text.WriteString("La séance est levée à 15 h 50. Merci à la commune qui nous a reçus.\n")
	if _, err := s.hub.SaveMinutes(s.ctx, s.lead, m.ID, store.MinutesDraft{Source: text.String(), Lang: "fr", Summary: "Première rédaction"}); err != nil {
		return err
	}
	_, err = s.hub.PublishMinutes(s.ctx, s.lead, m.ID)
	return err
}

// otherMeetings stand beside the series: a Dutch workshop series, a German and an English meeting, one cancelled.
func (s *story) otherMeetings() error {
	s.clock.set(s.now.AddDate(0, 0, -30))
	_, err := s.hub.StartSeries(s.ctx, s.lead, store.SeriesInput{Title: "Werkgroep vertaling", Lang: "nl", About: "Samen vertalen, om de twee maanden, online.",
		Rule: store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 2, Nth: 1, Weekday: time.Tuesday}, Zone: "Europe/Brussels",
		Start: s.now.AddDate(0, 0, -20).Format("2006-01-02"), Clock: "14:00",
		Template: store.Template{Title: "Werkgroep vertaling", Minutes: 90, Online: true, Link: "https://visio.exemple.example/vertaling"}})
	if err != nil {
		return err
	}
	day := func(days int) string { return s.now.AddDate(0, 0, days).Format("2006-01-02") }
	singles := []store.MeetingInput{
		{Title: "Premiers pas : découvrir la communauté en une heure", Lang: "fr", Date: day(3), Clock: "14:00", Minutes: 60, Online: true,
			About: "Pour les communes arrivées cet hiver. Apportez vos questions, même les plus simples."},
		{Title: "Treffen der deutschsprachigen Gemeinden", Lang: "de", Date: day(16), Clock: "10:00", Minutes: 150, HostTown: s.townOf("BE-63023").ID,
			Venue: "Rathaus, Sitzungssaal", Online: true, Seats: 20, About: "Formulare, Übersetzungen und was im Frühjahr ansteht."},
		{Title: "PloneGov sprint: shared templates", Lang: "en", Date: day(37), Clock: "09:00", Minutes: 480, Online: true,
			About: "Two sister communities work on one set of document templates. Newcomers are welcome; we pair up."},
		{Title: "Groupe accessibilité", Lang: "fr", Date: day(9), Clock: "13:30", Minutes: 120, Online: true, About: "Relecture des gabarits avec un lecteur d’écran."},
	}
	for i, in := range singles {
		in.Zone = "Europe/Brussels"
		m, err := s.hub.ScheduleMeeting(s.ctx, s.lead, in)
		if err != nil {
			return fmt.Errorf("demo: %s: %w", in.Title, err)
		}
		for k := range 6 + 3*i {
			answer := store.Online
			if m.OnSite() && k%2 == 0 {
				answer = store.OnSite
			}
			if _, err := s.hub.AnswerMeeting(s.ctx, store.As(s.members[(i*9+k*2)%len(s.members)].ID), m.ID, store.AnswerInput{Answer: answer}); err != nil {
				return err
			}
		}
		if in.Title == "Groupe accessibilité" {
			if err := s.hub.CancelMeeting(s.ctx, s.lead, m.ID, "Reporté au mois prochain, faute de relecteurs disponibles."); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextMeeting is the one people come to see: nearly full, with a waitlist, a long agenda and papers.
func (s *story) nextMeeting() error {
	s.clock.set(s.now.AddDate(0, 0, -5))
	m, err := s.nextMonthly()
	if err != nil {
		return err
	}
	town := s.townOf("BE-57081")
	changed, err := s.hub.ChangeMeeting(s.ctx, s.lead, m.ID, store.MeetingInput{Title: m.Title, Lang: "fr", Date: m.Date, Clock: m.Clock, Zone: m.Zone,
		Minutes: m.Minutes, HostTown: town.ID, Venue: "Hôtel de ville, salle du Conseil", Address: "Rue de l’Exemple 52, 7500 Tournai", Online: true,
		Link: m.Link, Seats: 30, About: "Tournai nous accueille. La matinée est consacrée à la **préparation des conseils** : retours des trois communes pilotes. " +
			"L’après-midi, nous décidons de la suite de l’hébergement mutualisé.\n\nPremière réunion ? Demandez la table « Premiers pas » à l’accueil."})
	if err != nil {
		return err
	}
	if err := s.agenda(changed, 3); err != nil {
		return err
	}
	for _, doc := range [][2]string{{"Bilan du pilote", "https://exemple.example/bilan-du-pilote.pdf"}, {"Note tarifaire", "https://exemple.example/note-tarifaire.odt"}} {
		if err := s.hub.AddDocument(s.ctx, s.lead, changed.ID, store.DocumentInput{Title: doc[0], Lang: "fr", Link: doc[1]}, nil); err != nil {
			return err
		}
	}
	for k, who := range s.members {
		if who.Handle == Persons()[1].Handle || k%2 == 1 && k < 20 {
			continue // the member of the demo has not answered yet
		}
		in := store.AnswerInput{Answer: store.OnSite}
		switch {
		case k%7 == 3:
			in.Answer = store.Online
		case k%11 == 5:
			in.Answer = store.Maybe
		case k%13 == 6:
			in.Answer = store.No
		}
		if k > 55 {
			break
		}
		s.clock.add(3 * time.Minute)
		if _, err := s.hub.AnswerMeeting(s.ctx, store.As(who.ID), changed.ID, in); err != nil {
			return err
		}
	}
	_, err = s.hub.ProposeItem(s.ctx, store.As(s.peopleOf("BE-25014")[1].ID), changed.ID, store.ItemInput{Title: "Un modèle commun de convention", Lang: "fr",
		Text: "Nous avons un projet à partager, dix minutes suffisent.", Kind: store.ToInform, Minutes: 10})
	return err
}

// nextMonthly is the first numbered meeting to come.
func (s *story) nextMonthly() (store.Meeting, error) {
	rows, err := s.hub.Upcoming(s.ctx, s.lead, 30)
	if err != nil {
		return store.Meeting{}, err
	}
	for _, row := range rows {
		if row.Meeting.Number > 0 && row.Meeting.Start.After(s.now) {
			return row.Meeting, nil
		}
	}
	return store.Meeting{}, fmt.Errorf("demo: no meeting to come")
}
