package server_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"belfry/store"
)

// TestAProposerAttachesPapers is a member's way with papers, by forms alone: what waits is theirs, what is accepted is
// everybody's, and what is refused comes back with what was typed.
func TestAProposerAttachesPapers(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	nora := s.Join(t, "Nora Voorbeeld", "BE-34022")
	me, other, boss, visitor := s.as(lena), s.as(nora), s.as(organiser), s.visitor()
	meeting := "/meetings/" + m.Slug
	item := regexp.MustCompile(`/agenda/[^"/?]+"`).FindString(me.get(meeting).body)
	item = strings.Trim(item, `"`)
	if item == "" {
		t.Fatal("the meeting's page does not lead to one's own item")
	}
	me.get(item).holds(t, 200, "Un point", "Aucun document", "Retirer ce point")
	other.get(item).holds(t, 404)
	visitor.get(item).holds(t, 303)
	refused := me.send(item+"/documents", "note.pdf", "<!doctype html><p>non", map[string]string{"doc_title": "Mon étude", "doc_lang": "nl"})
	refused.holds(t, 422, `value="Mon étude"`, "text/html", `<option value="nl" selected`)
	me.send(item+"/documents", "../../etude.pdf", "%PDF-1.7\nsecret", map[string]string{"doc_title": "Mon étude", "doc_lang": "nl"}).holds(t, 303)
	me.post(item+"/documents", url.Values{"doc_title": {"Ailleurs"}, "doc_lang": {"fr"}, "doc_link": {"https://exemple.example/x"}}).holds(t, 303)
	page := me.get(item)
	page.holds(t, 200, "Mon étude", "Ailleurs", "PDF, 1\u00a0ko")
	href := regexp.MustCompile(`/meetings/[^"]+/documents/([^"/]+)/etude.pdf`).FindStringSubmatch(page.body)
	if href == nil {
		t.Fatal("the paper has no address")
	}
	for who, status := range map[*browser]int{me: 200, boss: 200, other: 404, visitor: 404} {
		who.get(href[0]).holds(t, status)
	}
	if strings.Contains(visitor.get(meeting).body, "Mon étude") || strings.Contains(other.get(meeting).body, "Mon étude") {
		t.Error("a paper of an item that waits is shown to others")
	}
	me.send(item+"/documents", "etude.pdf", "%PDF-1.7\nmieux", map[string]string{"replace": href[1]}).holds(t, 303)
	me.get(item).holds(t, 200, "1 version précédente")
	boss.post(item, url.Values{"do": {"accept"}, "back": {meeting}}).holds(t, 303)
	visitor.get(meeting).holds(t, 200, "Mon étude")
	if got := visitor.get(href[0]); got.body != "%PDF-1.7\nmieux" {
		t.Errorf("the paper: %q", got.body)
	}
	me.get(meeting).holds(t, 200, "Vos points", item)
	if other := other.get(meeting).body; strings.Contains(other, "Vos points") {
		t.Error("somebody else's item is called one's own")
	}
	other.post(item, url.Values{"do": {"aside"}, "state": {"withdrawn"}, "back": {meeting}}).holds(t, 403)
	me.post(item, url.Values{"do": {"aside"}, "state": {"withdrawn"}, "reason": {"Plus tard"}, "back": {meeting}}).holds(t, 303)
	visitor.get(meeting).holds(t, 200, "Plus tard")
}

// TestARemovedItemTakesItsPapersAlong: they were shown to whom the item was shown.
func TestARemovedItemTakesItsPapersAlong(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	one, err := s.ProposeItem(ctx, store.As(lena.ID), m.ID, store.ItemInput{Title: "Entre nous", Lang: "fr", Kind: store.ToDiscuss, Members: true})
	ok(t, err)
	ok(t, s.AddDocument(ctx, store.As(lena.ID), m.ID, store.DocumentInput{Lang: "fr", Item: one.ID}, &store.Upload{Name: "n.txt", Body: strings.NewReader("secret")}))
	page, err := s.ItemPage(ctx, store.As(lena.ID), one.ID)
	ok(t, err)
	href := "/meetings/" + m.Slug + "/documents/" + page.Papers[0].ID + "/n.txt"
	me := s.as(lena)
	me.get(href).holds(t, 200)
	ok(t, s.RemoveItem(ctx, store.As(organiser.ID), one.ID))
	s.visitor().get(href).holds(t, 404)
	me.get(href).holds(t, 404)
}

// TestAnItemMadeOfAThreadIsRemoved: nothing is left that names it.
func TestAnItemMadeOfAThreadIsRemoved(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	c, err := s.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	opened, err := s.OpenThread(ctx, store.As(lena.ID), store.ThreadInput{Title: "Sujet", Category: c.Slug, PostInput: store.PostInput{Source: "Bonjour", Lang: "fr"}})
	ok(t, err)
	one, err := s.ProposeItem(ctx, store.As(lena.ID), m.ID, store.ItemInput{Title: "Sujet", Lang: "fr", Kind: store.ToDiscuss, Thread: opened.Thread.ID})
	ok(t, err)
	ok(t, s.RemoveItem(ctx, store.As(organiser.ID), one.ID))
	_, err = s.Verify(ctx, func(f store.Fault) {
		if strings.Contains(f.Detail, "names item") {
			t.Error(f)
		}
	})
	ok(t, err)
}
