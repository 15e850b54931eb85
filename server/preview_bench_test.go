package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// BenchmarkPreview is the preview of 20 KB of minutes, with blocks that name people and towns, from request to answer.
func BenchmarkPreview(b *testing.B) {
	s, lena, organiser, m := furnished(b)
	s.Clock.Set(m.Start.Add(time.Hour))
	var source strings.Builder
	for n := 0; source.Len() < 20<<10; n++ {
		fmt.Fprintf(&source, "## %d. Un point\n\nUn paragraphe **gras**, un [lien](https://exemple.example/%d) et une liste :\n\n- un\n- deux\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"+
			"!D Une décision\n   vote: 24 / 0 / 2\n!A Une action\n   @%s  commune: Namur  pour: 15/04\n\n", n, n, lena.Handle)
	}
	admin := s.as(organiser)
	form := url.Values{"source": {source.String()}}
	path := "/meetings/" + m.Slug + "/minutes/preview"
	if got := admin.post(path, form); got.StatusCode != 200 || !strings.Contains(got.body, `class="record`) {
		b.Fatalf("status %d: %.300s", got.StatusCode, got.body)
	}
	b.SetBytes(int64(source.Len()))
	for b.Loop() {
		if got := admin.post(path, form); got.StatusCode != 200 {
			b.Fatal(got.StatusCode)
		}
	}
}
