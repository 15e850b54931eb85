package store

import (
	"context"
	"slices"
	"time"
)

// opensAhead is how many meetings of a series exist before their time.
const opensAhead = 6

// SeriesInput is what an organiser types to start or change a series.
type SeriesInput struct {
	Title, Lang, About string
	Rule               Recurrence
	Zone, Start, Clock string
	Template           Template
	NextNumber         int
	From               string // a change is for the meetings of this slot and later ones; "" for all to come
}

func (in *SeriesInput) check(c *check) {
	in.Title = c.required("title", in.Title, MaxTitle)
	in.Lang = oneOf(c, "lang", in.Lang, Languages()...)
	in.About = c.text("about", in.About, MaxText)
	c.problems = append(c.problems, in.Rule.Validate()...)
	if _, problem := LocalTime(in.Zone, in.Start, in.Clock); problem != nil {
		if problem.Field == "date" {
			problem.Field = "start"
		}
		c.problems = append(c.problems, *problem)
	} else if in.Rule.Validate() == nil && len(in.Rule.Slots(in.Start, in.Start, "", 1)) == 0 {
		c.add("until", "recurrence.no_date")
	}
	c.between("next_number", in.NextNumber, 0, 100_000)
	in.Template.check(c)
	if in.Template.Title == "" {
		in.Template.Title = in.Title
	}
}

func (tpl *Template) check(c *check) {
	tpl.Title = c.line("meeting_title", tpl.Title, MaxTitle)
	tpl.Minutes = c.between("minutes", tpl.Minutes, 5, 3*24*60)
	tpl.Venue = c.line("venue", tpl.Venue, MaxLine)
	tpl.Address = c.line("address", tpl.Address, MaxLine)
	tpl.Link = c.link("link", tpl.Link)
	tpl.Seats = c.between("seats", tpl.Seats, 0, 5000)
	c.between("town_seats", tpl.TownSeats, 0, 5000)
	c.between("online_seats", tpl.OnlineSeats, 0, 5000)
	checkDeadlines(c, tpl.Propose, tpl.Freeze, tpl.Remind)
	if len(tpl.Standing) > MaxItems {
		c.add("standing", "agenda.too_many", "Max", MaxItems)
		tpl.Standing = tpl.Standing[:MaxItems]
	}
	tpl.Standing = slices.Clone(tpl.Standing)
	for i := range tpl.Standing {
		tpl.Standing[i].Title = c.required("standing", tpl.Standing[i].Title, MaxTitle)
		tpl.Standing[i].Kind = oneOf(c, "standing", tpl.Standing[i].Kind, ToInform, ToDiscuss, ToDecide)
		c.between("standing", tpl.Standing[i].Minutes, 0, 24*60)
	}
	if !tpl.Online && tpl.Venue == "" && tpl.Address == "" && tpl.HostTown == "" {
		c.add("venue", "meeting.nowhere")
	}
}

// StartSeries makes a series and opens its next meetings: by organisers.
func (s *Store) StartSeries(ctx context.Context, by Actor, in SeriesInput) (Series, error) {
	var c check
	in.check(&c)
	if err := c.err(); err != nil {
		return Series{}, err
	}
	html, err := s.renderer.Render(ctx, in.About)
	if err != nil {
		return Series{}, err
	}
	var series Series
	err = s.update(ctx, "series", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		id, err := t.newID()
		if err != nil {
			return err
		}
		uid, err := t.newID()
		if err != nil {
			return err
		}
		slug, err := t.freeSlug(famSeriesSlug, in.Title, "reunions")
		if err != nil {
			return err
		}
		series = Series{ID: id, UID: uid, Slug: slug, Title: in.Title, Lang: in.Lang, About: in.About, AboutHTML: html,
			Rule: in.Rule, Zone: in.Zone, Start: in.Start, Clock: in.Clock, Template: in.Template,
			NextNumber: in.NextNumber, Published: t.now.Truncate(time.Second), Created: t.now, By: by.MemberID}
		if err := t.knownTown("host", series.Template.HostTown); err != nil {
			return err
		}
		_, err = t.openAhead(&series)
		return err
	})
	return series, err
}

func (t *tx) knownTown(field, townID string) error {
	if townID == "" {
		return nil
	}
	if _, ok, err := towns().find(t, townID); err != nil || ok {
		return err
	}
	return invalid(field, "member.town_unknown")
}

// OpenAhead makes sure that the next six meetings of every series exist, and says how many it opened. It is run at
// start and every hour; running it again changes nothing.
func (s *Store) OpenAhead(ctx context.Context) (opened int, err error) {
	err = s.update(ctx, "series", func(t *tx) error {
		opened = 0
		return serieses().each(t, func(series Series) error {
			if !series.Ended.IsZero() {
				return nil
			}
			n, err := t.openAhead(&series)
			opened += n
			return err
		})
	})
	return opened, err
}

// openAhead opens what is missing of a series' next meetings and stores the series.
func (t *tx) openAhead(series *Series) (int, error) {
	loc, err := time.LoadLocation(series.Zone)
	if err != nil {
		return 0, invalid("zone", "when.zone")
	}
	today := t.now.In(loc).Format(civilDate)
	opened, ahead := 0, 0
	for _, slot := range series.Rule.Slots(series.Start, today, "", opensAhead+1) {
		start, _, err := shiftedTime(series.Zone, slot, series.Clock, series.Template.Minutes)
		if err != nil {
			return opened, err
		}
		if ahead == opensAhead || start.Before(t.now) {
			continue
		}
		ahead++
		have, err := t.Scan(window{Under: []string{series.ID, slot}}.bounds(famMeetingSeries), 1)
		if err != nil {
			return opened, err
		}
		if len(have) > 0 {
			continue
		}
		if err := t.openMeeting(series, slot); err != nil {
			return opened, err
		}
		opened++
	}
	return opened, serieses().put(t, *series)
}

// openMeeting makes the meeting of one slot from the series' template.
func (t *tx) openMeeting(series *Series, slot string) error {
	id, err := t.newID()
	if err != nil {
		return err
	}
	uid, err := t.newID()
	if err != nil {
		return err
	}
	slug, err := t.freeSlug(famMeetingSlug, slot+" "+series.Template.Title, "reunion")
	if err != nil {
		return err
	}
	start, clock, err := shiftedTime(series.Zone, slot, series.Clock, series.Template.Minutes)
	if err != nil {
		return err
	}
	tpl := series.Template
	m := Meeting{ID: id, UID: uid, Slug: slug, Series: series.ID, Slot: slot, SlotClock: series.Clock, Title: tpl.Title,
		Lang: series.Lang, Date: slot, Clock: clock, Minutes: tpl.Minutes, Zone: series.Zone,
		Start: start.UTC(), End: start.Add(time.Duration(tpl.Minutes) * time.Minute).UTC(),
		HostTown: tpl.HostTown, Venue: tpl.Venue, Address: tpl.Address, Online: tpl.Online, Link: tpl.Link, Seats: tpl.Seats, TownSeats: tpl.TownSeats, OnlineSeats: tpl.OnlineSeats,
		Propose: tpl.Propose, Freeze: tpl.Freeze, Remind: tpl.Remind, State: MeetingScheduled, Published: t.now.Truncate(time.Second), Created: t.now, By: series.By}
	if series.NextNumber > 0 {
		m.Number = series.NextNumber
		series.NextNumber++
	}
	if err := meetings().put(t, m); err != nil {
		return err
	}
	for i, standing := range tpl.Standing {
		itemID, err := t.newID()
		if err != nil {
			return err
		}
		item := AgendaItem{ID: itemID, Meeting: id, Order: i + 1, Title: standing.Title, Lang: series.Lang, Kind: standing.Kind,
			Minutes: standing.Minutes, State: ItemAccepted, Standing: true, Created: t.now, Changed: t.now}
		if err := items().put(t, item); err != nil {
			return err
		}
	}
	return nil
}

// ChangeSeries changes a series' words, hour and template: by organisers. Meetings to come follow in every field
// that was not changed on them alone, all of them or those from a slot on; answers stay. The rule itself stays: another rule is another series.
func (s *Store) ChangeSeries(ctx context.Context, by Actor, id string, in SeriesInput) (Series, error) {
	html, err := s.renderer.Render(ctx, in.About)
	if err != nil {
		return Series{}, err
	}
	var series Series
	err = s.update(ctx, "series", func(t *tx) error {
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		var err error
		if series, err = serieses().get(t, id); err != nil {
			return err
		}
		in.Rule, in.Start, in.Zone, in.NextNumber = series.Rule, series.Start, series.Zone, series.NextNumber
		var c check
		in.check(&c)
		if _, err := time.Parse(civilDate, in.From); in.From != "" && err != nil {
			c.add("from", "when.date")
		}
		if err := c.err(); err != nil {
			return err
		}
		if err := t.knownTown("host", in.Template.HostTown); err != nil {
			return err
		}
		series.Title, series.Lang, series.Clock, series.Template = in.Title, in.Lang, in.Clock, in.Template
		series.About, series.AboutHTML = in.About, html
		series.Sequence++
		series.Published = t.now.Truncate(time.Second)
		if err := t.followSeries(by, series, in.From); err != nil {
			return err
		}
		_, err = t.openAhead(&series)
		return err
	})
	return series, err
}

// followSeries carries the series' new values to its meetings to come.
func (t *tx) followSeries(by Actor, series Series, from string) error {
	ahead, err := meetings().list(t, famMeetingSeries, window{Under: []string{series.ID}, Reverse: true, Limit: 60})
	if err != nil {
		return err
	}
	for _, m := range ahead {
		if !m.Open(t.now) {
			continue
		}
		in := m.input()
		tpl := series.Template
		if m.Follows("title") {
			in.Title = tpl.Title
		}
		if m.Follows("when") && m.Start.After(t.now) {
			start, clock, err := shiftedTime(in.Zone, in.Date, series.Clock, tpl.Minutes)
			if err != nil {
				return err
			}
			if start.After(t.now) { // today's meeting stays when its new hour has passed
				in.Clock, in.Minutes = clock, tpl.Minutes
			}
		}
		if m.Follows("place") {
			in.HostTown, in.Venue, in.Address = tpl.HostTown, tpl.Venue, tpl.Address
		}
		if m.Follows("online") {
			in.Online, in.Link = tpl.Online, tpl.Link
		}
		if m.Follows("seats") {
			in.Seats, in.TownSeats, in.OnlineSeats = tpl.Seats, tpl.TownSeats, tpl.OnlineSeats
		}
		if m.Follows("deadlines") {
			in.Propose, in.Freeze, in.Remind = tpl.Propose, tpl.Freeze, tpl.Remind
		}
		if m.Slot < from { // stays as it is, and does not follow in these things any more
			was := m
			m.Edited = append(slices.Clone(m.Edited), in.apply(&was, m.AboutHTML)...)
			if err := meetings().put(t, m); err != nil {
				return err
			}
			continue
		}
		edited := slices.Clone(m.Edited)
		if _, err := t.change(by, m, in, m.AboutHTML, func(changed *Meeting) { changed.Edited = edited }); err != nil {
			return err
		}
	}
	return nil
}

// EndSeries stops opening meetings. Those that exist stay.
func (s *Store) EndSeries(ctx context.Context, by Actor, id string) error {
	return s.update(ctx, "series", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		if _, err := t.require(by, Organise); err != nil {
			return err
		}
		series, err := serieses().get(t, id)
		if err != nil {
			return err
		}
		if series.Ended.IsZero() {
			series.Ended, series.Published = t.now, t.now.Truncate(time.Second)
			series.Sequence++
		}
		if err := serieses().put(t, series); err != nil {
			return err
		}
		return t.audit(by, "audit.series_ended", id, map[string]string{"title": series.Title})
	})
}

// SeriesBySlug finds a series by its address, current or former.
func (s *Store) SeriesBySlug(ctx context.Context, slug string) (series Series, moved bool, err error) {
	err = s.view(ctx, func(t *tx) error {
		series, err = serieses().lookup(t, famSeriesSlug, slug)
		return err
	})
	return series, series.Slug != slug, err
}

// AllSeries lists every series, those that go on first.
func (s *Store) AllSeries(ctx context.Context) ([]Series, error) {
	var all []Series
	err := s.view(ctx, func(t *tx) error {
		all = nil
		return serieses().each(t, func(series Series) error {
			all = append(all, series)
			return nil
		})
	})
	slices.SortStableFunc(all, func(a, b Series) int {
		switch {
		case a.Ended.IsZero() == b.Ended.IsZero():
			return a.Created.Compare(b.Created)
		case a.Ended.IsZero():
			return -1
		}
		return 1
	})
	return all, err
}
