package server

import (
	"context"
	"fmt"

	"belfry/frontend/markdown"
	"belfry/server/mail"
	"belfry/store"
)

// excerptInLetter is how much of a post a letter shows, in characters.
const excerptInLetter = 600

// postLetters tells those who follow a thread closely, or are mentioned, of its new posts. What they have read, or were
// written about before, is left out: several posts of a few minutes make one letter.
func (p *Post) postLetters(ctx context.Context, e store.Event) ([]store.Mail, error) {
	d, _, told, err := p.Store.Followers(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	var letters []store.Mail
	for _, m := range told {
		rows, err := p.Store.ToTell(ctx, m.ID, e.Subject)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			continue
		}
		r := p.readerOf(m)
		letter := mail.Letter{Subject: r.lang.T("letter.posts.subject", "Title", d.Title), Heading: d.Title,
			Button: mail.Link{Label: r.lang.T("letter.posts.button"), URL: p.PublicURL + postPath(d, rows[0].Post.Seq)}}
		for _, row := range rows {
			letter.Paragraphs = append(letter.Paragraphs, r.lang.T("letter.posts.one", "Name", row.Author.Name, "Text", markdown.Excerpt(row.Post.HTML, excerptInLetter)))
		}
		one, err := p.write(r, letter, true)
		if err != nil {
			return nil, err
		}
		one.Thread, one.Seq = d.ID, rows[len(rows)-1].Post.Seq
		letters = append(letters, one)
	}
	return letters, nil
}

// threadLetter tells one member what became of their post or thread.
func (p *Post) threadLetter(ctx context.Context, e store.Event) ([]store.Mail, error) {
	m, err := p.Store.MemberByID(ctx, e.Member)
	if err != nil || m.State != store.MemberActive || m.NoNotice && e.Kind != store.EventModerated {
		return nil, err
	}
	r, where := p.readerOf(m), p.PublicURL+"/discussions"
	kind, title := "letter.moderated.", ""
	switch e.Kind {
	case store.EventAccepted:
		kind = "letter.accepted."
		d, post, _, err := p.Store.Followers(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		title, where = d.Title, p.PublicURL+postPath(d, post.Seq)
	default:
		if e.Kind == store.EventAssigned {
			kind = "letter.assigned."
		} else if what := e.Data["what"]; what == "released" || what == "refused" {
			kind = "letter." + what + "."
		}
		d, err := p.Store.ThreadFor(ctx, m.ID, e.Subject)
		if err != nil && store.KindOf(err) != store.NotFound {
			return nil, err
		}
		if err == nil {
			title, where = d.Title, p.PublicURL+threadPath(d)
		}
	}
	by, err := p.Store.MemberByID(ctx, e.By)
	if err != nil && store.KindOf(err) != store.NotFound {
		return nil, err
	}
	args := []any{"Title", title, "Name", by.Name, "What", p.actWord(r, e), "Reason", e.Data["reason"], "Text", e.Data["text"]}
	text := r.lang.T(kind+"text", args...)
	if id := e.Data["town"]; id != "" && e.Kind == store.EventAssigned {
		town, err := p.Store.TownByID(ctx, id)
		if err != nil {
			return nil, err
		}
		text = r.lang.T("letter.assigned.town", append(args, "Town", town.NameIn(r.lang.Tag()))...)
	}
	letter := mail.Letter{Subject: r.lang.T(kind+"subject", args...), Paragraphs: []string{text},
		Button: mail.Link{Label: r.lang.T(kind + "button"), URL: where}}
	if reason := e.Data["reason"]; reason != "" {
		letter.Paragraphs = append(letter.Paragraphs, r.lang.T("letter.moderated.reason", "Reason", reason))
	}
	one, err := p.write(r, letter, e.Kind != store.EventModerated)
	return []store.Mail{one}, err
}

// actWord says what a moderator did.
func (p *Post) actWord(r reader, e store.Event) string {
	what := e.Data["what"]
	switch what {
	case "", "released", "refused":
		return ""
	case "edited":
		return r.lang.T("moderation.act.edited")
	}
	var kind string
	if n, _ := fmt.Sscanf(what, "undo_%s", &kind); n == 1 {
		return r.lang.T("moderation.act.undone", "What", r.lang.T("moderation.act."+kind))
	}
	return r.lang.T("moderation.act." + what)
}
