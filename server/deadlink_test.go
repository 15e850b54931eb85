package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// TestADeadLinkSaysSo: a mailed link that was used, has expired, was replaced or never was says so in the reader's language and
// offers another; nobody learns from it which links there were.
func TestADeadLinkSaysSo(t *testing.T) {
	s := newSite(t)
	lena := s.Join(t, "Lena Exemple", "BE-92094")
	ask := func() string {
		s.Clock.Add(2 * time.Hour)
		ok(t, s.RequestSignIn(ctx, lena.Email, "fr", store.Client{Address: "test"}))
		return "/link/" + s.Token(t, store.EventSignInLink, lena.Email)
	}
	replaced, used := ask(), ask()
	reader := s.visitor()
	reader.post(used, nil).holds(t, 303)
	expired := ask()
	s.Clock.Add(time.Hour)
	s.visitor().post("/join", url.Values{"town_code": {"BE-92094"}, "name": {"Zoé Essai"}, "email": {"zoe@exemple.example"}, "language": {"fr"}}).holds(t, 303)
	joined := "/link/" + s.Token(t, store.EventConfirmAddress, "zoe@exemple.example")
	s.visitor().post(joined, nil).holds(t, 303)
	never := "/link/" + strings.Repeat("a", 32)
	for tag, words := range map[string][]string{
		"fr": {"Ce lien n’est plus valable", "a déjà servi", "Demander un nouveau lien"}, "nl": {"Deze link is niet meer geldig", "al gebruikt", "Een nieuwe link vragen"},
		"de": {"Dieser Link gilt nicht mehr", "schon benutzt", "Einen neuen Link anfordern"}, "en": {"This link is no longer valid", "used already", "Ask for a new link"},
	} {
		b := s.visitor()
		b.header.Set("Accept-Language", tag)
		same := strings.NewReplacer(replaced, "", used, "", expired, "", joined, "", never, "")
		want := same.Replace(b.get(never).body)
		for _, path := range []string{replaced, used, expired, joined, never} {
			for _, got := range []answer{b.get(path), b.post(path, nil)} {
				got.holds(t, 404, append(words, `href="/sign-in"`)...)
				if got.Header.Get("Referrer-Policy") != "no-referrer" || got.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: %v", got.Request.Method, got.Header)
				}
				if got.Request.Method == "GET" && same.Replace(got.body) != want {
					t.Errorf("%s: a link that was differs from one that never was", tag)
				}
			}
		}
	}
	reader.get(used).holds(t, 404, "Ce lien n’est plus valable", `href="/settings"`)
}
