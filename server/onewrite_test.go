package server

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/valyala/fasthttp"
)

// TestAnswersComeWhole asks for bodies of every size around what the HTTP server holds back, several on one connection and
// by HEAD too: each comes whole, and nothing waits for a rest that never comes.
func TestAnswersComeWhole(t *testing.T) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := &fasthttp.Server{WriteBufferSize: buffered, Handler: func(c *fasthttp.RequestCtx) {
		c.Response.SetBodyRaw(bytes.Repeat([]byte("x"), c.QueryArgs().GetUintOrZero("size")))
	}}
	taken := newIntake(listener, 0, 0, &openLines{})
	done := make(chan error)
	go func() { done <- s.Serve(taken) }()
	for size := 3800; size < 4200; size++ {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
			req, err := http.NewRequest(method, fmt.Sprintf("http://%s/?size=%d", listener.Addr(), size), nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(size, err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || method == http.MethodGet && len(body) != size {
				t.Fatalf("%s of %d bytes: %d, %v", method, size, len(body), err)
			}
			_ = res.Body.Close()
		}
	}
	http.DefaultClient.CloseIdleConnections()
	_ = taken.Close()
	_ = s.Shutdown()
	<-done
}

// TestABeginningIsHeldUntilItsRest looks at what is written when.
func TestABeginningIsHeldUntilItsRest(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
	for _, c := range []struct {
		what   string
		text   string
		length int
		held   bool
	}{
		{"more is to come", head, 5000, true}, {"it ends here", head, buffered - len(fmt.Sprintf(head, buffered)), false}, {"no length", "HTTP/1.1 200 OK\r\nX: %d\r\n\r\n", 5000, false},
		{"no answer", "GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", 5000, false},
	} {
		p := []byte(fmt.Sprintf(c.text, c.length))
		p = append(p, bytes.Repeat([]byte("x"), buffered-len(p))...)
		if got := beginning(p); got != c.held {
			t.Errorf("%s: held %v", c.what, got)
		}
	}
}
