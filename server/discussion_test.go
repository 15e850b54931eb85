package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// forum is a site with two categories, one for members only, and people who talk.
type forum struct {
	*site
	public, members store.Category
	alma, basile    *browser
	author, reader  store.Member
	maud            *browser // moderator
}

func newForum(t *testing.T) forum {
	t.Helper()
	return forumOn(t, newSite(t))
}

func forumOn(t *testing.T, s *site) forum {
	t.Helper()
	shelf := func(name string, members bool) store.Category {
		c, err := s.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": name}, Members: members})
		ok(t, err)
		return c
	}
	h := forum{site: s, public: shelf("Entraide", false), members: shelf("Coulisses", true)}
	h.author, h.reader = s.Join(t, "Alma Testeuse", "BE-92094"), s.Join(t, "Basile Essai", "BE-52011")
	moderator := s.Join(t, "Maud Ratrice", "BE-62063")
	s.With(t, moderator, store.RoleModerator)
	s.Clock.Add(time.Minute)
	h.alma, h.basile, h.maud = s.as(h.author), s.as(h.reader), s.as(moderator)
	return h
}

var onceField = regexp.MustCompile(`name="once" value="([^"]+)"`)

// once is the id of the form on a page.
func once(t *testing.T, page answer) string {
	t.Helper()
	found := onceField.FindStringSubmatch(page.body)
	if found == nil {
		t.Fatalf("%s has no form to write with", page.Request.URL)
	}
	return found[1]
}

func (h forum) thread(t *testing.T, b *browser, category, title, text string) string {
	t.Helper()
	got := b.post("/discussions/new", url.Values{"title": {title}, "category": {category}, "source": {text}, "once": {once(t, b.get("/discussions/new"))}})
	if got.StatusCode != http.StatusSeeOther {
		t.Fatalf("not opened: %d %s", got.StatusCode, got.body)
	}
	return got.Header.Get("Location")
}

func TestAQuestionIsAskedAnsweredAndAcceptedWithoutScripts(t *testing.T) {
	h := newForum(t)
	form := url.Values{"title": {"Comment exporter ?"}, "category": {h.public.Slug}, "question": {"1"}, "tags": {"Export, word"},
		"source": {"Bonjour @basile-essai,\n\n```sql\nSELECT 1;\n```"}, "once": {once(t, h.alma.get("/discussions/new"))}}
	form.Set("do", "preview")
	h.alma.post("/discussions/new", form).holds(t, 200, `<span class="k">SELECT</span>`, `value="Comment exporter ?"`)
	form.Del("do")
	made := h.alma.post("/discussions/new", form)
	path := made.Header.Get("Location")
	if path != "/t/1/comment-exporter" {
		t.Fatalf("led to %s", path)
	}
	again := h.alma.post("/discussions/new", form) // a double click
	if again.Header.Get("Location") != path {
		t.Errorf("sent twice it leads to %s", again.Header.Get("Location"))
	}
	h.Clock.Add(time.Minute)
	h.visitor().get("/discussions").holds(t, 200, "Comment exporter", "0 réponse")
	h.visitor().get(path).holds(t, 200, `<a class="mention" href="/people/basile-essai">@basile-essai</a>`, "Se connecter pour répondre")

	page := h.basile.get(path)
	page.holds(t, 200, "Aller au message non lu")
	reply := url.Values{"source": {"Avec `export`."}, "once": {once(t, page)}}
	h.basile.post(path+"/do/reply", reply)
	h.basile.post(path+"/do/reply", reply)
	h.Clock.Add(time.Minute)
	h.alma.get("/unread").holds(t, 200, "Comment exporter", "1 nouveau message")
	h.alma.get(path).holds(t, 200, "Avec <code>export</code>", "est la réponse")
	h.alma.get("/unread").holds(t, 200, "Vous avez tout lu")
	h.basile.post(path+"/2/accept", url.Values{"do": {"accept"}}).holds(t, 403)
	h.alma.post(path+"/2/accept", url.Values{"do": {"accept"}}).holds(t, 303)
	h.visitor().get(path).holds(t, 200, "Résolu", "Réponse choisie", `id="p2"`)
	h.visitor().get(path).lacks(t, `id="p3"`)
	h.visitor().get("/discussions?view=solved").holds(t, 200, "Comment exporter")
	h.visitor().get("/discussions?view=waiting").lacks(t, "Comment exporter")
	h.visitor().get("/discussions?tag=export").holds(t, 200, "Comment exporter")
	h.visitor().get("/discussions.atom").holds(t, 200, "Comment exporter", "<entry>")
	h.visitor().get("/t/1.atom").holds(t, 200, "Avec `export`.")
	h.visitor().get("/t/1/x/2").holds(t, 302)
}

func TestWhatWasTypedIsKeptWhenAPostIsRefused(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	long := strings.Repeat("mot ", 6_000)
	h.basile.post(path+"/do/reply", url.Values{"source": {long}}).holds(t, 422, "mot mot mot")
	h.basile.post(path+"/do/reply", url.Values{"source": {""}}).holds(t, 422)
	h.basile.post(path+"/do/reply", url.Values{"source": {strings.Repeat("> ", 4_000)}})
	h.basile.post("/discussions/new", url.Values{"title": {""}, "category": {h.public.Slug}, "source": {"Mon texte"}}).holds(t, 422, "Mon texte", "Cette réponse est nécessaire")
	h.basile.post(path+"/do/reply", url.Values{"source": {strings.Repeat("@alma-testeuse ", 60)}}).holds(t, 303) // one person, however often
	ok(t, h.ModerateThread(ctx, store.System(), threadID(t, h, 1), store.ActClose, "", true))
	h.basile.post(path+"/do/reply", url.Values{"source": {"Trop tard, mais gardé"}}).holds(t, 409, "Trop tard, mais gardé")
	got := h.visitor().get(path)
	got.lacks(t, "Trop tard", "mot mot")
}

func threadID(t *testing.T, h forum, number int) string {
	t.Helper()
	page, err := h.ThreadPage(ctx, store.System(), number, 0)
	if err != nil {
		page, err = h.ThreadPage(ctx, store.As(h.author.ID), number, 0)
	}
	ok(t, err)
	return page.Thread.ID
}

func TestADraftIsThereOnAnotherDeviceUntilItIsPosted(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	id := threadID(t, h, 1)
	form := once(t, h.basile.get(path))
	h.basile.post("/drafts", url.Values{"place": {"reply/" + id}, "once": {form}, "source": {"À moitié écr"}}).holds(t, 204)
	h.Clock.Add(time.Minute)
	other := h.as(h.reader)
	other.get(path).holds(t, 200, "À moitié écr", form)
	h.alma.get(path).lacks(t, "À moitié écr")
	other.post(path+"/do/reply", url.Values{"source": {"À moitié écrit, puis fini"}, "once": {form}}).holds(t, 303)
	h.basile.post("/drafts", url.Values{"place": {"reply/" + id}, "once": {form}, "source": {"À moitié écr"}}).holds(t, 204) // a late save
	h.basile.get(path).lacks(t, ">\nÀ moitié écr<")
	h.visitor().post("/drafts", url.Values{"place": {"new"}, "once": {"x"}, "source": {"y"}}).holds(t, 403)
}

func TestTwoTabsEditOnePost(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Premier jet")
	h.alma.get(path+"/1/edit").holds(t, 200, "Premier jet")
	h.basile.get(path+"/1/edit").holds(t, 403)
	h.alma.post(path+"/1/edit", url.Values{"source": {"Second jet"}, "base": {"0"}}).holds(t, 303)
	h.alma.post(path+"/1/edit", url.Values{"source": {"Troisième jet"}, "base": {"0"}}).holds(t, 409, "Troisième jet", "Second jet", `name="base" value="1"`)
	h.maud.post(path+"/1/edit", url.Values{"source": {"Corrigé"}, "base": {"1"}}).holds(t, 422, "Corrigé")
	h.maud.post(path+"/1/edit", url.Values{"source": {"Corrigé"}, "base": {"1"}, "note": {"Nom enlevé"}}).holds(t, 303)
	h.visitor().get(path+"/1/history").holds(t, 200, "<del>", "<ins>", "Nom enlevé")
	h.visitor().get(path).holds(t, 200, "Corrigé", "modifié")
}

// TestMembersOnlyStaysInvisible asks every address that could give it away, in each role.
func TestMembersOnlyStaysInvisible(t *testing.T) {
	h := newForum(t)
	secret := h.thread(t, h.alma, h.members.Slug, "Tarifs confidentiels", "Un secret de communes #1")
	open := h.thread(t, h.alma, h.public.Slug, "Pour tous", "Voir #1 et #2.")
	for _, path := range []string{"/discussions", "/discussions?view=votes", "/discussions?view=waiting", "/discussions.atom", "/discussions/" + h.public.Slug,
		open, "/t/2.atom", "/", "/people/alma-testeuse", "/towns/namur"} {
		h.visitor().get(path).lacks(t, "confidentiels", "Un secret", "Coulisses")
	}
	for _, path := range []string{secret, "/t/1", secret + "?page=1", "/t/1.atom", "/t/1/news.json", secret + "/1", secret + "/new", secret + "/1/history", "/discussions/" + h.members.Slug,
		"/discussions/" + h.members.Slug + ".atom"} {
		h.visitor().get(path).holds(t, 404)
		if got := h.basile.get(path); got.StatusCode >= 400 && !strings.HasSuffix(path, ".atom") {
			t.Errorf("a member gets %d for %s", got.StatusCode, path)
		}
	}
	h.basile.get("/discussions").holds(t, 200, "Tarifs confidentiels", "Coulisses")
	h.basile.get(open).holds(t, 200, "Tarifs confidentiels") // the title behind #1
	for _, path := range []string{"/do/reply", "/do/follow", "/do/mark", "/1/react", "/1/accept", "/1/report", "/1/hide", "/1/edit", "/1/translate"} {
		if got := h.visitor().post(secret+path, url.Values{"source": {"x"}, "do": {"vote"}, "kind": {"useful"}}); got.StatusCode != 404 && got.StatusCode != 403 {
			t.Errorf("a visitor's post to %s: %d", path, got.StatusCode)
		}
	}
}

func TestScriptInEveryFieldStaysText(t *testing.T) {
	h := newForum(t)
	for i, attack := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `[x](javascript:alert(1))`, "`<b>`", `<a class="ref" href="/t/1">#1</a>`, "\u202eevil"} {
		path := h.thread(t, h.alma, h.public.Slug, "Fil "+fmt.Sprint(i)+strings.NewReplacer("\u202e", "").Replace(attack), attack+"\n\n```html\n"+attack+"\n```")
		for _, page := range []answer{h.visitor().get(path), h.maud.get(path), h.visitor().get("/discussions"), h.maud.get(path + "/do/moderate"), h.visitor().get("/discussions.atom")} {
			page.lacks(t, "<script>alert", "<img src=x", `href="javascript`, `<a class="ref" href="/t/1">#1</a>`)
		}
	}
}

func TestModeratorsWorkThroughTheirQueue(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	h.basile.post(path+"/do/reply", url.Values{"source": {"Voir https://pub.example"}}).holds(t, 303)
	h.visitor().get(path).lacks(t, "pub.example")
	h.basile.get(path).holds(t, 200, "un modérateur le relit")
	h.basile.get("/moderation").holds(t, 403)
	h.visitor().get("/moderation").holds(t, 403)
	queue := h.maud.get("/moderation")
	queue.holds(t, 200, "pub.example", "Basile Essai")
	id := regexp.MustCompile(`/moderation/pending/([0-9a-f-]{36})`).FindStringSubmatch(queue.body)[1]
	h.maud.post("/moderation/pending/"+id, url.Values{"do": {"refuse"}}).holds(t, 422)
	h.maud.post("/moderation/pending/"+id, url.Values{"do": {"release"}}).holds(t, 303)
	h.visitor().get(path).holds(t, 200, "pub.example", `id="p2"`)

	h.alma.post(path+"/2/report", url.Values{"reason": {"spam"}}).holds(t, 303)
	h.maud.get("/moderation").holds(t, 200, "Publicité")
	h.maud.post(path+"/2/hide", url.Values{"do": {"hide"}}).holds(t, 422)
	h.maud.post(path+"/2/hide", url.Values{"do": {"hide"}, "reason": {"Publicité"}}).holds(t, 303)
	h.visitor().get(path).lacks(t, "pub.example")
	h.visitor().get(path).holds(t, 200, "masqué par la modération")
	act := regexp.MustCompile(`/moderation/undo/([0-9a-f-]{36})`).FindStringSubmatch(h.maud.get("/moderation").body)[1]
	h.maud.post("/moderation/undo/"+act, nil).holds(t, 303)
	h.visitor().get(path).holds(t, 200, "pub.example")

	h.maud.post(path+"/do/moderate", url.Values{"do": {"split"}, "posts": {"2"}, "title": {"À part"}}).holds(t, 303)
	h.visitor().get("/t/2/a-part").holds(t, 200, "pub.example")
	h.visitor().get("/t/1/x/2").holds(t, 302)
	h.visitor().get(path).holds(t, 200, "est maintenant dans")
	h.maud.post("/t/2/a-part/do/moderate", url.Values{"do": {"merge"}, "merge": {"#1"}}).holds(t, 303)
	h.visitor().get("/t/2/a-part").holds(t, 301)
	h.maud.get("/admin/log")
}

func TestAThreadBecomesAnAgendaItemAndShowsTheDecision(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Un format commun", "Proposons-le.")
	m := h.Meeting(t, 10)
	h.basile.get(path+"/do/agenda").holds(t, 200, "Un format commun", m.Title)
	h.basile.post(path+"/do/agenda", url.Values{"meeting": {m.Slug}, "item_title": {""}, "item_kind": {"decision"}, "item_lang": {"fr"}, "item_minutes": {"15"}}).holds(t, 422)
	h.basile.post(path+"/do/agenda", url.Values{"meeting": {m.Slug}, "item_title": {"Un format commun"}, "item_kind": {"decision"}, "item_lang": {"fr"}, "item_minutes": {"15"}}).holds(t, 303)
	organiser := h.With(t, h.Join(t, "Olga Nisatrice", "BE-62063"), store.RoleOrganiser)
	page, err := h.MeetingPage(ctx, organiser, m.Slug)
	ok(t, err)
	ok(t, h.AcceptItem(ctx, organiser, page.Proposed[0].Item.ID))
	h.visitor().get(path).holds(t, 200, "À l’ordre du jour", "/meetings/"+m.Slug+"#agenda")
	h.visitor().get("/meetings/"+m.Slug).holds(t, 200, path)
	h.Clock.Set(m.End.Add(1))
	_, err = h.SaveMinutes(ctx, organiser, m.ID, store.MinutesDraft{Lang: "fr", Source: "## Un format commun\n\n!D Adopter le format commun.\n"})
	ok(t, err)
	_, err = h.PublishMinutes(ctx, organiser, m.ID)
	ok(t, err)
	h.visitor().get(path).holds(t, 200, "2026-001", "Adopter le format commun.")
}

func TestQuestionsNobodyAnsweredReachThoseWhoCare(t *testing.T) {
	h := newForum(t)
	h.alma.post("/discussions/new", url.Values{"title": {"Qui sait ?"}, "category": {h.public.Slug}, "question": {"1"}, "source": {"Bonjour"}})
	h.With(t, h.author, store.RoleSteward)
	h.alma.get("/admin").lacks(t, "Qui sait")
	h.Clock.Add(8 * 24 * time.Hour)
	h.alma.get("/admin").holds(t, 200, "Qui sait")
	ok(t, h.Accept(ctx, store.As(h.author.ID), threadID(t, h, 1), func() int {
		opened, err := h.Reply(ctx, store.As(h.reader.ID), threadID(t, h, 1), store.PostInput{Source: "Moi"})
		ok(t, err)
		return opened.Post.Seq
	}()))
	h.alma.get("/admin").lacks(t, "Qui sait")
}

func TestTagsAreMergedAndTheOldOneLeadsOn(t *testing.T) {
	h := newForum(t)
	for title, tag := range map[string]string{"Un": "sauvegarde", "Deux": "backup"} {
		h.alma.post("/discussions/new", url.Values{"title": {title}, "category": {h.public.Slug}, "tags": {tag}, "source": {"Bonjour"}})
	}
	h.alma.post("/moderation/tags", url.Values{"tag": {"backup"}, "into": {"sauvegarde"}}).holds(t, 403)
	h.maud.post("/moderation/tags", url.Values{"tag": {"nulle"}, "into": {"sauvegarde"}}).holds(t, 422, "nulle")
	h.maud.post("/moderation/tags", url.Values{"tag": {"#backup"}, "into": {"sauvegarde"}}).holds(t, 303)
	h.visitor().get("/discussions?tag=backup").holds(t, 200, ">Un<", ">Deux<")
}

func TestUnreadKeepsToTheLanguagesOneReads(t *testing.T) {
	h := newForum(t)
	for title, lang := range map[string]string{"En français": "fr", "Auf Deutsch": "de"} {
		h.alma.post("/discussions/new", url.Values{"title": {title}, "category": {h.public.Slug}, "lang": {lang}, "source": {"…"}})
	}
	h.Clock.Add(time.Minute)
	h.basile.get("/unread").holds(t, 200, "En français", "Auf Deutsch")
	h.basile.post("/unread", url.Values{"do": {"languages"}, "languages": {"fr", "en"}}).holds(t, 303)
	got := h.basile.get("/unread")
	got.holds(t, 200, "En français", "Non lus\u00a0: 1")
	got.lacks(t, "Auf Deutsch")
	h.basile.post("/unread", url.Values{"do": {"languages"}, "languages": {"tlh"}}).holds(t, 422)
}
