package server_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// transcript is everything a site logs, down to debug, and what people told it in confidence. At the end of a test each
// line must be one event as JSON, and hold nothing of that (SAFETY section 4, row 51).
type transcript struct {
	mu      sync.Mutex // guards all below
	written bytes.Buffer
	secrets map[string]string // words, and what they are
}

func newTranscript(t testing.TB) *transcript {
	l := &transcript{secrets: map[string]string{}}
	t.Cleanup(func() {
		for _, fault := range l.faults() {
			t.Errorf("the log %s", fault)
		}
	})
	return l
}

func (l *transcript) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *transcript) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.Write(b)
}

// keep notes words that must not be logged. Short ones stand anywhere by chance.
func (l *transcript) keep(what, words string) {
	words = strings.TrimSpace(words)
	if len(words) < 10 || strings.HasPrefix(what, "cookie belfry_lang") {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.secrets) < 3000 {
		l.secrets[words[:min(len(words), 40)]] = what
	}
}

// keepForm notes what people write and prove themselves with.
func (l *transcript) keepForm(form url.Values) {
	for _, name := range []string{"csrf", "password", "current", "email", "source", "text", "note", "about", "title", "reason", "description"} {
		for _, value := range form[name] {
			l.keep("form field "+name, value)
		}
	}
}

// keepPath notes secrets that stand in an address.
func (l *transcript) keepPath(path string) {
	for _, before := range []string{"/link/", "/calendar/"} {
		if token, ok := strings.CutPrefix(path, before); ok && len(token) >= 26 {
			l.keep("address below "+before, token)
		}
	}
}

// events are the lines, taken apart.
func (l *transcript) events() (all []map[string]any, broken []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.written.String()) {
		event := map[string]any{}
		if err := json.Unmarshal([]byte(line), &event); err != nil || event["time"] == nil || event["level"] == nil || event["msg"] == nil {
			broken = append(broken, line)
			continue
		}
		all = append(all, event)
	}
	return all, broken
}

// faults says what is wrong with the log.
func (l *transcript) faults() (all []string) {
	_, broken := l.events()
	for _, line := range broken {
		all = append(all, "has a line that is no event: "+line)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.written.String()
	for words, what := range l.secrets {
		var quoted bytes.Buffer
		enc := json.NewEncoder(&quoted)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(words)
		if at := strings.Index(text, strings.Trim(quoted.String(), "\"\n")); at >= 0 {
			line := text[strings.LastIndex(text[:at], "\n")+1:]
			line, _, _ = strings.Cut(line, "\n")
			all = append(all, "tells a "+what+": "+line)
		}
	}
	return all
}
