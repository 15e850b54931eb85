package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// TestKnownWeaknesses tries on texts what has broken other software of this kind. The ids are those of our list of cases
// (SECURITY.md), where each is named with the tests that show it.
func TestKnownWeaknesses(t *testing.T) {
	for name, attack := range map[string]func(*testing.T, forum){
		"A06 an answer for programs is no page": answersForPrograms, "A08 nobody keeps what is one's own": nobodyKeeps, "A18 script through Markdown": scriptThroughMarkdown,
		"A19 script in a name": scriptInNames, "A20 script in filters and errors": scriptInFilters, "A24 markup in a title reaches letters": markupInLetters,
		"A25 line breaks in a title": lineBreaks, "A30 a post of another thread": foreignPosts, "A38 slow texts": slowTexts, "A43 more fields than asked for": moreFields,
	} {
		t.Run(name, func(t *testing.T) { attack(t, newForum(t)) })
	}
}

func answersForPrograms(t *testing.T, h forum) {
	h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	evil := "<script>evil()</script>"
	h.basile.header = map[string][]string{"Accept": {"text/html"}}
	for _, path := range []string{"/search.json?q=" + url.QueryEscape(evil), "/people/suggest.json?q=" + url.QueryEscape(evil), "/t/1/news.json?x=" + url.QueryEscape(evil), "/towns/search.json?q=" + url.QueryEscape(evil)} {
		got := h.basile.get(path)
		if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s is %q", path, kind)
		}
		got.lacks(t, "<script")
	}
}

func nobodyKeeps(t *testing.T, h forum) {
	path := h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	for _, page := range []string{path, "/discussions", "/unread", "/people/suggest.json?q=al", "/search?q=a", path + "/style.css"} {
		if got := h.alma.get(page); !strings.Contains(got.Header.Get("Cache-Control"), "no-store") && !strings.Contains(got.Header.Get("Cache-Control"), "private") {
			t.Errorf("%s of a member: %d, Cache-Control %q", page, got.StatusCode, got.Header.Get("Cache-Control"))
		}
	}
	h.alma.get(path)
	h.visitor().get(path).lacks(t, "Alma Testeuse</span></summary>", `name="source"`)
}

func scriptThroughMarkdown(t *testing.T, h forum) {
	path := h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	attacks := []string{"<ScRiPt>evil()</sCrIpT>", "<ſcript>evil()</ſcript><evil>", "<style><evil></style><option><evil>", `<a href="x" href="javascript:evil()">x</a>`, `[x](javaſcript:evil())`,
		"[x](JAVASCRIPT&colon;evil())", "[x](java\tscript:evil())", "[x](data:text/html,<evil>)", "![x](x\" onerror=\"evil())", "<math><mi><mglyph><style><evil>", "[x]: javascript:evil()\n\n[x]",
		"<https://x\" onclick=\"evil()>", "```\"><evil>\n<evil>\n```", "| <evil> |\n|---|\n| `<evil>` |", "[^<evil>]\n\n[^<evil>]: <evil>", "@<evil> #1<evil> 2026-014<evil>", "<svg><script href=data:,evil() /></svg>"}
	for _, attack := range attacks {
		if found := spoiled(h.basile.post("/preview/post", values("source", attack, "lang", "fr")).body); found != "" {
			t.Errorf("%q in the preview: %s", attack, found)
		}
		h.Clock.Add(time.Minute)
		h.basile.post(path+"/do/reply", values("source", attack, "lang", "fr")).holds(t, 303)
	}
	for _, page := range []string{path, "/t/1.atom", "/unread", path + "/2/history", path + "?quote=3"} {
		if found := spoiled(h.alma.get(page).body); found != "" {
			t.Errorf("%s: %s", page, found)
		}
	}
}

func scriptInNames(t *testing.T, h forum) {
	h.alma.post("/settings/profile", values("name", `Al<evil>ma "><evil x='`, "language", "fr", "zone", "Europe/Brussels", "notices", "1"))
	path := h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	for _, page := range []string{path, "/discussions", "/unread", path + "?quote=1", "/t/1.atom", "/people/alma-testeuse", path + "/1/history"} {
		got := h.basile.get(page)
		if found := spoiled(got.body); found != "" || got.StatusCode != 200 {
			t.Errorf("%s: %d %s", page, got.StatusCode, found)
		}
	}
}

func scriptInFilters(t *testing.T, h forum) {
	path := h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	evil := url.QueryEscape(`"><evil x='`)
	for _, page := range []string{"/discussions?view=", "/discussions?lang=", "/discussions?tag=", "/discussions?after=", "/unread?since=", "/unread?after=", path + "?page=", path + "?quote=",
		"/search?q=x&kind=", "/search?category=", "/search?town=", "/search?person=", "/search?from=", "/search?page=", "/people/suggest.json?q=", "/discussions/new?category=", path + "/1/translate?lang=", "/t/" + evil + "?", "/discussions.atom?lang="} {
		got := h.alma.get(page + evil)
		if found := spoiled(got.body); found != "" || got.StatusCode >= 500 {
			t.Errorf("%s: %d %s", page, got.StatusCode, found)
		}
	}
}

func markupInLetters(t *testing.T, h forum) {
	written := newOffice(t, h)
	title := `<evil onclick=1>Budget</evil> & "co"`
	opened, err := h.OpenThread(ctx, store.As(h.author.ID), store.ThreadInput{Title: title, Category: h.public.Slug, PostInput: store.PostInput{Source: "Bonjour @basile-essai <evil>", Lang: "fr"}})
	ok(t, err)
	ok(t, h.Assign(ctx, store.System(), opened.Thread.ID, h.reader.ID, ""))
	all := written()
	if len(all) != 2 {
		t.Fatalf("%d letters", len(all))
	}
	for _, m := range all {
		if strings.Contains(m.HTML, "<evil") || strings.Contains(m.Subject, "&lt;") || !strings.Contains(m.Subject, title) || !strings.Contains(m.Text, title) {
			t.Errorf("%s: subject %q", m.Kind, m.Subject)
		}
	}
}

func lineBreaks(t *testing.T, h forum) {
	for _, title := range []string{"Sujet\r\nBcc: tous@exemple.example", "Sujet\nX: y", "Sujet\u2028Bcc: x", "Sujet\x00", "Sujet\u0085x"} {
		got := h.alma.post("/discussions/new", values("title", title, "category", h.public.Slug, "source", "Bonjour @basile-essai", "lang", "fr"))
		if got.StatusCode == 303 {
			page, err := h.ThreadPage(ctx, store.As(h.author.ID), numberOf(got.Header.Get("Location")), 1)
			ok(t, err)
			if strings.ContainsAny(page.Thread.Title, "\r\n\x00\u0085\u2028") {
				t.Errorf("a title is %q", page.Thread.Title)
			}
		} else if got.StatusCode != 422 {
			t.Errorf("%q: %d", title, got.StatusCode)
		}
		h.Clock.Add(5 * time.Minute)
	}
}

func foreignPosts(t *testing.T, h forum) {
	open := h.thread(t, h.alma, h.public.Slug, "Ouvert", "Bonjour")
	secret := h.thread(t, h.alma, h.members.Slug, "Caché", "Secret")
	_, err := h.Reply(ctx, store.As(h.author.ID), threadID(t, h, 2), store.PostInput{Source: "Deux"})
	ok(t, err)
	for _, act := range []string{"react", "accept", "hide", "report", "translate", "edit", "unread"} { // a number that only another thread has
		if got := h.basile.post(open+"/2/"+act, values("kind", "thanks", "do", "accept", "reason", "spam", "source", "x", "lang", "nl")); got.StatusCode != 404 && got.StatusCode != 403 && act != "unread" { // which changes nothing then
			t.Errorf("%s of a post that is not there: %d", act, got.StatusCode)
		}
		if got := h.visitor().post(secret+"/1/"+act, values("kind", "thanks", "do", "accept", "reason", "spam", "source", "x", "lang", "nl")); got.StatusCode != 404 && got.StatusCode != 403 {
			t.Errorf("%s of a secret post: %d", act, got.StatusCode)
		}
	}
	h.maud.post(open+"/do/moderate", url.Values{"do": {"split"}, "posts": {"2", "-1", "99999999999"}, "title": {"Pris"}}).holds(t, 422)
	h.maud.post(open+"/do/moderate", url.Values{"do": {"hide_posts"}, "posts": {"2"}, "reason": {"x"}})
	h.basile.get(secret).holds(t, 200, "Deux")
}

func slowTexts(t *testing.T, h forum) {
	path := h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	for _, part := range []string{"@a-", "#1/", "[[2026-03-", "*a_ ", "<a ", "](", "www.a.", "https://a.a/(", "\u202e\u0301é", "| a ", "- \n", "[^1]", "```\n", "a@b.c ", "2026-", "&#x41;"} {
		text := strings.Repeat(part, 19_000/len(part))
		begun := time.Now()
		if got := h.basile.post(path+"/do/reply", values("source", text, "lang", "")); got.StatusCode >= 500 {
			t.Errorf("%q: %d", part, got.StatusCode)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%q repeated takes %s", part, took)
		}
		h.Clock.Add(time.Minute)
	}
}

func moreFields(t *testing.T, h forum) {
	got := h.basile.post("/discussions/new", values("title", "Un fil", "category", h.public.Slug, "source", "Bonjour", "lang", "fr", "author", h.author.ID, "town", h.author.TownID(),
		"pinned", "1", "accepted", "2", "votes", "99", "number", "7", "id", "x", "at", "2020-01-01", "hidden", "1", "roles", "administrator", "html", "<evil>", "message_id", "a@b", "renderer", "0"))
	got.holds(t, 303)
	page, err := h.ThreadPage(ctx, store.Visitor(), 1, 1)
	ok(t, err)
	d, p := page.Thread, page.Posts[0].Post
	if d.Author != h.reader.ID || d.Town != h.reader.TownID() || d.Pinned || d.Votes != 0 || d.Number != 1 || p.Author != h.reader.ID || p.MessageID != "" || strings.Contains(p.HTML, "evil") || p.At.Year() == 2020 {
		t.Errorf("fields nobody asked for changed %s", fmt.Sprintf("%+v %+v", d, p))
	}
}
