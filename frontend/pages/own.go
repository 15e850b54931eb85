package pages

import (
	"maps"

	"belfry/frontend/difference"
	"belfry/store"
)

// Own is what a reader has of their own in a page that is kept for all (frontend.Own). The records of a page take from
// it what they show of the reader: see the methods called With.
type Own struct {
	Reader store.Member
	Mine   map[string]store.Mine // answers, by meeting id
	Thread *store.OwnThread      // on the page of a thread

	Corrections []store.Correction // that the reader proposed, on the page of minutes
}

// With completes the minutes with the corrections that the reader proposed. Organisers see those of all.
func (v MinutesScreen) With(own any) MinutesScreen {
	o, ok := own.(Own)
	if !ok || v.Page.Organise {
		return v
	}
	if v.Page.Proposed = o.Corrections; len(o.Corrections) > 0 {
		v.Page.Names = maps.Clone(v.Page.Names)
		v.Page.Names[o.Reader.ID] = o.Reader
	}
	return v
}

// changes compares a correction with the text it starts from.
func (v MinutesScreen) changes(one store.Correction) []difference.Line {
	for _, r := range v.Page.Revisions {
		if r.Number == one.Base {
			return difference.Lines(r.Source, one.Source)
		}
	}
	return nil
}

// With completes a meeting's page with the reader's answer and what they proposed.
func (v MeetingScreen) With(own any) MeetingScreen {
	o, ok := own.(Own)
	if !ok {
		return v
	}
	v.Page = v.Page.For(o.Reader, o.Mine[v.Page.Meeting.ID])
	v.Answer = AnswerForm(v.Page.Mine)
	return v
}

// actionEntry is an action in a list, which some readers may close.
type actionEntry store.ActionRow

// With says whether the reader may close it.
func (row actionEntry) With(own any) actionEntry {
	if o, ok := own.(Own); ok {
		row.May = o.Reader.MayCarry(row.Action)
	}
	return row
}
