package pages

import (
	"time"

	"belfry/frontend"
	"belfry/store"
)

// pointWords is what speaks for a candidate, or does not, in the reader's language; one point may be two sentences.
func pointWords(p *frontend.Page, v store.MentorSearch, point store.Point) []string {
	side := "mentor.weak."
	if point.Good {
		side = "mentor.point."
	}
	switch point.What {
	case store.ByNeeds:
		var all []string
		if len(point.Apps) > 0 {
			all = append(all, p.T(side+"apps", "Names", p.Lang.List(appNames(point.Apps, v.Apps))))
		}
		if len(point.Skills) > 0 {
			all = append(all, p.T(side+"skills", "Names", p.Lang.List(skillWords(p, point.Skills, v.Skills))))
		}
		return all
	case store.ByLanguage:
		return []string{p.T("mentor.point.language", "Names", languageList(p, point.Langs))}
	case store.ByDistance:
		if !point.Good && point.Of > 0 {
			return []string{p.T("mentor.weak.distance_wished", "Km", p.Lang.Number(point.N), "Wished", point.Of)}
		}
		return []string{p.T("mentor.distance", "Km", p.Lang.Number(point.N))}
	case store.BySize:
		return []string{p.T(side+"size", "N", p.Lang.Number(point.N))}
	case store.ByStaff, store.ByHosting:
		return []string{p.T(side + string(point.What))}
	case store.ByFormer:
		if !point.Good {
			return []string{p.T("mentor.weak.former")}
		}
		return []string{p.Lang.N("mentor.point.former", point.N)}
	case store.ByAnswers:
		return []string{p.Lang.N(side+"answers", point.N)}
	case store.ByFairness:
		return []string{p.Lang.N("mentor.weak.fairness", point.N)}
	}
	return []string{p.Lang.N("mentor.point.places", point.N)}
}

func appNames(ids []string, known map[string]store.App) []string {
	var names []string
	for _, id := range ids {
		if app, ok := known[id]; ok {
			names = append(names, app.Name())
		}
	}
	return names
}

func skillWords(p *frontend.Page, ids []string, known map[string]store.Skill) []string {
	var names []string
	for _, id := range ids {
		if skill, ok := known[id]; ok {
			name, _ := skill.NameIn(p.Lang.Tag())
			names = append(names, name)
		}
	}
	return names
}

func languageList(p *frontend.Page, tags []string) string {
	var names []string
	for _, tag := range tags {
		names = append(names, p.T("language."+tag))
	}
	return p.Lang.List(names)
}

// fact is a line of a list of facts.
type fact struct{ label, value string }

// needFacts are a need in words.
func needFacts(p *frontend.Page, need store.MentorNeed, apps map[string]store.App, skills map[string]store.Skill) []fact {
	var all []fact
	add := func(label, value string) {
		if value != "" {
			all = append(all, fact{p.T(label), value})
		}
	}
	add("mentor.field.apps", p.Lang.List(appNames(need.Apps, apps)))
	add("mentor.field.skills", p.Lang.List(skillWords(p, need.Skills, skills)))
	if len(all) == 0 {
		add("mentor.field.needs", p.T("mentor.open_need"))
	}
	if need.Hosting != store.HostingUnknown {
		add("mentor.field.hosting", p.T("town.hosting."+string(need.Hosting)))
	}
	if need.Staff != store.StaffUnknown {
		add("town.staff_label", p.T("town.staff."+string(need.Staff)))
	}
	if need.Budget != store.BudgetUnknown {
		add("mentor.field.budget", p.T("mentor.budget."+string(need.Budget)))
	}
	add("mentor.field.speaks", languageList(p, need.Speaks))
	if need.Near > 0 {
		add("mentor.field.near", p.T("mentor.km", "Km", need.Near))
	}
	add("mentor.field.note", need.Note)
	return all
}

// askedHeading says where a request stands.
func askedHeading(p *frontend.Page, q store.MentorRequest, towns map[string]store.Town) string {
	name := func(id string) string { return towns[id].NameIn(p.Lang.Tag()) }
	switch q.State {
	case store.RequestAsking:
		if try := q.Asked(); try != nil {
			return p.T("mentor.state.asking", "Town", name(try.Town))
		}
	case store.RequestMatched:
		return p.T("mentor.state.matched", "Town", name(q.Tries[len(q.Tries)-1].Town))
	}
	return p.T("mentor.state." + string(q.State))
}

// whatNext says what happens next with a request.
func whatNext(p *frontend.Page, q store.MentorRequest, towns map[string]store.Town) string {
	try := q.Asked()
	switch {
	case try != nil && try.Due.IsZero():
		return p.T("mentor.next.answer", "Town", towns[try.Town].NameIn(p.Lang.Tag()))
	case try != nil:
		return p.T("mentor.next.silence", "Date", p.Lang.Date(try.Due.In(time.UTC)), "Town", towns[try.Town].NameIn(p.Lang.Tag()))
	case q.Open():
		return p.T("mentor.next." + string(q.State))
	}
	return ""
}

// tryWords is what became of asking one town.
func tryWords(p *frontend.Page, try store.Try) string {
	if try.Outcome == store.TryOpen {
		return p.T("mentor.try.open")
	}
	return p.T("mentor.try." + string(try.Outcome))
}
