package ical

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"
)

// TestGolden shows at a glance what a change does to the feeds of each class of zone: daylight saving, negative daylight
// saving, none, another hemisphere's rule, and those that no rule describes. UPDATE=1 writes the files anew.
func TestGolden(t *testing.T) {
	for _, zone := range []string{"Europe/Brussels", "Europe/Dublin", "America/New_York", "Asia/Kolkata", "UTC", "Asia/Gaza", "Africa/Casablanca"} {
		first := event(t, zone, "2026-01-15 09:30")
		first.Summary = "Réunion mensuelle – maandelijkse vergadering – monatliche Versammlung – éàü, ; \\"
		first.Description = "Ordre du jour :\n1. Accueil\n2. " + strings.Repeat("très long ", 30)
		series := Series{Event: first, Rule: "FREQ=MONTHLY;BYDAY=3TH;COUNT=18"}
		for n, change := range []func(*Event){
			func(e *Event) { e.Start, e.End = e.Start.Add(2*time.Hour), e.End.Add(2*time.Hour); e.Sequence = 1 },
			func(e *Event) { e.Status, e.Sequence = Cancelled, 2 },
		} {
			slot := at(t, zone, []string{"2026-04-16 09:30", "2026-11-19 09:30"}[n])
			e := first
			e.UID = fmt.Sprintf("0190f0a2-0000-7000-8000-00000000001%d", n) // its own, for zones without a rule
			e.Slot, e.Start, e.End = slot, slot, slot.Add(2*time.Hour)
			change(&e)
			series.Overrides = append(series.Overrides, e)
		}
		single := event(t, zone, "2026-07-02 14:00")
		single.UID = "0190f0a2-0000-7000-8000-000000000002"
		got := encode(t, Calendar{Name: "Réunions", URL: "https://hub.example/meetings", Zone: zone, Series: []Series{series}, Events: []Event{single}})
		path := filepath.Join("testdata", "golden", strings.ReplaceAll(zone, "/", "-")+".ics")
		if os.Getenv("UPDATE") != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ReplaceAll(got, "\r\n", "\n") != strings.ReplaceAll(string(want), "\r\n", "\n") {
			t.Errorf("%s is not what is written now:\n%s", path, got)
		}
		for _, line := range strings.Split(got, "\r\n") {
			if len(line) > 75 {
				t.Errorf("%s: a line of %d octets", zone, len(line))
			}
		}
	}
}

// TestALargeFeedSheds lets a feed grow over 1 MB: old meetings go first, then all but the first line of descriptions,
// never a meeting to come.
func TestALargeFeedSheds(t *testing.T) {
	recent := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	c := Calendar{Name: "x", Zone: "Europe/Brussels", Recent: recent}
	add := func(n int, start string, days int) {
		for i := range n {
			e := event(t, "Europe/Brussels", start)
			e.UID = fmt.Sprintf("%s-%d", start[:4], i)
			e.Start, e.End = e.Start.AddDate(0, 0, i%days), e.End.AddDate(0, 0, i%days)
			e.Description = "Première ligne\n" + strings.Repeat("mot ", 400)
			c.Events = append(c.Events, e)
		}
	}
	count := func(prefix string) (n, long int) {
		cal, err := goical.NewDecoder(strings.NewReader(encode(t, c))).Decode()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range cal.Events() {
			if uid, _ := e.Props.Text(goical.PropUID); strings.HasPrefix(uid, prefix) {
				n++
			}
			if text, _ := e.Props.Text(goical.PropDescription); strings.Contains(text, "mot mot") {
				long++
			}
		}
		return n, long
	}
	add(300, "2025-01-10 10:00", 30)
	if n, long := count("2025"); n != 300 || long != 300 {
		t.Errorf("a feed that is small enough has %d old meetings, %d whole", n, long)
	}
	add(400, "2026-07-10 10:00", 200)
	if n, _ := count("2025"); n != 0 {
		t.Errorf("%d old meetings are still there", n)
	}
	if n, long := count("2026"); n != 400 || long != 400 {
		t.Errorf("%d of 400 to come, %d whole", n, long)
	}
	add(500, "2027-01-10 10:00", 200)
	if n, long := count("202"); n != 900 || long != 0 {
		t.Errorf("%d of 900 to come, %d with all words", n, long)
	}
	if size := len(encode(t, c)); size >= 1<<20 {
		t.Errorf("%d bytes", size)
	}
}
