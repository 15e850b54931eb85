package server_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"belfry/store"

	"golang.org/x/net/html"
)

// attacks are what a field could break out with. Each leaves a trace called evil: an element, an attribute or an
// address that only exists when it worked.
func attacks() []string {
	return []string{
		`<evil>x</evil><script>evil()</script>`, `"><evil x="`, `'><evil x='`, `" onfocus="evil()" autofocus="`, `' onfocus='evil()`, `</textarea></title></option><evil>`,
		`</script><evil>`, `--><evil>`, `]]><evil/>`, `&lt;evil&gt;`, `javascript:evil()`, `[x](javascript:evil())`, `{{evil}}<evil a=1>`, `<svg/onload=evil()>`,
		`<a class="ref" href="/t/1"><evil>#1</evil></a>`, `\"><evil>`, "`<evil>`",
	}
}

// spoiled says what of an attack came to life in a page.
func spoiled(page string) string {
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return err.Error()
			}
			return ""
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		token := z.Token()
		if token.Data == "evil" || token.Data == "svg" && strings.Contains(token.String(), "onload") {
			return token.String()
		}
		src := false
		for _, a := range token.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "evil", a.Key == "autofocus" && strings.Contains(token.String(), "evil"), a.Key == "style",
				(a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:"):
				return token.String()
			}
			src = src || a.Key == "src"
		}
		if token.Data == "script" && !src {
			return token.String()
		}
	}
}

// numberOf is the number in a thread's address.
func numberOf(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[2])
	return n
}

// TestScriptInEveryField puts each attack into every field of threads, posts, categories, tags, reports and drafts, and
// looks at every page that shows them, feeds and search too. What a form refuses it shows again, harmless too. (A18, A19, A20, A24)
func TestScriptInEveryField(t *testing.T) {
	h := newFinder(t)
	path := h.thread(t, h.alma, h.public.Slug, "Fil", "Bonjour")
	staff := h.as(h.Join(t, "Ada Beispiel", "BE-34022"))
	admin, err := h.MemberByHandle(ctx, "ada-beispiel")
	ok(t, err)
	h.With(t, admin, store.RoleAdministrator)
	look := func(what string, got answer) {
		t.Helper()
		if got.StatusCode >= 500 {
			t.Errorf("%s: %d", what, got.StatusCode)
		}
		if found := spoiled(got.body); found != "" && strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %s", what, found)
		}
	}
	for i, attack := range attacks() {
		send := func(b *browser, path string, pairs ...string) answer {
			form := url.Values{}
			for n := 0; n+1 < len(pairs); n += 2 {
				form.Set(pairs[n], pairs[n+1])
			}
			got := b.post(path, form)
			look(fmt.Sprintf("%q sent to %s", attack, path), got)
			for name := range form { // each field alone is wrong, beside good ones
				other := url.Values{}
				for key, values := range form {
					other[key] = values
				}
				other.Set(name, attack)
				look(fmt.Sprintf("%q as %s of %s", attack, name, path), b.post(path, other))
			}
			return got
		}
		name := fmt.Sprint(i)
		send(h.alma, "/discussions/new", "title", attack+name, "category", h.public.Slug, "tags", attack, "source", attack, "lang", "fr", "once", "o"+name)
		h.Clock.Add(2 * time.Minute)
		opened := h.thread(t, h.alma, h.public.Slug, "T"+name+attack, attack+"\n\n"+attack)
		send(h.basile, opened+"/do/reply", "source", "> "+attack+"\n\n- "+attack+"\n\n```"+attack+"\n"+attack+"\n```\n\n|"+attack+"|\n|-|\n|"+attack+"|", "lang", "fr", "once", "r"+name)
		send(h.alma, opened+"/1/edit", "source", attack+" 2", "lang", "fr", "base", "0", "note", attack)
		send(h.basile, opened+"/1/translate", "source", attack, "lang", "nl")
		send(h.basile, opened+"/1/report", "reason", "other", "text", attack)
		send(h.basile, "/drafts", "place", "new", "once", "d"+name, "title", attack, "tags", attack, "source", attack, "category", h.public.Slug)
		send(h.alma, opened+"/do/change", "title", attack, "lang", "fr", "tags", attack+", "+name)
		page, err := h.ThreadPage(ctx, store.Visitor(), numberOf(opened), 1)
		ok(t, err)
		opened = fmt.Sprintf("/t/%d/%s", page.Thread.Number, page.Thread.Slug)
		send(staff, "/discussions/categories/"+h.public.Slug, "name_fr", attack+"Entraide", "about_fr", attack, "template_fr", attack, "slug", h.public.Slug)
		send(h.maud, opened+"/2/hide", "do", "hide", "reason", attack)
		send(h.maud, "/moderation/tags", "tag", name, "into", attack)
		h.Clock.Add(2 * time.Minute)
		ok(t, h.follower.CatchUp(ctx))
		h.visitor().get(opened).holds(t, 200, "evil")
		for _, b := range []*browser{h.visitor(), h.alma, h.basile, h.maud, staff} {
			for _, where := range []string{opened, opened + "/1/history", opened + "/1/edit", opened + "/1/translate", opened + "/1/report", opened + "/do/change", opened + "/do/moderate", opened + "/do/agenda",
				"/discussions", "/discussions/" + h.public.Slug, "/discussions/new?category=" + h.public.Slug, "/discussions/categories/" + h.public.Slug, "/unread", "/moderation", "/admin", "/admin/log",
				"/search?q=" + url.QueryEscape(attack), "/search?q=evil&person=" + url.QueryEscape(attack) + "&from=" + url.QueryEscape(attack), "/discussions?tag=" + url.QueryEscape(attack),
				"/discussions?view=" + url.QueryEscape(attack), opened + "?quote=1", path, "/unread?since=" + url.QueryEscape(attack)} {
				look(fmt.Sprintf("%q at %s", attack, where), b.get(where))
			}
			var found []struct{ Href string }
			ok(t, json.Unmarshal([]byte(b.get("/search.json?q=evil").body), &found))
			for _, one := range found {
				if !strings.HasPrefix(one.Href, "/") {
					t.Errorf("%q: search leads to %s", attack, one.Href)
				}
			}
		}
		for _, where := range []string{"/discussions.atom", "/discussions/" + h.public.Slug + ".atom", strings.Join(strings.Split(opened, "/")[:3], "/") + ".atom"} {
			var feed struct{ XMLName xml.Name }
			if got := h.visitor().get(where); got.StatusCode != http.StatusOK || xml.Unmarshal([]byte(got.body), &feed) != nil || strings.Contains(got.body, "<evil") {
				t.Errorf("%q: %s is no good feed: %d", attack, where, got.StatusCode)
			}
		}
	}
	sound(t, h.site)
	if spoiled(`<p><b ONCLICK="x">`) == "" || spoiled(`<Evil>`) == "" || spoiled(`<script>1</script>`) == "" || spoiled(`<a href=" JavaScript:x">`) == "" {
		t.Error("the judge is blind")
	}
}
