package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store"
)

// TestA31AccessTakenAwayCountsAtOnce: pages that were just shown are not shown again to who may not see them any more,
// whether a category was closed to strangers, a thread was moved or hidden, or a duty was taken away. (A31)
func TestA31AccessTakenAwayCountsAtOnce(t *testing.T) {
	h := newFinder(t)
	path := h.thread(t, h.alma, h.public.Slug, "Affaire zon zi", "Le texte zon zi")
	h.alma.post(path+"/do/change", url.Values{"title": {"Affaire zon zi"}, "lang": {"fr"}, "tags": {"affaires"}}).holds(t, 303)
	ok(t, h.follower.CatchUp(ctx))
	stranger := h.visitor()
	pages := []string{path, "/discussions", "/discussions/" + h.public.Slug, "/discussions.atom", "/t/1.atom", "/search?q=affaire", "/search.json?q=affaire", "/discussions?tag=affaires", path + "/1/history"}
	seen := func(b *browser, want bool) {
		t.Helper()
		for _, where := range pages {
			if got := b.get(where); strings.Contains(strings.ToLower(strings.NewReplacer("<mark>", "", "</mark>", "").Replace(got.body)), "zon zi") != want {
				t.Errorf("%s: %d, and it is told: %v", where, got.StatusCode, !want)
			}
		}
	}
	seen(stranger, true)
	shelf := func(members bool) {
		_, err := h.SaveCategory(ctx, store.System(), h.public.ID, store.CategoryInput{Slug: h.public.Slug, Names: h.public.Names, Members: members})
		ok(t, err)
	}
	shelf(true)
	seen(stranger, false)
	shelf(false)
	seen(stranger, true)
	h.maud.post(path+"/do/moderate", url.Values{"do": {"move"}, "category": {h.members.Slug}}).holds(t, 303)
	seen(stranger, false)
	h.maud.post(path+"/do/moderate", url.Values{"do": {"move"}, "category": {h.public.Slug}}).holds(t, 303)
	seen(stranger, true)
	h.maud.post(path+"/do/moderate", url.Values{"do": {"hide_thread"}}).holds(t, 303)
	seen(stranger, false)
	seen(h.basile, false)
	h.maud.get(path).holds(t, 200, "Le texte zon zi")
	maud, err := h.MemberByHandle(ctx, "maud-ratrice")
	ok(t, err)
	ok(t, h.SetRole(ctx, store.System(), maud.ID, store.RoleModerator, false))
	h.maud.get(path).holds(t, 404)
	h.maud.get("/moderation").holds(t, 403)
	seen(h.maud, false)
	h.maud.post(path+"/do/moderate", url.Values{"off": {"hide_thread"}}).holds(t, 404)
}

// TestA31LettersTellOnlyWhatMayBeRead: a letter that waited is written for who may read the post when it is written. (A31)
func TestA31LettersTellOnlyWhatMayBeRead(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	for _, b := range []*browser{h.basile, h.maud} {
		b.post(path+"/do/follow", url.Values{"level": {string(store.Watch)}}).holds(t, 303)
	}
	gone := h.Join(t, "Gaston Parti", "BE-52011")
	h.as(gone).post(path+"/do/follow", url.Values{"level": {string(store.Watch)}}).holds(t, 303)
	post := office(t, h.Hub, nil)
	admin := h.With(t, h.Join(t, "Ada Beispiel", "BE-34022"), store.RoleAdministrator)
	h.Clock.Add(10 * time.Minute)
	_, err := post.Compose(ctx)
	ok(t, err)
	told := func(word string) (names []string) {
		h.Clock.Add(10 * time.Minute)
		_, err := post.Compose(ctx)
		ok(t, err)
		for _, one := range letters(t, h.Hub, admin) {
			if strings.Contains(one.Text, word) && one.Kind == store.EventPosted {
				names = append(names, one.Name)
			}
		}
		return names
	}
	h.alma.post(path+"/do/reply", url.Values{"source": {"Le mot zonzi-un"}}).holds(t, 303)
	h.as(gone).post("/settings/leave", nil).holds(t, 303)
	if names := told("zonzi-un"); len(names) != 2 {
		t.Errorf("after somebody left: %v", names)
	}
	h.alma.post(path+"/do/reply", url.Values{"source": {"Le mot zonzi-deux"}}).holds(t, 303)
	h.maud.post(path+"/3/hide", url.Values{"do": {"hide"}, "reason": {"Hors charte"}}).holds(t, 303)
	h.alma.post(path+"/do/reply", url.Values{"source": {"Le mot zonzi-trois"}}).holds(t, 303)
	if names := told("zonzi-deux"); len(names) != 0 {
		t.Errorf("a hidden post is told to %v", names)
	}
	if names := told("zonzi-trois"); len(names) != 2 {
		t.Errorf("the post after it is told to %v", names)
	}
	h.alma.post(path+"/do/reply", url.Values{"source": {"Le mot zonzi-quatre"}}).holds(t, 303)
	ok(t, h.ModerateThread(ctx, store.System(), threadID(t, h, 1), store.ActHideThread, "", true))
	if names := told("zonzi-quatre"); len(names) != 1 || names[0] != "Maud Ratrice" {
		t.Errorf("a hidden thread is told to %v", names)
	}
}

// TestA40ClicksAtOnceCountOnce: the same vote, reaction, form or report, many times in the same moment, is one. (A40)
func TestA40ClicksAtOnceCountOnce(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	token := tokenField.FindStringSubmatch(h.basile.get("/settings").body)[1]
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			b := browser{site: h.site, cookies: map[string]string{}, header: http.Header{}}
			for name, value := range h.basile.cookies {
				b.cookies[name] = value
			}
			for _, one := range [][]string{{"/do/mark", "do", "vote"}, {"/1/react", "kind", "us_too"}, {"/1/report", "reason", "spam"}, {"/do/reply", "source", "Une fois", "once", "double-clic"}} {
				form := url.Values{"csrf": {token}}
				for i := 1; i < len(one); i += 2 {
					form.Set(one[i], one[i+1])
				}
				if got := b.do(http.MethodPost, path+one[0], form); got.StatusCode >= 500 {
					t.Errorf("%s: %d", one[0], got.StatusCode)
				}
			}
		})
	}
	all.Wait()
	page, err := h.ThreadPage(ctx, store.Visitor(), 1, 1)
	ok(t, err)
	if n, votes, too := page.Thread.Posts, page.Thread.Votes, page.Posts[0].Reactions.Count(store.UsToo); n != 2 || votes != 1 || too != 1 {
		t.Errorf("%d posts, %d votes, %d towns", n, votes, too)
	}
	queue, err := h.ModerationQueue(ctx, store.As(func() string { m, _ := h.MemberByHandle(ctx, "maud-ratrice"); return m.ID }()))
	ok(t, err)
	if len(queue.Reports) != 1 || len(queue.Reports[0].Reports) != 1 {
		t.Errorf("reports: %+v", queue.Reports)
	}
	sound(t, h.site)
}

// TestA45PicturesFromElsewhereAreNotLoaded: a post makes no reader's browser ask another site for anything. (A45)
func TestA45PicturesFromElsewhereAreNotLoaded(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	h.alma.post(path+"/do/reply", url.Values{"source": {"![suivi](https://suivi.example/a.png) [![lien](//suivi.example/b.png)](https://suivi.example)\n\n<img src=https://suivi.example/c.png>"}}).holds(t, 303)
	got := h.visitor().get(path)
	got.holds(t, 200, "suivi")
	got.lacks(t, `src="https://suivi`, `src="//suivi`, `<img src=https`, `srcset`)
	if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "img-src *") || strings.Contains(csp, "https:") {
		t.Errorf("policy %q", csp)
	}
}
