package server_test

import (
	"testing"

	"belfry/server/browsertest"
	"belfry/store"
)

// TestBrowserDiscussion is a question's life in a real browser: asked, answered with code and a quote, accepted, followed,
// a draft taken up on another device, found again by a word; once with scripts and once without.
func TestBrowserDiscussion(t *testing.T) {
	for _, scripts := range []bool{true, false} {
		t.Run(map[bool]string{true: "with scripts", false: "without scripts"}[scripts], func(t *testing.T) { discuss(t, newVillage(t), scripts) })
	}
}

func discuss(t *testing.T, v *village, scripts bool) {
	open := func(handle string) *browsertest.Tab {
		tab := browsertest.New(t)
		tab.Language("fr")
		tab.Scripts(scripts)
		v.enter(t, tab, handle)
		return tab
	}
	asks, answers := open("elise-delvaux"), open("hugo-servais")

	asks.Open(v.address + "/discussions")
	asks.Follow(`a[href="/discussions/new"]`)
	asks.Fill("#title", "Comment dater un quadrilobe ?")
	asks.Open(v.address + "/discussions/new?category=entraide")
	asks.Fill("#title", "Comment dater un quadrilobe ?")
	asks.Click("#question")
	asks.Fill("#source", "Avec `date`, sans doute ?\n\n```sql\nSELECT now();\n```")
	if scripts {
		asks.WaitText("[data-preview]", "SELECT now()")
	}
	asks.Follow(`#write button[value="preview"]`)
	asks.WaitText(".sheet", "SELECT now()")
	asks.Follow(`#write .btn--primary`)
	asks.WaitText("h1", "Comment dater un quadrilobe")
	path := asks.Path()

	answers.Open(v.address + "/unread")
	answers.WaitText("#news", "Comment dater un quadrilobe")
	answers.Follow(`#news a[href^="` + path + `"]`)
	answers.WaitText("#p1", "SELECT now()")
	answers.Open(v.address + path + "?quote=1#reply")
	if scripts {
		answers.WaitFor("post-toolbar button")
	}
	quoted := answers.Value("#source")
	if len(quoted) < 20 || quoted[0] != '>' {
		t.Errorf("the quote is %q", quoted)
	}
	answers.Fill("#source", quoted+"\n\nOui, voyez #1.")
	answers.Follow(`#reply .btn--primary`)
	answers.WaitText("#p2", "Oui, voyez")
	answers.WaitText("#p2 a.ref", "12 ans de délibérations") // the title behind #1

	if scripts { // a draft goes from one device to another
		answers.Fill("#source", "Encore un mot")
		answers.WaitText("[data-draft-state]", "brouillon enregistré")
		other := open("hugo-servais")
		other.Open(v.address + path)
		if got := other.Value("#source"); got != "Encore un mot" {
			t.Errorf("on the other device the draft is %q", got)
		}
	}

	asks.Open(v.address + path)
	asks.Follow(`#p2 button[formaction$="/accept"]`)
	asks.WaitText("#p2", "Réponse choisie")
	reaction := `#p2 button[formaction$="/react"][value="thanks"]`
	if scripts {
		asks.Click(reaction)
		asks.WaitFor(`#p2 button[formaction$="/react"][value="thanks"][aria-pressed="true"]`)
	} else {
		asks.Follow(reaction)
		asks.WaitFor(`#p2 button[formaction$="/react"][value="thanks"][aria-pressed="true"]`)
	}
	asks.Click(`aside input[value="muted"]`)
	asks.Follow(`form[action$="/do/follow"] button`)
	asks.WaitFor(`aside input[value="muted"][checked]`)
	list, err := v.Threads(ctx, store.Visitor(), store.ThreadQuery{Solved: true, Limit: 5})
	ok(t, err)
	if len(list.Rows) == 0 || list.Rows[0].Thread.Accepted != 2 {
		t.Error("the question is not solved")
	}

	ok(t, v.follower.CatchUp(ctx))
	finds := browsertest.New(t)
	finds.Language("fr")
	finds.Scripts(scripts)
	finds.Open(v.address + "/discussions")
	if scripts {
		finds.Fill("#site-search", "quadrilob")
		finds.WaitText(".suggest", "Comment dater un quadrilobe")
	}
	finds.Open(v.address + "/search?q=quadrilobes")
	finds.WaitText("main", "Comment dater un quadrilobe")
	finds.WaitText("mark", "quadrilobe")
}
