package demo

import (
	"fmt"
	"strings"
	"time"

	"belfry/store"
)

// The addresses of the feeds of the demo's sister community. No site is there: the demo itself says what they hold.
const (
	sisterHome     = "https://councils-together.example/"
	sisterCalendar = sisterHome + "meetings.ics"
	sisterNews     = sisterHome + "news.atom"
	sisterOffers   = sisterHome + "mentors.atom"
)

// SisterFiles are the feeds of the demo's sister community by address, as they are at the moment they are asked for, so
// that it lives without a network.
func SisterFiles(now func() time.Time) map[string]func() []byte {
	return map[string]func() []byte{
		sisterCalendar: func() []byte {
			return []byte(strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//councils-together.example//EN
BEGIN:VEVENT
UID:open-hour@councils-together.example
DTSTAMP:20250101T000000Z
DTSTART;TZID=Europe/Dublin:20250114T140000
DTEND;TZID=Europe/Dublin:20250114T150000
RRULE:FREQ=MONTHLY;BYDAY=2TU
SUMMARY:Open hour: planning permissions online
LOCATION:Online
URL:https://councils-together.example/meetings/open-hour
END:VEVENT
BEGIN:VEVENT
UID:assembly@councils-together.example
DTSTAMP:20250101T000000Z
DTSTART;TZID=Europe/Dublin:20250227T100000
DTEND;TZID=Europe/Dublin:20250227T160000
RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=-1TH
SUMMARY:Assembly of the small councils
LOCATION:Town hall of the example county
URL:https://councils-together.example/meetings/assembly
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n"))
		},
		sisterNews: func() []byte {
			var feed strings.Builder
			fmt.Fprintf(&feed, `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>%s</id><title>Councils Together</title><updated>%s</updated>`, sisterNews, now().UTC().Format(time.RFC3339))
			for i, title := range []string{"Our counter form speaks four languages now", "Notes of the last assembly", "Two councils look for a partner to test electronic seals"} {
				fmt.Fprintf(&feed, `<entry><id>%[1]snews/%[2]d</id><title>%[3]s</title><link href="%[1]snews/%[2]d"/><updated>%[4]s</updated></entry>`, sisterHome, 3-i, title, now().UTC().AddDate(0, 0, -2-9*i).Format(time.RFC3339))
			}
			feed.WriteString("</feed>\n")
			return []byte(feed.String())
		},
		sisterOffers: func() []byte {
			var feed strings.Builder
			fmt.Fprintf(&feed, `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><id>%s</id><title>Councils with a place</title><updated>%s</updated>`, sisterOffers, now().UTC().Format(time.RFC3339))
			for _, one := range [][]string{
				{"exampleford", "Exampleford Council", "2 free places · Teaches: planning permissions online, document templates · An hour by video every week", "en", "fr"},
				{"samplebridge", "Samplebridge Council", "1 free place · Teaches: open data · We come to see you once", "en"},
				{"mustertal", "Mustertal District", "1 free place · Teaches: registers, electronic seals", "en", "de", "nl"},
			} {
				fmt.Fprintf(&feed, `<entry><id>%[1]scouncils/%[2]s</id><title>%[3]s</title><link href="%[1]scouncils/%[2]s"/><updated>%[4]s</updated><summary>%[5]s</summary>`, sisterHome, one[0], one[1], now().UTC().AddDate(0, 0, -5).Format(time.RFC3339), one[2])
				for _, tag := range one[3:] {
					fmt.Fprintf(&feed, `<category scheme="https://www.rfc-editor.org/info/bcp47" term="%s"/>`, tag)
				}
				feed.WriteString("</entry>")
			}
			feed.WriteString("</feed>\n")
			return []byte(feed.String())
		},
	}
}

// sister follows a community elsewhere.
func (s *story) sister() error {
	_, err := s.hub.SaveSister(s.ctx, s.steward, "", store.SisterInput{Name: "Councils Together", Home: sisterHome, Calendar: sisterCalendar, News: sisterNews, Offers: sisterOffers, Lang: "en"})
	return err
}
