package markdown

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestNothingIsReadOfWorkThatWentOn cancels readings in the middle and bounds others tightly: what they return is empty,
// and the race detector sees whether they touch what is still written.
func TestNothingIsReadOfWorkThatWentOn(t *testing.T) {
	r := Posts()
	source := strings.Repeat("Bonjour @mons, voyez #12 et la décision 2026-014 dans les archives. ", 60)
	ctx, cancel := context.WithCancel(t.Context())
	text, err := r.Read(ctx, source, true, func([]string) (map[string]string, error) {
		cancel()
		time.Sleep(20 * time.Millisecond) // the caller goes on
		return nil, nil
	})
	if !errors.Is(err, context.Canceled) || text.HTML != "" || text.Lang != "" || len(text.Words.Mentions) > 0 {
		t.Errorf("half a reading: %v %+v", err, text)
	}
	for n := range 60 {
		r.bound = time.Duration(n*20) * time.Microsecond
		if words := r.Words(source); len(words.Mentions) != 0 && len(words.Mentions) != 60 {
			t.Errorf("half the words: %d", len(words.Mentions))
		}
		if tag, sure := r.Language(source); sure != (tag == "fr") {
			t.Errorf("half a guess: %q", tag)
		}
		if html, err := r.Post(t.Context(), source, nil); err != nil && html != "" {
			t.Error("half a post")
		}
	}
}
