package store

import (
	"slices"
	"sync"
	"time"
)

// MeetingState is where a meeting stands in its life.
type MeetingState string

const (
	MeetingDraft     MeetingState = "draft" // seen by organisers only
	MeetingScheduled MeetingState = "scheduled"
	MeetingFrozen    MeetingState = "frozen" // agenda closed
	MeetingHeld      MeetingState = "held"
	MeetingMinuted   MeetingState = "minuted" // minutes published
	MeetingApproved  MeetingState = "approved"
	MeetingCancelled MeetingState = "cancelled" // its page stays
)

// Meeting is a thing of its own with its own answers. Date, Clock and Zone are what people agreed on; Start and End
// are derived from them.
type Meeting struct {
	ID          string       `json:"id"`
	UID         string       `json:"uid"`
	Slug        string       `json:"slug"`
	OldSlugs    []string     `json:"old_slugs,omitzero"`
	Series      string       `json:"series,omitzero"` // series id
	Slot        string       `json:"slot,omitzero"`   // the civil date the rule gave it, kept when it is moved
	SlotClock   string       `json:"slot_clock,omitzero"`
	Number      int          `json:"number,omitzero"`
	Title       string       `json:"title"`
	Lang        string       `json:"lang"`
	About       string       `json:"about,omitzero"` // Markdown
	AboutHTML   string       `json:"about_html,omitzero"`
	Date        string       `json:"date"`  // YYYY-MM-DD
	Clock       string       `json:"clock"` // HH:MM
	Minutes     int          `json:"minutes"`
	Zone        string       `json:"zone"`
	Start       time.Time    `json:"start"` // UTC
	End         time.Time    `json:"end"`
	HostTown    string       `json:"host_town,omitzero"` // town id
	Venue       string       `json:"venue,omitzero"`     // "Hôtel de ville, salle du Conseil"
	Address     string       `json:"address,omitzero"`
	Online      bool         `json:"online,omitzero"`
	Link        string       `json:"link,omitzero"`         // video link, shown to members only
	Seats       int          `json:"seats"`                 // on site, guests included; 0 means no limit
	TownSeats   int          `json:"town_seats,omitzero"`   // on site for one town, guests included; 0 means no limit
	OnlineSeats int          `json:"online_seats,omitzero"` // online; 0 means no limit
	State       MeetingState `json:"state"`
	Reason      string       `json:"reason,omitzero"` // why it was cancelled
	Edited      []string     `json:"edited,omitzero"` // fields that no longer follow the series
	Documents   []Document   `json:"documents,omitzero"`
	Propose     int          `json:"propose,omitzero"`  // days before the start after which a proposal is late; 0 for none
	Freeze      int          `json:"freeze,omitzero"`   // days before the start when the agenda closes by itself; 0 for by hand
	Remind      []int        `json:"remind,omitzero"`   // days before the start when those who come are reminded
	Reminded    []int        `json:"reminded,omitzero"` // those that were sent
	HeldAt      time.Time    `json:"held_at,omitzero"`  // when an organiser closed the meeting
	Current     string       `json:"current,omitzero"`  // agenda item spoken of in the room right now
	Sequence    int          `json:"sequence"`
	Published   time.Time    `json:"published"`        // of the last change that a calendar shows
	Stepped     time.Time    `json:"stepped,omitzero"` // when Sequence last grew: at most once in ten minutes
	Created     time.Time    `json:"created"`
	By          string       `json:"by,omitzero"`

	place *time.Location // of Zone, where it was read from the store: each loading takes microseconds and kilobytes
}

// Document is a paper of the meeting: a link, or a file that was uploaded (Hash is set).
type Document struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Lang     string            `json:"lang,omitzero"`
	Link     string            `json:"link,omitzero"`
	Hash     string            `json:"hash,omitzero"` // SHA-256 of the file, hex: its address on the shelf
	Name     string            `json:"name,omitzero"` // file name to save it under
	Type     string            `json:"type,omitzero"` // media type found in the bytes
	Size     int64             `json:"size,omitzero"` // bytes
	Item     string            `json:"item,omitzero"` // agenda item it belongs to
	By       string            `json:"by"`
	Town     string            `json:"town,omitzero"`
	Added    time.Time         `json:"added"`
	Replaced []DocumentVersion `json:"replaced,omitzero"` // what it was before, oldest first
}

// DocumentVersion is a file that was replaced by a newer one.
type DocumentVersion struct {
	Hash  string    `json:"hash"`
	Name  string    `json:"name"`
	Type  string    `json:"type"`
	Size  int64     `json:"size"`
	By    string    `json:"by"`
	Added time.Time `json:"added"`
}

// Over says whether the meeting has ended at this instant.
func (m Meeting) Over(now time.Time) bool { return !m.End.After(now) }

// Before is the instant so many days before the start, at the same hour on the clock of the place.
func (m Meeting) Before(days int) time.Time { return m.Local().AddDate(0, 0, -days) }

// Phase is the state at an instant: an agenda closes and a meeting ends by themselves, before anything is stored.
func (m Meeting) Phase(now time.Time) MeetingState {
	switch {
	case (m.State == MeetingScheduled || m.State == MeetingFrozen) && m.Over(now):
		return MeetingHeld
	case m.State == MeetingScheduled && m.Freeze > 0 && !m.Before(m.Freeze).After(now):
		return MeetingFrozen
	}
	return m.State
}

// Late says whether an item proposed now comes after the deadline or the closing of the agenda.
func (m Meeting) Late(now time.Time) bool {
	return m.Phase(now) == MeetingFrozen || m.Propose > 0 && !m.Before(m.Propose).After(now)
}

// takesItems says whether the agenda takes items: from organisers until the minutes are published, from others until it is over.
func (m Meeting) takesItems(organiser bool, now time.Time) bool {
	if organiser {
		return m.State != MeetingCancelled && m.State != MeetingMinuted && m.State != MeetingApproved
	}
	return m.Open(now)
}

// Open says whether answers are still taken.
func (m Meeting) Open(now time.Time) bool {
	return (m.State == MeetingScheduled || m.State == MeetingFrozen) && !m.Over(now)
}

// OnSite says whether there is a room to come to.
func (m Meeting) OnSite() bool { return m.HostTown != "" || m.Venue != "" || m.Address != "" }

// Location is the meeting's zone; a zone this machine no longer knows is read as UTC.
func (m Meeting) Location() *time.Location {
	if m.place != nil && m.place.String() == m.Zone {
		return m.place
	}
	loc, err := time.LoadLocation(m.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

func (m *Meeting) settle(s *Store) { m.place = s.zones.load(m.Zone) }

// Local is the start on the clock of the meeting's place.
func (m Meeting) Local() time.Time { return m.Start.In(m.Location()) }

// LocalEnd is the end on the clock of the meeting's place.
func (m Meeting) LocalEnd() time.Time { return m.End.In(m.Location()) }

// Follows says whether a field still follows the series.
func (m Meeting) Follows(field string) bool { return !slices.Contains(m.Edited, field) }

var meetings = sync.OnceValue(func() *table[Meeting] {
	return &table[Meeting]{
		kept:   true,
		family: famMeeting,
		key:    func(m *Meeting) []string { return []string{m.ID} },
		indexes: []index[Meeting]{
			{family: famMeetingSlug, unique: true, field: "title", taken: "meeting.slug_taken", parts: func(m *Meeting) [][]string {
				return slugs(m.Slug, m.OldSlugs)
			}},
			{family: famMeetingStart, parts: func(m *Meeting) [][]string { return [][]string{{instant(m.Start)}} }},
			{family: famMeetingSeries, parts: func(m *Meeting) [][]string {
				if m.Series == "" {
					return nil
				}
				return [][]string{{m.Series, m.Slot}}
			}},
			{family: famMeetingTown, parts: func(m *Meeting) [][]string {
				if m.HostTown == "" {
					return nil
				}
				return [][]string{{m.HostTown, instant(m.Start)}}
			}},
		},
	}
})
