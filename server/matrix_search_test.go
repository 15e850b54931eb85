package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"belfry/store"
)

var foundTotal = regexp.MustCompile(`<p class="muted" role="status">\s*([0-9]+) résultats?`)

// looksFor says what is wrong with what somebody is shown who looks for something: how many there are is how many are
// shown, and nothing tells words that judged may not read.
func (w *world) looksFor(path string, who, judged audience) (shown int, problems []string) {
	got := w.ask(who, http.MethodGet, path, nil)
	if got.StatusCode != http.StatusOK {
		return 0, []string{fmt.Sprintf("%s: %d", path, got.StatusCode)}
	}
	asked, _ := url.QueryUnescape(path)
	told := 0
	if strings.Contains(path, ".json") {
		var all []map[string]any
		if err := json.Unmarshal([]byte(got.body), &all); err != nil {
			return 0, []string{path + ": " + err.Error()}
		}
		shown, told = len(all), len(all)
		for _, one := range all {
			for name := range one {
				if !slices.Contains([]string{"name", "lang", "area", "href"}, name) {
					problems = append(problems, path+": tells "+name)
				}
			}
		}
	} else {
		shown = strings.Count(got.body, `<h2 class="row__title">`)
		if counted := foundTotal.FindStringSubmatch(got.body); counted != nil {
			told, _ = strconv.Atoi(counted[1])
		}
	}
	if told != shown && told <= 20 {
		problems = append(problems, fmt.Sprintf("%s: tells of %d, and shows %d", path, told, shown))
	}
	for _, one := range w.tells(got.body, strings.ToLower(asked), judged) {
		problems = append(problems, path+": "+one)
	}
	return shown, problems
}

// TestEveryWordIsFoundByItsReadersAlone looks as everybody for every word that only some may read, in the page and in what is
// suggested while typing, and by every filter: who may not read it learns nothing, not even that there is something. Then
// what was found is taken away, and is found no more before the index has heard of it. (A31)
func TestEveryWordIsFoundByItsReadersAlone(t *testing.T) {
	w := newWorld(t)
	asked, found, reached := 0, map[string]bool{}, map[audience]int{}
	look := func(path string, who audience) int {
		t.Helper()
		asked++
		shown, problems := w.looksFor(path, who, who)
		for _, problem := range problems {
			t.Errorf("%s: %s", roleNames()[who], problem)
		}
		return shown
	}
	for words, readers := range w.secrets {
		word, ours := strings.CutPrefix(words, "zonzi ")
		if !ours {
			continue
		}
		for who := range roleNames() {
			shown := look("/search.json?q="+word, who)
			switch {
			case who&readers != 0 && shown > 0:
				found[word] = true
				reached[who]++
			case who&readers == 0 && who&(visitor|newcomer|member) != 0:
				look("/search?q="+word, who)
			}
		}
	}
	if len(found) < 15 || reached[visitor] > 0 || reached[member] == 0 || reached[author] == 0 {
		t.Errorf("%d words are found, by %v: that nothing is found proves nothing", len(found), reached)
	}
	filters := []string{"category=" + w.ids["members"], "category=nulle", "person=%40alma-testeuse", "person=%40gaston-parti", "town=namur", "town=charleroi", "solved=no", "lang=nl", "from=2026-01-01&to=2026-12-31"}
	for _, kind := range []string{"thread", "post", "message", "item", "minutes", "decision", "action", "town", "person", "meeting", "app", "nulle"} {
		filters = append(filters, "kind="+kind)
	}
	for _, one := range w.records["room"] {
		filters = append(filters, "room="+one.params[1])
	}
	for _, filter := range filters {
		for _, who := range []audience{visitor, left, newcomer, member, author} {
			look("/search?"+filter, who)
		}
	}
	if _, problems := w.looksFor("/search?q=coulisses", author, visitor); len(problems) == 0 { // control
		t.Error("what a member finds is not seen when a visitor is told it")
	}
	w.rehearsal.End()
	id := func(name string) string {
		at := slices.IndexFunc(w.records["room"], func(r record) bool { return r.name == name })
		r, err := w.RoomBySlug(ctx, w.by(author), w.records["room"][at].params[1])
		ok(t, err)
		return r.ID
	}
	for _, one := range []struct {
		word string
		who  audience
		away func() error
	}{
		{"celluletexte", member, func() error { return w.RemoveFromRoom(ctx, w.by(author), id("private"), w.people[member].ID) }},
		{"membrestexte", member, func() error {
			return w.ModerateThread(ctx, w.by(moderator), w.ids["members thread"], store.ActHideThread, "", true)
		}},
		{"seance", member, func() error { _, err := w.DeleteMessage(ctx, w.by(author), id("meeting"), 1, ""); return err }},
		{"causerie", newcomer, func() error {
			return w.Leave(ctx, w.by(newcomer), "", store.Session{Member: w.people[newcomer].ID, Proved: w.Now()})
		}},
	} {
		path := "/search.json?q=" + one.word
		if look(path, one.who) == 0 {
			t.Errorf("%s does not find %q in the first place", roleNames()[one.who], one.word)
		}
		ok(t, one.away())
		for _, path := range []string{path, "/search?q=" + one.word} {
			if shown := look(path, one.who); shown != 0 {
				t.Errorf("%s still finds %q by %s", roleNames()[one.who], one.word, path)
			}
		}
	}
	t.Logf("%d questions, %d words found by those who may", asked, len(found))
}
