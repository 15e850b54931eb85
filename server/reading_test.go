package server_test

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// TestPreviewIsWhatIsPublished: whatever signs a text has, the preview shows what the post will.
func TestPreviewIsWhatIsPublished(t *testing.T) {
	h := newForum(t)
	h.thread(t, h.alma, h.public.Slug, "Premier fil", "Bonjour")
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	for _, source := range []string{
		"| A | B |\n|---|--:|\n| 1 | **2** |", "- [x] fait\n- [ ] à faire", "Une note[^1].\n\n[^1]: Ici.", "https://exemple.example/a?b=c et www.exemple.example",
		"```go\nfunc main() { println(\"a\") }\n```", "```php\n<?php echo 1; ?>\n```", "```javascript\nlet a = `b`;\n```", "```xml\n<a b=\"c\"/>\n```", "```yaml\na: [1, 2]\n```",
		"```sh\nls -l | wc\n```", "```diff\n-a\n+b\n```", "```python\nprint('é')\n```", "> Alma Testeuse, #1/1\n>\n> Bonjour", "Merci @basile-essai, voir #1 et #1/1, 2026-014",
		"# Titre\n\n## Sous-titre\n\n<b>brut</b> ~~barré~~ `code` \\* fin", "1. un\n2. deux\n   - trois",
	} {
		shown := h.basile.post("/preview/post", values("source", source, "lang", "fr"))
		shown.holds(t, 200)
		_, html, _ := strings.Cut(shown.body, ">")
		html = strings.TrimSpace(html[:strings.LastIndex(html, "</div>")])
		got := h.basile.post(path+"/do/reply", values("source", source, "lang", "fr"))
		got.holds(t, 303)
		if page := h.basile.get(strings.Split(got.Header.Get("Location"), "#")[0]); !strings.Contains(page.body, html) || html == "" {
			t.Errorf("%q is published as something else than\n%s", source, html)
		}
		h.Clock.Add(time.Minute)
	}
}

// TestALongThreadHasItsAnchors: each of two thousand posts is on one page, under its own anchor, where its address leads, and
// no page grows with the thread.
func TestALongThreadHasItsAnchors(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Un long fil", "Premier")
	id := threadID(t, h, 1)
	for n := range 2_000 {
		h.Clock.Add(time.Minute)
		_, err := h.Reply(ctx, store.As(h.reader.ID), id, store.PostInput{Source: fmt.Sprintf("Mot %d", n+2), Lang: "fr"})
		ok(t, err)
	}
	anchor := regexp.MustCompile(`<article class="[^"]*" id="p(\d+)"`)
	seen, size := 0, 0
	for page := 1; ; page++ {
		got := h.visitor().get(fmt.Sprintf("%s?page=%d", path, page))
		if got.StatusCode == 404 {
			break
		}
		for _, found := range anchor.FindAllStringSubmatch(got.body, -1) {
			if seen++; found[1] != fmt.Sprint(seen) {
				t.Fatalf("page %d: after %d comes p%s", page, seen-1, found[1])
			}
		}
		if page == 1 {
			size = len(got.body)
		} else if len(got.body) > size*3/2 {
			t.Errorf("page %d has %d bytes, the first %d", page, len(got.body), size)
		}
	}
	if seen != 2001 {
		t.Errorf("%d posts are shown", seen)
	}
	for _, seq := range []int{1, 50, 51, 1000, 1234, 2000, 2001} {
		got := h.visitor().get(fmt.Sprintf("%s/%d", path, seq))
		place, mark, _ := strings.Cut(got.Header.Get("Location"), "#")
		if mark != fmt.Sprintf("p%d", seq) {
			t.Errorf("post %d is at %s", seq, got.Header.Get("Location"))
		}
		h.visitor().get(place).holds(t, 200, fmt.Sprintf(`id="p%d"`, seq))
	}
	h.visitor().get(path+"/2002").holds(t, 404)
	h.visitor().get(path+"?page=42").holds(t, 404)
}

// TestEverythingSinceADay: "since 3 May" lists what came since, read or not, and wrong days are said.
func TestEverythingSinceADay(t *testing.T) {
	h := newForum(t)
	h.thread(t, h.alma, h.public.Slug, "Le vieux fil", "Bonjour")
	h.Clock.Set(time.Date(2026, 5, 3, 6, 0, 0, 0, time.UTC))
	h.alma, h.basile = h.as(h.author), h.as(h.reader)
	path := h.thread(t, h.alma, h.public.Slug, "Le fil de mai", "Bonjour")
	h.Clock.Add(48 * time.Hour)
	h.basile.get(path).holds(t, 200)
	h.basile.get("/unread").lacks(t, "Le fil de mai")
	got := h.basile.get("/unread?since=2026-05-03")
	got.holds(t, 200, "Le fil de mai")
	got.lacks(t, "Le vieux fil")
	h.basile.get("/unread?since=2026-05-04").lacks(t, "Le fil de mai")
	for _, day := range []string{"2026-02-30", "demain", "1999-01-01", "99999-01-01", "<script>"} {
		h.basile.get("/unread?since="+url.QueryEscape(day)).holds(t, 200, `id="since-error"`)
	}
}

// TestATranslationIsOutdatedWhenTheOriginalChanges, until it is written anew.
func TestATranslationIsOutdatedWhenTheOriginalChanges(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Horaires", "Le guichet ouvre à neuf heures.")
	h.basile.get(path+"/1/translate?lang=nl").holds(t, 200, "Le guichet ouvre", `value="nl"`)
	h.basile.post(path+"/1/translate", values("lang", "nl", "source", "")).holds(t, 422)
	h.basile.post(path+"/1/translate", values("lang", "nl", "source", "Het loket opent om negen uur.")).holds(t, 303)
	h.visitor().get(path).holds(t, 200, `lang="nl"`, "Het loket opent", "Basile Essai")
	h.visitor().get(path).lacks(t, "badge--wait")
	h.alma.post(path+"/1/edit", values("source", "Le guichet ouvre à dix heures.", "lang", "fr", "base", "0", "note", "Nouvel horaire")).holds(t, 303)
	h.visitor().get(path).holds(t, 200, "dix heures", "Het loket opent", "badge--wait")
	h.visitor().get(path+"/1/history").holds(t, 200, "Nouvel horaire", "neuf", "dix")
	h.basile.post(path+"/1/translate", values("lang", "nl", "source", "Het loket opent om tien uur.")).holds(t, 303)
	h.visitor().get(path).holds(t, 200, "om tien uur")
	h.visitor().get(path).lacks(t, "badge--wait")
}

// TestFeedsOfDiscussions: all, by category, by tag and of one thread, as a reader of Atom sees them; nothing for members only.
func TestFeedsOfDiscussions(t *testing.T) {
	h := newForum(t)
	h.alma.post("/discussions/new", values("title", "Export", "category", h.public.Slug, "tags", "word", "source", "Un <texte> & plus", "lang", "fr")).holds(t, 303)
	h.alma.post("/discussions/new", values("title", "Backup", "category", h.public.Slug, "source", "A text", "lang", "en")).holds(t, 303)
	h.alma.post("/discussions/new", values("title", "Confidentiel", "category", h.members.Slug, "tags", "word, caché", "source", "Secret", "lang", "fr")).holds(t, 303)
	h.Clock.Add(time.Minute)
	_, err := h.Reply(ctx, store.As(h.reader.ID), threadID(t, h, 1), store.PostInput{Source: "Une réponse"})
	ok(t, err)
	for path, titles := range map[string]string{"/discussions.atom": "Export, Backup", "/discussions.atom?tag=word": "Export", "/discussions.atom?lang=en": "Backup",
		"/discussions/" + h.public.Slug + ".atom": "Export, Backup", "/t/1.atom": "Basile Essai, Alma Testeuse"} {
		for _, reader := range []*browser{h.visitor(), h.alma} { // a feed is public, whoever asks
			got := reader.get(path)
			var feed struct {
				ID      string `xml:"id"`
				Updated string `xml:"updated"`
				Entries []struct {
					ID      string `xml:"id"`
					Title   string `xml:"title"`
					Updated string `xml:"updated"`
				} `xml:"entry"`
			}
			if err := xml.Unmarshal([]byte(got.body), &feed); err != nil || !strings.HasPrefix(got.Header.Get("Content-Type"), "application/atom+xml") {
				t.Fatalf("%s: %v %s", path, err, got.body)
			}
			var found []string
			for _, one := range feed.Entries {
				found = append(found, one.Title)
				if one.ID == "" || one.Updated == "" || one.Updated > feed.Updated {
					t.Errorf("%s: entry %+v in a feed of %s", path, one, feed.Updated)
				}
			}
			if strings.Join(found, ", ") != titles {
				t.Errorf("%s has %v, want %s", path, found, titles)
			}
		}
	}
	for _, path := range []string{"/discussions.atom?tag=cache", "/t/3.atom", "/discussions/" + h.members.Slug + ".atom", "/discussions.atom?view=mine", "/discussions.atom?view=ours"} {
		h.alma.get(path).holds(t, 404)
	}
}

// TestActsAreNotedToldAndUndone: each act of a moderator is in the log, its author is told, and for thirty days it is undone.
func TestActsAreNotedToldAndUndone(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	for _, text := range []string{"deux", "trois", "quatre"} {
		_, err := h.Reply(ctx, store.As(h.reader.ID), threadID(t, h, 1), store.PostInput{Source: text})
		ok(t, err)
	}
	h.maud.post(path+"/do/moderate", values("do", "pin")).holds(t, 303)
	h.visitor().get("/discussions").holds(t, 200, "Épinglée")
	h.maud.post(path+"/do/moderate", values("do", "close", "reason", "Réglé")).holds(t, 303)
	h.basile.get(path).lacks(t, `id="reply"><form`, `name="source"`)
	// several posts at once
	h.maud.post(path+"/do/moderate", url.Values{"do": {"hide_posts"}, "posts": {"2", "3"}, "posts_reason": {"Hors sujet"}, "reason": {"Hors sujet"}}).holds(t, 303)
	got := h.visitor().get(path)
	got.lacks(t, "<p>deux</p>", "<p>trois</p>")
	got.holds(t, 200, "<p>quatre</p>", "Hors sujet")
	undo := regexp.MustCompile(`/moderation/undo/([0-9a-f-]{36})`)
	for range 9 {
		found := undo.FindStringSubmatch(h.maud.get("/moderation").body)
		if found == nil {
			break
		}
		h.basile.post("/moderation/undo/"+found[1], nil).holds(t, 403)
		h.maud.post("/moderation/undo/"+found[1], nil).holds(t, 303)
	}
	got = h.visitor().get(path)
	got.holds(t, 200, "<p>deux</p>", "<p>trois</p>")
	got.lacks(t, "Fermée", "Hors sujet")
	h.visitor().get("/discussions").lacks(t, "Épinglée")
	h.maud.post(path+"/do/moderate", values("do", "pin")).holds(t, 303)
	found := undo.FindStringSubmatch(h.maud.get("/moderation").body)
	h.Clock.Add(31 * 24 * time.Hour)
	h.maud = h.as(h.moderator(t))
	h.maud.post("/moderation/undo/"+found[1], nil).holds(t, 409)
	boss := h.as(h.boss(t))
	boss.get("/admin/log").holds(t, 200, "Maud Ratrice")
}

func (h forum) moderator(t *testing.T) store.Member {
	t.Helper()
	m, err := h.MemberByHandle(ctx, "maud-ratrice")
	ok(t, err)
	return m
}

func (h forum) boss(t *testing.T) store.Member {
	t.Helper()
	m := h.Join(t, "Adèle Ministratrice", "BE-62063")
	h.With(t, m, store.RoleAdministrator)
	return m
}

// TestCategoriesAreOrderedDescribedAndHaveTemplates: by stewards, in each language.
func TestCategoriesAreOrderedDescribedAndHaveTemplates(t *testing.T) {
	h := newForum(t)
	m := h.Join(t, "Anne Intendante", "BE-62063")
	h.With(t, m, store.RoleSteward)
	steward := h.as(m)
	steward.post("/discussions/categories/new", values("name_fr", "", "slug", "bogues")).holds(t, 422)
	steward.post("/discussions/categories/new", values("name_fr", "Bogues", "name_nl", "Fouten", "slug", "bogues", "about_fr", "Ce qui ne marche pas", "about_nl", "Wat niet werkt",
		"template_fr", "Version :\n\nCe que j’attendais :", "question", "1")).holds(t, 303)
	before := h.visitor().get("/discussions").body
	steward.post("/discussions/categories/bogues/move", values("do", "up")).holds(t, 303)
	place := func(page string) (int, int) {
		return strings.Index(page, "/discussions/bogues"), strings.Index(page, "/discussions/"+h.public.Slug)
	}
	if b, e := place(before); b < e {
		t.Error("a new category is not the last")
	}
	steward.post("/discussions/categories/bogues/move", values("do", "up")).holds(t, 303)
	if b, e := place(h.visitor().get("/discussions").body); b > e {
		t.Error("moved up it is not before the other")
	}
	h.visitor().get("/discussions/bogues").holds(t, 200, "Ce qui ne marche pas")
	h.alma.get("/discussions/new?category=bogues").holds(t, 200, "Ce que j’attendais")
	got := h.alma.post("/discussions/new", values("title", "Erreur 500", "category", "bogues", "source", "Version 3", "lang", "fr"))
	got.holds(t, 303)
	page, err := h.ThreadPage(ctx, store.Visitor(), 1, 1)
	ok(t, err)
	if !page.Thread.Question {
		t.Error("a thread of a category of questions is none")
	}
	h.alma.post("/discussions/categories/bogues", values("name_fr", "Pris")).holds(t, 403)
}

// TestOneCountOnEveryPage: what the head of a page says is new is what /unread lists and what the lists mark.
func TestOneCountOnEveryPage(t *testing.T) {
	h := newForum(t)
	for _, title := range []string{"Un", "Deux", "Trois"} {
		h.thread(t, h.alma, h.public.Slug, title, "Bonjour")
		h.Clock.Add(time.Minute)
	}
	h.thread(t, h.basile, h.public.Slug, "Le mien", "Bonjour")
	h.Clock.Add(time.Minute)
	check := func(want int) {
		t.Helper()
		count := fmt.Sprintf("Non lus : %d", want)
		if want == 0 {
			count = "Rien de nouveau"
		}
		for _, path := range []string{"/discussions", "/unread", "/meetings", "/towns", "/decisions"} {
			got := h.basile.get(path)
			if plain := strings.ReplaceAll(got.body, "\u00a0", " "); want > 0 && !strings.Contains(plain, count) {
				t.Errorf("%s does not say %s", path, count)
			} else if want == 0 && strings.Contains(plain, "Non lus :") {
				t.Errorf("%s says that something is new", path)
			}
		}
		if rows := strings.Count(h.basile.get("/discussions").body, "row--new"); rows != want {
			t.Errorf("the list marks %d, want %d", rows, want)
		}
		if rows := strings.Count(h.basile.get("/unread").body, "1 nouveau message"); rows != want {
			t.Errorf("/unread lists %d, want %d", rows, want)
		}
	}
	check(3)
	h.basile.get("/t/1/un").holds(t, 200)
	check(2)
	h.basile.post("/unread", values("do", "thread", "id", threadID(t, h, 2))).holds(t, 303)
	check(1)
	ok(t, h.FollowThread(ctx, store.As(h.reader.ID), threadID(t, h, 3), store.Muted))
	check(0)
	h.basile.post("/t/2/deux/1/unread", nil).holds(t, 303)
	check(1)
	h.basile.post("/unread", values("do", "all", "until", fmt.Sprint(h.Clock.Now().Unix()+1))).holds(t, 303)
	check(0)
}
