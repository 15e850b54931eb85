package search_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/search"
	"belfry/store"
	"belfry/store/storetest"
)

var ctx = context.Background()

// library is a store with an index that follows it when told.
type library struct {
	*storetest.Hub
	index           *search.Index
	follower        *search.Follower
	public, members store.Category
	alma, basile    store.Member
	mod             store.Actor
	t               *testing.T
}

func open(t *testing.T) *library {
	t.Helper()
	hub := storetest.OpenRendering(t, server.Renderer())
	index, err := search.Open(filepath.Join(t.TempDir(), "search"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = index.Close() })
	l := &library{Hub: hub, index: index, follower: &search.Follower{Store: hub.Store, Index: index, Log: slog.New(slog.DiscardHandler)}, t: t}
	for name, shelf := range map[string]*store.Category{"Entraide": &l.public, "Coulisses": &l.members} {
		*shelf, err = hub.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": name}, Members: name == "Coulisses"})
		if err != nil {
			t.Fatal(err)
		}
	}
	l.alma, l.basile = hub.Join(t, "Alma Testeuse", "BE-92094"), hub.Join(t, "Basile Essai", "BE-52011")
	l.mod = hub.With(t, hub.Join(t, "Maud Ratrice", "BE-62063"), store.RoleModerator)
	return l
}

func (l *library) thread(in store.ThreadInput) store.Thread {
	l.t.Helper()
	if in.Category == "" {
		in.Category = l.public.Slug
	}
	l.Clock.Add(5 * time.Minute)
	opened, err := l.OpenThread(ctx, store.As(l.alma.ID), in)
	if err != nil {
		l.t.Fatal(err)
	}
	return opened.Thread
}

// found asks as a reader may and gives the addresses of what was found, in order.
func (l *library) found(q search.Query, member bool) []string {
	l.t.Helper()
	if err := l.follower.CatchUp(ctx); err != nil {
		l.t.Fatal(err)
	}
	q.Limit, q.Now, q.Members = 20, l.Clock.Now(), member
	by := store.As(l.basile.ID)
	if !member {
		by, q.Without = store.Visitor(), []string{l.members.ID}
	}
	got, err := l.index.Search(ctx, q)
	if err != nil {
		l.t.Fatal(err)
	}
	documents, err := l.Searchable(ctx, by, got.Records)
	if err != nil {
		l.t.Fatal(err)
	}
	if got.Total != len(documents) && got.Total <= q.Limit {
		l.t.Errorf("%q counts %d and shows %d", q.Words, got.Total, len(documents))
	}
	var all []string
	for _, record := range got.Records {
		d := documents[record]
		switch d.Kind {
		case "thread", "post":
			all = append(all, fmt.Sprintf("%d/%d", d.Thread.Number, d.Seq))
		default:
			all = append(all, d.Kind+" "+d.Title)
		}
	}
	return all
}

func (l *library) want(words string, expected ...string) {
	l.t.Helper()
	if have := l.found(search.Query{Words: words}, false); strings.Join(have, ", ") != strings.Join(expected, ", ") {
		l.t.Errorf("%q finds %v, want %v", words, have, expected)
	}
}

func TestWordsAreFoundByStemAccentAndBeginning(t *testing.T) {
	l := open(t)
	l.thread(store.ThreadInput{Title: "Les événements de la commune", PostInput: store.PostInput{Lang: "fr", Source: "Nous publions les délibérations."}})
	l.thread(store.ThreadInput{Title: "Agenda van de gemeenten", PostInput: store.PostInput{Lang: "nl", Source: "De vergaderingen beginnen vroeg."}})
	l.thread(store.ThreadInput{Title: "Barrierefreie Protokolle", PostInput: store.PostInput{Lang: "de", Source: "Für größere Gemeinden."}})
	l.thread(store.ThreadInput{Title: "Testing the backups", Tags: "restore", PostInput: store.PostInput{Lang: "en", Source: "We restored everything."}})
	l.want("évènement", "1/1")
	l.want("EVENEMENT", "1/1")
	l.want("délibération", "1/1")
	l.want("délib", "1/1")
	l.want("gemeente", "2/1")
	l.want("vergadering", "2/1")
	l.want("Gemeinde", "3/1")
	l.want("grosse", "3/1")
	l.want("tests backup", "4/1")
	l.want("restoring", "4/1")
	l.want("#4", "4/1")
	l.want("commune gemeente")
	l.want(`"publions les"`, "1/1")
	l.want(`"les publions"`)
	l.want("événements -commune")
	l.want("evenemants", "1/1") // one letter wrong
	for _, odd := range []string{"", "  ", `"`, `"""`, "-", "--", "(", "*", "a:b", "AND OR", "\x00", strings.Repeat("a", 10_000), strings.Repeat("mot ", 500), "\\", "[x", "é\xff"} {
		l.found(search.Query{Words: odd}, false)
	}
}

func TestMembersOnlyIsNotFoundByStrangers(t *testing.T) {
	l := open(t)
	l.thread(store.ThreadInput{Title: "Tarifs confidentiels", Category: l.members.Slug, PostInput: store.PostInput{Lang: "fr", Source: "Un secret."}})
	l.want("confidentiels")
	l.want("secret")
	l.want("confid")
	if have := l.found(search.Query{Words: "confidentiel"}, true); len(have) != 1 {
		t.Errorf("a member finds %v", have)
	}
	open := l.thread(store.ThreadInput{Title: "Ouvert", PostInput: store.PostInput{Lang: "fr", Source: "Bientôt clos."}})
	l.want("ouvert", "2/1")
	if err := l.MoveThread(ctx, l.mod, open.ID, l.members.Slug); err != nil {
		t.Fatal(err)
	}
	l.want("ouvert")
	l.want("bientôt")
}

func TestTheIndexFollowsWhatIsChangedHiddenAndAccepted(t *testing.T) {
	l := open(t)
	d := l.thread(store.ThreadInput{Title: "Ancien titre", Question: true, PostInput: store.PostInput{Lang: "fr", Source: "Premier texte"}})
	opened, err := l.Reply(ctx, store.As(l.basile.ID), d.ID, store.PostInput{Lang: "fr", Source: "Une réponse utile"})
	if err != nil {
		t.Fatal(err)
	}
	l.want("utile", "1/2")
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(l.Accept(ctx, store.As(l.alma.ID), d.ID, opened.Post.Seq))
	if have := l.found(search.Query{Words: "titre", Solved: "yes"}, false); len(have) != 1 {
		t.Errorf("solved: %v", have)
	}
	_, err = l.ChangeThread(ctx, store.As(l.alma.ID), d.ID, store.ThreadChange{Title: "Nouvel intitulé", Lang: "fr", Question: true})
	check(err)
	l.want("ancien")
	l.want("intitulé", "1/1")
	_, err = l.EditPost(ctx, store.As(l.basile.ID), d.ID, 2, 0, store.PostInput{Lang: "fr", Source: "Autrement dit"}, "")
	check(err)
	l.want("utile")
	l.want("autrement", "1/2")
	check(l.HidePost(ctx, l.mod, d.ID, 2, "Doublon", true))
	l.want("autrement")
	check(l.ModerateThread(ctx, l.mod, d.ID, store.ActHideThread, "", true))
	l.want("intitulé")
	check(l.ModerateThread(ctx, l.mod, d.ID, store.ActHideThread, "", false))
	l.want("intitulé", "1/1")
}

func TestFiltersNarrow(t *testing.T) {
	l := open(t)
	d := l.thread(store.ThreadInput{Title: "Archives", PostInput: store.PostInput{Lang: "fr", Source: "Les archives"}})
	if _, err := l.Reply(ctx, store.As(l.basile.ID), d.ID, store.PostInput{Lang: "nl", Source: "Archieven en archives"}); err != nil {
		t.Fatal(err)
	}
	if have := l.found(search.Query{Words: "charleroi"}, false); len(have) != 0 {
		t.Errorf("a town that nobody has welcomed: %v", have)
	}
	if err := l.WelcomeTown(ctx, store.System(), l.basile.TownID()); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		q    search.Query
		want string
	}{
		"kind":     {search.Query{Words: "archives", Kind: "post"}, "1/2"},
		"language": {search.Query{Words: "archives", Lang: "fr"}, "1/1"},
		"person":   {search.Query{Words: "archives", Person: l.basile.ID}, "1/2"},
		"town":     {search.Query{Words: "archives", Town: l.alma.TownID()}, "1/1"},
		"category": {search.Query{Words: "archives", Category: l.members.ID}, ""},
		"to":       {search.Query{Words: "archives", To: l.Clock.Now().Add(-24 * time.Hour)}, ""},
		"from":     {search.Query{Words: "archives", Lang: "fr", From: l.Clock.Now().Add(-24 * time.Hour)}, "1/1"},
		"people":   {search.Query{Words: "alma"}, "person Alma Testeuse"},
		"towns":    {search.Query{Words: "charleroi"}, "town Charleroi"},
	} {
		if have := strings.Join(l.found(one.q, false), ", "); have != one.want {
			t.Errorf("%s: %q, want %q", name, have, one.want)
		}
	}
}

func TestAnIndexIsMadeAnewAndRepeatingHarmsNothing(t *testing.T) {
	l := open(t)
	if err := l.follower.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		l.thread(store.ThreadInput{Title: fmt.Sprint("Fil numéro ", i), PostInput: store.PostInput{Lang: "fr", Source: "Texte"}})
	}
	wanted, err := l.StaleSearch(ctx, l.index.ID(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.follower.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	before, _ := l.index.Count()
	found, err := l.Searchable(ctx, store.System(), wanted) // as when the process ended before it was noted
	if err != nil {
		t.Fatal(err)
	}
	if err := l.index.Put(ctx, wanted, found); err != nil {
		t.Fatal(err)
	}
	if after, _ := l.index.Count(); after != before {
		t.Errorf("%d documents became %d", before, after)
	}
	if err := l.follower.Rebuild(ctx); err != nil {
		t.Fatal(err)
	}
	if after, _ := l.index.Count(); after != before || l.index.Building() {
		t.Errorf("made anew it has %d documents of %d", after, before)
	}
	if have := l.found(search.Query{Words: "numéro"}, false); len(have) != 20 {
		t.Logf("%d on the first page", len(have))
	}
}

func TestMarksAreWhatWasFound(t *testing.T) {
	l := open(t)
	h := l.index.Highlighter("évènements gemeente")
	text := strings.Repeat("Avant. ", 60) + "Un événement <b>rare</b> dans les gemeenten."
	marked := ""
	for _, piece := range h.Mark(text, "fr", 120) {
		if piece.Hit {
			marked += "[" + piece.Text + "]"
		} else {
			marked += piece.Text
		}
	}
	if !strings.Contains(marked, "Un [événement] <b>rare</b>") || len([]rune(marked)) > 140 || !strings.HasPrefix(marked, "…") {
		t.Errorf("%q", marked)
	}
}
