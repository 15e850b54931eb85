package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

func TestANewcomerJoinsWithTheirTown(t *testing.T) {
	s := newSite(t)
	b := s.visitor()
	b.get("/join").holds(t, 200, "Votre commune")

	// Without scripts: the name of the town is searched, and the form comes back with what it may mean.
	form := url.Values{"town": {"saint nicolas"}, "name": {"Zoé Essai"}, "email": {"zoe@exemple.example"}, "language": {"fr"}}
	got := b.post("/join", form)
	got.holds(t, 422, `name="town_pick"`, "Zoé Essai", "zoe@exemple.example")
	form.Set("town_pick", "BE-92094")
	got = b.post("/join", form)
	got.holds(t, 303)
	b.get(got.Header.Get("Location")).holds(t, 200, "Confirmez votre adresse")

	letter := s.Letter(t, store.EventConfirmAddress, "zoe@exemple.example")
	for range 2 { // a mail scanner that follows the link changes nothing
		s.visitor().get("/link/"+letter["token"]).holds(t, 200, "Confirmer et entrer")
	}
	got = b.post("/sign-in/code", url.Values{"email": {"zoe@exemple.example"}, "code": {letter["code"][:3] + " " + letter["code"][3:]}})
	got.holds(t, 303)
	b.get("/").holds(t, 200, "Bienvenue, Zoé Essai.", "Bonjour Zoé", "Namur")
	s.visitor().get("/link/"+letter["token"]).holds(t, 404)
}

func TestWrongInputComesBackWithWhatWasTyped(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	visitor := s.visitor()
	for name, form := range map[string]url.Values{
		"no @":      {"email": {"lena.exemple"}, "name": {"Lena <b>"}, "town_code": {"BE-92094"}},
		"long name": {"email": {"x@exemple.example"}, "name": {strings.Repeat("n", 5000)}, "town_code": {"BE-92094"}},
		"NUL":       {"email": {"x@exemple.example"}, "name": {"a\x00b"}, "town_code": {"BE-92094"}},
		"bad UTF-8": {"email": {"x@exemple.example"}, "name": {"a\xff\xfe"}, "town_code": {"BE-92094"}},
	} {
		form.Set("language", "fr")
		got := visitor.post("/join", form)
		got.holds(t, 422, `role="alert"`, `aria-invalid="true"`)
		got.lacks(t, "Lena <b>")
		_ = name
	}
	b := s.as(organiser)
	for name, change := range map[string]url.Values{
		"impossible date":      {"date": {"2026-02-30"}},
		"a time that is twice": {"date": {"2026-10-25"}, "clock": {"02:30"}},
		"a time skipped":       {"date": {"2026-03-29"}, "clock": {"02:30"}},
		"no such zone":         {"zone": {"Europe/Atlantis"}},
		"the past":             {"date": {"2020-01-01"}},
		"a script for a link":  {"link": {"javascript:alert(1)"}},
		"minus seats":          {"seats": {"-3"}},
	} {
		form := url.Values{"title": {"Un titre <i>"}, "lang": {"fr"}, "date": {"2026-05-05"}, "clock": {"10:00"}, "zone": {"Europe/Brussels"},
			"minutes": {"60"}, "seats": {"0"}, "online": {"1"}}
		for field, value := range change {
			form[field] = value
		}
		got := b.post("/meetings/new", form)
		if got.StatusCode != 422 || !strings.Contains(got.body, "Un titre &lt;i&gt;") || !strings.Contains(got.body, "field__error") {
			t.Errorf("%s: status %d, the message or what was typed is missing", name, got.StatusCode)
		}
	}
	guests := strings.Repeat("x\n", 10_000)
	got := s.as(lena).post("/meetings/"+m.Slug+"/rsvp", url.Values{"answer": {"on_site"}, "guests": {guests}})
	got.holds(t, 422, `role="alert"`)
}

func TestOneClickAnswersAndTheWaitlistMoves(t *testing.T) {
	s, lena, organiser, m := furnished(t) // two seats, both taken by Lena and her guest
	path := "/meetings/" + m.Slug
	jef := s.Join(t, "Jef Voorbeeld", "BE-34022")
	b := s.as(jef)
	b.get(path).holds(t, 200, "Complet sur place", `name="answer" value="on_site"`)
	b.post(path+"/rsvp", url.Values{"answer": {"on_site"}, "keep_details": {"1"}, "back": {path}}).holds(t, 303)
	b.get(path).holds(t, 200, "n° 1", `aria-pressed="true"`)
	for range 3 { // a double click and a reload change nothing
		b.post(path+"/rsvp", url.Values{"answer": {"on_site"}, "keep_details": {"1"}, "back": {path}}).holds(t, 303)
	}
	s.as(lena).post(path+"/rsvp", url.Values{"answer": {"no"}, "keep_details": {"1"}, "back": {"/"}}).holds(t, 303)
	b.get(path).holds(t, 200, "Participation confirmée, sur place.")
	b.get("/").lacks(t, "n° 1")
	got := s.as(organiser).post(path+"/rsvp/for", url.Values{"member": {"Lena Exemple"}, "answer": {"online"}})
	got.holds(t, 303)
	s.visitor().get(path).holds(t, 200, "Lena Exemple", "2 personnes de")
}

func TestMinutesArePublishedAndHarmless(t *testing.T) {
	s, _, organiser, m := furnished(t)
	s.Clock.Set(m.Start.Add(time.Hour))
	path := "/meetings/" + m.Slug + "/minutes"
	s.visitor().get(path).holds(t, 404)
	b := s.as(organiser)
	b.get(path+"/edit").holds(t, 200, "## 1. Accueil")
	evil := "## Décisions\n\n<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>\n\n**gras**"
	b.post("/preview", url.Values{"source": {evil}}).holds(t, 200, "<strong>gras</strong>")
	b.post(path+"/edit", url.Values{"source": {evil}, "lang": {"fr"}, "base": {"0"}, "do": {"publish"}}).holds(t, 303)
	got := s.visitor().get(path)
	got.holds(t, 200, "<strong>gras</strong>", "Décisions")
	got.lacks(t, "<script>alert", `href="javascript`, "<img")
	s.visitor().get(path+".md").holds(t, 200, "**gras**")

	// Somebody else changed the same section meanwhile: both texts are shown and none is lost.
	got = b.post(path+"/edit", url.Values{"source": {"## Décisions\n\nAutre texte"}, "lang": {"fr"}, "base": {"0"}, "do": {"save"}})
	got.holds(t, 409, "Autre texte", "**gras**")
	got = b.post(path+"/edit", url.Values{"source": {strings.Repeat("é ", 120_000)}, "lang": {"fr"}, "base": {"1"}, "do": {"save"}})
	got.holds(t, 422, "é é é")
}

func TestTheLanguageSwitchReturnsToThePage(t *testing.T) {
	s := newSite(t)
	b := s.visitor()
	got := b.post("/language", url.Values{"to": {"nl"}, "back": {"/meetings?month=2026-05"}})
	if got.StatusCode != 303 || got.Header.Get("Location") != "/meetings?month=2026-05" {
		t.Errorf("%d %s", got.StatusCode, got.Header.Get("Location"))
	}
	b.get("/meetings?month=2026-05").holds(t, 200, `<html lang="nl"`, "mei 2026")
	for _, evil := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/a\r\nSet-Cookie: x=y", "javascript:alert(1)"} {
		if got := b.post("/language", url.Values{"to": {"fr"}, "back": {evil}}); got.Header.Get("Location") != "/" {
			t.Errorf("%q leads to %q", evil, got.Header.Get("Location"))
		}
	}
}

func TestFormsFromElsewhereChangeNothing(t *testing.T) {
	s, lena, _, m := furnished(t)
	b := s.as(lena)
	path := "/meetings/" + m.Slug + "/rsvp"
	form := url.Values{"answer": {"no"}, "keep_details": {"1"}, "csrf": {"wrong"}}
	b.post(path, form).holds(t, 403)
	form.Del("csrf")
	other := s.as(s.Join(t, "Jef Voorbeeld", "BE-34022"))
	stolen := tokenField.FindStringSubmatch(other.get("/settings").body)[1]
	b.post(path, url.Values{"answer": {"no"}, "csrf": {stolen}}).holds(t, 403)
	for name, headers := range map[string]http.Header{
		"cross-site":    {"Sec-Fetch-Site": {"cross-site"}},
		"same site":     {"Sec-Fetch-Site": {"same-site"}},
		"other origin":  {"Origin": {"https://evil.example"}},
		"opaque origin": {"Origin": {"null"}},
	} {
		b.header = headers
		if got := b.post(path, url.Values{"answer": {"no"}}); got.StatusCode != 403 {
			t.Errorf("%s: status %d", name, got.StatusCode)
		}
	}
	b.header = http.Header{}
	page, err := s.MeetingPage(ctx, store.As(lena.ID), m.Slug)
	ok(t, err)
	if page.Mine == nil || page.Mine.Answer != store.OnSite {
		t.Errorf("the answer was changed: %+v", page.Mine)
	}
}

func TestRightsAreAskedInTheStore(t *testing.T) {
	s, lena, _, m := furnished(t)
	slug := "/meetings/" + m.Slug
	visitor, member := s.visitor(), s.as(lena)
	for _, path := range []string{"/meetings/new", "/series/new", slug + "/edit", slug + "/cancel", slug + "/publish", slug + "/documents", slug + "/minutes/edit",
		slug + "/rsvp/for", "/series/reunion-mensuelle/end", "/people/otto-beispiel/roles", "/towns/namur/welcome", "/settings/profile", "/settings/leave", "/preview"} {
		for who, b := range map[string]*browser{"visitor": visitor, "member": member} {
			if who == "member" && (strings.HasPrefix(path, "/settings") || path == "/preview") {
				continue
			}
			got := b.post(path, url.Values{"title": {"x"}, "give": {"administrator"}, "lang": {"fr"}, "date": {"2026-06-06"}, "clock": {"10:00"},
				"zone": {"Europe/Brussels"}, "minutes": {"60"}, "online": {"1"}, "doc_title": {"x"}, "doc_link": {"https://x.example"}, "member": {"Lena Exemple"},
				"frequency": {"weekly"}, "interval": {"1"}, "start": {"2026-06-01"}, "reason": {""}, "answer": {"no"}})
			if got.StatusCode != 403 && got.StatusCode != 404 && got.StatusCode != 409 && !strings.HasPrefix(got.Header.Get("Location"), "/sign-in") {
				t.Errorf("%s %s: status %d to %s", who, path, got.StatusCode, got.Header.Get("Location"))
			}
		}
	}
	for _, path := range []string{"/admin", "/admin/mail", "/admin/log"} {
		member.get(path).holds(t, 403)
	}
	member.get("/people/otto-beispiel").lacks(t, "@exemple.example")
}

func TestHostsAndHeaders(t *testing.T) {
	s := newSite(t)
	b := s.visitor()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://evil.example/", nil)
	ok(t, err)
	res, err := b.App().Test(req)
	ok(t, err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a foreign host got %d", res.StatusCode)
	}
	b.header.Set("X-Forwarded-Host", "evil.example")
	b.header.Set("X-Forwarded-For", "203.0.113.9")
	b.get("/subscribe").lacks(t, "evil.example")
	got := b.get("/")
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q", name, got.Header.Get(name))
		}
	}
	if got.Header.Get("Set-Cookie") != "" {
		t.Errorf("a visitor gets a cookie: %s", got.Header.Get("Set-Cookie"))
	}
	b.header.Set("If-None-Match", got.Header.Get("ETag"))
	b.get("/").holds(t, 304)
}

func TestAVisitorsPageFollowsEveryAnswer(t *testing.T) {
	s, lena, _, m := furnished(t)
	path := "/meetings/" + m.Slug
	s.visitor().get(path).holds(t, 200, "2 personnes de 1 commune")
	_, err := s.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.No})
	ok(t, err)
	s.visitor().get(path).lacks(t, "2 personnes de")
}
