package server_test

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"

	"belfry/server"
	"belfry/server/vitals"

	"github.com/valyala/fasthttp"
)

// requested is an answer to a request written out, byte for byte, without a connection.
func requested(t testing.TB, handler fasthttp.RequestHandler, text string) string {
	t.Helper()
	var c fasthttp.RequestCtx
	c.Init(&fasthttp.Request{}, nil, nil)
	ok(t, c.Request.Read(bufio.NewReader(strings.NewReader(text))))
	handler(&c)
	c.Response.SkipBody = c.IsHead()
	return c.Response.String()
}

// TestA08StrangersAreAnsweredAsByTheRoutes: what is answered before the routes are asked is what they would have answered,
// with every header, and nobody who shows a cookie, another host or another method is answered there.
func TestA08StrangersAreAnsweredAsByTheRoutes(t *testing.T) {
	s := newSite(t)
	path := "/meetings/" + s.Meeting(t, 0).Slug
	lena := s.as(s.Join(t, "Lena Exemple", "BE-92094"))
	etag := s.visitor().get(path).Header.Get("ETag")
	lena.get(path).holds(t, 200)
	front, routes := s.App().Server().Handler, s.App().Handler()
	const host, french = "Host: hub.example\r\n", "Accept-Language: fr\r\n"
	before := 0
	for _, one := range []struct {
		what, request string
		before        bool
	}{
		{"plain", "GET " + path + " HTTP/1.1\r\n" + host + french, true},
		{"no language", "GET " + path + " HTTP/1.1\r\n" + host, true},
		{"another language", "GET " + path + " HTTP/1.1\r\n" + host + "Accept-Language: nl-BE,nl;q=0.9\r\n", true},
		{"gzip", "GET " + path + " HTTP/1.1\r\n" + host + french + "Accept-Encoding: gzip, deflate\r\n", true},
		{"brotli", "GET " + path + " HTTP/1.1\r\n" + host + french + "Accept-Encoding: gzip, br\r\n", true},
		{"refused encoding", "GET " + path + " HTTP/1.1\r\n" + host + french + "Accept-Encoding: br;q=0, gzip;q=0\r\n", true},
		{"two headers of a name", "GET " + path + " HTTP/1.1\r\n" + host + french + "Accept-Language: de\r\nAccept-Encoding: gzip\r\nAccept-Encoding: br\r\n", true},
		{"has it", "GET " + path + " HTTP/1.1\r\n" + host + french + "If-None-Match: W/" + etag + "\r\n", true},
		{"has another", "GET " + path + " HTTP/1.1\r\n" + host + french + "If-None-Match: \"x\", \"y\"\r\nAccept-Encoding: gzip\r\n", true},
		{"absolute address", "GET http://hub.example" + path + " HTTP/1.1\r\nHost: elsewhere.example\r\n" + french, true},
		{"head", "HEAD " + path + " HTTP/1.1\r\n" + host + french, false},
		{"post", "POST " + path + " HTTP/1.1\r\n" + host + french + "Content-Length: 0\r\n", false},
		{"another host", "GET " + path + " HTTP/1.1\r\nHost: elsewhere.example\r\n" + french, false},
		{"absolute address elsewhere", "GET http://elsewhere.example" + path + " HTTP/1.1\r\n" + host + french, false},
		{"a member", "GET " + path + " HTTP/1.1\r\n" + host + french + "Cookie: belfry_session=" + lena.cookies["belfry_session"] + "\r\n", false},
		{"a session that is over", "GET " + path + " HTTP/1.1\r\n" + host + french + "Cookie: belfry_session=nobody\r\n", false},
		{"dark", "GET " + path + " HTTP/1.1\r\n" + host + french + "Cookie: belfry_theme=dark\r\n", false},
		{"another language by cookie", "GET " + path + " HTTP/1.1\r\n" + host + french + "Cookie: belfry_lang=de\r\n", false},
		{"an empty cookie", "GET " + path + " HTTP/1.1\r\n" + host + french + "Cookie: x=\r\n", false},
		{"nothing there", "GET /meetings/nothing HTTP/1.1\r\n" + host + french, false},
		{"another address", "GET " + path + "?x=1 HTTP/1.1\r\n" + host + french, true},
		{"an address that says too much", "GET /nothing/.." + path + " HTTP/1.1\r\n" + host + french, false},
	} {
		request := one.request + "\r\n"
		want := requested(t, routes, request) // makes the page, where there is one
		asked := false
		s.Vitals.Take(time.Now())
		got := requested(t, front, request)
		s.Vitals.Take(time.Now())
		recent := s.Vitals.Recent()
		if n := recent.Line(vitals.Reads)[len(recent.At)-1] + recent.Line(vitals.Writes)[len(recent.At)-1]; n != 1 {
			t.Errorf("%s: counted %v times", one.what, n)
		}
		if got != want && (strings.HasPrefix(got, "HTTP/1.1 20") || headOf(got) != headOf(want)) { // an error page names the request
			t.Errorf("%s:\n%s\ninstead of\n%s", one.what, headOf(got), headOf(want))
		}
		requested(t, server.Front(s.Server, func(*fasthttp.RequestCtx) { asked = true }), request)
		if asked == one.before {
			t.Errorf("%s: the routes were asked: %v", one.what, asked)
		}
		if one.before {
			before++
		}
	}
	if before == 0 {
		t.Error("nothing was answered before the routes")
	}
}

// TestAKeptPageCostsNothingAnew: a page that is kept is answered without any memory of its own.
func TestAKeptPageCostsNothingAnew(t *testing.T) {
	s := newSite(t)
	path := "/meetings/" + s.Meeting(t, 0).Slug
	s.visitor().get(path).holds(t, 200)
	var c fasthttp.RequestCtx
	c.Init(&fasthttp.Request{}, nil, nil)
	front := s.App().Server().Handler
	ask := func() {
		c.Request.Reset()
		c.Response.Reset()
		c.Request.SetRequestURI(path)
		c.Request.Header.SetHost("hub.example")
		c.Request.Header.Set("Accept-Language", "fr")
		front(&c)
	}
	ask()
	if allocations := testing.AllocsPerRun(100, ask); allocations > 0 {
		t.Errorf("%v allocations for a page that is kept", allocations)
	}
	if !bytes.Contains(c.Response.Body(), []byte("<h1")) {
		t.Error("no page came")
	}
}

func headOf(answer string) string {
	head, _, _ := strings.Cut(answer, "\r\n\r\n")
	return head
}
