package server

import (
	"context"
	"slices"
	"strings"
	"time"

	"belfry/server/ical"
	"belfry/store"
)

// calendarAsk is what a feed is to hold.
type calendarAsk struct {
	name, path string
	source     string // its own address; "" for a secret one
	scope      store.CalendarScope
	lang       string // of what has no language of its own
	options    feedOptions
}

// cancelledFor is how long a past cancelled meeting stays in a feed (CALENDAR F23).
const cancelledFor = 60 * 24 * time.Hour

// calendar turns records into a feed: each series as its rule with every opened meeting as an override, the others as
// single events. With single, everything is single.
func (s *Server) calendar(ctx context.Context, ask calendarAsk) (ical.Calendar, error) {
	from, recent, to := ical.Window(s.Store.Now())
	early := from
	if !ask.options.single {
		early = time.Unix(0, 0) // a moved or cancelled meeting of long ago must not come back by the rule
	}
	data, err := s.Store.CalendarData(ctx, ask.scope, early, to)
	if err != nil {
		return ical.Calendar{}, err
	}
	cal := ical.Calendar{Name: ask.name, Color: "teal", URL: s.absolute(ask.path), Zone: "Europe/Brussels",
		Recent: recent}
	if ask.source != "" {
		cal.Source = s.absolute(ask.source)
	}
	inSeries := map[string]bool{}
	if !ask.options.single {
		for _, series := range data.Series {
			if one, ok := s.seriesEvent(series, data, from, ask); ok {
				cal.Series = append(cal.Series, one)
				inSeries[series.ID] = true
			}
		}
	}
	for _, m := range data.Meetings {
		if inSeries[m.Series] || m.Start.Before(from) && ask.scope.Meeting == "" || s.leftOut(m, ask.options) {
			continue
		}
		event := s.event(m, data.Hosts[m.HostTown], ask)
		if ask.scope.Member != "" && !answered(&event, data.Answers, m, ask, s.textIn) {
			continue
		}
		cal.Events = append(cal.Events, event)
	}
	cal.Events = append(cal.Events, s.checkInEvents(data.CheckIns, from, ask)...)
	return cal, nil
}

// leftOut: cancelled meetings that nobody wants to see any more.
func (s *Server) leftOut(m store.Meeting, o feedOptions) bool {
	return m.State == store.MeetingCancelled && (o.noCancelled || s.Store.Now().Sub(m.End) > cancelledFor)
}

// answered puts the member's own answer into an event and says whether it belongs into their calendar.
func answered(e *ical.Event, answers map[string]store.RSVP, m store.Meeting, ask calendarAsk, text func(tag, key string, args ...any) string) bool {
	r, has := answers[m.ID]
	if has && r.Answer == store.No || !has && ask.options.mine {
		return false
	}
	e.AlarmBefore = ask.options.alarm
	if m.Link != "" {
		e.Conference = m.Link
	}
	if !has || m.State == store.MeetingCancelled {
		return true
	}
	e.Opaque = (r.Answer == store.OnSite || r.Answer == store.Online) && !r.Waiting
	if r.Answer == store.Maybe || r.Waiting {
		e.Status = ical.Tentative
	}
	word := string(r.Answer)
	if r.Waiting {
		word = "waiting"
	}
	e.Description = text(m.Lang, "feed.you", "Answer", text(m.Lang, "rsvp.word."+word)) + "\n" + e.Description
	return true
}

// event is one meeting as a calendar entry.
func (s *Server) event(m store.Meeting, host store.Town, ask calendarAsk) ical.Event {
	lang, ok := s.Catalogue.Language(m.Lang)
	if !ok {
		lang = s.Catalogue.Match("")
	}
	e := ical.Event{UID: m.UID, Start: m.Local(), End: m.LocalEnd(), Summary: lang.Numbered(m.Number, m.Title), Status: ical.Confirmed,
		Sequence: m.Sequence, Published: m.Published, Created: m.Created, URL: s.absolute("/meetings/" + m.Slug),
		Contact: lang.T("feed.contact", "Address", s.absolute("/meetings"))}
	if m.State == store.MeetingCancelled {
		e.Status, e.Summary = ical.Cancelled, lang.T("feed.cancelled", "Title", e.Summary)
	}
	var where []string
	for _, word := range []string{m.Venue, m.Address, host.NameIn(m.Lang)} {
		if word != "" && !slices.Contains(where, word) {
			where = append(where, word)
		}
	}
	e.Location = strings.Join(where, ", ")
	words := []string{e.URL}
	if m.Online {
		words = append(words, lang.T("feed.online"))
		if e.Location == "" {
			e.Location = lang.T("meeting.online")
		}
	}
	if m.Reason != "" {
		words = append(words, m.Reason)
	}
	if m.About != "" {
		words = append(words, "", m.About)
	}
	e.Description = strings.Join(words, "\n")
	return e
}

// seriesEvent is a series as its rule. It starts with the first meeting that was opened; what differs or has its own
// page is an override; what is gone or was moved before the window is taken away from the rule.
func (s *Server) seriesEvent(series store.Series, data store.CalendarData, from time.Time, ask calendarAsk) (ical.Series, bool) {
	var opened []store.Meeting
	for _, m := range data.Meetings {
		if m.Series == series.ID {
			opened = append(opened, m)
		}
	}
	if len(opened) == 0 {
		return ical.Series{}, false
	}
	slices.SortFunc(opened, func(a, b store.Meeting) int { return strings.Compare(a.Slot, b.Slot) })
	loc, err := time.LoadLocation(series.Zone)
	if err != nil {
		return ical.Series{}, false
	}
	at := func(date string) time.Time {
		day, _ := time.ParseInLocation("2006-01-02 15:04", date+" "+series.Clock, loc)
		return day
	}
	first := opened[0].Slot
	rule := series.Rule
	if !series.Ended.IsZero() {
		rule.Until, rule.Count = opened[len(opened)-1].Slot, 0
	} else if rule.Count > 0 {
		rule.Until, rule.Count = rule.Last(series.Start), 0
	}
	if rule.Last(first) == first {
		return ical.Series{}, false // one meeting is not a series (CALENDAR F17)
	}
	template := store.Meeting{UID: series.UID, Title: series.Template.Title, Lang: series.Lang, About: series.About, Zone: series.Zone,
		Start: at(first), End: at(first).Add(time.Duration(series.Template.Minutes) * time.Minute), Venue: series.Template.Venue,
		Address: series.Template.Address, HostTown: series.Template.HostTown, Online: series.Template.Online, Sequence: series.Sequence,
		Published: series.Published, Created: series.Created}
	one := ical.Series{Event: s.event(template, data.Hosts[template.HostTown], ask), Rule: rule.RRULE(first, at)}
	one.URL = s.absolute("/series/" + series.Slug)
	for _, m := range opened {
		one.Sequence += m.Sequence // one number for the whole UID that grows with every edit and never falls (CALENDAR F7)
	}
	_, rest, _ := strings.Cut(one.Description, "\n")
	one.Description = one.URL + "\n" + rest
	until := from.AddDate(3, 3, 0).Format("2006-01-02")
	for _, date := range rule.Skipped(first, first, until) {
		one.Excluded = append(one.Excluded, at(date))
	}
	for _, m := range opened {
		slot := at(m.Slot)
		switch {
		case s.leftOut(m, ask.options), m.Start.Before(from) && !m.Start.Equal(slot):
			one.Excluded = append(one.Excluded, slot)
		case !m.Start.Before(from):
			e := s.event(m, data.Hosts[m.HostTown], ask)
			e.Slot = slot
			one.Overrides = append(one.Overrides, e)
		}
	}
	slices.SortFunc(one.Excluded, func(a, b time.Time) int { return a.Compare(b) })
	one.Excluded = slices.CompactFunc(one.Excluded, time.Time.Equal)
	return one, true
}
