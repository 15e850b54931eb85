package demo

import (
	"fmt"
	"time"

	"belfry/store"
)

// holdWorkshop is the life of one Dutch workshop of the past.
func (s *story) holdWorkshop(m store.Meeting, n int) error {
	s.reach(m.Start.AddDate(0, 0, -6))
	if _, err := s.answers(m, 6+n%5); err != nil {
		return err
	}
	s.reach(m.End.Add(2 * time.Hour))
	first, err := variant("workshop", 2*n, 6, "nl")
	if err != nil {
		return err
	}
	second, err := variant("workshop", 2*n+1+n/3%2*2, 6, "nl")
	if err != nil {
		return err
	}
	return s.publish(m, "We beginnen om 14 uur en spreken om de beurt.\n\n"+first+"\n\n"+second+
		"\n\n## Volgende keer\n\nWe zien elkaar over twee maanden, weer online. Wie wil, leest intussen tien zinnen na.\n", "Eerste versie")
}

// planSingle announces a meeting outside the series after some of the monthly ones. It takes place five days later,
// between two workshops.
func (s *story) planSingle(after store.Meeting, n int) error {
	in := store.MeetingInput{Date: after.Local().AddDate(0, 0, 5).Format("2006-01-02"), Zone: zone, Online: true}
	switch n {
	case 7:
		in.Title, in.Lang, in.Clock, in.Minutes = "Treffen der deutschsprachigen Gemeinden", "de", "10:00", 150
		in.HostTown, in.Venue, in.Seats = s.townOf("BE-63023").ID, "Rathaus, Sitzungssaal", 20
	case 10:
		in.Title, in.Lang, in.Clock, in.Minutes = typeset("Atelier : photographier ses archives"), "fr", "13:30", 120
	case 13:
		in.Title, in.Lang, in.Clock, in.Minutes = "PloneGov sprint: search and print", "en", "09:00", 480
	default:
		return nil
	}
	m, err := s.hub.ScheduleMeeting(s.ctx, s.lead, in)
	if err != nil || m.Lang != "fr" {
		return err
	}
	return s.hub.CancelMeeting(s.ctx, s.lead, m.ID, "L’animatrice est souffrante. L’atelier sera proposé à nouveau au printemps.")
}

// holdSingle is the life of one of them.
func (s *story) holdSingle(m store.Meeting) error {
	if _, err := s.answers(m, 11); err != nil {
		return err
	}
	text, err := read(map[string]string{"de": "meeting.de.md", "en": "sprint.en.md"}[m.Lang])
	if err != nil {
		return err
	}
	s.reach(m.End.Add(2 * time.Hour))
	return s.publish(m, text, "")
}

// sideMeetings are to come: one within days, one in German that has been moved, one in English, one cancelled.
func (s *story) sideMeetings() error {
	s.reach(s.now.AddDate(0, 0, -14))
	for len(s.coming) > 0 {
		if err := s.admit(s.coming[0]); err != nil {
			return err
		}
		s.coming = s.coming[1:]
	}
	day := func(days int) string { return workday(s.now.AddDate(0, 0, days)) }
	singles := []store.MeetingInput{
		{Title: typeset("Premiers pas : découvrir la communauté en une heure"), Lang: "fr", Date: day(2), Clock: "14:00", Minutes: 60,
			About: "Pour les communes arrivées récemment. Apportez vos questions, même les plus simples."},
		{Title: "Treffen der deutschsprachigen Gemeinden", Lang: "de", Date: day(16), Clock: "10:00", Minutes: 150, HostTown: s.townOf("BE-63023").ID,
			Venue: "Rathaus, Sitzungssaal", Seats: 20, About: "Formulare, Übersetzungen und was in den nächsten Monaten ansteht."},
		{Title: "PloneGov sprint: shared templates", Lang: "en", Date: day(37), Clock: "09:00", Minutes: 480,
			About: "Two sister communities work on one set of document templates. Newcomers are welcome; we pair up."},
		{Title: "Groupe accessibilité", Lang: "fr", Date: day(9), Clock: "13:30", Minutes: 120, About: "Relecture des gabarits avec un lecteur d’écran."},
	}
	for i, in := range singles {
		in.Zone, in.Online = zone, true
		m, err := s.hub.ScheduleMeeting(s.ctx, s.lead, in)
		if err != nil {
			return fmt.Errorf("demo: %s: %w", in.Title, err)
		}
		if _, err := s.answers(m, 7+2*i); err != nil {
			return err
		}
		switch i {
		case 1:
			in.Date = day(23)
			_, err = s.hub.ChangeMeeting(s.ctx, s.lead, m.ID, in)
		case 3:
			err = s.hub.CancelMeeting(s.ctx, s.lead, m.ID, "Reporté au mois prochain, faute de relecteurs disponibles.")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// workday is the date of t, or the first one after it that is neither at the weekend nor the monthly meeting's.
func workday(t time.Time) string {
	monthly := func() bool { return t.Weekday() == time.Thursday && t.Day() >= 15 && t.Day() <= 21 }
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday || monthly() {
		t = t.AddDate(0, 0, 1)
	}
	return t.Format("2006-01-02")
}
