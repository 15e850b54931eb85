package server_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/server/search"
	"belfry/store"
)

// finder is a forum that can be searched.
type finder struct {
	forum
	follower *search.Follower
}

func newFinder(t *testing.T) finder {
	t.Helper()
	h := newForum(t)
	index, err := search.Open(filepath.Join(t.TempDir(), "search"))
	ok(t, err)
	t.Cleanup(func() { _ = index.Close() })
	f := finder{h, &search.Follower{Store: h.Store, Index: index}}
	ok(t, f.follower.Rebuild(ctx))
	h.Server.Search = index
	return f
}

func TestAStrangerFindsNothingOfTheMembersOnly(t *testing.T) {
	h := newFinder(t)
	h.thread(t, h.alma, h.members.Slug, "Tarifs confidentiels", "Le prix **secret** est zéro.")
	h.thread(t, h.alma, h.public.Slug, "Tarifs publics", "Tout est gratuit.")
	ok(t, h.follower.CatchUp(ctx))
	for _, words := range []string{"confidentiels", "secret", "confid", "tarifs", "confidentielz", "-publics"} {
		for _, path := range []string{"/search?q=", "/search.json?q="} {
			got := h.visitor().get(path + url.QueryEscape(words))
			if got.StatusCode != http.StatusOK || strings.Contains(got.body, "Tarifs confidentiels") || strings.Contains(got.body, ">secret<") || strings.Contains(got.body, h.members.Slug) {
				t.Errorf("%s%s tells a stranger: %d %s", path, words, got.StatusCode, got.body)
			}
		}
	}
	stranger := h.visitor().get("/search?q=tarifs")
	stranger.holds(t, 200, "1 résultat", "Tarifs</mark> publics")
	if strings.Contains(stranger.body, "résultats") {
		t.Error("a stranger is told of more than one")
	}
	h.visitor().get("/search?q=tarifs&category="+h.members.Slug).holds(t, 200, "Rien")
	h.basile.get("/search?q=tarif").holds(t, 200, "2 résultats", "Tarifs</mark> confidentiels")
	h.basile.get("/search.json?q=confid").holds(t, 200, "Tarifs confidentiels")
}

func TestWhatIsFoundIsShownAsText(t *testing.T) {
	h := newFinder(t)
	evil := `<img src=x onerror=alert(1)>`
	h.thread(t, h.alma, h.public.Slug, "Budget "+evil, "Le budget "+evil+" "+strings.Repeat("suite ", 200))
	ok(t, h.follower.CatchUp(ctx))
	for _, q := range []string{"budget", evil, `"><script>alert(1)</script>`} {
		got := h.visitor().get("/search?q=" + url.QueryEscape(q))
		if got.StatusCode != http.StatusOK || strings.Contains(got.body, "<img src=x") || strings.Contains(got.body, "<script>alert") {
			t.Errorf("%q: %d %s", q, got.StatusCode, got.body)
		}
	}
}

func TestOddSearchesAreAnswered(t *testing.T) {
	h := newFinder(t)
	h.thread(t, h.alma, h.public.Slug, "Budget", "Le budget.")
	ok(t, h.follower.CatchUp(ctx))
	odd := []string{"", "q=", "from=1500-01-01", "from=9999-12-31&q=a", "to=0001-01-01&q=a", "from=2026-02-30&q=a", "from=2026-05-01&to=2020-01-01&q=budget",
		"kind=nobody&q=budget", "category=nope&q=budget", "town=nowhere&q=budget", "person=%40nobody&q=budget", "lang=%00&q=a", "solved=perhaps&q=a", "page=-3&q=a",
		"page=99999999999999999999&q=a", "q=%ff%fe", "q=%22%22%22", "q=" + strings.Repeat("%22a+", 500), "q=" + strings.Repeat("*", 3000)}
	for _, path := range []string{"/search?", "/search.json?"} {
		for _, one := range odd {
			if got := h.visitor().get(path + one); got.StatusCode != http.StatusOK {
				t.Errorf("%s%.60s: %d", path, one, got.StatusCode)
			}
		}
	}
	h.visitor().get("/search?q=budget&category=nope").holds(t, 200, "Rien")
	h.Server.Search = nil
	h.visitor().get("/search?q=budget").holds(t, 200, "notice--wait")
}

func TestExcerptsHaveNoSignsOfMarkdown(t *testing.T) {
	h := newFinder(t)
	h.thread(t, h.alma, h.public.Slug, "Export", "> Une citation\n\n## Budget\n\nVoir **le** `tableau` et [la page](/towns)\u00a0:\n\n- [x] fait\n1. premier\n\n```sql\nSELECT 1\n```\n")
	ok(t, h.follower.CatchUp(ctx))
	got := h.visitor().get("/search?q=budget")
	got.holds(t, 200, "Une citation <mark>Budget</mark> Voir le tableau et la page\u00a0: fait premier SELECT 1")
}

func TestWhatIsSaidInRoomsIsFoundByThoseWhoMayReadIt(t *testing.T) {
	h := newFinder(t)
	author := store.As(h.author.ID)
	say := func(room, text string) {
		_, err := h.Send(ctx, author, room, store.MessageInput{Source: text})
		ok(t, err)
		h.Clock.Add(time.Minute)
	}
	open := func(name string, access store.Access) store.Room {
		r, err := h.OpenRoom(ctx, author, store.RoomInput{Name: name, Access: access})
		ok(t, err)
		return r
	}
	public, private := open("Portes ouvertes", store.AccessPublic), open("Réservé", store.AccessPrivate)
	say(public.ID, "Le beffroi sonne à midi")
	say(store.LoungeID, "Le beffroi est en travaux")
	say(private.ID, "Le beffroi coûte trop cher")
	ok(t, h.follower.CatchUp(ctx))
	for _, c := range []struct {
		name  string
		who   *browser
		found int
		lacks []string
	}{
		{"a visitor", h.visitor(), 1, []string{"travaux", "trop cher", "Réservé"}},
		{"a member", h.basile, 2, []string{"trop cher", "Réservé"}},
		{"a moderator", h.maud, 2, []string{"trop cher", "Réservé"}},
		{"who is in the room", h.alma, 3, nil},
	} {
		got := c.who.get("/search?q=beffrois")
		got.lacks(t, c.lacks...)
		if n := strings.Count(got.body, `<h2 class="row__title">`); n != c.found || strings.Contains(got.body, "4 résultats") {
			t.Errorf("%s finds %d messages, want %d", c.name, n, c.found)
		}
	}
	h.basile.get("/search?q=beffroi&room="+private.Slug).holds(t, 200, "Rien")
	h.alma.get("/search?q=beffroi&room="+private.Slug).holds(t, 200, "1 résultat", "Réservé", "/chat/"+private.Slug+"?at=1#m1")
	_, err := h.DeleteMessage(ctx, author, store.LoungeID, 1, "")
	ok(t, err)
	_, err = h.ChangeRoom(ctx, author, public.ID, store.RoomInput{Name: "Portes fermées", Access: store.AccessMembers})
	ok(t, err)
	ok(t, h.follower.CatchUp(ctx))
	h.visitor().get("/search?q=beffroi").holds(t, 200, "Rien")
	if got := h.basile.get("/search?q=beffroi"); strings.Contains(got.body, "travaux") || !strings.Contains(got.body, "Portes fermées") {
		t.Error("a deleted message is still found, or the room that changed is not")
	}
}
