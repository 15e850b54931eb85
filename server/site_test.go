package server_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"belfry/frontend"
	"belfry/frontend/markdown"
	"belfry/frontend/townmap"
	"belfry/locales"
	"belfry/server"
	"belfry/store"
	"belfry/store/storetest"
)

var ctx = context.Background()

// site is a real router over a real store, asked without a network.
type site struct {
	*storetest.Hub
	*server.Server
	t   testing.TB
	log *transcript
}

var shared = sync.OnceValues(func() (parts struct {
	assets    *frontend.Assets
	catalogue *locales.Catalogue
	drawn     *townmap.Map
}, err error) {
	if parts.assets, err = frontend.Load(); err != nil {
		return parts, err
	}
	if parts.catalogue, err = locales.Load(); err != nil {
		return parts, err
	}
	parts.drawn, err = townmap.New()
	return parts, err
})

func newSite(t testing.TB) *site {
	t.Helper()
	return siteOver(t, storetest.OpenRendering(t, server.Renderer()))
}

func siteOver(t testing.TB, hub *storetest.Hub) *site {
	t.Helper()
	return siteAt(t, hub, "http://hub.example")
}

// siteAt is a site with an address of its own.
func siteAt(t testing.TB, hub *storetest.Hub, address string) *site {
	t.Helper()
	return siteWith(t, hub, func(o *server.Options) { o.PublicURL = address })
}

// siteWith is a site with settings of its own. What it logs is looked through at the end.
func siteWith(t testing.TB, hub *storetest.Hub, change func(*server.Options)) *site {
	t.Helper()
	parts, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	log := newTranscript(t)
	opt := server.Options{Store: hub.Store, Assets: parts.assets, Catalogue: parts.catalogue, Markdown: markdown.New(),
		Map: parts.drawn, PublicURL: "http://hub.example", Version: "test", Log: log.logger()}
	change(&opt)
	s, err := server.New(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	return &site{Hub: hub, Server: s, t: t, log: log}
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// browser keeps cookies like one does.
type browser struct {
	*site
	cookies map[string]string
	header  http.Header
}

func (s *site) visitor() *browser {
	return &browser{site: s, cookies: map[string]string{}, header: http.Header{"Accept-Language": {"fr"}}}
}

// as is a browser signed in as a member, by the mailed link.
func (s *site) as(m store.Member) *browser {
	s.t.Helper()
	if err := s.RequestSignIn(ctx, m.Email, "fr", store.Client{Address: m.ID}); err != nil {
		s.t.Fatal(err)
	}
	b := s.visitor()
	got := b.post("/link/"+s.Token(s.t, store.EventSignInLink, m.Email), nil)
	if got.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("sign-in: %d %s", got.StatusCode, got.body)
	}
	return b
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, b.PublicURL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		b.log.keepForm(form)
	}
	return b.ask(req)
}

// ask sends a request with what the browser keeps, and keeps what it is given.
func (b *browser) ask(req *http.Request) answer {
	b.t.Helper()
	for name, values := range b.header {
		req.Header[name] = values
	}
	if req.Method == http.MethodPost && req.Header.Get("Sec-Fetch-Site") == "" && req.Header.Get("Origin") == "" {
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	b.log.keepPath(req.URL.Path)
	for name, value := range b.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
		b.log.keep("cookie "+name, value)
	}
	res, err := b.App().Test(req, 20_000)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	for _, cookie := range res.Cookies() {
		if cookie.MaxAge < 0 || cookie.Value == "" || !cookie.Expires.IsZero() && cookie.Expires.Year() < 2000 {
			delete(b.cookies, cookie.Name)
		} else {
			b.cookies[cookie.Name] = cookie.Value
		}
	}
	var buf bytes.Buffer
	_, _ = buf.ReadFrom(res.Body)
	return answer{res, buf.String()}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

var tokenField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends a form with the token of the settings page, which every signed-in page carries too.
func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	if _, signedIn := b.cookies["belfry_session"]; signedIn && form.Get("csrf") == "" {
		if found := tokenField.FindStringSubmatch(b.get("/settings").body); found != nil {
			form.Set("csrf", found[1])
		}
	}
	return b.do(http.MethodPost, path, form)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (a answer) holds(t testing.TB, status int, texts ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s: status %d, want %d", a.Request.URL, a.StatusCode, status)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("%s: %q is not in the page", a.Request.URL, text)
		}
	}
}

func (a answer) lacks(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("%s: %q is in the page", a.Request.URL, text)
		}
	}
}
