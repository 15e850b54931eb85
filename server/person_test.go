package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"belfry/store"
)

// A letter through the hub shows neither address, and keeps what was typed when it is refused.
func TestWritingToSomebodyShowsNoAddress(t *testing.T) {
	s, lena, organiser, _ := furnished(t)
	page := s.as(organiser)
	page.get("/people/"+lena.Handle).holds(t, http.StatusOK, "/people/"+lena.Handle+"/write", `<h1>`)
	if strings.Contains(s.visitor().get("/people/"+lena.Handle).body, lena.Email) || strings.Contains(s.visitor().get("/people/"+lena.Handle).body, "/write") {
		t.Error("a visitor sees an address or the form")
	}
	path := "/people/" + lena.Handle + "/write"
	page.post(path, url.Values{"subject": {""}, "text": {"Bonjour <b>Lena</b>"}, "reply": {"1"}}).holds(t, http.StatusUnprocessableEntity, "Bonjour &lt;b&gt;Lena", `aria-invalid="true"`)
	page.post(path, url.Values{"subject": {"Une <i>question</i>"}, "text": {"Bonjour\n<script>alert(1)</script>"}}).holds(t, http.StatusSeeOther)
	page.post(path, url.Values{"subject": {"Encore"}, "text": {"Répondez-moi"}, "reply": {"1"}}).holds(t, http.StatusSeeOther)
	post := office(t, s.Hub, nil)
	_, err := post.Compose(ctx)
	ok(t, err)
	mails, err := s.Mailbox(ctx, store.As(organiser.ID), 100)
	ok(t, err)
	seen := 0
	for _, m := range mails {
		if m.Kind != store.EventContact {
			continue
		}
		seen++
		open := strings.Contains(m.Subject, "Encore")
		if m.Address != lena.Email || strings.Contains(m.Text+m.HTML, organiser.Email) != open || (m.ReplyTo == organiser.Email) != open || strings.Contains(m.HTML, "<script") {
			t.Errorf("%q to %s, reply to %q: %s", m.Subject, m.Address, m.ReplyTo, m.Text)
		}
	}
	if seen != 2 {
		t.Errorf("%d letters", seen)
	}
}

func TestHiddenPeopleInFeeds(t *testing.T) {
	s, lena, _, _ := furnished(t)
	c, err := s.SaveCategory(ctx, store.System(), "", store.CategoryInput{Names: map[string]string{"fr": "Entraide"}})
	ok(t, err)
	_, err = s.OpenThread(ctx, store.As(lena.ID), store.ThreadInput{Title: "Un sujet", Category: c.Slug, PostInput: store.PostInput{Source: "Bonjour à tous.", Lang: "fr"}})
	ok(t, err)
	page := s.as(lena)
	for _, hidden := range []string{"", "1"} {
		page.post("/settings/profile", url.Values{"name": {lena.Name}, "about": {"Apicultrice"}, "language": {"fr"}, "zone": {"Europe/Brussels"}, "notices": {"1"}, "skills": {"python"}, "speaks": {"fr"}, "hidden": {hidden}}).holds(t, http.StatusSeeOther)
		for _, path := range []string{"/discussions.atom", "/t/1.atom"} {
			if got := s.visitor().get(path); strings.Contains(got.body, lena.Name) == (hidden == "1") || got.StatusCode != http.StatusOK {
				t.Errorf("%s with hidden=%q: %d %s", path, hidden, got.StatusCode, got.body)
			}
		}
		got := s.visitor().get("/people/" + lena.Handle)
		if strings.Contains(got.body, "Apicultrice") == (hidden == "1") || !strings.Contains(got.body, lena.Name) {
			t.Errorf("hidden=%q: the page of a person", hidden)
		}
		if s.visitor().get("/people/"+lena.Handle).Header.Get("X-Robots-Tag") == "noindex" != (hidden == "1") {
			t.Error("search engines are told otherwise")
		}
	}
	if back := page.get("/settings"); !strings.Contains(back.body, `value="python" checked`) || !strings.Contains(back.body, `id="hidden" name="hidden" value="1" checked`) {
		t.Error("the settings do not show what was said")
	}
}
