package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// busyYear is a site whose series has been moved, cancelled and edited here and there.
func busyYear(t testing.TB) (*site, store.Member, store.Meeting) {
	s, lena, organiser, m := furnished(t)
	by := store.As(organiser.ID)
	rows, err := s.Upcoming(ctx, store.Visitor(), 20)
	ok(t, err)
	ok(t, s.CancelMeeting(ctx, by, rows[1].Meeting.ID, "Salle fermée"))
	moved := rows[2].Meeting
	_, err = s.ChangeMeeting(ctx, by, moved.ID, store.MeetingInput{Title: moved.Title, Lang: "fr", Date: "2026-05-26", Clock: "14:00", Zone: moved.Zone,
		Minutes: 120, Venue: "Autre salle; près, de \\ la gare", Online: true, Link: "https://visio.exemple.example/secret", Seats: 10})
	ok(t, err)
	_, err = s.StartSeries(ctx, by, store.SeriesInput{Title: "Werkgroep", Lang: "nl", Zone: "Europe/Brussels", Start: "2026-03-01", Clock: "14:00",
		Rule:     store.Recurrence{Frequency: store.MonthlyWeekday, Interval: 1, Nth: -1, Weekday: time.Tuesday, SkipMonths: []time.Month{7, 8, 12}},
		Template: store.Template{Minutes: 90, Online: true}})
	ok(t, err)
	_, err = s.ScheduleMeeting(ctx, by, store.MeetingInput{Title: "Sprint in New York", Lang: "en", Date: "2026-11-01", Clock: "10:00", Zone: "America/New_York",
		Minutes: 60, Online: true})
	ok(t, err)
	return s, lena, m
}

func TestFeedsStayTheSameUntilSomethingChanges(t *testing.T) {
	s, lena, m := busyYear(t)
	b := s.visitor()
	for _, path := range []string{"/meetings.ics", "/series/reunion-mensuelle.ics", "/towns/namur/meetings.ics", "/meetings/" + m.Slug + ".ics", "/meetings.ics?form=single"} {
		b.header = http.Header{}
		first := b.get(path)
		first.holds(t, 200, "BEGIN:VCALENDAR", "BEGIN:VEVENT", "URL:http://hub.example/meetings/")
		first.lacks(t, "Lena", "@", "ATTENDEE", "ORGANIZER", "METHOD", "visio.exemple", "Gast")
		if first.Header.Get("Content-Type") != "text/calendar; charset=utf-8" || first.Header.Get("Set-Cookie") != "" || first.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: headers %v", path, first.Header)
		}
		s.Clock.Add(40 * time.Minute)
		b.header = http.Header{"Accept-Encoding": {"gzip, br"}, "Accept-Language": {"nl"}}
		if again := b.get(path); again.body != first.body {
			t.Errorf("%s: two reads differ", path)
		}
		b.header = http.Header{"If-None-Match": {first.Header.Get("Etag")}}
		b.get(path).holds(t, 304)
		b.header = http.Header{"If-Modified-Since": {first.Header.Get("Last-Modified")}}
		b.get(path).holds(t, 304)
	}
	b.header = http.Header{}
	before := b.get("/meetings.ics")
	_, err := s.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.Maybe})
	ok(t, err)
	if b.get("/meetings.ics").body != before.body {
		t.Error("an answer changed a public feed")
	}
	ok(t, s.CancelMeeting(ctx, store.System(), m.ID, ""))
	b.get("/meetings.ics").holds(t, 200, "STATUS:CANCELLED", "SUMMARY:Annulée : 128e réunion mensuelle")
}

// A program keeps what has the higher SEQUENCE: one that falls when an edited meeting leaves the window would make it deaf
// to the next edit.
func TestSequenceOfASeriesNeverFalls(t *testing.T) {
	s, _, m := busyYear(t)
	b := s.visitor()
	sequence := func() int {
		t.Helper()
		found := regexp.MustCompile(`SEQUENCE:(\d+)\r\n`).FindAllStringSubmatch(b.get("/series/reunion-mensuelle.ics").body, -1)
		if len(found) < 2 || found[0][1] != found[len(found)-1][1] {
			t.Fatalf("sequences %v", found)
		}
		n, err := strconv.Atoi(found[0][1])
		ok(t, err)
		return n
	}
	last := sequence()
	rise := func(what string) {
		t.Helper()
		next := sequence()
		if next <= last {
			t.Errorf("%s: SEQUENCE %d follows %d", what, next, last)
		}
		last = next
	}
	series, _, err := s.SeriesBySlug(ctx, "reunion-mensuelle")
	ok(t, err)
	s.Clock.Add(time.Hour)
	_, err = s.ChangeSeries(ctx, store.System(), series.ID, store.SeriesInput{Title: series.Title, Lang: "fr", Clock: series.Clock,
		Template: store.Template{Title: "Autre titre", Minutes: 120, Online: true}})
	ok(t, err)
	rise("a series changed")
	s.Clock.Add(time.Hour)
	ok(t, s.CancelMeeting(ctx, store.System(), m.ID, ""))
	rise("a meeting was cancelled")
	s.Clock.Add(300 * 24 * time.Hour)
	_, err = s.OpenAhead(ctx)
	ok(t, err)
	if next := sequence(); next < last {
		t.Errorf("SEQUENCE fell from %d to %d with time", last, next)
	}
}

// Who asks by time alone must hear of bytes that changed without a newer publication.
func TestAFeedThatChangesIsNeverUnchangedSince(t *testing.T) {
	s, _, m := busyYear(t)
	b := s.visitor()
	before := b.get("/towns/namur/meetings.ics")
	since := before.Header.Get("Last-Modified")
	s.Clock.Add(time.Hour)
	in := store.MeetingInput{Title: m.Title, Lang: m.Lang, About: m.About, Date: m.Date, Clock: m.Clock, Zone: m.Zone, Minutes: m.Minutes, Venue: "Ailleurs", Seats: m.Seats}
	_, err := s.ChangeMeeting(ctx, store.System(), m.ID, in)
	ok(t, err)
	b.header = http.Header{"If-Modified-Since": {since}}
	after := b.get("/towns/namur/meetings.ics")
	if after.body == before.body {
		t.Fatal("the meeting still stands in the feed")
	}
	if after.StatusCode != 200 || after.Header.Get("Last-Modified") == since {
		t.Errorf("status %d, %s after %s", after.StatusCode, after.Header.Get("Last-Modified"), since)
	}
}

func TestPersonalCalendars(t *testing.T) {
	s, lena, _ := busyYear(t)
	link, err := s.NewFeedLink(ctx, store.As(lena.ID), "téléphone")
	ok(t, err)
	path := "/calendar/" + link.Token + ".ics"
	b := s.visitor()
	got := b.get(path)
	got.holds(t, 200, "Vous\u00a0: Sur place", "TRANSP:OPAQUE", "visio.exemple")
	if got.Header.Get("X-Robots-Tag") != "noindex" || !strings.HasPrefix(got.Header.Get("Cache-Control"), "private") || strings.Contains(got.body, "SOURCE") {
		t.Errorf("headers %v", got.Header)
	}
	b.get(path+"?show=mine&alarm=1d").holds(t, 200, "BEGIN:VALARM", "TRIGGER:-PT1440M")
	s.as(lena).post("/settings/calendars", url.Values{"reset": {link.ID}}).holds(t, 303)
	old := b.get(path)
	old.holds(t, 200, "NAME:Ce lien a été changé")
	old.lacks(t, "VEVENT")
	s.Clock.Add(31 * 24 * time.Hour)
	b.get(path).holds(t, 404)
	b.get("/calendar/"+strings.Repeat("a", 58)+".ics").holds(t, 404)
	b.get("/calendar/x.ics").holds(t, 404)
}

// TestIndependentReadersSeeTheSameMeetings lets two calendar libraries that nobody here wrote expand 24 months.
func TestIndependentReadersSeeTheSameMeetings(t *testing.T) {
	s, _, _ := busyYear(t)
	readers := map[string][]string{}
	if err := exec.CommandContext(ctx, "/usr/bin/python3", "-c", "import icalendar, dateutil").Run(); err == nil {
		readers["python3-icalendar"] = []string{"/usr/bin/python3", "ical/testdata/read.py"}
	} else {
		t.Log("NOT RUN: feeds read by python3-icalendar (install python3-icalendar and python3-dateutil)")
	}
	module, err := filepath.Abs("../.cache/node/node_modules/ical.js/dist/ical.js")
	ok(t, err)
	if _, err := os.Stat(module); err == nil {
		readers["ical.js"] = []string{"node", "ical/testdata/read.mjs", module}
	} else {
		t.Log("NOT RUN: feeds read by ical.js (npm install --prefix .cache/node ical.js)")
	}
	series, single := s.visitor().get("/meetings.ics").body, s.visitor().get("/meetings.ics?form=single").body
	from, to := "2026-03-01T00:00", "2028-03-01T00:00"
	for name, command := range readers {
		seen := map[string][]string{}
		for form, body := range map[string]string{"series": series, "single": single} {
			file := filepath.Join(t.TempDir(), form+".ics")
			ok(t, os.WriteFile(file, []byte(body), 0o600))
			out, err := exec.CommandContext(ctx, command[0], append(command[1:], file, from, to)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
			seen[form] = strings.Split(strings.TrimSpace(string(out)), "\n")
		}
		want := s.expected(t, seen["single"])
		if !slices.Equal(seen["series"], want) {
			t.Errorf("%s:\nsees  %s\nwants %s", name, strings.Join(seen["series"], ", "), strings.Join(want, ", "))
		}
	}
}

// expected is what a reader of the series form must see: the meetings that are open, then what the rules go on with.
func (s *site) expected(t testing.TB, single []string) []string {
	t.Helper()
	want := slices.Clone(single)
	rows, err := s.Upcoming(ctx, store.Visitor(), 100)
	ok(t, err)
	all, err := s.AllSeries(ctx)
	ok(t, err)
	for _, series := range all {
		opened := map[string]bool{}
		for _, row := range rows {
			if row.Meeting.Series == series.ID {
				opened[row.Meeting.Slot] = true
			}
		}
		loc, err := time.LoadLocation(series.Zone)
		ok(t, err)
		for _, slot := range series.Rule.Slots(series.Start, "2026-03-01", "2028-02-29", 100) {
			if !opened[slot] && slot > "2026-03-04" {
				at, err := time.ParseInLocation("2006-01-02 15:04", slot+" "+series.Clock, loc)
				ok(t, err)
				want = append(want, fmt.Sprintf("%s CONFIRMED", at.UTC().Format("2006-01-02T15:04Z")))
			}
		}
	}
	slices.Sort(want)
	return want
}

// TestANewPasswordSaysThatCalendarsMoved: who has calendars to subscribe to anew is told so, who has none is not.
func TestANewPasswordSaysThatCalendarsMoved(t *testing.T) {
	s := newSite(t)
	b := s.as(s.Join(t, "Lena Exemple", "BE-92094"))
	const first, second, third = "une phrase assez longue", "une autre phrase assez longue", "encore une phrase assez longue"
	said := func(current, next string) answer {
		t.Helper()
		b.post("/settings/password", url.Values{"current": {current}, "password": {next}}).holds(t, 303)
		return b.get("/settings")
	}
	said("", first).lacks(t, "abonnez-vous-y à nouveau")
	said(first, second).lacks(t, "abonnez-vous-y à nouveau")
	b.post("/settings/calendars", url.Values{"label": {"téléphone"}}).holds(t, 303)
	said(second, third).holds(t, 200, "abonnez-vous-y à nouveau")
}
