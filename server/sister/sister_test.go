package sister_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server/sister"
)

// names answers look-ups from a table.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, one := range n[host] {
		all = append(all, netip.MustParseAddr(one))
	}
	if len(all) == 0 {
		return nil, errors.New("no such name")
	}
	return all, nil
}

// wire connects every checked address to a server of the test, and remembers which was asked for.
type wire struct {
	to    string
	asked atomic.Value
	calls atomic.Int32
}

func (w *wire) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	w.asked.Store(address)
	w.calls.Add(1)
	return new(net.Dialer).DialContext(ctx, network, w.to)
}

func client(t *testing.T, handler http.HandlerFunc, known names) (*sister.Client, *wire) {
	t.Helper()
	site := httptest.NewServer(handler)
	t.Cleanup(site.Close)
	w := &wire{to: site.Listener.Addr().String()}
	return &sister.Client{Resolver: known, Dialer: w, Agent: "test"}, w
}

// TestA32PrivateAddressesInEverySpelling (SAFETY A32): none of them is ever called.
func TestA32PrivateAddressesInEverySpelling(t *testing.T) {
	known := names{"loop.example": {"127.0.0.1"}, "mixed.example": {"93.184.216.34", "10.0.0.5"}, "mapped.example": {"::ffff:127.0.0.1"}, "six.example": {"::1"}, "nat64.example": {"64:ff9b::7f00:1"},
		"meta.example": {"169.254.169.254"}, "cgnat.example": {"100.64.0.1"}, "ula.example": {"fd00::1"}, "link.example": {"fe80::1"}, "multi.example": {"224.0.0.1"}, "sixtofour.example": {"2002:7f00:1::"},
		"teredo.example": {"2001:0:4136:e378:8000:63bf:3fff:fdd2"}, "any.example": {"0.0.0.0"}, "wide.example": {"255.255.255.255"}, "127.1": {"127.0.0.1"}, "2130706433": {"127.0.0.1"}, "0x7f.1": {"127.0.0.1"}}
	c, w := client(t, func(http.ResponseWriter, *http.Request) { t.Error("was called") }, known)
	addresses := []string{"http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://017700000001/",
		"http://127.1/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.0.0.1./", "http://127.000.000.001/", "http://localhost/", "http://LOCALHOST./", "http://box.local/", "http://a.localhost/", "http://metadata.google.internal/", "http://169.254.169.254/latest",
		"http://[fe80::1%25eth0]/", "http://user@93.184.216.34/", "http://93.184.216.34:22/", "https://93.184.216.34:80/", "ftp://93.184.216.34/", "file:///etc/passwd", "gopher://x.example/", "//x.example/", "http:///x", "http://", "http://１２７.0.0.1/",
		"http://127。0。0。1/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://0/", "http://10.1.2.3/", "http://172.31.255.255/", "http://192.168.1.1/", "http://100.127.0.1/", "http://198.18.0.1/", "http://240.0.0.1/", "http://a b.example/", "http://exa\nmple.example/"}
	for name := range known {
		addresses = append(addresses, "http://"+name+"/feed.ics")
	}
	for _, address := range addresses {
		_, err := c.Get(t.Context(), address, sister.Known{})
		if !errors.Is(err, sister.ErrAddress) && !errors.Is(err, sister.ErrPrivate) && !errors.Is(err, sister.ErrName) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if n := w.calls.Load(); n > 0 {
		t.Errorf("%d connections were opened, the last to %v", n, w.asked.Load())
	}
}

// TestA32TheAddressIsPinned: what was checked is what is called, whatever the name leads to a moment later.
func TestA32TheAddressIsPinned(t *testing.T) {
	known := names{"fair.example": {"93.184.216.34"}}
	c, w := client(t, func(w http.ResponseWriter, r *http.Request) {
		known["fair.example"] = []string{"127.0.0.1"} // rebinding
		if r.URL.Path == "/feed" {
			http.Redirect(w, r, "/moved", http.StatusFound)
			return
		}
		fmt.Fprint(w, "here")
	}, known)
	answer, err := c.Get(t.Context(), "http://fair.example/feed", sister.Known{})
	if err != nil || string(answer.Body) != "here" {
		t.Fatal(err)
	}
	if got := w.asked.Load(); got != "93.184.216.34:80" {
		t.Errorf("called %v", got)
	}
}

// TestA32NoRedirectElsewhere: neither to another host nor to an inner address, nor for ever.
func TestA32NoRedirectElsewhere(t *testing.T) {
	for _, to := range []string{"http://other.example/", "http://127.0.0.1/", "http://fair.example:8080/", "//other.example/x", "/again", "file:///etc/passwd", "http://fair.example.evil.example/"} {
		c, w := client(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }, names{"fair.example": {"93.184.216.34"}, "other.example": {"93.184.216.35"}})
		if _, err := c.Get(t.Context(), "http://fair.example/again", sister.Known{}); err == nil {
			t.Errorf("%s was followed", to)
		}
		if n := w.calls.Load(); n > 5 {
			t.Errorf("%s: %d connections", to, n)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	many := bytes.Repeat([]byte("x"), sister.MaxBody+10)
	for name, one := range map[string]struct {
		handler http.HandlerFunc
		err     error
	}{
		"too large": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(many) }, sister.ErrLarge},
		"packed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("x"))
		}, sister.ErrStatus},
		"not there":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, sister.ErrStatus},
		"head too large": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 100_000)) }, sister.ErrReach},
		"304 unasked":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, sister.ErrStatus},
	} {
		c, _ := client(t, one.handler, names{"fair.example": {"93.184.216.34"}})
		if _, err := c.Get(t.Context(), "http://fair.example/", sister.Known{}); !errors.Is(err, one.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyWhatIsNewerIsAskedFor(t *testing.T) {
	c, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" {
			t.Error("told who asks")
		}
		if r.Header.Get("If-None-Match") == `"a"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"a"`)
		fmt.Fprint(w, "new")
	}, names{"fair.example": {"93.184.216.34"}})
	first, err := c.Get(t.Context(), "http://fair.example/", sister.Known{})
	if err != nil || string(first.Body) != "new" {
		t.Fatal(first, err)
	}
	second, err := c.Get(t.Context(), "http://fair.example/", first.Known)
	if err != nil || !second.Unchanged || second.Known != first.Known {
		t.Error(second, err)
	}
}

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func calendar(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n")
}

func meeting(lines ...string) []string {
	return append(append([]string{"BEGIN:VEVENT"}, lines...), "END:VEVENT")
}

func TestACalendarIsRead(t *testing.T) {
	stream := calendar(append(append(meeting("UID:a@x", "DTSTART;TZID=Europe/Brussels:20260319T093000", "DTEND;TZID=Europe/Brussels:20260319T160000", "RRULE:FREQ=MONTHLY;BYDAY=3TH",
		"EXDATE;TZID=Europe/Brussels:20261217T093000", "SUMMARY:R\\, mensuelle", "LOCATION:H\u00f4tel de", "  ville", "URL:https://soeur.example/m"),
		meeting("UID:a@x", "RECURRENCE-ID;TZID=Europe/Brussels:20270121T093000", "DTSTART;TZID=Europe/Brussels:20270122T093000", "SUMMARY:Avancée")...),
		append(meeting("UID:b@x", "DTSTART;VALUE=DATE:20261126", "SUMMARY:Toute la journée"), meeting("UID:c@x", "DTSTART:20261201T090000Z", "STATUS:CANCELLED", "SUMMARY:Annulée")...)...)...)
	items, err := sister.Calendar(t.Context(), stream, now)
	if err != nil || len(items) < 5 {
		t.Fatal(items, err)
	}
	if items[0].Title != "Toute la journée" || !items[0].AllDay {
		t.Error(items[0])
	}
	if got := items[1]; got.Title != "Avancée" || got.Start.Format("2006-01-02 15:04") != "2027-01-22 09:30" {
		t.Error(got)
	}
	if got := items[2]; got.Title != "R, mensuelle" || got.Place != "Hôtel de ville" || got.Href != "https://soeur.example/m" || got.Start.Format("2006-01-02 15:04") != "2027-02-18 09:30" {
		t.Error(got)
	}
}

// TestA22HostileCalendars (SAFETY A22): script, unclosed parts, missing times, nesting: inert or refused, and bounded.
func TestA22HostileCalendars(t *testing.T) {
	for name, stream := range map[string][]byte{
		"nesting": []byte(strings.Repeat("BEGIN:VEVENT\r\n", 70_000)), "unclosed": []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\n"), "crossed": []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\nEND:VEVENT\r\n"),
		"one long line": calendar(meeting("UID:a", "SUMMARY:"+strings.Repeat("x", 900_000))...), "folded for ever": []byte("BEGIN:VCALENDAR\r\nX:" + strings.Repeat("\r\n x", 200_000)), "no calendar": []byte("<html>"), "nothing": nil,
		"too large": bytes.Repeat([]byte("X:y\r\n"), 300_000), "too many": calendar(strings.Split(strings.Repeat("BEGIN:VEVENT\r\nEND:VEVENT\r\n", 3_000), "\r\n")...),
	} {
		start := time.Now()
		if items, err := sister.Calendar(t.Context(), stream, now); !errors.Is(err, sister.ErrForm) {
			t.Errorf("%s: %d items, %v", name, len(items), err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
	items, err := sister.Calendar(t.Context(), calendar(append(meeting("UID:a", "DTSTART:20261201T090000Z", "SUMMARY:<script>alert(1)</script><b>Réunion</b>\u202e", "URL:javascript:alert(1)", "LOCATION:a\\nb"),
		meeting("UID:b", "SUMMARY:sans date")...)...), now)
	if err != nil || len(items) != 1 || strings.ContainsAny(items[0].Title+items[0].Place, "<>\n\u202e") || items[0].Href != "" {
		t.Error(items, err)
	}
}

// TestA21LineBreaksAddNothing (SAFETY A21): what looks like more properties in a title stays a title.
func TestA21LineBreaksAddNothing(t *testing.T) {
	items, err := sister.Calendar(t.Context(), calendar(meeting("UID:a", "DTSTART:20261201T090000Z", `SUMMARY:Réunion\r\nURL:https://evil.example\nEND:VEVENT`)...), now)
	if err != nil || len(items) != 1 || items[0].Href != "" || !strings.HasPrefix(items[0].Title, "Réunion") {
		t.Error(items, err)
	}
}

// TestA23RulesThatFireForEver (SAFETY A23): bounded, or left out.
func TestA23RulesThatFireForEver(t *testing.T) {
	for rule, most := range map[string]int{"FREQ=SECONDLY": 0, "FREQ=MINUTELY;INTERVAL=1": 0, "FREQ=HOURLY": 0, "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2,3": 0, "FREQ=DAILY;BYSECOND=0,1,2": 0, "FREQ=DAILY": sister.MaxItems,
		"FREQ=DAILY;COUNT=1000000": 0, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": 0, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;UNTIL=99991231T000000Z": 0, "FREQ=DAILY;INTERVAL=1;UNTIL=99991231T235959Z": sister.MaxItems, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU": sister.MaxItems,
		"FREQ=MONTHLY;BYDAY=" + strings.Repeat("MO,", 500) + "TU": 0, "FREQ=DAILY;FREQ=SECONDLY": 0, "RSCALE=HEBREW;FREQ=DAILY": 0, "FREQ=": 0, "": 1} {
		start := time.Now()
		items, err := sister.Calendar(t.Context(), calendar(meeting("UID:a", "DTSTART:20261201T090000Z", "SUMMARY:x", "RRULE:"+rule)...), now)
		if err != nil || len(items) > most {
			t.Errorf("%s: %d items, %v", rule, len(items), err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %s", rule, took)
		}
	}
}

func TestNewsIsRead(t *testing.T) {
	feed := `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>
<entry><id>1</id><title type="html">Une &lt;b&gt;nouvelle&lt;/b&gt;</title><link href="https://soeur.example/1"/><updated>2026-11-20T10:00:00Z</updated></entry>
<entry><id>2</id><title>Plus récente</title><link rel="alternate" href="javascript:alert(1)"/><updated>2026-11-25T10:00:00+01:00</updated></entry>
<entry><id>3</id><title>Sans date</title></entry></feed>`
	items, err := sister.News([]byte(feed))
	if err != nil || len(items) != 2 || items[0].Title != "Plus récente" || items[0].Href != "" || items[1].Title != "Une nouvelle" || items[1].Href != "https://soeur.example/1" {
		t.Error(items, err)
	}
	for name, hostile := range map[string]string{"entities": `<!DOCTYPE x [<!ENTITY a "aaaa">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>`, "deep": `<feed xmlns="http://www.w3.org/2005/Atom">` + strings.Repeat("<a>", 100_000),
		"other": `<rss version="2.0"></rss>`, "broken": `<feed xmlns="http://www.w3.org/2005/Atom"><entry>`, "nothing": ""} {
		start := time.Now()
		if _, err := sister.News([]byte(hostile)); !errors.Is(err, sister.ErrForm) || time.Since(start) > time.Second {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Offers keep their order, their language and the languages they are for; what is no language, or of another scheme, counts for
// nothing, and what is written in them stays text.
func TestOffersAreRead(t *testing.T) {
	feed := `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-IE"><title>x</title>
<entry><id>1</id><title>Commune &lt;script&gt;un&lt;/script&gt;</title><link href="https://soeur.example/1"/><summary type="html">Une &lt;b onclick="x"&gt;heure&lt;/b&gt;` + "\u202e" + strings.Repeat("x", 400) + `</summary>
<category scheme="` + sister.Languages + `" term="FR-be"/><category scheme="` + sister.Languages + `" term="fr"/><category scheme="` + sister.Languages + `" term="../x"/><category scheme="https://soeur.example/skills" term="nl"/></entry>
<entry xml:lang="nl"><id>2</id><title>Tweede</title><link href="javascript:alert(1)"/><updated>2026-11-25T10:00:00Z</updated></entry>
<entry><id>3</id><title> </title></entry></feed>`
	items, err := sister.Offers([]byte(feed))
	if err != nil || len(items) != 2 {
		t.Fatal(items, err)
	}
	if one := items[0]; one.Title != "Commune un" || one.Href != "https://soeur.example/1" || !strings.HasPrefix(one.Summary, "Une heure xxx") && !strings.HasPrefix(one.Summary, "Une heurexxx") ||
		len([]rune(one.Summary)) > 300 || one.Lang != "en" || strings.Join(one.Speaks, " ") != "fr" {
		t.Errorf("%+v", one)
	}
	if one := items[1]; one.Title != "Tweede" || one.Href != "" || one.Lang != "nl" || len(one.Speaks) > 0 {
		t.Errorf("%+v", one)
	}
	many := `<feed xmlns="http://www.w3.org/2005/Atom">` + strings.Repeat("<entry><title>x</title></entry>", 900) + "</feed>"
	if items, err := sister.Offers([]byte(many)); err != nil || len(items) != sister.MaxItems {
		t.Error(len(items), err)
	}
	for _, other := range []string{`<!DOCTYPE x><feed xmlns="http://www.w3.org/2005/Atom"/>`, "[]", "", `<feed xmlns="http://www.w3.org/2005/Atom"><entry>`} {
		if items, err := sister.Offers([]byte(other)); !errors.Is(err, sister.ErrForm) {
			t.Errorf("%q: %v, %v", other, items, err)
		}
	}
}

// TestRealCalendars reads the collected calendars, when they are there: none stops the reader, and what can be dated is.
func TestRealCalendars(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/ics/*.ics")
	if len(files) == 0 {
		t.Skip("the collection of calendars is not here")
	}
	for _, name := range files {
		stream, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		items, err := sister.Calendar(t.Context(), stream, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
		if unended := strings.Contains(name, "big_bad"); (err != nil) != unended || time.Since(start) > time.Second { // that one has no end
			t.Errorf("%s: %d items, %v, %s", filepath.Base(name), len(items), err, time.Since(start))
		}
	}
}

func FuzzCalendar(f *testing.F) {
	f.Add(calendar(meeting("UID:a", "DTSTART:20261201T090000Z", "SUMMARY:x", "RRULE:FREQ=DAILY")...))
	f.Fuzz(func(t *testing.T, stream []byte) {
		items, _ := sister.Calendar(t.Context(), stream, now)
		for _, item := range items {
			if item.Title == "" || len([]rune(item.Title)) > 160 || strings.ContainsAny(item.Title, "\n\r\x00") {
				t.Fatalf("%q", item.Title)
			}
		}
	})
}
