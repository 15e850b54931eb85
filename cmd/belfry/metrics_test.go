package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"belfry/server/vitals"
)

// TestA42MetricsAreTheOperators: the hub itself shows none; what does so listens where the operator said, to nobody without
// the token, and names nobody.
func TestA42MetricsAreTheOperators(t *testing.T) {
	c := newCommunity(t, 3, 1)
	belfry(t, "serve", "--data", c.dir, "--metrics", "0.0.0.0:0").refused(t, "BELFRY_METRICS_TOKEN")
	belfry(t, "serve", "--data", c.dir, "--metrics", "nowhere").refused(t, "--metrics must look like")
	belfry(t, "serve", "--data", c.dir, "--metrics", "0.0.0.0:0", "--metrics-token", "short").refused(t, "16 characters")
	h := serve(t, c.dir, "--metrics", "127.0.0.1:0")
	ask := func(address string) (int, string) {
		t.Helper()
		res, err := http.Get(address)
		ok(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		ok(t, err)
		return res.StatusCode, string(body)
	}
	if code, _ := ask(h.url + "/metrics"); code != 404 {
		t.Errorf("the hub answers /metrics with %d", code)
	}
	where := regexp.MustCompile(`msg=metrics address=(\S+)`).FindStringSubmatch(h.log.String())
	if where == nil {
		t.Fatalf("the log does not say where: %s", h.log.String())
	}
	code, text := ask("http://" + where[1] + "/metrics")
	if code != 200 {
		t.Fatalf("%d %s", code, text)
	}
	for _, want := range []string{`belfry_requests_total{status="4xx"} 1`, `belfry_request_seconds_bucket{kind="read",le="0.001"}`, "belfry_commits_total ",
		"\nbelfry_letters_waiting ", "belfry_engine_bytes ", "belfry_sockets 0", "process_resident_memory_bytes ", "belfry_scrub_time_seconds 0",
		`belfry_view_seconds_bucket{le="0.0001"}`, "belfry_update_seconds_count ", "belfry_commit_wait_seconds_sum ", "belfry_commit_seconds_count ", `belfry_commit_updates_bucket{le="1024"}`, "belfry_redone_total 0", "belfry_reconnected_total 0",
		"belfry_hints_sent_total 0", "belfry_reminders_oldest_seconds ", "belfry_search_oldest_seconds ", "belfry_sockets_slow_total 0", "belfry_ready 1", "belfry_nodes 1", "go_heap_bytes ", "go_heap_live_bytes ", "go_gc_cycles_total ", "process_max_fds "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	reference, err := os.ReadFile("OPERATING.md")
	ok(t, err)
	named := regexp.MustCompile(`(belfry|process|go)_[a-z_]+[a-z]`).FindAllString(string(reference), -1)
	for _, name := range named {
		if !strings.Contains(text, "\n"+name+" ") && !strings.Contains(text, "\n"+name+"{") && !strings.Contains(text, "# TYPE "+name+" ") {
			t.Errorf("OPERATING.md names %s, which is not measured", name)
		}
	}
	if len(named) < 20 {
		t.Errorf("OPERATING.md names only %d metrics", len(named))
	}
	for _, m := range c.members {
		if strings.Contains(text, m.ID) || strings.Contains(text, m.Handle) {
			t.Errorf("%s is named", m.Handle)
		}
	}
}

func TestA42MetricsWantTheirToken(t *testing.T) {
	for _, test := range []struct {
		token, host, shown string
		code               int
	}{
		{"", "127.0.0.1:9100", "", 200}, {"", "localhost", "", 200}, {"", "[::1]:9100", "", 200}, {"", "rebound.example:9100", "", 403}, {"", "hub.example", "", 403},
		{"a long enough token", "node1.example:9100", "", 401}, {"a long enough token", "127.0.0.1:9100", "Bearer a long enough tokem", 401},
		{"a long enough token", "node1.example:9100", "Bearer a long enough token", 200},
	} {
		req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		req.Host = test.host
		req.Header.Set("Authorization", test.shown)
		got := httptest.NewRecorder()
		metricsHandler(vitals.New(nil), test.token).ServeHTTP(got, req)
		if got.Code != test.code {
			t.Errorf("token %q, host %s, %q: %d, want %d", test.token, test.host, test.shown, got.Code, test.code)
		}
	}
}

func TestTheNextNight(t *testing.T) {
	brussels, err := time.LoadLocation("Europe/Brussels")
	ok(t, err)
	for now, want := range map[string]string{"2026-03-04T12:00:00": "2026-03-05T03:17:00", "2026-03-04T01:00:00": "2026-03-04T03:17:00", "2026-03-28T03:17:00": "2026-03-29T03:17:00", "2026-12-31T23:00:00": "2027-01-01T03:17:00"} {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", now, brussels)
		ok(t, err)
		if got := nextNight(at).Format("2006-01-02T15:04:05"); got != want {
			t.Errorf("after %s comes %s, want %s", now, got, want)
		}
	}
}
