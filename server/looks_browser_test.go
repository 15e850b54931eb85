package server_test

import (
	"strconv"
	"strings"
	"testing"

	"belfry/server/browsertest"
)

// look is how somebody sees a page.
type look struct {
	width int
	dark  bool
	plain bool // axe does not look
}

// looksIn are two looks for each of two languages, which have every pair of language, theme and width between them. Their order is
// another, so that a page is opened in both widths.
func looksIn(tag string) []look {
	if tag == "de" || tag == "en" {
		return []look{{width: 360}, {width: 1280, dark: true}}
	}
	return []look{{width: 1280}, {width: 360, dark: true}}
}

// lookAt opens pages in a language and sees each in all looks: axe finds nothing and nothing sticks out at its side. A page is opened
// once, by turns in each look first, so that what its scripts do when it comes is seen in all of them too.
func lookAt(t *testing.T, tab *browsertest.Tab, tag, who string, looks []look, paths ...string) {
	t.Helper()
	tab.Open("/about")
	tab.Follow(`.footer button[value="` + tag + `"]`)
	for n, path := range paths {
		for i := range looks {
			look := looks[(n+i)%len(looks)]
			tab.Look(look.width, look.dark)
			if i == 0 {
				tab.Open(path)
				tab.Until(`[...document.querySelectorAll("[data-preview]")].every((e) => document.getElementById(e.closest("markdown-preview").getAttribute("for")).value.trim() === "" || e.childElementCount > 0 && !e.ariaBusy && getComputedStyle(e).opacity === "1")`)
			}
			where := tag + " " + who + " " + path + " " + strconv.Itoa(look.width) + " dark=" + strconv.FormatBool(look.dark)
			if !look.plain {
				tab.NoViolations(where)
			}
			if wide := tab.HorizontalScroll(); wide != "" {
				t.Errorf("%s scrolls sideways: %s", where, wide)
			}
			tab.Screenshot(strings.NewReplacer("/", "_", "?", "_", "&", "_", " ", "-").Replace(where))
		}
	}
}
