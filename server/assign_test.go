package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
)

func newOffice(t *testing.T, h forum) func() []store.Mail {
	t.Helper()
	parts, err := shared()
	ok(t, err)
	office, err := server.NewPost(server.PostOptions{Store: h.Store, Catalogue: parts.catalogue, PublicURL: "http://hub.example"})
	ok(t, err)
	boss := h.With(t, h.Join(t, "Adèle Ministratrice", "BE-62063"), store.RoleAdministrator)
	return func() (found []store.Mail) {
		h.Clock.Add(10 * time.Minute)
		_, err := office.Compose(ctx)
		ok(t, err)
		all, err := h.Mailbox(ctx, boss, 100)
		ok(t, err)
		for _, m := range all {
			if m.Kind == store.EventPosted || m.Kind == store.EventAssigned {
				full, err := h.MailByID(ctx, boss, m.ID)
				ok(t, err)
				found = append(found, full)
			}
		}
		return found
	}
}

// A moderator gives a thread to a member, then to a town; each is told, and finds it in their list.
func TestAThreadIsGivenToAMemberAndToATown(t *testing.T) {
	h := newForum(t)
	written := newOffice(t, h)
	h.thread(t, h.alma, h.public.Slug, "Un fil", "Bonjour")
	h.alma.get("/t/1/un-fil/do/assign").holds(t, 403)
	h.alma.post("/t/1/un-fil/do/assign", values("do", "to", "who", "basile-essai")).holds(t, 403)
	h.maud.get("/t/1/un-fil/do/assign").holds(t, 200, "town-search", `name="who"`)
	for _, typed := range []string{"", "Personne Dutout", strings.Repeat("x", 500), "@"} { // what is wrong comes back with what was typed
		h.maud.post("/t/1/un-fil/do/assign", values("do", "to", "who", typed)).holds(t, 422, `id="who-error"`)
	}
	h.maud.post("/t/1/un-fil/do/assign", values("do", "to", "who", "Personne Dutout")).holds(t, 422, `value="Personne Dutout"`, "Choisissez dans la liste")
	for _, typed := range []string{"@basile-essai", "basile essai", "Basile-Essai"} {
		h.maud.post("/t/1/un-fil/do/assign", values("do", "to", "who", typed)).holds(t, 303)
		h.maud.get("/t/1/un-fil").holds(t, 200, `href="/people/basile-essai">Basile Essai`)
	}
	got := written()
	if len(got) != 1 || got[0].Member != h.reader.ID || !strings.Contains(got[0].Text, "Un fil") {
		t.Fatalf("the member is told by %d letters", len(got))
	}
	h.basile.get("/discussions?view=ours").holds(t, 200, "Un fil")
	if body := h.alma.get("/discussions?view=ours").body; strings.Contains(body, "/t/1/un-fil") {
		t.Error("it is in the list of somebody else")
	}
	h.maud.post("/t/1/un-fil/do/assign", values("do", "to", "who", "namur")).holds(t, 422) // waits for its welcome: nobody knows of it
	ok(t, h.WelcomeTown(ctx, store.System(), h.author.TownID()))
	h.maud.post("/t/1/un-fil/do/assign", values("do", "to", "who", "namur")).holds(t, 303)
	got = written()
	if len(got) != 2 || got[0].Member != h.author.ID || !strings.Contains(got[0].Text, "votre commune, Namur") {
		t.Fatalf("the town is told by %d letters", len(got))
	}
	h.alma.get("/discussions?view=ours").holds(t, 200, "/t/1/un-fil")
	h.maud.post("/t/1/un-fil/do/assign", values("do", "nobody")).holds(t, 303)
	if body := h.alma.get("/t/1/un-fil").body; strings.Contains(body, `id="assigned"`) {
		t.Error("it is still assigned")
	}
	h.maud.post("/t/1/un-fil/do/assign", values("do", "all")).holds(t, 404)
}

// What is typed after @ is answered with the people and towns it may mean, to members alone.
func TestPeopleAndTownsAreSuggestedToMembers(t *testing.T) {
	h := newForum(t)
	if got := h.visitor().get("/people/suggest.json?q=alma"); strings.Contains(got.body, "Alma") {
		t.Error("a stranger is given names")
	}
	h.alma.get("/people/suggest.json?q=bas").holds(t, 200, `"code":"basile-essai"`, `"name":"Basile Essai"`, `"area":"Charleroi"`)
	h.alma.get("/people/suggest.json?q=%40ESSA").holds(t, 200, `"code":"basile-essai"`) // by a later word, whatever the case
	if got := h.alma.get("/people/suggest.json?q=namu"); strings.Contains(got.body, "namur") {
		t.Error("a town that waits for its welcome is suggested")
	}
	ok(t, h.WelcomeTown(ctx, store.System(), h.author.TownID()))
	h.alma.get("/people/suggest.json?q=namu").holds(t, 200, `"code":"namur"`)
	for _, odd := range []string{"", "%40", "%00", "%ff", "zzzzz", strings.Repeat("a", 3000), "%25", "<script>"} {
		if got := h.alma.get("/people/suggest.json?q=" + odd); got.StatusCode != 200 || strings.TrimSpace(got.body) != "[]" {
			t.Errorf("%.20q: %d %s", odd, got.StatusCode, got.body)
		}
	}
	ok(t, h.Leave(ctx, store.As(h.reader.ID), "", store.Session{Member: h.reader.ID, Proved: h.Now()}))
	if got := h.alma.get("/people/suggest.json?q=bas"); strings.Contains(got.body, "basile-essai") {
		t.Error("who left is suggested")
	}
}

// Lists hold to the languages one reads, say so, and show all when asked; what is one's own is always all.
func TestListsKeepToTheLanguagesOneReads(t *testing.T) {
	h := newForum(t)
	h.alma.post("/discussions/new", values("title", "Vergunningen", "category", h.public.Slug, "source", "Goeiedag allemaal", "lang", "nl")).holds(t, 303)
	h.alma.post("/discussions/new", values("title", "Permis", "category", h.public.Slug, "source", "Bonjour", "lang", "fr")).holds(t, 303)
	h.basile.get("/discussions").holds(t, 200, "Vergunningen", "Permis")
	ok(t, h.ReadLanguages(ctx, store.As(h.reader.ID), []string{"fr"}))
	for _, path := range []string{"/discussions", "/discussions/" + h.public.Slug, "/discussions?view=waiting"} {
		got := h.basile.get(path)
		got.holds(t, 200, "Permis", "Langues affichées\u00a0: Français", `lang=all`)
		if strings.Contains(got.body, "Vergunningen") {
			t.Errorf("%s shows what they do not read", path)
		}
	}
	h.basile.get("/discussions?lang=all").holds(t, 200, "Vergunningen", "Permis")
	h.basile.get("/discussions?lang=nl").holds(t, 200, "Vergunningen")
	h.visitor().get("/discussions").holds(t, 200, "Vergunningen", "Permis")
	ok(t, h.Bookmark(ctx, store.As(h.reader.ID), threadID(t, h, 1), true))
	h.basile.get("/discussions?view=marked").holds(t, 200, "Vergunningen")
}

// Who follows a category by mail is written to in the languages they read; a mention, a translation and a thread they chose
// come whatever the language.
func TestLettersKeepToTheLanguagesOneReads(t *testing.T) {
	h := newForum(t)
	written := newOffice(t, h)
	me := store.As(h.reader.ID)
	ok(t, h.FollowSubject(ctx, me, "category", h.public.ID, store.Watch))
	ok(t, h.ReadLanguages(ctx, me, []string{"fr"}))
	open := func(lang, text string) store.Thread {
		h.Clock.Add(5 * time.Minute)
		opened, err := h.OpenThread(ctx, store.As(h.author.ID), store.ThreadInput{Title: text, Category: h.public.Slug, PostInput: store.PostInput{Source: text, Lang: lang}})
		ok(t, err)
		return opened.Thread
	}
	count := func(want int, what string) {
		t.Helper()
		n := 0
		for _, m := range written() {
			if m.Member == h.reader.ID {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d letters in all, want %d", what, n, want)
		}
	}
	open("fr", "Bonjour")
	count(1, "in French")
	dutch := open("nl", "Goeiedag")
	count(1, "in Dutch")
	open("nl", "Goeiedag @basile-essai")
	count(2, "in Dutch with their name")
	ok(t, h.FollowThread(ctx, me, dutch.ID, store.Watch))
	_, err := h.Reply(ctx, store.As(h.author.ID), dutch.ID, store.PostInput{Source: "Nog iets", Lang: "nl"})
	ok(t, err)
	count(3, "in a thread they chose")
}

// values are a form's: name, value, …
func values(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// What is wrong with one field is said beside that field, and once.
func TestEachProblemStandsBesideItsField(t *testing.T) {
	h := newForum(t)
	got := h.alma.post("/discussions/new", values("title", strings.Repeat("x", 500), "source", "", "tags", "a,b,c,d,e,f,g"))
	got.holds(t, 422, `id="title-error"`, `id="tags-error"`, `id="source-error"`)
	_, beside, _ := strings.Cut(got.body, `id="source-error"`)
	beside, _, _ = strings.Cut(beside, "</p>")
	if strings.Contains(beside, "500") || strings.Contains(beside, "étiquettes") || !strings.Contains(beside, "nécessaire") {
		t.Errorf("beside the text stands %s", beside)
	}
}
