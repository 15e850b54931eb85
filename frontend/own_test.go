package frontend

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/a-h/templ"
	templruntime "github.com/a-h/templ/runtime"
)

type seat struct{ title, answer string }

type answerOfOne string

func (s seat) With(own any) seat {
	if answer, ok := own.(answerOfOne); ok {
		s.answer = string(answer)
	}
	return s
}

// Common: most readers have a short answer, or none.
func (s seat) Common() bool { return len(s.answer) < 100 }

// offered is the same for most, with a reader's token in it.
func offered(p *Page, s seat) templ.Component {
	text := "offer"
	if !s.Common() {
		text += s.answer
	}
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		buffer, had := templruntime.GetBuffer(w)
		if !had {
			defer func() { _ = templruntime.ReleaseBuffer(buffer) }()
		}
		return templ.Join(templ.Raw(text), OwnFrame(p, "greeting", greeting), templ.Raw("</p>")).Render(ctx, buffer)
	})
}

func greeting(p *Page) templ.Component {
	if p.Viewer == nil {
		return templ.Raw("")
	}
	return templ.Raw("<b>" + p.Viewer.Name + "</b>")
}

func answered(_ *Page, s seat) templ.Component { return templ.Raw(s.title + ": " + s.answer) }

// pageOf is a page with own parts among so much shared text.
func pageOf(p *Page, lengths []int) templ.Component {
	var all []templ.Component
	for i, n := range lengths {
		all = append(all, templ.Raw(strings.Repeat(fmt.Sprint(i, " paragraph "), n)), Own(p, greeting),
			OwnOf(p, seat{title: "seat"}, answered), CommonOf(p, seat{title: "offer"}, offered))
	}
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		buffer, had := templruntime.GetBuffer(w) // as the code of a component does
		if !had {
			defer func() { _ = templruntime.ReleaseBuffer(buffer) }()
		}
		return templ.Join(all...).Render(ctx, buffer)
	})
}

// What a browser unpacks is what the same page gives when it is rendered in place.
func TestJoinedPageIsTheRenderedPage(t *testing.T) {
	ctx, random := context.Background(), rand.New(rand.NewPCG(1, 2))
	for round := range 400 {
		var lengths []int
		for range random.IntN(9) {
			lengths = append(lengths, random.IntN(3)*random.IntN(2000))
		}
		reader := &Page{Viewer: &Viewer{Name: strings.Repeat("Nom ", random.IntN(2)*random.IntN(500))},
			Own: answerOfOne(strings.Repeat("x", random.IntN(300)))}
		var want bytes.Buffer
		if err := pageOf(reader, lengths).Render(ctx, &want); err != nil {
			t.Fatal(err)
		}
		shared, err := Share(ctx, pageOf(&Page{Viewer: &Viewer{}}, lengths))
		if err != nil {
			t.Fatal(err)
		}
		joined, err := shared.For(ctx, reader)
		if err != nil {
			t.Fatal(err)
		}
		var plain, zipped bytes.Buffer
		joined.Plain(func(b []byte) { plain.Write(b) })
		joined.Gzip(func(b []byte) { zipped.Write(b) })
		if plain.String() != want.String() {
			t.Fatalf("round %d: plain differs", round)
		}
		r, err := gzip.NewReader(&zipped)
		if err != nil {
			t.Fatal(err)
		}
		r.Multistream(false)
		got, err := io.ReadAll(r) // checks checksum and length
		if err != nil || string(got) != want.String() {
			t.Fatalf("round %d: %v, %d bytes of %d", round, err, len(got), want.Len())
		}
		if zipped.Len() > 0 {
			t.Fatalf("round %d: %d bytes after the end", round, zipped.Len())
		}
	}
}

// The shared part is nobody's: the reader who happened to come first leaves nothing in it.
func TestSharedPageForgetsItsFirstReader(t *testing.T) {
	ctx := context.Background()
	first := &Page{Viewer: &Viewer{Name: "Anna"}, Own: answerOfOne("front row")}
	shared, err := Share(ctx, pageOf(first, []int{3, 3}))
	if err != nil {
		t.Fatal(err)
	}
	joined, err := shared.For(ctx, &Page{Viewer: &Viewer{Name: "Bert"}})
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	joined.Plain(func(b []byte) { page.Write(b) })
	if text := page.String(); strings.Contains(text, "Anna") || strings.Contains(text, "front row") || strings.Count(text, "Bert") != 4 {
		t.Errorf("%s", text)
	}
}

// A place inside a writer of its own cannot be found again: that is an error, not a page with parts in the wrong order.
func TestOwnPartInAnUnknownPlace(t *testing.T) {
	_, err := Share(context.Background(), templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		var aside bytes.Buffer
		return Own(&Page{}, greeting).Render(ctx, &aside)
	}))
	if err == nil {
		t.Error("no error")
	}
}
