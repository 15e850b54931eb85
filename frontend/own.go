package frontend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
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
//	@frontend.CommonOf(p, v, foot)     // as OwnOf, for a part that is the same for most readers: it is rendered once for
//	                                   // nobody, and once more for those whose v.With(Page.Own) is not Common
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

// Common records are the same with what most readers have of their own as with nobody's.
type Common[S any] interface {
	Personal[S]
	Common() bool
}

// CommonOf is OwnOf for a part that most readers see as nobody in particular does.
func CommonOf[S Common[S]](p *Page, shared S, part func(*Page, S) templ.Component) templ.Component {
	return place{
		part:   func(p *Page) templ.Component { return part(p, shared.With(p.Own)) },
		common: func(p *Page) bool { return shared.With(p.Own).Common() },
	}.in(p)
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
	common  *Shared // the same with the common parts in their places; nil when there are none
	size    int
	packing sync.Once
}

// Joined is a shared page with one reader's own parts between its pieces. It does not change.
type Joined struct {
	shared []*Shared // of which the pieces are, besides own
	pieces []*piece
	own    []*piece
}

type place struct {
	part   func(*Page) templ.Component
	frame  string           // "" when it differs from page to page
	common func(*Page) bool // nil when it is never what nobody sees
	nobody *Shared          // what nobody sees there
}

type recording struct{}

// recorder takes apart what is rendered. The parts that nobody sees in common places are recorded within them.
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

// shared is what was recorded.
func (r *recorder) shared() *Shared {
	r.cut()
	s := &Shared{pieces: r.pieces, places: r.places}
	for _, one := range s.pieces {
		s.size += len(one.plain)
	}
	return s
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
		if l.common != nil {
			inner := &recorder{}
			*inner, *r = *r, *inner // the part is written to where the page is
			err := l.part(p).Render(ctx, w)
			err = errors.Join(err, buffer.Flush())
			*inner, *r = *r, *inner
			l.nobody = inner.shared()
			if err != nil {
				return err
			}
		}
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
	s := r.shared()
	if slices.ContainsFunc(s.places, func(l place) bool { return l.common != nil }) {
		flat := &recorder{}
		flat.lay(s)
		s.common = flat.shared()
		s.size += s.common.size
	}
	return s, nil
}

// lay writes a page with its common parts in their places.
func (r *recorder) lay(s *Shared) {
	for i, one := range s.pieces {
		r.bytes = append(r.bytes, one.plain...)
		switch {
		case i == len(s.places):
		case s.places[i].common != nil:
			r.lay(s.places[i].nobody)
		default:
			r.cut()
			r.places = append(r.places, s.places[i])
		}
	}
}

// Size is how many bytes the shared page takes.
func (s *Shared) Size() int { return s.size }

// For renders a reader's own parts.
func (s *Shared) For(ctx context.Context, p *Page) (*Joined, error) {
	if s.common != nil && !slices.ContainsFunc(s.places, func(l place) bool { return l.common != nil && !l.common(p) }) {
		s = s.common
	}
	r := &recorder{bytes: make([]byte, 0, 4<<10)}
	w, _ := templruntime.GetBuffer(r)
	defer func() { _ = templruntime.ReleaseBuffer(w) }()
	j := &Joined{}
	if err := j.join(ctx, s, p, r, w); err != nil {
		return nil, err
	}
	return j, nil
}

func (j *Joined) join(ctx context.Context, s *Shared, p *Page, r *recorder, w *templruntime.Buffer) error {
	j.shared = append(j.shared, s)
	for i, one := range s.pieces {
		j.pieces = append(j.pieces, one)
		if i == len(s.places) {
			break
		}
		l := s.places[i]
		if l.common != nil && l.common(p) {
			if err := j.join(ctx, l.nobody, p, r, w); err != nil {
				return err
			}
			continue
		}
		own, err := l.own(ctx, p, r, w)
		if err != nil {
			return err
		}
		j.pieces, j.own = append(j.pieces, own), append(j.own, own)
	}
	return nil
}

// own renders one reader's part, unless their frame has it.
func (l place) own(ctx context.Context, p *Page, r *recorder, w *templruntime.Buffer) (*piece, error) {
	keep := l.frame != "" && p.Frame != nil
	if keep {
		if kept, ok := p.Frame.kept.Load(frameKey{l.frame, p.Lang}); ok {
			return kept.(*piece), nil
		}
	}
	if err := l.part(p).Render(ctx, w); err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	made := &piece{plain: bytes.Clone(r.bytes)}
	r.bytes = r.bytes[:0]
	if keep {
		p.Frame.kept.Store(frameKey{l.frame, p.Lang}, made)
	}
	return made, nil
}

// Own writes all that differs from other readers' pages.
func (j *Joined) Own(write func([]byte)) {
	for _, one := range j.own {
		write(one.plain)
	}
}

// Plain writes the page.
func (j *Joined) Plain(write func([]byte)) {
	for _, one := range j.pieces {
		write(one.plain)
	}
}
