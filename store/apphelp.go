package store

import (
	"slices"
	"strings"
)

// AppHelp is who can help a town with an application.
type AppHelp struct {
	Providers []Provider // shown ones that offer services for it, by name
	Mentors   []Town     // that run it, help newcomers and have a place free, by name
	More      bool       // there are more mentors
}

// listedMentors is how many mentors an application's page names.
const listedMentors = 8

// fillHelp finds who can help. There is no other order than that of names: nobody pays for a place.
func (p *AppPage) fillHelp(t *tx, all *roll) error {
	err := providers().each(t, func(one Provider) error {
		if !one.Hidden && slices.Contains(one.Apps, p.App.ID) {
			p.Help.Providers = append(p.Help.Providers, one)
		}
		return nil
	})
	slices.SortStableFunc(p.Help.Providers, func(a, b Provider) int { return strings.Compare(sortName(a.Name), sortName(b.Name)) })
	for _, one := range all.all {
		if !one.Helps(t.now) || one.free() == 0 || !one.runs(p.App.ID) {
			continue
		}
		if len(p.Help.Mentors) == listedMentors {
			p.Help.More = true
			break
		}
		p.Help.Mentors = append(p.Help.Mentors, one.Town)
	}
	return err
}

// runs says whether a town runs an application.
func (one *enrolled) runs(appID string) bool {
	return slices.ContainsFunc(one.uses, func(u AppUse) bool { return u.App == appID && u.State == UseRunning })
}
