package ical

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"
)

func at(t testing.TB, zone, text string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func event(t testing.TB, zone, start string) Event {
	t.Helper()
	s := at(t, zone, start)
	return Event{UID: "0190f0a2-0000-7000-8000-000000000001", Start: s, End: s.Add(2 * time.Hour), Summary: "Réunion", Status: Confirmed,
		Published: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Created: time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC), URL: "https://hub.example/meetings/x"}
}

func encode(t testing.TB, c Calendar) string {
	t.Helper()
	stream, err := Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(stream)
}

func TestZonesAreWrittenAsExchangeReadsThem(t *testing.T) {
	for zone, want := range map[string][]string{
		"Europe/Brussels":  {"BEGIN:DAYLIGHT", "DTSTART:19700329T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "TZOFFSETTO:+0200", "DTSTART;TZID=Europe/Brussels:20260616T100000"},
		"Europe/Dublin":    {"BEGIN:DAYLIGHT", "TZNAME:IST", "DTSTART:19700329T010000"},
		"America/New_York": {"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"},
		"Asia/Kolkata":     {"DTSTART:19700101T000000", "TZOFFSETFROM:+0530", "TZOFFSETTO:+0530"},
		"UTC":              {"DTSTART:20260616T100000Z"},
		"Asia/Gaza":        {"DTSTART:20260616T070000Z"},
	} {
		got := encode(t, Calendar{Name: "x", Zone: zone, Events: []Event{event(t, zone, "2026-06-16 10:00")}})
		for _, text := range want {
			if !strings.Contains(got, text+"\r\n") {
				t.Errorf("%s: %q is missing in\n%s", zone, text, got)
			}
		}
		if zone != "UTC" && zone != "Asia/Gaza" && strings.Count(got, "BEGIN:STANDARD") != 1 {
			t.Errorf("%s: not exactly one STANDARD", zone)
		}
	}
}

func TestAnEmptyCalendarIsValid(t *testing.T) {
	got := encode(t, Calendar{Name: "Vide", Zone: "Europe/Brussels"})
	if strings.Count(got, "BEGIN:VTIMEZONE") != 1 || strings.Contains(got, "VEVENT") {
		t.Error(got)
	}
}

func TestA21WhatPeopleTypeStaysText(t *testing.T) {
	for _, nasty := range []string{"a\r\nATTENDEE:mailto:x@example.example", "a\nb\rc", `semi; comma, back\slash "quotes"`, "\x00\x1b\a\u0085\u2028",
		"\xff\xfe", strings.Repeat("é😀", 3000), "\u202eltr", "\ufeffbom", "END:VEVENT", strings.Repeat("x", 74) + "é"} {
		e := event(t, "Europe/Brussels", "2026-06-16 10:00")
		e.Summary, e.Description, e.Location, e.Contact, e.Categories = "S "+nasty, nasty, nasty, nasty, []string{"C" + nasty}
		e.URL = "https://hub.example/x?" + nasty
		got := encode(t, Calendar{Name: "N " + nasty, Description: nasty, Zone: "Europe/Brussels", Events: []Event{e}})
		if strings.Contains(got, "\r\nATTENDEE") {
			t.Errorf("%.20q adds a property", nasty)
		}
		read, err := goical.NewDecoder(bytes.NewReader([]byte(got))).Decode()
		if err != nil {
			t.Fatalf("%.20q: %v", nasty, err)
		}
		if len(read.Events()) != 1 {
			t.Errorf("%.20q: %d events", nasty, len(read.Events()))
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\r\nb;c,d\\e")
	f.Fuzz(func(t *testing.T, text string) {
		e := event(t, "Europe/Brussels", "2026-06-16 10:00")
		e.Summary, e.Description, e.Location, e.URL = "x"+text, text, text, text
		if _, err := Encode(Calendar{Name: "x" + text, Zone: "UTC", Events: []Event{e}}); err != nil {
			t.Error(err)
		}
	})
}

func TestSeriesCarryOneSequenceAndKeepTheCancelled(t *testing.T) {
	zone := "Europe/Brussels"
	master := event(t, zone, "2026-03-19 09:30")
	override := event(t, zone, "2026-04-16 09:30")
	override.Slot, override.Status, override.Sequence, override.Summary = override.Start, Cancelled, 4, "Annulée : Réunion"
	s := Series{Event: master, Rule: "FREQ=MONTHLY;BYDAY=3TH", Excluded: []time.Time{at(t, zone, "2026-07-16 09:30"), at(t, zone, "2026-08-20 09:30")}, Overrides: []Event{override}}
	c := Calendar{Name: "Réunions", Zone: zone, Series: []Series{s}}
	got := encode(t, c)
	for _, want := range []string{"SEQUENCE:4", "RECURRENCE-ID;TZID=Europe/Brussels:20260416T093000", "STATUS:CANCELLED", "EXDATE;TZID=Europe/Brussels:20260716T093000", "EXDATE;TZID=Europe/Brussels:20260820T093000"} {
		if !strings.Contains(got, want+"\r\n") {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Count(got, "SEQUENCE:4\r\n") != 2 || strings.Contains(got, "METHOD") || strings.Contains(got, "ORGANIZER") {
		t.Error(got)
	}
	if encode(t, c) != got {
		t.Error("two encodings differ")
	}
}

func TestTheValidatorRefuses(t *testing.T) {
	good := encode(t, Calendar{Name: "x", Zone: "Europe/Brussels", Events: []Event{event(t, "Europe/Brussels", "2026-06-16 10:00")}})
	for name, bad := range map[string]string{
		"no end":       strings.TrimSuffix(good, "END:VCALENDAR\r\n"),
		"bare LF":      strings.Replace(good, "\r\n", "\n", 5),
		"empty line":   strings.Replace(good, "BEGIN:VEVENT", "\r\nBEGIN:VEVENT", 1),
		"long line":    strings.Replace(good, "SUMMARY:", "SUMMARY:"+strings.Repeat("x", 90), 1),
		"no zone":      strings.ReplaceAll(good, "TZID:Europe/Brussels", "TZID:Europe/Nowhere"),
		"a method":     strings.Replace(good, "CALSCALE:", "METHOD:PUBLISH\r\nCALSCALE:", 1),
		"two statuses": strings.Replace(good, "STATUS:", "STATUS:CONFIRMED\r\nSTATUS:", 1),
		"floating":     strings.Replace(good, "DTSTART;TZID=Europe/Brussels:2026", "DTSTART:2026", 1),
	} {
		if Validate([]byte(bad)) == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	c := Calendar{Name: "x", Zone: "Europe/Brussels"}
	for i := range 40 {
		e := event(b, "Europe/Brussels", fmt.Sprintf("2026-%02d-16 10:00", i%12+1))
		e.UID += fmt.Sprint(i)
		c.Events = append(c.Events, e)
	}
	for b.Loop() {
		if _, err := Encode(c); err != nil {
			b.Fatal(err)
		}
	}
}
