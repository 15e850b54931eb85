package server_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/frontend/markdown"
	"belfry/frontend/pages"
	"belfry/server"
	"belfry/server/browsertest"
	"belfry/server/search"
	"belfry/store"
	"belfry/store/demo"
	"belfry/store/gazetteer"
	"belfry/store/kv/bolt"
)

// told is a folder with the demo community and its index as files, made once: each village is a copy.
var told = sync.OnceValues(func() (string, error) {
	home, err := os.MkdirTemp("", storyPrefix())
	if err != nil {
		return "", err
	}
	db, err := bolt.Open(filepath.Join(home, "belfry.db"), bolt.Options{})
	if err != nil {
		return "", err
	}
	places, err := gazetteer.Load()
	if err != nil {
		return "", err
	}
	clock := demo.NewClock(time.Now())
	hub, err := store.Open(ctx, db, store.Options{Demo: true, Clock: clock.Now, Rand: demo.Rand(1), Gazetteer: places, Renderer: server.Renderer()})
	if err != nil {
		return "", err
	}
	index, err := search.Open(filepath.Join(home, "search"))
	if err != nil {
		return "", err
	}
	return home, errors.Join(demo.Build(ctx, hub, clock), (&search.Follower{Store: hub, Index: index}).Rebuild(ctx), index.Close(), hub.Close())
})

// storyPrefix begins the names of this process's stories; others may run the same tests.
func storyPrefix() string { return fmt.Sprintf("belfry-story-%d-", os.Getpid()) }

// TestMain leaves no story behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if old, err := filepath.Glob(filepath.Join(os.TempDir(), storyPrefix()+"*")); err == nil {
		for _, dir := range old {
			_ = os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

// village is the demo community behind a real listener.
type village struct {
	*store.Store
	address  string
	post     *server.Post
	follower *search.Follower
}

func newVillage(t testing.TB) *village {
	t.Helper()
	story, err := told()
	ok(t, err)
	home := t.TempDir()
	ok(t, os.CopyFS(home, os.DirFS(story)))
	db, err := bolt.Open(filepath.Join(home, "belfry.db"), bolt.Options{})
	ok(t, err)
	places, err := gazetteer.Load()
	ok(t, err)
	hub, err := store.Open(ctx, db, store.Options{Demo: true, Clock: time.Now, Rand: demo.Rand(2), Gazetteer: places, Renderer: server.Renderer()})
	ok(t, err)
	index, err := search.Open(filepath.Join(home, "search"))
	ok(t, err)
	follower := &search.Follower{Store: hub, Index: index}
	t.Cleanup(func() { _ = index.Close() })
	parts, err := shared()
	ok(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	address := "http://" + listener.Addr().String()
	var persons []pages.DemoPerson
	for _, p := range demo.Persons() {
		m, err := hub.MemberByHandle(ctx, p.Handle)
		ok(t, err)
		persons = append(persons, pages.DemoPerson{Handle: m.Handle, Name: m.Name, Role: "demo.role." + p.Key})
	}
	s, err := server.New(ctx, server.Options{Store: hub, Assets: parts.assets, Catalogue: parts.catalogue, Markdown: markdown.New(), Map: parts.drawn,
		Search: index, PublicURL: address, Loopback: true, Demo: true, DemoPersons: persons, Version: "test", Vitals: someHours(0)})
	ok(t, err)
	post, err := server.NewPost(server.PostOptions{Store: hub, Catalogue: parts.catalogue, PublicURL: address})
	ok(t, err)
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Shutdown(ctx); _ = hub.Close() })
	return &village{Store: hub, address: address, post: post, follower: follower}
}

// next is the numbered meeting that comes next.
func (v *village) next(t testing.TB) store.Meeting {
	t.Helper()
	rows, err := v.Upcoming(ctx, store.Visitor(), 30)
	ok(t, err)
	for _, row := range rows {
		if row.Meeting.Number > 0 && row.Meeting.Open(v.Now()) {
			return row.Meeting
		}
	}
	t.Fatal("no meeting to come")
	return store.Meeting{}
}

// enter signs a tab in as somebody of the demo.
func (v *village) enter(t testing.TB, tab *browsertest.Tab, handle string) {
	t.Helper()
	tab.Open(v.address + "/demo")
	tab.Follow(`button[value="` + handle + `"]`)
}

func TestBrowserJourneys(t *testing.T) {
	v := newVillage(t)
	m := v.next(t)
	path := "/meetings/" + m.Slug
	for _, scripts := range []bool{true, false} {
		name := "with scripts"
		if !scripts {
			name = "without scripts"
		}
		t.Run("RSVP "+name, func(t *testing.T) {
			tab := browsertest.New(t)
			tab.Language("fr")
			tab.Scripts(scripts)
			v.enter(t, tab, "elise-delvaux")
			tab.Open(path)
			answer := func(value string) {
				selector := `#rsvp-` + m.ID + ` button[value="` + value + `"]`
				if scripts {
					tab.Click(selector)
					tab.WaitFor(`#rsvp-` + m.ID + ` button[value="` + value + `"][aria-pressed="true"]`)
				} else {
					tab.Follow(selector)
				}
			}
			answer("on_site")
			tab.WaitText(".rsvp__state", "Liste d’attente")
			before := tab.Text("#attendance")
			answer("online")
			tab.WaitText(".rsvp__state", "en visio")
			if tab.Text("#attendance") == before {
				t.Error("who comes does not have the answer yet")
			}
			answer("maybe")
			tab.WaitText(".rsvp__state", "peut-être")
			tab.Screenshot("rsvp-" + strconv.FormatBool(scripts))
		})
		t.Run("join "+name, func(t *testing.T) {
			tab := browsertest.New(t)
			tab.Language("fr")
			tab.Scripts(scripts)
			tab.Open(v.address + "/join")
			tab.Fill("#name", "Noé Essai")
			address := "noe." + strconv.FormatBool(scripts) + "@dinant.example"
			tab.Fill("#email", address)
			if scripts {
				tab.Fill("#town", "dinan")
				tab.WaitFor("[role=option]")
				tab.Click("[role=option]")
				tab.Until(`document.querySelector('[name=town_code]').value !== ''`)
				tab.Follow(`button[value="join"]`)
			} else {
				tab.Fill("#town", "dinant")
				tab.Follow(`button[value="join"]`)
				if tab.Exists("[name=town_pick]") {
					tab.Follow(`button[value="join"]`)
				}
			}
			tab.WaitText("h1", "Confirmez votre adresse")
			due, err := v.DueEvents(ctx, 1000)
			ok(t, err)
			code := ""
			for _, e := range due {
				if e.Data["address"] == address {
					code = e.Data["code"]
				}
			}
			tab.Fill("#code", code)
			tab.Follow(`form[action="/sign-in/code"] .btn--primary`)
			tab.WaitText("h1", "Bonjour Noé")
		})
		t.Run("minutes "+name, func(t *testing.T) {
			past, _, err := v.PastMeetings(ctx, store.Visitor(), 0, 5)
			ok(t, err)
			target := past[0].Meeting
			tab := browsertest.New(t)
			tab.Language("fr")
			tab.Scripts(scripts)
			v.enter(t, tab, "hugo-servais")
			tab.Open("/meetings/" + target.Slug + "/minutes/edit")
			tab.Fill("#source", "## Un point nouveau\n\nÉcrit par le test, **"+name+"**.")
			if scripts {
				tab.WaitText("[data-preview] strong", name)
			} else {
				tab.Follow(`button[name="preview"]`)
				tab.WaitText(".sheet strong", name)
			}
			tab.Follow(`button[value="publish"]`)
			tab.WaitText(".sheet .prose", "Écrit par le test")
			tab.Print(true)
			tab.Screenshot("minutes-print-" + strconv.FormatBool(scripts))
		})
		t.Run("language "+name, func(t *testing.T) {
			tab := browsertest.New(t)
			tab.Language("fr")
			tab.Scripts(scripts)
			tab.Open(v.address + "/towns?q=na")
			tab.Follow(`.footer button[value="de"]`)
			tab.WaitText("h1", "Gemeinden")
			if got := tab.Path(); got != "/towns?q=na" {
				t.Errorf("the switch leads to %s", got)
			}
			tab.Open("/subscribe")
			if got := tab.Attr(`a[href^="webcal:"]`, "href"); !strings.HasSuffix(got, "/meetings.ics") {
				t.Errorf("the subscribe button leads to %q", got)
			}
		})
	}
}

// TestBrowserAccessibility visits every page as visitor, member and administrator. Axe looks at each in both themes and two
// widths, in French and German; in Dutch, which differs by its words alone, a phone shows whether something does
// not fit. English words are the shortest. The long form looks at all four alike.
func TestBrowserAccessibility(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	v := newVillage(t)
	_, err := v.post.Compose(ctx)
	ok(t, err)
	m := v.next(t)
	past, _, err := v.PastMeetings(ctx, store.Visitor(), 0, 5)
	ok(t, err)
	slug, old := "/meetings/"+m.Slug, "/meetings/"+past[0].Meeting.Slug
	taken, err := v.Decisions(ctx, store.DecisionQuery{Limit: 2})
	ok(t, err)
	given, err := v.Actions(ctx, store.Visitor(), store.ActionQuery{State: "overdue", Limit: 1})
	ok(t, err)
	monthly := "/meetings/" + taken.Rows[1].Meeting.Slug
	agenda, err := v.MeetingPage(ctx, store.System(), m.Slug)
	ok(t, err)
	item := "/agenda/" + agenda.Items[2].Item.ID
	public := []string{"/", "/about", "/meetings", "/meetings/past", slug, old, old + "/minutes", "/series/reunion-mensuelle", "/subscribe", "/towns",
		"/towns/namur", "/people/hugo-servais", "/join", "/join?other=1", "/sign-in", "/sign-in/code", "/demo", "/not-here", "/decisions", "/decisions/" + taken.Rows[0].Decision.Number(), "/actions?state=all", "/help/minutes-notation",
		monthly + "/minutes", slug + "/room", "/meetings/attendance", "/decisions?year=1999", "/discussions", "/discussions?view=solved&lang=fr", "/meetings/years", "/series", item, "/t/1", "/help/writing", "/search?q=rgpd", "/search"}
	own := []string{"/", slug, item, "/settings", "/settings/leave", "/towns/seneffe", monthly + "/minutes/correct", "/actions", "/discussions/entraide", "/discussions?view=mine", "/discussions/new", "/t/2", "/t/2/x/1/report", "/t/2/x/1/translate", "/t/2/x/do/agenda", "/unread"}
	all := []string{"/", slug, "/meetings/new", "/series/new", "/series/reunion-mensuelle/edit", slug + "/edit", slug + "/cancel", old + "/minutes/edit", "/admin",
		"/admin/mail", "/admin/log", "/admin/diagnostics", "/towns/namur", "/towns/namur/edit", "/towns/namur/hand-over", "/people/elise-delvaux", slug + "/agenda", slug + "/room/lead", slug + "/room", slug + "/door", old + "/door", item, item + "/edit", "/towns/namur/merge", monthly + "/minutes", monthly + "/minutes/history",
		old + "/minutes/edit?section=1", "/actions/" + given.Rows[0].Action.Number(), "/discussions/categories", "/discussions/categories/new", "/t/3/x/do/moderate", "/t/3/x/do/change", "/t/3/x/2/edit", "/t/3/x/2/history", "/t/3/x/2/hide", "/moderation"}
	looks := map[string][]look{"fr": looksIn("fr"), "de": looksIn("de"), "nl": {{width: 360, dark: true, plain: true}}}
	if os.Getenv("BELFRY_TORTURE_ROUNDS") != "" { // the long form
		looks["nl"], looks["en"] = looks["fr"], looks["de"]
	}
	seen := 0
	for _, who := range []struct {
		handle string
		paths  []string
	}{{"", public}, {"elise-delvaux", own}, {"anne-baudoux", all}} {
		tab := browsertest.New(t)
		tab.Allow("404")
		tab.Language("fr")
		if who.handle != "" {
			v.enter(t, tab, who.handle)
		} else {
			tab.Open(v.address + "/")
		}
		for tag, looks := range looks {
			lookAt(t, tab, tag, who.handle, looks, who.paths...)
			seen += len(looks) * len(who.paths)
		}
	}
	t.Logf("%d pages looked at", seen)
}

// TestBrowserFirstVisit measures what a first visit weighs: at most 60 KiB and 8 requests (DESIGN, section 6).
func TestBrowserFirstVisit(t *testing.T) {
	v := newVillage(t)
	threads, err := v.Threads(ctx, store.Visitor(), store.ThreadQuery{Limit: 1})
	ok(t, err)
	thread := threads.Rows[0].Thread
	for _, path := range []string{"/", "/meetings/" + v.next(t).Slug, fmt.Sprintf("/t/%d/%s", thread.Number, thread.Slug)} {
		tab := browsertest.New(t)
		tab.Language("fr")
		tab.Open(v.address + path)
		cost := tab.Transfer()
		t.Logf("%s: %d bytes in %d requests", path, cost.Bytes, cost.Requests)
		if cost.Bytes > 60<<10 || cost.Requests > 8 {
			t.Errorf("%s weighs %d bytes in %d requests", path, cost.Bytes, cost.Requests)
		}
	}
	res, err := http.Get(v.address + "/healthz")
	ok(t, err)
	_ = res.Body.Close()
}
