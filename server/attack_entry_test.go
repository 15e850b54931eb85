package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
)

// stored says whether words stand in any key or value of the data.
func (s *site) stored(words string) bool {
	s.t.Helper()
	found := false
	ok(s.t, s.DB.View(ctx, func(r kv.Reader) error {
		all, err := r.Scan(kv.Range{}, 1_000_000)
		for _, pair := range all {
			found = found || bytes.Contains(pair.Key, []byte(words)) || bytes.Contains(pair.Value, []byte(words))
		}
		return err
	}))
	return found
}

// TestA09LettersLeadToTheConfiguredAddress: whatever the request says the host is.
func TestA09LettersLeadToTheConfiguredAddress(t *testing.T) {
	s := newSite(t)
	m := s.Join(t, "Lena Exemple", "BE-92094")
	s.With(t, m, store.RoleAdministrator)
	post := office(t, s.Hub, nil)
	_, err := post.Compose(ctx)
	ok(t, err)
	before := len(letters(t, s.Hub, store.As(m.ID)))
	ask := func(host string, header http.Header) answer {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.PublicURL+"/sign-in/link", strings.NewReader(url.Values{"email": {m.Email}}.Encode()))
		ok(t, err)
		req.Host = host
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		b := s.visitor()
		b.header = header
		return b.ask(req)
	}
	for _, host := range []string{"evil.example", "hub.example.evil.example", "hub.example@evil.example", "hub.example:81", "evil.example:80", "hub.example."} {
		if got := ask(host, http.Header{}); got.StatusCode != http.StatusMisdirectedRequest && got.StatusCode != http.StatusBadRequest {
			t.Errorf("host %q: %d", host, got.StatusCode)
		}
	}
	ask("hub.example", http.Header{"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"javascript"}, "X-Original-Host": {"evil.example"}, "X-Forwarded-Server": {"evil.example"},
		"Forwarded": {"host=evil.example"}, "X-Host": {"evil.example"}, "Referer": {"https://evil.example/"}}).holds(t, 303)
	_, err = post.Compose(ctx)
	ok(t, err)
	written := letters(t, s.Hub, store.As(m.ID))
	if len(written) != before+1 {
		t.Fatalf("%d letters were written, want 1", len(written)-before)
	}
	for _, one := range written {
		if one.Kind == store.EventSignInLink && !strings.Contains(one.Text, "https://hub.example/link/") || strings.Contains(one.Text+one.HTML, "evil") {
			t.Errorf("the letter says %s", one.Text)
		}
	}
}

// TestA13NobodyEntersHalfway: who has not confirmed the address yet, and who has left, is refused on every entrance: pages,
// password, code, link, personal calendar; the live connection is tried in TestA28.
func TestA13NobodyEntersHalfway(t *testing.T) {
	s := newSite(t)
	const secret = "une phrase assez longue"
	ok(t, s.Store.Join(ctx, store.JoinInput{Name: "Nora Nouvelle", Email: "nora@exemple.example", TownCode: "BE-92094", Language: "fr", Password: secret, Nonce: "hers"}))
	gone := s.Join(t, "Gaston Parti", "BE-52011")
	_, err := s.SetPassword(ctx, store.As(gone.ID), "", secret, store.Session{Member: gone.ID, Proved: s.Now()})
	ok(t, err)
	feed, err := s.NewFeedLink(ctx, store.As(gone.ID), "téléphone")
	ok(t, err)
	in := s.as(gone)
	session := in.cookies["belfry_session"]
	s.Clock.Add(time.Minute)
	ok(t, s.RequestSignIn(ctx, gone.Email, "fr", store.Client{Address: "x"}))
	letter := s.Letter(t, store.EventSignInLink, gone.Email)
	s.visitor().get("/calendar/"+feed.Token+".ics").holds(t, 200, "BEGIN:VCALENDAR")
	in.post("/settings/leave", url.Values{"current": {secret}}).holds(t, 303)
	for what, got := range map[string]answer{
		"the password, not confirmed": s.visitor().post("/sign-in", url.Values{"email": {"nora@exemple.example"}, "password": {secret}}),
		"the password, left":          s.visitor().post("/sign-in", url.Values{"email": {gone.Email}, "password": {secret}}),
		"the code of before":          s.visitor().post("/sign-in/code", url.Values{"email": {gone.Email}, "code": {letter["code"]}}),
		"the link of before":          s.visitor().post("/link/"+letter["token"], nil),
		"the demo's door":             s.visitor().post("/demo", url.Values{"handle": {gone.Handle}}),
	} {
		if got.StatusCode < 400 || strings.Contains(strings.Join(got.Header.Values("Set-Cookie"), " "), "session") {
			t.Errorf("%s: %d %v", what, got.StatusCode, got.Header.Values("Set-Cookie"))
		}
	}
	old := s.visitor()
	for _, path := range []string{"/settings", "/unread", "/chat/lounge"} {
		old.cookies["belfry_session"] = session
		old.get(path).holds(t, 303)
	}
	old.cookies["belfry_session"] = session
	old.do(http.MethodPost, "/discussions/new", url.Values{"title": {"x"}}).holds(t, 403)
	s.visitor().get("/calendar/"+feed.Token+".ics").lacks(t, "BEGIN:VEVENT", "Gaston")
}

// TestA26LettersThatSignIn: their links are random, kept as hashes only, good once, the newest only, for half an hour, and
// go to the stored address only.
func TestA26LettersThatSignIn(t *testing.T) {
	s := newSite(t)
	m := s.Join(t, "Lena Exemple", "BE-92094")
	ask := func() map[string]string {
		t.Helper()
		s.Clock.Add(2 * time.Hour)
		s.visitor().post("/sign-in/link", url.Values{"email": {strings.ToUpper(m.Email)}}).holds(t, 303)
		return s.Letter(t, store.EventSignInLink, m.Email)
	}
	use := func(token string) int { return s.visitor().post("/link/"+token, nil).StatusCode }
	seen := map[string]bool{}
	for range 40 {
		token := ask()["token"]
		if len(token) != 32 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz234567") != "" || seen[token[:8]] || seen[token[24:]] { // base32: 160 bits
			t.Errorf("token %q", token)
		}
		seen[token[:8]], seen[token[24:]] = true, true
	}
	first, second := ask(), ask()
	if n := use(first["token"]); n != 404 {
		t.Errorf("the letter before the newest: %d", n)
	}
	s.visitor().get("/link/"+second["token"]).holds(t, 200) // programs look first
	if n := use(second["token"]); n != 303 {
		t.Errorf("the newest letter: %d", n)
	}
	if n := use(second["token"]); n != 404 {
		t.Errorf("the newest letter again: %d", n)
	}
	s.visitor().post("/sign-in/code", url.Values{"email": {m.Email}, "code": {second["code"]}}).holds(t, 422)
	late := ask()
	s.Clock.Add(31 * time.Minute)
	s.visitor().get("/link/"+late["token"]).holds(t, 404)
	if n := use(late["token"]); n != 404 {
		t.Errorf("after half an hour: %d", n)
	}
	fresh := ask()
	_, err := office(t, s.Hub, nil).Compose(ctx) // what waits to be sent holds the words that are sent
	ok(t, err)
	sent, err := s.DueMail(ctx, s.Now(), 1000)
	ok(t, err)
	for _, one := range sent {
		if one.Address != m.Email {
			t.Errorf("a letter to %q", one.Address)
		}
		ok(t, s.MailSent(ctx, one.ID, s.Now()))
	}
	if s.stored(fresh["token"]) || s.stored(`"`+fresh["code"]+`"`) {
		t.Error("a token or code is stored in clear after its letter was sent")
	}
	if !s.stored(m.ID) {
		t.Error("the search for stored words finds nothing")
	}
	for _, email := range []string{m.Email + ", evil@evil.example", m.Email + "\nevil@evil.example", m.Email + ";evil@evil.example", "evil@evil.example," + m.Email, m.Email + "%0aBcc:evil@evil.example", "<" + m.Email + ">"} {
		s.visitor().post("/sign-in/link", url.Values{"email": {email}}).holds(t, 422)
	}
	s.Clock.Add(2 * time.Hour)
	s.visitor().do(http.MethodPost, "/sign-in/link", url.Values{"email": {m.Email, "evil@evil.example"}}).holds(t, 303)
	due, err := s.DueEvents(ctx, 1000)
	ok(t, err)
	for _, e := range due {
		if strings.Contains(fmt.Sprint(e.Data), "evil@") {
			t.Errorf("%s goes to %v", e.Kind, e.Data)
		}
	}
}

// TestA27LinksAreGoodOnce: of a join, of a change of address, of the operator; replayed, revived by another way in, or after
// what they were for is over.
func TestA27LinksAreGoodOnce(t *testing.T) {
	s := newSite(t)
	join := store.JoinInput{Name: "Nora Nouvelle", Email: "nora@exemple.example", TownCode: "BE-92094", Language: "fr"}
	use := func(token string) int { return s.visitor().post("/link/"+token, nil).StatusCode }
	refused := func(what, token string) {
		t.Helper()
		if n := use(token); n != 404 {
			t.Errorf("%s: %d", what, n)
		}
	}
	ok(t, s.Store.Join(ctx, join))
	first := s.Token(t, store.EventConfirmAddress, join.Email)
	s.Clock.Add(time.Minute)
	ok(t, s.Store.Join(ctx, join))
	second := s.Token(t, store.EventConfirmAddress, join.Email)
	refused("an older join", first)
	s.Clock.Add(73 * time.Hour)
	refused("a join after three days", second)
	ok(t, s.Store.Join(ctx, join))
	third := s.Token(t, store.EventConfirmAddress, join.Email)
	if n := use(third); n != 303 {
		t.Fatalf("a join: %d", n)
	}
	refused("a join again", third)
	nora, err := s.MemberByHandle(ctx, "nora-nouvelle")
	ok(t, err)

	change := func(email string) (before, after string) {
		s.Clock.Add(2 * time.Hour)
		ok(t, s.ChangeEmail(ctx, store.As(nora.ID), email, "", store.Session{Member: nora.ID, Proved: s.Now()}))
		return s.Token(t, store.EventEmailOld, nora.Email), s.Token(t, store.EventEmailNew, email)
	}
	_, dropped := change("une@exemple.example")
	before, after := change("deux@exemple.example")
	refused("the address of a change that was given up", dropped)
	ok(t, s.RequestSignIn(ctx, nora.Email, "fr", store.Client{Address: "n"}))
	login := s.Token(t, store.EventSignInLink, nora.Email)
	if use(before) != 303 || use(after) != 303 {
		t.Error("the address is not changed")
	}
	refused("a change again", before)
	refused("a change again", after)
	refused("a letter to the address of before", login)
	s.Clock.Add(time.Hour)
	old, err := s.ResetPassword(ctx, "deux@exemple.example")
	ok(t, err)
	newer, err := s.ResetPassword(ctx, "deux@exemple.example")
	ok(t, err)
	refused("an older link of the operator", old)
	ok(t, s.Leave(ctx, store.As(nora.ID), "", store.Session{Member: nora.ID, Proved: s.Now()}))
	refused("a link of the operator to somebody who left", newer)
	ok(t, s.Store.Join(ctx, store.JoinInput{Name: "Nora Nouvelle", Email: "deux@exemple.example", TownCode: "BE-92094", Language: "fr"}))
	refused("the same after joining again", newer)
	founding, err := s.FoundingTicket(ctx)
	ok(t, err)
	s.visitor().post("/link/"+founding, url.Values{"name": {"Eve"}, "email": {"eve@evil.example"}, "password": {"une phrase assez longue"}, "language": {"fr"}}).holds(t, 404)
}

// TestA29ACalendarsAddressIsASecret: it is stored nowhere, told to nobody else, dead when it is changed or removed, cannot be
// made of another, and opens a calendar and nothing more.
func TestA29ACalendarsAddressIsASecret(t *testing.T) {
	s, lena, organiser, _ := furnished(t)
	_, err := s.ScheduleMeeting(ctx, store.As(organiser.ID), store.MeetingInput{Title: "Zonzi brouillon", Lang: "fr", Date: "2026-04-01", Clock: "10:00", Zone: "Europe/Brussels", Minutes: 60, Online: true, Draft: true})
	ok(t, err)
	link, err := s.NewFeedLink(ctx, store.As(lena.ID), "téléphone")
	ok(t, err)
	other, err := s.NewFeedLink(ctx, store.As(organiser.ID), "bureau")
	ok(t, err)
	calendar := func(token string) answer { return s.visitor().get("/calendar/" + token + ".ics") }
	calendar(link.Token).holds(t, 200, "BEGIN:VEVENT", "Vous")
	calendar(link.Token).lacks(t, "Zonzi brouillon", "Jef")
	calendar(other.Token).lacks(t, "Zonzi brouillon")
	if s.stored(link.Token[32:]) {
		t.Error("the secret part is stored")
	}
	admin := s.as(organiser)
	for _, path := range []string{"/admin", "/admin/log", "/people/lena-exemple", "/settings", "/admin/mail"} {
		admin.get(path).lacks(t, link.Token)
	}
	for _, forged := range []string{link.Token[:32] + other.Token[32:], other.Token[:32] + link.Token[32:], link.Token[:57] + "a", strings.ToUpper(link.Token), link.Token[:32] + strings.Repeat("a", 26), strings.Repeat("\x00", 58), link.Token + "a"} {
		if forged == link.Token {
			continue
		}
		calendar(url.PathEscape(forged)).holds(t, 404)
	}
	thief := s.visitor()
	thief.cookies["belfry_session"] = link.Token[:32]
	thief.get("/settings").holds(t, 303)
	s.visitor().get("/link/"+link.Token).holds(t, 404)
	for _, of := range []string{"reset", "remove"} {
		admin.post("/settings/calendars", url.Values{of: {link.ID}}).holds(t, 404)
	}
	calendar(link.Token).holds(t, 200, "BEGIN:VEVENT")
	b := s.as(lena)
	b.post("/settings/calendars", url.Values{"reset": {link.ID}}).holds(t, 303)
	calendar(link.Token).lacks(t, "BEGIN:VEVENT")
	now, err := s.FeedLinks(ctx, store.As(lena.ID))
	ok(t, err)
	calendar(now[0].Token).holds(t, 200, "BEGIN:VEVENT")
	b.post("/settings/calendars", url.Values{"remove": {link.ID}}).holds(t, 303)
	calendar(now[0].Token).lacks(t, "BEGIN:VEVENT")
	taken, err := s.NewFeedLink(ctx, store.As(lena.ID), "autre")
	ok(t, err)
	_, err = s.ResetPassword(ctx, lena.Email) // somebody else was in the account, and read what stands in the settings
	ok(t, err)
	calendar(taken.Token).lacks(t, "BEGIN:VEVENT")
}

// TestA33RedirectsStayHere, on every form that leads back to where one came from.
func TestA33RedirectsStayHere(t *testing.T) {
	s, lena, _, m := furnished(t)
	b := s.as(lena)
	stays := func(what string, got answer) {
		t.Helper()
		for _, name := range []string{"Location", "Refresh", "Content-Location"} {
			to := got.Header.Get(name)
			if to == "" {
				continue
			}
			at, err := url.Parse(to)
			if err != nil || at.Host != "" || at.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\t\r\n") {
				t.Errorf("%s leads to %q", what, to)
			}
		}
		for _, lead := range []string{`href="//evil`, `href="https://evil`, `href="/\evil`, `action="//evil`, `href="javascript:`} {
			if strings.Contains(got.body, lead) {
				t.Errorf("%s shows %s", what, lead)
			}
		}
	}
	for n, evil := range []string{"//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "\t//evil.example", " //evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b",
		"https://evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example", "@evil.example", "/\x00/evil.example", "//evil.example/%2f..", "", "/" + strings.Repeat("a", 5000)} {
		back := url.QueryEscape(evil)
		if len(back) < 3000 {
			stays("/sign-in, signed in, back="+evil, b.get("/sign-in?back="+back))
			stays("/sign-in, back="+evil, s.visitor().get("/sign-in?back="+back))
			stays("/sign-in/code, back="+evil, s.visitor().get("/sign-in/code?email=a@b.example&back="+back))
		}
		at := 0
		for path, form := range map[string]url.Values{"/language": {"to": {"fr"}}, "/theme": {"to": {"dark"}}, "/discussions/follow": {"kind": {"category"}, "subject": {"x"}, "level": {"watch"}},
			"/meetings/" + m.Slug + "/rsvp": {"answer": {"online"}}, "/sign-in": {"email": {"a@b.example"}, "password": {"x"}}, "/sign-in/link": {"email": {"a@b.example"}}, "/unread": {"do": {"all"}, "until": {"1"}}} {
			if at++; (at+n)%3 > 0 && path != "/language" { // each other way has each other address
				continue
			}
			form.Set("back", evil)
			who := b
			if strings.HasPrefix(path, "/sign-in") {
				who = s.visitor()
				s.Clock.Add(time.Hour)
			}
			stays(fmt.Sprintf("%s, back=%.60q", path, evil), who.post(path, form))
		}
	}
	for _, path := range []string{"//evil.example/%2e%2e", "/%5cevil.example", "/t/1//evil.example", "/towns//evil.example", "/meetings/..//evil.example"} {
		stays(path, b.get(path))
	}
	b.post("/language", url.Values{"to": {"fr"}, "back": {"/meetings?month=2026-03"}}).holds(t, 303)
}
