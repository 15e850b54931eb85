package parts

import (
	"strings"

	"belfry/frontend"
)

// RSVP is the question of one meeting with one button for each answer. Pressing one answers at once.
type RSVP struct {
	ID       string   // of the element, unique in the page; its region is swapped in place
	Also     []string // ids of what the answer changes besides
	Action   string   // where the answer is posted
	Answer   string   // the stored one: on_site, online, maybe, no, or "" for none
	Offered  []string // the answers to choose from, in order; all four when empty
	Inline   bool     // in a list or on the home page: the answers stand in one line
	Question bool     // shows the question; otherwise it is for screen readers only
	Full     bool     // the seats are taken: the answer "on site" asks for a place on the waitlist
	Closed   bool     // shows only the state
	State    string   // what is stored, in a sentence
	Waiting  bool     // the state is a place on the waitlist
	Meeting  string   // names the meeting to screen readers in a list
}

func (r RSVP) swaps() string { return strings.Join(append([]string{r.ID}, r.Also...), " ") }

func (r RSVP) class() string {
	if r.Inline {
		return "rsvp rsvp--inline"
	}
	return "rsvp"
}

func (r RSVP) offered() []string {
	if len(r.Offered) > 0 {
		return r.Offered
	}
	return []string{"on_site", "online", "maybe", "no"}
}

func (r RSVP) buttonClass(answer string) string {
	switch answer {
	case "maybe", "no":
		return "rsvp__btn rsvp__btn--" + answer
	}
	return "rsvp__btn"
}

func (r RSVP) icon(answer string) string {
	switch answer {
	case "online":
		return "video"
	case "maybe":
		return "maybe"
	case "no":
		return "close"
	}
	return "check"
}

func (r RSVP) label(p *frontend.Page, answer string) string {
	switch answer {
	case "on_site":
		if r.Full && r.Answer != "on_site" {
			return p.T("part.rsvp.waitlist")
		}
		return p.T("part.rsvp.on_site")
	case "online":
		return p.T("part.rsvp.online")
	case "maybe":
		return p.T("part.rsvp.maybe")
	}
	return p.T("part.rsvp.no")
}

func (r RSVP) stateIcon() string {
	switch {
	case r.Waiting:
		return "clock"
	case r.Answer == "on_site", r.Answer == "online":
		return "check"
	}
	return "info"
}

func pressed(on bool) string {
	if on {
		return "true"
	}
	return "false"
}
