package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// feeds are the addresses of the world for programs: calendars, news, tables and texts.
func (w *world) feeds() []string {
	var all []string
	for _, route := range w.App().GetRoutes(true) {
		dot := strings.LastIndex(route.Path, ".")
		if route.Method != http.MethodGet || dot < 0 || !slices.Contains([]string{".ics", ".atom", ".csv", ".md", ".yml", ".json"}, route.Path[dot:]) {
			continue
		}
		r := expected(w)["GET "+route.Path]
		for _, one := range w.records[r.on] {
			if path := fill(route.Path, one, visitor); !slices.Contains(all, path) {
				all = append(all, path)
			}
		}
	}
	return all
}

// TestAddressesOfProgramsAreInTheReadme: each of them, and no other.
func TestAddressesOfProgramsAreInTheReadme(t *testing.T) {
	text, err := os.ReadFile("../cmd/belfry/OPERATING.md")
	ok(t, err)
	_, text, _ = bytes.Cut(text, []byte("What programs may read"))
	text, _, _ = bytes.Cut(text, []byte("\n## "))
	named := map[string]bool{}
	for _, one := range regexp.MustCompile("`(/[^` ]*)`").FindAllSubmatch(text, -1) {
		named[string(one[1])] = true
	}
	routes := newSite(t).App().GetRoutes(true)
	for _, route := range routes {
		path := route.Path
		dot := strings.LastIndex(path, ".")
		program := dot > 0 && path != "/favicon.ico" || slices.Contains([]string{"/live", "/healthz", "/readyz"}, path)
		if program && !named[path] {
			t.Errorf("%s is not in OPERATING.md", path)
		}
	}
	for path := range named {
		if !slices.ContainsFunc(routes, func(r fiber.Route) bool { return r.Path == path }) {
			t.Errorf("OPERATING.md names %s, and there is no such address", path)
		}
	}
}

// TestFeedsAreTheSameForEverybody: what programs fetch holds what visitors may read, whoever's cookie comes with it, so that a
// copy that is passed on tells nothing. What is suggested while typing, and one's own news of a thread, is not such a feed.
func TestFeedsAreTheSameForEverybody(t *testing.T) {
	w := newWorld(t)
	all := w.feeds()
	all = slices.DeleteFunc(all, func(path string) bool { return strings.HasSuffix(path, ".json") })
	if len(all) < 20 {
		t.Errorf("only %d feeds: %v", len(all), all)
	}
	for _, path := range all {
		first := w.ask(visitor, http.MethodGet, path, nil)
		for _, who := range []audience{member, moderator, administrator} {
			if got := w.ask(who, http.MethodGet, path, nil); got.StatusCode != first.StatusCode || got.StatusCode == http.StatusOK && got.body != first.body {
				t.Errorf("%s as %s: %d, another answer than a visitor's %d", path, roleNames()[who], got.StatusCode, first.StatusCode)
			}
		}
	}
}

// TestFeedsOfWhatIsGone: what is hidden, carried to the members, merged, ended, held back or somebody's who left is in no feed any
// more from that moment on, and a secret address that was taken back tells nothing. (A13, A31)
func TestFeedsOfWhatIsGone(t *testing.T) {
	w := newWorld(t)
	w.rehearsal.End()
	get := func(path string) answer { return w.ask(visitor, http.MethodGet, path, nil) }
	lists := []string{"/discussions.atom", "/discussions/" + w.ids["public"] + ".atom", "/search.json?q=zonzifil"}
	thread := func(word string) (store.Thread, string) {
		w.Clock.Add(time.Minute)
		opened, err := w.OpenThread(ctx, w.by(author), store.ThreadInput{Title: "Zonzifil " + word, Category: w.ids["public"], PostInput: store.PostInput{Source: "Texte " + word, Lang: "fr"}})
		ok(t, err)
		return opened.Thread, fmt.Sprintf("/t/%d", opened.Thread.Number)
	}
	seen := func(what, path, word string, own, listed bool) {
		t.Helper()
		for _, one := range []string{path + ".atom", path + "/news.json"} {
			if got := get(one); (got.StatusCode == http.StatusOK) != own || strings.Contains(got.body, word) && !own {
				t.Errorf("%s: %s answers %d", what, one, got.StatusCode)
			}
		}
		for _, one := range lists[:2] {
			if got := get(one); strings.Contains(got.body, word) != listed {
				t.Errorf("%s: %s tells of it: %v", what, one, !listed)
			}
		}
		if got := get(lists[2]); !listed && strings.Contains(got.body, word) {
			t.Errorf("%s: %s tells of it", what, lists[2])
		}
	}
	d, path := thread("caché")
	seen("before", path, "caché", true, true)
	ok(t, w.ModerateThread(ctx, w.by(moderator), d.ID, store.ActHideThread, "", true))
	seen("hidden", path, "caché", false, false)
	ok(t, w.ModerateThread(ctx, w.by(moderator), d.ID, store.ActHideThread, "", false))
	seen("shown again", path, "caché", true, true)
	d, path = thread("déplacé")
	seen("before", path, "déplacé", true, true)
	ok(t, w.MoveThread(ctx, w.by(moderator), d.ID, w.ids["members"]))
	seen("moved to the members", path, "déplacé", false, false)
	d, path = thread("fondu")
	at := slices.IndexFunc(w.records["thread"], func(r record) bool { return r.name == "members" })
	inside, err := strconv.Atoi(w.records["thread"][at].params[1])
	ok(t, err)
	_, err = w.MergeThread(ctx, store.System(), d.ID, inside)
	ok(t, err)
	seen("merged into one of the members", path, "fondu", false, false)
	d, path = thread("effacé")
	opened, err := w.Reply(ctx, w.by(author), d.ID, store.PostInput{Source: "Réponse zonzimasque", Lang: "fr"})
	ok(t, err)
	if got := get(path + ".atom"); !strings.Contains(got.body, "zonzimasque") {
		t.Error("a reply is not in the feed of its thread")
	}
	ok(t, w.HidePost(ctx, w.by(moderator), d.ID, opened.Post.Seq, "Hors charte", true))
	for _, one := range append(lists, path+".atom", path+"/news.json") {
		if got := get(one); strings.Contains(got.body, "zonzimasque") {
			t.Errorf("%s tells of a hidden post", one)
		}
	}
	held, err := w.OpenThread(ctx, w.by(newcomer), store.ThreadInput{Title: "Zonzifil retenu", Category: w.ids["public"], PostInput: store.PostInput{Source: "Voir https://pub.example", Lang: "fr"}})
	ok(t, err)
	if !held.Waits {
		t.Error("a newcomer's link did not wait")
	}
	for _, one := range lists {
		if got := get(one); strings.Contains(got.body, "retenu") {
			t.Errorf("%s tells of what is held back", one)
		}
	}
	w.calendarsTakenBack(get)
	w.meetingsGone(get)
}

// calendarsTakenBack: a secret address that was reset, removed, or is of who left says so for a while, and is gone then.
func (w *world) calendarsTakenBack(get func(path string) answer) {
	w.t.Helper()
	link := func(who audience) store.FeedLink {
		l, err := w.NewFeedLink(ctx, w.by(who), "téléphone")
		ok(w.t, err)
		if got := get("/calendar/" + l.Token + ".ics"); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "VEVENT") || !strings.Contains(got.body, "zonzi-visioquatre") {
			w.t.Errorf("a calendar of one's own answers %d", got.StatusCode)
		}
		return l
	}
	reset, removed, gone := link(author), link(author), link(newcomer)
	ok(w.t, w.ResetFeedLink(ctx, w.by(author), reset.ID))
	ok(w.t, w.RemoveFeedLink(ctx, w.by(author), removed.ID))
	ok(w.t, w.Leave(ctx, w.by(newcomer), "", store.Session{Member: w.people[newcomer].ID, Proved: w.Now()}))
	for _, days := range []int{0, 31} {
		w.Clock.Add(time.Duration(days) * 24 * time.Hour)
		for what, l := range map[string]store.FeedLink{"reset": reset, "removed": removed, "of who left": gone} {
			got := get("/calendar/" + l.Token + ".ics")
			for _, problem := range w.tells(got.body, "", visitor) {
				w.t.Errorf("a calendar that was %s: %s", what, problem)
			}
			if strings.Contains(got.body, "VEVENT") || days == 0 && got.StatusCode != http.StatusOK || days > 0 && got.StatusCode != http.StatusNotFound {
				w.t.Errorf("a calendar that was %s answers %d after %d days: %s", what, got.StatusCode, days, got.body)
			}
		}
	}
}

// meetingsGone: a meeting that was cancelled says so, a series that ended has an end, and a town that was merged leads on.
func (w *world) meetingsGone(get func(path string) answer) {
	w.t.Helper()
	series, _, err := w.SeriesBySlug(ctx, w.records["series"][0].params[1])
	ok(w.t, err)
	ok(w.t, w.EndSeries(ctx, w.by(organiser), series.ID))
	if got := get("/series/" + series.Slug + ".ics"); got.StatusCode != http.StatusOK || strings.Contains(got.body, "RRULE") && !strings.Contains(got.body, "UNTIL=") {
		w.t.Errorf("a series that ended: %d, %s", got.StatusCode, got.body)
	}
	rows, err := w.SeriesMeetings(ctx, w.by(organiser), series.ID, 1)
	ok(w.t, err)
	ok(w.t, w.CancelMeeting(ctx, w.by(organiser), rows[0].Meeting.ID, "Salle fermée"))
	for _, path := range []string{"/meetings.ics", "/meetings/" + rows[0].Meeting.Slug + ".ics"} {
		if got := get(path); !strings.Contains(got.body, "STATUS:CANCELLED") {
			w.t.Errorf("%s: a cancelled meeting stands", path)
		}
	}
	town := w.people[author].TownID()
	if got := get("/towns/namur/meetings.ics"); got.StatusCode != http.StatusOK {
		w.t.Errorf("the calendar of a town: %d", got.StatusCode)
	}
	_, err = w.MergeTowns(ctx, w.by(steward), town, store.JoinInput{TownCode: "BE-34022"})
	ok(w.t, err)
	got := get("/towns/namur/meetings.ics")
	for _, problem := range w.tells(got.body, "", visitor) {
		w.t.Errorf("the calendar of a town that was merged: %s", problem)
	}
	if got.StatusCode != http.StatusOK && got.StatusCode != http.StatusMovedPermanently {
		w.t.Errorf("the calendar of a town that was merged: %d", got.StatusCode)
	}
}
