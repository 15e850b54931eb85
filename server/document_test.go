package server_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"belfry/store"
)

// send posts a form with a file, as a browser does.
func (b *browser) send(path, file, content string, fields map[string]string) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if found := tokenField.FindStringSubmatch(b.get("/settings").body); found != nil {
		ok(b.t, w.WriteField("csrf", found[1]))
	}
	for name, value := range fields {
		ok(b.t, w.WriteField(name, value))
	}
	part, err := w.CreateFormFile("doc_file", file)
	ok(b.t, err)
	_, err = io.WriteString(part, content)
	ok(b.t, err)
	ok(b.t, w.Close())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://hub.example"+path, &body)
	ok(b.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	return b.ask(req)
}

func TestDocumentUpAndDown(t *testing.T) {
	s, lena, organiser, m := furnished(t)
	path := "/meetings/" + m.Slug + "/documents"
	admin, member := s.as(organiser), s.as(lena)
	note := "%PDF-1.7\nle contenu"
	if got := admin.send(path, "../../Été “3”.pdf", note, map[string]string{"doc_lang": "fr"}); got.StatusCode != 303 {
		t.Fatalf("status %d: %.300s", got.StatusCode, got.body)
	}
	page := s.visitor().get("/meetings/" + m.Slug).body
	href := regexp.MustCompile(`/meetings/[^"]+/documents/[^"]+\.pdf`).FindString(page)
	if href == "" || !strings.Contains(page, "PDF, 1\u00a0ko") {
		t.Fatalf("not listed: %q", href)
	}
	got := s.visitor().get(href)
	for name, want := range map[string]string{"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'"} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s: %q", name, have)
		}
	}
	if !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment; filename=") || got.body != note {
		t.Errorf("%s %q", got.Header.Get("Content-Disposition"), got.body)
	}
	id := regexp.MustCompile(`documents/([^/]+)/`).FindStringSubmatch(href)[1]
	if got := admin.send(path, "note.pdf", note+" nouveau", map[string]string{"replace": id}); got.StatusCode != 303 {
		t.Errorf("replacing: status %d: %.300s", got.StatusCode, got.body)
	}
	if old := s.visitor().get(href + "?v=1"); old.body != note {
		t.Errorf("the version before: %d %q", old.StatusCode, old.body)
	}
	for _, wrong := range []string{"?v=2", "?v=-1", "?v=x", "?v=1e9"} {
		if got := s.visitor().get(href + wrong); got.StatusCode != 404 {
			t.Errorf("%s: status %d", wrong, got.StatusCode)
		}
	}
	got = admin.send(path, "note.pdf", "<!doctype html><script>alert(1)</script>", map[string]string{"doc_title": "Mon titre", "doc_lang": "nl"})
	if got.StatusCode != 422 || !strings.Contains(got.body, "text/html") || !strings.Contains(got.body, `value="Mon titre"`) {
		t.Errorf("a web page called PDF: status %d", got.StatusCode)
	}
	if got := member.send(path, "note.pdf", note, map[string]string{"doc_lang": "fr"}); got.StatusCode != 403 {
		t.Errorf("a member who organises nothing: status %d", got.StatusCode)
	}
	if got := admin.post(path, url.Values{"remove": {id}}); got.StatusCode != 303 {
		t.Errorf("removing: status %d", got.StatusCode)
	}
	if got := s.visitor().get(href); got.StatusCode != 404 {
		t.Errorf("a paper that was removed: status %d", got.StatusCode)
	}
}

func TestDocumentsOfADraftStayHidden(t *testing.T) {
	s, lena, organiser, _ := furnished(t)
	m, err := s.ScheduleMeeting(ctx, store.As(organiser.ID), store.MeetingInput{Title: "Projet", Lang: "fr", Date: "2026-04-01", Clock: "10:00",
		Zone: "Europe/Brussels", Minutes: 60, Online: true, Draft: true})
	ok(t, err)
	ok(t, s.AddDocument(ctx, store.As(organiser.ID), m.ID, store.DocumentInput{Lang: "fr"}, &store.Upload{Name: "n.txt", Body: strings.NewReader("secret")}))
	page, err := s.MeetingPage(ctx, store.As(organiser.ID), m.Slug)
	ok(t, err)
	path := "/meetings/" + m.Slug + "/documents/" + page.Meeting.Documents[0].ID + "/n.txt"
	for who, want := range map[*browser]int{s.visitor(): 404, s.as(lena): 404, s.as(organiser): 200} {
		if got := who.get(path); got.StatusCode != want {
			t.Errorf("status %d, not %d", got.StatusCode, want)
		}
	}
}

// TestBodiesHaveLimits sends more than a request may hold through a real connection: a paper may be large, nothing else.
func TestBodiesHaveLimits(t *testing.T) {
	s, _, organiser, m := furnished(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Shutdown(ctx) })
	b := s.as(organiser)
	for _, c := range []struct {
		path string
		size int
		want int
	}{{"/meetings/" + m.Slug + "/documents", 6 << 20, 303}, {"/meetings/" + m.Slug + "/documents", 27 << 20, 413}, {"/settings/profile", 6 << 20, 413}} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		ok(t, w.WriteField("csrf", tokenField.FindStringSubmatch(b.get("/settings").body)[1]))
		ok(t, w.WriteField("doc_lang", "fr"))
		part, err := w.CreateFormFile("doc_file", "grand.pdf")
		ok(t, err)
		_, err = part.Write(append([]byte("%PDF-1.7"), make([]byte, c.size)...))
		ok(t, err)
		ok(t, w.Close())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String()+c.path, &body)
		ok(t, err)
		req.Host = "hub.example"
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		for name, value := range b.cookies {
			req.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil { // refused before all was sent: the connection is cut, which is an answer too
			if c.want == 413 {
				continue
			}
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%d bytes to %s: status %d", c.size, c.path, res.StatusCode)
		}
	}
}
