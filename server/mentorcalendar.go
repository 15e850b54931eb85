package server

import (
	"strings"
	"time"

	"belfry/server/ical"
	"belfry/store"
)

// checkInEvents are the talks of mentorships in a town's or a member's calendar.
func (s *Server) checkInEvents(rows []store.CheckInRow, from time.Time, ask calendarAsk) []ical.Event {
	var events []ical.Event
	for _, row := range rows {
		gone := !row.CheckIn.Cancelled.IsZero() && (ask.options.noCancelled || s.Store.Now().Sub(row.CheckIn.End()) > cancelledFor)
		if !gone && !row.CheckIn.Start.Before(from) {
			events = append(events, s.checkInEvent(row, ask))
		}
	}
	return events
}

// checkInEvent is one talk. In a public calendar it says no more than which towns meet, and when.
func (s *Server) checkInEvent(row store.CheckInRow, ask calendarAsk) ical.Event {
	k, learner := row.CheckIn, row.Learner.NameIn(ask.lang)
	if row.Learner.ID == "" {
		learner = s.textIn(ask.lang, "mentorship.new_town")
	}
	e := ical.Event{UID: k.UID, Start: k.Local(), End: k.End(), Status: ical.Confirmed, Sequence: k.Sequence, Published: k.Published, Created: k.Created,
		Summary: s.textIn(ask.lang, "mentorship.title", "Mentor", row.Mentor.NameIn(ask.lang), "Learner", learner), URL: s.absolute("/mentors"), Opaque: row.Whole}
	if !k.Cancelled.IsZero() {
		e.Status, e.Opaque, e.Summary = ical.Cancelled, false, s.textIn(ask.lang, "feed.cancelled", "Title", e.Summary)
	}
	if row.Whole {
		e.URL, e.Location, e.AlarmBefore = s.absolute("/mentorships/"+k.Mentorship), k.Where, ask.options.alarm
		if strings.HasPrefix(k.Where, "https://") || strings.HasPrefix(k.Where, "http://") {
			e.Conference = k.Where
		}
	}
	e.Description = e.URL
	if k.Notes != "" {
		e.Description += "\n\n" + k.Notes
	}
	return e
}
