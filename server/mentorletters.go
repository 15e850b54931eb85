package server

import (
	"context"
	"slices"
	"strings"

	"belfry/locales"
	"belfry/server/mail"
	"belfry/store"
)

// mentorLetters are the letters of an event about mentoring. Their links lead to pages where one answers by a form; opening
// them changes nothing.
func (p *Post) mentorLetters(ctx context.Context, e store.Event) ([]store.Mail, error) {
	n, err := p.Store.MentorNotice(ctx, e)
	if err != nil {
		return nil, err
	}
	var letters []store.Mail
	for _, m := range n.To {
		r := p.readerOf(m)
		one, err := p.write(r, p.mentorLetter(r.lang, e, n), true)
		if err != nil {
			return nil, err
		}
		letters = append(letters, one)
	}
	return letters, nil
}

func (p *Post) mentorLetter(lang *locales.Language, e store.Event, n store.MentorNotice) mail.Letter {
	what, path := e.Data["what"], "/mentors/requests/"+n.Request.ID
	kind := "letter.mentor." + what + "."
	switch e.Kind {
	case store.EventMentorAsked:
		kind = "letter.mentor.asked."
	case store.EventMentorship:
		kind, path = "letter.mentorship."+what+".", "/mentorships/"+n.Mentorship.ID
	case store.EventMentorStuck:
		kind = "letter.mentor.steward_" + what + "."
	}
	args := []any{"Town", n.Town.NameIn(lang.Tag()), "Mentor", n.Mentor.NameIn(lang.Tag())}
	if n.CheckIn.ID != "" {
		args = append(args, "When", lang.Span(n.CheckIn.Local(), n.CheckIn.End()))
	}
	letter := mail.Letter{Subject: lang.T(kind+"subject", args...), Paragraphs: []string{lang.T(kind+"text", args...)},
		Button: mail.Link{Label: lang.T("letter.mentor.button"), URL: p.PublicURL + path}}
	if n.CheckIn.ID != "" {
		letter.Facts = []mail.Fact{{Label: lang.T("field.zone"), Value: strings.ReplaceAll(n.CheckIn.Zone, "_", " ")}}
	}
	if e.Kind == store.EventMentorAsked {
		letter.Paragraphs = append(letter.Paragraphs, n.Request.Message)
		letter.Facts = needFacts(lang, n)
		letter.Button.Label = lang.T("letter.mentor.asked.button")
	}
	if try := lastTry(n.Request, n.Mentor.ID); try != nil {
		switch {
		case what == string(store.TryDeclined) && try.Reason != "":
			letter.Paragraphs = append(letter.Paragraphs, try.Reason)
		case (what == "question" || what == "answer") && len(try.Talk) > 0:
			letter.Paragraphs = append(letter.Paragraphs, try.Talk[len(try.Talk)-1].Text)
		}
	}
	if e.Kind == store.EventMentorAnswered && !n.Request.Open() && what != string(store.TryAccepted) || e.Kind != store.EventMentorAnswered {
		return letter
	}
	if try := n.Request.Asked(); try != nil && try.Town != n.Mentor.ID {
		letter.Paragraphs = append(letter.Paragraphs, lang.T("letter.mentor.next"))
	}
	return letter
}

// profileLetter asks, once a year, whether what a town says about itself is still right. A profile that was confirmed
// meanwhile needs no letter.
func (p *Post) profileLetter(ctx context.Context, e store.Event) ([]store.Mail, error) {
	town, err := p.Store.TownByID(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	m, err := p.Store.MemberByID(ctx, e.Member)
	if err != nil || m.State != store.MemberActive || m.NoNotice || !m.Coordinates(town.ID) || !town.ProfileDue(p.Store.Now()) {
		return nil, err
	}
	r := p.readerOf(m)
	names, err := p.Store.SkillNames(ctx, append(slices.Clone(town.Profile.Teaches), town.Profile.Needs...))
	if err != nil {
		return nil, err
	}
	args := []any{"Town", town.NameIn(r.lang.Tag())}
	letter := mail.Letter{Subject: r.lang.T("letter.profile.subject", args...), Paragraphs: []string{r.lang.T("letter.profile.text", args...)},
		Button: mail.Link{Label: r.lang.T("letter.profile.button"), URL: p.PublicURL + "/towns/" + town.Slug + "/confirm"}}
	add := func(key, value string) {
		if value != "" {
			letter.Facts = append(letter.Facts, mail.Fact{Label: r.lang.T(key), Value: value})
		}
	}
	if town.Profile.Offers {
		add("town.field.places", r.lang.Number(town.Profile.Places))
	}
	add("town.teaches", r.lang.List(skillWords(r.lang, town.Profile.Teaches, names)))
	add("town.needs", r.lang.List(skillWords(r.lang, town.Profile.Needs, names)))
	one, err := p.write(r, letter, true)
	return []store.Mail{one}, err
}

// skillWords names skills in a language.
func skillWords(lang *locales.Language, ids []string, names map[string]store.Skill) []string {
	var words []string
	for _, id := range ids {
		name, _ := names[id].NameIn(lang.Tag())
		words = append(words, name)
	}
	return words
}

// lastTry is how a request last asked a town.
func lastTry(q store.MentorRequest, townID string) *store.Try {
	for _, try := range slices.Backward(q.Tries) {
		if try.Town == townID {
			return &try
		}
	}
	return nil
}

// needFacts are what a town looks for, in a letter.
func needFacts(lang *locales.Language, n store.MentorNotice) []mail.Fact {
	var apps, skills, tongues []string
	for _, id := range n.Request.Need.Apps {
		apps = append(apps, n.Apps[id].Name())
	}
	skills = skillWords(lang, n.Request.Need.Skills, n.Skills)
	for _, tag := range n.Request.Need.Speaks {
		tongues = append(tongues, lang.T("language."+tag))
	}
	var facts []mail.Fact
	for _, one := range []struct {
		label string
		words []string
	}{{"mentor.field.apps", apps}, {"mentor.field.skills", skills}, {"mentor.field.speaks", tongues}} {
		if len(one.words) > 0 {
			facts = append(facts, mail.Fact{Label: lang.T(one.label), Value: lang.List(one.words)})
		}
	}
	if n.Town.Population > 0 {
		facts = append(facts, mail.Fact{Label: lang.T("town.population"), Value: lang.Number(n.Town.Population)})
	}
	return facts
}
