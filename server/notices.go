package server

import (
	"context"
	"time"

	"belfry/server/mail"
	"belfry/store"
)

// notice is a letter to one member about something in the community; its words are under letter.Kind.
type notice struct {
	kind, path string
	args       func(lang string) []any
}

// noticeLetter is the letter of an event that is for one member.
func (p *Post) noticeLetter(ctx context.Context, e store.Event) ([]store.Mail, error) {
	m, err := p.Store.MemberByID(ctx, e.Member)
	if err != nil || m.State != store.MemberActive || m.NoNotice || m.ID == e.By {
		return nil, err
	}
	n, err := p.noticeOf(ctx, e)
	if err != nil || n.kind == "" {
		return nil, err
	}
	r := p.readerOf(m)
	args := n.args(r.lang.Tag())
	facts, err := p.promises(ctx, e, m, r)
	if err != nil {
		return nil, err
	}
	one, err := p.write(r, mail.Letter{Subject: r.lang.T(n.kind+"subject", args...), Paragraphs: []string{r.lang.T(n.kind+"text", args...)}, Facts: facts,
		Button: mail.Link{Label: r.lang.T(n.kind + "button"), URL: p.PublicURL + n.path}}, true)
	return []store.Mail{one}, err
}

// promises are the actions that minutes gave a member: their own, and those of a town they coordinate that name nobody.
func (p *Post) promises(ctx context.Context, e store.Event, m store.Member, r reader) ([]mail.Fact, error) {
	if e.Kind != store.EventActions {
		return nil, nil
	}
	var facts []mail.Fact
	queries := []store.ActionQuery{{Meeting: e.Subject, Person: m.ID, Limit: listedInLetter}}
	if town := m.TownID(); town != "" && m.Coordinates(town) {
		queries = append(queries, store.ActionQuery{Meeting: e.Subject, Town: town, Unassigned: true, Limit: listedInLetter})
	}
	for _, q := range queries {
		list, err := p.Store.Actions(ctx, store.Visitor(), q)
		if err != nil {
			return nil, err
		}
		for _, row := range list.Rows {
			words := row.Action.Title
			if day, err := time.Parse(time.DateOnly, row.Action.Due); err == nil {
				words += " (" + r.lang.T("actions.due", "Date", r.lang.DateShort(day)) + ")"
			}
			facts = append(facts, mail.Fact{Label: row.Action.Number(), Value: words})
		}
	}
	return facts, nil
}

// listedInLetter bounds how many actions a letter names; all of them are in the minutes.
const listedInLetter = 20

// noticeOf says what an event tells, and where it leads.
func (p *Post) noticeOf(ctx context.Context, e store.Event) (notice, error) {
	switch e.Kind {
	case store.EventActions:
		m, _, err := p.Store.MeetingByID(ctx, e.Subject)
		return notice{"letter.actions.", "/meetings/" + m.Slug + "/minutes", func(string) []any { return p.titled(m) }}, err
	case store.EventActionMoved:
		a, err := p.Store.ActionByID(ctx, e.Subject)
		return notice{"letter.action_moved.", "/actions/" + a.Number(), func(string) []any { return []any{"Number", a.Number(), "Title", a.Title} }}, err
	case store.EventReminder, store.EventNudge:
		m, _, err := p.Store.MeetingByID(ctx, e.Subject)
		kind := "letter.reminder."
		if e.Kind == store.EventNudge {
			kind = "letter.nudge."
		}
		if !m.Open(p.Store.Now()) {
			return notice{}, err // over or cancelled meanwhile
		}
		return notice{kind, "/meetings/" + m.Slug, func(lang string) []any {
			return append(p.titled(m), "Date", p.language(lang).DayMonth(m.Local()))
		}}, err
	case store.EventItemDecided:
		return p.itemNotice(ctx, e)
	case store.EventCorrection:
		m, _, err := p.Store.MeetingByID(ctx, e.Subject)
		kind := "letter.correction_refused."
		if e.Data["what"] == string(store.CorrectionTaken) {
			kind = "letter.correction_taken."
		}
		return notice{kind, "/meetings/" + m.Slug + "/minutes",
			func(string) []any { return append(p.titled(m), "Answer", e.Data["answer"]) }}, err
	}
	return notice{}, nil
}

// titled names a meeting as its own language numbers it.
func (p *Post) titled(m store.Meeting) []any {
	return []any{"Title", p.language(m.Lang).Numbered(m.Number, m.Title)}
}

// itemNotice tells what became of a proposed item.
func (p *Post) itemNotice(ctx context.Context, e store.Event) (notice, error) {
	item, err := p.Store.ItemByID(ctx, e.Subject)
	if err != nil {
		return notice{}, err
	}
	m, _, err := p.Store.MeetingByID(ctx, item.Meeting)
	kind := "letter.item_aside."
	if e.Data["what"] == string(store.ItemAccepted) {
		kind = "letter.item_accepted."
	}
	return notice{kind, "/meetings/" + m.Slug, func(string) []any { return append(p.titled(m), "Item", item.Title, "Reason", e.Data["reason"]) }}, err
}
