package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
	"belfry/store/storetest"
)

// TestA05FieldsWithIndexes: a form cannot make the server count, allocate or fail by the names of its fields, how many there
// are, or how often one comes. Names that nothing asks for are not read.
func TestA05FieldsWithIndexes(t *testing.T) {
	s, lena, _, m := furnished(t)
	b := s.as(lena)
	crowd := url.Values{"csrf": {token(b)}}
	for n := range 700 {
		crowd.Set(fmt.Sprintf("skills[%d][a]", n), "x")
		crowd.Add("skills", fmt.Sprint("skill", n))
		crowd.Add("item", fmt.Sprint(n))
	}
	var before, after runtime.MemStats
	for _, path := range []string{"/settings/profile", "/meetings/" + m.Slug + "/rsvp", "/discussions/new", "/join"} {
		for _, name := range []string{"a[-1]", "a[999999999]", "name[999999999]", "guests[-1]", "guests[999999999999999999999]", "skills[1e9]", "skills[][][][]", "__proto__[x]", "a.b[0].c", "[", "]", "a[", "%5b-1%5d", "a[0" + strings.Repeat("[0]", 2000)} {
			got := b.post(path, url.Values{name: {"x"}, "guests": {"x"}})
			if got.StatusCode >= 500 {
				t.Errorf("%s with %.30q: %d", path, name, got.StatusCode)
			}
		}
		runtime.ReadMemStats(&before)
		if got := b.do(http.MethodPost, path, crowd); got.StatusCode >= 500 {
			t.Errorf("%s with 2,000 fields: %d", path, got.StatusCode)
		}
		runtime.ReadMemStats(&after)
		if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 64 {
			t.Errorf("%s with 2,000 fields takes %d MiB", path, grown)
		}
	}
	now, err := s.MemberByID(ctx, lena.ID)
	ok(t, err)
	if now.Name != "Lena Exemple" || len(now.Skills) > store.MaxSkillsOfOne {
		t.Errorf("%+v", now)
	}
}

// TestA34WhatIsUploadedIsNeverAPage: what a browser would run is refused whatever it is called, and what is kept is handed out
// as a download that may load and run nothing.
func TestA34WhatIsUploadedIsNeverAPage(t *testing.T) {
	s, _, organiser, m := furnished(t)
	b, path := s.as(organiser), "/meetings/"+m.Slug+"/documents"
	page := "<!doctype html><script>evil()</script>"
	for name, content := range map[string]string{
		"note.html": page, "note.pdf": page, "note.txt": page, "note.png": page, "note.htm": "<html><body onload=evil()>", "dessin.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="evil()"/>`,
		"dessin.png": `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>evil()</script></svg>`, "note.xhtml": `<html xmlns="http://www.w3.org/1999/xhtml"/>`, "note.xml": `<?xml version="1.0"?><?xml-stylesheet href="evil.xsl"?><a/>`,
		"note.js": "evil()", "note.exe": "MZ\x90\x00", "note.pdf.html": page, "note.swf": "FWS\x09", "note.jar": "PK\x03\x04", "note.mht": "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + page, "": page, "..": page,
	} {
		if got := b.send(path, name, content, map[string]string{"doc_lang": "fr"}); got.StatusCode != 422 {
			t.Errorf("%q: %d", name, got.StatusCode)
		}
	}
	kept := map[string]string{"un.pdf": "%PDF-1.7\n" + page, "deux.txt": "Texte\n<b>pas une page</b>\n", "trois.csv": "nom;commune\n=cmd|x;<script>\n", "quatre.png": picture(2, 2), "cinq.md": "# Bonjour\n<script>evil()</script>\n",
		`six"; filename="evil.html.pdf`: "%PDF-1.7\n", "sept\r\nSet-Cookie: a=b.pdf": "%PDF-1.7\n", "../../huit.pdf": "%PDF-1.7\n", "CON.pdf": "%PDF-1.7\n", "é\u202efdp.pdf": "%PDF-1.7\n"}
	for name, content := range kept {
		if got := b.send(path, name, content, map[string]string{"doc_lang": "fr"}); got.StatusCode != 303 && got.StatusCode != 422 {
			t.Errorf("%q: %d", name, got.StatusCode)
		}
	}
	all := regexp.MustCompile(`/meetings/[^"]+/documents/[^"]+`).FindAllString(s.visitor().get("/meetings/"+m.Slug).body, -1)
	if len(all) < 8 {
		t.Errorf("only %d of %d papers were kept", len(all), len(kept))
	}
	safe := regexp.MustCompile(`^attachment; filename="?[^"\r\n\\/]+"?(; filename\*=UTF-8''[A-Za-z0-9.%_~-]+)?$`)
	for _, href := range all {
		for _, query := range []string{"", "?download=0", "?inline=1&type=text/html"} {
			got := s.visitor().get(href + query)
			kind, how := got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition")
			if got.StatusCode != 200 || !safe.MatchString(how) || got.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") ||
				strings.Contains(kind, "html") || strings.Contains(kind, "xml") || strings.Contains(kind, "script") || got.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s: %d %q %q", href, got.StatusCode, kind, how)
			}
		}
	}
}

func picture(width, height int) string {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)))
	return b.String()
}

// TestA35BombsAreRefusedUnopened: pictures of giant size, archives that unpack to more, formats that need a large reader.
func TestA35BombsAreRefusedUnopened(t *testing.T) {
	s, _, organiser, m := furnished(t)
	b, path := s.as(organiser), "/meetings/"+m.Slug+"/documents"
	giant := []byte(picture(1, 1))
	binary.BigEndian.PutUint32(giant[16:], 30_000)
	binary.BigEndian.PutUint32(giant[20:], 30_000)
	binary.BigEndian.PutUint32(giant[29:], crc32.ChecksumIEEE(giant[12:29]))
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	f, err := z.CreateHeader(&zip.FileHeader{Name: "mimetype", Method: zip.Store})
	ok(t, err)
	_, err = io.WriteString(f, "application/vnd.oasis.opendocument.text")
	ok(t, err)
	f, err = z.Create("content.xml")
	ok(t, err)
	_, err = io.CopyN(f, zeros{}, 64<<20)
	ok(t, err)
	ok(t, z.Close())
	jpeg := "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xc0\x00\x11\x08\x75\x30\x75\x30\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
	gif := "GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00"
	tiff := "II*\x00\xff\xff\xff\x7f" + strings.Repeat("\x00", 100)
	for _, c := range []struct {
		name, content string
		want          int
	}{{"géante.png", string(giant), 422}, {"géante.jpg", jpeg, 422}, {"géante.gif", gif, 422}, {"plan.tiff", tiff, 422}, {"plan.bmp", "BM" + strings.Repeat("\xff", 60), 422}, {"note.zip", packed.String(), 422}, {"note.odt", packed.String(), 303}, {"plan.png", "\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR", 422}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := b.send(path, c.name, c.content, map[string]string{"doc_lang": "fr"})
		runtime.ReadMemStats(&after)
		if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 24 || got.StatusCode != c.want {
			t.Errorf("%s: %d, and takes %d MiB", c.name, got.StatusCode, grown)
		}
	}
	var all string
	if found := regexp.MustCompile(`/meetings/[^"]+/documents/[^"]+`).FindStringSubmatch(s.visitor().get("/meetings/" + m.Slug).body); found != nil {
		all = found[0]
	}
	plain := s.visitor().get(all)
	for _, query := range []string{"?w=99999&h=99999", "?size=-1", "?resize=100000x100000", "?format=tiff"} {
		if got := s.visitor().get(all + query); got.body != plain.body {
			t.Errorf("%s changes what is handed out", query)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestA37WordsAreNeverSQL: over PostgreSQL, in every filter, order and text; what was written comes back as it was, and no
// filter shows more than none.
func TestA37WordsAreNeverSQL(t *testing.T) {
	hub, _ := storetest.OpenShared(t, server.Renderer())
	h := forumOn(t, siteOver(t, hub))
	secret := h.thread(t, h.alma, h.members.Slug, "Zonzi caché", "Zonzi secret")
	evil := []string{`'; DROP TABLE belfry.member; --`, `$$; DELETE FROM belfry.thread; $$`, `$1`, `\'; SELECT pg_sleep(9)--`, `" OR 1=1 --`, `') OR true OR ('`, `id) UNION SELECT doc FROM belfry.session --`, "a\\", "$body$x$body$"}
	filters := []string{"/discussions?view=", "/discussions?tag=", "/discussions?lang=", "/discussions?after=", "/discussions?sort=", "/discussions?order=", "/towns?q=", "/towns?after=", "/towns?at=", "/towns?sort=", "/search?q=", "/search.json?q=",
		"/unread?after=", "/unread?since=", "/decisions?year=", "/actions?state=", "/actions?town=", "/apps?q=", "/apps?page=", "/towns/search?q=", "/t/1?page=", "/people/", "/towns/", "/meetings/", "/discussions/", "/t/"}
	for n, words := range evil {
		for k, filter := range filters {
			if (n+k)%4 > 0 {
				continue
			}
			got := h.visitor().get(filter + url.PathEscape(words))
			if got.StatusCode >= 500 || strings.Contains(got.body, "Zonzi") || strings.Contains(got.body, "pgx") || strings.Contains(got.body, "SQLSTATE") {
				t.Errorf("%s%s: %d", filter, words, got.StatusCode)
			}
		}
		h.Clock.Add(5 * time.Minute)
		path := h.thread(t, h.alma, h.public.Slug, fmt.Sprint("Sujet ", n, " ", words), "Texte de "+words)
		h.alma.post(path+"/do/change", url.Values{"title": {words + " autre"}, "lang": {"fr"}}).holds(t, 303)
		page, err := h.ThreadPage(ctx, store.Visitor(), numberOf(path), 1)
		ok(t, err)
		if page.Thread.Title != words+" autre" || page.Posts[0].Post.Source != "Texte de "+words {
			t.Errorf("%q came back as %q, %q", words, page.Thread.Title, page.Posts[0].Post.Source)
		}
	}
	h.basile.get(secret).holds(t, 200, "Zonzi secret")
	sound(t, h.site)
}

// TestA38SlowHeaders: what a browser sends beside a form is bounded before it is read, and every shape of it is answered soon.
func TestA38SlowHeaders(t *testing.T) {
	s := newSite(t)
	for name, part := range map[string]string{"Accept-Language": "fr-fr-fr-fr;q=0.5,", "Cookie": "a=b;", "If-None-Match": `W/"x",`, "Accept-Encoding": "gzip;q=0,", "Accept": "text/html;a=b,", "User-Agent": "é(", "X-Forwarded-For": "1.1.1.1,",
		"Referer": "http://a/%41", "Sec-Fetch-Site": "same-", "Content-Type": "multipart/form-data; boundary=a;", "Range": "bytes=0-1,", "If-Modified-Since": "Mon, ", "Origin": "http://a.", "Forwarded": `for="[::1]:1";`} {
		for _, size := range []int{3000, 100_000} {
			b := s.visitor()
			b.header.Set(name, strings.Repeat(part, size/len(part)))
			begun := time.Now()
			for _, path := range []string{"/", "/sign-in", "/meetings.ics"} {
				if got, err := b.App().Test(head(t, b, path), 20_000); err == nil {
					_ = got.Body.Close()
					if got.StatusCode >= 500 && size > 3000 || got.StatusCode >= 500 {
						t.Errorf("%s of %d bytes: %d", name, size, got.StatusCode)
					}
				}
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("%s of %d bytes takes %s", name, size, took)
			}
		}
	}
	for _, email := range []string{strings.Repeat("a", 100_000) + "@b.example", "a@" + strings.Repeat("b.", 50_000) + "example", strings.Repeat("(", 50_000) + "a@b.example", strings.Repeat(`"\`, 50_000) + `"@b.example`, strings.Repeat("=?utf-8?q?=41?= ", 5_000) + "<a@b.example>"} {
		begun := time.Now()
		s.visitor().post("/sign-in/link", url.Values{"email": {email}}).holds(t, 422)
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("%.20q takes %s", email, took)
		}
	}
}

func head(t *testing.T, b *browser, path string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.PublicURL+path, nil)
	ok(t, err)
	req.Header = b.header.Clone()
	return req
}

// TestA41ExportsHoldWhatTheirReaderMayRead: tables, feeds, calendars, minutes of a year, search for programs.
func TestA41ExportsHoldWhatTheirReaderMayRead(t *testing.T) {
	w := newWorld(t)
	told := map[audience]int{}
	for name, r := range expected(w) {
		method, pattern, _ := strings.Cut(name, " ")
		if method != http.MethodGet || !regexp.MustCompile(`\.(csv|atom|ics|md|json|yml)$`).MatchString(pattern) {
			continue
		}
		for _, one := range w.records[r.on] {
			for _, who := range []audience{visitor, member, moderator} {
				role := roleNames()[who]
				for _, query := range append([]string{"?all=1&draft=1&private=1&format=full&as=" + w.people[administrator].ID}, r.also...) {
					path := fill(pattern, one, who)
					got := w.ask(who, method, path+query, nil)
					w.keepsSecrets(fmt.Sprintf("%s%s as %s", path, query, role), path+query, who|r.holds, got)
					for words, readers := range w.secrets {
						if who&readers != 0 && readers != everyone && strings.Contains(strings.ToLower(w.html.Replace(got.body)), words) {
							told[who]++
						}
					}
				}
			}
		}
	}
	if told[member] == 0 || told[moderator] <= told[visitor] {
		t.Errorf("who may read more is told no more: %v", told)
	}
}
