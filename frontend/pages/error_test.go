package pages

import (
	"context"
	"strings"
	"testing"
	"time"

	"belfry/frontend"
	"belfry/frontend/parts"
	"belfry/locales"

	"github.com/a-h/templ"
)

// everyLanguage is a signed-out page in each language.
func everyLanguage(t *testing.T) []*frontend.Page {
	t.Helper()
	assets, err := frontend.Load()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	var all []*frontend.Page
	for _, lang := range catalogue.Languages() {
		all = append(all, &frontend.Page{Lang: lang, Languages: catalogue.Languages(), Assets: assets, Path: "/", Now: time.Unix(1_800_000_000, 0)})
	}
	return all
}

func rendered(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryErrorHasItsWords(t *testing.T) {
	for _, p := range everyLanguage(t) {
		seen := map[string]int{}
		for _, status := range []int{400, 401, 403, 404, 405, 409, 410, 413, 415, 421, 429, 500, 502, 503, 507} {
			e := ErrorPage{Status: status, Request: "req-1"}
			page := e.Titled(*p)
			html := rendered(t, Error(page, e))
			if strings.Contains(html, "⟦") || page.Title == "" || !strings.Contains(html, "<h1>"+templ.EscapeString(page.Title)+"</h1>") {
				t.Errorf("%s %d has no title of its own", p.Lang.Tag(), status)
			}
			if shown := strings.Contains(html, "req-1"); shown != (status >= 500) {
				t.Errorf("%s %d: reference shown: %v", p.Lang.Tag(), status, shown)
			}
			if !strings.Contains(html, `href="/"`) {
				t.Errorf("%s %d leads nowhere", p.Lang.Tag(), status)
			}
			seen[page.Title]++
		}
		if len(seen) != len(statuses) {
			t.Errorf("%s: %d different titles for %d errors", p.Lang.Tag(), len(seen), len(statuses))
		}
	}
}

func TestErrorsMayBringTheirOwnWords(t *testing.T) {
	p := everyLanguage(t)[0]
	e := ErrorPage{Status: 409, Title: "Trop <tard>", Text: "Réponses closes", Action: &parts.Button{Label: "Voir", Href: "/meetings/x"}}
	html := rendered(t, Error(e.Titled(*p), e))
	for _, want := range []string{"<title>Trop &lt;tard&gt; – Belfry</title>", "Réponses closes", `href="/meetings/x"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestConfirmationPostsWhatItWasGiven(t *testing.T) {
	for _, p := range everyLanguage(t) {
		p.CSRF, p.Title = "abc", "Annuler la réunion ?"
		html := rendered(t, Confirm(p, ConfirmPage{
			Title: p.Title, Text: `"<b>31</b>" personnes`, Action: "/meetings/x/cancel", Back: "/meetings/x", Button: "Annuler la réunion",
			Fields: []HiddenField{{Name: "reason", Value: `"><script>`}},
		}))
		for _, want := range []string{`action="/meetings/x/cancel"`, `method="post"`, `name="csrf" value="abc"`, `name="reason" value="&#34;&gt;&lt;script&gt;"`, "&lt;b&gt;31", `href="/meetings/x"`, "btn--danger"} {
			if !strings.Contains(html, want) {
				t.Errorf("%s: the page lacks %s", p.Lang.Tag(), want)
			}
		}
		if strings.Contains(html, "⟦") {
			t.Errorf("%s: a text is missing", p.Lang.Tag())
		}
	}
}
