package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
)

// TestWhatAnOperatorLooksForIsLogged: who came in and who could not, what was refused, what came too often, and how one
// proves who one is; what the staff does stands in the audit log (SAFETY section 4, row 52).
func TestWhatAnOperatorLooksForIsLogged(t *testing.T) {
	s, lena, organiser, _ := furnished(t)
	const secret = "une phrase assez longue"
	happened := func(what string, do func(), want map[string]any) {
		t.Helper()
		before, _ := s.log.events()
		do()
		after, _ := s.log.events()
		for _, event := range after[len(before):] {
			fits := event["level"] == "INFO"
			for name, value := range want {
				fits = fits && event[name] == value
			}
			if fits && event["from"] != "" && event["request"] != "" {
				return
			}
		}
		t.Errorf("%s is not logged: %v", what, after[len(before):])
	}
	b := s.as(lena)
	login := func(email, password string) func() {
		return func() { s.visitor().post("/sign-in", url.Values{"email": {email}, "password": {password}}) }
	}
	happened("a new password", func() { b.post("/settings/password", url.Values{"password": {secret}}).holds(t, 303) }, map[string]any{"msg": "account changed", "what": "settings.password.saved", "member": lena.ID})
	happened("a sign-in by password", login(lena.Email, secret), map[string]any{"msg": "signed in", "way": "password", "as": lena.ID})
	happened("a wrong password", login(lena.Email, "faux faux faux"), map[string]any{"msg": "sign-in failed", "way": "password"})
	happened("a password of nobody", login("nobody@exemple.example", "faux faux faux"), map[string]any{"msg": "sign-in failed", "way": "password"})
	happened("a wrong code", func() { s.visitor().post("/sign-in/code", url.Values{"email": {lena.Email}, "code": {"000000"}}) }, map[string]any{"msg": "sign-in failed", "way": "code"})
	happened("a link that is none", func() { s.visitor().post("/link/"+strings.Repeat("a", 32), nil) }, map[string]any{"msg": "sign-in failed", "way": "link"})
	happened("a sign-in by link", func() { s.Clock.Add(time.Hour); s.as(organiser) }, map[string]any{"msg": "signed in", "way": "link", "as": organiser.ID})
	happened("a page of the staff", func() { b.get("/admin/log").holds(t, 403) }, map[string]any{"msg": "refused", "status": 403.0, "path": "/admin/log", "method": "GET", "member": lena.ID})
	happened("a form from elsewhere", func() {
		s.visitor().do(http.MethodPost, "/theme", url.Values{"to": {"dark"}}) // from here
		b := s.visitor()
		b.header.Set("Sec-Fetch-Site", "cross-site")
		b.do(http.MethodPost, "/theme", url.Values{"to": {"dark"}})
	}, map[string]any{"msg": "refused", "status": 403.0, "path": "/theme"})
	happened("another host", func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://evil.example/", nil)
		ok(t, err)
		s.visitor().ask(req)
	}, map[string]any{"msg": "refused", "status": 421.0, "host": "evil.example"})
	happened("a host that is long", func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+strings.Repeat("evil", 50)+".example/", nil)
		ok(t, err)
		s.visitor().ask(req)
	}, map[string]any{"msg": "refused", "status": 421.0, "host": strings.Repeat("evil", 25) + "…"})
	happened("too many tries", func() {
		for range 11 {
			s.visitor().post("/sign-in/code", url.Values{"email": {"a@exemple.example"}, "code": {"000000"}})
		}
	}, map[string]any{"msg": "refused", "status": 429.0, "path": "/sign-in/code"})
	happened("signing out", func() { b.post("/sign-out", nil).holds(t, 303) }, map[string]any{"msg": "signed out", "member": lena.ID})

	s.Clock.Add(time.Minute)
	staff := s.as(organiser)
	staff.post("/people/lena-exemple/roles", url.Values{"give": {"moderator"}}).holds(t, 303)
	_, err := s.ResetPassword(ctx, lena.Email)
	ok(t, err)
	kept, err := s.AuditLog(ctx, store.As(organiser.ID), 100)
	ok(t, err)
	found := map[string]bool{}
	for _, one := range kept {
		if one.Subject == lena.ID {
			found[one.What] = true
		}
	}
	if !found["audit.role_given"] || !found["audit.password_reset"] {
		t.Errorf("the audit log holds %v", found)
	}
	s.log.keep("test", "a secret that is logged")
	s.Log.Info("x", "y", "here is a secret that is logged")
	_, _ = s.log.Write([]byte("not an event\n"))
	if n := len(s.log.faults()); n != 2 { // the judge sees both
		t.Errorf("the judge of logs sees %d faults, want 2", n)
	}
	s.log.written.Reset()
}
