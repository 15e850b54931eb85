package server_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

var (
	writtenText = regexp.MustCompile(`(?s)<textarea[^>]*name="source"[^>]*>\n?(.*?)</textarea>`)
	writtenBase = regexp.MustCompile(`name="base" value="(\d+)"`)
)

// tab is the form of minutes as a page holds it.
func tab(t *testing.T, page answer) (text, base string) {
	t.Helper()
	source, number := writtenText.FindStringSubmatch(page.body), writtenBase.FindStringSubmatch(page.body)
	if source == nil || number == nil {
		t.Fatalf("no form: %d", page.StatusCode)
	}
	return html.UnescapeString(source[1]), number[1]
}

// TestTwoTabsOfMinutes: the second tab knows nothing of the numbers that the first one's publication gave.
func TestTwoTabsOfMinutes(t *testing.T) {
	for _, section := range []string{"", "1"} {
		s, lena, organiser, m := furnished(t)
		s.Clock.Set(m.Start.Add(time.Hour))
		admin, path := s.as(organiser), "/meetings/"+m.Slug+"/minutes/edit"
		post := func(text, base, do string) answer {
			return admin.post(path, url.Values{"source": {text}, "lang": {"fr"}, "base": {base}, "section": {section}, "do": {do}})
		}
		whole := url.Values{"source": {"Début\n## Accueil\n\n!D Première\n"}, "lang": {"fr"}, "base": {"0"}, "do": {"publish"}}
		if got := admin.post(path, whole); got.StatusCode != 303 {
			t.Fatalf("status %d", got.StatusCode)
		}
		query := map[bool]string{true: "?section=" + section}[section != ""]
		text, base := tab(t, admin.get(path+query))
		text = strings.TrimSpace(text) + "\n!D Deuxième décision\n!A Relire\n   @" + lena.Handle + "\n"
		if got := post(text, base, "publish"); got.StatusCode != 303 {
			t.Fatalf("the first tab: status %d", got.StatusCode)
		}
		clash := post(strings.Replace(text, "!D 2026-001", "Un mot de plus.\n\n!D 2026-001", 1), base, "save")
		if clash.StatusCode != 409 {
			t.Fatalf("the second tab: status %d", clash.StatusCode)
		}
		text, base = tab(t, clash)
		for _, words := range []string{"Un mot de plus.", "!D 2026-002 Deuxième décision", "!A A-2026-001 Relire\n   @" + lena.Handle} {
			if !strings.Contains(text, words) {
				t.Errorf("section %q, the clash lacks %q: %s", section, words, text)
			}
		}
		if strings.Contains(clash.body, "sera retirée") {
			t.Error("the clash warns of nothing")
		}
		if got := post(text, base, "publish"); got.StatusCode != 303 {
			t.Fatalf("once more: status %d", got.StatusCode)
		}
		for _, all := range []string{"/decisions", "/actions?state=all", "/decisions?outcome=withdrawn", "/actions?state=dropped"} {
			got := s.visitor().get(all)
			gone := strings.HasSuffix(all, "withdrawn") || strings.HasSuffix(all, "dropped")
			if got.StatusCode != 200 || gone && strings.Contains(got.body, "2026-00") {
				t.Errorf("section %q: %s, status %d", section, all, got.StatusCode)
			}
			for _, other := range []string{"2026-003", "A-2026-002"} {
				if strings.Contains(got.body, other) {
					t.Errorf("section %q: %s has %s", section, all, other)
				}
			}
		}
		contains(t, "decisions", s.visitor().get("/decisions").body, "2026-002", "Deuxième décision")

		// what will be closed is said before
		text, base = tab(t, admin.get(path+query))
		text = regexp.MustCompile(`(?s)!D 2026-002.*`).ReplaceAllString(text, "!D Tout autre chose")
		live := admin.post("/meetings/"+m.Slug+"/minutes/preview?"+url.Values{"section": {section}, "base": {base}}.Encode(), url.Values{"source": {text}})
		still := admin.post(path, url.Values{"source": {text}, "lang": {"fr"}, "base": {base}, "section": {section}, "preview": {"1"}})
		for _, got := range []answer{live, still} {
			contains(t, "preview", got.body, "la décision 2026-002 sera retirée", "l’action A-2026-001 sera abandonnée")
			if strings.Contains(got.body, "2026-001 sera retirée") {
				t.Error("the first decision stays")
			}
		}
		_, err := s.Verify(ctx, func(f store.Fault) { t.Error(f) })
		ok(t, err)
	}
}
