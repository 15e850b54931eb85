package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Limits of asking for offers.
const maxAsked = 10

func offersAsked() limit { return limit{"offers", 20, 24 * time.Hour} }

// AskOffers asks several providers at once for an offer, for a town: by its welcomed people. None hears who else was asked.
// The letter goes to those who act for a provider. Of a provider that nobody acts for here the stewards get it, who know
// whom to call, and it is named back: whoever typed its entry is a stranger to it. Each person gets one letter, for all
// providers it is about.
func (s *Store) AskOffers(ctx context.Context, by Actor, providerIDs []string, subject, text string) (reached, unreached []Provider, err error) {
	var c check
	subject = c.required("subject", subject, MaxTitle)
	if text = c.text("text", text, MaxText); text == "" {
		c.add("text", "invalid.required")
	}
	slices.Sort(providerIDs)
	if providerIDs = slices.Compact(providerIDs); len(providerIDs) == 0 || len(providerIDs) > maxAsked {
		c.add("providers", "provider.choose", "Max", maxAsked)
	}
	if err := c.err(); err != nil {
		return nil, nil, err
	}
	err = s.update(ctx, "offers", func(t *tx) error {
		if err := t.once(); err != nil {
			return err
		}
		reached, unreached = nil, nil
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if !welcomed(who) {
			return denied("app.not_welcomed")
		}
		if err := t.spend(offersAsked(), who.ID); err != nil {
			return err
		}
		var letters []*Event
		letter := func(m Member, p Provider) *Event {
			at := slices.IndexFunc(letters, func(e *Event) bool { return e.Member == m.ID })
			if at < 0 {
				at = len(letters)
				letters = append(letters, &Event{Kind: EventOfferAsked, Subject: p.ID, Member: m.ID, By: who.ID, Data: map[string]string{"town": who.TownID(), "subject": subject, "text": text}})
			}
			return letters[at]
		}
		for _, id := range providerIDs {
			p, ok, err := providers().find(t, id)
			if err != nil || !ok || p.Hidden {
				return invalid("providers", "invalid.choice")
			}
			people, err := t.providing(p)
			if err != nil {
				return err
			}
			if len(people) == 0 {
				unreached = append(unreached, p)
				continue
			}
			reached = append(reached, p)
			for _, m := range people {
				addName(letter(m, p), "names", p)
			}
		}
		if len(unreached) > 0 {
			stewards, err := t.stewards()
			if err != nil {
				return err
			}
			for _, m := range stewards {
				for _, p := range unreached {
					addName(letter(m, p), "nobody", p)
				}
			}
		}
		for _, e := range letters {
			if err := t.emit(*e); err != nil {
				return err
			}
		}
		return nil
	})
	return reached, unreached, err
}

// addName adds a provider to those that an event names.
func addName(e *Event, key string, p Provider) {
	e.Data[key] = strings.TrimPrefix(e.Data[key]+", "+p.Name, ", ")
}

// providing are the members who act for a provider: those it names, and the coordinators of a town that is one, each once.
// There may be nobody; then its letters are for the stewards.
func (t *tx) providing(p Provider) ([]Member, error) {
	var found []Member
	if p.Kind == ProviderTown {
		people, err := t.coordinators(p.Town)
		if err != nil {
			return nil, err
		}
		found = people
	}
	people, err := members().many(t, p.People)
	for _, id := range p.People {
		if m := people[id]; m.State == MemberActive && !slices.ContainsFunc(found, func(had Member) bool { return had.ID == id }) {
			found = append(found, m)
		}
	}
	return found, err
}
