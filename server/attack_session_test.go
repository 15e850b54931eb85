package server_test

import (
	"bytes"
	"crypto/md5" // #nosec G501 -- what others put into addresses of pictures
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
	"belfry/store/storetest"
)

// TestA01NoSessionIsAdopted: what a browser brings along is never made a session, and signing in ends the one it had.
func TestA01NoSessionIsAdopted(t *testing.T) {
	s := newSite(t)
	m := s.Join(t, "Lena Exemple", "BE-92094")
	planted := strings.Repeat("a", 32)
	enter := func(b *browser) string {
		t.Helper()
		s.Clock.Add(time.Minute)
		ok(t, s.RequestSignIn(ctx, m.Email, "fr", store.Client{Address: m.ID}))
		b.do(http.MethodPost, "/link/"+s.Token(t, store.EventSignInLink, m.Email), url.Values{"csrf": {token(b)}}).holds(t, 303)
		return b.cookies["belfry_session"]
	}
	counts := func(session string) bool {
		b := s.visitor()
		b.cookies["belfry_session"] = session
		return b.get("/settings").StatusCode == http.StatusOK
	}
	b := s.visitor()
	b.cookies["belfry_session"] = planted
	b.get("/sign-in")
	b.cookies["belfry_session"] = planted // taken away by the answer, and put back by the attacker
	first := enter(b)
	if first == planted || !counts(first) || counts(planted) {
		t.Errorf("the session is %q, the planted one counts: %t", first, counts(planted))
	}
	if second := enter(b); second == first || !counts(second) || counts(first) {
		t.Errorf("after signing in again the session before it counts: %t", counts(first))
	}
}

// token is the form token of a browser's session, "" for a visitor.
func token(b *browser) string {
	if found := tokenField.FindStringSubmatch(b.get("/settings").body); found != nil {
		return found[1]
	}
	return ""
}

// TestA02AFormTokenIsOfOneSession: another member's, another browser's of the same member, one from before signing out,
// a changed one, and none.
func TestA02AFormTokenIsOfOneSession(t *testing.T) {
	s := newSite(t)
	lena, jef := s.Join(t, "Lena Exemple", "BE-92094"), s.Join(t, "Jef Voorbeeld", "BE-34022")
	before := s.as(lena)
	old := token(before)
	before.post("/sign-out", nil).holds(t, 303)
	s.Clock.Add(time.Minute)
	here := s.as(lena)
	s.Clock.Add(time.Minute)
	there, other := s.as(lena), s.as(jef)
	mine := token(here)
	short := mine[:len(mine)-2]
	for what, one := range map[string]string{"from before signing out": old, "of another browser": token(there), "of somebody else": token(other), "cut": short,
		"twice": mine + mine, "empty": "", "of zeros": strings.Repeat("A", len(mine)), "not base64": strings.Repeat("!", len(mine))} {
		got := here.do(http.MethodPost, "/settings/profile", url.Values{"name": {"Volée"}, "language": {"fr"}, "zone": {"Europe/Brussels"}, "csrf": {one}})
		if got.StatusCode != http.StatusForbidden {
			t.Errorf("a token %s: %d", what, got.StatusCode)
		}
	}
	if m, err := s.MemberByID(ctx, lena.ID); err != nil || m.Name != "Lena Exemple" {
		t.Errorf("changed to %q, %v", m.Name, err)
	}
	here.do(http.MethodPost, "/settings/profile", url.Values{"name": {"Lena Autre"}, "language": {"fr"}, "zone": {"Europe/Brussels"}, "csrf": {mine}}).holds(t, 303)
}

// TestA03NothingIsChangedFromElsewhere asks every address that changes something, as an administrator: without token, with the
// headers of another site, and with a body that a page elsewhere can send without being asked; and signs nobody in from
// elsewhere. (SAFETY section 4, row 21)
func TestA03NothingIsChangedFromElsewhere(t *testing.T) {
	w := newWorld(t)
	who := w.people[administrator]
	send := func(path, kind, body string, signedIn bool, header http.Header) answer {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.PublicURL+path, strings.NewReader(body))
		ok(t, err)
		if kind != "" {
			req.Header.Set("Content-Type", kind)
		}
		b := w.visitor()
		b.header = header
		if signedIn {
			b.cookies["belfry_session"] = who.cookie
		}
		return b.ask(req)
	}
	var multi bytes.Buffer
	form := multipart.NewWriter(&multi)
	ok(t, form.WriteField("csrf", who.token))
	ok(t, form.Close())
	urlencoded, home := "application/x-www-form-urlencoded", http.Header{"Sec-Fetch-Site": {"same-origin"}}
	good := url.Values{"csrf": {who.token}}.Encode()
	asked, turn := 0, 0
	for name, r := range expected(w) {
		method, pattern, _ := strings.Cut(name, " ")
		if method != http.MethodPost { // frames of the live connection are in the same table
			continue
		}
		path := fill(pattern, w.records[r.on][0], administrator)
		for what, one := range map[string]struct {
			kind, body string
			signedIn   bool
			header     http.Header
		}{
			"without token":               {urlencoded, "", true, home},
			"from another site":           {urlencoded, good, true, http.Header{"Sec-Fetch-Site": {"cross-site"}}},
			"from a neighbour":            {urlencoded, good, true, http.Header{"Sec-Fetch-Site": {"same-site"}}},
			"from another origin":         {urlencoded, good, true, http.Header{"Origin": {"https://evil.example"}}},
			"from a file":                 {form.FormDataContentType(), multi.String(), true, http.Header{"Origin": {"null"}}},
			"from the same name by https": {urlencoded, good, true, http.Header{"Origin": {"https://hub.example"}}},
			"text/plain with JSON":        {"text/plain", `{"csrf":"` + who.token + `"}`, true, home},
			"JSON":                        {"application/json", `{"csrf":"` + who.token + `"}`, true, home},
			"a body of no type":           {"", good, true, home},
			"a visitor from elsewhere":    {urlencoded, "", false, http.Header{"Origin": {"https://evil.example"}}},
		} {
			if turn++; turn%3 > 0 && what != "without token" && what != "from another origin" && what != "text/plain with JSON" {
				continue
			}
			asked++
			w.rehearsal.Writes()
			got := send(path, one.kind, one.body, one.signedIn, one.header)
			if writes := w.rehearsal.Writes(); got.StatusCode != 403 && got.StatusCode != 415 || writes > 0 {
				t.Errorf("POST %s %s: %d", path, what, got.StatusCode)
			}
			if got.Header.Get("Set-Cookie") != "" && strings.Contains(got.Header.Get("Set-Cookie"), "session") {
				t.Errorf("POST %s %s sets %s", path, what, got.Header.Get("Set-Cookie"))
			}
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "post"} {
		req, err := http.NewRequestWithContext(ctx, method, w.PublicURL+"/settings/profile", nil)
		ok(t, err)
		b := w.visitor()
		b.cookies["belfry_session"] = who.cookie
		if got := b.ask(req); got.StatusCode < 400 {
			t.Errorf("%s: %d", method, got.StatusCode)
		}
	}
	if got := send("/settings/profile", urlencoded, url.Values{"csrf": {who.token}, "name": {"Bon nom"}, "language": {"fr"}}.Encode(), true, http.Header{"Origin": {w.PublicURL}}); got.StatusCode != 303 {
		t.Errorf("a browser that sends only Origin, from our own page: %d", got.StatusCode)
	}
	t.Logf("%d requests", asked)
}

// TestA04NoOtherSiteReadsWithOurCookies: no answer allows another origin anything.
func TestA04NoOtherSiteReadsWithOurCookies(t *testing.T) {
	s, lena, _, m := furnished(t)
	b := s.as(lena)
	for _, origin := range []string{"https://evil.example", "null", "http://hub.example.evil.example", "http://hub.example"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			for _, path := range []string{"/", "/settings", "/unread", "/people/suggest.json?q=le", "/search.json?q=x", "/t/1/news.json", "/meetings.ics", "/decisions.csv", "/live", "/meetings/" + m.Slug} {
				b.header = http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"x"}}
				got := b.do(method, path, nil)
				for name := range got.Header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s for %s: %s", method, path, origin, name)
					}
				}
				if got.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" || got.Header.Get("X-Frame-Options") != "DENY" {
					t.Errorf("%s %s may be embedded: %v", method, path, got.Header)
				}
			}
		}
	}
}

// TestA10TriesAreCountedByAccountAndSocket: neither a new X-Forwarded-For, nor another spelling of the address of the
// account, nor the next address of one's own network, is a new beginning.
func TestA10TriesAreCountedByAccountAndSocket(t *testing.T) {
	hub := storetest.OpenRendering(t, server.Renderer())
	s := siteOver(t, hub)
	lena := s.Join(t, "Lena Exemple", "BE-92094")
	tries := func(s *site, many int, path string, form func(int) url.Values, from func(int) string) (limited int) {
		for n := range many {
			b := s.visitor()
			b.header = http.Header{"X-Forwarded-For": {from(n)}, "Forwarded": {"for=" + from(n)}, "X-Real-Ip": {from(n)}, "Cf-Connecting-Ip": {from(n)}, "True-Client-Ip": {from(n)}}
			if got := b.do(http.MethodPost, path, form(n)); got.StatusCode == http.StatusTooManyRequests {
				if got.Header.Get("Retry-After") == "" && limited == 0 {
					t.Errorf("%s: limited, and not told for how long", path)
				}
				limited++
			}
		}
		return limited
	}
	anybody := func(n int) string { return fmt.Sprintf("203.0.113.%d", n) }
	spelled := func(n int) url.Values {
		spellings := []string{lena.Email, strings.ToUpper(lena.Email), " " + lena.Email + " "}
		return url.Values{"email": {spellings[n%3]}, "code": {fmt.Sprintf("%06d", n)}}
	}
	if n := tries(s, 14, "/sign-in/code", spelled, anybody); n != 4 {
		t.Errorf("14 codes for one account: %d refused as too many, want 4", n)
	}
	s.Clock.Add(time.Hour)
	people := func(n int) url.Values {
		return url.Values{"email": {fmt.Sprintf("p%d@exemple.example", n)}, "code": {"123456"}}
	}
	if n := tries(s, 65, "/sign-in/code", people, anybody); n != 5 {
		t.Errorf("65 codes for 65 accounts from one socket: %d refused, want 5", n)
	}
	behind := siteWith(t, hub, func(o *server.Options) { o.Proxies = []string{"0.0.0.0"} }) // what the router sees in tests
	s.Clock.Add(time.Hour)
	if n := tries(behind, 65, "/sign-in/code", people, anybody); n != 0 {
		t.Errorf("65 visitors of a proxy of ours: %d refused", n)
	}
	s.Clock.Add(time.Hour)
	if n := tries(behind, 65, "/sign-in/code", people, func(n int) string { return fmt.Sprintf("2001:db9:1:2:%x::7", n) }); n != 5 {
		t.Errorf("65 addresses of one network: %d refused, want 5", n)
	}
	s.Clock.Add(time.Hour)
	if n := tries(behind, 65, "/sign-in/code", people, func(n int) string { return fmt.Sprintf("2001:db9:1:%x::7", n) }); n != 0 {
		t.Errorf("65 networks: %d refused", n)
	}
	s.Clock.Add(time.Hour)
	if n := tries(s, 8, "/sign-in/link", func(int) url.Values { return url.Values{"email": {lena.Email}} }, anybody); n != 3 {
		t.Errorf("8 letters to one address: %d refused, want 3", n)
	}
}

// TestA11NobodyIsWhoAHeaderSays, whether it comes from anywhere or by a proxy of ours.
func TestA11NobodyIsWhoAHeaderSays(t *testing.T) {
	hub := storetest.OpenRendering(t, server.Renderer())
	for _, proxies := range [][]string{nil, {"0.0.0.0"}} {
		s := siteWith(t, hub, func(o *server.Options) { o.Proxies = proxies })
		b := s.visitor()
		for _, name := range []string{"X-Forwarded-User", "X-Webauth-User", "Remote-User", "X-Remote-User", "X-Forwarded-Email", "X-Auth-Request-User", "Ssl-Client-S-Dn", "Authorization", "X-Forwarded-Prefix"} {
			b.header.Set(name, "ada-beispiel")
		}
		b.header.Set("Authorization", "Basic YWRhLWJlaXNwaWVsOng=")
		b.header.Set("X-Forwarded-Host", "evil.example")
		b.header.Set("X-Forwarded-Proto", "javascript")
		b.header.Set("X-Original-Url", "/about")
		b.header.Set("X-Http-Method-Override", "POST")
		b.get("/settings").holds(t, 303)
		b.get("/admin").lacks(t, "/admin/log")
		b.get("/subscribe").lacks(t, "evil.example", "javascript:")
		if got := b.get("/favicon.ico").Header.Get("Location"); !strings.HasPrefix(got, "/static/") {
			t.Errorf("leads to %s", got)
		}
		b.header.Set("Origin", "http://evil.example") // a page there, and a proxy that hands on what it is told of the host
		b.do(http.MethodPost, "/language", url.Values{"to": {"nl"}}).holds(t, 403)
	}
}

// TestA14ACodeIsGoodOnce: a hundred browsers at once, one is let in; and wrong ones end it.
func TestA14ACodeIsGoodOnce(t *testing.T) {
	s := newSite(t)
	m := s.Join(t, "Lena Exemple", "BE-92094")
	ok(t, s.RequestSignIn(ctx, m.Email, "fr", store.Client{Address: m.ID}))
	letter := s.Letter(t, store.EventSignInLink, m.Email)
	var in, refused atomic.Int32
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() {
			var err error
			if n%2 == 0 {
				_, err = s.UseCode(ctx, m.Email, letter["code"], "", store.Client{Address: fmt.Sprint(n)})
			} else {
				_, err = s.UseTicket(ctx, letter["token"], "", store.Client{})
			}
			if err == nil {
				in.Add(1)
			} else {
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 1 || refused.Load() != 99 {
		t.Errorf("one code let %d in and refused %d", in.Load(), refused.Load())
	}
}

// TestA44KnownAndUnknownAccountsCostTheSame, counted in runs of the password's hash: each takes 19 MiB. And they are
// answered with the same words.
func TestA44KnownAndUnknownAccountsCostTheSame(t *testing.T) {
	s := newSite(t)
	lena, jef := s.Join(t, "Lena Exemple", "BE-92094"), s.Join(t, "Jef Voorbeeld", "BE-34022")
	_, err := s.SetPassword(ctx, store.As(lena.ID), "", "une phrase assez longue", store.Session{Member: lena.ID, Proved: s.Now()})
	ok(t, err)
	runs := func(do func()) int {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		return int((after.TotalAlloc - before.TotalAlloc) / (19 << 20))
	}
	emails := map[string]string{"with a password": lena.Email, "without one": jef.Email, "of nobody": "nobody@exemple.example"}
	ask := func(path string, form url.Values, costs int) {
		t.Helper()
		bodies := map[string]string{}
		for who, email := range emails {
			s.Clock.Add(time.Hour)
			form.Set("email", email)
			var got answer
			if n := runs(func() { got = s.visitor().do(http.MethodPost, path, form) }); n != costs {
				t.Errorf("%s, an account %s: the hash ran %d times, want %d", path, who, n, costs)
			}
			body := strings.NewReplacer(email, "…", url.QueryEscape(email), "…").Replace(fmt.Sprint(got.StatusCode, got.Header.Get("Location"), got.body))
			bodies[body] = who
		}
		if len(bodies) != 1 {
			t.Errorf("%s answers in %d ways", path, len(bodies))
		}
	}
	ask("/sign-in", url.Values{"password": {"ce n’est pas le bon"}}, 1)
	ask("/sign-in/link", url.Values{}, 0)
	ask("/sign-in/code", url.Values{"code": {"000000"}}, 0)
	ask("/join", url.Values{"name": {"Quelqu’un"}, "town_code": {"BE-92094"}, "language": {"fr"}, "password": {"une autre phrase longue"}}, 1)
	sum := md5.Sum([]byte(jef.Email)) // #nosec G401 -- as above
	s.as(lena).get("/people/jef-voorbeeld").lacks(t, jef.Email, "gravatar", hex.EncodeToString(sum[:]))
}
