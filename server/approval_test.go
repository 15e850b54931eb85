package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

func TestMinutesFromCorrectionToErratum(t *testing.T) {
	s, lena, organiser, m := minuted(t)
	admin, mine, visitor := s.as(organiser), s.as(lena), s.visitor()
	path := "/meetings/" + m.Slug + "/minutes"
	contains(t, "before", visitor.get(path).body, "À approuver")

	form := mine.get(path + "/correct").body
	contains(t, "the form", form, "La sortie attend", `name="base" value="2"`)
	source := "## Accueil\n\n!D 2026-001 La sortie attend la traduction\n!A A-2026-001 Tester\n   @" + lena.Handle + "  pour: 2026-04-15\n!R adopté"
	got := mine.post(path+"/correct", url.Values{"base": {"2"}, "source": {source + "\x00"}, "why": {"mon motif"}})
	if got.StatusCode != 422 || !strings.Contains(got.body, `value="mon motif"`) {
		t.Errorf("a zero byte: status %d", got.StatusCode)
	}
	if got := mine.post(path+"/correct", url.Values{"base": {"2"}, "source": {source}, "why": {"Il manque un mot"}}); got.StatusCode != 303 {
		t.Fatalf("proposing: %d", got.StatusCode)
	}
	page := admin.get(path).body
	contains(t, "the proposal", page, "Il manque un mot", "<ins>", "Lena Exemple")
	if strings.Contains(s.as(s.Join(t, "Nora Voorbeeld", "BE-34022")).get(path).body, "Il manque un mot") {
		t.Error("somebody else sees the proposal")
	}
	id := page[strings.Index(page, "/minutes/corrections/")+len("/minutes/corrections/"):]
	id = id[:strings.IndexByte(id, '"')]
	if got := mine.post(path+"/corrections/"+id, url.Values{"do": {"take"}}); got.StatusCode != 403 {
		t.Errorf("a member decides: %d", got.StatusCode)
	}
	if got := admin.post(path+"/corrections/"+id, url.Values{"do": {"take"}}); got.StatusCode != 303 {
		t.Errorf("taking it: %d", got.StatusCode)
	}
	admin.post(path+"/publish", nil)
	contains(t, "after", visitor.get(path).body, "La sortie attend la traduction")
	contains(t, "history", admin.get(path+"/history?from=2&to=3").body, "<ins>", "<del>", "Il manque un mot")
	for _, wrong := range []string{"?to=99", "?from=-1&to=2"} {
		if got := admin.get(path + "/history" + wrong); got.StatusCode != 404 {
			t.Errorf("%s: %d", wrong, got.StatusCode)
		}
	}
	if got := mine.get(path + "/history"); got.StatusCode != 403 {
		t.Errorf("a member reads drafts: %d", got.StatusCode)
	}

	admin.post(path+"/approve", nil) // no later meeting yet
	contains(t, "too early", admin.get(path).body, "À approuver")
	rows, err := s.Upcoming(ctx, store.Visitor(), 10)
	ok(t, err)
	s.Clock.Set(rows[1].Meeting.Start.Add(time.Minute))
	admin = s.as(organiser)
	if got := admin.post(path+"/approve", nil); got.StatusCode != 303 {
		t.Errorf("approving: %d", got.StatusCode)
	}
	contains(t, "approved", visitor.get(path).body, "Approuvé à la réunion", "SHA-256 ")
	if got := admin.post(path+"/errata", url.Values{"erratum": {""}, "lang": {"fr"}}); got.StatusCode != 422 {
		t.Errorf("an empty erratum: %d", got.StatusCode)
	}
	admin.post(path+"/errata", url.Values{"erratum": {"Lire **2027**."}, "lang": {"fr"}})
	contains(t, "erratum", visitor.get(path).body, "<strong>2027</strong>", "Otto Beispiel")
	contains(t, "a year", visitor.get("/meetings/minutes-2026.md").body, "!D 2026-001", "Lire **2027**.")
	if got := visitor.get("/meetings/minutes-2019.md"); got.StatusCode != 404 {
		t.Errorf("a year without minutes: %d", got.StatusCode)
	}
}

func TestAClashInOneItemShowsBothTexts(t *testing.T) {
	s, _, organiser, m := furnished(t)
	s.Clock.Set(m.Start.Add(time.Hour))
	admin := s.as(organiser)
	path := "/meetings/" + m.Slug + "/minutes/edit"
	whole := url.Values{"source": {"Avant\n## 1. Un\nun\n## 2. Deux\ndeux"}, "lang": {"fr"}, "base": {"0"}, "do": {"save"}}
	if got := admin.post(path, whole); got.StatusCode != 303 {
		t.Fatalf("%d", got.StatusCode)
	}
	contains(t, "one item", admin.get(path+"?section=2").body, "## 2. Deux", `name="section" value="2"`)
	write := func(base, section, text string) answer {
		return admin.post(path, url.Values{"source": {text}, "lang": {"fr"}, "base": {base}, "section": {section}, "do": {"save"}})
	}
	for _, got := range []answer{write("1", "1", "## 1. Un\nANNA"), write("1", "2", "## 2. Deux\nBERT")} {
		if got.StatusCode != 303 {
			t.Errorf("two items at once: %d", got.StatusCode)
		}
	}
	got := write("1", "2", "## 2. Deux\nCARLA")
	if got.StatusCode != 409 {
		t.Errorf("the same item: %d", got.StatusCode)
	}
	contains(t, "the clash", got.body, "CARLA", "BERT", `name="base" value="3"`, `name="section" value="2"`)
	if got := write("3", "2", "## 2. Deux\nBERT et CARLA"); got.StatusCode != 303 {
		t.Errorf("mended: %d", got.StatusCode)
	}
	page, err := s.MinutesPage(ctx, store.As(organiser.ID), m.Slug)
	ok(t, err)
	if page.Newest.Source != "Avant\n## 1. Un\nANNA\n\n## 2. Deux\nBERT et CARLA" {
		t.Errorf("%q", page.Newest.Source)
	}
}
