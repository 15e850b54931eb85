package server_test

import (
	"testing"
	"time"

	"belfry/server/browsertest"
	"belfry/store"
)

// TestBrowserDraftSurvivesAClosedTab writes minutes and leaves at once, without saving: to another page, and out
// of the site as a window that closes does. The text is offered when the page comes back, put in on a click, and forgotten once it was saved.
func TestBrowserDraftSurvivesAClosedTab(t *testing.T) {
	h := newHall(t)
	otto := h.Join(t, "Otto Beispiel", "BE-62063")
	h.With(t, otto, store.RoleOrganiser)
	m, err := h.ScheduleMeeting(ctx, store.System(), store.MeetingInput{Title: "Réunion", Lang: "fr", Date: h.Now().AddDate(0, 0, 1).Format(time.DateOnly), Clock: "09:30",
		Zone: "Europe/Brussels", Minutes: 60, Venue: "Salle"})
	ok(t, err)
	h.Clock.Set(m.Start.Add(time.Minute))
	tab := h.tab(t, otto, true)
	last, path := "", h.address+"/meetings/"+m.Slug+"/minutes/edit"
	for text, away := range map[string]string{"Parti sans enregistrer.": h.address + "/about", "Fenêtre fermée.": "about:blank"} {
		tab.Open(path)
		tab.Until(`customElements.get("local-draft") !== undefined`)
		tab.Fill("#source", text)
		tab.Open(away) // sooner than the pause after which a draft is kept
		tab.Open(path)
		tab.WaitFor("[data-draft]:not([hidden])")
		if got := tab.Value("#source"); got == text {
			t.Error("the draft is put in place of the text without a click")
		}
		last = text
		tab.Click("[data-use]")
		if got := tab.Value("#source"); got != text {
			t.Errorf("offered %q, typed %q", got, text)
		}
	}
	tab.Follow(`button[value="save"]`)
	tab.Open(path)
	tab.Until(`customElements.get("local-draft") !== undefined`)
	if tab.Exists("[data-draft]:not([hidden])") || tab.Value("#source") != last {
		t.Errorf("saved, and the draft is offered again: %q", tab.Value("#source"))
	}
	if left := browsertest.Eval[int](tab, `Object.keys(localStorage).filter((k) => k.startsWith("belfry:draft:")).length`); left != 0 {
		t.Errorf("%d drafts are left on the device", left)
	}
}
