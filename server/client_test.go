package server_test

import (
	"testing"

	"belfry/server"
)

// TestWhoAsksIsNotWhoTheySayTheyAre: only what our own proxies wrote counts, or guesses of passwords could be spread over
// addresses that nobody has.
func TestWhoAsksIsNotWhoTheySayTheyAre(t *testing.T) {
	ours := []string{"10.0.0.1", "192.168.0.0/16", "2001:db8::/32"}
	for _, test := range []struct{ remote, said, want string }{
		{"10.0.0.1", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"},              // the first is the visitor's own word
		{"10.0.0.1", "1.1.1.1,203.0.113.9 , 192.168.3.4", "203.0.113.9"}, // two proxies
		{"10.0.0.1", "10.0.0.1, 10.0.0.1", "10.0.0.1"},
		{"203.0.113.9", "1.1.1.1", "203.0.113.9"}, // no proxy of ours
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "unknown", "10.0.0.1"},
		{"10.0.0.1", "1.1.1.1, unknown", "10.0.0.1"},
		{"2001:db8::1", "2001:db9::5", "2001:db9::5"},
		{"10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"},
	} {
		if got := server.Forwarded(test.remote, test.said, ours...); got != test.want {
			t.Errorf("%s says %q: %s, want %s", test.remote, test.said, got, test.want)
		}
	}
	if got := server.Forwarded("203.0.113.9", "1.1.1.1"); got != "203.0.113.9" {
		t.Errorf("without proxies: %s", got)
	}
}
