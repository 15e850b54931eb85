package server_test

import (
	"fmt"
	"testing"

	"belfry/server/browsertest"
	"belfry/store"
)

// place is where words of the first text node that holds them are drawn, from the left edge of the page.
const place = `(words => {
	const nodes = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
	while (nodes.nextNode()) {
		const at = nodes.currentNode.data.indexOf(words);
		if (at < 0) continue;
		const r = document.createRange();
		r.setStart(nodes.currentNode, at);
		r.setEnd(nodes.currentNode, at + words.length);
		return r.getBoundingClientRect().left;
	}
	return -1;
})`

// TestBrowserMixedDirection: a title, a name or a text that is written from right to left, or is made to look so, turns
// nothing beside it.
func TestBrowserMixedDirection(t *testing.T) {
	v := newVillage(t)
	member := func(handle string) store.Actor {
		m, err := v.MemberByHandle(ctx, handle)
		ok(t, err)
		return store.As(m.ID)
	}
	one, two := member("elise-delvaux"), member("hugo-servais")
	open := func(title, text string) store.Thread {
		opened, err := v.OpenThread(ctx, one, store.ThreadInput{Title: title, Category: "entraide", PostInput: store.PostInput{Source: text, Lang: "fr"}})
		ok(t, err)
		return opened.Thread
	}
	hebrew := open("שלום עולם", "Bonjour")
	d := open("Sens de lecture", fmt.Sprintf("Premier #%d, 12 fois.\n\nשלום לכולם 3434!\n\nTourné\u202e ici\n\nAprès tout", hebrew.Number))
	_, err := v.Reply(ctx, two, d.ID, store.PostInput{Source: "[לכם](https://exemple.example/), 5656 fois et **ירוק** 7878.\n\nMoitié \u202eretourné", Lang: "fr"})
	ok(t, err)
	tab := browsertest.New(t)
	tab.Language("fr")
	tab.SetViewport(1280, 900)
	v.enter(t, tab, "elise-delvaux")
	tab.Open(fmt.Sprintf("%s/t/%d/%s", v.address, d.Number, d.Slug))
	at := func(words string) float64 {
		t.Helper()
		x := browsertest.Eval[float64](tab, fmt.Sprintf("%s(%q)", place, words))
		if x < 0 {
			t.Errorf("%q is not shown", words)
		}
		return x
	}
	for _, order := range [][]string{{"Premier", "שלום עולם", "12 fois"}, {"לכם", "5656", "fois et", "ירוק", "7878"}, {"3434", "שלום לכולם"}, {"Après", "tout"}} {
		for i := 1; i < len(order); i++ {
			if at(order[i-1]) >= at(order[i]) {
				t.Errorf("%q is drawn after %q", order[i-1], order[i])
			}
		}
	}
	if left, start := at("Premier"), at("Après"); left != start {
		t.Errorf("a paragraph begins at %v, and another at %v", left, start)
	}
}
