package pages

import (
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/parts"
	"belfry/store"

	"github.com/a-h/templ"
)

// townRef names a town in the reader's language; a name left in its own language says so.
func townRef(p *frontend.Page, t store.Town) parts.TownRef {
	code := t.Code
	if code == "" {
		code = t.ID
	}
	return parts.TownRef{Name: t.NameIn(p.Lang.Tag()), Slug: t.Slug, Code: code}
}

func shieldOf(t store.Town, size parts.Size) parts.TownShield {
	code := t.Code
	if code == "" {
		code = t.ID
	}
	return parts.TownShield{Code: code, Size: size}
}

// meetingTitle puts the number in front of a numbered meeting's title, as its own language does.
func meetingTitle(p *frontend.Page, m store.Meeting) string {
	for _, l := range p.Languages {
		if l.Tag() == m.Lang {
			return l.Numbered(m.Number, m.Title)
		}
	}
	return m.Title
}

func meetingHref(m store.Meeting) string { return "/meetings/" + m.Slug }

// place is a meeting's place in one line: "Namur, Hôtel de ville".
func place(p *frontend.Page, m store.Meeting, host store.Town) string {
	var words []string
	if host.ID != "" {
		words = append(words, host.NameIn(p.Lang.Tag()))
	}
	if m.Venue != "" {
		words = append(words, m.Venue)
	}
	if len(words) == 0 && m.Address != "" {
		words = append(words, m.Address)
	}
	return strings.Join(words, ", ")
}

func span(p *frontend.Page, m store.Meeting) string { return p.Lang.Span(m.Local(), m.LocalEnd()) }

// foreignZone names the zone when it is not the one most readers live in.
func foreignZone(m store.Meeting) string { return otherZone(m.Zone, "") }

// otherZone names a zone, unless it is the one most readers live in and this reader too.
func otherZone(zone, own string) string {
	usual := func(name string) bool { return name == "Europe/Brussels" || name == "Europe/Paris" }
	if usual(zone) && (own == "" || usual(own)) {
		return ""
	}
	return strings.ReplaceAll(zone, "_", " ")
}

// offered are the answers a meeting takes.
func offered(m store.Meeting) []string {
	var answers []string
	if m.OnSite() {
		answers = append(answers, string(store.OnSite))
	}
	if m.Online {
		answers = append(answers, string(store.Online))
	}
	return append(answers, string(store.Maybe), string(store.No))
}

// answerState says in a sentence what a reader answered.
func answerState(p *frontend.Page, r *store.RSVP, position int) string {
	switch {
	case r == nil:
		return p.T("rsvp.state.none")
	case r.Waiting:
		return p.T("rsvp.state.waiting", "Position", position)
	case r.Answer == store.OnSite && len(r.Guests) > 0:
		return p.Lang.N("rsvp.state.on_site_guests", len(r.Guests))
	}
	return p.T("rsvp.state." + string(r.Answer))
}

// rsvpOf is the question of one meeting for one reader.
func rsvpOf(p *frontend.Page, row store.MeetingRow, inline bool) parts.RSVP {
	m := row.Meeting
	r := parts.RSVP{ID: "rsvp-" + m.ID, Also: []string{comingID(m), "attendance"}, Action: meetingHref(m) + "/rsvp", Offered: offered(m), Inline: inline, Question: true,
		Closed: !m.Open(p.Now), State: answerState(p, row.Mine, row.Position), Meeting: meetingTitle(p, m)}
	r.Full = m.Seats > 0 && row.Tally.Free(m.Seats) == 0
	if row.Mine != nil {
		r.Answer, r.Waiting = string(row.Mine.Answer), row.Mine.Waiting
	}
	if m.Over(p.Now) && row.Mine == nil {
		r.State = ""
	}
	return r
}

// comingID is the id of what says how many come to a meeting, beside the question.
func comingID(m store.Meeting) string { return "coming-" + m.ID }

// comers says how many people come from how many towns.
func comers(p *frontend.Page, t store.Tally) string {
	if t.Coming() == 0 {
		return p.T("meeting.nobody_yet")
	}
	return p.T("meeting.people_of_towns", "People", p.Lang.N("count.people", t.Coming()), "Towns", p.Lang.N("count.towns", len(t.Towns)))
}

// stateBadge is a meeting's state where it is worth saying.
func stateBadge(p *frontend.Page, m store.Meeting) (parts.Badge, bool) {
	switch {
	case m.State == store.MeetingCancelled:
		return parts.Badge{Label: p.T("meeting.state.cancelled"), Kind: parts.BadgeBad}, true
	case m.State == store.MeetingDraft:
		return parts.Badge{Label: p.T("meeting.state.draft"), Kind: parts.BadgeWait}, true
	case !m.Over(p.Now) && !m.Start.After(p.Now):
		return parts.Badge{Label: p.T("meeting.state.running"), Kind: parts.BadgeNew}, true
	case m.Open(p.Now) && sameDay(m.Local(), p.Now.In(m.Location())):
		return parts.Badge{Label: p.T("meeting.state.today"), Kind: parts.BadgeNew}, true
	}
	return parts.Badge{}, false
}

// sameDay compares days by the clock of the second instant.
func sameDay(a, b time.Time) bool {
	return a.In(b.Location()).Format("20060102") == b.Format("20060102")
}

// raw writes HTML that the renderer made and cleaned.
// parseDay reads a civil date.
func parseDay(day string) (time.Time, error) { return time.Parse(time.DateOnly, day) }

func raw(html string) templ.Component { return templ.Raw(html) }

func tile(m store.Meeting, now time.Time, large bool) parts.DateTile {
	return parts.DateTile{At: m.Local(), Large: large, Past: m.Over(now), Off: m.State == store.MeetingCancelled}
}

// answerWord is an answer in a word, for tables and badges.
func answerWord(p *frontend.Page, r store.RSVP) string {
	if r.Waiting {
		return p.T("rsvp.word.waiting")
	}
	return p.T("rsvp.word." + string(r.Answer))
}

func answerBadge(p *frontend.Page, r store.RSVP) parts.Badge {
	kind := parts.BadgeOK
	switch {
	case r.Waiting, r.Answer == store.Maybe:
		kind = parts.BadgeWait
	case r.Answer == store.No:
		kind = parts.BadgeLine
	}
	return parts.Badge{Label: answerWord(p, r), Kind: kind}
}

// firstName is how a greeting calls somebody.
func firstName(name string) string {
	first, _, _ := strings.Cut(name, " ")
	return first
}
