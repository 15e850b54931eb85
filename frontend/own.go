package frontend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"belfry/locales"

	"github.com/a-h/templ"
	templruntime "github.com/a-h/templ/runtime"
)

// A page is rendered once for everybody who may see the same: one language, one theme, one class of reader. What is a
// reader's own stands in places that the page leaves open:
//
//	@frontend.OwnOf(p, v, answerCard)  // made from the page's records and the reader's: answerCard is given v.With(Page.Own)
//	@frontend.Own(p, standing)         // made from Page alone
//	@frontend.OwnFrame(p, "account", accountMenu)  // the same on all pages of this reader: name, form token
//
// All else in a page is shared. While the shared part is rendered, Page belongs to nobody: Viewer says what the reader
// may, and has no name; CSRF and Own are empty. So a page that forgets to leave a place open shows too little, never
// another reader's name or answer. Where a page is not kept (a form that was refused), the same components render in
// place.

// Own leaves a place open in a shared page. part is given the page of the reader.
func Own(p *Page, part func(*Page) templ.Component) templ.Component {
	return place{part: part}.in(p)
}

// OwnFrame is Own for a part that is the same on all pages of a reader, and is rendered once while Page.Frame is kept.
// Its name is unique; it depends on Lang, Viewer and CSRF alone.
func OwnFrame(p *Page, name string, part func(*Page) templ.Component) templ.Component {
	return place{part: part, frame: name}.in(p)
}

// Personal records can be completed with what a reader has of their own. A reader without any gets them unchanged.
type Personal[S any] interface{ With(own any) S }

// OwnOf is Own for a part that shows records of the page together with the reader's own.
func OwnOf[S Personal[S]](p *Page, shared S, part func(*Page, S) templ.Component) templ.Component {
	return Own(p, func(p *Page) templ.Component { return part(p, shared.With(p.Own)) })
}

// Frame keeps the parts of OwnFrame for one reader. The zero Frame is empty.
type Frame struct {
	kept sync.Map // frameKey → *piece
}

type frameKey struct {
	name string
	lang *locales.Language
}

// Shared is a page rendered for nobody in particular, with places for the readers' own parts. It does not change.
type Shared struct {
	pieces  []*piece // before each place, and after the last
	places  []place
	size    int
	packing sync.Once
}

// Joined is a shared page with one reader's own parts between its pieces. It does not change.
type Joined struct {
	shared *Shared
	own    []*piece
}

type place struct {
	part  func(*Page) templ.Component
	frame string // "" when it differs from page to page
}

type recording struct{}

type recorder struct {
	bytes  []byte
	pieces []*piece
	places []place
}

func (r *recorder) Write(b []byte) (int, error) {
	r.bytes = append(r.bytes, b...)
	return len(b), nil
}

// cut ends the piece that was written since the last cut.
func (r *recorder) cut() {
	r.pieces = append(r.pieces, &piece{plain: bytes.Clone(r.bytes)})
	r.bytes = r.bytes[:0]
}

func (l place) in(p *Page) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		r, _ := ctx.Value(recording{}).(*recorder)
		if r == nil {
			return l.part(p).Render(ctx, w)
		}
		buffer, ok := w.(*templruntime.Buffer)
		if !ok || buffer.Underlying != io.Writer(r) {
			return errors.New("a reader's own part stands where its place in the page is not known")
		}
		if err := buffer.Flush(); err != nil {
			return err
		}
		r.cut()
		r.places = append(r.places, l)
		return nil
	})
}

// Share renders a page that was made for nobody in particular.
func Share(ctx context.Context, page templ.Component) (*Shared, error) {
	r := &recorder{bytes: make([]byte, 0, 16<<10)}
	if err := page.Render(context.WithValue(ctx, recording{}, r), r); err != nil {
		return nil, err
	}
	r.cut()
	s := &Shared{pieces: r.pieces, places: r.places}
	for _, one := range s.pieces {
		s.size += len(one.plain)
	}
	return s, nil
}

// Size is how many bytes the shared page takes.
func (s *Shared) Size() int { return s.size }

// For renders a reader's own parts.
func (s *Shared) For(ctx context.Context, p *Page) (*Joined, error) {
	r := &recorder{bytes: make([]byte, 0, 8<<10)}
	w, _ := templruntime.GetBuffer(r)
	defer func() { _ = templruntime.ReleaseBuffer(w) }()
	for _, l := range s.places {
		keep := l.frame != "" && p.Frame != nil
		if keep {
			if kept, ok := p.Frame.kept.Load(frameKey{l.frame, p.Lang}); ok {
				r.pieces = append(r.pieces, kept.(*piece))
				continue
			}
		}
		if err := l.part(p).Render(ctx, w); err != nil {
			return nil, err
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		r.cut()
		if keep {
			p.Frame.kept.Store(frameKey{l.frame, p.Lang}, r.pieces[len(r.pieces)-1])
		}
	}
	return &Joined{shared: s, own: r.pieces}, nil
}

// Own writes all that differs from other readers' pages.
func (j *Joined) Own(write func([]byte)) {
	for _, one := range j.own {
		write(one.plain)
	}
}

// Plain writes the page.
func (j *Joined) Plain(write func([]byte)) {
	j.each(func(one *piece) { write(one.plain) })
}

func (j *Joined) each(do func(*piece)) {
	for i, one := range j.shared.pieces {
		do(one)
		if i < len(j.own) {
			do(j.own[i])
		}
	}
}
