package server_test

import (
	"net/url"
	"strings"
	"testing"

	"belfry/store"
)

// TestATownIsMergedByForms: a steward names the town that remains, sees what moves, and says yes; the old address leads
// on, people are told in their language, and what was keeps its name.
func TestATownIsMergedByForms(t *testing.T) {
	s, lena, organiser, _ := furnished(t)
	nele := s.Join(t, "Nele Voorbeeld", "BE-34022")
	ok(t, s.WelcomeTown(ctx, store.System(), nele.TownID()))
	boss, me := s.as(organiser), s.as(lena)
	me.get("/towns/namur/merge").holds(t, 403)
	boss.get("/towns/namur").holds(t, 200, "/towns/namur/merge")
	boss.get("/towns/namur/merge").holds(t, 200, "Commune qui reste")
	boss.post("/towns/namur/merge", url.Values{"into": {"Nulle part"}}).holds(t, 422, `value="Nulle part"`)
	boss.post("/towns/namur/merge", url.Values{"into": {"Namur"}}).holds(t, 422, "la même commune")
	sure := boss.post("/towns/namur/merge", url.Values{"into": {"Courtrai"}, "from": {lena.TownID()}})
	sure.holds(t, 200, "Namur rejoint-elle Courtrai", "1 personne", "1 point à l’ordre du jour", "ne s’annule pas")
	if got := s.visitor().get("/towns/namur"); got.StatusCode != 200 {
		t.Fatal("the question alone merged the towns")
	}
	yes := url.Values{"into": {"Courtrai"}, "from": {lena.TownID()}, "sure": {"1"}}
	for range 2 {
		boss.post("/towns/namur/merge", yes).holds(t, 303)
	}
	old := s.visitor().get("/towns/namur")
	old.holds(t, 301)
	s.visitor().get(old.Header.Get("Location")).holds(t, 200, "Namur, depuis le", "Lena Exemple", "Nele Voorbeeld", "/decisions?town=namur")
	s.visitor().get("/people/"+lena.Handle).holds(t, 200, "Namur", "Courtrai")
	s.visitor().get("/towns/namur/meetings.ics").holds(t, 200)
	if page := s.visitor().get("/towns?q=namur"); !strings.Contains(page.body, "Courtrai") {
		t.Error("the old name does not find the town of today")
	}
	_, err := office(t, s.Hub, nil).Compose(ctx)
	ok(t, err)
	told := 0
	for _, one := range letters(t, s.Hub, store.As(organiser.ID)) {
		if one.Kind == store.EventTownMerged {
			told++
			if !strings.Contains(one.Text, "Namur") || !strings.Contains(one.Text, "https://hub.example/towns/") || strings.Contains(one.Text, "⟦") {
				t.Errorf("the letter: %s", one.Text)
			}
		}
	}
	if told != 2 {
		t.Errorf("%d were told, not two", told)
	}
	boss.get("/admin/log").holds(t, 200, "est intégrée à")
}
