package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// TestAnAnswerToAThreadThatMovedMeanwhile: forms that were opened before a split or merger find the way, and what was
// typed is never lost.
func TestAnAnswerToAThreadThatMovedMeanwhile(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	other := h.thread(t, h.alma, h.public.Slug, "Autre", "Bonjour aussi")
	h.basile.post(path+"/do/reply", url.Values{"source": {"Une réponse"}}).holds(t, 303)
	form := url.Values{"source": {"Une réponse corrigée"}, "base": {"0"}} // opened now, sent later
	h.maud.post(path+"/do/moderate", url.Values{"do": {"split"}, "posts": {"2"}, "title": {"À part"}}).holds(t, 303)
	h.basile.get(path+"/2/edit").holds(t, 200, "Une réponse")
	got := h.basile.post(path+"/2/edit", form)
	if to := got.Header.Get("Location"); got.StatusCode != 303 || !strings.HasPrefix(to, "/t/3/a-part") {
		t.Errorf("an edit led to %d %s", got.StatusCode, to)
	}
	h.visitor().get("/t/3/a-part").holds(t, 200, "Une réponse corrigée")
	h.alma.post(path+"/2/react", url.Values{"kind": {"useful"}}).holds(t, 303)
	h.alma.post(path+"/2/report", url.Values{"reason": {"other"}, "text": {"À regarder"}}).holds(t, 303)
	h.maud.get("/moderation").holds(t, 200, "À regarder", "/t/3/a-part")

	once := once(t, h.basile.get(path))
	h.maud.post(path+"/do/moderate", url.Values{"do": {"merge"}, "merge": {"#2"}}).holds(t, 303)
	for range 2 { // a double click
		got = h.basile.post(path+"/do/reply", url.Values{"source": {"Écrite entre-temps"}, "once": {once}})
		if to := got.Header.Get("Location"); got.StatusCode != 303 || !strings.HasPrefix(to, other) {
			t.Errorf("an answer led to %d %s", got.StatusCode, to)
		}
	}
	page := h.visitor().get(other)
	page.holds(t, 200, "Écrite entre-temps")
	if strings.Count(page.body, "Écrite entre-temps") != 1 {
		t.Error("the answer is there twice")
	}
	sound(t, h.site)
}

// TestClosedMeanwhile: who was writing when a thread was closed is told, and finds the text in the form.
func TestClosedMeanwhile(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	h.basile.post(path+"/do/reply", url.Values{"source": {"Une réponse"}}).holds(t, 303)
	ok(t, h.ModerateThread(ctx, store.System(), threadID(t, h, 1), store.ActClose, "", true))
	for _, one := range []struct {
		b    *browser
		path string
		form url.Values
	}{{h.basile, "/do/reply", url.Values{"source": {"Trop tard, gardé"}}}, {h.basile, "/2/edit", url.Values{"source": {"Trop tard, gardé"}, "base": {"0"}}},
		{h.alma, "/1/edit", url.Values{"source": {"Trop tard, gardé"}, "base": {"0"}}}} {
		one.b.post(path+one.path, one.form).holds(t, 409, "Trop tard, gardé", "Cette discussion est fermée")
	}
	h.basile.post(path+"/1/edit", url.Values{"source": {"D’un autre"}, "base": {"0"}}).holds(t, 403)
	h.alma.post(path+"/do/change", url.Values{"title": {"Autre titre"}, "lang": {"fr"}}).holds(t, 409, "Autre titre", "Cette discussion est fermée")
	h.visitor().get(path).lacks(t, "Trop tard", "Autre titre")
	h.maud.post(path+"/do/reply", url.Values{"source": {"Mot de la fin"}}).holds(t, 303)
	sound(t, h.site)
}

// TestA30DraftsOfOthers: neither the place nor the id of somebody's draft lets anybody else read it, change it, post it, or
// keep it from being posted. (A30)
func TestA30DraftsOfOthers(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	id := threadID(t, h, 1)
	page, err := h.ThreadPage(ctx, store.As(h.author.ID), 1, 1)
	ok(t, err)
	places := []string{"new", "reply/" + id, "edit/" + page.Posts[0].Post.ID}
	for _, place := range places {
		h.alma.post("/drafts", url.Values{"place": {place}, "once": {"brouillon-d-alma"}, "title": {"Titre d’Alma"}, "source": {"Secret d’Alma"}}).holds(t, 204)
		h.basile.post("/drafts", url.Values{"place": {place}, "once": {"brouillon-d-alma"}, "source": {"Mots de Basile"}}).holds(t, 204)
		h.basile.post("/drafts", url.Values{"place": {place}, "once": {"brouillon-d-alma"}, "source": {""}}).holds(t, 204) // drops their own
	}
	for _, b := range []*browser{h.basile, h.maud, h.visitor()} {
		for _, where := range []string{"/discussions/new", path, path + "/1/edit", "/", "/unread", "/moderation", "/settings", "/discussions?view=mine"} {
			b.get(where).lacks(t, "Secret d’Alma", "Titre d’Alma", "brouillon-d-alma")
		}
	}
	h.basile.post(path+"/do/reply", url.Values{"source": {"Réponse de Basile"}, "once": {"brouillon-d-alma"}}).holds(t, 303)
	h.Clock.Add(time.Minute)
	h.alma.get(path).holds(t, 200, "Secret d’Alma")
	h.alma.get(path+"/1/edit").holds(t, 200, "Secret d’Alma")
	h.alma.get("/discussions/new").holds(t, 200, "Secret d’Alma", "Titre d’Alma")
	h.alma.post(path+"/do/reply", url.Values{"source": {"Secret d’Alma, fini"}, "once": {"brouillon-d-alma"}}).holds(t, 303)
	h.visitor().get(path).holds(t, 200, "Réponse de Basile", "Secret d’Alma, fini")
	h.basile.post("/drafts", url.Values{"place": {"reply/../" + id}, "once": {"x"}, "source": {"x"}}).holds(t, 422)
	sound(t, h.site)
}
