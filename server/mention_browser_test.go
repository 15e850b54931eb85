package server_test

import (
	"testing"

	"belfry/server/browsertest"

	"github.com/chromedp/chromedp/kb"
)

// TestBrowserMention names people and towns while typing: by keyboard, by a tap, and not at all when one does not want to.
func TestBrowserMention(t *testing.T) {
	v := newVillage(t)
	tab := browsertest.New(t)
	tab.Language("fr")
	tab.SetViewport(360, 780)
	v.enter(t, tab, "elise-delvaux")
	tab.Open(v.address + "/discussions/new")
	tab.WaitFor(`#source[aria-controls]`)
	open, closed := `mention-list .suggest:not([hidden]) [role=option]`, `document.querySelector("mention-list .suggest").hidden`

	tab.Fill("#source", "Merci @hug")
	tab.WaitText(open, "Hugo Servais")
	tab.Until(`document.getElementById(document.querySelector("#source").getAttribute("aria-activedescendant")).getAttribute("aria-selected") === "true"`)
	tab.Until(`[...document.querySelectorAll("[role=status]")].some((e) => e.textContent.includes("proposées"))`)
	tab.WaitGone(`[aria-busy=true]`)
	tab.Until(`document.getAnimations().length === 0`) // the preview fades in
	tab.NoViolations("the list of people")
	if scroll := tab.HorizontalScroll(); scroll != "" {
		t.Error(scroll)
	}
	tab.Screenshot("mention-360")
	// the driver sends Enter's line break apart from its key, whatever became of that
	tab.Until(`!document.querySelector("#source").dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}))`)
	tab.Until(closed)
	if got := tab.Value("#source"); got != "Merci @hugo-servais " {
		t.Errorf("Enter gives %q", got)
	}

	tab.Press("et @na")
	tab.WaitText("mention-list .suggest", "Namur")
	tab.Press(kb.Escape)
	tab.Until(closed)
	tab.Press("m")
	tab.WaitText(open, "Namur")
	tab.Click(`mention-list .suggest:not([hidden]) li`)
	tab.Until(closed)
	if got := tab.Value("#source"); got != "Merci @hugo-servais et @namur " {
		t.Errorf("a tap gives %q", got)
	}
	tab.Press("lena@vill") // an address is no name
	tab.Press("\r")
	if got := tab.Value("#source"); got != "Merci @hugo-servais et @namur lena@vill\n" {
		t.Errorf("an address gives %q", got)
	}
	tab.Fill("#source", "Merci @hugo-servais et @namur")
	tab.WaitText("[data-preview]", "@namur")
	if tab.Count(`[data-preview] a[href="/people/hugo-servais"]`) != 1 || tab.Count(`[data-preview] a[href="/towns/namur"]`) != 1 {
		t.Error("the preview does not link who is named")
	}
}
