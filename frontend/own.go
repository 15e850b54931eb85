package frontend

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/a-h/templ"
	templruntime "github.com/a-h/templ/runtime"
)

// A page is rendered once for everybody who may see the same: one language, one theme, one class of reader. What is a
// reader's own stands in places that the page leaves open:
//
//	@frontend.Own(p, accountMenu)      // a part made from Page alone: name, form token, notices
//	@frontend.OwnOf(p, v, answerCard)  // a part made from the page's records and the reader's: v.With(Page.Own)
//
// All else in a page is shared. While the shared part is rendered, Page belongs to nobody: Viewer says what the reader
// may, and has no name; CSRF and Own are empty. So a page that forgets to leave a place open shows too little, never
// another reader's name or answer. Where a page is not kept (a form that was refused), the same components render in
// place.

// Own leaves a place open in a shared page. part is given the page of the reader.
func Own(p *Page, part func(*Page) templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		r, _ := ctx.Value(recording{}).(*recorder)
		if r == nil {
			return part(p).Render(ctx, w)
		}
		buffer, ok := w.(*templruntime.Buffer)
		if !ok || buffer.Underlying != io.Writer(r) {
			return errors.New("a reader's own part stands where its place in the page is not known")
		}
		if err := buffer.Flush(); err != nil {
			return err
		}
		r.places = append(r.places, place{at: len(r.bytes), part: part})
		return nil
	})
}

// Personal records can be completed with what a reader has of their own. A reader without any gets them unchanged.
type Personal[S any] interface{ With(own any) S }

// OwnOf is Own for a part that shows records of the page together with the reader's own.
func OwnOf[S Personal[S]](p *Page, shared S, part func(*Page, S) templ.Component) templ.Component {
	return Own(p, func(p *Page) templ.Component { return part(p, shared.With(p.Own)) })
}

// Shared is a page rendered for nobody in particular, with places for the readers' own parts. It does not change.
type Shared struct {
	bytes  []byte
	places []place

	packing sync.Once
	packed  []segment // what stands before each place, and after the last
}

type place struct {
	at   int // in bytes
	part func(*Page) templ.Component
}

type recording struct{}

type recorder struct {
	bytes  []byte
	places []place
}

func (r *recorder) Write(b []byte) (int, error) {
	r.bytes = append(r.bytes, b...)
	return len(b), nil
}

// Share renders a page that was made for nobody in particular.
func Share(ctx context.Context, page templ.Component) (*Shared, error) {
	r := &recorder{bytes: make([]byte, 0, 48<<10)}
	if err := page.Render(context.WithValue(ctx, recording{}, r), r); err != nil {
		return nil, err
	}
	return &Shared{bytes: append([]byte(nil), r.bytes...), places: r.places}, nil
}

// Size is how many bytes the shared page takes.
func (s *Shared) Size() int { return len(s.bytes) }

// Joined is a shared page with one reader's own parts.
type Joined struct {
	shared *Shared
	own    []byte
	ends   []int // of each part in own
}

// For renders a reader's own parts, in the order of their places.
func (s *Shared) For(ctx context.Context, p *Page) (Joined, error) {
	j := Joined{shared: s, ends: make([]int, 0, len(s.places))}
	own := recorder{bytes: make([]byte, 0, 8<<10)}
	w, _ := templruntime.GetBuffer(&own)
	defer func() { _ = templruntime.ReleaseBuffer(w) }()
	for _, place := range s.places {
		if err := place.part(p).Render(ctx, w); err != nil {
			return j, err
		}
		if err := w.Flush(); err != nil {
			return j, err
		}
		j.ends = append(j.ends, len(own.bytes))
	}
	j.own = own.bytes
	return j, nil
}

// Own is all that differs from other readers' pages.
func (j Joined) Own() []byte { return j.own }

// Plain writes the page.
func (j Joined) Plain(write func([]byte)) {
	from, at := 0, 0
	for i, place := range j.shared.places {
		write(j.shared.bytes[at:place.at])
		write(j.own[from:j.ends[i]])
		from, at = j.ends[i], place.at
	}
	write(j.shared.bytes[at:])
}
