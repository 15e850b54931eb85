package live

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse: whatever is sent, what is taken for a frame is a JSON object with a type, and its numbers are in bounds.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"type":"send","room":"lounge","id":"a/1","text":"Bonjour"}`, `{"type":"subscribe","after":-1}`, `[]`, `{"type":`, `{"type":"x"}{"type":"y"}`,
		`{"type":"read","number":-1}`, `{"type":"x","number":1e99}`, "{\"type\":\"\\u0000\"}", `{"type":"history","from":"2026-05-03T00:00:00Z"}`,
		`{"type":"away","away":true,"away":false}`, `{"type":"away","Away":true}`, `{"type":"typing","room":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		got, err := parse(message, kinds())
		if err != nil {
			return
		}
		var object map[string]any
		if json.Unmarshal(message, &object) != nil || got.Type == "" {
			t.Fatalf("%q is taken for a frame", message)
		}
		for name, value := range object {
			if name != "type" && name != "id" && !slices.Contains(Kinds()[got.Type], name) || value == nil {
				t.Fatalf("%q is taken with %q", message, name)
			}
		}
		for _, n := range []int{got.Number, got.Reply, got.Before, got.Around, got.Changes, got.Revision} {
			if n < 0 || n > maxNumber {
				t.Fatalf("%q: the number %d", message, n)
			}
		}
		if utf8.Valid(message) && !utf8.ValidString(got.Text) {
			t.Fatalf("%q: the text is broken", message)
		}
	})
}

// TestProtocolNamesEveryFrame: every kind of frame that a hub takes, and every field of it, is described.
func TestProtocolNamesEveryFrame(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind, fields := range Kinds() {
		described := ""
		for _, line := range strings.Split(string(text), "\n") {
			if strings.Contains(line, `→ {"type":"`+kind+`"`) {
				described += line
			}
		}
		for _, field := range fields {
			if !strings.Contains(described, `"`+field+`":`) {
				t.Errorf("%s: %s is not described in %q", kind, field, described)
			}
		}
	}
}
