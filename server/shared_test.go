package server_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store"
)

// sharedPaths are pages that are kept for all and completed for each reader.
func sharedPaths(m store.Meeting) []string {
	return []string{"/meetings/" + m.Slug, "/about", "/decisions", "/actions", "/meetings/past"}
}

var accountHead = regexp.MustCompile(`<div class="menu__head"><strong>([^<]*)</strong>`)

// zipped asks for a page as browsers do, and unpacks it.
func (b *browser) zipped(path string) answer {
	b.t.Helper()
	b.header.Set("Accept-Encoding", "gzip")
	defer b.header.Del("Accept-Encoding")
	got := b.get(path)
	if got.Header.Get("Content-Encoding") != "gzip" {
		b.t.Errorf("%s: not compressed", path)
		return got
	}
	r, err := gzip.NewReader(strings.NewReader(got.body))
	ok(b.t, err)
	text, err := io.ReadAll(r)
	ok(b.t, err)
	got.body = string(text)
	return got
}

// Readers take turns at the same pages, some with a sentence from the request before, plain and compressed. Each sees
// their own name, token, answer, note and proposal, and nobody else's.
func TestNobodySeesAnothersParts(t *testing.T) {
	s := newSite(t)
	m := s.Meeting(t, 0)
	path := "/meetings/" + m.Slug
	names := []string{"Lena Exemple", "Jef Voorbeeld", "Ida Beispiel"}
	var all []*browser
	for i, name := range names {
		b := s.as(s.Join(t, name, []string{"BE-92094", "BE-34022", "BE-62063"}[i]))
		b.post(path+"/rsvp", url.Values{"answer": {[]string{"on_site", "online", "no"}[i]}, "note": {"note de " + name}}).holds(t, 303)
		b.post(path+"/agenda", url.Values{"item_title": {"Proposition de " + name}, "item_kind": {"discussion"}, "item_minutes": {"5"}, "item_lang": {"fr"}}).holds(t, 303)
		all = append(all, b)
	}
	own := func(i int, got answer, meeting bool) {
		t.Helper()
		if head := accountHead.FindStringSubmatch(got.body); head == nil || head[1] != names[i] {
			t.Errorf("%s: the account of %v is shown to %s", got.Request.URL, head, names[i])
		}
		for _, token := range tokenField.FindAllStringSubmatch(got.body, -1) {
			if token[1] != tokenField.FindStringSubmatch(got.body)[1] {
				t.Errorf("%s: two tokens in one page", got.Request.URL)
			}
		}
		for k, name := range names {
			if seen := strings.Contains(got.body, "Proposition de "+name); seen != (meeting && k == i) {
				t.Errorf("%s: the proposal of %s is shown to %s: %v", got.Request.URL, name, names[i], seen)
			}
			if seen := strings.Contains(got.body, "note de "+name); seen != (meeting && k == i && i < 2) { // no form after a no
				t.Errorf("%s: the note of %s is shown to %s: %v", got.Request.URL, name, names[i], seen)
			}
		}
		if pressed := strings.Count(got.body, `aria-pressed="true"`); meeting != (pressed == 1) {
			t.Errorf("%s: %d answers are pressed", got.Request.URL, pressed)
		}
	}
	for range 3 {
		for i, b := range all {
			for _, path := range sharedPaths(m) {
				own(i, b.get(path), strings.HasSuffix(path, m.Slug))
				own(i, b.zipped(path), strings.HasSuffix(path, m.Slug))
				visitor := s.visitor().get(path)
				visitor.holds(t, 200)
				visitor.lacks(t, `name="csrf"`, "menu__head", "note de", "Proposition de", "aria-pressed")
			}
		}
	}
	for i, b := range all { // a token is good for its own session only
		token := tokenField.FindStringSubmatch(b.get(path).body)[1]
		b.post(path+"/rsvp", url.Values{"answer": {"maybe"}, "keep_details": {"1"}, "csrf": {token}}).holds(t, 303)
		all[(i+1)%len(all)].post(path+"/rsvp", url.Values{"answer": {"maybe"}, "keep_details": {"1"}, "csrf": {token}}).holds(t, 403)
		b.get(path).holds(t, 200, "toast\"><span>", names[i]) // said once
		b.get(path).lacks(t, "toast\"><span>")
	}
}

// Many at once, while answers change: still everybody's own.
func TestNobodySeesAnothersPartsAtOnce(t *testing.T) {
	s := newSite(t)
	m := s.Meeting(t, 0)
	var wg sync.WaitGroup
	for _, name := range []string{"Lena Exemple", "Jef Voorbeeld", "Ida Beispiel", "Otto Muster"} {
		member := s.Join(t, name, "BE-92094")
		b := s.as(member)
		wg.Go(func() {
			for n := range 25 {
				answer, pressed := store.OnSite, `value="on_site" aria-pressed="true"`
				if n%2 == 1 {
					answer, pressed = store.No, `value="no" aria-pressed="true"`
				}
				if _, err := s.AnswerMeeting(ctx, store.As(member.ID), m.ID, store.AnswerInput{Answer: answer}); err != nil {
					t.Error(err)
				}
				got := b.get("/meetings/" + m.Slug)
				if head := accountHead.FindStringSubmatch(got.body); head == nil || head[1] != name || !strings.Contains(got.body, pressed) {
					t.Errorf("%s sees %v, own answer %s: %v", name, head, answer, strings.Contains(got.body, pressed))
				}
			}
		})
	}
	wg.Wait()
}

// What is kept is out of date with the commit: for the page, for a name, for a right, for a session.
func TestCommitsShowAtOnce(t *testing.T) {
	s := newSite(t)
	m := s.Meeting(t, 0)
	path := "/meetings/" + m.Slug
	lena := s.Join(t, "Lena Exemple", "BE-92094")
	b, visitor := s.as(lena), s.visitor()
	s.Clock.Add(time.Minute) // a letter of its own
	other := s.as(lena)
	visitor.get(path).lacks(t, "Lena Exemple")
	b.get(path).holds(t, 200, `aria-pressed="false"`)
	_, err := s.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.Online})
	ok(t, err)
	visitor.get(path).holds(t, 200, "Lena Exemple")
	b.get(path).holds(t, 200, `value="online" aria-pressed="true"`)
	b.get(path).lacks(t, path+"/edit")
	ok(t, s.SetRole(ctx, store.System(), lena.ID, store.RoleOrganiser, true))
	b.get(path).holds(t, 200, path+"/edit")
	ok(t, s.SetRole(ctx, store.System(), lena.ID, store.RoleOrganiser, false))
	b.get(path).lacks(t, path+"/edit")
	other.get(path).holds(t, 200, "menu__head")
	b.post("/settings/sessions", url.Values{"end": {"others"}}).holds(t, 303)
	other.get(path).lacks(t, "menu__head")
	b.get(path).holds(t, 200, "menu__head")
	s.Clock.Add(100 * 24 * time.Hour) // longer than a session lasts without being used
	b.get(path).lacks(t, "menu__head")
}

// Browsers ask again with the tag of what they have, and nothing between here and there may keep a page.
func TestSharedPagesAreAskedForAgain(t *testing.T) {
	s := newSite(t)
	m := s.Meeting(t, 0)
	path := "/meetings/" + m.Slug
	lena := s.Join(t, "Lena Exemple", "BE-92094")
	b, jef := s.as(lena), s.as(s.Join(t, "Jef Voorbeeld", "BE-34022"))
	got := b.get(path)
	if got.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("Cache-Control %q", got.Header.Get("Cache-Control"))
	}
	for _, name := range []string{"Accept-Encoding", "Accept-Language", "Cookie"} {
		if !strings.Contains(got.Header.Get("Vary"), name) {
			t.Errorf("Vary %q lacks %s", got.Header.Get("Vary"), name)
		}
	}
	asked := func(b *browser) int {
		b.header.Set("If-None-Match", got.Header.Get("ETag"))
		defer b.header.Del("If-None-Match")
		return b.get(path).StatusCode
	}
	if status := asked(b); status != http.StatusNotModified {
		t.Errorf("unchanged: %d", status)
	}
	if status := asked(jef); status != http.StatusOK {
		t.Errorf("another reader: %d", status)
	}
	_, err := s.AnswerMeeting(ctx, store.As(lena.ID), m.ID, store.AnswerInput{Answer: store.OnSite})
	ok(t, err)
	if status := asked(b); status != http.StatusOK {
		t.Errorf("changed: %d", status)
	}
}
