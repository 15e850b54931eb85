package server_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"belfry/server"
	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/postgres/pgtest"
	"belfry/store/storetest"

	"golang.org/x/net/html"
)

// control is what a person meets in a form.
type control struct{ kind, name, value string }

// sheet is the form of a page as a browser reads it.
type sheet struct {
	action, method, enctype string
	controls                []control
}

// sheets reads every form of a page.
func sheets(t testing.TB, page string) (all []*sheet) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	ok(t, err)
	var in *sheet
	for n := range doc.Descendants() {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "form":
			in = &sheet{action: at["action"], method: at["method"], enctype: at["enctype"]}
			all = append(all, in)
		case n.Data == "input":
			in.controls = append(in.controls, control{at["type"], at["name"], at["value"]})
		case n.Data == "textarea":
			text := ""
			if n.FirstChild != nil {
				text = n.FirstChild.Data
			}
			in.controls = append(in.controls, control{"textarea", at["name"], text})
		}
	}
	return all
}

// sentBack is the one form of a page that holds what was sent; nil when it has none.
func sentBack(t testing.TB, got answer) *sheet {
	t.Helper()
	all := sheets(t, got.body)
	if len(all) > 1 {
		t.Fatalf("%d forms: %s", len(all), got.body)
	}
	if len(all) == 0 {
		return nil
	}
	if f := all[0]; !strings.EqualFold(f.method, "post") || f.action != got.Request.URL.RequestURI() {
		t.Errorf("%s %q, sent to %q", f.method, f.action, got.Request.URL.RequestURI())
	}
	return all[0]
}

// values is what pressing its button sends.
func (s *sheet) values() url.Values {
	all := url.Values{}
	for _, one := range s.controls {
		all.Add(one.name, strings.ReplaceAll(strings.ReplaceAll(one.value, "\r\n", "\n"), "\n", "\r\n"))
	}
	return all
}

// keeps says that a page is a refusal for a moment that holds every value that was sent but those withheld.
func (a answer) keeps(t testing.TB, status int, sent url.Values, withheld ...string) *sheet {
	t.Helper()
	a.holds(t, status)
	if a.Header.Get("Cache-Control") != "no-store" || status == 503 && a.Header.Get("Retry-After") == "" {
		t.Errorf("Cache-Control %q, Retry-After %q", a.Header.Get("Cache-Control"), a.Header.Get("Retry-After"))
	}
	form := sentBack(t, a)
	if form == nil {
		t.Fatalf("what was typed is lost: %d %s", a.StatusCode, a.body)
	}
	have := form.values()
	for name, values := range sent {
		switch {
		case strings.Contains(strings.Join(withheld, " "), name):
			if have.Get(name) != "" || strings.Contains(a.body, values[0]) || !have.Has(name) {
				t.Errorf("%s is to be typed again: %q", name, have[name])
			}
		case name != "csrf" && strings.Join(have[name], "|") != strings.Join(values, "|"):
			t.Errorf("%s was %q and is %q", name, values, have[name])
		}
	}
	return form
}

// gone is an engine that cannot be reached while it is told so.
type gone struct {
	kv.DB
	on atomic.Bool
}

func (g *gone) View(ctx context.Context, fn func(kv.Reader) error) error {
	if g.on.Load() {
		return kv.ErrAway
	}
	return g.DB.View(ctx, fn)
}

func (g *gone) Update(ctx context.Context, scope string, fn func(kv.Tx) error) error {
	if g.on.Load() {
		return kv.ErrAway
	}
	return g.DB.Update(ctx, scope, fn)
}

// newsroom is a forum over an engine, with a thread; alma and maud may write a meeting down too.
func newsroom(t *testing.T, s *site) (h forum, thread string) {
	t.Helper()
	h = forumOn(t, s)
	thread = h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	s.With(t, h.author, store.RoleOrganiser)
	maud, err := s.MemberByHandle(ctx, "maud-ratrice")
	ok(t, err)
	s.With(t, maud, store.RoleOrganiser)
	return h, thread
}

func typedMeeting(csrf string) url.Values {
	return url.Values{"csrf": {csrf}, "title": {`Réunion "spéciale" <b>&amp;</b>`}, "lang": {"fr"}, "about": {"\r\nUne ligne\r\net une autre "}, "date": {"2026-02-30"}, "clock": {"25:00"},
		"zone": {"Europe/Brussels"}, "minutes": {"90"}, "venue": {"Hôtel de ville"}, "online": {"1"}, "seats": {"-3"}, "remind": {"1", "7"}}
}

// TestWhatWasTypedIsKeptWhileTheDatabaseIsAway: a form sent while the database does not answer comes back as it was sent, and is
// sent again from there, once, when it answers.
func TestWhatWasTypedIsKeptWhileTheDatabaseIsAway(t *testing.T) {
	proxy, through := pgtest.Between(t, pgtest.Database(t))
	h, thread := newsroom(t, siteOver(t, storetest.OpenAt(t, through)))
	csrf, page := token(h.maud), h.alma.get(thread) // alma is known; who maud is must be asked of the database
	ok(t, h.SetRole(ctx, store.System(), h.reader.ID, store.RoleOrganiser, true))
	page = h.alma.get(thread)
	reply := url.Values{"csrf": {tokenField.FindStringSubmatch(page.body)[1]}, "source": {"\r\n  Une réponse <b>longue</b> & « juste »\r\n\r\nde plusieurs lignes "}, "lang": {"fr"}, "once": {once(t, page)}, "do": {"send"}}
	meeting, entry := typedMeeting(csrf), url.Values{"email": {h.author.Email}, "password": {"une phrase très secrète"}, "back": {"/meetings"}}
	server.Hurry(h.Server)
	proxy.Silence(true)
	h.maud.header = http.Header{"Accept-Language": {"de"}}
	replied := h.alma.do("POST", thread+"/do/reply?from=here", reply)
	planned := h.maud.do("POST", "/meetings/new", meeting)
	entered := h.visitor().do("POST", "/sign-in", entry)
	kept, corrected, signIn := replied.keeps(t, 503, reply), planned.keeps(t, 503, meeting), entered.keeps(t, 503, entry, "password")
	if shown := kept.controls[len(kept.controls)-1]; shown.kind != "textarea" {
		t.Errorf("what was written is not to be seen: %v", kept.controls)
	}
	replied.holds(t, 503, "Envoyer à nouveau", `lang="fr"`, `for="sent-0"`)
	planned.holds(t, 503, "Noch einmal senden", `lang="de"`, "&lt;b&gt;&amp;amp;&lt;/b&gt;")
	if proxy.Silenced.Load() == 0 {
		t.Error("the fault did not happen")
	}
	proxy.Silence(false)
	proxy.Reset()
	for range 2 { // pressed twice
		h.alma.do("POST", kept.action, kept.values()).holds(t, 303)
	}
	read, err := h.ThreadPage(ctx, store.As(h.author.ID), 1, 1)
	ok(t, err)
	if written := read.Posts[len(read.Posts)-1].Post.Source; len(read.Posts) != 2 || !strings.Contains(written, "de plusieurs lignes") {
		t.Errorf("%d posts: %q", len(read.Posts), written)
	}
	h.maud.do("POST", corrected.action, corrected.values()).holds(t, 422, `id="date-error"`, "Réunion &#34;spéciale&#34;", "et une autre")
	again := signIn.values()
	again.Set("password", "faux")
	h.visitor().do("POST", signIn.action, again).holds(t, 422, h.author.Email)
}

// bring posts a paper with what else is typed beside it.
func (b *browser) bring(path, file string, fields url.Values) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, value := range values {
			ok(b.t, w.WriteField(name, value))
		}
	}
	part, err := w.CreateFormFile("doc_file", file)
	ok(b.t, err)
	_, err = io.WriteString(part, "%PDF-1.7 GEHEIM")
	ok(b.t, err)
	ok(b.t, w.Close())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.PublicURL+path, &body)
	ok(b.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	return b.ask(req)
}

// TestAPaperIsChosenAgain: no file can be sent back; it is named, and what was typed beside it is kept. On a full disk too.
func TestAPaperIsChosenAgain(t *testing.T) {
	away, full := &gone{}, &crammed{}
	h, _ := newsroom(t, siteOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { away.DB = db; full.DB = away; return full })))
	m := h.Meeting(t, 0)
	typed := url.Values{"csrf": {token(h.alma)}, "doc_title": {"Le <titre> du papier"}, "doc_lang": {"fr"}}
	away.on.Store(true)
	got := h.alma.bring("/meetings/"+m.Slug+"/documents", `note <b>"été".pdf`, typed)
	form := got.keeps(t, 503, typed)
	got.holds(t, 503, "note &lt;b&gt;", "choisissez-le encore une fois")
	got.lacks(t, "GEHEIM", "<b>")
	if last := form.controls[len(form.controls)-1]; form.enctype != "multipart/form-data" || last != (control{"file", "doc_file", ""}) {
		t.Errorf("%q %v", form.enctype, form.controls)
	}
	away.on.Store(false)
	full.full = true
	h.alma.do("POST", "/theme", url.Values{"csrf": typed["csrf"], "to": {"dark"}, "back": {"/about"}}).keeps(t, 507, url.Values{"to": {"dark"}, "back": {"/about"}})
	full.full = false
	h.alma.bring(form.action, "note.pdf", form.values()).holds(t, 303)
}

// TestOnlyWhoSentItIsGivenItBack: nobody has a page of ours filled with words of theirs, whatever they know, and what is sent
// back is text.
func TestOnlyWhoSentItIsGivenItBack(t *testing.T) {
	away := &gone{}
	h, thread := newsroom(t, siteOver(t, storetest.OpenOver(t, server.Renderer(), func(db kv.DB) kv.DB { away.DB = db; return away })))
	own, foreign := token(h.alma), token(h.basile)
	ok(t, h.SetRole(ctx, store.System(), h.reader.ID, store.RoleOrganiser, true)) // whoever comes is asked for again
	planted := func(csrf string) url.Values {
		return url.Values{"csrf": {csrf}, "source": {"Ein gepflanzter Text, lang genug, dass man ihn sieht"}, "email": {"evil@exemple.example"}}
	}
	given := func(got answer) bool {
		return strings.Contains(got.body, "gepflanzt") || strings.Contains(got.body, "evil") || got.StatusCode == 503 && len(sheets(t, got.body)) > 0
	}
	try := func(b *browser, path string, form url.Values, headers ...string) answer {
		one := &browser{site: b.site, cookies: b.cookies, header: b.header.Clone()}
		for i := 0; i < len(headers); i += 2 {
			one.header.Set(headers[i], headers[i+1])
		}
		return one.do("POST", path, form)
	}
	hostile := func(refused string) {
		t.Helper()
		if got := try(h.alma, thread+"/do/reply", planted(own)); !given(got) || got.StatusCode != 503 {
			t.Fatalf("the control: who may be given it back is not, %s: %d", refused, got.StatusCode)
		}
		for what, got := range map[string]answer{
			"from another site":         try(h.alma, thread+"/do/reply", planted(own), "Sec-Fetch-Site", "cross-site"),
			"from a neighbour":          try(h.alma, thread+"/do/reply", planted(own), "Sec-Fetch-Site", "same-site"),
			"another origin":            try(h.alma, thread+"/do/reply", planted(own), "Sec-Fetch-Site", "", "Origin", "http://evil.example"),
			"no origin":                 try(h.alma, thread+"/do/reply", planted(own), "Sec-Fetch-Site", "", "Origin", "null"),
			"a visitor from elsewhere":  try(h.visitor(), "/sign-in", planted(""), "Sec-Fetch-Site", "cross-site"),
			"without a token":           try(h.alma, thread+"/do/reply", planted("")),
			"another member's token":    try(h.alma, thread+"/do/reply", planted(foreign)),
			"a token without a session": try(&browser{site: h.site, cookies: map[string]string{"belfry_session": strings.Repeat("a", 32)}, header: h.alma.header}, "/sign-in", planted(own)),
			"another host":              try(h.alma, "//evil.example/sign-in", planted(own)),
			"as text":                   try(h.alma, thread+"/do/reply", planted(own), "Content-Type", "text/plain"),
		} {
			if got.StatusCode != 503 && got.StatusCode != 403 || given(got) {
				t.Errorf("%s, %s: %d %s", refused, what, got.StatusCode, got.body)
			}
		}
	}
	settle := server.Overcrowd(h.Server)
	hostile("at the gate")
	settle()
	away.on.Store(true)
	hostile("without the database")
	for _, attack := range attacks() {
		form := url.Values{"csrf": {own}, "source": {attack}, "title": {attack}, "x" + attack: {attack}, "email": {attack}}
		got := h.alma.do("POST", thread+"/do/reply?q="+url.QueryEscape(attack), form)
		got.keeps(t, 503, form)
		if found := spoiled(got.body); found != "" {
			t.Errorf("%q: %s", attack, found)
		}
	}
	for name, secret := range map[string]string{"password": "/settings/password", "current": "/settings/email", "New-Password": "/meetings/new", "code": "/link/x"} {
		got := h.alma.do("POST", secret, url.Values{"csrf": {own}, name: {"geheim42"}, "email": {"a@exemple.example"}})
		got.lacks(t, "geheim42")
		got.holds(t, 503, "a@exemple.example", "tapez-le encore une fois")
	}
	for _, large := range []url.Values{{"csrf": {own}, "source": {strings.Repeat("é", 33<<10)}}, {"csrf": {own}, "n": make([]string, 500)}} {
		got := h.alma.do("POST", thread+"/do/reply", large)
		got.holds(t, 503, "Revenez en arrière")
		if len(got.body) > 4<<10 || len(sheets(t, got.body)) > 0 {
			t.Errorf("%d bytes: %.2000s", len(got.body), got.body)
		}
	}
}

// TestWhatWasTypedIsKeptWhenThereIsTooMuchToDo: who is turned away at the gate is given a small form back; a large one is
// where it was sent from.
func TestWhatWasTypedIsKeptWhenThereIsTooMuchToDo(t *testing.T) {
	h, thread := newsroom(t, newSite(t))
	reply := url.Values{"csrf": {token(h.alma)}, "source": {"Une réponse\r\nde deux lignes"}, "once": {once(t, h.alma.get(thread))}}
	settle := server.Overcrowd(h.Server)
	got := h.alma.do("POST", thread+"/do/reply", reply)
	form := got.keeps(t, 503, reply)
	got.holds(t, 503, "Beaucoup de monde à la fois", "Envoyer à nouveau")
	if got.Header.Get("Content-Security-Policy") == "" || len(got.body) > 4<<10 {
		t.Errorf("%d bytes: %v", len(got.body), got.Header)
	}
	h.alma.do("POST", "/sign-in", url.Values{"csrf": {"x"}, "email": {"evil@exemple.example"}}).lacks(t, "evil", "<form")
	reply.Set("source", strings.Repeat("é", 16<<10))
	large := h.alma.do("POST", thread+"/do/reply", reply)
	large.holds(t, 503, "Beaucoup de monde à la fois", "Revenez en arrière : votre navigateur a gardé ce que vous avez tapé", "dans quelques secondes")
	large.lacks(t, "<form")
	reply.Set("source", "Encore")
	server.Ration(h.Server, 0)
	h.alma.do("POST", thread+"/do/reply", reply).lacks(t, "<form")
	settle()
	h.alma.do("POST", form.action, form.values()).holds(t, 303)
}
