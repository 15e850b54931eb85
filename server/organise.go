package server

import (
	"strconv"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/pages"
	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

func meetingNames() []string {
	return []string{"title", "lang", "about", "date", "clock", "zone", "minutes", "host", "venue", "address", "online", "link", "seats", "town_seats", "online_seats", "draft", "propose", "freeze", "remind"}
}

// meetingInput reads the form of a meeting.
func meetingInput(c *fiber.Ctx) store.MeetingInput {
	return store.MeetingInput{Title: c.FormValue("title"), Lang: c.FormValue("lang"), About: c.FormValue("about"), Date: c.FormValue("date"),
		Clock: c.FormValue("clock"), Zone: strings.TrimSpace(c.FormValue("zone")), Minutes: number(c, "minutes", 0), HostTown: c.FormValue("host"),
		Venue: c.FormValue("venue"), Address: c.FormValue("address"), Online: c.FormValue("online") == "1", Link: c.FormValue("link"),
		Seats: number(c, "seats", 0), TownSeats: number(c, "town_seats", 0), OnlineSeats: number(c, "online_seats", 0), Propose: number(c, "propose", 0), Freeze: number(c, "freeze", 0), Remind: numbers(c, "remind"),
		Draft: c.FormValue("draft") == "1"}
}

// numbers reads several whole numbers from one field: "7, 1".
func numbers(c *fiber.Ctx, name string) []int {
	var all []int
	for _, word := range strings.FieldsFunc(c.FormValue(name), func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			n = -1 // outside every bound, so the field's own message appears
		}
		all = append(all, n)
	}
	return all
}

func listed(all []int) string {
	words := make([]string, len(all))
	for i, n := range all {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ")
}

// newMeeting shows an empty form with the usual values in it.
func (s *Server) newMeeting(c *fiber.Ctx) error {
	v := visitOf(c)
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	day := s.Store.Now().In(s.zone(v)).AddDate(0, 0, 14)
	return s.showMeetingForm(c, nil, pages.MeetingForm{Form: frontend.Form{Values: map[string]string{"lang": v.lang.Tag(), "date": day.Format("2006-01-02"),
		"clock": "09:30", "zone": s.zone(v).String(), "minutes": "120", "seats": "0", "town_seats": "0", "online_seats": "0", "propose": "0", "freeze": "0"}}})
}

func (s *Server) showMeetingForm(c *fiber.Ctx, err error, screen pages.MeetingForm) error {
	if !visitOf(c).member.May(store.Organise) {
		return fiberDenied(c)
	}
	var failed error
	if screen.Towns, failed = s.Store.AllTowns(c.UserContext()); failed != nil {
		return failed
	}
	key := "meetings.new"
	if screen.Meeting.ID != "" {
		key = "meeting.edit"
	}
	p := s.page(c, visitOf(c).lang.T(key))
	p.Section = frontend.Meetings
	return s.renderStatus(c, statusOr200(err), p, pages.EditMeeting(p, screen))
}

// scheduleMeeting makes a meeting outside any series.
func (s *Server) scheduleMeeting(c *fiber.Ctx) error {
	m, err := s.Store.ScheduleMeeting(c.UserContext(), by(c), meetingInput(c))
	switch {
	case err == nil:
		return s.done(c, "/meetings/"+m.Slug, "meeting.said.made")
	case mayTypeAgain(err):
		return s.showMeetingForm(c, err, pages.MeetingForm{Form: s.typed(c, err, meetingNames()...)})
	}
	return err
}

// editMeeting shows the form of one meeting.
func (s *Server) editMeeting(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	return s.showMeetingForm(c, nil, pages.MeetingForm{Meeting: m, Form: frontend.Form{Values: map[string]string{"title": m.Title, "lang": m.Lang,
		"about": m.About, "date": m.Date, "clock": m.Clock, "zone": m.Zone, "minutes": strconv.Itoa(m.Minutes), "host": m.HostTown, "venue": m.Venue,
		"address": m.Address, "online": ticked(m.Online), "link": m.Link, "seats": strconv.Itoa(m.Seats), "town_seats": strconv.Itoa(m.TownSeats), "online_seats": strconv.Itoa(m.OnlineSeats),
		"propose": strconv.Itoa(m.Propose), "freeze": strconv.Itoa(m.Freeze), "remind": listed(m.Remind)}}})
}

// changeMeeting changes one meeting.
func (s *Server) changeMeeting(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	changed, err := s.Store.ChangeMeeting(c.UserContext(), by(c), m.ID, meetingInput(c))
	switch {
	case err == nil:
		return s.done(c, "/meetings/"+changed.Slug, "meeting.said.changed")
	case mayTypeAgain(err):
		return s.showMeetingForm(c, err, pages.MeetingForm{Meeting: m, Form: s.typed(c, err, meetingNames()...)})
	}
	return err
}

// cancelMeeting asks before a meeting is cancelled.
func (s *Server) cancelMeeting(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	if !visitOf(c).member.May(store.Organise) {
		return fiberDenied(c)
	}
	lang := visitOf(c).lang
	p := s.page(c, lang.T("meeting.cancel"))
	return s.render(c, p, pages.CancelMeeting(p, m, frontend.Form{}))
}

// postCancelMeeting cancels a meeting.
func (s *Server) postCancelMeeting(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	err = s.Store.CancelMeeting(c.UserContext(), by(c), m.ID, c.FormValue("reason"))
	switch {
	case err == nil:
		return s.done(c, "/meetings/"+m.Slug, "meeting.said.cancelled")
	case store.KindOf(err) == store.Invalid:
		p := s.page(c, visitOf(c).lang.T("meeting.cancel"))
		return s.renderStatus(c, statusOf(err), p, pages.CancelMeeting(p, m, s.typed(c, err, "reason")))
	}
	return err
}

// postPublishDraft shows a draft to everybody.
func (s *Server) postPublishDraft(c *fiber.Ctx) error {
	m, err := s.meetingOf(c)
	if err != nil {
		return err
	}
	if _, err := s.Store.StepMeeting(c.UserContext(), by(c), m.ID, store.MeetingScheduled); err != nil {
		return err
	}
	return s.done(c, "/meetings/"+m.Slug, "meeting.said.published")
}

// fiberDenied is for pages that only show a form: the intents behind the form ask the store themselves.
func fiberDenied(c *fiber.Ctx) error {
	if !visitOf(c).signedIn() {
		return c.Redirect("/sign-in?back="+queryEscape(c.OriginalURL()), fiber.StatusSeeOther)
	}
	return fiber.ErrForbidden
}

func seriesNames() []string {
	names := []string{"title", "lang", "about", "frequency", "nth", "weekday", "day", "interval", "start", "until", "count", "zone", "clock",
		"meeting_title", "next_number", "minutes", "host", "venue", "address", "online", "link", "seats", "town_seats", "online_seats", "standing", "propose", "freeze", "remind", "from"}
	for m := time.January; m <= time.December; m++ {
		names = append(names, "skip_"+strconv.Itoa(int(m)))
	}
	return names
}

// seriesInput reads the form of a series. Standing items are lines: "title | minutes".
func seriesInput(c *fiber.Ctx) store.SeriesInput {
	in := store.SeriesInput{Title: c.FormValue("title"), Lang: c.FormValue("lang"), About: c.FormValue("about"), Zone: strings.TrimSpace(c.FormValue("zone")),
		From: c.FormValue("from"), Start: c.FormValue("start"), Clock: c.FormValue("clock"), NextNumber: number(c, "next_number", 0),
		Rule: store.Recurrence{Frequency: store.Frequency(c.FormValue("frequency")), Interval: number(c, "interval", 1), Nth: number(c, "nth", 0),
			Weekday: time.Weekday(number(c, "weekday", 0)), Day: number(c, "day", 0), Until: c.FormValue("until"), Count: number(c, "count", 0)},
		Template: store.Template{Title: c.FormValue("meeting_title"), Minutes: number(c, "minutes", 0), HostTown: c.FormValue("host"),
			Venue: c.FormValue("venue"), Address: c.FormValue("address"), Online: c.FormValue("online") == "1", Link: c.FormValue("link"),
			Seats: number(c, "seats", 0), TownSeats: number(c, "town_seats", 0), OnlineSeats: number(c, "online_seats", 0), Propose: number(c, "propose", 0), Freeze: number(c, "freeze", 0), Remind: numbers(c, "remind")}}
	for m := time.January; m <= time.December; m++ {
		if c.FormValue("skip_"+strconv.Itoa(int(m))) == "1" {
			in.Rule.SkipMonths = append(in.Rule.SkipMonths, m)
		}
	}
	for _, line := range lines(c.FormValue("standing")) {
		title, length, _ := strings.Cut(line, "|")
		n, _ := strconv.Atoi(strings.TrimSpace(length))
		in.Template.Standing = append(in.Template.Standing, store.StandingItem{Title: strings.TrimSpace(title), Kind: store.ToInform, Minutes: n})
	}
	return in
}

// newSeries shows an empty form with the usual values in it.
func (s *Server) newSeries(c *fiber.Ctx) error {
	v := visitOf(c)
	if !v.signedIn() {
		return s.signInFirst(c)
	}
	return s.showSeriesForm(c, nil, pages.SeriesForm{Form: frontend.Form{Values: map[string]string{"lang": v.lang.Tag(), "frequency": "monthly_weekday",
		"nth": "3", "weekday": "4", "interval": "1", "start": s.Store.Now().In(s.zone(v)).Format("2006-01-02"), "zone": s.zone(v).String(),
		"clock": "09:30", "minutes": "390", "seats": "0", "town_seats": "0", "online_seats": "0", "next_number": "0", "online": "1", "propose": "7", "freeze": "2", "remind": "7, 1"}}})
}

func (s *Server) showSeriesForm(c *fiber.Ctx, err error, screen pages.SeriesForm) error {
	if !visitOf(c).member.May(store.Organise) {
		return fiberDenied(c)
	}
	var failed error
	if screen.Towns, failed = s.Store.AllTowns(c.UserContext()); failed != nil {
		return failed
	}
	key := "series.new"
	if screen.Series.ID != "" {
		key = "series.edit"
		rows, err := s.Store.SeriesMeetings(c.UserContext(), by(c), screen.Series.ID, 40)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Meeting.Open(s.Store.Now()) {
				screen.Ahead = append([]store.Meeting{row.Meeting}, screen.Ahead...)
			}
		}
	}
	p := s.page(c, visitOf(c).lang.T(key))
	p.Section = frontend.Meetings
	return s.renderStatus(c, statusOr200(err), p, pages.EditSeries(p, screen))
}

// startSeries makes a series and opens its next meetings.
func (s *Server) startSeries(c *fiber.Ctx) error {
	series, err := s.Store.StartSeries(c.UserContext(), by(c), seriesInput(c))
	switch {
	case err == nil:
		return s.done(c, "/series/"+series.Slug, "series.said.made")
	case mayTypeAgain(err):
		return s.showSeriesForm(c, err, pages.SeriesForm{Form: s.typed(c, err, seriesNames()...)})
	}
	return err
}

// seriesList leads to the list of meetings, where the series stand.
func (s *Server) seriesList(c *fiber.Ctx) error { return s.to(c, "/meetings#ser") }

// series is the page of one series.
func (s *Server) series(c *fiber.Ctx) error {
	series, moved, err := s.Store.SeriesBySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	if moved {
		return c.Redirect("/series/"+series.Slug, fiber.StatusMovedPermanently)
	}
	rows, err := s.Store.SeriesMeetings(c.UserContext(), by(c), series.ID, 40)
	if err != nil {
		return err
	}
	screen := pages.SeriesPage{Series: series, Rows: rows, Organise: visitOf(c).member.May(store.Organise)}
	if screen.Organise {
		if screen.Backlog, err = s.Store.Backlog(c.UserContext(), by(c), series.ID); err != nil {
			return err
		}
	}
	p := s.page(c, series.Title)
	p.Section = frontend.Meetings
	p.Feeds = []frontend.Feed{{Title: series.Title, Href: "/series/" + series.Slug + ".ics", Type: "text/calendar"}}
	return s.render(c, p, pages.Series(p, screen))
}

// editSeries shows the form of a series.
func (s *Server) editSeries(c *fiber.Ctx) error {
	series, _, err := s.Store.SeriesBySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	t := series.Template
	standing := ""
	for _, item := range t.Standing {
		standing += item.Title + " | " + strconv.Itoa(item.Minutes) + "\n"
	}
	return s.showSeriesForm(c, nil, pages.SeriesForm{Series: series, Form: frontend.Form{Values: map[string]string{"title": series.Title, "lang": series.Lang,
		"about": series.About, "clock": series.Clock, "meeting_title": t.Title, "minutes": strconv.Itoa(t.Minutes), "host": t.HostTown, "venue": t.Venue,
		"address": t.Address, "online": ticked(t.Online), "link": t.Link, "seats": strconv.Itoa(t.Seats), "town_seats": strconv.Itoa(t.TownSeats), "online_seats": strconv.Itoa(t.OnlineSeats), "standing": standing,
		"propose": strconv.Itoa(t.Propose), "freeze": strconv.Itoa(t.Freeze), "remind": listed(t.Remind)}}})
}

// changeSeries changes a series and the meetings to come that follow it.
func (s *Server) changeSeries(c *fiber.Ctx) error {
	series, _, err := s.Store.SeriesBySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	_, err = s.Store.ChangeSeries(c.UserContext(), by(c), series.ID, seriesInput(c))
	switch {
	case err == nil:
		return s.done(c, "/series/"+series.Slug, "series.said.changed")
	case mayTypeAgain(err):
		return s.showSeriesForm(c, err, pages.SeriesForm{Series: series, Form: s.typed(c, err, seriesNames()...)})
	}
	return err
}

// endSeries stops opening meetings.
func (s *Server) endSeries(c *fiber.Ctx) error {
	series, _, err := s.Store.SeriesBySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	if err := s.Store.EndSeries(c.UserContext(), by(c), series.ID); err != nil {
		return err
	}
	return s.done(c, "/series/"+series.Slug, "series.said.ended")
}
