package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"belfry/store"
)

// hosts take turns with the monthly meeting.
func hosts() []string {
	return []string{"BE-58001", "BE-92094", "BE-57081", "FR-59350", "BE-53053", "BE-62063", "BE-34022", "FR-62041", "BE-25014", "BE-12025"}
}

// startSeries starts the monthly meeting and the Dutch workshop, two years before the end.
func (s *story) startSeries() error {
	start := s.now.AddDate(-years, 0, 0)
	s.clock.set(start)
	first := start.Format("2006-01-02")
	var err error
	s.monthly, err = s.hub.StartSeries(s.ctx, s.lead, store.SeriesInput{Title: "Réunion mensuelle", Lang: "fr",
		About: "Une réunion ouverte à toutes les communes, chaque fois chez une autre. On y montre ce qui marche, on y décide de la suite.",
		Rule:  store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: 3, Weekday: time.Thursday, SkipMonths: []time.Month{7, 8}},
		Zone:  zone, Start: first, Clock: "09:30", NextNumber: 108,
		Template: store.Template{Minutes: 390, HostTown: s.townOf("BE-58001").ID, Venue: "Hôtel de ville", Online: true,
			Link: "https://visio.exemple.example/mensuelle", Seats: 48, TownSeats: 6, Propose: 7, Freeze: 2, Remind: []int{7, 1}, Standing: []store.StandingItem{
				{Title: "Accueil et tour de table", Kind: store.ToInform, Minutes: 30},
				{Title: "Approbation du procès-verbal précédent", Kind: store.ToDecide, Minutes: 10}}}})
	if err != nil {
		return fmt.Errorf("demo: start the monthly meeting: %w", err)
	}
	_, err = s.hub.StartSeries(s.ctx, s.lead, store.SeriesInput{Title: "Werkgroep vertaling", Lang: "nl", About: "Samen vertalen, om de twee maanden, online.",
		Rule: store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 2, Nth: 1, Weekday: time.Tuesday}, Zone: zone, Start: first, Clock: "14:00",
		Template: store.Template{Title: "Werkgroep vertaling", Minutes: 90, Online: true, Link: "https://visio.exemple.example/vertaling"}})
	return err
}

// twoYears lets every meeting happen in turn: people answer, it is held, its minutes are published.
func (s *story) twoYears() error {
	months, workshops := 0, 0
	held := map[string]bool{} // one that ended a moment ago is still listed: time stops before the end
	for {
		rows, err := s.hub.Upcoming(s.ctx, s.lead, 5)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(row store.MeetingRow) bool { return held[row.Meeting.ID] })
		if len(rows) == 0 || rows[0].Meeting.End.After(s.now) {
			return nil
		}
		m := rows[0].Meeting
		held[m.ID] = true
		switch {
		case m.State == store.MeetingCancelled:
			s.reach(m.End)
		case m.Series == s.monthly.ID:
			if err = s.holdMonthly(m, months); err == nil {
				err = s.talk(strconv.Itoa(months))
			}
			if err == nil {
				err = s.tutor(months)
			}
			months++
		case m.Series != "":
			err = s.holdWorkshop(m, workshops)
			workshops++
		default:
			err = s.holdSingle(m)
		}
		if err != nil {
			return fmt.Errorf("demo: meeting %s: %w", m.Slug, err)
		}
		if _, err = s.hub.OpenAhead(s.ctx); err != nil {
			return err
		}
		if err := s.post(0); err != nil {
			return err
		}
	}
}

// holdMonthly is the life of one monthly meeting of the past.
func (s *story) holdMonthly(m store.Meeting, n int) error {
	if n > 1 && len(s.coming) > 0 {
		if err := s.admit(s.coming[0]); err != nil {
			return err
		}
		s.coming = s.coming[1:]
	}
	if n == 14 {
		if err := s.handOver(); err != nil {
			return err
		}
	}
	s.reach(m.Start.AddDate(0, 0, -12))
	host := s.townOf(hosts()[n%len(hosts())])
	m, err := s.atHost(m, host, n == 5)
	if err != nil {
		return err
	}
	items, err := s.agenda(m, n)
	if err != nil {
		return err
	}
	if err := s.comeBack(m, n); err != nil {
		return err
	}
	if err := s.merge(m, n); err != nil {
		return err
	}
	tally, err := s.answers(m, 22+(n*7)%21)
	if err != nil {
		return err
	}
	if err := s.tickAtTheDoor(m); err != nil {
		return err
	}
	s.reach(m.End.Add(20 * time.Hour))
	next := s.townOf(hosts()[(n+1)%len(hosts())])
	due := m.Local().AddDate(0, 0, 42).Format("2006-01-02")
	text, err := monthlyMinutes(items, n, due, strings.NewReplacer("{host}", host.NameIn("fr"), "{next}", next.NameIn("fr"),
		"{coming}", fmt.Sprint(tally.Coming()), "{online}", fmt.Sprint(tally.Online)))
	if err != nil {
		return err
	}
	if err := s.publish(m, text, "Première rédaction, relue par deux communes"); err != nil {
		return err
	}
	if err := s.follow(s.before, m, n); err != nil {
		return err
	}
	if err := s.correct(m, n); err != nil {
		return err
	}
	s.before = m
	return s.planSingle(m, n)
}

// atHost gives a meeting its host town and room, and moves it by a day when trains are on strike.
func (s *story) atHost(m store.Meeting, town store.Town, strike bool) (store.Meeting, error) {
	venue, address := "Hôtel de ville, salle du Conseil", "Grand-Place 1, "+town.Name
	if len(town.Languages) > 0 && town.Languages[0] == "nl" {
		venue, address = "Stadhuis, raadzaal", "Grote Markt 1, "+town.Name
	}
	in := store.MeetingInput{Title: m.Title, Lang: m.Lang, About: m.About, Date: m.Date, Clock: m.Clock, Zone: m.Zone, Minutes: m.Minutes,
		HostTown: town.ID, Venue: venue, Address: address, Online: m.Online, Link: m.Link, Seats: m.Seats,
		TownSeats: m.TownSeats, Propose: m.Propose, Freeze: m.Freeze, Remind: m.Remind}
	if strike {
		in.Date = m.Local().AddDate(0, 0, 1).Format("2006-01-02")
		in.About = "Déplacée d’un jour à cause d’une grève des trains."
	}
	return s.hub.ChangeMeeting(s.ctx, s.lead, m.ID, in)
}

// agenda lets members propose the meeting's topics and the organiser accept them.
func (s *story) agenda(m store.Meeting, n int) ([]topic, error) {
	from, count := n*3-n/5, 3
	if n%5 == 4 {
		count = 2
	}
	var taken []topic
	for k := range count {
		one := s.topics[(from+k)%len(s.topics)]
		who := s.speaker(one.item.Lang, n*5+k*3)
		item, err := s.hub.ProposeItem(s.ctx, store.As(who.ID), m.ID, one.item)
		if err != nil {
			return nil, err
		}
		if item.State == store.ItemProposed {
			if err := s.hub.AcceptItem(s.ctx, s.lead, item.ID); err != nil {
				return nil, err
			}
		}
		one.by = who
		taken = append(taken, one)
	}
	return taken, nil
}

// speaker is somebody who brings a topic in their own language.
func (s *story) speaker(lang string, n int) store.Member {
	var able []store.Member
	for _, m := range s.members {
		if m.Language == lang || lang == "en" {
			able = append(able, m)
		}
	}
	return able[n%len(able)]
}

// answers lets so many members answer, each in their own way.
func (s *story) answers(m store.Meeting, count int) (store.Tally, error) {
	var tally store.Tally
	for k, at := range s.rand.Perm(len(s.members))[:count] {
		in := store.AnswerInput{Answer: store.Online, Note: notes(k)}
		if m.OnSite() {
			in.Answer = store.OnSite
		}
		switch s.rand.IntN(11) {
		case 0, 1, 2:
			in.Answer = store.Online
		case 3:
			in.Answer = store.Maybe
		case 4:
			in.Answer = store.No
		case 5:
			in.Guests = guests(k)
		}
		out, err := s.hub.AnswerMeeting(s.ctx, store.As(s.members[at].ID), m.ID, in)
		if err != nil {
			return tally, err
		}
		tally = out.Tally
	}
	return tally, nil
}

// monthlyMinutes puts the minutes of one meeting together: how it began, its topics, news, how it ended.
func monthlyMinutes(items []topic, n int, due string, words *strings.Replacer) (string, error) {
	var text strings.Builder
	opening, err := variant("opening", n, 5, "fr")
	if err != nil {
		return "", err
	}
	text.WriteString("## Ouverture\n\n" + words.Replace(opening) + "\n\n")
	for i, one := range items {
		fmt.Fprintf(&text, "## %d. %s\n\n%s%s\n\n", i+1, one.item.Title, one.said, records(one, n, i, due))
	}
	if n >= 9 || len(items) < 3 {
		news, err := variant("news", n, 5, "fr")
		if err != nil {
			return "", err
		}
		text.WriteString("## Nouvelles des communes\n\n" + news + "\n\n")
	}
	closing, err := variant("closing", n, 4, "fr")
	text.WriteString("## Fin de la réunion\n\n" + words.Replace(closing) + "\n")
	return text.String(), err
}

// publish writes a meeting's minutes in the meeting's language.
func (s *story) publish(m store.Meeting, text, summary string) error {
	if _, err := s.hub.SaveMinutes(s.ctx, s.lead, m.ID, store.MinutesDraft{Source: text, Lang: m.Lang, Summary: summary}); err != nil {
		return err
	}
	_, err := s.hub.PublishMinutes(s.ctx, s.lead, m.ID)
	return err
}
