package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"belfry/store/kv/postgres/pgtest"
)

// readiness is what a hub says to a balancer.
func (h *hub) readiness(t *testing.T) (int, string) {
	t.Helper()
	code, body, err := h.get("/readyz", "")
	ok(t, err)
	return code, strings.TrimSpace(body)
}

// becomes waits until a hub says so.
func (h *hub) becomes(t *testing.T, want string) {
	t.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if _, said := h.readiness(t); said == want {
			return
		} else if time.Now().After(late) {
			t.Fatalf("it says %q, never %q: %s", said, want, h.log)
		}
	}
}

// TestWhileItStarts: a hub whose data is still being opened or migrated lives, is not ready, and asks people in their own
// language to come back; then the hub itself answers on the same address.
func TestWhileItStarts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer listener.Close()
	at := "http://" + listener.Addr().String()
	early := answerEarly(listener, bring(), slog.New(slog.DiscardHandler))
	ask := func(path string) (int, string) {
		req, err := http.NewRequest(http.MethodGet, at+path, nil)
		ok(t, err)
		req.Header.Set("Accept-Language", "nl")
		res, err := http.DefaultClient.Do(req)
		ok(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		ok(t, err)
		if res.StatusCode == 503 && res.Header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to come back", path)
		}
		return res.StatusCode, string(body)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "not ready: starting", "/meetings": "De dienst start op"} {
		if code, said := ask(path); !strings.Contains(said, want) || (code == 200) != (path == "/healthz") {
			t.Errorf("%s: %d %q", path, code, said)
		}
	}
	early.end()
	early.end()
	itself(listener)
	if code, said := ask("/readyz"); code != 200 || said != "the hub" {
		t.Errorf("afterwards: %d %q", code, said)
	}
}

// itself answers on a listener in place of a hub.
func itself(listener net.Listener) {
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the hub") }))
	}()
}

// TestT16WhoeverComesWhileItStartsWaits: in the time that a usual start takes nobody is told to come back.
func TestT16WhoeverComesWhileItStartsWaits(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer listener.Close()
	early := answerEarly(listener, bring(), slog.New(slog.DiscardHandler))
	conn, err := net.Dial("tcp", listener.Addr().String())
	ok(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /meetings HTTP/1.0\r\n\r\n")
	ok(t, err)
	time.Sleep(soon / 10)
	early.end()
	itself(listener)
	ok(t, conn.SetReadDeadline(time.Now().Add(patience)))
	if said, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(said), "the hub") {
		t.Errorf("%q %v", said, err)
	}
}

// TestBalancersAreToldBeforeItStops: while the hub says that it is about to stop it still answers.
func TestBalancersAreToldBeforeItStops(t *testing.T) {
	c := newCommunity(t, 2, 1)
	h := serve(t, c.dir, "--drain", "400ms")
	if code, said := h.readiness(t); code != 200 || said != "ready" {
		t.Fatalf("%d %s", code, said)
	}
	ok(t, h.cmd.Process.Signal(syscall.SIGTERM))
	h.becomes(t, "not ready: draining")
	if code, _, err := h.get("/meetings", ""); code != 200 || err != nil {
		t.Errorf("a page meanwhile: %d %v", code, err)
	}
	<-h.ended
	if code := h.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.log)
	}
}

// TestTortureAnUnreachableDatabaseIsNotReady cuts a node off from its database and lets it back. It waits for the network.
func TestTortureAnUnreachableDatabaseIsNotReady(t *testing.T) {
	if os.Getenv("BELFRY_TORTURE_ROUNDS") == "" {
		t.Skip("NOT RUN: ten seconds of waiting for a silent network are for make torture; TestReadyTellsTheTruth is the short form")
	}
	c := newCommunity(t, 2, 1)
	proxy, address := pgtest.Between(t, c.share(t))
	h := node(t, address)
	h.becomes(t, "ready")
	proxy.Silence(true)
	h.becomes(t, "not ready: away")
	if code, said, err := h.get("/healthz", ""); code != 200 || err != nil {
		t.Errorf("the process lives: %d %s %v", code, said, err)
	}
	proxy.Silence(false)
	proxy.Reset()
	h.becomes(t, "ready")
}

// TestTheLogIsEventsWithoutSecrets (SAFETY 14.2.1, 16.2.5): whatever comes, each line is one JSON object with time, level
// and message, and no password, link, token, address or word of anybody is in it.
func TestTheLogIsEventsWithoutSecrets(t *testing.T) {
	c := newCommunity(t, 2, 1)
	h := serve(t, c.dir, "--demo", "--log", "json", "--log-level", "debug")
	const secret = "GEHEIM"
	for _, path := range []string{"/link/" + secret, "/link/" + secret + "/more", "/LINK/" + secret, "/calendar/" + secret + ".ics", "/calendar/" + secret, "/meetings?q=" + secret, "/nothing\n{\"level\":\"fake\"}", "/readyz"} {
		u := (&url.URL{Path: path}).String()
		if at := strings.IndexByte(path, '?'); at >= 0 {
			u = path
		}
		_, _, err := h.get(u, secret)
		ok(t, err)
	}
	_, _, err := h.post("/sign-in", "", url.Values{"email": {secret + "@exemple.example"}, "password": {secret}})
	ok(t, err)
	_, _, err = h.post("/settings", c.sessions[0], url.Values{"csrf": {secret}})
	ok(t, err)
	for _, raw := range []string{"nonsense " + secret + "\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: " + secret + "\r\n\r\n"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		ok(t, err)
		_, _ = io.WriteString(conn, raw)
		_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		_, _ = io.ReadAll(conn)
		_ = conn.Close()
	}
	h.stop()
	events := 0
	for line := range strings.Lines(h.log.String()) {
		if strings.HasPrefix(line, "Belfry is at ") { // said to the terminal, not logged
			continue
		}
		var event struct {
			Time       time.Time
			Level, Msg string
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Time.IsZero() || event.Level == "" || event.Msg == "" || event.Level == "fake" {
			t.Errorf("not an event: %q (%v)", line, err)
		}
		events++
	}
	if events < 8 {
		t.Errorf("only %d events", events)
	}
	for _, hidden := range []string{secret, c.sessions[0], "exemple.example"} {
		if strings.Contains(h.log.String(), hidden) {
			t.Errorf("%q is in the log: %s", hidden, h.log)
		}
	}
}
