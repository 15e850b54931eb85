package pages

import (
	"strconv"

	"belfry/frontend"
	"belfry/frontend/markdown"
	"belfry/store"
)

// ThreadScreen is one page of a thread.
type ThreadScreen struct {
	store.ThreadPage
	Reply frontend.Form // source, lang, once
	Own   store.OwnThread
	Me    store.Member // the reader, zero for visitors
	Demo  bool
}

// With completes the page with what the reader has of their own.
func (v ThreadScreen) With(own any) ThreadScreen {
	o, ok := own.(Own)
	if !ok {
		return v
	}
	if v.Me = o.Reader; o.Thread == nil {
		return v
	}
	v.Own = *o.Thread
	if v.Reply.Values == nil {
		v.Reply = DraftForm(v.Own.Draft)
	}
	return v
}

// DraftForm is a form with what a draft holds.
func DraftForm(d store.Draft) frontend.Form {
	f := frontend.Form{Values: map[string]string{"once": d.ID, "source": d.Source, "lang": d.Lang, "title": d.Title, "category": d.Category, "tags": d.Tags}}
	if d.Question {
		f.Values["question"] = "1"
	}
	return f
}

// postFoot is what stands under a post, and the line before the first new one.
type postFoot struct {
	screen ThreadScreen
	row    store.PostRow
	next   int // seq of the post that follows on the page, 0 for none
}

func (f postFoot) With(own any) postFoot {
	f.screen = f.screen.With(own)
	return f
}

// Common says whether nothing in it is the reader's own: neither what they wrote nor what they said to it, no right that
// others of their class do not have, and no line before what is new.
func (f postFoot) Common() bool {
	me, d := f.screen.Me.ID, f.screen.Thread
	return me == "" || !f.mine() && len(f.screen.Own.Said[f.row.Post.ID]) == 0 && !f.newHere() && (f.screen.Moderate || !d.Question || d.Author != me) &&
		(f.row.Post.Hidden == nil || f.row.Post.Hidden.By != me)
}

// mine says whether the reader wrote the post.
func (f postFoot) mine() bool { return f.screen.Me.ID != "" && f.row.Post.Author == f.screen.Me.ID }

// mayEdit says whether a link to edit the post is shown; the store asks again.
func (f postFoot) mayEdit() bool {
	return f.screen.Moderate || f.mine() && !f.screen.Thread.Closed && f.row.Post.Hidden == nil
}

func (f postFoot) mayAccept() bool {
	d := f.screen.Thread
	return d.Question && f.row.Post.Seq > 1 && f.row.Post.Hidden == nil && f.screen.Me.ID != "" && (f.screen.Moderate || d.Author == f.screen.Me.ID)
}

// said says whether the reader reacted so.
func (f postFoot) said(kind store.ReactionKind) bool {
	for _, one := range f.screen.Own.Said[f.row.Post.ID] {
		if one == kind {
			return true
		}
	}
	return false
}

// newHere says whether the post that follows is the reader's first new one.
func (f postFoot) newHere() bool { return f.next > 0 && f.next == f.screen.Own.First }

// pageHref is a page of the thread.
func (v ThreadScreen) pageHref(page int) string {
	if page <= 1 {
		return threadHref(v.Thread)
	}
	return threadHref(v.Thread) + "?page=" + strconv.Itoa(page)
}

// at is the address of a post on its page.
func (v ThreadScreen) at(seq int) string {
	return v.pageHref(store.PageOf(seq)) + "#p" + strconv.Itoa(seq)
}

// action is where a form about the thread is sent.
func (v ThreadScreen) action(what string) string {
	return "/t/" + strconv.Itoa(v.Thread.Number) + "/" + v.Thread.Slug + "/do/" + what
}

// act is where a form about a post is sent.
func (f postFoot) act(what string) string {
	return "/t/" + strconv.Itoa(f.screen.Thread.Number) + "/" + f.screen.Thread.Slug + "/" + strconv.Itoa(f.row.Post.Seq) + "/" + what
}

// withRefs fills titles and states into the short codes of a stored text.
func withRefs(p *frontend.Page, html string, refs map[string]store.Ref) string {
	return markdown.Refer(html, func(code string) (markdown.Ref, bool) {
		ref, ok := refs[code]
		if !ok {
			return markdown.Ref{}, false
		}
		out := markdown.Ref{Title: ref.Title, Lang: ref.Lang, State: refState(p, ref)}
		switch ref.Kind {
		case "thread":
			out.Href = threadHref(ref.Thread)
		case "meeting":
			out.Href = meetingHref(ref.Meeting)
		case "item":
			out.Href = meetingHref(ref.Meeting) + "#agenda"
		case "app":
			out.Href = "/apps/" + ref.App.Slug
		}
		return out, true
	})
}

// refState is the state of a named record in a word, "" when it says nothing.
func refState(p *frontend.Page, ref store.Ref) string {
	switch ref.Kind {
	case "thread":
		if ref.State == "open" {
			return ""
		}
		return p.T("thread.state." + ref.State)
	case "decision", "item":
		switch outcome := store.ItemOutcome(ref.State); outcome {
		case store.OutcomeWithdrawn:
			return p.T("decision.gone")
		case store.OutcomeAccepted, store.OutcomeChanged, store.OutcomeRefused, store.OutcomePostponed, store.OutcomeNoted:
			return outcomeWords(p, outcome)
		}
	case "action":
		return p.T("actions.filter." + ref.State)
	}
	return ""
}

// postLabel names who wrote, for the label of a post.
func postLabel(p *frontend.Page, row store.PostRow) string {
	return p.T("post.label", "N", row.Post.Seq, "Name", row.Author.Name)
}

// townOf is the town a post was written for, and not the author's of today.
func townOf(row store.PostRow) (store.Town, bool) { return row.Town, row.Town.ID != "" }

// reactionSign is the icon of a word one can say.
func reactionSign(kind store.ReactionKind) string {
	switch kind {
	case store.UsToo:
		return "hands"
	case store.Thanks:
		return "heart"
	}
	return "check"
}
