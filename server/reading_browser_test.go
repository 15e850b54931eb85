package server_test

import (
	"strconv"
	"strings"
	"testing"

	"belfry/server/browsertest"
	"belfry/store"
)

// TestBrowserReading quotes selected words, which link to their post, and is told of news without being moved.
func TestBrowserReading(t *testing.T) {
	v := newVillage(t)
	tab := browsertest.New(t)
	tab.Language("fr")
	v.enter(t, tab, "elise-delvaux")
	list, err := v.Threads(ctx, store.Visitor(), store.ThreadQuery{Solved: true, Limit: 1})
	ok(t, err)
	d := list.Rows[0].Thread
	page, err := v.ThreadPage(ctx, store.Visitor(), d.Number, 1)
	ok(t, err)
	tab.Open(v.address + "/t/" + strings.TrimPrefix(d.Code(), "#") + "/" + d.Slug)
	tab.WaitFor("post-toolbar button")
	tab.Until(`customElements.get("thread-news") !== undefined`)

	words := browsertest.Eval[string](tab, `(() => {
		const text = document.createTreeWalker(document.querySelector("#p2 .post__body"), NodeFilter.SHOW_TEXT).nextNode();
		const range = document.createRange();
		range.setStart(text, 0);
		range.setEnd(text, Math.min(20, text.length));
		getSelection().removeAllRanges();
		getSelection().addRange(range);
		return String(getSelection());
	})()`)
	tab.Until(`(document.querySelector("#p2 a[data-quote]").click(), true)`)
	quoted := tab.Value("#source")
	if want := "> " + page.Posts[1].Author.Name + ", " + d.Code() + "/2\n>\n> " + strings.TrimSpace(words); strings.TrimSpace(quoted) != want {
		t.Errorf("quoted is %q, want %q", quoted, want)
	}
	tab.WaitFor(`[data-preview] blockquote a.postref[href$="/2"]`)

	before := browsertest.Eval[[]float64](tab, `(document.querySelector("#source").scrollIntoView({block: "center"}), [scrollY, document.querySelector("#source").getBoundingClientRect().top, document.documentElement.scrollHeight])`)
	other, err := v.MemberByHandle(ctx, "hugo-servais")
	ok(t, err)
	opened, err := v.Reply(ctx, store.As(other.ID), d.ID, store.PostInput{Source: "Une nouvelle", Lang: "fr"})
	ok(t, err)
	tab.Until(`(document.dispatchEvent(new Event("visibilitychange")), document.querySelector("thread-news a") !== null)`)
	after := browsertest.Eval[[]float64](tab, `[scrollY, document.querySelector("#source").getBoundingClientRect().top, document.documentElement.scrollHeight]`)
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("the news moved the page: %v, then %v", before, after)
			break
		}
	}
	tab.Until(`(() => { const box = document.querySelector("thread-news a").getBoundingClientRect(); return box.width > 0 && box.bottom <= innerHeight; })()`)
	tab.Screenshot("thread-news")
	tab.Follow("thread-news a")
	tab.Until(`location.hash === "#p` + strconv.Itoa(opened.Post.Seq) + `"`)
	if got := tab.Value("#source"); strings.TrimSpace(got) != strings.TrimSpace(quoted) {
		t.Errorf("what was being written is %q", got)
	}
}

// TestBrowserReadersInEveryLanguage looks at lists and threads as people see them: two widths, two themes, two languages.
func TestBrowserReadersInEveryLanguage(t *testing.T) {
	v := newVillage(t)
	for _, width := range []int{360, 1280} {
		for _, lang := range []string{"fr", "de"} {
			tab := browsertest.New(t)
			tab.Language(lang)
			tab.SetViewport(width, 900)
			tab.Dark(lang == "de")
			screens := map[string]string{"threads": "/discussions", "thread": "/t/1", "found": "/search?q=gemeenten"}
			if lang == "fr" { // hers: a member's own language counts
				v.enter(t, tab, "anne-baudoux")
				screens["assign"], screens["moderate"] = "/t/1/x/do/assign", "/t/1/x/do/moderate"
			}
			for name, path := range screens {
				tab.Open(v.address + path)
				tab.WaitFor("main h1")
				if scroll := tab.HorizontalScroll(); scroll != "" {
					t.Errorf("%s at %d in %s: %s", name, width, lang, scroll)
				}
				tab.NoViolations(name + " in " + lang)
				tab.Screenshot(name + "-" + lang + "-" + strconv.Itoa(width))
			}
		}
	}
}
