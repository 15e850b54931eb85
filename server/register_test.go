package server_test

import (
	"encoding/csv"
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// minuted is a site whose meeting took a decision and gave Lena an action.
func minuted(t testing.TB) (s *site, lena, organiser store.Member, m store.Meeting) {
	s, lena, organiser, m = furnished(t)
	s.Clock.Set(m.Start.Add(time.Hour))
	_, err := s.SaveMinutes(ctx, store.As(organiser.ID), m.ID, store.MinutesDraft{Lang: "fr",
		Source: "## Accueil\n\n!D =La sortie attend <b>\n   vote: 24 / 0 / 2\n!A Tester\n   @" + lena.Handle + "  pour: 2026-04-15\n!R adopté\n"})
	ok(t, err)
	_, err = s.PublishMinutes(ctx, store.As(organiser.ID), m.ID)
	ok(t, err)
	return s, lena, organiser, m
}

func contains(t testing.TB, what, body string, all ...string) {
	t.Helper()
	for _, one := range all {
		if !strings.Contains(body, one) {
			t.Errorf("%s: %q is not there", what, one)
		}
	}
}

func TestRegisters(t *testing.T) {
	s, lena, _, m := minuted(t)
	visitor := s.visitor()
	contains(t, "minutes", visitor.get("/meetings/"+m.Slug+"/minutes").body, `class="record"`, "2026-001", "A-2026-001", "abstentions : 2",
		"=La sortie attend &lt;b&gt;", "pour le 15", "En cours", `id="2026-001"`)
	contains(t, "decisions", visitor.get("/decisions").body, "2026-001", "=La sortie attend")
	contains(t, "decisions of a year", visitor.get("/decisions?year=2026&series=reunion-mensuelle").body, "2026-001")
	if got := visitor.get("/decisions?year=2025"); strings.Contains(got.body, "2026-001") {
		t.Error("another year's decisions")
	}
	contains(t, "decision", visitor.get("/decisions/2026-001").body, "=La sortie attend", "Accueil", "Adopté")
	contains(t, "action", visitor.get("/actions/A-2026-001").body, "Tester", "Lena Exemple", "Namur")
	for _, missing := range []string{"/decisions/2026-002", "/decisions/x", "/actions/2026-001", "/decisions?after=%FF", "/decisions?year=x", "/actions?series=none",
		"/decisions.csv?town=nowhere", "/actions.atom?person=nobody"} {
		if got := visitor.get(missing); got.StatusCode != 404 {
			t.Errorf("%s: status %d", missing, got.StatusCode)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(visitor.get("/decisions.csv").body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][0] != "2026-001" || rows[1][2] != "'=La sortie attend <b>" {
		t.Errorf("CSV: %v %v", rows, err)
	}
	rows, err = csv.NewReader(strings.NewReader(visitor.get("/actions.csv?state=all").body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][0] != "A-2026-001" {
		t.Errorf("CSV: %v %v", rows, err)
	}
	for _, path := range []string{"/decisions.atom", "/actions.atom"} {
		got := visitor.get(path)
		var feed struct {
			XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
			ID      string   `xml:"id"`
			Updated string   `xml:"updated"`
			Entries []struct {
				ID, Title string
			} `xml:"entry"`
		}
		if err := xml.Unmarshal([]byte(got.body), &feed); err != nil || len(feed.Entries) != 1 || feed.Updated == "" {
			t.Errorf("%s: %v %+v", path, err, feed)
		}
		visitor.header.Set("If-None-Match", got.Header.Get("ETag"))
		if again := visitor.get(path); again.StatusCode != 304 {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
		visitor.header.Del("If-None-Match")
	}
	contains(t, "home", s.as(lena).get("/").body, "Vos actions", "A-2026-001")
}

func TestAnActionIsClosedAndHandedOn(t *testing.T) {
	s, lena, organiser, _ := minuted(t)
	nora := s.Join(t, "Nora Voorbeeld", "BE-34022")
	path := "/actions/A-2026-001"
	if got := s.as(nora).post(path, url.Values{"do": {"done"}}); got.StatusCode != 403 {
		t.Errorf("somebody else: status %d", got.StatusCode)
	}
	mine := s.as(lena)
	got := mine.post(path, url.Values{"do": {"hand"}, "town": {"Nulle Part"}, "person": {""}, "due": {"2026-05-01"}, "note": {"ma note"}})
	if got.StatusCode != 422 {
		t.Errorf("an unknown town: status %d", got.StatusCode)
	}
	contains(t, "the form again", got.body, `value="Nulle Part"`, `value="ma note"`, `aria-invalid="true"`)
	if got := mine.post(path, url.Values{"do": {"done"}, "back": {"//evil.example"}}); got.StatusCode != 303 || got.Header.Get("Location") != "/" {
		t.Errorf("done: %d %s", got.StatusCode, got.Header.Get("Location"))
	}
	contains(t, "done", s.visitor().get(path).body, "Fait")
	admin := s.as(organiser)
	if got := admin.post(path, url.Values{"do": {"reopen"}}); got.StatusCode != 303 {
		t.Errorf("reopen: status %d", got.StatusCode)
	}
	got = admin.post(path, url.Values{"do": {"hand"}, "town": {"kortrijk"}, "person": {"@" + nora.Handle}, "due": {"2026-05-01"}})
	if got.StatusCode != 303 {
		t.Errorf("handing on: status %d: %.300s", got.StatusCode, got.body)
	}
	contains(t, "handed", s.visitor().get(path).body, "Nora Voorbeeld", "Courtrai", "Historique")
}

func TestThePreviewShowsWhatItBecomes(t *testing.T) {
	s, _, organiser, m := furnished(t)
	s.Clock.Set(m.Start.Add(time.Hour))
	admin := s.as(organiser)
	got := admin.post("/meetings/"+m.Slug+"/minutes/preview", url.Values{"source": {"# Un\n!D Oui\n!A Relire\n   @nobody\n\n`fin`"}})
	if got.StatusCode != 200 {
		t.Fatalf("status %d", got.StatusCode)
	}
	contains(t, "preview", got.body, "Décision", "<strong lang=\"\">Oui</strong>", "@nobody", "Ligne 3", "<code>fin</code>")
	page := admin.post("/meetings/"+m.Slug+"/minutes/edit", url.Values{"source": {"!A x\n  @nobody"}, "lang": {"fr"}, "base": {"0"}, "do": {"publish"}})
	if page.StatusCode != 422 {
		t.Errorf("publishing: status %d", page.StatusCode)
	}
	contains(t, "refused", page.body, "@nobody", "Ligne 1", "<textarea", `name="base" value="1"`)
}
