package store

import (
	"sync"
	"time"
)

// Series is a meeting that comes back: its rule, its zone and local time, and what each new meeting starts from.
type Series struct {
	ID         string     `json:"id"`
	UID        string     `json:"uid"` // of the calendar entry, never derived (CALENDAR F6)
	Slug       string     `json:"slug"`
	OldSlugs   []string   `json:"old_slugs,omitzero"`
	Title      string     `json:"title"`
	Lang       string     `json:"lang"`           // language the texts are written in
	About      string     `json:"about,omitzero"` // Markdown
	AboutHTML  string     `json:"about_html,omitzero"`
	Rule       Recurrence `json:"rule"`
	Zone       string     `json:"zone"`  // IANA
	Start      string     `json:"start"` // first civil date looked at, YYYY-MM-DD
	Clock      string     `json:"clock"` // local wall time, HH:MM
	Template   Template   `json:"template"`
	NextNumber int        `json:"next_number,omitzero"` // 0: meetings are not numbered
	Ended      time.Time  `json:"ended,omitzero"`       // no more meetings are opened
	Sequence   int        `json:"sequence"`             // CALENDAR F7
	Published  time.Time  `json:"published"`            // CALENDAR F8
	Created    time.Time  `json:"created"`
	By         string     `json:"by"`
}

// Template is what a new meeting of a series starts from.
type Template struct {
	Title       string         `json:"title"`   // of each meeting; numbered meetings get their number in front
	Minutes     int            `json:"minutes"` // length
	HostTown    string         `json:"host_town,omitzero"`
	Venue       string         `json:"venue,omitzero"`
	Address     string         `json:"address,omitzero"`
	Online      bool           `json:"online,omitzero"`
	Link        string         `json:"link,omitzero"`         // video link, for members only
	Seats       int            `json:"seats"`                 // on site; 0 means no limit
	TownSeats   int            `json:"town_seats,omitzero"`   // on site for one town, guests included; 0 means no limit
	OnlineSeats int            `json:"online_seats,omitzero"` // online; 0 means no limit
	Standing    []StandingItem `json:"standing,omitzero"`
	Propose     int            `json:"propose,omitzero"` // days before the meeting until which items are proposed in time; 0 means none
	Freeze      int            `json:"freeze,omitzero"`  // days before the meeting when the agenda closes; 0 means by hand
	Remind      []int          `json:"remind,omitzero"`  // days before the meeting when those who come are reminded
}

// StandingItem is an agenda item every meeting of the series starts with.
type StandingItem struct {
	Title   string   `json:"title"`
	Kind    ItemKind `json:"kind"`
	Minutes int      `json:"minutes"`
}

var serieses = sync.OnceValue(func() *table[Series] {
	return &table[Series]{
		kept:   true,
		family: famSeries,
		key:    func(s *Series) []string { return []string{s.ID} },
		indexes: []index[Series]{
			{family: famSeriesSlug, unique: true, field: "title", taken: "series.slug_taken", parts: func(s *Series) [][]string {
				return slugs(s.Slug, s.OldSlugs)
			}},
		},
	}
})
