package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/store"
	"belfry/store/storetest"
)

// badHeaders says what an answer lacks that every answer has: pages, files, programs' answers and errors alike (SAFETY
// section 4, rows 18 to 20 and 23).
func badHeaders(got answer) (all []string) {
	h := got.Header
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
		if h.Get(name) != want {
			all = append(all, fmt.Sprintf("%s is %q", name, h.Get(name)))
		}
	}
	if r := h.Get("Referrer-Policy"); r != "same-origin" && r != "no-referrer" {
		all = append(all, fmt.Sprintf("Referrer-Policy is %q", r))
	}
	csp := h.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, part) {
			all = append(all, fmt.Sprintf("the policy lacks %s: %q", part, csp))
		}
	}
	if sandboxed := strings.Contains(csp, "sandbox"); !sandboxed && (!strings.Contains(csp, "base-uri 'none'") || !strings.Contains(csp, "object-src 'none'") || !strings.Contains(csp, "form-action 'self'")) ||
		strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http") {
		all = append(all, fmt.Sprintf("the policy is %q", csp))
	}
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") || name == "Server" || name == "X-Powered-By" {
			all = append(all, name+" is there")
		}
	}
	if h.Get("Cache-Control") == "" {
		all = append(all, "nothing says who may keep it")
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case got.body == "" && (got.StatusCode < 200 || got.StatusCode == 204 || got.StatusCode >= 300 && got.StatusCode < 400):
	case err != nil:
		all = append(all, fmt.Sprintf("Content-Type is %q", h.Get("Content-Type")))
	case strings.HasPrefix(kind, "text/") && !strings.EqualFold(params["charset"], "utf-8"):
		all = append(all, fmt.Sprintf("Content-Type is %q, and does not say how text is written", h.Get("Content-Type")))
	case strings.HasPrefix(got.body, "<!doctype html") && kind != "text/html", kind == "text/html" && !strings.HasPrefix(strings.TrimSpace(got.body), "<"):
		all = append(all, fmt.Sprintf("Content-Type is %q of %.20q", h.Get("Content-Type"), got.body))
	}
	for _, line := range h.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		secure := h.Get("Strict-Transport-Security") != ""
		if err != nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Secure != secure || strings.HasPrefix(cookie.Name, "__Host-") != secure {
			all = append(all, "the cookie is "+line)
		}
	}
	return all
}

// TestHeadersBehindTLS: what is only there behind TLS, on pages, files, redirects and errors, signed in and not.
func TestHeadersBehindTLS(t *testing.T) {
	hub := storetest.OpenRendering(t, server.Renderer())
	s := siteAt(t, hub, "https://hub.example")
	m := s.Join(t, "Lena Exemple", "BE-92094")
	b := s.visitor()
	ok(t, s.RequestSignIn(ctx, m.Email, "fr", store.Client{Address: m.ID}))
	in := b.post("/link/"+s.Token(t, store.EventSignInLink, m.Email), nil)
	in.holds(t, 303)
	answers := []answer{in, b.post("/sign-in", url.Values{"email": {"x"}}), b.post("/settings/profile", nil)}
	for _, path := range []string{"/", "/settings", "/about", "/nowhere", "/meetings.ics", "/decisions.csv", "/search.json?q=x", "/robots.txt", "/favicon.ico", "/admin", "/calendar/x.ics", "/link/x", "/static/nothing.css", "/healthz", "/live", "/t/1"} {
		answers = append(answers, b.get(path), s.visitor().get(path))
	}
	for _, got := range answers {
		for _, fault := range badHeaders(got) {
			t.Errorf("%s %s: %d: %s", got.Request.Method, got.Request.URL, got.StatusCode, fault)
		}
		if got.Header.Get("Strict-Transport-Security") != "max-age=31536000; includeSubDomains" {
			t.Errorf("%s: %d: Strict-Transport-Security %q", got.Request.URL, got.StatusCode, got.Header.Get("Strict-Transport-Security"))
		}
	}
	if len(in.Header.Values("Set-Cookie")) == 0 {
		t.Error("no cookie was looked at")
	}
	if len(badHeaders(answer{Response: &http.Response{StatusCode: 200, Header: http.Header{"Set-Cookie": {"a=b"}, "Content-Type": {"text/html"}}}, body: "x"})) < 8 {
		t.Error("the judge is blind")
	}
}

// rawly sends bytes over a connection of its own and reads every answer until it ends. It sends no more than it is given.
func rawly(t testing.TB, address, request string) (all []answer) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(address, "http://"), 5*time.Second)
	ok(t, err)
	defer conn.Close()
	ok(t, conn.SetDeadline(time.Now().Add(400*time.Millisecond))) // who waits for more than was sent gives no answer
	go func() { _, _ = io.WriteString(conn, request) }()
	in := bufio.NewReader(conn)
	for {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return all
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		all = append(all, answer{res, string(body)})
	}
}

// TestA07PathsAreReadOnce: hundreds of parts, parts encoded twice, dots and slashes in every spelling: never a page that is
// not asked for by its own name, no file, no fault.
func TestA07PathsAreReadOnce(t *testing.T) {
	h := newHall(t)
	host := strings.TrimPrefix(h.address, "http://")
	paths := []string{"/" + strings.Repeat("a/", 700), "/t/" + strings.Repeat("1/", 500), "/meetings/" + strings.Repeat("%2f", 500), "/" + strings.Repeat("../", 300), "/a" + strings.Repeat("/:b", 300), strings.Repeat("/", 1500)}
	for _, up := range []string{"../", "..%2f", "%2e%2e/", "%2e%2e%2f", "%252e%252e%252f", "..%252f", "..\\", "..%5c", "%c0%ae%c0%ae/", "....//", "..;/", "..%00/", "%u002e%u002e/"} {
		for _, from := range []string{"/static/", "/meetings/x/documents/y/", "/calendar/", "/apps/x/"} {
			paths = append(paths, from+strings.Repeat(up, 6)+"etc/passwd", from+strings.Repeat(up, 3)+"go.mod", from+up+"settings", from+strings.Repeat(up, 2)+"admin/log")
		}
	}
	for _, door := range []string{"/admin", "/settings", "/admin/log"} {
		paths = append(paths, door+"/", door+"%2f", "/"+door, door+"/.", door+"/x/..", door+"%00", door+"%20", door+".ics", door+".json", door+";.css", door+"%3f.css", door+"/style.css", "/static/.."+door, strings.ToUpper(door), door+"%2e", "/%61dmin", "/%2561dmin", "/."+door, "/x/.."+door, "/static/%2e%2e"+door)
	}
	for _, path := range paths {
		got := rawly(t, h.address, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if len(got) != 1 {
			t.Fatalf("%.60s: %d answers", path, len(got))
		}
		if code := got[0].StatusCode; code >= 500 || code == 200 && strings.ContainsAny(path, ".%\\") && !strings.Contains(got[0].body, "<h1") || strings.Contains(got[0].body, "root:") || strings.Contains(got[0].body, "module belfry") || strings.Contains(got[0].body, "audit") && code == 200 {
			t.Errorf("%.80s: %d %.80q", path, code, got[0].body)
		}
		if to := got[0].Header.Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "\\") {
			t.Errorf("%.80s leads to %s", path, to)
		}
		for _, fault := range badHeaders(got[0]) {
			t.Errorf("%.80s: %d: %s", path, got[0].StatusCode, fault)
		}
	}
}

// smuggling are requests that two servers may cut in two places. Each wants what it hides never to be answered.
func smuggling(host string) map[string]string {
	hidden := "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	post := func(headers, body string) string {
		return "POST /theme HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/x-www-form-urlencoded\r\n" + headers + "\r\n" + body
	}
	return map[string]string{
		"two lengths":                   post(fmt.Sprintf("Content-Length: 0\r\nContent-Length: %d\r\n", len(hidden)), hidden),
		"a length and chunks":           post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+hidden),
		"chunks and a length":           post(fmt.Sprintf("Transfer-Encoding: chunked\r\nContent-Length: %d\r\n", 5+len(hidden)), "0\r\n\r\n"+hidden),
		"chunks twice":                  post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"+hidden),
		"chunked, identity":             post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"+hidden),
		"an unknown encoding":           post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"+hidden),
		"a space before the colon":      post("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"+hidden),
		"a tab in the encoding":         post("Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"+hidden),
		"a plus in the length":          post(fmt.Sprintf("Content-Length: +%d\r\n", 1), "a"+hidden),
		"a negative length":             post("Content-Length: -1\r\n", hidden),
		"a length in hexadecimal":       post("Content-Length: 0x10\r\n", hidden),
		"a length of two numbers":       post("Content-Length: 0, 5\r\n", hidden),
		"a chunk that is too long":      post("Transfer-Encoding: chunked\r\n", "ffffffffffffffff1\r\na\r\n0\r\n\r\n"+hidden),
		"a bare line feed in a chunk":   post("Transfer-Encoding: chunked\r\n", "1;a\nb\r\na\r\n0\r\n\r\n"+hidden),
		"no host":                       "GET /healthz HTTP/1.1\r\n\r\n",
		"two hosts":                     "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nHost: evil.example\r\n\r\n",
		"another host in the address":   "GET http://evil.example/healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"a zero in a header":            "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nX: a\x00b\r\n\r\n",
		"a carriage return in a header": "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n",
		"a header without a name":       "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n: a\r\n\r\n",
		"a space in the address":        "GET /about /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"the head of HTTP/2":            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"a tunnel":                      "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
	}
}

// TestNoRequestIsSmuggled, directly and behind HAProxy where it is installed (SAFETY section 4, row 25).
func TestNoRequestIsSmuggled(t *testing.T) {
	h := newHall(t)
	host := strings.TrimPrefix(h.address, "http://")
	good := "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	served := func(all []answer) (n int) {
		for _, got := range all {
			if got.StatusCode == 200 && got.body == "ok\n" {
				n++
			}
		}
		return n
	}
	front := haproxy(t, host)
	for where, address := range map[string]string{"directly": host, "behind HAProxy": front} {
		if address == "" {
			continue
		}
		if n := served(rawly(t, address, good+good)); n != 2 {
			t.Errorf("%s: two requests in a row: %d answers", where, n)
		}
		done := make(chan string, 30)
		attacks := smuggling(host)
		for name, request := range attacks {
			go func() {
				all := rawly(t, address, request)
				if n := served(all); n > 0 {
					done <- fmt.Sprintf("%s, %s: what should not be answered is", where, name)
					return
				}
				for _, got := range all {
					if got.StatusCode < 400 && got.StatusCode != 303 || got.StatusCode >= 500 && got.StatusCode != 501 && got.StatusCode != 505 {
						done <- fmt.Sprintf("%s, %s: %d", where, name, got.StatusCode)
						return
					}
					if where == "directly" {
						for _, fault := range badHeaders(got) {
							done <- fmt.Sprintf("%s, %s: %d: %s", where, name, got.StatusCode, fault)
							return
						}
					}
				}
				done <- ""
			}()
		}
		for range attacks {
			if fault := <-done; fault != "" {
				t.Error(fault)
			}
		}
	}
	if n := served(rawly(t, host, good)); n != 1 {
		t.Error("the server is gone")
	}
}

// haproxy puts one in front of a server, as the README does; "" where there is none.
func haproxy(t *testing.T, behind string) string {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		t.Log("NOT RUN: smuggling behind HAProxy (install haproxy)")
		return ""
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	address := free.Addr().String()
	ok(t, free.Close())
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	ok(t, os.WriteFile(file, []byte("defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nfrontend hub\n bind "+address+"\n http-request del-header X-Forwarded-For\n option forwardfor\n default_backend nodes\nbackend nodes\n http-reuse always\n server a "+behind+"\n"), 0o600))
	running := exec.CommandContext(ctx, program, "-db", "-f", file) // #nosec G204 -- a program of this machine
	ok(t, running.Start())
	t.Cleanup(func() { _ = running.Process.Kill(); _ = running.Wait() })
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return address
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("HAProxy does not listen")
	return ""
}

// TestLargeBodiesAreForWhoMaySendThem: behind TLS too, where the cookie has another name; and a cookie that counts for
// nothing makes the server take in nothing large.
func TestLargeBodiesAreForWhoMaySendThem(t *testing.T) {
	hub := storetest.OpenRendering(t, server.Renderer())
	s := siteAt(t, hub, "https://hub.example")
	_, organiser, m := furnish(t, s)
	b := s.visitor()
	ok(t, s.RequestSignIn(ctx, organiser.Email, "fr", store.Client{Address: organiser.ID}))
	b.post("/link/"+s.Token(t, store.EventSignInLink, organiser.Email), nil).holds(t, 303)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Shutdown(ctx) })
	csrf := token(b)
	for who, c := range map[string]struct {
		cookie string
		want   int
	}{"an organiser": {b.cookies["__Host-belfry_session"], 303}, "a visitor": {"", 413}, "a session that never was": {strings.Repeat("a", 32), 413}} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		ok(t, w.WriteField("csrf", csrf))
		ok(t, w.WriteField("doc_lang", "fr"))
		part, err := w.CreateFormFile("doc_file", "grand.pdf")
		ok(t, err)
		_, err = part.Write(append([]byte("%PDF-1.7"), make([]byte, 6<<20)...))
		ok(t, err)
		ok(t, w.Close())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String()+"/meetings/"+m.Slug+"/documents", &body)
		ok(t, err)
		req.Host = "hub.example"
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if c.cookie != "" {
			req.AddCookie(&http.Cookie{Name: "__Host-belfry_session", Value: c.cookie})
		}
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil { // refused before all was sent: the connection is cut, which is an answer too
			if c.want != 413 {
				t.Errorf("%s: %v", who, err)
			}
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", who, res.StatusCode, c.want)
		}
	}
}
