package server

import (
	"context"
	"strconv"
	"strings"
	"time"

	"belfry/server/mail"
	"belfry/store"
)

// appLetters tell towns about an application: a notice, a call for help, what becomes of a need.
func (p *Post) appLetters(ctx context.Context, e store.Event) ([]store.Mail, error) {
	switch e.Kind {
	case store.EventAppNotice:
		n, app, audience, err := p.Store.NoticeAudience(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		kind := "letter.app_notice."
		if n.Urgent {
			kind = "letter.app_urgent."
		}
		return p.each(audience, e, kind, "/apps/"+app.Slug+"/notices/"+n.ID, []string{n.Text}, func(string) []any {
			return []any{"App", app.Name(), "Title", n.Title, "Version", n.Version}
		})
	case store.EventNoticeHelp:
		n, app, _, err := p.Store.NoticeAudience(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		m, err := p.Store.MemberByID(ctx, e.Member)
		if err != nil {
			return nil, err
		}
		town, err := p.Store.TownByID(ctx, e.Data["town"])
		if err != nil {
			return nil, err
		}
		return p.each([]store.Member{m}, e, "letter.app_help.", "/apps/"+app.Slug+"/notices/"+n.ID, []string{e.Data["note"]}, func(lang string) []any {
			return []any{"App", app.Name(), "Title", n.Title, "Town", town.NameIn(lang)}
		})
	case store.EventNeedReached, store.EventNeedNews:
		n, audience, err := p.Store.NeedAudience(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		kind := "letter.need_reached."
		if e.Kind == store.EventNeedNews {
			kind = "letter.need_news."
		}
		return p.each(audience, e, kind, "/apps/needs/"+strconv.Itoa(n.Number), []string{e.Data["text"]}, func(string) []any { return []any{"Title", n.Title} })
	}
	return nil, nil
}

// each writes the same notice to several people, in the language of each; what people wrote stands below it as it is.
func (p *Post) each(audience []store.Member, e store.Event, kind, path string, words []string, args func(lang string) []any) ([]store.Mail, error) {
	var letters []store.Mail
	for _, m := range audience {
		if m.State != store.MemberActive || m.NoNotice || m.ID == e.By {
			continue
		}
		r := p.readerOf(m)
		with := args(r.lang.Tag())
		letter := mail.Letter{Subject: r.lang.T(kind+"subject", with...), Paragraphs: []string{r.lang.T(kind+"text", with...)},
			Button: mail.Link{Label: r.lang.T(kind + "button"), URL: p.PublicURL + path}}
		for _, text := range words {
			for _, paragraph := range strings.Split(text, "\n\n") {
				if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
					letter.Paragraphs = append(letter.Paragraphs, paragraph)
				}
			}
		}
		one, err := p.write(r, letter, true)
		if err != nil {
			return nil, err
		}
		letters = append(letters, one)
	}
	return letters, nil
}

// serviceLetters tell of contracts, requests for offers and hosting, each to one member.
func (p *Post) serviceLetters(ctx context.Context, e store.Event) ([]store.Mail, error) {
	m, err := p.Store.MemberByID(ctx, e.Member)
	if err != nil {
		return nil, err
	}
	to := []store.Member{m}
	if e.Kind == store.EventHosting {
		page, err := p.Store.HostingRequestByID(ctx, store.System(), e.Subject)
		if err != nil {
			return nil, err
		}
		words := []string{e.Data["note"]}
		if who := e.Data["nobody"]; who != "" {
			words = []string{p.readerOf(m).lang.T("letter.service_nobody", "Names", who), e.Data["note"]}
		}
		return p.each(to, e, "letter.hosting.", "/services/requests/"+e.Subject, words, func(lang string) []any {
			return []any{"App", page.App.Name(), "Town", page.Town.NameIn(lang), "Name", page.Provider.Name, "State", p.language(lang).T("hosting.state." + e.Data["state"])}
		})
	}
	provider, err := p.Store.ProviderByID(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	if e.Kind == store.EventContractEnds {
		return p.each(to, e, "letter.contract.", "/services/"+provider.Slug, nil, func(lang string) []any {
			date := e.Data["ends"]
			if day, err := time.Parse(time.DateOnly, date); err == nil {
				date = p.language(lang).DateShort(day)
			}
			return []any{"Name", provider.Name, "Date", date}
		})
	}
	town, err := p.Store.TownByID(ctx, e.Data["town"])
	if err != nil {
		return nil, err
	}
	asks, err := p.Store.MemberByID(ctx, e.By)
	if err != nil {
		return nil, err
	}
	name, words := e.Data["names"], []string{e.Data["text"]}
	if who := e.Data["nobody"]; who != "" {
		name = strings.TrimPrefix(name+", "+who, ", ")
		words = []string{p.readerOf(m).lang.T("letter.service_nobody", "Names", who), e.Data["text"]}
	}
	if name == "" { // an event of before names only its subject
		name = provider.Name
	}
	return p.each(to, e, "letter.offer_asked.", "/people/"+asks.Handle, words, func(lang string) []any {
		return []any{"Name", name, "Town", town.NameIn(lang), "Person", asks.Name, "Subject", e.Data["subject"]}
	})
}
