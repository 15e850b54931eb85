package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
	"belfry/store/storetest"
)

// TestTenThousandReactionsOnOnePost: the counts are right, and the page reads no more for them.
func TestTenThousandReactionsOnOnePost(t *testing.T) {
	hub, counted := storetest.OpenRehearsing(t, server.Renderer())
	h := forumOn(t, siteOver(t, hub))
	path := h.thread(t, h.alma, h.public.Slug, "Un fil aimé", "Bonjour")
	quiet := h.thread(t, h.alma, h.public.Slug, "Un fil comme un autre", "Bonjour")
	id := threadID(t, h, 1)
	crowd := append(h.Crowd(t, "foule", "BE-92094", 6_000), h.Crowd(t, "masse", "BE-52011", 4_000)...)
	var everybody sync.WaitGroup
	for lane := range 64 {
		everybody.Go(func() {
			for i := lane; i < len(crowd); i += 64 {
				kind := store.Useful
				if i%2 == 1 {
					kind = store.UsToo
				}
				if err := h.React(ctx, store.As(crowd[i].ID), id, 1, kind, true); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	everybody.Wait()
	ok(t, h.React(ctx, store.As(crowd[0].ID), id, 1, store.Useful, true)) // again: nothing
	ok(t, h.React(ctx, store.As(crowd[2].ID), id, 1, store.Useful, false))
	reads := func(path string) int {
		h.Clock.Add(time.Minute)
		h.as(h.author) // what is kept of other pages is out of date now
		counted.Reads()
		h.visitor().get(path).holds(t, 200)
		return counted.Reads()
	}
	if many, few := reads(path), reads(quiet); many > few+5 {
		t.Errorf("the page reads %d values, one without reactions %d", many, few)
	}
	h.visitor().get(path).holds(t, 200, "<b>4999</b>", "<b>2</b>") // people, and towns
	h.basile.get(path).holds(t, 200, ">4999<")
	sound(t, h.site)
}

func sound(t testing.TB, s *site) {
	t.Helper()
	_, err := s.Verify(ctx, func(f store.Fault) { t.Error(f) })
	ok(t, err)
}

// TestFiveHundredMentions: said clearly, the text kept, nothing stored; and no post calls more people than it may name,
// not by naming towns either.
func TestFiveHundredMentions(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	crowd := h.Crowd(t, "foule", "BE-34022", 500)
	all := ""
	for _, m := range crowd {
		all += "@" + m.Handle + " "
	}
	for _, try := range []struct {
		path string
		form url.Values
	}{{path + "/do/reply", nil}, {path + "/1/edit", url.Values{"base": {"0"}}}, {"/discussions/new", url.Values{"title": {"Autre"}, "category": {h.public.Slug}}},
		{path + "/1/translate", nil}} {
		form := url.Values{"source": {"Tous ensemble\u00a0: " + all}, "lang": {"nl"}}
		for name, values := range try.form {
			form[name] = values
		}
		h.alma.post(try.path, form).holds(t, 422, "500 mentions", "50 au plus", "Tous ensemble", "@foule00499")
	}
	h.visitor().get(path).lacks(t, "Tous ensemble")
	h.visitor().get("/discussions").lacks(t, "Autre")
	letters := func(source string) int {
		t.Helper()
		post := office(t, h.Hub, nil)
		_, err := post.Compose(ctx)
		ok(t, err)
		h.basile.post(path+"/do/reply", url.Values{"source": {source}}).holds(t, 303)
		h.Clock.Add(10 * time.Minute)
		written, err := post.Compose(ctx)
		ok(t, err)
		return written
	}
	named := strings.Join(strings.Fields(all)[:50], " ")
	if n := letters(named); n == 0 || n > 51 { // the author follows the thread
		t.Errorf("fifty mentions wrote %d letters", n)
	}
	if n := letters("@ostende @namur"); n > 51 {
		t.Errorf("two towns wrote %d letters", n)
	}
	town, err := h.TownByID(ctx, crowd[0].TownID())
	ok(t, err)
	if n := letters("Bonjour @" + town.Slug + " et @" + h.author.Handle); n == 0 || n > 51 {
		t.Errorf("a town of 500 people: %d letters", n)
	}
	sound(t, h.site)
}

// TestTooLongTextIsKept: in every form that takes a text of people.
func TestTooLongTextIsKept(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	long := "Début. " + strings.Repeat("é", store.MaxPost) + " Fin."
	for _, form := range []struct {
		path string
		more url.Values
	}{{path + "/do/reply", nil}, {path + "/1/edit", url.Values{"base": {"0"}}}, {path + "/1/translate", nil}, {"/discussions/new", url.Values{"title": {"T"}, "category": {h.public.Slug}}}} {
		for _, do := range []string{"", "preview"} {
			sent := url.Values{"source": {long}, "lang": {"nl"}, "do": {do}}
			for name, values := range form.more {
				sent[name] = values
			}
			h.alma.post(form.path, sent).holds(t, 422, "Début. éé", "éé Fin.", "20")
		}
	}
	exact := strings.Repeat(strings.Repeat("é", 198)+"\n\n", store.MaxPost/200-1) + strings.Repeat("é", 200)
	h.alma.post(path+"/do/reply", url.Values{"source": {exact}, "lang": {"fr"}}).holds(t, 303)
	h.alma.post("/drafts", url.Values{"place": {"new"}, "once": {"x"}, "source": {long}}).holds(t, 204) // begun is begun
	h.alma.get("/discussions/new").holds(t, 200, "éé Fin.")
	sound(t, h.site)
}

// TestNestingBombsEnd: what is nested out of all proportion is shown or refused with its text, soon, and the next post
// is taken.
func TestNestingBombsEnd(t *testing.T) {
	h := newForum(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	for i, unit := range []string{"> ", "- ", "1. ", "*a_ ", "[", "![", "`a``b", "[^a", "|a", "<b>", "((", "**a __b ", "~~~\n> ", "- > 1. ", "#12 ", "@namur ", "```\n", "&amp;"} {
		text := strings.Repeat(unit, store.MaxPost/len([]rune(unit))-1) + "fin"
		got := h.alma.post(path+"/do/reply", url.Values{"source": {text}, "lang": {"fr"}, "once": {fmt.Sprint("bombe-", i)}})
		switch got.StatusCode {
		case http.StatusSeeOther:
		case http.StatusUnprocessableEntity:
			if !strings.Contains(got.body, "fin</textarea>") {
				t.Errorf("%q: the text is not kept", unit)
			}
		default:
			t.Errorf("%q: %d", unit, got.StatusCode)
		}
		h.Clock.Add(time.Minute)
	}
	h.alma.post(path+"/do/reply", url.Values{"source": {"Et ensuite\u00a0?"}, "lang": {"fr"}}).holds(t, 303)
	h.visitor().get(path).holds(t, 200, "Et ensuite")
	h.visitor().get("/t/1.atom").holds(t, 200, "Et ensuite")
	h.maud.get(path+"/do/moderate").holds(t, 200, "Et ensuite")
}
