package pages

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"belfry/frontend"
	"belfry/frontend/parts"
	"belfry/store"
)

// sinceWords writes a year, a month or a day as a language does.
func sinceWords(p *frontend.Page, since string) string {
	switch len(since) {
	case len("2006-01"):
		if day, err := time.Parse("2006-01", since); err == nil {
			return p.Lang.MonthYear(day)
		}
	case len(time.DateOnly):
		if day, err := time.Parse(time.DateOnly, since); err == nil {
			return p.Lang.DateShort(day)
		}
	}
	return since
}

func hostingWords(p *frontend.Page, row store.AppUseRow) string {
	if row.Use.Hosting == store.HostingUnknown {
		return ""
	}
	return p.T("app.hosting." + string(row.Use.Hosting))
}

// hostOptions are the providers that a town may name as hosts, after none.
func hostOptions(p *frontend.Page, all []store.Provider) []parts.Option {
	options := []parts.Option{{Label: p.T("app.host_none")}}
	for _, one := range all {
		options = append(options, parts.Option{Value: one.ID, Label: one.Name})
	}
	return options
}

func releasedWords(p *frontend.Page, day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return " (" + p.Lang.DateShort(at) + ")"
}

// spokenLanguages are the languages of an application: those of the page in words of the page's, others by their tag.
func spokenLanguages(p *frontend.Page, tags []string) string {
	var names []string
	for _, tag := range tags {
		base, _, _ := strings.Cut(tag, "-")
		name := tag
		if slices.Contains(store.Languages(), base) {
			name = p.T("app.language." + base)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return p.Lang.List(names)
}

func dependencyNames(s store.Software) string {
	var names []string
	for _, one := range slices.Concat(s.Open, s.Proprietary) {
		names = append(names, one.Name)
	}
	return strings.Join(names, ", ")
}

// hostOf is the host of an address, to be read.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return u.Host
}
