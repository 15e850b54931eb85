package server_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/browsertest"
	"belfry/store"
)

// TestBrowserKeepsWhatWasTyped: without scripts on a page of its own, which fits and reads well everywhere; with scripts where it was typed.
func TestBrowserKeepsWhatWasTyped(t *testing.T) {
	h := newHall(t)
	lena := h.Join(t, "Lena Exemple", "BE-92094")
	h.With(t, lena, store.RoleOrganiser)
	shelf, err := h.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	opened, err := h.OpenThread(ctx, store.As(lena.ID), store.ThreadInput{Title: "Fil", Category: shelf.Slug, PostInput: store.PostInput{Source: "Bonjour", Lang: "fr"}})
	ok(t, err)
	_, err = h.StartSeries(ctx, store.System(), store.SeriesInput{Title: "Réunion", Lang: "fr", Zone: "Europe/Brussels", Start: h.Now().Format(time.DateOnly), Clock: "09:30",
		Rule: store.Recurrence{Frequency: store.Weekly, Interval: 2, Weekday: time.Thursday}, Template: store.Template{Minutes: 120, Online: true}})
	ok(t, err)
	rows, err := h.Upcoming(ctx, store.Visitor(), 1)
	ok(t, err)
	m := rows[0].Meeting
	_, err = h.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.Online})
	ok(t, err)

	thread := fmt.Sprintf("%s/t/1/%s", h.address, opened.Thread.Slug)
	var lead *browsertest.Tab
	for _, scripts := range []bool{false, true} {
		h.Clock.Add(time.Minute) // the next letter is a newer one
		tab := h.tab(t, lena, scripts)
		tab.Open(thread)
		tab.Fill("#source", fmt.Sprintf("Une réponse <longue> %v\nde deux lignes ", scripts)+strings.Repeat("et demie ", 40))
		if scripts {
			tab.WaitText("[data-preview]", "de deux lignes") // nothing else is on its way
		}
		settle := server.Overcrowd(h.server)
		tab.Follow(".composer button.btn--primary")
		tab.WaitText("h1", "Beaucoup de monde à la fois")
		if typed := tab.Value("#sent-0"); !strings.HasPrefix(typed, fmt.Sprintf("Une réponse <longue> %v\nde deux lignes et demie", scripts)) {
			t.Errorf("kept: %q", typed)
		}
		if scripts { // axe is one
			looks(t, tab, "fr", "Envoyer à nouveau")
			looks(t, tab, "de", "Noch einmal senden")
		}
		tab.Screenshot(fmt.Sprintf("again-scripts-%v", scripts))
		settle()
		tab.Follow("main form button")
		tab.WaitText("main", fmt.Sprintf("Une réponse <longue> %v", scripts))
		lead = tab
	}

	h.Clock.Set(m.Start.Add(time.Minute))
	lead.SetViewport(1280, 800)
	lead.Dark(false)
	lead.Language("fr")
	lead.Open(h.address + "/meetings/" + m.Slug + "/door")
	lead.Fill("#name", "Gast Invité")
	settle := server.Overcrowd(h.server)
	lead.Click(`#door button[value="came"]`)
	lead.WaitText("#toasts", "plus de demandes qu’il ne peut en traiter")
	lead.WaitText("#toasts", "Ce que vous avez rempli est resté ici.")
	lead.NoViolations("told in place")
	lead.Screenshot("again-in-place")
	if typed := lead.Value("#name"); typed != "Gast Invité" {
		t.Errorf("what was typed beside it: %q", typed)
	}
	settle()
	lead.Click(`#door button[value="came"]`)
	lead.WaitFor(`#door button[value="undo"]`)
	if said := lead.Text("#toasts"); strings.Contains(said, "resté ici") {
		t.Errorf("it says still: %s", said)
	}
}

// looks at the page that a tab shows, in a language and both themes, narrow and wide. Each time it is sent again in vain.
func looks(t *testing.T, tab *browsertest.Tab, tag, button string) {
	t.Helper()
	tab.Language(tag)
	for _, width := range []int{360, 1280} {
		for theme, dark := range map[string]bool{"light": false, "dark": true} {
			if os.Getenv("BELFRY_TORTURE_ROUNDS")+os.Getenv("BELFRY_TEST_SHOTS") == "" && ((tag == "fr") != (width == 360) || (tag == "de") != dark) {
				continue
			}
			tab.SetViewport(width, 800)
			tab.Dark(dark)
			tab.Follow("main form button")
			tab.WaitText("main form button", button)
			where := fmt.Sprintf("again-%s-%d-%s", tag, width, theme)
			tab.Screenshot(where)
			tab.NoViolations(where)
			if wide := tab.HorizontalScroll(); wide != "" {
				t.Errorf("%s: %s", where, wide)
			}
		}
	}
}
